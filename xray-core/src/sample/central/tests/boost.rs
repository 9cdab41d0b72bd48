use serde_json::json;

use super::{EPOCH, House, default_rule, rule, target, targets};

fn boosted() -> serde_json::Value {
    rule("hot", json!({"SamplingRateBoost": {"MaxRate": 0.5, "CooldownWindowMinutes": 10}}))
}

fn boost() -> serde_json::Value {
    let boost = json!({"SamplingBoost": {"BoostRate": 1, "BoostRateTTL": EPOCH + 20}});
    targets([target("hot", boost)])
}

#[test]
fn a_boost_stands_in_for_the_rate_until_it_ends() {
    let mut house = House::with([boosted(), default_rule()], true);
    assert_eq!(house.sampled(100), 0);
    house.answer(boost());
    house.run(11.0);
    assert_eq!(house.sampled(100), 100);
    let status = house.status("hot");
    assert_eq!((status.boost, status.boost_until), (Some(1.0), Some(EPOCH as f64 + 20.0)));
    // A report that is answered without one changes nothing before that.
    house.answer(targets([target("hot", json!({}))]));
    house.run(9.5);
    assert_eq!(house.sampled(100), 100);
    house.run(1.0);
    assert_eq!(house.sampled(100), 0);
    assert_eq!(house.status("hot").boost, None);
}

#[test]
fn a_boost_that_nobody_asked_for_is_ignored() {
    let mut house = House::new([boosted(), default_rule()]);
    house.sampled(100);
    house.answer(boost());
    house.run(11.0);
    assert_eq!(house.sampled(100), 0);
    let asked = house.state(|state| state.asked_targets.clone());
    assert_eq!(asked[0].get("SamplingBoostStatisticsDocuments"), None);
}

#[test]
fn anomalies_are_reported_for_each_rule_and_again_if_the_call_fails() {
    let mut house = House::with([boosted(), default_rule()], true);
    let count = |house: &House, times: usize, anomaly: bool, sampled: bool| {
        let rules = house.sampler.shared.rules.load();
        let state = rules.rule("hot").unwrap().state();
        (0..times).for_each(|_| state.anomalies.add(anomaly, sampled));
    };
    house.sampled(10);
    count(&house, 6, false, false);
    count(&house, 3, true, false);
    count(&house, 1, true, true);
    house.refuse("500");
    house.run(11.0);
    house.run(20.0);
    // A request that was decided before and ends now is news by itself.
    count(&house, 1, false, true);
    house.run(20.0);
    let asked = house.state(|state| state.asked_targets.clone());
    let reported: Vec<_> =
        asked.iter().map(|call| call["SamplingBoostStatisticsDocuments"].clone()).collect();
    let document = |total, anomalies, sampled, at: &serde_json::Value| {
        json!([{"RuleName": "hot", "ServiceName": "shop", "Timestamp": at["SamplingBoostStatisticsDocuments"][0]["Timestamp"],
            "TotalCount": total, "AnomalyCount": anomalies, "SampledAnomalyCount": sampled}])
    };
    assert_eq!(reported[0], document(10, 4, 1, &asked[0]));
    assert_eq!(reported[1], document(10, 4, 1, &asked[1]));
    assert_eq!(reported[2], document(1, 0, 0, &asked[2]));
    assert_eq!(reported.len(), 3);
}
