//! The X-Ray service's side of centralized sampling, as strict as its published model, and as unfriendly as a test
//! wants it.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;

/// What an answer is in place of the right one.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fault {
    Throttled,
    Broken,
    /// No answer for longer than anyone waits.
    Hang,
    Malformed,
    Cut,
    Redirect,
}

/// A running stand-in; it serves for as long as the runtime of the test.
#[derive(Clone)]
pub(super) struct StandIn {
    pub(super) address: SocketAddr,
    state: Arc<Mutex<Account>>,
}

#[derive(Default)]
struct Account {
    rules: Vec<Value>,
    page: usize,
    /// What a report of the rule is answered.
    targets: BTreeMap<String, Value>,
    modified: f64,
    rule_faults: VecDeque<Fault>,
    target_faults: VecDeque<Fault>,
    violations: Vec<String>,
    client: Option<String>,
    rule_calls: usize,
    reports: Vec<Vec<Value>>,
    boosts: Vec<Value>,
}

impl StandIn {
    pub(super) async fn start(rules: impl IntoIterator<Item = Value>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        Self::on(listener, rules)
    }

    pub(super) fn on(listener: TcpListener, rules: impl IntoIterator<Item = Value>) -> Self {
        let address = listener.local_addr().expect("a bound socket");
        let account =
            Account { rules: rules.into_iter().collect(), page: 1_000, ..Account::default() };
        let stand_in = Self { address, state: Arc::new(Mutex::new(account)) };
        let router = Router::new()
            .route("/GetSamplingRules", post(rules_call))
            .route("/SamplingTargets", post(targets_call))
            .fallback(async |State(stand_in): State<Self>, uri: axum::http::Uri| {
                stand_in.violated(format!("a call to {uri}"));
                StatusCode::NOT_FOUND
            })
            .with_state(stand_in.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        stand_in
    }

    /// Rules on a page of an answer.
    pub(super) fn page(&self, rules: usize) {
        self.account().page = rules;
    }

    pub(super) fn replace_rules(&self, rules: impl IntoIterator<Item = Value>) {
        let mut account = self.account();
        account.rules = rules.into_iter().collect();
        account.modified = now();
    }

    pub(super) fn target(&self, rule: &str, target: Value) {
        self.account().targets.insert(rule.to_owned(), target);
    }

    pub(super) fn fail_rules(&self, faults: impl IntoIterator<Item = Fault>) {
        self.account().rule_faults.extend(faults);
    }

    pub(super) fn fail_targets(&self, faults: impl IntoIterator<Item = Fault>) {
        self.account().target_faults.extend(faults);
    }

    pub(super) fn rule_calls(&self) -> usize {
        self.account().rule_calls
    }

    /// The statistics of each report, those that were refused too.
    pub(super) fn reports(&self) -> Vec<Vec<Value>> {
        self.account().reports.clone()
    }

    /// The anomalies that were reported.
    pub(super) fn boosts(&self) -> Vec<Value> {
        self.account().boosts.clone()
    }

    /// What broke the rules of the API.
    pub(super) fn violations(&self) -> Vec<String> {
        self.account().violations.clone()
    }

    fn violated(&self, what: String) {
        self.account().violations.push(what);
    }

    fn account(&self) -> MutexGuard<'_, Account> {
        self.state.lock().expect("no test panics in here")
    }
}

async fn rules_call(State(stand_in): State<StandIn>, headers: HeaderMap, body: Bytes) -> Response {
    let request = stand_in.request(&headers, &body, &["NextToken"]);
    let fault = {
        let mut account = stand_in.account();
        account.rule_calls += 1;
        account.rule_faults.pop_front()
    };
    if let Some(fault) = fault {
        return fault.answer().await;
    }
    let token = request.get("NextToken").cloned().unwrap_or(Value::Null);
    let account = stand_in.account();
    let begin: usize = match &token {
        Value::Null => 0,
        Value::String(token) => token.parse().expect("a token of ours"),
        other => panic!("a token {other}"),
    };
    let end = (begin + account.page).min(account.rules.len());
    let records: Vec<_> = account.rules[begin..end]
        .iter()
        .map(|rule| json!({"SamplingRule": rule, "CreatedAt": 0.0, "ModifiedAt": account.modified}))
        .collect();
    let next = (end < account.rules.len()).then(|| end.to_string());
    axum::Json(json!({"SamplingRuleRecords": records, "NextToken": next})).into_response()
}

