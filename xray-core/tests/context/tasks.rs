//! Tasks and runtimes.

use std::thread;

use serde_json::Value;
use tokio::task;
use xray_core::{Delivery, prelude::*, testing::Trees};

use crate::support::{SOON, current, inline, mark, nothing_is_current, recorder};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn tasks_that_move_between_threads_keep_their_own() {
    let (xray, memory) = recorder(Delivery::Background);
    let tasks: Vec<_> = (0..50)
        .map(|index| {
            let segment = xray.begin_segment(&format!("segment {index}"));
            tokio::spawn(async move {
                let inner = async {
                    let own = current();
                    let mut threads = std::collections::HashSet::new();
                    for _ in 0..20 {
                        threads.insert(thread::current().id());
                        task::yield_now().await;
                        assert_eq!(current(), own);
                        mark("step");
                        let blocking = || mark("blocking");
                        task::spawn_blocking(blocking.in_current_segment()).await.unwrap();
                    }
                    task::block_in_place(|| mark("in place"));
                    threads.len()
                };
                let threads = segment.scope(inner).await;
                assert!(nothing_is_current());
                threads
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert!(xray.flush(SOON));
    let documents = memory.take();
    assert_eq!(documents.len(), 50);
    let count = |document: &Value| document["subsegments"].as_array().unwrap().len();
    assert!(documents.iter().all(|document| count(document) == 41));
}

#[tokio::test]
async fn local_tasks_may_even_hold_a_guard() {
    let (xray, memory) = inline();
    let local = task::LocalSet::new();
    let (one, two) = (xray.begin_segment("one"), xray.begin_segment("two"));
    let task = |segment: xray_core::Segment| async move {
        let held = async {
            let step = segment.subsegment("step");
            // Not `Send`, so only a local task can.
            let guard = step.enter();
            for _ in 0..3 {
                mark("round");
                task::yield_now().await;
                assert_eq!(current(), step.id());
            }
            drop(guard);
            mark("after");
            assert_eq!(current(), segment.id());
        };
        segment.scope(held).await;
        assert!(nothing_is_current());
    };
    let tasks = (local.spawn_local(task(one)), local.spawn_local(task(two)));
    let stranger = local.spawn_local(async {
        for _ in 0..5 {
            assert!(nothing_is_current());
            task::yield_now().await;
        }
    });
    local.await;
    let ended = tokio::join!(tasks.0, tasks.1, stranger);
    assert!(ended.0.is_ok() && ended.1.is_ok() && ended.2.is_ok());
    let rounds = "    round\n".repeat(3);
    let documents = memory.take();
    assert_eq!(documents.len(), 2);
    for document in documents {
        let name = document["name"].as_str().unwrap().to_owned();
        let tree = Trees::of(&[document]).to_string();
        assert_eq!(tree, format!("{name}\n  step\n{rounds}  after\n"));
    }
}

#[test]
fn a_runtime_of_one_thread_records_and_flushes_inside() {
    let (xray, memory) = recorder(Delivery::Background);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        for round in 0..100 {
            let segment = xray.begin_segment("job");
            segment.annotate("round", round);
            segment.scope(subsegment("step", async |_| task::yield_now().await)).await;
            segment.end();
            if round % 10 == 0 {
                assert!(xray.flush(SOON), "blocks the only thread, and yet ends");
            }
        }
        let guard = xray.install();
        segment("the last", async |_| {}).await;
        assert!(guard.await);
    });
    assert_eq!(memory.take().len(), 101);
    assert_eq!(xray.stats().dropped(), 0);
}
