//! Spans and our own subsegments are one tree.

use std::{future::poll_fn, panic, pin::pin, sync::mpsc, task::Poll, thread};

use tracing::{Instrument, Span, info_span, instrument};
use tracing_subscriber::{filter::LevelFilter, layer::Layer};
use xray_core::{Entity, Subsegment, prelude::*};
use xray_tracing::XRayTracing;

use crate::common::Rig;

fn current() -> Option<String> {
    Entity::current().name()
}

#[test]
fn spans_and_subsegments_nest_in_each_other() {
    let rig = Rig::new();
    let trees = rig.request(|| {
        info_span!("outer").in_scope(|| {
            assert_eq!(current().as_deref(), Some("outer"));
            Subsegment::begin("ours").run(|_| {
                info_span!("inner").in_scope(|| Subsegment::begin("leaf").end());
                info_span!("second").in_scope(|| {});
            });
            info_span!("third").in_scope(|| {});
        });
        assert_eq!(current().as_deref(), Some("request"));
        Subsegment::begin("last").end();
    });
    let outline =
        "request\n  outer\n    ours\n      inner\n        leaf\n      second\n    third\n  last\n";
    assert_eq!(trees.to_string(), outline);
}

#[instrument]
async fn load(key: &str) {
    tokio::task::yield_now().await;
    xray_core::subsegment("read", async |_| query().await).await;
}

#[instrument]
async fn query() {
    tokio::task::yield_now().await;
    Subsegment::begin("row").end();
}

#[test]
fn futures_enter_at_each_poll() {
    let rig = Rig::new();
    let trees = rig.request(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let other = async {
                for _ in 0..3 {
                    assert_eq!(current().as_deref(), Some("request"));
                    tokio::task::yield_now().await;
                }
            };
            tokio::join!(load("a"), other, load("b"));
        });
    });
    let load = "  load\n    read\n      query\n        row\n";
    assert_eq!(trees.to_string(), format!("request\n{load}{load}"));
}

#[test]
fn a_span_takes_the_trace_to_other_tasks_and_threads() {
    let (xray, memory) = crate::common::recorder(xray_core::sample::LocalRules::everything());
    let subscriber = tracing_subscriber::Layer::with_subscriber(
        XRayTracing::new(),
        tracing_subscriber::registry(),
    );
    let dispatch = tracing::Dispatch::new(subscriber);
    tracing::dispatcher::with_default(&dispatch, || {
        let segment = xray.segment("request").begin();
        let _entered = segment.enter();
        let span = info_span!("spawned");
        let dispatch = dispatch.clone();
        thread::spawn(move || {
            tracing::dispatcher::with_default(&dispatch, || {
                assert!(Entity::current().is_absent());
                let work = async {
                    tokio::task::yield_now().await;
                    Subsegment::begin("there").end();
                };
                let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();
                runtime.block_on(work.instrument(span));
                assert!(Entity::current().is_absent());
            });
        })
        .join()
        .unwrap();
    });
    let trees = xray_core::testing::Trees::of(&memory.take());
    assert_eq!(trees.to_string(), "request\n  spawned\n    there\n");
}

#[test]
fn exits_in_another_order() {
    let rig = Rig::new();
    let trees = rig.request(|| {
        let (one, two) = (info_span!("one"), info_span!("two"));
        let first = one.enter();
        let second = two.enter();
        drop(first);
        assert_eq!(current().as_deref(), Some("two"));
        Subsegment::begin("in two").end();
        drop(second);
        assert_eq!(current().as_deref(), Some("request"));
        Subsegment::begin("in request").end();
    });
    let outline = "request\n  one\n  two\n    in two\n  in request\n";
    assert_eq!(trees.to_string(), outline);
}

