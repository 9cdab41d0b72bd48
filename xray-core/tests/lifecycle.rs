//! When a segment leaves, and what travels with it.

use std::time::Duration;

use serde_json::{Value, json};
use xray_core::{
    Delivery, Recorder, TraceHeader, prelude::*, sample::LocalRules, testing::MemoryEmitter,
};

const SOON: Duration = Duration::from_secs(10);

fn recorder(grace: Duration, delivery: Delivery) -> (Recorder, MemoryEmitter) {
    let memory = MemoryEmitter::new();
    let xray = Recorder::builder("orders")
        .emitter(memory.clone())
        .grace(grace)
        .delivery(delivery)
        .sampling_rules(LocalRules::everything())
        .build()
        .unwrap();
    (xray, memory)
}

#[test]
fn the_last_end_sends() {
    let (xray, memory) = recorder(SOON, Delivery::Inline);
    let segment = xray.begin_segment("orders");
    let child = segment.subsegment("child");
    let handle = Entity::clone(&segment);
    segment.end();
    assert!(memory.take().is_empty());
    handle.annotate("late", true);
    child.end();
    let documents = memory.take();
    assert_eq!(documents.len(), 1);
    assert!(documents[0].get("annotations").is_none());
    let child = &documents[0]["subsegments"][0];
    assert!(documents[0]["end_time"].as_f64() <= child["end_time"].as_f64());
}

#[test]
fn after_the_grace_period_the_segment_leaves_and_stragglers_follow() {
    let (xray, memory) = recorder(Duration::from_millis(20), Delivery::Background);
    let segment = xray.begin_segment("orders");
    let segment_id = segment.id().to_string();
    let slow = segment.subsegment("slow");
    slow.subsegment("done before").end();
    segment.end();

    let first = memory.wait(1, SOON).remove(0);
    assert_eq!(first["subsegments"][0]["name"], "slow");
    assert_eq!(first["subsegments"][0]["in_progress"], true);
    assert!(first["subsegments"][0].get("end_time").is_none());
    assert_eq!(first["subsegments"][0]["subsegments"][0]["name"], "done before");
    assert!(first.get("in_progress").is_none());

    let after = slow.subsegment("begun after");
    after.end();
    let begun_after = memory.wait(1, SOON).remove(0);
    assert_eq!(begun_after["name"], "begun after");
    assert_eq!(begun_after["parent_id"], json!(slow.id()));
    let still_open = slow.subsegment("still open");
    slow.annotate("rows", 7);
    slow.end();
    let straggler = memory.wait(1, SOON).remove(0);
    assert_eq!(straggler["type"], "subsegment");
    assert_eq!(straggler["parent_id"], *segment_id);
    assert_eq!(straggler["trace_id"], first["trace_id"]);
    assert_eq!(straggler["annotations"], json!({"rows": 7}));
    assert!(straggler.get("subsegments").is_none(), "what has left leaves once: {straggler}");
    still_open.end();
    let last = memory.wait(1, SOON).remove(0);
    assert_eq!(last["name"], "still open");
    assert_eq!(last["parent_id"], straggler["id"]);
    assert_eq!(xray.stats().left_early, 1);
    assert_eq!(xray.stats().dropped(), 0);
}

#[test]
fn a_flush_sends_what_waits() {
    let (xray, memory) = recorder(Duration::from_secs(3600), Delivery::Background);
    let segment = xray.begin_segment("orders");
    let open = segment.subsegment("open");
    segment.end();
    assert!(xray.flush(SOON));
    assert_eq!(memory.take()[0]["subsegments"][0]["in_progress"], true);
    open.end();
    assert!(xray.flush(SOON));
    assert_eq!(memory.take()[0]["name"], "open");
}

