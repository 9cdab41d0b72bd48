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
        let (trouble, asked) = match caller.call(&part).await {
            Outcome::Taken(unprocessed) => {
                if queue.well() {
                    log::info!("X-Ray takes documents again");
                }
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
                queue.settle(document, &Fate::Expired);
            }
            log::warn!(
                "{} documents are given up after {} s: {trouble}",
                part.len(),
                MAX_AGE.as_secs()
            );
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
        log::warn!(
            "X-Ray did not process the document {id:?}: {code}: {message}. Further ones are only counted."
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
