//! When a segment leaves, and what travels with it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use xray_core::{
    Delivery, Recorder, TraceHeader,
    prelude::*,
    sample::LocalRules,
    testing::{MemoryEmitter, TestClock},
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

const NOON: Duration = Duration::from_secs(1_461_096_000);

/// As [`recorder`], with a clock that stands still at noon.
fn at_noon() -> (Recorder, MemoryEmitter, TestClock) {
    let (memory, clock) = (MemoryEmitter::new(), TestClock::at(UNIX_EPOCH + NOON));
    let xray = Recorder::builder("orders")
        .emitter(memory.clone())
        .delivery(Delivery::Inline)
        .sampling_rules(LocalRules::everything())
        .clock(&clock)
        .build()
        .unwrap();
    (xray, memory, clock)
}

/// When it began and ended, in seconds after noon.
fn times(document: &Value) -> (f64, f64) {
    let after = |key: &str| document[key].as_f64().unwrap() - NOON.as_secs_f64();
    (after("start_time"), after("end_time"))
}

#[test]
fn what_is_told_of_when_it_is_over_began_before() {
    let (xray, memory, clock) = at_noon();
    let segment = xray.begin_segment("orders");
    clock.advance(Duration::from_secs(10));
    segment.subsegment_ago("query", Duration::from_millis(2_500)).end();
    segment.subsegment_ago("now", Duration::ZERO).end();
    segment.subsegment_ago("too long ago", Duration::from_secs(11)).end();
    segment.subsegment_ago("for ever", Duration::MAX).end();
    let open = segment.subsegment_ago("open", Duration::from_secs(1));
    let inner = open.subsegment_ago("inner", Duration::from_secs(2));
    clock.advance(Duration::from_secs(1));
    drop((inner, open, segment));
    let document = &memory.take()[0];
    let of = |index: usize| times(&document["subsegments"][index]);
    assert_eq!(times(document), (0.0, 11.0));
    assert_eq!(of(0), (7.5, 10.0));
    assert_eq!(of(1), (10.0, 10.0));
    assert_eq!(of(2), (0.0, 10.0), "not before the segment");
    assert_eq!(of(3), (0.0, 10.0));
    assert_eq!(of(4), (9.0, 11.0));
    assert_eq!(times(&document["subsegments"][4]["subsegments"][0]), (8.0, 11.0));
}

#[test]
fn what_leaves_on_its_own_began_before_as_well() {
    let (xray, memory, clock) = at_noon();
    let segment = xray.begin_segment("orders");
    let handle = Entity::clone(&segment);
    clock.advance(Duration::from_secs(10));
    segment.end();
    assert_eq!(memory.take().len(), 1);
    let late = handle.subsegment_ago("query", Duration::from_millis(2_500));
    let inner = late.subsegment("inner");
    clock.advance(Duration::from_secs(1));
    drop((inner, late));
    let document = &memory.take()[0];
    assert_eq!((&document["name"], times(document)), (&json!("query"), (7.5, 11.0)));
    assert_eq!(document["parent_id"], json!(handle.id()));
    assert_eq!(times(&document["subsegments"][0]), (10.0, 11.0));

    let facade = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
    let facade = xray.facade(&TraceHeader::parse(facade));
    facade.subsegment_ago("query", Duration::from_secs(4)).end();
    facade.subsegment_ago("for ever", Duration::MAX).end();
    let documents = memory.take();
    assert_eq!(times(&documents[0]), (7.0, 11.0));
    assert_eq!(times(&documents[1]), (11.0, 11.0), "longer ago than the machine can tell");
}

#[test]
fn the_real_clock_began_before() {
    let (xray, memory) = recorder(SOON, Delivery::Inline);
    let header = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
    let facade = xray.facade(&TraceHeader::parse(header));
    let before = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64();
    facade.subsegment_ago("query", Duration::from_secs(4)).end();
    let after = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64();
    let document = &memory.take()[0];
    let at = |key: &str| document[key].as_f64().unwrap();
    let took = at("end_time") - at("start_time");
    assert!(took > 3.999 && took <= 4.001 + after - before, "{document}");
    assert!(at("start_time") >= before - 4.001 && at("end_time") <= after + 0.001, "{document}");
}

#[test]
fn nothing_began_before_where_nothing_is_recorded() {
    let (xray, memory) = recorder(SOON, Delivery::Inline);
    let segment = xray.segment("orders").sampled(false).begin();
    let query = segment.subsegment_ago("query", Duration::from_secs(1));
    assert!(!query.is_sampled());
    assert_eq!(query.trace_id(), segment.trace_id());
    assert!(Entity::current().subsegment_ago("query", Duration::from_secs(1)).is_absent());
    drop((query, segment));
    assert!(memory.take().is_empty());
}
