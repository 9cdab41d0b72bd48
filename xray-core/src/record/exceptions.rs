//! Which exceptions a record has described already: an error that travels up is described once, and
//! the entities above it name the exception by its id.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::data::{Data, NONE};
use crate::{SegmentId, document::Exception};

/// Exceptions that are remembered per record; later ones are described each time.
const REMEMBERED: usize = 256;

#[derive(Clone, Copy, Debug)]
pub(super) struct Described {
    id: SegmentId,
    /// Type and message, by which an error is known again: Rust errors have no identity.
    print: u64,
    /// The entity that describes it; [`NONE`] once that has left.
    entity: u32,
    /// The nearest entity above that is still here.
    under: u32,
}

impl Data {
    /// Adds an exception and the exceptions that caused it.
    pub(super) fn add_exceptions(&mut self, entity: u32, chain: &[Exception]) {
        let Some(first) = chain.first() else { return };
        let print = print(first);
        let known = self.described.iter().copied().find(|known| {
            known.id == first.id
                || (known.print == print
                    && (known.entity == entity || self.is_under(known.under, entity)))
        });
        match known {
            Some(known) if known.entity == entity => {}
            Some(known) if self.rest(entity).exceptions.is_empty() => {
                self.rest(entity).cause_id = Some(known.id);
            }
            _ => self.describe(entity, chain),
        }
    }

    fn describe(&mut self, entity: u32, chain: &[Exception]) {
        let under = self.entities[entity as usize].parent;
        for exception in chain {
            if self.described.iter().any(|known| known.id == exception.id) {
                continue;
            }
            if self.described.len() < REMEMBERED {
                let (id, print) = (exception.id, print(exception));
                self.described.push(Described { id, print, entity, under });
            }
            let rest = self.rest(entity);
            if rest.cause_id.take().is_some() {
                log::debug!(
                    "an entity that named an exception by its id describes another one now"
                );
            }
            rest.exceptions.push(exception.clone());
        }
    }

    /// An entity leaves: what it has described stays known to those above it.
    pub(super) fn forget_describer(&mut self, entity: u32) {
        let parent = self.entities[entity as usize].parent;
        for known in &mut self.described {
            if known.entity == entity {
                known.entity = NONE;
            }
            if known.under == entity {
                known.under = parent;
            }
        }
    }

    fn is_under(&self, mut at: u32, top: u32) -> bool {
        while at != NONE {
            if at == top {
                return true;
            }
            at = self.entities[at as usize].parent;
        }
        false
    }
}

fn print(exception: &Exception) -> u64 {
    let mut hasher = DefaultHasher::new();
    (&exception.kind, &exception.message).hash(&mut hasher);
    hasher.finish()
}
