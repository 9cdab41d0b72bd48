//! A service that gives rules, and a recorder that asks it.

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
    Delivery, Recorder, RecorderBuilder,
    http::{Exchange, RequestHead, ResponseHead, ServerPolicy},
    sample::{CentralizedSampling, RuleSource, SamplingApi, SamplingCall},
    testing::MemoryEmitter,
};

/// An account of AWS; it hands over what is reported to it.
struct Account {
    rules: Vec<Value>,
    /// Ends when the account may answer.
    opens: Receiver<()>,
    reports: Sender<Value>,
}

impl SamplingApi for Account {
    fn call(
        &mut self,
        call: SamplingCall,
        body: &[u8],
    ) -> Result<Vec<u8>, Box<dyn Error + Send + Sync>> {
        // Nothing is ever sent.
        let _ = self.opens.recv();
        let answer = match call {
            SamplingCall::Rules => {
                let record = |rule: &Value| json!({"SamplingRule": rule});
                let records: Vec<_> = self.rules.iter().map(record).collect();
                json!({"SamplingRuleRecords": records})
            }
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

/// A recorder that has the rules of its account. The first report leaves ten seconds after it began.
pub(crate) struct Service {
    pub(crate) xray: Recorder,
    pub(crate) memory: MemoryEmitter,
    reports: Mutex<Receiver<Value>>,
}

impl Service {
    pub(crate) fn begin(
        rules: impl IntoIterator<Item = Value>,
        sampling: CentralizedSampling,
        more: impl FnOnce(RecorderBuilder) -> RecorderBuilder,
    ) -> Self {
        let (sender, reports) = channel();
        let (closed, opens) = channel::<()>();
        let account = Account { rules: rules.into_iter().collect(), opens, reports: sender };
        let memory = MemoryEmitter::new();
        let builder = Recorder::builder("shop")
            .emitter(memory.clone())
            .delivery(Delivery::Inline)
            .centralized_sampling(sampling.api(account));
        let xray = more(builder).build().unwrap();
        assert!(xray.wait_for_environment(Duration::from_secs(30)));
        // The first decision begins to ask for rules, and comes before they do.
        drop(xray.sample(&xray_core::SamplingRequest::default()));
        drop(closed);
        let deadline = Instant::now() + Duration::from_secs(30);
        while xray.sampling_status().source != RuleSource::Central {
            assert!(Instant::now() < deadline, "{:?}", xray.sampling_status());
            std::thread::yield_now();
        }
        Self { xray, memory, reports: Mutex::new(reports) }
    }

    /// One request of a server.
    pub(crate) fn request(
        &self,
        header: Option<&str>,
        path: &str,
        handler: impl FnOnce(&mut Exchange),
    ) {
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

    /// The anomalies of the next report.
    pub(crate) fn report(&self) -> Value {
        let reports = self.reports.lock().unwrap();
        let mut report = reports.recv_timeout(Duration::from_secs(30)).expect("a report");
        if let Some(document) = report.get_mut(0) {
            document.as_object_mut().unwrap().remove("Timestamp");
        }
        report
    }

    /// How many requests each rule has decided.
    pub(crate) fn decided(&self) -> Vec<(String, u64)> {
        let rules = self.xray.sampling_status().rules;
        rules.into_iter().map(|rule| (rule.name, rule.requests)).collect()
    }
}

/// A rule for everything, unless `changes` say otherwise.
pub(crate) fn rule(name: &str, changes: &Value) -> Value {
    let mut rule = json!({
        "RuleName": name, "ResourceARN": "*", "Priority": 1, "FixedRate": 0, "ReservoirSize": 0,
        "ServiceName": "*", "ServiceType": "*", "Host": "*", "HTTPMethod": "*", "URLPath": "*",
        "Version": 1,
    });
    rule.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    rule
}

pub(crate) fn answers(status: u16) -> impl FnOnce(&mut Exchange) {
    move |exchange| {
        let head = ResponseHead { status, body_ended: true, ..ResponseHead::default() };
        exchange.respond(&head);
    }
}
