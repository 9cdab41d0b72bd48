//! Adaptive sampling: what the service hears of how requests end.

use std::time::Duration;

use serde_json::{Value, json};
use xray_core::{
    Keep,
    sample::{AdaptiveSampling, CentralizedSampling},
};

use crate::account::{Service, answers, rule};

fn boost() -> Value {
    json!({"MaxRate": 0.5, "CooldownWindowMinutes": 10})
}

#[expect(clippy::needless_pass_by_value, reason = "made for this call")]
fn begin(rate: f64, boost: Value, adaptive: AdaptiveSampling) -> Service {
    let rules = [rule("hot", &json!({"FixedRate": rate, "SamplingRateBoost": boost}))];
    Service::begin(rules, CentralizedSampling::new().adaptive(adaptive), |builder| builder)
}

fn document(total: u64, anomalies: u64, sampled: u64) -> Value {
    json!([{"RuleName": "hot", "ServiceName": "shop", "TotalCount": total,
        "AnomalyCount": anomalies, "SampledAnomalyCount": sampled}])
}

#[test]
fn faults_are_anomalies_whether_sampled_or_not() {
    let unsampled = begin(0.0, boost(), AdaptiveSampling::new());
    let sampled = begin(1.0, boost(), AdaptiveSampling::new());
    let adaptive = CentralizedSampling::new().adaptive(AdaptiveSampling::new());
    let rules = [rule("hot", &json!({"SamplingRateBoost": boost()}))];
    let kept = Service::begin(rules, adaptive, |builder| builder.keep(Keep::at_most(9).faults()));
    for service in [&unsampled, &sampled, &kept] {
        for status in [200, 200, 404, 429, 500, 503] {
            service.request(None, "/", answers(status));
        }
        service.request(None, "/", |exchange| {
            exchange.panicked(&"out of order");
        });
        // An exception that the status explains away.
        service.request(None, "/", |exchange| {
            exchange.entity().record_error(&"x".parse::<u32>().unwrap_err());
            answers(404)(exchange);
        });
        // Of a segment that serves no request, the flag.
        let work = service.xray.begin_segment("nightly");
        work.record_error(&"x".parse::<u32>().unwrap_err());
        work.end();
        let work = service.xray.begin_segment("nightly");
        work.set_fault(true);
        work.set_fault(false);
        work.end();
        // A subsegment's fault is not that of its segment.
        let work = service.xray.begin_segment("nightly");
        let call = work.subsegment("call");
        call.set_fault(true);
        call.http_response(500);
        call.end();
        work.end();
    }
    assert_eq!(unsampled.report(), document(11, 4, 0));
    assert_eq!(sampled.report(), document(11, 4, 4));
    // What is kept in the end was not sampled when it counted.
    assert_eq!(kept.report(), document(11, 4, 0));
    assert_eq!(unsampled.memory.take().len(), 0);
    assert_eq!(sampled.memory.take().len(), 11);
    assert_eq!(kept.memory.take().len(), 4);
}

#[test]
fn conditions_of_the_user_and_none_of_the_service() {
    let quiet = json!({"MaxRate": 0.5, "CooldownWindowMinutes": 1,
        "DisableDefaultAnomalyDetection": true});
    let adaptive = AdaptiveSampling::new().slower_than(Duration::from_secs(3_600)).when(|ended| {
        assert_eq!((ended.name, ended.method), ("shop", Some("GET")));
        match ended.path {
            Some("/panics") => panic!("a bug"),
            path => ended.status == Some(429) || path == Some("/pay"),
        }
    });
    let service = begin(0.0, quiet, adaptive);
    for (path, status) in [("/", 200), ("/", 500), ("/", 429), ("/pay", 200), ("/panics", 200)] {
        service.request(None, path, answers(status));
    }
    assert_eq!(service.report(), document(5, 2, 0));
    assert_eq!(service.xray.stats().hook_panics, 1);
}

#[test]
fn only_traces_that_are_decided_here_count_and_each_once() {
    let slow = AdaptiveSampling::new().slower_than(Duration::from_secs(30));
    let service = begin(0.0, boost(), slow.clone());
    // Another recorder has seen other traces, though it is told the same.
    let other = begin(0.0, boost(), slow);
    let root = "Root=1-5759e988-bd862e3fe1be46a994272793";
    for header in [
        // Decided elsewhere.
        format!("{root};Parent=53995c3f42cd8ad8;Sampled=1"),
        format!("{root};Parent=53995c3f42cd8ad8;Sampled=0"),
        // Decided here: the same trace thrice, and another one.
        root.to_owned(),
        format!("{root};Sampled=?"),
        root.to_owned(),
        "Root=1-5759e988-bd862e3fe1be46a994272794".to_owned(),
    ] {
        service.request(Some(&header), "/", answers(500));
    }
    // It is told when it ended, or that nobody wants to know.
    let slow = service.xray.begin_segment("work");
    slow.end_at(std::time::SystemTime::now() + Duration::from_secs(60));
    service.xray.begin_segment("work").discard_segment();
    // Decided by the code.
    service.xray.segment("work").sampled(false).begin().set_fault(true);
    other.request(Some(root), "/", answers(500));
    assert_eq!(service.report(), document(3, 3, 0));
    assert_eq!(other.report(), document(1, 1, 0));
}