#[test]
fn work_that_outlives_its_request_is_not_lost() {
    let (xray, memory) = recorder(SOON, Delivery::Inline);
    let segment = xray.begin_segment("orders");
    let handle = Entity::clone(&segment);
    segment.end();
    let id = memory.take()[0]["id"].clone();
    handle.subsegment("send mail").end();
    let late = memory.take().remove(0);
    assert_eq!((&late["parent_id"], &late["type"]), (&id, &json!("subsegment")));
}

#[test]
fn a_panic_ends_segments_and_is_told() {
    let (xray, memory) = recorder(SOON, Delivery::Inline);
    let unwound = std::panic::catch_unwind(|| {
        let segment = xray.begin_segment("orders");
        let _step = segment.subsegment("step");
        panic!("no");
    });
    assert!(unwound.is_err());
    let document = memory.take().remove(0);
    assert_eq!(document["fault"], true);
    assert_eq!(document["cause"]["exceptions"][0]["type"], "panic");
    assert_eq!(document["subsegments"][0]["fault"], true);
}

#[test]
fn unsampled_costs_no_document_and_keeps_the_trace() {
    let (xray, memory) = recorder(SOON, Delivery::Inline);
    let header =
        "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0;Lineage=a:1";
    let segment = xray.segment("orders").header(TraceHeader::parse(header)).begin();
    let child = segment.subsegment("child");
    child.annotate("a", 1);
    assert_eq!(child.trace_header().unwrap().to_string(), header);
    drop((child, segment));
    assert!(memory.take().is_empty());
    assert_eq!((xray.stats().unsampled, xray.stats().sampled), (1, 0));
}