#[test]
fn a_span_entered_twice_is_left_twice() {
    let rig = Rig::new();
    let trees = rig.request(|| {
        let span = info_span!("span");
        let first = span.enter();
        Subsegment::begin("between").run(|_| {
            let second = span.enter();
            Subsegment::begin("again").end();
            drop(second);
            assert_eq!(current().as_deref(), Some("between"));
        });
        assert_eq!(current().as_deref(), Some("span"));
        drop(first);
        assert_eq!(current().as_deref(), Some("request"));
        span.in_scope(|| Subsegment::begin("later").end());
    });
    assert_eq!(trees.to_string(), "request\n  span\n    between\n    again\n    later\n");
}

#[test]
fn a_span_entered_on_two_threads_at_a_time() {
    let rig = Rig::new();
    let trees = rig.request(|| {
        let span = info_span!("shared");
        let (ready, entered) = mpsc::channel();
        let (go, wait) = mpsc::channel::<()>();
        let dispatch = tracing::dispatcher::get_default(Clone::clone);
        let other = span.clone();
        let worker = thread::spawn(move || {
            tracing::dispatcher::with_default(&dispatch, || {
                let _entered = other.enter();
                ready.send(()).unwrap();
                wait.recv().unwrap();
                Subsegment::begin("there").end();
            });
            assert!(Entity::current().is_absent());
        });
        entered.recv().unwrap();
        span.in_scope(|| Subsegment::begin("here").end());
        assert_eq!(current().as_deref(), Some("request"));
        go.send(()).unwrap();
        worker.join().unwrap();
    });
    assert_eq!(trees.to_string(), "request\n  shared\n    here\n    there\n");
}

#[test]
fn a_span_that_does_not_close_leaves_when_it_does() {
    let rig = Rig::new();
    let mut kept = None;
    let segment = rig.xray.segment("request").begin();
    {
        let _entered = segment.enter();
        let span = info_span!("slow");
        info_span!("quick").in_scope(|| {});
        kept = kept.or(Some(span));
    }
    segment.end();
    assert_eq!(rig.trees().to_string(), "", "it waits for the open span");
    kept.iter().for_each(|span| span.in_scope(|| Subsegment::begin("late").end()));
    drop(kept);
    assert_eq!(rig.trees().to_string(), "request\n  slow\n    late\n  quick\n");
}

#[test]
fn a_span_that_never_closes_is_in_progress() {
    let rig = Rig::new();
    let xray = {
        let segment = rig.xray.segment("request").begin();
        let _entered = segment.enter();
        let _kept = std::mem::ManuallyDrop::new(info_span!("for ever"));
        rig.xray.clone()
    };
    xray.flush(std::time::Duration::from_secs(5));
    assert_eq!(rig.trees().to_string(), "request\n  for ever (in progress)\n");
}

#[test]
fn a_span_outlives_its_parent() {
    let rig = Rig::new();
    let trees = rig.request(|| {
        let child = info_span!("parent").in_scope(|| info_span!("child"));
        child.in_scope(|| Subsegment::begin("leaf").end());
    });
    assert_eq!(trees.to_string(), "request\n  parent\n    child\n      leaf\n");
}

#[test]
fn parents_that_are_named() {
    let rig = Rig::new();
    let trees = rig.request(|| {
        let one = info_span!("one");
        info_span!("two").in_scope(|| {
            info_span!(parent: &one, "under one").in_scope(|| Subsegment::begin("leaf").end());
            info_span!(parent: None, "of its own").in_scope(|| {
                assert_eq!(current().as_deref(), Some("two"), "it is not recorded");
            });
        });
        let dispatch = tracing::dispatcher::get_default(Clone::clone);
        let one = one.clone();
        thread::spawn(move || {
            tracing::dispatcher::with_default(&dispatch, || {
                info_span!(parent: &one, "from afar").in_scope(|| {});
                info_span!("of nobody").in_scope(|| {});
            });
        })
        .join()
        .unwrap();
    });
    let outline = "request\n  one\n    under one\n      leaf\n    from afar\n  two\n";
    assert_eq!(trees.to_string(), outline);
}

