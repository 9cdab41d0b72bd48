use serde_json::json;

use super::{House, default_rule, rule};

#[test]
fn rules_that_cannot_be_had_are_asked_for_less_and_less_often() {
    let mut house = House::new([rule("hot", json!({}))]);
    house.state(|state| {
        state.next_rules.extend((0..1_000).map(|_| Err("connection refused".to_owned())));
    });
    house.run(3_590.0);
    // One and two seconds and so on up to five minutes, each up to half shorter.
    assert!((12..45).contains(&house.polls()), "{} polls", house.polls());
    assert!(house.decide(Default::default()).is_some(), "rules hold for an hour");
    house.run(20.0);
    assert!(house.decide(Default::default()).is_none(), "and no longer");
    let (_, service) = house.sampler.status(0);
    assert_eq!(service.last_error.as_deref(), Some("connection refused"));
    // The first poll, and the report of the request above.
    assert_eq!(service.errors + 2, service.calls);
    house.state(|state| state.next_rules.clear());
    house.run(300.0);
    assert!(house.decide(Default::default()).is_some(), "it is asked on");
    assert_eq!(house.sampler.status(0).1.last_error, None);
}

#[test]
fn reports_to_a_dead_service_become_rare_and_lose_nothing() {
    let mut house = House::new([rule("hot", json!({}))]);
    for _ in 0..1_000 {
        house.refuse("connection refused");
    }
    for _ in 0..3_000 {
        house.sampled(1);
        house.run(1.0);
    }
    let calls = house.reports().len();
    assert!((10..40).contains(&calls), "{calls} calls");
    house.state(|state| state.next_targets.clear());
    house.run(301.0);
    let last = house.reports().last().unwrap()[0]["RequestCount"].clone();
    assert_eq!(last, 3_000);
}

#[test]
fn answers_that_are_none() {
    for answer in ["", "{", "null", "[]", "7", "\"x\"", r#"{"SamplingRuleRecords": 1}"#, "\u{0}"] {
        let mut house = House::new([rule("hot", json!({}))]);
        house.state(|state| {
            state.next_rules.push_back(Ok(json!(answer)));
            state.next_targets.push_back(Ok(json!(answer)));
        });
        house.sampled(3);
        house.run(306.0);
        let (_, service) = house.sampler.status(0);
        assert!(service.errors >= 1, "{answer:?}");
        house.run(30.0);
        assert_eq!(house.sampler.status(0).1.last_error, None, "{answer:?}");
        assert_eq!(house.reports().last().unwrap()[0]["RequestCount"], 3, "{answer:?}");
        assert!(house.decide(Default::default()).is_some(), "{answer:?}");
    }
}

#[test]
fn deep_answers_end() {
    let deep = "[".repeat(200_000) + &"]".repeat(200_000);
    let house = House::new([]);
    house.state(|state| state.next_rules.push_back(Ok(json!(deep))));
    let mut house = house;
    house.run(306.0);
    assert_eq!(house.sampler.status(0).1.errors, 1);
}

#[test]
fn rules_that_vanish_are_forgotten() {
    let mut house = House::new([rule("hot", json!({"ReservoirSize": 1})), default_rule()]);
    house.sampled(5);
    house.rules([default_rule()]);
    house.run(306.0);
    assert_eq!(house.decide(Default::default()).unwrap().0, "Default");
    house.rules([rule("hot", json!({})), default_rule()]);
    house.run(306.0);
    assert_eq!(house.status("hot").requests, 0, "it comes back as a new one");
}

#[test]
fn no_more_rules_than_memory_has_room_for() {
    let rules = (0..5_000).map(|number| rule(&format!("r{number}"), json!({})));
    let house = House::new(rules);
    assert_eq!(house.sampler.status(0).0.len(), 2_000);
}

#[test]
fn an_api_that_panics_is_one_that_fails() {
    struct Panics;
    impl crate::sample::SamplingApi for Panics {
        fn call(
            &mut self,
            _: crate::sample::SamplingCall,
            _: &[u8],
        ) -> Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>> {
            panic!("a bug")
        }

        fn address(&self) -> String {
            "nobody".to_owned()
        }
    }
    let sampler = super::CentralSampler::new(Box::new(Panics), "shop", false, None);
    let next = sampler.poller.lock().unwrap().as_mut().unwrap().step(super::Now::default());
    assert!(next > std::time::Duration::ZERO);
    assert_eq!(sampler.status(0).1.last_error.as_deref(), Some("the sampling API panicked"));
}
