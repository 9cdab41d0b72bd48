use serde_json::{Value, json};

use super::{House, default_rule, record, rule, target, targets};

fn names(house: &House) -> Vec<String> {
    house.sampler.status(0).0.into_iter().map(|rule| rule.name).collect()
}

#[test]
fn by_priority_then_by_name_and_the_default_last() {
    let house = House::new([
        rule("Default", json!({"Priority": 1, "URLPath": "/nothing"})),
        rule("b", json!({})),
        rule("z", json!({"Priority": 1})),
        rule("B", json!({})),
        rule("a", json!({})),
    ]);
    assert_eq!(names(&house), ["z", "B", "a", "b", "Default"]);
    // The default rule matches all, whatever it says.
    let default = House::new([rule("Default", json!({"URLPath": "/nothing"}))]);
    let request = crate::SamplingRequest { path: Some("/x"), ..Default::default() };
    assert_eq!(default.decide(request).unwrap().0, "Default");
}

/// None of the official SDKs follows it.
#[test]
fn all_pages_are_read() {
    let mut house = House::new([rule("old", json!({}))]);
    house.state(|state| {
        let page = |rule: Value, token: Value| {
            Ok(json!({"SamplingRuleRecords": [record(rule)], "NextToken": token}))
        };
        state.next_rules.extend([
            page(rule("one", json!({})), json!("second")),
            page(rule("two", json!({})), json!("third")),
            page(default_rule(), json!(null)),
        ]);
    });
    house.run(306.0);
    assert_eq!(names(&house), ["one", "two", "Default"]);
    let asked = house.state(|state| state.asked_rules.clone());
    assert_eq!(
        asked,
        [json!({}), json!({}), json!({"NextToken": "second"}), json!({"NextToken": "third"})]
    );
}

#[test]
fn pages_without_end_are_not_read_for_ever() {
    let house = House::new([]);
    house.state(|state| {
        let page =
            json!({"SamplingRuleRecords": [record(rule("r", json!({})))], "NextToken": "more"});
        state.next_rules.extend((0..500).map(|_| Ok(page.clone())));
    });
    let mut house = house;
    house.run(306.0);
    assert_eq!(house.polls(), 1 + 100);
    assert_eq!(names(&house), ["r"]);
}

#[test]
fn a_rule_that_cannot_be_used_does_not_spoil_the_others() {
    let wrong = |what: Value| rule("wrong", what);
    let house = House::new([]);
    house.state(|state| {
        state.rules = [
            wrong(json!({"Version": 2})),
            wrong(json!({"ResourceARN": "arn:aws:s3:::mine"})),
            wrong(json!({"Attributes": {"key": "value"}})),
            wrong(json!({"FixedRate": 1.5})),
            wrong(json!({"FixedRate": "0.5"})),
            wrong(json!({"ReservoirSize": -1})),
            wrong(json!({"RuleName": ""})),
            wrong(json!({"RuleName": null})),
            wrong(json!({"RuleName": "x".repeat(2_000)})),
            wrong(json!({"URLPath": "/".repeat(2_000)})),
            rule("fine", json!({"Attributes": "left out"})),
            rule("fine", json!({"Priority": 1_000})),
        ]
        .into_iter()
        .chain(
            [
                "RuleName",
                "Priority",
                "FixedRate",
                "ReservoirSize",
                "Host",
                "ServiceName",
                "HTTPMethod",
                "URLPath",
                "ServiceType",
                "Version",
                "ResourceARN",
            ]
            .map(|key| wrong(json!({key: "left out"}))),
        )
        .map(record)
        .chain([json!(null), json!({}), json!([]), json!({"SamplingRule": 1})])
        .collect();
    });
    let mut house = house;
    house.run(306.0);
    // The official Node SDK leaves rules without `Attributes` out.
    assert_eq!(names(&house), ["fine"]);
    assert_eq!(house.status("fine").priority, Some(100), "of two with one name the first counts");
}