#[test]
fn what_a_filter_hides_leaves_no_gap() {
    let rig = Rig::with(XRayTracing::new().with_filter(LevelFilter::INFO));
    let trees = rig.request(|| {
        let outer = info_span!("outer");
        let hidden = outer.in_scope(|| tracing::debug_span!("hidden"));
        hidden.in_scope(|| Subsegment::begin("in request").end());
        outer.in_scope(|| hidden.in_scope(|| info_span!("inner").in_scope(|| {})));
    });
    let outline = "request\n  outer\n    inner\n  in request\n";
    assert_eq!(trees.to_string(), outline);

    // Another layer wants it, so it is there and can be named.
    let both = XRayTracing::new().with_filter(LevelFilter::INFO);
    let rig = Rig::with(both.and_then(Everything));
    let trees = rig.request(|| {
        let hidden = info_span!("outer").in_scope(|| tracing::debug_span!("hidden"));
        info_span!(parent: &hidden, "under hidden").in_scope(|| {});
    });
    assert_eq!(trees.to_string(), "request\n  outer\n    under hidden\n");
}

struct Everything;

impl<S: tracing::Subscriber> Layer<S> for Everything {}

#[test]
fn two_subscribers_do_not_meet() {
    let rig = Rig::new();
    let trees = rig.request(|| {
        let other = Rig::new();
        let span = info_span!("of the other");
        let inner = span.enter();
        assert_eq!(current().as_deref(), Some("of the other"));
        drop(other);
        let mine = info_span!("of mine");
        let entered = mine.enter();
        drop(inner);
        assert_eq!(current().as_deref(), Some("of mine"));
        drop(entered);
    });
    assert_eq!(trees.to_string(), "request\n  of the other\n    of mine\n");
}

#[test]
fn a_guard_held_over_an_await_does_not_leak() {
    // A mistake in tracing's eyes; the current entity stands it.
    let rig = Rig::new();
    let trees = rig.request(|| {
        let mut polls = 0;
        let mut work = pin!(Entity::current().scope(async {
            let span = info_span!("held");
            let _entered = span.enter();
            poll_fn(|_| {
                polls += 1;
                if polls > 1 { Poll::Ready(()) } else { Poll::Pending }
            })
            .await;
            Subsegment::begin("after").end();
        }));
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(work.as_mut().poll(&mut context).is_pending());
        assert_eq!(current().as_deref(), Some("request"));
        assert!(work.as_mut().poll(&mut context).is_ready());
        assert_eq!(current().as_deref(), Some("request"));
    });
    assert_eq!(trees.to_string(), "request\n  held\n    after\n");
}

#[instrument]
fn fails() {
    panic!("out of stock");
}

#[test]
fn a_panic_is_a_fault_of_the_span_it_goes_through() {
    let rig = Rig::new();
    let trees = rig.request(|| {
        let _ = panic::catch_unwind(|| info_span!("outer").in_scope(fails));
        info_span!("next").in_scope(|| {});
        assert_eq!(current().as_deref(), Some("request"));
    });
    assert_eq!(trees.to_string(), "request\n  outer (fault)\n    fails (fault)\n  next\n");
}

#[test]
fn what_a_span_follows_from_is_a_link() {
    let rig = Rig::new();
    let trees = rig.request(|| {
        let cause = info_span!("cause");
        let effect = info_span!("effect");
        effect.follows_from(&cause);
        effect.follows_from(Span::none());
    });
    assert_eq!(trees.to_string(), "request\n  cause\n  effect\n");
    let link = &trees.get("request/effect")["links"];
    let cause = &trees.get("request/cause")["id"];
    let trace = &trees.get("request")["trace_id"];
    assert_eq!(*link, serde_json::json!([{"trace_id": trace, "id": cause}]));
}

#[test]
fn a_closure_that_is_taken_along() {
    let rig = Rig::new();
    let trees = rig.request(|| {
        let work = info_span!("outer")
            .in_scope(|| (|| Subsegment::begin("elsewhere").end()).in_current_segment());
        thread::spawn(work).join().unwrap();
    });
    assert_eq!(trees.to_string(), "request\n  outer\n    elsewhere\n");
}
