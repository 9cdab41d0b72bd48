//! Who decides: the caller, the code, the rules of the service, local rules.

use std::path::PathBuf;

use serde_json::json;
use xray_core::{
    Delivery, Plugin, Recorder, SamplingRequest,
    environment::Machine,
    http::{Exchange, RequestHead, ServerPolicy},
    sample::{CentralizedSampling, LocalRules, RuleSource},
    testing::{MemoryEmitter, TestChance},
};

use crate::account::{Service, answers, rule};

const ROOT: &str = "Root=1-5759e988-bd862e3fe1be46a994272793";

fn central(rules: impl IntoIterator<Item = serde_json::Value>) -> Service {
    Service::begin(rules, CentralizedSampling::new(), |builder| builder)
}

/// The official Java SDK asks the rules all the same, and counts.
#[test]
fn a_caller_that_has_decided_touches_no_rule() {
    let service = central([rule("hot", &json!({"FixedRate": 1}))]);
    for decision in ["Sampled=1", "Sampled=0"] {
        service.request(Some(&format!("{ROOT};{decision}")), "/", answers(200));
    }
    service.xray.segment("work").sampled(true).begin().end();
    assert_eq!(service.decided(), [("hot".to_owned(), 0)]);
    let documents = service.memory.take();
    assert_eq!(documents.len(), 2);
    for document in documents {
        assert_eq!(document["aws"]["xray"].get("sampling_rule_name"), None, "{document}");
    }

    service.request(Some(&format!("{ROOT};Sampled=?")), "/", answers(200));
    service.request(Some(ROOT), "/", answers(200));
    assert_eq!(service.decided(), [("hot".to_owned(), 2)]);
    for document in service.memory.take() {
        assert_eq!(document["aws"]["xray"]["sampling_rule_name"], "hot");
    }
}

#[test]
fn the_answer_tells_the_decision_to_those_who_asked() {
    let rules = [rule("yes", &json!({"URLPath": "/yes", "FixedRate": 1})), rule("zz", &json!({}))];
    let service = central(rules);
    let answered = |path, header: String| {
        let request = RequestHead {
            method: "GET",
            path,
            scheme: "http",
            trace_header: Some(header.as_bytes()),
            ..RequestHead::default()
        };
        let exchange = Exchange::begin(&service.xray, &ServerPolicy::new(), &request).unwrap();
        exchange.response_header()
    };
    let asked = format!("{ROOT};Sampled=?");
    assert_eq!(answered("/yes", asked.clone()), Some(format!("{ROOT};Sampled=1")));
    assert_eq!(answered("/no", asked), Some(format!("{ROOT};Sampled=0")));
    assert_eq!(answered("/yes", ROOT.to_owned()), Some(ROOT.to_owned()));
}

#[test]
fn work_is_matched_by_its_name_and_by_where_it_runs() {
    let root =
        PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("where-{}", std::process::id()));
    let folder = root.join("var/elasticbeanstalk/xray");
    std::fs::create_dir_all(&folder).unwrap();
    let environment = r#"{"environment_name": "e", "version_label": "1", "deployment_id": 1}"#;
    std::fs::write(folder.join("environment.conf"), environment).unwrap();
    let rules = [
        rule("elsewhere", &json!({"Priority": 1, "ServiceType": "AWS::ECS::Container"})),
        rule("reports", &json!({"Priority": 2, "ServiceName": "nightly *"})),
        rule("here", &json!({"Priority": 3, "ServiceType": "aws::elasticbeanstalk::*"})),
    ];
    let machine = Machine::with_root(&root);
    let service = Service::begin(rules, CentralizedSampling::new(), |builder| {
        builder.machine(machine).detect([Plugin::ElasticBeanstalk])
    });
    std::fs::remove_dir_all(&root).unwrap();
    let by = |request: SamplingRequest<'_>| service.xray.sample(&request).rule().map(str::to_owned);
    assert_eq!(by(SamplingRequest::default()).as_deref(), Some("here"), "the recorder's service");
    service.xray.begin_segment("nightly report").end();
    assert_eq!(service.decided()[1], ("reports".to_owned(), 1), "the segment's name");
    let named = SamplingRequest { service: Some("nightly job"), ..SamplingRequest::default() };
    assert_eq!(by(named).as_deref(), Some("reports"));
    let told =
        SamplingRequest { service_type: Some("AWS::ECS::Container"), ..SamplingRequest::default() };
    assert_eq!(by(told).as_deref(), Some("elsewhere"), "what is said comes first");
}

