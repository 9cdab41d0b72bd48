//! The service graph: what each trace contributes, summed by second, so that it can be taken out again.

mod histogram;
mod node;
mod tally;
mod view;

use std::collections::BTreeMap;
use std::sync::Arc;

pub(crate) use node::NodeKey;
pub(crate) use tally::{Contribution, Sample};
pub use view::{Edge, Node, ServiceGraph, Stats};

use crate::store::Window;
use tally::Tally;

/// How far a sender's clock may run ahead, in seconds.
const AHEAD: i64 = 60;

/// Sums of all traces kept, and of the last minutes by second.
///
/// The number of seconds is bounded whatever times documents carry, and what a second holds is bounded by the
/// traces kept.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    all: Tally,
    seconds: BTreeMap<i64, Tally>,
    /// Seconds before this one are forgotten. Never moves back, so a forgotten second never returns half full.
    floor: i64,
    /// When the first contribution came.
    since: Option<f64>,
}

impl Graph {
    /// The second in which something of this time counts at this hour, if its seconds are kept.
    pub(crate) fn second(&self, time: f64, wall: f64) -> Option<i64> {
        // Saturates, and is 0 for what is no number.
        let (second, now) = (time as i64, wall as i64);
        (second >= self.floor && second <= now.saturating_add(AHEAD)).then_some(second)
    }

    /// The one shared copy of a key.
    pub(crate) fn intern(&self, key: NodeKey) -> Arc<NodeKey> {
        match self.all.nodes.get_key_value(&key) {
            Some((shared, _)) => Arc::clone(shared),
            None => Arc::new(key),
        }
    }

    pub(crate) fn add(&mut self, parts: &[Contribution]) {
        for part in parts {
            self.all.add(part);
            if let Some(second) = part.second {
                self.seconds.entry(second).or_default().add(part);
            }
        }
    }

    /// Takes out exactly what [`add`](Self::add) put in.
    pub(crate) fn retract(&mut self, parts: &[Contribution]) {
        for part in parts {
            self.all.retract(part);
            let Some(second) = part.second else { continue };
            if let Some(tally) = self.seconds.get_mut(&second) {
                tally.retract(part);
                if tally.is_empty() {
                    self.seconds.remove(&second);
                }
            }
        }
    }

    /// Lets go of the seconds that no window reaches any more.
    pub(crate) fn forget_before(&mut self, wall: f64) {
        self.since.get_or_insert(wall);
        self.floor = self.floor.max(wall as i64 - Window::LONGEST.as_secs() as i64);
        self.seconds = self.seconds.split_off(&self.floor);
    }

    pub(crate) fn sum(&self, window: Window, wall: f64) -> ServiceGraph {
        let running = (wall - self.since.unwrap_or(wall)).max(0.0);
        match window {
            Window::All => ServiceGraph::of(&self.all, running),
            Window::Last(length) => {
                let length = length.min(Window::LONGEST);
                let from = wall as i64 - length.as_secs() as i64;
                let mut tally = Tally::default();
                for (_, second) in self.seconds.range(from..) {
                    tally.merge(second);
                }
                ServiceGraph::of(&tally, running.min(length.as_secs_f64()))
            }
        }
    }
}
