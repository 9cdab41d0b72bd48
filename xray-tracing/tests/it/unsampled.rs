//! Requests that are not sampled.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use tracing::{Instrument, debug, error, field::Empty, info_span};
use tracing_subscriber::{layer::Layer, prelude::*};
use xray_core::{Entity, Recorder, Subsegment, TraceHeader};
use xray_tracing::XRayTracing;

use crate::common::{nothing, recorder};

/// Tells when it is looked at.
#[derive(Default)]
struct Looked(AtomicU64);

impl fmt::Debug for Looked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fetch_add(1, Ordering::Relaxed);
        f.write_str("looked")
    }
}

fn request(xray: &Recorder, looked: &Looked) {
    let header = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0";
    let segment = xray.segment("request").header(TraceHeader::parse(header)).begin();
    let _entered = segment.enter();
    let span = info_span!("outer", looked = ?looked, otel.name = ?looked, text = "x", late = Empty);
    span.record("late", format_args!("{looked:?}"));
    span.in_scope(|| {
        info_span!("inner", looked = ?looked).in_scope(|| {
            error!(looked = ?looked, "fails");
            debug!(looked = ?looked, "no matter");
        });
        Subsegment::begin("ours").end();
    });
    span.follows_from(&info_span!("other"));
}

/// Counts what the registry itself allocates.
fn allocations(layer: Option<XRayTracing>) -> u64 {
    let (xray, memory) = recorder(nothing());
    let subscriber = tracing_subscriber::registry().with(layer);
    tracing::subscriber::with_default(subscriber, || {
        let looked = Looked::default();
        // Pools fill first, of each shard of spans as well.
        (0..10_000).for_each(|_| request(&xray, &looked));
        let counted =
            allocation_counter::measure(|| (0..1_000).for_each(|_| request(&xray, &looked)));
        assert_eq!(looked.0.into_inner(), 0, "nothing is formatted");
        assert!(memory.take().is_empty());
        counted.count_total
    })
}

#[test]
fn nothing_is_looked_at_or_allocated() {
    let layer = || XRayTracing::new().events(tracing::Level::TRACE).code();
    assert_eq!(allocations(Some(layer())), allocations(None));
    assert_eq!(allocations(Some(layer().sampled_only())), allocations(None));
}

#[test]
fn the_trace_travels_on_to_tasks_and_threads() {
    let (xray, memory) = recorder(nothing());
    let subscriber = XRayTracing::new().with_subscriber(tracing_subscriber::registry());
    let dispatch = Arc::new(tracing::Dispatch::new(subscriber));
    tracing::dispatcher::with_default(&dispatch.clone(), || {
        let segment = xray.segment("request").begin();
        let span = {
            let _entered = segment.enter();
            info_span!("spawned")
        };
        let expected = segment.trace_header().map(|header| header.to_string());
        assert!(expected.as_deref().is_some_and(|header| header.ends_with("Sampled=0")));
        segment.end();
        thread::spawn(move || {
            tracing::dispatcher::with_default(&dispatch, || {
                let work = async {
                    let current = Entity::current();
                    assert!(!current.is_sampled() && !current.is_absent());
                    let header = current.trace_header().map(|header| header.to_string());
                    assert_eq!(header, expected);
                    let named = info_span!(parent: &tracing::Span::current(), "named");
                    named.in_scope(|| assert!(!Entity::current().is_absent()));
                };
                let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
                runtime.block_on(work.instrument(span));
                assert!(Entity::current().is_absent());
            });
        })
        .join()
        .unwrap();
    });
    assert!(memory.take().is_empty());
}

#[test]
fn what_is_kept_on_demand_is_recorded() {
    let memory = xray_core::testing::MemoryEmitter::new();
    let xray = Recorder::builder("orders")
        .emitter(memory.clone())
        .delivery(xray_core::Delivery::Inline)
        .sampling_rules(nothing())
        .keep(xray_core::Keep::at_most(1).faults())
        .build()
        .unwrap();
    let subscriber = tracing_subscriber::registry().with(XRayTracing::new());
    tracing::subscriber::with_default(subscriber, || {
        for fails in [false, true] {
            let segment = xray.segment("request").begin();
            let _entered = segment.enter();
            info_span!("step").in_scope(|| fails.then(|| error!("fails")));
            segment.set_fault(fails);
        }
    });
    let trees = xray_core::testing::Trees::of(&memory.take());
    assert_eq!(trees.to_string(), "request (fault)\n  step (fault)\n");
}

#[test]
fn spans_carry_nothing_where_it_is_not_wanted() {
    let (xray, _memory) = recorder(nothing());
    let subscriber = tracing_subscriber::registry().with(XRayTracing::new().sampled_only());
    tracing::subscriber::with_default(subscriber, || {
        let segment = xray.segment("request").begin();
        let span = {
            let _entered = segment.enter();
            let span = info_span!("span");
            span.in_scope(|| assert!(!Entity::current().is_absent()));
            span
        };
        span.in_scope(|| assert!(Entity::current().is_absent()));
    });
}
