use serde_json::json;

use super::{House, default_rule, rule, target, targets};
use crate::SamplingRequest;

/// The timeline of the specification: rate 0, a reservoir of 3, 100 requests a second.
#[test]
fn borrows_then_takes_the_quota_then_borrows_again() {
    let mut house = House::new([rule("hot", json!({"ReservoirSize": 3})), default_rule()]);
    house.answer(targets([target(
        "hot",
        json!({"ReservoirQuota": 3, "ReservoirQuotaTTL": super::EPOCH + 40, "Interval": 3600}),
    )]));
    let timeline: Vec<_> = (0..60)
        .map(|_| {
            let sampled = house.sampled(100);
            house.run(1.0);
            sampled
        })
        .collect();
    // The first report leaves after ten seconds and a little; the quota holds up to its second.
    let expected: Vec<_> =
        (0..60).map(|second| if (11..=40).contains(&second) { 3 } else { 1 }).collect();
    assert_eq!(timeline, expected);
    let status = house.status("hot");
    assert_eq!((status.taken, status.borrowed), (90, 30));
    assert_eq!((status.requests, status.by_rate), (6_000, 0));
}

/// The official Node SDK divides seconds by 1,000, so that it takes no quota ever.
#[test]
fn times_of_the_service_are_seconds() {
    let mut house = House::new([rule("hot", json!({"ReservoirSize": 5}))]);
    house.sampled(1);
    let until = super::EPOCH as f64 + 12.9;
    house
        .answer(targets([target("hot", json!({"ReservoirQuota": 5, "ReservoirQuotaTTL": until}))]));
    house.run(11.0);
    assert_eq!(house.sampled(100), 5);
    // In whole seconds it holds through the one it ends in.
    house.run(1.5);
    assert_eq!(house.sampled(100), 5);
    house.run(0.5);
    assert_eq!(house.sampled(100), 1);
}

#[test]
fn nothing_is_a_quota_too() {
    let mut house = House::new([rule("hot", json!({"ReservoirSize": 5}))]);
    house.sampled(1);
    let until = super::EPOCH + 100;
    house
        .answer(targets([target("hot", json!({"ReservoirQuota": 0, "ReservoirQuotaTTL": until}))]));
    house.run(11.0);
    assert_eq!(house.sampled(100), 0, "with a quota nothing is borrowed");
    assert_eq!(house.status("hot").quota, Some(0));
}

#[test]
fn a_rate_of_nothing_never_samples_and_one_of_all_always_does() {
    let all = json!({"URLPath": "/all", "FixedRate": 1, "Priority": 1});
    let house = House::new([rule("all", all), rule("none", json!({}))]);
    let path = |path| SamplingRequest { path: Some(path), ..SamplingRequest::default() };
    for _ in 0..10_000 {
        assert_eq!(house.decide(path("/all")), Some(("all".to_owned(), true)));
        assert_eq!(house.decide(path("/none")), Some(("none".to_owned(), false)));
    }
}

#[test]
fn a_million_decisions_follow_the_rate() {
    let house = House::new([rule("some", json!({"FixedRate": 0.05}))]);
    let sampled = house.sampled(1_000_000);
    // Five sigma of a binomial distribution either way.
    assert!((48_910..=51_090).contains(&sampled), "{sampled}");
    let status = house.status("some");
    assert_eq!((status.requests, status.by_rate), (1_000_000, sampled as u64));
    assert_eq!(status.not_sampled, 1_000_000 - sampled as u64);
}

#[test]
fn a_reservoir_is_exact_for_all_threads_together() {
    let mut house = House::new([rule("hot", json!({"ReservoirSize": 500}))]);
    house.sampled(1);
    let quota = json!({"ReservoirQuota": 500, "ReservoirQuotaTTL": super::EPOCH + 100});
    house.answer(targets([target("hot", quota)]));
    house.run(11.0);
    let house = &house;
    let sampled: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| house.sampled(10_000))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(sampled, 500);
    let status = house.status("hot");
    assert_eq!((status.taken, status.borrowed, status.requests), (500, 1, 40_001));
}

#[test]
fn a_clock_that_is_set_back_begins_the_second_anew() {
    let mut house = House::new([rule("hot", json!({"ReservoirSize": 3}))]);
    assert_eq!((house.sampled(10), house.sampled(10)), (1, 0));
    house.ahead = -3_600.0;
    assert_eq!((house.sampled(10), house.sampled(10)), (1, 0));
    house.ahead = 86_400.0;
    assert_eq!((house.sampled(10), house.sampled(10)), (1, 0));
}

#[test]
fn a_clock_that_is_set_does_not_age_the_rules() {
    let mut house = House::new([rule("hot", json!({"ReservoirSize": 3}))]);
    house.ahead = 7.0 * 86_400.0;
    house.run(1.0);
    assert_eq!(house.sampled(10), 1);
    house.run(3_000.0);
    assert!(house.polls() < 15, "{} polls", house.polls());
}

#[test]
fn what_a_request_lacks_matches() {
    let narrow = json!({"Host": "api.*", "HTTPMethod": "g?t", "URLPath": "/hot/*",
        "ServiceName": "rig*", "ServiceType": "AWS::ECS::Container"});
    let house = House::new([rule("hot", narrow), default_rule()]);
    let whole = SamplingRequest {
        host: Some("API.example.com:80"),
        method: Some("GET"),
        path: Some("/HOT/x"),
        service: Some("RIG-py"),
        service_type: Some("aws::ecs::container"),
    };
    let by = |request| house.decide(request).unwrap().0;
    assert_eq!(by(whole), "hot");
    assert_eq!(by(SamplingRequest { host: None, ..whole }), "hot");
    assert_eq!(by(SamplingRequest::default()), "hot");
    assert_eq!(by(SamplingRequest { host: Some("www.example.com"), ..whole }), "Default");
    assert_eq!(by(SamplingRequest { method: Some("POST"), ..whole }), "Default");
    assert_eq!(by(SamplingRequest { path: Some("/hot"), ..whole }), "Default");
    assert_eq!(by(SamplingRequest { service: Some("other"), ..whole }), "Default");
    assert_eq!(
        by(SamplingRequest { service_type: Some("AWS::EC2::Instance"), ..whole }),
        "Default"
    );
}
