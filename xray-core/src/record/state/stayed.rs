use crate::record::{
    data::Data,
    journal::{Journal, Note},
};

/// The entities that did not leave when the worker was last given what had happened: the open ones, and those that such
/// a one lies under.
#[derive(Debug, Default)]
pub(super) struct Stayed(Vec<Entity>);

#[derive(Debug)]
struct Entity {
    index: u32,
    parent: u32,
    open: bool,
}

impl Stayed {
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn has(&self, index: u32) -> bool {
        self.0.iter().any(|entity| entity.index == index)
    }

    /// What stays after all of this has been given away. `begun` is the index of the first entity that
    /// begins in the journal, if the record does not say.
    pub(super) fn after(&mut self, begun: u32, record: Option<&Data>, journal: &Journal) {
        let mut next = begun;
        if let Some(record) = record {
            self.0.clear();
            let here = record.entities.iter().zip(0..).filter(|(entity, _)| !entity.id.is_noop());
            self.0.extend(here.map(|(entity, index)| Entity {
                index,
                parent: entity.parent,
                open: entity.is_open(),
            }));
            next = record.entities.len() as u32;
        }
        for note in &journal.notes {
            match *note {
                Note::Begin { parent, .. } => {
                    self.0.push(Entity { index: next, parent, open: true });
                    next += 1;
                }
                Note::End { entity, .. } => {
                    let ended = self.0.iter_mut().rev().find(|ended| ended.index == entity);
                    ended.into_iter().for_each(|ended| ended.open = false);
                }
                _ => {}
            }
        }
        // Parents stand before their children.
        let mut parents = Vec::new();
        for at in (0..self.0.len()).rev() {
            let Entity { index, parent, open } = self.0[at];
            if open || parents.contains(&index) {
                if parents.last() != Some(&parent) {
                    parents.push(parent);
                }
            } else {
                // Marked, to go below.
                self.0[at].index = u32::MAX;
            }
        }
        self.0.retain(|entity| entity.index != u32::MAX);
    }
}
