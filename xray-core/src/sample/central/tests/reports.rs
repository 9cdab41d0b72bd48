use serde_json::{Value, json};

use super::{EPOCH, House, default_rule, rule, target, targets};
use crate::SamplingRequest;

#[test]
fn the_whole_report() {
    let mut house = House::new([rule("hot", json!({"ReservoirSize": 1, "FixedRate": 1}))]);
    assert_eq!(house.sampled(100), 100);
    house.run(11.0);
    let asked = house.state(|state| state.asked_targets.clone());
    let [call] = &asked[..] else { panic!("{asked:?}") };
    let client = call["SamplingStatisticsDocuments"][0]["ClientID"].as_str().unwrap();
    assert!(client.len() == 24 && client.bytes().all(|digit| b"0123456789abcdef".contains(&digit)));
    // What is borrowed is no part of what is sampled.
    let expected = json!({"SamplingStatisticsDocuments": [{"RuleName": "hot", "ClientID": client,
        "Timestamp": EPOCH + 10, "RequestCount": 100, "SampledCount": 99, "BorrowCount": 1}]});
    assert_eq!(*call, expected);
}

#[test]
fn no_news_no_call() {
    let mut house = House::new([rule("hot", json!({})), default_rule()]);
    house.run(100.0);
    assert_eq!(house.reports().len(), 0);
    house.sampled(5);
    house.run(100.0);
    let reports = house.reports();
    assert_eq!(reports.len(), 1);
    assert_eq!(reports[0].len(), 1, "the default rule did not match");
}

/// All official SDKs lose them.
#[test]
fn counts_of_a_report_that_failed_are_reported_later() {
    let mut house = House::new([rule("hot", json!({}))]);
    house.sampled(40);
    house.refuse("429");
    house.run(11.0);
    house.sampled(2);
    house.run(20.0);
    let counts: Vec<_> =
        house.reports().iter().map(|call| call[0]["RequestCount"].clone()).collect();
    assert_eq!(counts, [40, 42]);
    house.run(60.0);
    assert_eq!(house.reports().len(), 2, "what was taken is not reported again");
}

/// The API refuses more; no official SDK splits.
#[test]
fn at_most_25_documents_in_a_call() {
    let rules = (0..60).map(|number| {
        rule(&format!("r{number:02}"), json!({"URLPath": format!("/{number}"), "ReservoirSize": 1}))
    });
    let mut house = House::new(rules);
    for number in 0..60 {
        let path = format!("/{number}");
        house.decide(SamplingRequest { path: Some(&path), ..SamplingRequest::default() });
    }
    house.answer(targets(
        (0..25).map(|number| target(&format!("r{number:02}"), json!({"FixedRate": 0.5}))),
    ));
    house.refuse("500");
    house.run(10.2);
    let sizes = |house: &House| house.reports().iter().map(Vec::len).collect::<Vec<_>>();
    assert_eq!(sizes(&house), [25, 25, 10], "one that fails does not hold up the next");
    assert_eq!((house.status("r24").rate, house.status("r25").rate), (0.5, 0.0));
    // What did not arrive comes again, and only that.
    house.run(20.0);
    assert_eq!(sizes(&house), [25, 25, 10, 25]);
    let again = &house.reports()[3];
    let names = (again[0]["RuleName"].clone(), again[24]["RuleName"].clone());
    assert_eq!(names, (json!("r25"), json!("r49")));
}

#[test]
fn a_service_that_is_not_there_is_not_asked_for_each_chunk() {
    let rules = (0..200).map(|number| {
        rule(&format!("r{number:03}"), json!({"URLPath": format!("/{number}"), "ReservoirSize": 1}))
    });
    let mut house = House::new(rules);
    for number in 0..200 {
        let path = format!("/{number}");
        house.decide(SamplingRequest { path: Some(&path), ..SamplingRequest::default() });
    }
    for _ in 0..20 {
        house.refuse("connection refused");
    }
    house.run(10.2);
    assert_eq!(house.reports().len(), 2);
}