async fn targets_call(
    State(stand_in): State<StandIn>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let keys = ["SamplingStatisticsDocuments", "SamplingBoostStatisticsDocuments"];
    let request = stand_in.request(&headers, &body, &keys);
    let documents = stand_in.statistics(&request);
    let fault = {
        let mut account = stand_in.account();
        account.reports.push(documents.clone());
        account.target_faults.pop_front()
    };
    if let Some(fault) = fault {
        return fault.answer().await;
    }
    let account = stand_in.account();
    let known = |document: &Value| {
        account.rules.iter().any(|rule| rule["RuleName"] == document["RuleName"])
    };
    let (known, unknown): (Vec<_>, Vec<_>) = documents.into_iter().partition(known);
    let target = |document: Value| {
        let name = document["RuleName"].as_str().unwrap_or_default();
        let mut target = json!({"RuleName": name, "FixedRate": 0.0});
        let more = account.targets.get(name).and_then(Value::as_object).cloned();
        target.as_object_mut().expect("an object").extend(more.unwrap_or_default());
        target
    };
    let unprocessed = |document: Value| json!({"RuleName": document["RuleName"], "ErrorCode": "404", "Message": "no such rule"});
    axum::Json(json!({
        "SamplingTargetDocuments": known.into_iter().map(target).collect::<Vec<_>>(),
        "LastRuleModification": account.modified,
        "UnprocessedStatistics": unknown.into_iter().map(unprocessed).collect::<Vec<_>>(),
        "UnprocessedBoostStatistics": [],
    }))
    .into_response()
}

impl StandIn {
    /// The body, whatever it breaks being noted.
    fn request(&self, headers: &HeaderMap, body: &[u8], keys: &[&str]) -> Map<String, Value> {
        let header = |name: &str| headers.get(name).map(|value| value.as_bytes().to_vec());
        if header("content-type").as_deref() != Some(b"application/json") {
            self.violated(format!("content-type {:?}", header("content-type")));
        }
        if header("host") != Some(self.address.to_string().into_bytes()) {
            self.violated(format!("host {:?}", header("host")));
        }
        // Calls of the SDK's own are never part of a trace.
        for name in ["x-amzn-trace-id", "traceparent", "authorization"] {
            if headers.contains_key(name) {
                self.violated(format!("a header {name}"));
            }
        }
        let Ok(Value::Object(request)) = serde_json::from_slice(body) else {
            self.violated(format!("no object: {}", String::from_utf8_lossy(body)));
            return Map::new();
        };
        self.only(&request, keys);
        request
    }

    fn statistics(&self, request: &Map<String, Value>) -> Vec<Value> {
        let list = |key: &str| request.get(key).map(|list| list.as_array().cloned());
        let Some(Some(documents)) = list("SamplingStatisticsDocuments") else {
            self.violated("no SamplingStatisticsDocuments".to_owned());
            return Vec::new();
        };
        let boosts = list("SamplingBoostStatisticsDocuments").flatten().unwrap_or_default();
        if documents.is_empty() || documents.len() > 25 || boosts.len() > 25 {
            self.violated(format!("{} and {} documents", documents.len(), boosts.len()));
        }
        let mut names: Vec<_> = documents.iter().map(|document| &document["RuleName"]).collect();
        names.sort_unstable_by_key(|name| name.to_string());
        names.dedup();
        if names.len() != documents.len() {
            self.violated("a rule twice in one call".to_owned());
        }
        for document in &documents {
            self.document(
                document,
                &["RequestCount", "SampledCount", "BorrowCount"],
                &["ClientID"],
            );
            let count = |key: &str| document[key].as_u64().unwrap_or_default();
            let counts = [count("RequestCount"), count("SampledCount"), count("BorrowCount")];
            let boosted = boosts.iter().any(|boost| boost["RuleName"] == document["RuleName"]);
            if (counts[0] == 0 && !boosted) || counts[1] + counts[2] > counts[0] {
                self.violated(format!("counts {counts:?}"));
            }
            self.client(&document["ClientID"]);
        }
        for boost in &boosts {
            let counts = ["TotalCount", "AnomalyCount", "SampledAnomalyCount"];
            self.document(boost, &counts, &["ServiceName"]);
            let count = |key: &str| boost[key].as_u64().unwrap_or_default();
            let falling =
                [count("TotalCount"), count("AnomalyCount"), count("SampledAnomalyCount")];
            if !falling.is_sorted_by(|one, next| one >= next) {
                self.violated(format!("counts {falling:?}"));
            }
            self.account().boosts.push(boost.clone());
        }
        documents
    }