#[test]
fn two_recorders_in_parallel_never_mix() {
    let names: Vec<String> = (0..8).map(|index| format!("service-{index}")).collect();
    std::thread::scope(|scope| {
        for name in &names {
            scope.spawn(move || {
                let memory = MemoryEmitter::new();
                let xray = Recorder::builder(name)
                    .emitter(memory.clone())
                    .sampling_rules(LocalRules::everything())
                    .build()
                    .unwrap();
                for _ in 0..100 {
                    let segment = xray.begin_segment(name);
                    let _entered = segment.enter();
                    Subsegment::begin("step").run(|step| step.annotate("of", name));
                }
                assert!(xray.flush(SOON));
                let documents = memory.take();
                assert_eq!(documents.len(), 100);
                for document in documents {
                    assert_eq!(document["name"], **name);
                    assert_eq!(document["subsegments"][0]["annotations"]["of"], **name);
                }
            });
        }
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_context_follows_await_and_spawn_and_leaks_nowhere() {
    let (xray, memory) = recorder(SOON, Delivery::Background);
    let segment = xray.begin_segment("orders");
    segment
        .scope(async {
            let (one, two) = tokio::join!(
                subsegment("one", async |one| {
                    tokio::task::yield_now().await;
                    one.subsegment("inner").end();
                    Entity::current().id() == one.id()
                }),
                subsegment("two", async |two| {
                    tokio::task::yield_now().await;
                    Entity::current().id() == two.id()
                }),
            );
            assert!(one && two);
            let spawned = async { Subsegment::begin("spawned").end() };
            tokio::spawn(spawned.in_current_segment()).await.unwrap();
            let blocking = || Subsegment::begin("blocking").end();
            tokio::task::spawn_blocking(blocking.in_current_segment()).await.unwrap();
            let stranger = tokio::spawn(async { Entity::current().is_sampled() });
            assert!(!stranger.await.unwrap());
        })
        .await;
    assert!(!Entity::current().is_sampled());
    segment.end();
    let document = memory.wait(1, SOON).remove(0);
    let names = |of: &Value| -> Vec<String> {
        let children = of["subsegments"].as_array().unwrap();
        children.iter().map(|child| child["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&document), ["one", "two", "spawned", "blocking"]);
    assert_eq!(names(&document["subsegments"][0]), ["inner"]);
}

#[tokio::test]
async fn an_installed_recorder_serves_the_free_functions_until_its_guard_goes() {
    let (xray, memory) = recorder(SOON, Delivery::Background);
    let guard = xray.install();
    let answer = segment("job", async |job| {
        job.annotate("round", 1);
        subsegment("step", async |_| 42).await
    })
    .await;
    assert_eq!(answer, 42);
    assert!(guard.await, "awaiting the guard flushes");
    assert_eq!(memory.take()[0]["subsegments"][0]["name"], "step");
    assert!(Recorder::installed().is_none());
}

#[test]
fn an_emitter_that_panics_is_counted_and_called_again() {
    struct Panics(u32);
    impl xray_core::emit::Emitter for Panics {
        fn emit(
            &mut self,
            records: &[xray_core::emit::Record],
            counters: &xray_core::stats::Counters,
        ) {
            self.0 += 1;
            assert!(self.0 > 1, "the first call panics");
            counters.sent(records.len() as u64, 0);
        }
    }
    let xray = Recorder::builder("orders")
        .emitter(Panics(0))
        .sampling_rules(LocalRules::everything())
        .build()
        .unwrap();
    xray.begin_segment("one").end();
    assert!(xray.flush(SOON));
    xray.begin_segment("two").end();
    assert!(xray.flush(SOON));
    let stats = xray.stats();
    assert_eq!((stats.dropped_emitter_panic, stats.sent), (1, 1));
}

#[test]
fn a_long_request_is_shown_once_before_it_ends() {
    use xray_core::http::{Exchange, RequestHead, ResponseHead, ServerPolicy};

    let memory = MemoryEmitter::new();
    let xray = Recorder::builder("orders")
        .emitter(memory.clone())
        .in_progress_after(Duration::from_millis(20))
        .sampling_rules(LocalRules::everything())
        .build()
        .unwrap();
    let request = RequestHead { method: "GET", path: "/", scheme: "http", ..Default::default() };
    let mut exchange = Exchange::begin(&xray, &ServerPolicy::new(), &request).unwrap();
    let step = exchange.entity().subsegment("step");

    let shown = memory.wait(1, SOON).remove(0);
    assert_eq!((&shown["in_progress"], shown.get("end_time")), (&json!(true), None));
    assert_eq!(shown["subsegments"][0]["in_progress"], true);

    step.end();
    exchange.respond(&ResponseHead { status: 204, ..Default::default() });
    let complete = memory.wait(1, SOON).remove(0);
    assert_eq!(complete["id"], shown["id"]);
    assert!(complete.get("in_progress").is_none() && complete["end_time"].is_number());
    assert_eq!(xray.stats().in_progress, 1);
    assert!(xray.flush(SOON));
    assert!(memory.take().is_empty());
}

#[tokio::test]
async fn a_panic_is_told_in_its_own_words() {
    let (xray, memory) = recorder(SOON, Delivery::Background);
    let segment = xray.begin_segment("orders");
    let entity = Entity::clone(&segment);
    let task =
        tokio::spawn(entity.scope(async {
            subsegment("step", async |_| -> u32 { panic!("no {}", "stock") }).await
        }));
    assert!(task.await.unwrap_err().is_panic());
    let step = segment.subsegment("sum");
    let summed = std::panic::AssertUnwindSafe(|| step.run(|_| -> u32 { panic!("no sum") }));
    assert!(std::panic::catch_unwind(summed).is_err());
    segment.end();
    let document = memory.wait(1, SOON).remove(0);
    for (child, message) in [(0, "no stock"), (1, "no sum")] {
        let child = &document["subsegments"][child];
        let exceptions = child["cause"]["exceptions"].as_array().unwrap();
        assert_eq!(exceptions.len(), 1, "{child}");
        assert_eq!(
            (&exceptions[0]["type"], &exceptions[0]["message"]),
            (&json!("panic"), &json!(message))
        );
        assert_eq!(child["fault"], true);
    }
}