#[test]
fn a_refresh_keeps_what_was_counted_and_granted() {
    let mut house = House::new([rule("hot", json!({"ReservoirSize": 5})), default_rule()]);
    assert_eq!(house.sampled(10), 1);
    let until = super::EPOCH + 1_000;
    house.answer(targets([target(
        "hot",
        json!({"FixedRate": 1, "ReservoirQuota": 2, "ReservoirQuotaTTL": until, "Interval": 3600}),
    )]));
    house.run(11.0);
    assert_eq!(house.sampled(10), 10);
    let changed = json!({"ReservoirSize": 7, "FixedRate": 0, "HTTPMethod": "GET"});
    house.rules([rule("hot", changed), rule("new", json!({"Priority": 1, "Host": "x"}))]);
    house.run(300.0);
    assert_eq!(names(&house), ["new", "hot"]);
    let status = house.status("hot");
    assert_eq!((status.quota, status.reservoir, status.rate), (Some(2), 7, 0.0));
    assert_eq!((status.requests, status.taken, status.borrowed, status.by_rate), (20, 2, 1, 8));
    let request = crate::SamplingRequest { host: Some("y"), ..Default::default() };
    let taken = (0..10).filter(|_| house.decide(request).unwrap().1).count();
    assert_eq!(taken, 2);
}

/// The official Java SDK lets the last rule of the list say whether anything changed.
#[test]
fn a_new_rule_before_an_unchanged_one_is_taken() {
    let mut house = House::new([rule("old", json!({"Priority": 9})), default_rule()]);
    house.rules([
        rule("early", json!({"Priority": 1})),
        rule("old", json!({"Priority": 9})),
        default_rule(),
    ]);
    house.run(306.0);
    assert_eq!(names(&house), ["early", "old", "Default"]);
}

#[test]
fn an_empty_list_changes_nothing_and_confirms_nothing() {
    let mut house = House::new([rule("hot", json!({"ReservoirSize": 1}))]);
    house.rules([]);
    house.run(3_599.0);
    assert_eq!(house.sampled(10), 1);
    house.run(2.0);
    assert!(house.decide(Default::default()).is_none(), "rules that are not confirmed for an hour");
    // It goes on to ask, and believes again.
    house.rules([rule("hot", json!({}))]);
    house.run(306.0);
    assert!(house.decide(Default::default()).is_some());
}

#[test]
fn the_service_says_when_rules_have_changed() {
    let mut house = House::new([rule("hot", json!({})), default_rule()]);
    let report = |house: &mut House, at: f64| {
        house.sampled(1);
        house.answer(json!({"LastRuleModification": super::EPOCH as f64 + at}));
        house.run(10.5);
        house.polls()
    };
    assert_eq!(report(&mut house, -100.0), 1, "older than what we have");
    house.rules([rule("new", json!({}))]);
    assert_eq!(report(&mut house, 15.0), 2);
    assert_eq!(names(&house), ["new"]);
    // The service's clock is ahead of ours, or far behind: that is no reason to ask each time, nor never.
    for at in [5_000.0, 5_000.0, 5_000.0] {
        assert_eq!(report(&mut house, at), 3);
    }
    for at in [-9_000.0, -9_000.0] {
        assert_eq!(report(&mut house, at), 4);
    }
}

#[test]
fn rules_that_fail_keep_their_pace_whatever_reports_say() {
    let mut house = House::new([rule("hot", json!({}))]);
    house.state(|state| {
        state.next_rules.extend((0..1_000).map(|_| Err("429".to_owned())));
    });
    for _ in 0..300 {
        house.sampled(1);
        let gone = json!({"RuleName": "hot", "ErrorCode": "404", "Message": "no such rule"});
        house.answer(json!({"UnprocessedStatistics": [gone]}));
        house.run(10.0);
    }
    assert!(house.polls() < 40, "{} polls", house.polls());
}
