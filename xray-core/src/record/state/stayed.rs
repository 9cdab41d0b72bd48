use crate::record::{
    data::Data,
    journal::{Journal, Note},
};

/// The entities that did not leave when the worker was last given what had happened: the open ones, and those that such
/// a one lies under.
#[derive(Debug, Default)]
pub(super) struct Stayed(Vec<Entity>);

/// In the order of their indexes, which is that of their begins: parents stand before their children.
#[derive(Debug)]
struct Entity {
    index: u32,
    parent: u32,
    open: bool,
    /// One under it stays.
    needed: bool,
}

impl Stayed {
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn has(&self, index: u32) -> bool {
        self.0.binary_search_by_key(&index, |entity| entity.index).is_ok()
    }

    /// What stays after all of this has been given away. The first `known` entities have left unless they are
    /// in here.
    pub(super) fn after(&mut self, known: u32, record: Option<&Data>, journal: &Journal) {
        let mut next = known;
        if let Some(record) = record {
            for entity in &mut self.0 {
                entity.open =
                    record.entities.get(entity.index as usize).is_some_and(|it| it.is_open());
            }
            let since = record.entities.iter().zip(0..).skip(known as usize);
            self.0.extend(since.map(|(it, index)| Entity {
                index,
                parent: it.parent,
                open: it.is_open(),
                needed: false,
            }));
            next = record.entities.len() as u32;
        }
        for note in &journal.notes {
            match *note {
                Note::Begin { parent, .. } => {
                    self.0.push(Entity { index: next, parent, open: true, needed: false });
                    next += 1;
                }
                Note::End { entity, .. } => {
                    if let Ok(at) = self.0.binary_search_by_key(&entity, |it| it.index) {
                        self.0[at].open = false;
                    }
                }
                _ => {}
            }
        }
        for at in (0..self.0.len()).rev() {
            let (before, rest) = self.0.split_at_mut(at);
            let entity = &rest[0];
            if entity.open || entity.needed {
                let parent = before.binary_search_by_key(&entity.parent, |it| it.index);
                if let Ok(parent) = parent {
                    before[parent].needed = true;
                }
            }
        }
        self.0.retain_mut(|entity| entity.open | std::mem::take(&mut entity.needed));
    }
}