#[test]
fn a_request_that_no_rule_matches_is_left_to_local_rules() {
    let rules = [rule("one", &json!({"URLPath": "/one", "FixedRate": 0}))];
    let fallback = CentralizedSampling::new().fallback(LocalRules::everything());
    let service = Service::begin(rules, fallback, |builder| builder);
    let other = SamplingRequest { path: Some("/other"), ..SamplingRequest::default() };
    let decision = service.xray.sample(&other);
    assert!(decision.is_sampled() && decision.rule().is_none());
    let one = SamplingRequest { path: Some("/one"), ..other };
    assert!(!service.xray.sample(&one).is_sampled());
    // The first decision came before the rules.
    let fallback = service.xray.sampling_status().fallback;
    assert_eq!((fallback[0].name.as_str(), fallback[0].by_rate), ("default", 2));
}

#[test]
fn who_is_asked_if_nothing_is_said() {
    let source =
        |builder: xray_core::RecorderBuilder| builder.build().unwrap().sampling_status().source;
    let root = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("nothing-here");
    let plain = || Recorder::builder("shop").machine(Machine::with_root(&root));
    assert_eq!(source(plain()), RuleSource::Fallback, "the service, which has not answered");
    assert_eq!(source(plain().emitter(MemoryEmitter::new())), RuleSource::Local);
    assert_eq!(source(plain().sampling_rules(LocalRules::default())), RuleSource::Local);
    let machine =
        |name: &str, value: &str| plain().machine(Machine::with_root(&root).variable(name, value));
    assert_eq!(source(machine("LAMBDA_TASK_ROOT", "/var/task")), RuleSource::Local);
    assert_eq!(source(machine("AWS_XRAY_SDK_ENABLED", "false")), RuleSource::Off);
}

#[test]
fn local_rules_count_what_they_decide() {
    let rules: LocalRules =
        r#"{"version": 2, "default": {"fixed_target": 1, "rate": 0.5}, "rules": [
        {"host": "*", "http_method": "*", "url_path": "/none", "fixed_target": 0, "rate": 0}]}"#
            .parse()
            .unwrap();
    let clock = xray_core::testing::TestClock::at(std::time::UNIX_EPOCH);
    let xray = Recorder::builder("shop")
        .emitter(MemoryEmitter::new())
        .delivery(Delivery::Inline)
        .sampling_rules(rules)
        .clock(&clock)
        .chance(&TestChance::of([0.4, 0.5, 0.6]))
        .build()
        .unwrap();
    for path in ["/", "/", "/", "/none", "/"] {
        let _ = xray.sample(&SamplingRequest { path: Some(path), ..SamplingRequest::default() });
    }
    let counts: Vec<_> = xray
        .sampling_status()
        .rules
        .into_iter()
        .map(|rule| (rule.name, rule.requests, rule.taken, rule.by_rate, rule.not_sampled))
        .collect();
    let expected = [("rules/0".to_owned(), 1, 0, 0, 1), ("default".to_owned(), 4, 1, 1, 2)];
    assert_eq!(counts, expected);
}

/// With the chance that users get, for rules of both kinds.
#[test]
fn a_million_decisions_follow_the_rate() {
    let local = |rate: f64| {
        let rules = json!({"version": 2, "default": {"fixed_target": 0, "rate": rate}});
        let rules = LocalRules::from_value(&rules).unwrap();
        Recorder::builder("shop")
            .emitter(MemoryEmitter::new())
            .sampling_rules(rules)
            .build()
            .unwrap()
    };
    let of_service = |rate: f64| central([rule("some", &json!({"FixedRate": rate}))]).xray;
    let sampled = |xray: &Recorder| {
        let request = SamplingRequest::default();
        (0..1_000_000).filter(|_| xray.sample(&request).is_sampled()).count()
    };
    for xray in [local(0.05), of_service(0.05)] {
        let sampled = sampled(&xray);
        // Five sigma of a binomial distribution either way.
        assert!((48_910..=51_090).contains(&sampled), "{sampled}");
    }
    assert_eq!((sampled(&local(0.0)), sampled(&of_service(0.0))), (0, 0));
    assert_eq!((sampled(&local(1.0)), sampled(&of_service(1.0))), (1_000_000, 1_000_000));
}

/// The official Python and Node SDKs compare with `<=`, so that a rate of 0 samples now and then.
#[test]
fn the_lowest_number_is_not_below_a_rate_of_nothing() {
    let service =
        Service::begin([rule("none", &json!({}))], CentralizedSampling::new(), |builder| {
            builder.chance(&TestChance::of([0.0]))
        });
    assert!(!service.xray.sample(&SamplingRequest::default()).is_sampled());
}
