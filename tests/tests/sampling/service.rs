//! The poller against a service that checks every field of every call, and that fails in all the ways services do. The
//! first report leaves after ten seconds, so these stories run side by side.

use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::time::{Duration, sleep};
use xray_core::sample::{
    AdaptiveSampling, CentralizedSampling, LocalRules, RuleSource, RuleStatus,
};
use xray_core::{Recorder, SamplingRequest};
use xray_tests::until_async;

use super::stand_in::{Fault, StandIn, rule};

#[tokio::test(flavor = "multi_thread")]
async fn a_strict_service_has_nothing_to_complain_of() {
    tokio::join!(
        many_rules_on_many_pages(),
        faults_before_the_rules(),
        faults_of_reports(),
        rules_that_change(),
        a_service_that_comes_late(),
        anomalies(),
    );
}

fn recorder(address: impl std::fmt::Display) -> Recorder {
    sampling(address, CentralizedSampling::new())
}

fn sampling(address: impl std::fmt::Display, sampling: CentralizedSampling) -> Recorder {
    let nothing = r#"{"version": 2, "default": {"fixed_target": 0, "rate": 0}}"#;
    let nothing: LocalRules = nothing.parse().expect("good rules");
    Recorder::builder("shop")
        .daemon(format_args!("udp:127.0.0.1:9 tcp:{address}"))
        .centralized_sampling(sampling.fallback(nothing))
        .build()
        .expect("a good address")
}

fn ask(xray: &Recorder, path: &str) -> (Option<String>, bool) {
    let request = SamplingRequest { path: Some(path), ..SamplingRequest::default() };
    let decision = xray.sample(&request);
    (decision.rule().map(str::to_owned), decision.is_sampled())
}

async fn has_rules(xray: &Recorder) {
    let central = async || (xray.sampling_status().source == RuleSource::Central).then_some(());
    until_async("the rules of the service", central).await;
}

fn status(xray: &Recorder, name: &str) -> Option<RuleStatus> {
    xray.sampling_status().rules.into_iter().find(|rule| rule.name == name)
}

fn default_rule() -> Value {
    rule("Default", &json!({"Priority": 10_000}))
}

async fn many_rules_on_many_pages() {
    let number = |number: usize| format!("rule-{number:02}");
    let one = |place: usize| {
        let patterns =
            json!({"Priority": place + 1, "URLPath": format!("/{place}/*"), "FixedRate": 1.0});
        rule(&number(place), &patterns)
    };
    let service = StandIn::start((0..30).map(one).chain([default_rule()])).await;
    service.page(7);
    for place in 0..30 {
        service.target(
            &number(place),
            json!({"FixedRate": 0.25, "ReservoirQuota": 3, "ReservoirQuotaTTL": 4_000_000_000_u64, "Interval": 10}),
        );
    }
    let xray = recorder(service.address);
    assert_eq!(ask(&xray, "/0/x"), (None, false), "nothing is known, so local rules decide");
    has_rules(&xray).await;
    for place in 0..30 {
        assert_eq!(ask(&xray, &format!("/{place}/x")), (Some(number(place)), true));
    }
    let reported = async || (service.reports().len() == 2).then(|| service.reports());
    let reports = until_async("a report of thirty rules", reported).await;
    assert_eq!(reports.iter().map(Vec::len).collect::<Vec<_>>(), [25, 5]);
    let quota = async || status(&xray, "rule-29").filter(|status| status.quota == Some(3));
    let granted = until_async("a quota", quota).await;
    assert_eq!((granted.rate, granted.quota_until), (0.25, Some(4e9)));
    assert_eq!(service.violations(), [""; 0]);
    assert_eq!(service.rule_calls(), 5);
    let status = xray.sampling_status();
    let asked = status.service.expect("it is asked");
    assert_eq!((asked.calls, asked.errors, asked.last_error), (7, 0, None));
}

async fn faults_before_the_rules() {
    let service = StandIn::start([rule("hot", &json!({"FixedRate": 1.0})), default_rule()]).await;
    service.fail_rules([
        Fault::Broken,
        Fault::Throttled,
        Fault::Malformed,
        Fault::Redirect,
        Fault::Cut,
    ]);
    let xray = recorder(service.address);
    assert!(!ask(&xray, "/").1);
    has_rules(&xray).await;
    assert_eq!(ask(&xray, "/"), (Some("hot".to_owned()), true));
    assert_eq!((service.rule_calls(), service.violations()), (6, vec![]));
}

