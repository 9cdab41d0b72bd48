//! Tells pages that something changed. What changed they ask for, so that a slow page never has a backlog.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
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
/// The id of an event is the run of the process and a number that grows: a page that sees another run knows that what it
/// holds is of an earlier one.
pub(super) async fn events(State(app): State<App>) -> Response {
    let receiver = app.changes.subscribe();
    if app.changes.receiver_count() > LISTENERS {
        return (StatusCode::SERVICE_UNAVAILABLE, "too many pages are open\n").into_response();
    }
    let stream = stream::unfold((receiver, true, app.run), async |(mut receiver, first, run)| {
        if !first {
            receiver.changed().await.ok()?;
        }
        let activity = *receiver.borrow_and_update();
        let event = Event::default()
            .event("change")
            .id(format!("{run}-{activity}"))
            .data(activity.to_string());
        // The next one at the earliest after a beat, by the sender's pace.
        Some((Ok::<_, Infallible>(event), (receiver, false, run)))
    });
    Sse::new(stream).keep_alive(KeepAlive::default()).into_response()
}
