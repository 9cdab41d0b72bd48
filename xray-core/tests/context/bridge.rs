//! Spans of another system, known by numbers.

use std::{num::NonZeroU64, thread};

use xray_core::{
    Entity, Recorder, Segment, TraceHeader,
    bridge::{Spans, Work},
    header::CallerHeaders,
};

use crate::support::{current, inline, mark, nothing_is_current, outline};

fn id(number: u64) -> NonZeroU64 {
    NonZeroU64::new(number).unwrap()
}

fn unsampled(xray: &Recorder, root: u32) -> Segment {
    let header = format!("Root=1-5759e988-{root:024x};Parent=53995c3f42cd8ad8;Sampled=0");
    xray.segment("request").header(TraceHeader::parse(&header)).begin()
}

/// What is told to services that are called here.
fn told() -> Option<String> {
    Entity::current().trace_header().map(|header| header.to_string())
}

fn told_in(entity: &Entity) -> Option<String> {
    entity.trace_header().map(|header| header.to_string())
}

fn open(spans: &Spans, span: NonZeroU64) {
    assert!(spans.open(span, || -> &str { panic!("no name is asked") }, |_| panic!("nor fields")));
}

#[test]
fn a_span_is_a_subsegment_on_any_thread() {
    let (xray, memory) = inline();
    let spans = Spans::new();
    assert!(!spans.open(id(9), || "outside", |_| ()), "there is no segment");
    let segment = xray.begin_segment("request");
    {
        let _entered = segment.enter();
        assert!(spans.open(id(1), || "outer", |batch| batch.metadata_in("test", "of", "outer")));
        spans.enter(id(1));
        spans.open(id(2), || "inner", |_| ());
        assert_eq!(Some(current()), spans.sampled(id(1)).map(|entity| entity.id()));
        spans.exit(id(1));
        assert_eq!(current(), segment.id());
    }
    thread::scope(|scope| {
        scope.spawn(|| {
            spans.enter(id(2));
            mark("elsewhere");
            spans.exit(id(2));
            assert!(nothing_is_current());
            spans.end(id(2));
            spans.end(id(1));
        });
    });
    assert!(spans.entity(id(1)).is_none());
    // What is not known, such as what was opened before there was a bridge.
    spans.enter(id(1));
    assert!(nothing_is_current());
    spans.exit(id(1));
    spans.end(id(1));
    drop(segment);
    assert_eq!(outline(&memory), "request\n  outer\n    inner\n      elsewhere\n");
}

#[test]
fn what_is_open_ends_with_the_bridge() {
    let (xray, memory) = inline();
    let spans = Spans::new();
    let segment = xray.begin_segment("request");
    segment.enter_then(|| spans.open(id(1), || "open", |_| ()));
    spans.insert(id(2), Work::Subsegment(segment.subsegment("begun")));
    drop(spans);
    drop(segment);
    assert_eq!(outline(&memory), "request\n  open\n  begun\n");
}

#[test]
fn spans_that_are_not_sampled_may_be_left_in_any_order() {
    let (xray, memory) = inline();
    let spans = Spans::new();
    let segment = unsampled(&xray, 1);
    let header = told_in(&segment);
    segment.enter_then(|| [1, 2].into_iter().for_each(|span| open(&spans, id(span))));
    // The first span twice, the second one, and the guard of the segment as 0; left in every order.
    for entered in [&[1, 2, 1][..], &[0, 1, 2, 1]] {
        for order in permutations(entered) {
            let mut guard = entered.contains(&0).then(|| segment.enter());
            entered.iter().filter(|span| **span != 0).for_each(|span| spans.enter(id(*span)));
            for what in &order {
                assert_eq!(told(), header, "{order:?}, before {what}");
                match what {
                    0 => guard = None,
                    span => spans.exit(id(*span)),
                }
            }
            assert!(nothing_is_known(), "{order:?}");
            drop(guard);
        }
    }
    [1, 2].into_iter().for_each(|span| spans.end(id(span)));
    drop(segment);
    assert!(memory.take().is_empty());
}

fn nothing_is_known() -> bool {
    Entity::current().is_absent()
}

fn permutations(of: &[u64]) -> Vec<Vec<u64>> {
    if of.is_empty() {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for index in 0..of.len() {
        let mut rest = of.to_vec();
        let first = rest.remove(index);
        for mut permutation in permutations(&rest) {
            permutation.insert(0, first);
            all.push(permutation);
        }
    }
    all
}

#[test]
fn traces_that_are_not_sampled_stay_apart() {
    let (xray, _memory) = inline();
    let spans = Spans::new();
    let segments = [unsampled(&xray, 1), unsampled(&xray, 2)];
    let headers = segments.each_ref().map(|segment| told_in(segment));
    assert_ne!(headers[0], headers[1]);
    for (segment, span) in segments.iter().zip([1, 2]) {
        segment.enter_then(|| open(&spans, id(span)));
    }
    spans.enter(id(1));
    spans.enter(id(2));
    spans.enter(id(1));
    assert_eq!(told(), headers[0]);
    spans.exit(id(1));
    assert_eq!(told(), headers[1]);
    spans.exit(id(2));
    assert_eq!(told(), headers[0]);
    spans.exit(id(1));
    assert!(nothing_is_known());
}

#[test]
fn any_number_of_spans_that_are_not_sampled_may_be_open() {
    const MANY: u64 = 5_000;
    let (xray, _memory) = inline();
    let spans = Spans::new();
    for span in 1..=MANY {
        unsampled(&xray, span as u32).enter_then(|| open(&spans, id(span)));
    }
    thread::scope(|scope| {
        scope.spawn(|| {
            for span in 1..=MANY {
                spans.enter(id(span));
                assert!(told().is_some_and(|told| told.contains(&format!("{span:024x}"))));
                spans.exit(id(span));
                assert!(nothing_is_known());
                assert!(spans.sampled(id(span)).is_none() && spans.entity(id(span)).is_some());
                spans.end(id(span));
                assert!(spans.entity(id(span)).is_none());
            }
        });
    });
}

#[test]
fn what_the_caller_sent_travels_on_with_spans_that_are_not_sampled() {
    let (xray, _memory) = inline();
    let spans = Spans::new();
    let context = xray.trace_context(&CallerHeaders {
        traceparent: Some(b"00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-00"),
        tracestate: Some(b"vendor=value"),
        ..CallerHeaders::default()
    });
    let segment = xray.segment("request").context(context).begin();
    segment.enter_then(|| open(&spans, id(1)));
    spans.enter(id(1));
    assert_eq!(Entity::current().tracestate(), Some("vendor=value"));
    spans.exit(id(1));
    assert!(nothing_is_known());
}

trait EnterThen {
    fn enter_then<T>(&self, work: impl FnOnce() -> T) -> T;
}

impl EnterThen for Segment {
    fn enter_then<T>(&self, work: impl FnOnce() -> T) -> T {
        let _entered = self.enter();
        work()
    }
}
