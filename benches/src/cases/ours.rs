//! `xray-core`, as a program uses it: the usual delivery, with a thread that waits.

use std::hint::black_box;

use xray_core::{Recorder, SamplingRequest, TraceHeader, sample::LocalRules};

use super::{
    CHILDREN, PARENT, Run, TRACE, USER,
    many::{Many, none},
    repeat,
};

pub(super) fn decision(many: &Many) -> Run {
    let xray = recorder(many);
    let (host, path) = (many.host.clone(), many.path.clone());
    repeat(move || {
        #[allow(clippy::needless_update, reason = "what a request tells may become more")]
        let request = SamplingRequest {
            host: Some(&host),
            method: Some("GET"),
            path: Some(&path),
            ..SamplingRequest::default()
        };
        let _ = black_box(xray.sample(black_box(&request)));
    })
}

pub(super) fn caller_decided() -> Run {
    let xray = recorder(&none(1.0));
    let header = header(";Sampled=0");
    repeat(move || {
        let segment = xray.segment(black_box("orders")).header(black_box(&header).clone()).begin();
        drop(black_box(segment));
    })
}

/// A segment and three subsegments with two annotations each, which the rules do not want.
pub(super) fn unsampled_request() -> Run {
    let xray = recorder(&none(0.0));
    let header = header("");
    repeat(move || {
        let segment = xray.segment(black_box("orders")).header(black_box(&header).clone()).begin();
        for (number, name) in CHILDREN.into_iter().enumerate() {
            let subsegment = segment.subsegment(black_box(name));
            subsegment.annotate("user", black_box(USER));
            subsegment.annotate("number", black_box(number as i64));
        }
        drop(black_box(segment));
    })
}

fn recorder(many: &Many) -> Recorder {
    let rules = LocalRules::from_value(&many.document).expect("the rules are in order");
    Recorder::builder("orders").sampling_rules(rules).build().expect("the set-up is in order")
}

fn header(decision: &str) -> TraceHeader {
    let (time, unique) = ((TRACE >> 96) as u32, TRACE & ((1 << 96) - 1));
    TraceHeader::parse(&format!("Root=1-{time:08x}-{unique:024x};Parent={PARENT:016x}{decision}"))
}
