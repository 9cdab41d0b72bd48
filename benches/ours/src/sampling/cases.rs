//! `xray-core`, as a program uses it: the usual delivery, with a thread that waits.

use std::{
    error::Error,
    hint::black_box,
    thread,
    time::{Duration, Instant},
};

use xray_core::{
    Recorder, SamplingRequest, TraceHeader,
    sample::{CentralizedSampling, LocalRules, RuleSource, SamplingApi, SamplingCall},
};

use super::{
    CHILDREN, PARENT, Run, TRACE, USER,
    many::{Many, none},
    repeat,
};

pub(super) fn local(many: &Many) -> Run {
    decision(recorder(many), many)
}

/// The same rules, given by a service that is asked once.
pub(super) fn central(many: &Many) -> Run {
    let sampling = CentralizedSampling::new().api(Service(many.as_records().to_string()));
    let builder = Recorder::builder("orders").centralized_sampling(sampling);
    let xray = builder.build().expect("the set-up is in order");
    // The first request makes it ask.
    let _ = xray.sample(&SamplingRequest::default());
    let patience = Instant::now() + Duration::from_secs(10);
    while xray.sampling_status().source != RuleSource::Central {
        assert!(Instant::now() < patience, "the rules never came");
        thread::sleep(Duration::from_millis(1));
    }
    decision(xray, many)
}

fn decision(xray: Recorder, many: &Many) -> Run {
    let (host, path) = (many.host.clone(), many.path.clone());
    repeat(move || {
        let request = SamplingRequest {
            host: Some(&host),
            method: Some("GET"),
            path: Some(&path),
            ..SamplingRequest::default()
        };
        let _ = black_box(xray.sample(black_box(&request)));
    })
}

/// The X-Ray service with these rules, which never grants a quota.
struct Service(String);

impl SamplingApi for Service {
    fn call(
        &mut self,
        call: SamplingCall,
        _: &[u8],
    ) -> Result<Vec<u8>, Box<dyn Error + Send + Sync>> {
        let answer = if call == SamplingCall::Rules { &self.0 } else { "{}" };
        Ok(answer.as_bytes().to_vec())
    }

    fn address(&self) -> String {
        "memory".to_owned()
    }
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
