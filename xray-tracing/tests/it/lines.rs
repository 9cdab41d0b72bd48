//! Ids of the trace in the lines of a log.

use serde_json::{Value, json};
use tracing::{Dispatch, info, info_span};
use tracing_subscriber::{fmt, prelude::*};
use xray_core::{Entity, TraceIds, sample::LocalRules};
use xray_tracing::{WithTraceIds, XRayTracing};

use crate::common::{Log, nothing, recorder};

const TRACE: &str = "1-5759e988-bd862e3fe1be46a994272793";

/// What is logged outside, in a segment, in a span, in another trace's task, and outside again.
fn log(rules: LocalRules, subscriber: impl Into<Dispatch>) {
    let (xray, _memory) = recorder(rules);
    tracing::dispatcher::with_default(&subscriber.into(), || {
        info!("before");
        let segment = xray.segment("request").header(format!("Root={TRACE}").parse_header());
        let segment = segment.begin();
        {
            let _entered = segment.enter();
            info!("segment");
            info_span!("outer", a = 1).in_scope(|| info!(b = 2, "span"));
            info!(parent: None, "of nothing");
        }
        info!("after");
    });
}

trait ParseHeader {
    fn parse_header(&self) -> xray_core::TraceHeader;
}

impl ParseHeader for String {
    fn parse_header(&self) -> xray_core::TraceHeader {
        xray_core::TraceHeader::parse(self)
    }
}

fn ids(segment: u64) -> String {
    format!("trace_id={TRACE} segment_id={segment:016x} AWS-XRAY-TRACE-ID: {TRACE}@{segment:016x}")
}

#[test]
fn in_lines_of_text() {
    let text = Log::default();
    let format = fmt::layer().with_writer(text.clone()).without_time().with_ansi(false);
    let format = format.with_target(false).map_event_format(WithTraceIds::new);
    log(
        LocalRules::everything(),
        tracing_subscriber::registry().with(XRayTracing::new()).with(format),
    );
    let expected = [
        " INFO before".to_owned(),
        format!(" INFO segment {}", ids(1)),
        format!(" INFO outer{{a=1}}: span b=2 {}", ids(2)),
        " INFO of nothing".to_owned(),
        " INFO after".to_owned(),
        String::new(),
    ];
    assert_eq!(text.take(), expected.join("\n"));
}

#[test]
fn in_lines_of_json() {
    let text = Log::default();
    let format = fmt::layer().json().with_writer(text.clone()).without_time();
    let format = format.with_target(false).with_span_list(false);
    log(
        LocalRules::everything(),
        // Whichever of the two layers comes first.
        tracing_subscriber::registry()
            .with(format.map_event_format(WithTraceIds::new))
            .with(XRayTracing::new()),
    );
    let lines: Vec<Value> =
        text.take().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let with = |mut line: Value, segment: u64| {
        let segment = format!("{segment:016x}");
        line["trace_id"] = TRACE.into();
        line["xrayTraceId"] = TRACE.into();
        line["AWS-XRAY-TRACE-ID"] = format!("{TRACE}@{segment}").into();
        line["segment_id"] = segment.into();
        line
    };
    let plain = |message: &str| json!({"level": "INFO", "fields": {"message": message}});
    let span = json!({
        "level": "INFO",
        "fields": {"message": "span", "b": 2},
        "span": {"name": "outer", "a": 1},
    });
    let expected = [
        plain("before"),
        with(plain("segment"), 1),
        with(span, 2),
        plain("of nothing"),
        plain("after"),
    ];
    assert_eq!(lines, expected);
}

#[test]
fn not_where_nothing_is_recorded() {
    let (with, without) = (Log::default(), Log::default());
    for (text, wrapped) in [(&with, true), (&without, false)] {
        let format = fmt::layer().with_writer(text.clone()).without_time().with_ansi(false);
        let registry = tracing_subscriber::registry().with(XRayTracing::new());
        if wrapped {
            let format = format.map_event_format(WithTraceIds::new);
            log(nothing(), registry.with(format));
        } else {
            log(nothing(), registry.with(format));
        }
    }
    let with = with.take();
    assert!(with.contains("outer{a=1}"), "{with}");
    assert_eq!(with, without.take());
}

#[test]
fn colours_and_other_formats_stay() {
    let (with, without) = (Log::default(), Log::default());
    macro_rules! layer {
        ($to:ident) => {
            fmt::layer().with_writer($to.clone()).without_time().with_ansi(true)
        };
    }
    let subscriber = tracing_subscriber::registry()
        .with(XRayTracing::new())
        .with(layer!(with).map_event_format(WithTraceIds::new))
        .with(layer!(without))
        .with(layer!(with).compact().map_event_format(WithTraceIds::new))
        .with(layer!(without).compact())
        .with(layer!(with).pretty().map_event_format(WithTraceIds::new))
        .with(layer!(without).pretty());
    log(LocalRules::everything(), subscriber);
    let (with, without) = (with.take(), without.take());
    assert!(without.contains("\u{1b}["), "there are colours");
    assert_eq!(with.matches(&ids(1)).count(), 3);
    assert_eq!(with.matches(&ids(2)).count(), 3);
    assert_eq!(
        with.replace(&format!(" {}", ids(1)), "").replace(&format!(" {}", ids(2)), ""),
        without
    );
}

#[test]
fn for_other_loggers() {
    assert_eq!(TraceIds::current(), None);
    let (xray, _memory) = recorder(LocalRules::everything());
    let segment = xray.segment("request").header(format!("Root={TRACE}").parse_header()).begin();
    let _entered = segment.enter();
    let subsegment = Entity::current().subsegment("step");
    let _inner = subsegment.enter();
    let ids = TraceIds::current().map(|ids| ids.to_string());
    assert_eq!(ids, Some(format!("AWS-XRAY-TRACE-ID: {TRACE}@0000000000000002")));
}
