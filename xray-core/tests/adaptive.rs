//! Adaptive sampling and forced sampling, from a request to what the service hears of it.

use std::{
    error::Error,
    sync::{
        Mutex,
        mpsc::{Receiver, Sender, channel},
    },
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use xray_core::{
    Delivery, Entity, Keep, Recorder, Segment, TraceHeader,
    http::{Exchange, RequestHead, ResponseHead, ServerPolicy},
    sample::{AdaptiveSampling, CentralizedSampling, RuleSource, SamplingApi, SamplingCall},
    testing::MemoryEmitter,
};

/// An account with one rule that may be boosted; it hands over what is reported to it.
struct Account {
    rate: f64,
    boost: Value,
    reports: Sender<Value>,
}

impl SamplingApi for Account {
    fn call(
        &mut self,
        call: SamplingCall,
        body: &[u8],
    ) -> Result<Vec<u8>, Box<dyn Error + Send + Sync>> {
        let answer = match call {
            SamplingCall::Rules => json!({"SamplingRuleRecords": [{"SamplingRule": {
                "RuleName": "hot", "ResourceARN": "*", "Priority": 1, "FixedRate": self.rate,
                "ReservoirSize": 0, "ServiceName": "*", "ServiceType": "*", "Host": "*",
                "HTTPMethod": "*", "URLPath": "*", "Version": 1, "SamplingRateBoost": self.boost,
            }}]}),
            _ => {
                let report: Value = serde_json::from_slice(body)?;
                // The test may have ended.
                let _ = self.reports.send(report["SamplingBoostStatisticsDocuments"].clone());
                json!({})
            }
        };
        Ok(serde_json::to_vec(&answer)?)
    }

    fn address(&self) -> String {
        "an account".to_owned()
    }
}

/// The first report leaves ten seconds after the first decision, so these tests share a run of it: each
/// begins it with a recorder of its own, at the same time.
struct Service {
    xray: Recorder,
    memory: MemoryEmitter,
    reports: Mutex<Receiver<Value>>,
}

fn boost() -> Value {
    json!({"MaxRate": 0.5, "CooldownWindowMinutes": 10})
}

impl Service {
    fn begin(rate: f64, boost: Value, adaptive: AdaptiveSampling, keep: Option<Keep>) -> Self {
        let (sender, reports) = channel();
        let account = Account { rate, boost, reports: sender };
        let memory = MemoryEmitter::new();
        let sampling = CentralizedSampling::new().api(account).adaptive(adaptive);
        let mut builder = Recorder::builder("shop")
            .emitter(memory.clone())
            .delivery(Delivery::Inline)
            .centralized_sampling(sampling);
        if let Some(keep) = keep {
            builder = builder.keep(keep);
        }
        let xray = builder.build().unwrap();
        // A decision by somebody else's name, to begin asking for rules.
        drop(xray.sample(&xray_core::SamplingRequest::default()));
        let deadline = Instant::now() + Duration::from_secs(30);
        while xray.sampling_status().source != RuleSource::Central {
            assert!(Instant::now() < deadline, "{:?}", xray.sampling_status());
            std::thread::yield_now();
        }
        Self { xray, memory, reports: Mutex::new(reports) }
    }

    /// One request of a server.
    fn request(&self, header: Option<&str>, path: &str, handler: impl FnOnce(&mut Exchange)) {
        let request = RequestHead {
            method: "GET",
            path,
            scheme: "http",
            trace_header: header.map(str::as_bytes),
            ..RequestHead::default()
        };
        let mut exchange = Exchange::begin(&self.xray, &ServerPolicy::new(), &request).unwrap();
        handler(&mut exchange);
    }

    fn report(&self) -> Value {
        let reports = self.reports.lock().unwrap();
        let mut report = reports.recv_timeout(Duration::from_secs(30)).expect("a report");
        if let Some(document) = report.get_mut(0) {
            document.as_object_mut().unwrap().remove("Timestamp");
        }
        report
    }
}

fn answers(status: u16) -> impl FnOnce(&mut Exchange) {
    move |exchange| {
        let head = ResponseHead { status, body_ended: true, ..ResponseHead::default() };
        exchange.respond(&head);
    }
}

fn document(total: u64, anomalies: u64, sampled: u64) -> Value {
    json!([{"RuleName": "hot", "ServiceName": "shop", "TotalCount": total,
        "AnomalyCount": anomalies, "SampledAnomalyCount": sampled}])
}

#[test]
fn faults_are_anomalies_whether_sampled_or_not() {
    let unsampled = Service::begin(0.0, boost(), AdaptiveSampling::new(), None);
    let sampled = Service::begin(1.0, boost(), AdaptiveSampling::new(), None);
    let kept =
        Service::begin(0.0, boost(), AdaptiveSampling::new(), Some(Keep::at_most(9).faults()));
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
    let service = Service::begin(0.0, quiet, adaptive, None);
    for (path, status) in [("/", 200), ("/", 500), ("/", 429), ("/pay", 200), ("/panics", 200)] {
        service.request(None, path, answers(status));
    }
    assert_eq!(service.report(), document(5, 2, 0));
    assert_eq!(service.xray.stats().hook_panics, 1);
}

#[test]
fn only_traces_that_are_decided_here_count_and_each_once() {
    let service = Service::begin(0.0, boost(), AdaptiveSampling::new(), None);
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
    // Decided by the code.
    service.xray.segment("work").sampled(false).begin().set_fault(true);
    assert_eq!(service.report(), document(2, 2, 0));
}

fn keeping(keep: Keep) -> (Recorder, MemoryEmitter) {
    let memory = MemoryEmitter::new();
    let builder = Recorder::builder("shop").emitter(memory.clone()).delivery(Delivery::Inline);
    (builder.keep(keep).build().unwrap(), memory)
}

fn unsampled(xray: &Recorder) -> Segment {
    let header = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0";
    xray.segment("shop").header(TraceHeader::parse(header)).begin()
}

#[test]
fn code_may_demand_that_a_segment_is_kept() {
    let (xray, memory) = keeping(Keep::on_demand());
    let segment = unsampled(&xray);
    let call = segment.subsegment("early");
    assert!(call.trace_header().unwrap().to_string().ends_with("Sampled=0"));
    call.annotate("before", true);
    call.end();
    {
        let _entered = segment.enter();
        Entity::current().subsegment("deep").run(|deep| deep.force_sampling());
    }
    let late = segment.subsegment("late");
    assert!(late.trace_header().unwrap().to_string().ends_with("Sampled=1"), "from now on");
    assert_eq!(
        segment.response_header(true).unwrap().to_string(),
        "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1"
    );
    late.end();
    segment.end();

    let documents = memory.take();
    let [document] = &documents[..] else { panic!("{documents:?}") };
    assert_eq!(document["parent_id"], "53995c3f42cd8ad8");
    let names: Vec<_> = document["subsegments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|subsegment| subsegment["name"].clone())
        .collect();
    assert_eq!(names, ["early", "deep", "late"]);
    assert_eq!(document["subsegments"][0]["annotations"]["before"], true);
    assert_eq!(document["aws"]["xray"].get("sampling_rule_name"), None);
    let stats = xray.stats();
    assert_eq!((stats.promoted, stats.unsampled, stats.kept, stats.sampled), (1, 1, 0, 0));
}

#[test]
fn what_code_demands_has_no_cap_and_needs_a_keep() {
    let (xray, memory) = keeping(Keep::at_most(1).faults());
    for _ in 0..20 {
        let segment = unsampled(&xray);
        segment.force_sampling();
        segment.force_sampling();
    }
    unsampled(&xray).end();
    assert_eq!((memory.take().len(), xray.stats().promoted), (20, 20));

    let memory = MemoryEmitter::new();
    let builder = Recorder::builder("shop").emitter(memory.clone()).delivery(Delivery::Inline);
    let xray = builder.build().unwrap();
    unsampled(&xray).force_sampling();
    assert_eq!((memory.take().len(), xray.stats().promoted), (0, 0));
}

#[test]
fn too_late_is_too_late() {
    let (xray, memory) = keeping(Keep::on_demand());
    let segment = unsampled(&xray);
    let entity = Entity::clone(&segment);
    segment.end();
    entity.force_sampling();
    assert_eq!((memory.take().len(), xray.stats().promoted), (0, 0));
}

#[test]
fn the_rule_that_sampled_stands_in_the_document() {
    let service = Service::begin(1.0, json!(null), AdaptiveSampling::new(), None);
    service.request(None, "/", answers(200));
    service.request(Some("Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1"), "/", answers(200));
    let documents = service.memory.take();
    let rules: Vec<_> = documents
        .iter()
        .map(|document| document["aws"]["xray"].get("sampling_rule_name"))
        .collect();
    assert_eq!(rules, [Some(&json!("hot")), None], "only where the rule decided");
}
