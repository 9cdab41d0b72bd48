//! Tells pages that something changed. What changed they ask for, so that a slow page never has a backlog.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use tokio::sync::watch;

use super::App;
use crate::console::Console;

/// How often pages hear of changes at most.
const BEAT: Duration = Duration::from_millis(100);

/// Pages that may listen at the same time.
const LISTENERS: usize = 64;

/// Watches the store for as long as anyone can listen.
pub(super) async fn watch(console: Console, tell: watch::Sender<u64>) {
    let mut beat = tokio::time::interval(BEAT);
    beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        beat.tick().await;
        let activity = console.activity();
        tell.send_if_modified(|last| std::mem::replace(last, activity) != activity);
    }
}

/// `GET /events`: an event now, and another whenever something has changed.
///
/// The id of an event is the run of the process and a number that grows. A page that comes back with the id of an earlier
/// run is told `resync`: what it holds is of another process.
pub(super) async fn events(State(app): State<App>, headers: HeaderMap) -> Response {
    let receiver = app.changes.subscribe();
    if app.changes.receiver_count() > LISTENERS {
        return (StatusCode::SERVICE_UNAVAILABLE, "too many pages are open\n").into_response();
    }
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok());
    let stale = last.is_some_and(|id| id.split('-').next() != Some(app.run.as_str()));
    let first = if stale { "resync" } else { "change" };
    let stream =
        stream::unfold((receiver, Some(first), app.run), async |(mut receiver, first, run)| {
            let name = match first {
                Some(name) => name,
                None => {
                    receiver.changed().await.ok()?;
                    "change"
                }
            };
            let activity = *receiver.borrow_and_update();
            let event = Event::default()
                .event(name)
                .id(format!("{run}-{activity}"))
                .data(activity.to_string());
            // The next one at the earliest after a beat, by the sender's pace.
            Some((Ok::<_, Infallible>(event), (receiver, None, run)))
        });
    Sse::new(stream).keep_alive(KeepAlive::default()).into_response()
}