async fn faults_of_reports() {
    let service = StandIn::start([rule("hot", &json!({})), default_rule()]).await;
    service.fail_targets([Fault::Hang]);
    let xray = recorder(service.address);
    // It counts if the rules have come by then.
    let before = u64::from(ask(&xray, "/").0.is_some());
    has_rules(&xray).await;
    for _ in 0..7 {
        let _ = ask(&xray, "/");
    }
    let reports = async |count| {
        let there = async || Some(service.reports()).filter(|reports| reports.len() == count);
        until_async("a report", there).await
    };
    let count =
        |reports: &[Vec<Value>]| reports.last().map(|report| report[0]["RequestCount"].clone());
    assert_eq!(count(&reports(1).await), Some(json!(before + 7)));
    let _ = ask(&xray, "/");
    assert_eq!(
        count(&reports(2).await),
        Some(json!(before + 8)),
        "what did not arrive is reported again"
    );
    assert_eq!(service.violations(), [""; 0]);
}

async fn rules_that_change() {
    let service = StandIn::start([rule("hot", &json!({"FixedRate": 1.0})), default_rule()]).await;
    let xray = recorder(service.address);
    let _ = ask(&xray, "/");
    has_rules(&xray).await;
    // Later than the poll, also where the service rounds.
    sleep(Duration::from_secs(1)).await;
    assert_eq!(ask(&xray, "/").0.as_deref(), Some("hot"));
    service.replace_rules([rule("new", &json!({"URLPath": "/new"})), default_rule()]);
    let gone = async || status(&xray, "hot").is_none().then_some(());
    until_async("the rules to change", gone).await;
    assert_eq!(ask(&xray, "/").0.as_deref(), Some("Default"));
    assert_eq!(ask(&xray, "/new").0.as_deref(), Some("new"));
    assert_eq!((service.rule_calls(), service.violations()), (2, vec![]));
}

async fn a_service_that_comes_late() {
    // Bound, so that nobody else gets the port, and closed again at once.
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("a bound socket");
    drop(listener);
    let xray = recorder(address);
    assert!(!ask(&xray, "/").1);
    let failed = async || {
        let service = xray.sampling_status().service.expect("it is asked");
        (service.errors >= 2).then_some(service)
    };
    let service = until_async("two calls in vain", failed).await;
    assert_eq!(xray.sampling_status().source, RuleSource::Fallback);
    assert!(service.last_error.is_some_and(|error| error.contains(&address.to_string())));
    let listener = TcpListener::bind(address).await.expect("the port is still free");
    let stand_in = StandIn::on(listener, [rule("hot", &json!({})), default_rule()]);
    has_rules(&xray).await;
    assert_eq!(stand_in.violations(), [""; 0]);
}

async fn anomalies() {
    let boost = json!({"MaxRate": 1.0, "CooldownWindowMinutes": 1});
    let service =
        StandIn::start([rule("hot", &json!({"SamplingRateBoost": boost})), default_rule()]).await;
    service.target(
        "hot",
        json!({"SamplingBoost": {"BoostRate": 1.0, "BoostRateTTL": 4_000_000_000_u64}}),
    );
    let xray =
        sampling(service.address, CentralizedSampling::new().adaptive(AdaptiveSampling::new()));
    let _ = ask(&xray, "/");
    has_rules(&xray).await;
    for fault in [false, true, true] {
        let work = xray.begin_segment("work");
        work.set_fault(fault);
    }
    let boosted = async || status(&xray, "hot").filter(|status| status.boost == Some(1.0));
    until_async("a boost", boosted).await;
    assert!(ask(&xray, "/").1);
    let told: Vec<_> = service
        .boosts()
        .iter()
        .map(|boost| (boost["TotalCount"].clone(), boost["AnomalyCount"].clone()))
        .collect();
    assert_eq!(told, [(json!(3), json!(2))]);
    assert_eq!(service.violations(), [""; 0]);
}