    /// The fields that all documents have, counts, and further texts.
    fn document(&self, document: &Value, counts: &[&str], texts: &[&str]) {
        let Some(fields) = document.as_object() else {
            return self.violated(format!("no document: {document}"));
        };
        self.only(fields, &[&["RuleName", "Timestamp"], counts, texts].concat());
        let name = document["RuleName"].as_str().unwrap_or_default();
        if !(1..=32).contains(&name.len()) {
            self.violated(format!("RuleName {name:?}"));
        }
        for text in texts {
            if !document[*text].as_str().is_some_and(|text| (1..=64).contains(&text.len())) {
                self.violated(format!("{text} {}", document[*text]));
            }
        }
        for count in counts {
            if !document[*count].is_u64() {
                self.violated(format!("{count} {}", document[*count]));
            }
        }
        let at = document["Timestamp"].as_f64().unwrap_or_default();
        if (at - now()).abs() > 5.0 {
            self.violated(format!("Timestamp {}", document["Timestamp"]));
        }
    }

    /// One id for all reports of a process.
    fn client(&self, id: &Value) {
        let text = id.as_str().unwrap_or_default();
        let hex = text.bytes().all(|byte| b"0123456789abcdef".contains(&byte));
        let same = self.account().client.get_or_insert_with(|| text.to_owned()) == text;
        if text.len() != 24 || !hex || !same {
            self.violated(format!("ClientID {id}"));
        }
    }

    fn only(&self, fields: &Map<String, Value>, keys: &[&str]) {
        for key in fields.keys().filter(|key| !keys.contains(&key.as_str())) {
            self.violated(format!("a field {key:?}"));
        }
    }
}

impl Fault {
    async fn answer(self) -> Response {
        let error = |status, kind: &'static str| {
            (status, [("x-amzn-errortype", kind)], r#"{"message":"no"}"#).into_response()
        };
        match self {
            Self::Throttled => error(StatusCode::TOO_MANY_REQUESTS, "ThrottledException"),
            Self::Broken => error(StatusCode::INTERNAL_SERVER_ERROR, "InternalFailure"),
            Self::Malformed => r#"{"SamplingRuleRecords": [{"#.into_response(),
            Self::Redirect => {
                (StatusCode::FOUND, [("location", "http://127.0.0.1:1/")]).into_response()
            }
            Self::Cut => {
                let mut answer = "{}".into_response();
                answer.headers_mut().insert("content-length", 1_000.into());
                answer
            }
            Self::Hang => {
                tokio::time::sleep(Duration::from_secs(60)).await;
                StatusCode::NO_CONTENT.into_response()
            }
        }
    }
}

fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

/// A rule of the service's, for everything unless `changes` say otherwise.
pub(super) fn rule(name: &str, changes: &Value) -> Value {
    let mut rule = json!({
        "RuleName": name, "RuleARN": format!("arn:aws:xray:us-east-1:1:sampling-rule/{name}"),
        "ResourceARN": "*", "Priority": 100, "FixedRate": 0.0, "ReservoirSize": 0, "ServiceName": "*",
        "ServiceType": "*", "Host": "*", "HTTPMethod": "*", "URLPath": "*", "Version": 1, "Attributes": {},
    });
    let changes = changes.as_object().cloned().unwrap_or_default();
    rule.as_object_mut().expect("an object").extend(changes);
    rule
}
