//! Futures and streams of one task.

use std::{
    pin::{Pin, pin},
    task::{Context, Poll},
};

use futures_util::{
    StreamExt, future,
    stream::{self, FuturesUnordered, Stream},
};
use tokio::{sync::oneshot, task};
use xray_core::{prelude::*, testing::Trees};

use crate::support::{current, inline, mark, nothing_is_current, outline, poll};

#[tokio::test]
async fn branches_of_join_are_siblings() {
    let (xray, memory) = inline();
    let segment = xray.begin_segment("orders");
    let branch = async |name: &str| {
        subsegment(name, async |_| {
            for _ in 0..3 {
                mark("round");
                task::yield_now().await;
            }
        })
        .await;
        mark("after");
    };
    segment.scope(async { tokio::join!(branch("one"), branch("two")) }).await;
    segment.end();
    let rounds = "    round\n".repeat(3);
    assert_eq!(
        outline(&memory),
        format!("orders\n  one\n{rounds}  two\n{rounds}  after\n  after\n")
    );
}

#[tokio::test]
async fn the_branch_that_loses_a_select_ends() {
    /// Looks around when it is dropped, as a transaction does that is rolled back.
    struct Rollback;
    impl Drop for Rollback {
        fn drop(&mut self) {
            mark("roll back");
        }
    }
    let (xray, memory) = inline();
    let segment = xray.begin_segment("orders");
    let work = async {
        tokio::select! {
            biased;
            () = subsegment("slow", async |_| {
                let _transaction = Rollback;
                future::pending::<()>().await;
            }) => unreachable!("it never ends"),
            () = subsegment("quick", async |_| {}) => {}
        }
        mark("after");
    };
    segment.scope(work).await;
    segment.end();
    let documents = memory.take();
    assert!(documents[0]["subsegments"][0].get("in_progress").is_none());
    let expected = "orders\n  slow\n    roll back\n  quick\n  after\n";
    assert_eq!(Trees::of(&documents).to_string(), expected);
}

#[test]
fn a_future_that_is_never_polled_or_never_done_still_ends() {
    let (xray, memory) = inline();
    let segment = xray.begin_segment("orders");
    let entered = segment.enter();
    drop(subsegment("never polled", async |_| {}));
    let never_done = subsegment("never done", async |_| future::pending::<()>().await);
    drop(entered);
    // Not begun before it is polled, and then under what is current there.
    let other = xray.begin_segment("other");
    let mut scoped = Box::pin(other.scope(never_done));
    assert!(poll(scoped.as_mut()).is_pending());
    drop((segment, scoped, other));
    assert_eq!(outline(&memory), "orders\nother\n  never done\n");
}

#[test]
fn what_runs_before_the_future_is_made_is_inside_too() {
    let (xray, memory) = inline();
    let segment = xray.begin_segment("orders");
    let work = segment.scope(subsegment("load", |load: Entity| {
        assert_eq!(current(), load.id());
        mark("first");
        async { mark("second") }
    }));
    assert!(poll(pin!(work)).is_ready());
    segment.end();
    assert_eq!(outline(&memory), "orders\n  load\n    first\n    second\n");
}

#[tokio::test]
async fn streams_run_inside_and_so_do_their_destructors() {
    struct Rows {
        left: u32,
    }
    impl Stream for Rows {
        type Item = u32;

        fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<u32>> {
            mark("row");
            let left = self.left.checked_sub(1);
            self.left = left.unwrap_or_default();
            Poll::Ready(left)
        }

        fn size_hint(&self) -> (usize, Option<usize>) {
            (0, Some(self.left as usize))
        }
    }
    impl Drop for Rows {
        fn drop(&mut self) {
            mark("closed");
        }
    }
    let (xray, memory) = inline();
    let segment = xray.begin_segment("orders");
    let body = {
        let _entered = segment.enter();
        Rows { left: 2 }.in_current_segment()
    };
    assert_eq!(body.size_hint(), (0, Some(2)));
    // Polled by something else, as a server polls a body after the handler has returned.
    let other = xray.begin_segment("server");
    let rows: Vec<u32> = other.scope(body.inspect(|_| mark("sent")).collect()).await;
    assert_eq!(rows, [1, 0]);
    let mut cut_off = pin!(segment.scope(Rows { left: 9 }));
    cut_off.next().await;
    cut_off.set(segment.scope(Rows { left: 0 }));
    assert_eq!(cut_off.next().await, None);
    assert_eq!(cut_off.next().await, None, "it stays at its end");
    assert_eq!(cut_off.size_hint(), (0, Some(0)));
    drop(other);
    assert_eq!(outline(&memory), "server\n  sent\n  sent\n");
    drop(segment);
    let marks = ["row", "row", "row", "closed", "row", "closed", "row", "closed"];
    let marks: String = marks.iter().map(|mark| format!("  {mark}\n")).collect();
    assert_eq!(outline(&memory), format!("orders\n{marks}"));
}

#[tokio::test]
async fn many_futures_of_one_task_keep_apart() {
    let (xray, memory) = inline();
    let segments: Vec<_> =
        (0..20).map(|index| xray.begin_segment(&format!("segment {index}"))).collect();
    let work: FuturesUnordered<_> = segments
        .iter()
        .map(|segment| {
            segment.scope(async {
                let (sender, receiver) = oneshot::channel();
                tokio::spawn(async move { sender.send(()) });
                receiver.await.unwrap();
                mark("step");
                current() == segment.id()
            })
        })
        .collect();
    assert!(work.all(future::ready).await);
    assert!(nothing_is_current());
    drop(segments);
    for document in memory.take() {
        assert_eq!(document["subsegments"].as_array().unwrap().len(), 1, "{document}");
    }
    let buffered = stream::iter(0..3).map(async |_| nothing_is_current()).buffer_unordered(2);
    assert!(buffered.all(future::ready).await);
}