/// The official Python and Node SDKs count it in ticks, so that 15 seconds become 20.
#[test]
fn each_rule_has_an_interval_of_its_own() {
    let mut house = House::new([rule("fast", json!({"Host": "fast"})), rule("slow", json!({}))]);
    let asked = |house: &House| {
        for host in ["fast", "slow"] {
            house.decide(SamplingRequest { host: Some(host), ..SamplingRequest::default() });
        }
    };
    asked(&house);
    let intervals =
        [target("fast", json!({"Interval": 3})), target("slow", json!({"Interval": 15}))];
    house.answer(targets(intervals));
    let mut at: Vec<(String, f64)> = Vec::new();
    for _ in 0..600 {
        house.run(0.1);
        asked(&house);
        let known = at.len();
        let reported = house.reports().concat();
        at.extend(
            reported[known..]
                .iter()
                .map(|document| (document["RuleName"].as_str().unwrap().to_owned(), house.now)),
        );
    }
    let times = |name: &str| -> Vec<f64> {
        at.iter().filter(|(rule, _)| rule == name).map(|(_, at)| *at).collect()
    };
    for (name, interval, count) in [("fast", 3.0, 16..=18), ("slow", 15.0, 4..=4)] {
        let times = times(name);
        assert!(count.contains(&times.len()), "{name}: {times:?}");
        let exact = times.windows(2).all(|pair| (pair[1] - pair[0] - interval).abs() < 0.35);
        assert!(exact, "{name}: {times:?}");
    }
}

#[test]
fn what_a_target_leaves_out_stays() {
    let mut house = House::new([rule("hot", json!({"ReservoirSize": 9}))]);
    let until = EPOCH + 500;
    let mut next = |answer: Value| {
        house.sampled(1);
        house.answer(answer);
        house.run(10.2);
        let status = house.status("hot");
        (status.rate, status.quota, status.quota_until)
    };
    let first =
        target("hot", json!({"FixedRate": 0.1, "ReservoirQuota": 4, "ReservoirQuotaTTL": until}));
    assert_eq!(next(targets([first])), (0.1, Some(4), Some(until as f64)));
    let same = (0.2, Some(4), Some(until as f64));
    assert_eq!(next(targets([target("hot", json!({"FixedRate": 0.2}))])), same);
    // Not from a service that can be believed.
    for wrong in [
        json!({"RuleName": "hot", "ReservoirQuota": 1}),
        json!({"FixedRate": 0.9, "ReservoirQuota": 1}),
        json!({"RuleName": "hot", "FixedRate": 7}),
        json!({"RuleName": "hot", "FixedRate": 0.9, "ReservoirQuota": -1}),
        json!({"RuleName": "other", "FixedRate": 0.9}),
        json!("hot"),
    ] {
        assert_eq!(next(targets([wrong.clone()])), same, "{wrong}");
    }
    assert_eq!(next(json!({})), same);
    let zero = target("hot", json!({"FixedRate": 0, "ReservoirQuota": 0}));
    assert_eq!(next(targets([zero])), (0.0, Some(0), Some(until as f64)));
}

/// The official Java SDK ignores them.
#[test]
fn statistics_that_were_not_processed() {
    let mut house = House::new([rule("hot", json!({})), default_rule()]);
    let unprocessed = |code: &str| json!({"UnprocessedStatistics": [{"RuleName": "hot", "ErrorCode": code, "Message": "no"}]});
    house.sampled(7);
    house.answer(unprocessed("500"));
    house.run(10.5);
    assert_eq!(house.polls(), 1);
    house.answer(unprocessed("404"));
    house.run(10.5);
    assert_eq!(
        house.reports()[1][0]["RequestCount"],
        7,
        "the service's own trouble: reported again"
    );
    assert_eq!(house.polls(), 2, "a rule that it does not know: ours are old");
    house.sampled(3);
    house.answer(unprocessed("429"));
    house.run(10.5);
    house.run(30.0);
    let last: Vec<_> =
        house.reports()[2..].iter().map(|call| call[0]["RequestCount"].clone()).collect();
    assert_eq!(last, [3, 3], "throttled: reported again");
    assert_eq!(house.polls(), 2);
}
