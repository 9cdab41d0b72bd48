use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use cpu_time::ProcessTime;
use serde_json::{Value, json};

use crate::{Item, Make, Meter, POOL, Program, Taken, Work, pool};

/// After so many requests a thread looks whether too much waits.
const CHUNK: usize = 64;

/// How long it sleeps then, and whoever waits for all to leave.
const PAUSE: Duration = Duration::from_micros(100);

/// What has not left after this time never will.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where nothing has to leave in between, clocks are read once for so many rounds through the pool.
const ROUNDS: usize = 64;

/// A library that traces requests.
pub trait Contender: Send + Sync {
    /// What a caller's header says, once it is parsed.
    type Parent: Send + Sync;

    /// Reads the header of a caller that decided so.
    fn parent(&self, item: &Item, sampled: bool) -> Self::Parent;

    /// Traces one request.
    fn request(&self, parent: &Self::Parent, item: &Item);

    /// How much of what was begun has not left, in a unit of its own.
    fn waiting(&self, begun: u64) -> u64;

    /// How much may wait before a producer pauses: some less than what its queue takes.
    fn room(&self) -> u64;

    /// Makes it send what waits.
    fn flush(&self);

    /// Requests in a row that its queue certainly has room for, at most [`POOL`].
    fn burst(&self) -> usize {
        POOL
    }

    /// What still waits will never leave: it counts as lost and no longer as waiting.
    fn abandon(&self, begun: u64);

    /// Documents or spans that did not leave.
    fn lost(&self) -> u64;
}

/// A contender and the requests it is given: the same ones, with one decision.
pub struct Requests<C: Contender> {
    contender: Arc<C>,
    items: Vec<Item>,
    parents: Vec<C::Parent>,
    /// Whether something is sent for each.
    sends: bool,
    begun: Arc<AtomicU64>,
    gate: Mutex<()>,
}

impl<C: Contender> Requests<C> {
    /// `begun` is shared by all works of a contender.
    pub fn new(contender: &Arc<C>, sampled: bool, sends: bool, begun: &Arc<AtomicU64>) -> Self {
        let items = pool();
        let parents = items.iter().map(|item| contender.parent(item, sampled)).collect();
        let (contender, begun) = (Arc::clone(contender), Arc::clone(begun));
        Self { contender, items, parents, sends, begun, gate: Mutex::default() }
    }

    fn begin(&self, requests: usize) -> u64 {
        let requests = if self.sends { requests as u64 } else { 0 };
        self.begun.fetch_add(requests, Ordering::Relaxed) + requests
    }

    /// Waits until all has left, or is lost.
    fn drain(&self) {
        let begun = self.begun.load(Ordering::Relaxed);
        let patience = Instant::now() + PATIENCE;
        self.contender.flush();
        while self.contender.waiting(begun) > 0 {
            if Instant::now() > patience {
                return self.contender.abandon(begun);
            }
            thread::sleep(PAUSE);
        }
    }

    fn produce(&self, times: u64) {
        let room = self.contender.room();
        let mut left = times as usize;
        let step = CHUNK.min(self.contender.burst());
        for start in (0..=POOL - step).step_by(step).cycle() {
            let chunk = step.min(left);
            let range = start..start + chunk;
            let begun = self.begin(chunk);
            let pairs = self.items[range.clone()].iter().zip(&self.parents[range]);
            pairs.for_each(|(item, parent)| self.contender.request(parent, item));
            left -= chunk;
            if left == 0 {
                return;
            }
            if self.contender.waiting(begun) > room {
                // One looks when there is room again, the others wait for it without looking.
                let _gate = self.gate.lock().unwrap_or_else(PoisonError::into_inner);
                let patience = Instant::now() + PATIENCE;
                let mut begun = self.begun.load(Ordering::Relaxed);
                while self.contender.waiting(begun) > room {
                    if Instant::now() > patience {
                        self.contender.abandon(begun);
                        break;
                    }
                    thread::sleep(PAUSE);
                    begun = self.begun.load(Ordering::Relaxed);
                }
            }
        }
    }
}

/// Requests of a contender, sampled and not.
pub fn program<C: Contender + 'static>(contender: C) -> Program {
    let (contender, begun) = (Arc::new(contender), Arc::default());
    let sampled = Requests::later(&contender, true, true, &begun);
    let unsampled = Requests::later(&contender, false, false, &begun);
    Program {
        version: None,
        works: vec![("sampled".to_owned(), sampled), ("unsampled".to_owned(), unsampled)],
    }
}

impl<C: Contender + 'static> Requests<C> {
    /// As [`new`](Self::new), when it is asked for.
    pub fn later(contender: &Arc<C>, sampled: bool, sends: bool, begun: &Arc<AtomicU64>) -> Make {
        let (contender, begun) = (Arc::clone(contender), Arc::clone(begun));
        Box::new(move || Box::new(Self::new(&contender, sampled, sends, &begun)))
    }
}

impl<C: Contender> Work for Requests<C> {
    /// In bursts that every queue has room for; what waits leaves between them, unmeasured.
    fn caller(&mut self, times: u64, meter: Meter) -> Taken {
        let rounds = if self.sends { 1 } else { ROUNDS };
        let burst = self.contender.burst();
        let (items, parents) = (&self.items[..burst], &self.parents[..burst]);
        let (mut total, mut operations) = (0, 0);
        while operations < times {
            self.begin(burst);
            total += meter(&mut || measured_burst(&*self.contender, items, parents, rounds));
            operations += (burst * rounds) as u64;
            if self.sends {
                self.drain();
            }
        }
        Taken { total, operations }
    }

    /// Without loss: who is too fast waits.
    fn process(&mut self, times: u64, threads: u64) -> Value {
        let (cpu, wall) = (ProcessTime::now(), Instant::now());
        let each = times.div_ceil(threads);
        let this = &*self;
        thread::scope(|scope| {
            (0..threads).for_each(|_| drop(scope.spawn(|| this.produce(each))));
        });
        self.drain();
        let (cpu, wall) = (cpu.elapsed(), wall.elapsed());
        json!({
            "operations": each * threads,
            "cpu_ns": cpu.as_nanos() as u64,
            "wall_ns": wall.as_nanos() as u64,
            "lost": self.contender.lost(),
        })
    }
}

/// The only code that callgrind collects, so no part of it may bear this name a second time.
#[inline(never)]
fn measured_burst<C: Contender>(
    contender: &C,
    items: &[Item],
    parents: &[C::Parent],
    rounds: usize,
) {
    for _ in 0..rounds {
        for (item, parent) in items.iter().zip(parents) {
            contender.request(parent, item);
        }
    }
}
