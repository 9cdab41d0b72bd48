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
fn a_rule_that_is_not_boosted_any_more_loses_its_boost() {
    let mut house = House::with([boosted(), default_rule()], true);
    house.sampled(100);
    house.answer(boost());
    house.run(11.0);
    assert_eq!(house.sampled(100), 100);
    house.rules([rule("hot", json!({})), default_rule()]);
    house.answer(json!({"LastRuleModification": EPOCH + 12}));
    house.run(10.5);
    assert_eq!(house.sampled(100), 0);
}

fn count(house: &House, times: usize, anomaly: bool, sampled: bool) {
    let rules = house.sampler.shared.rules.load();
    let state = rules.rule("hot").unwrap().state();
    (0..times).for_each(|_| state.anomalies.add(anomaly, sampled));
}

/// Requests and anomalies of each report.
fn told(house: &House) -> Vec<(u64, u64)> {
    let asked = house.state(|state| state.asked_targets.clone());
    let number = |value: &serde_json::Value| value.as_u64().unwrap_or(0);
    let both = |call: &serde_json::Value| {
        let boost = &call["SamplingBoostStatisticsDocuments"][0]["AnomalyCount"];
        (number(&call["SamplingStatisticsDocuments"][0]["RequestCount"]), number(boost))
    };
    asked.iter().map(both).collect()
}

#[test]
fn what_was_not_processed_is_told_again_and_only_that() {
    for (key, again) in [("UnprocessedStatistics", (10, 0)), ("UnprocessedBoostStatistics", (0, 4))]
    {
        let mut house = House::with([boosted(), default_rule()], true);
        house.sampled(10);
        count(&house, 4, true, false);
        house.answer(json!({key: [{"RuleName": "hot", "ErrorCode": "500", "Message": "later"}]}));
        house.run(10.5);
        house.run(30.0);
        assert_eq!(told(&house), [(10, 4), again], "{key}");
    }
}

#[test]
fn a_long_name_of_a_service_is_cut_where_the_api_ends() {
    let fake = super::Fake::default();
    let name = "é".repeat(100);
    let sampler = super::CentralSampler::new(Box::new(fake.clone()), &name, true, None);
    sampler.started.store(true, std::sync::atomic::Ordering::Relaxed);
    let mut house = House { sampler, fake, now: 0.0, next: 0.0, ahead: 0.0 };
    house.rules([boosted(), default_rule()]);
    house.run(0.0);
    house.sampled(1);
    count(&house, 1, true, false);
    house.run(10.5);
    let asked = house.state(|state| state.asked_targets.clone());
    let told = &asked[0]["SamplingBoostStatisticsDocuments"][0]["ServiceName"];
    assert_eq!(told.as_str().unwrap().chars().count(), 64);
}

#[test]
fn anomalies_are_reported_for_each_rule_and_again_if_the_call_fails() {
    let mut house = House::with([boosted(), default_rule()], true);
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
