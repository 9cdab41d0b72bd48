//! Delivers one batch: again after a while if that may help, in halves if the batch itself is refused.

use std::collections::VecDeque;
use std::future::Future;
use std::time::Duration;

use rand::RngExt;
use serde::Deserialize;
use tokio::time::sleep;

use super::queue::{Document, Fate, Queue};
use super::text::plain;

/// How long a document may wait for X-Ray to take it, counted from its arrival.
const MAX_AGE: Duration = Duration::from_secs(600);
/// The first pause is up to this long, and each one may be twice as long as the one before.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// No pause is longer, so that a stopping relay tries at least once more. The service may ask for a longer one.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// The longest pause that the service may ask for.
const LONGEST_ASKED: Duration = Duration::from_secs(60);

/// Makes one call.
pub(super) trait Caller {
    fn call(&self, documents: &[Document]) -> impl Future<Output = Outcome> + Send;
}

/// How a call went.
#[derive(Debug)]
pub(super) enum Outcome {
    /// The documents were taken, except for these.
    Taken(Vec<Unprocessed>),
    /// Something is wrong with what was sent.
    Refused { code: String, message: String },
    /// Something is wrong with the service, the way to it, or our credentials.
    Later { trouble: String, pause: Option<Duration> },
}

/// A document that the service did not process, by its own words.
#[derive(Debug)]
pub(super) struct Unprocessed {
    pub(super) id: String,
    pub(super) code: String,
    pub(super) message: String,
}

/// Ends when every document of the batch has found its fate.
pub(super) async fn deliver(caller: &impl Caller, queue: &Queue, batch: Vec<Document>) {
    let mut parts = VecDeque::from([batch]);
    while let Some(part) = parts.pop_front() {
        if let Some(halves) = deliver_part(caller, queue, part).await {
            // Those before, first, so that documents keep their order as far as they can.
            for half in halves.into_iter().rev() {
                parts.push_front(half);
            }
        }
    }
}

/// `Some` if the part has to be halved.
async fn deliver_part(
    caller: &impl Caller,
    queue: &Queue,
    mut part: Vec<Document>,
) -> Option<[Vec<Document>; 2]> {
    let mut pauses = 0;
    while !part.is_empty() {
        let outcome = caller.call(&part).await;
        if !matches!(outcome, Outcome::Later { .. }) && queue.well() {
            log::info!("X-Ray answers again");
        }
        let (trouble, asked) = match outcome {
            Outcome::Taken(unprocessed) => {
                part = settle(queue, part, unprocessed);
                if part.is_empty() {
                    return None;
                }
                ("X-Ray is too busy for some documents".to_owned(), None)
            }
            Outcome::Refused { .. } if part.len() > 1 => {
                let rest = part.split_off(part.len() / 2);
                return Some([part, rest]);
            }
            Outcome::Refused { code, message } => {
                for document in &part {
                    if queue.settle(document, &Fate::Rejected(code.clone())) {
                        log::warn!(
                            "X-Ray refuses a document of {} bytes: {code}: {message}. Further ones are only counted.",
                            document.body.len()
                        );
                    }
                }
                return None;
            }
            Outcome::Later { trouble, pause } => (trouble, pause),
        };
        if part.first().is_some_and(|oldest| oldest.received.elapsed() >= MAX_AGE) {
            for document in &part {
                if queue.settle(document, &Fate::Expired) {
                    let age = MAX_AGE.as_secs();
                    log::warn!(
                        "documents are given up after {age} s: {trouble}. Further ones are only counted."
                    );
                }
            }
            return None;
        }
        if queue.retry(&trouble) {
            log::warn!("documents wait for X-Ray: {trouble}");
        }
        sleep(pause(pauses, asked)).await;
        pauses += 1;
    }
    None
}

/// Counts what was taken and what was not; returns what is worth another call.
fn settle(queue: &Queue, part: Vec<Document>, unprocessed: Vec<Unprocessed>) -> Vec<Document> {
    let mut part: Vec<_> = part.into_iter().map(Some).collect();
    let mut again = Vec::new();
    let mut unnamed = Vec::new();
    for entry in unprocessed {
        let named = part.iter_mut().find(|document| {
            document.as_ref().is_some_and(|document| is_named(document, &entry.id))
        });
        match named.and_then(Option::take) {
            Some(document) if is_passing(&entry.code) => again.push(document),
            Some(document) => tell(queue, &document, entry),
            None => unnamed.push(entry),
        }
    }
    // Those without an id of ours stand for one document each, whichever it was.
    let mut rest = part.into_iter().flatten();
    for (entry, document) in unnamed.into_iter().zip(&mut rest) {
        tell(queue, &document, entry);
    }
    for document in rest {
        queue.settle(&document, &Fate::Sent);
    }
    again
}

