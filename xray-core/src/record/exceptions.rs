//! Which exceptions a record has described already: an error that travels up is described once, and
//! the entities above it name the exception by its id.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::{data::Data, slots::NONE};
use crate::{SegmentId, document::Exception};

/// Exceptions that are remembered per record; later ones are described each time.
const REMEMBERED: usize = 256;

#[derive(Clone, Copy, Debug)]
pub(super) struct Described {
    id: SegmentId,
    /// See [`Known`].
    print: u64,
    /// The entity that describes it; [`NONE`] once that has left.
    entity: u32,
    /// The nearest entity above that is still here.
    under: u32,
}

/// By what an exception is known again.
#[derive(Clone, Copy, Debug)]
pub(super) enum Known {
    /// By type and message: Rust errors have no identity.
    ByText,
    /// By the id that whoever built it gave it.
    ById,
}

impl Known {
    fn print(self, exception: &Exception) -> u64 {
        match self {
            Self::ById => exception.id.bits(),
            Self::ByText => {
                let mut hasher = DefaultHasher::new();
                (&exception.kind, &exception.message).hash(&mut hasher);
                hasher.finish()
            }
        }
    }
}

impl Data {
    /// Adds an exception and the exceptions that caused it.
    pub(super) fn add_exceptions(&mut self, entity: u32, chain: &[Exception], how: Known) {
        let Some(first) = chain.first() else { return };
        let print = how.print(first);
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
            _ => self.describe(entity, chain, how),
        }
    }

    fn describe(&mut self, entity: u32, chain: &[Exception], how: Known) {
        let under = self.entities[entity as usize].parent;
        for exception in chain {
            if self.described.iter().any(|known| known.id == exception.id) {
                continue;
            }
            if self.described.len() < REMEMBERED {
                let (id, print) = (exception.id, how.print(exception));
                self.described.push(Described { id, print, entity, under });
            }
            let rest = self.rest(entity);
            // One that was named by its id gives way.
            rest.cause_id = None;
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