fn tell(queue: &Queue, document: &Document, entry: Unprocessed) {
    let Unprocessed { id, code, message } = entry;
    if queue.settle(document, &Fate::Unprocessed(code.clone())) {
        let which =
            if id.is_empty() { "a document".to_owned() } else { format!("the document {id}") };
        log::warn!(
            "X-Ray did not process {which}: {code}: {message}. Further ones are only counted."
        );
    }
}

#[derive(Deserialize)]
struct Named {
    id: String,
}

fn is_named(document: &Document, id: &str) -> bool {
    serde_json::from_str::<Named>(&document.body).is_ok_and(|named| plain(&named.id) == id)
}

/// Whether a code speaks of the service's state and not of the document.
pub(super) fn is_passing(code: &str) -> bool {
    let code = code.to_ascii_lowercase();
    [
        "throttl",
        "toomanyrequests",
        "limitexceeded",
        "internal",
        "unavailable",
        "slowdown",
        "timeout",
    ]
    .iter()
    .any(|word| code.contains(word))
}

/// Full jitter: anything up to a limit that doubles, so that many daemons do not come back at once.
fn pause(before: u32, asked: Option<Duration>) -> Duration {
    let most = FIRST_PAUSE.saturating_mul(1 << before.min(16)).min(LONGEST_PAUSE);
    let jittered = most.mul_f64(rand::rng().random());
    jittered.max(asked.unwrap_or_default().min(LONGEST_ASKED))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Mutex;

    use rand::SeedableRng;
    use rand::rngs::StdRng;
    use tokio::time::Instant;

    use super::*;
    use crate::relay::stats::{RelayState, RelayStats, RelayStatus};

    /// A service that answers by a rule and notes what it was sent.
    struct Service<F> {
        rule: F,
        calls: Mutex<Vec<Vec<String>>>,
    }

    impl<F: Fn(usize, &[&str]) -> Outcome + Sync> Service<F> {
        fn new(rule: F) -> Self {
            Self { rule, calls: Mutex::default() }
        }

        fn calls(&self) -> Vec<Vec<String>> {
            self.calls.lock().unwrap().clone()
        }
    }

    impl<F: Fn(usize, &[&str]) -> Outcome + Sync> Caller for Service<F> {
        async fn call(&self, documents: &[Document]) -> Outcome {
            let mut calls = self.calls.lock().unwrap();
            let bodies: Vec<_> = documents.iter().map(|document| document.body.as_str()).collect();
            let outcome = (self.rule)(calls.len(), &bodies);
            calls.push(bodies.into_iter().map(str::to_owned).collect());
            outcome
        }
    }

    fn later(trouble: &str) -> Outcome {
        Outcome::Later { trouble: trouble.to_owned(), pause: None }
    }

    fn refused() -> Outcome {
        Outcome::Refused { code: "InvalidRequestException".to_owned(), message: String::new() }
    }

    fn unprocessed(id: &str, code: &str) -> Unprocessed {
        Unprocessed { id: id.to_owned(), code: code.to_owned(), message: "why".to_owned() }
    }

    fn body(number: usize) -> String {
        format!(r#"{{"id":"{number:016x}"}}"#)
    }

    async fn run(caller: &impl Caller, documents: usize) -> (Queue, RelayStats) {
        let queue = Queue::new();
        queue.found(RelayStatus::new(RelayState::On));
        for number in 0..documents {
            queue.push(Ok(body(number)));
        }
        let batch = queue.next_batch().await.unwrap();
        deliver(caller, &queue, batch).await;
        let stats = queue.stats().unwrap();
        (queue, stats)
    }

    #[tokio::test(start_paused = true)]
    async fn one_bad_document_does_not_take_the_others_along() {
        let bad = body(13);
        let service = Service::new(|_, bodies: &[&str]| {
            if bodies.contains(&bad.as_str()) { refused() } else { Outcome::Taken(vec![]) }
        });
        let (_, stats) = run(&service, 50).await;
        assert_eq!((stats.sent, stats.rejected, stats.waiting, stats.retries), (49, 1, 0, 0));
        assert_eq!(stats.codes().collect::<Vec<_>>(), [("InvalidRequestException", 1)]);
        let calls = service.calls();
        assert!(calls.len() <= 2 * 6 + 1, "{} calls", calls.len());
        let taken = calls.iter().filter(|call| !call.contains(&bad)).flatten();
        let once: Vec<_> = taken.cloned().collect();
        let good: Vec<_> = (0..50).map(body).filter(|body| *body != bad).collect();
        assert_eq!(once, good, "each of the others once, in order");
    }

    #[tokio::test(start_paused = true)]
    async fn trouble_is_told_and_passes() {
        let service =
            Service::new(
                |call, _: &[&str]| {
                    if call < 5 { later("HTTP 500") } else { Outcome::Taken(vec![]) }
                },
            );
        let (queue, stats) = run(&service, 3).await;
        assert_eq!((stats.sent, stats.retries), (3, 5));
        assert_eq!(queue.status().state, RelayState::On);
        assert_eq!(service.calls(), vec![(0..3).map(body).collect::<Vec<_>>(); 6]);
    }

    #[tokio::test(start_paused = true)]
    async fn documents_are_given_up_when_they_are_old() {
        let begin = Instant::now();
        let service = Service::new(|_, _: &[&str]| later("HTTP 503"));
        let (queue, stats) = run(&service, 3).await;
        assert_eq!((stats.expired, stats.waiting), (3, 0));
        assert!(begin.elapsed() >= MAX_AGE && begin.elapsed() < MAX_AGE + 3 * LONGEST_PAUSE);
        let status = queue.status();
        assert_eq!(
            (status.state, status.reason.as_deref()),
            (RelayState::Failing, Some("HTTP 503"))
        );
    }

    #[tokio::test(start_paused = true)]
    async fn the_service_may_ask_for_patience() {
        let begin = Instant::now();
        let service = Service::new(|call, _: &[&str]| match call {
            0 => Outcome::Later { trouble: String::new(), pause: Some(Duration::from_secs(30)) },
            1 => Outcome::Later { trouble: String::new(), pause: Some(Duration::from_secs(9_999)) },
            _ => Outcome::Taken(vec![]),
        });
        run(&service, 50).await;
        assert!(begin.elapsed() >= Duration::from_secs(90), "{:?}", begin.elapsed());
        assert!(begin.elapsed() < Duration::from_secs(91), "{:?}", begin.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn only_what_is_worth_it_is_sent_again() {
        let service = Service::new(|call, _: &[&str]| {
            Outcome::Taken(match call {
                0 => vec![
                    unprocessed(&format!("{:016x}", 1), "ThrottledException"),
                    unprocessed(&format!("{:016x}", 2), "InvalidSegment"),
                    unprocessed("", "JSONFormatError"),
                    unprocessed(&format!("{:016x}", 3), "InternalFailure"),
                ],
                _ => vec![],
            })
        });
        let (_, stats) = run(&service, 6).await;
        assert_eq!((stats.sent, stats.unprocessed, stats.waiting), (4, 2, 0));
        assert_eq!(service.calls()[1..], [vec![body(1), body(3)]]);
        let codes: BTreeMap<_, _> = stats.codes().collect();
        assert_eq!(codes, BTreeMap::from([("InvalidSegment", 1), ("JSONFormatError", 1)]));
    }

    #[tokio::test(start_paused = true)]
    async fn more_unprocessed_than_documents_do_no_harm() {
        let service = Service::new(|_, _: &[&str]| {
            Outcome::Taken((0..9).map(|_| unprocessed("", "JSONFormatError")).collect())
        });
        let (_, stats) = run(&service, 2).await;
        assert_eq!((stats.taken, stats.unprocessed, stats.sent, stats.waiting), (2, 2, 0, 0));
    }

    /// Whatever the service does, each document finds one fate, and the taken ones were sent as they came.
    #[tokio::test(start_paused = true)]
    async fn nothing_is_lost_in_the_balance() {
        for seed in 0..200 {
            let random = Mutex::new(StdRng::seed_from_u64(seed));
            let service = Service::new(|_, bodies: &[&str]| {
                let mut random = random.lock().unwrap();
                match random.random_range(0..5) {
                    0 => refused(),
                    1 => later("HTTP 429"),
                    2 => {
                        let code =
                            ["ThrottledException", "InvalidSegment"][random.random_range(0..2)];
                        let id = &bodies[random.random_range(0..bodies.len())][7..23];
                        Outcome::Taken(vec![unprocessed(id, code)])
                    }
                    _ => Outcome::Taken(vec![]),
                }
            });
            let (_, stats) = run(&service, 20).await;
            let fates = stats.sent + stats.unprocessed + stats.rejected + stats.expired;
            assert_eq!((stats.taken, stats.waiting, fates), (20, 0, 20), "seed {seed}: {stats}");
        }
    }
}
