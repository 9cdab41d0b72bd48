//! What is not recorded allocates nothing. A binary of its own, since the allocator that counts is
//! one of the whole process; it counts by thread.

use std::{
    error::Error,
    hint::black_box,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant, UNIX_EPOCH},
};

use serde_json::json;
use xray_core::{
    Delivery, Namespace, Recorder, SamplingRequest, Sql, TraceHeader,
    document::MAX_DATAGRAM,
    emit::{Emitter, Record},
    http::{Call, CallHead, ClientPolicy, IgnoredCalls, inject},
    sample::{CentralizedSampling, LocalRules, SamplingApi, SamplingCall},
    stats::Counters,
    testing::{MemoryEmitter, TestClock},
};

const RULES: usize = 50;

/// Operations that are counted, of which any may be the one that allocates.
const OPERATIONS: u64 = 1_000;

/// A trace of a caller's that has not decided.
const HEADER: &str = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8";

#[derive(Clone, Copy)]
enum Differ {
    Hosts,
    Paths,
}

/// Rules for a host and a path each, and a request that only the last one is for.
struct Many {
    rules: LocalRules,
    /// The same rules as the X-Ray service gives them.
    records: Vec<u8>,
    host: String,
    path: String,
}

impl Many {
    fn new(differ: Differ, fixed_target: u32, rate: f64) -> Self {
        let host = |index| match differ {
            Differ::Hosts => format!("service-{index:02}.example.com"),
            Differ::Paths => "service.example.com".to_owned(),
        };
        let path = |index| match differ {
            Differ::Hosts => "/orders/".to_owned(),
            Differ::Paths => format!("/orders-{index:02}/"),
        };
        let rule = |index| {
            json!({
                "host": host(index), "http_method": "*", "url_path": format!("{}*", path(index)),
                "fixed_target": fixed_target, "rate": rate,
            })
        };
        let document = json!({
            "version": 2,
            "rules": (0..RULES).map(rule).collect::<Vec<_>>(),
            // The opposite of the rules, so that a request that none of them matches shows.
            "default": {"fixed_target": 0, "rate": if rate < 0.5 { 1 } else { 0 }},
        });
        let record = |index| {
            json!({"SamplingRule": {
                "RuleName": format!("rule {index:02}"), "Priority": index + 1, "Version": 1,
                "Host": host(index), "HTTPMethod": "*", "URLPath": format!("{}*", path(index)),
                "ServiceName": "*", "ServiceType": "*", "ResourceARN": "*",
                "ReservoirSize": fixed_target, "FixedRate": rate,
            }})
        };
        let records: Vec<_> = (0..RULES).map(record).collect();
        Self {
            rules: LocalRules::from_value(&document).unwrap(),
            records: serde_json::to_vec(&json!({"SamplingRuleRecords": records})).unwrap(),
            host: host(RULES - 1),
            path: format!("{}4711", path(RULES - 1)),
        }
    }

    fn request(&self) -> SamplingRequest<'_> {
        SamplingRequest {
            host: Some(&self.host),
            method: Some("GET"),
            path: Some(&self.path),
            ..SamplingRequest::default()
        }
    }
}

fn recorder(rules: &LocalRules) -> Recorder {
    Recorder::builder("orders")
        .emitter(MemoryEmitter::new())
        .sampling_rules(rules.clone())
        .build()
        .unwrap()
}

/// The X-Ray service with these rules, which never grants a quota.
struct Service(Vec<u8>);

impl SamplingApi for Service {
    fn call(
        &mut self,
        call: SamplingCall,
        _: &[u8],
    ) -> Result<Vec<u8>, Box<dyn Error + Send + Sync>> {
        Ok(if call == SamplingCall::Rules { self.0.clone() } else { b"{}".to_vec() })
    }

    fn address(&self) -> String {
        "memory".to_owned()
    }
}

fn nothing_is_sampled() -> LocalRules {
    let rules = json!({"version": 2, "default": {"fixed_target": 0, "rate": 0}});
    LocalRules::from_value(&rules).unwrap()
}

fn decide(xray: &Recorder, many: &Many) {
    let _ = black_box(xray.sample(black_box(&many.request())));
}

#[track_caller]
fn allocates_nothing(mut operation: impl FnMut()) {
    // What a thread sets up once, such as its generator of random numbers, is not part of it.
    operation();
    let info = allocation_counter::measure(|| (0..OPERATIONS).for_each(|_| operation()));
    assert_eq!((info.count_total, info.bytes_total), (0, 0), "in {OPERATIONS} operations");
}

#[test]
fn counts_what_is_allocated() {
    let info = allocation_counter::measure(|| drop(black_box(Box::new(7_u64))));
    assert_eq!((info.count_total, info.bytes_total), (1, 8));
}

#[test]
fn decision_among_many_rules() {
    for differ in [Differ::Hosts, Differ::Paths] {
        for (rate, sampled) in [(0.0, false), (1e-12, false), (1.0 - 1e-12, true), (1.0, true)] {
            let many = Many::new(differ, 0, rate);
            let xray = recorder(&many.rules);
            let segment = xray.segment("orders").request(many.request()).begin();
            assert_eq!(segment.is_sampled(), sampled, "the last rule decides");
            allocates_nothing(|| decide(&xray, &many));
        }
    }
}

#[test]
fn decision_by_rules_of_the_service() {
    for (fixed_target, rate) in [(0, 1e-12), (0, 1.0), (1, 1e-12)] {
        let many = Many::new(Differ::Paths, fixed_target, rate);
        let sampling = CentralizedSampling::new().api(Service(many.records.clone()));
        let xray = Recorder::builder("orders")
            .emitter(MemoryEmitter::new())
            .centralized_sampling(sampling)
            .build()
            .unwrap();
        let deadline = Instant::now() + Duration::from_secs(10);
        while xray.sample(&many.request()).rule() != Some("rule 49") {
            assert!(Instant::now() < deadline, "the rules never came");
            thread::yield_now();
        }
        allocates_nothing(|| decide(&xray, &many));
    }
}

#[test]
fn decision_by_a_reservoir() {
    let many = Many::new(Differ::Hosts, 10, 1e-12);
    let xray = Recorder::builder("orders")
        .emitter(MemoryEmitter::new())
        .sampling_rules(many.rules.clone())
        .clock(&TestClock::at(UNIX_EPOCH + Duration::from_secs(1_700_000_000)))
        .build()
        .unwrap();
    let sampled = || xray.segment("orders").request(many.request()).begin().is_sampled();
    assert!(sampled());
    // Ten are taken, the rest finds none.
    allocates_nothing(|| decide(&xray, &many));
    assert!(!sampled());
}

#[test]
fn request_that_the_rules_do_not_sample() {
    let xray = recorder(&nothing_is_sampled());
    let header = TraceHeader::parse(HEADER);
    let user = "user-4711".to_owned();
    let request = || {
        let segment = xray.segment(black_box("orders")).header(header.clone()).begin();
        for (number, name) in ["payments", "database", "render"].into_iter().enumerate() {
            let subsegment = segment.subsegment(black_box(name));
            subsegment.annotate("user", black_box(&*user));
            subsegment.annotate("number", black_box(number as i64));
        }
        assert!(!segment.is_sampled());
    };
    allocates_nothing(request);
}

#[test]
fn request_whose_caller_decided() {
    let xray = recorder(&LocalRules::everything());
    let header = TraceHeader::parse(&format!("{HEADER};Sampled=0"));
    allocates_nothing(|| {
        let segment = xray.segment(black_box("orders")).header(black_box(&header).clone()).begin();
        assert!(!segment.is_sampled());
    });
}

#[test]
fn call_of_a_request_that_is_not_sampled() {
    let xray = recorder(&nothing_is_sampled());
    let segment = xray.segment("order").begin();
    let policy = ClientPolicy::new().ignore(IgnoredCalls::new().host("*.internal"));
    let head = CallHead {
        method: "GET",
        scheme: "https",
        authority: Some("bob:secret@payments.example:8443"),
        path: "/charge",
    };
    let _entered = segment.enter();
    let headers = allocation_counter::measure(|| {
        inject(&segment, |name, value| _ = black_box((name, value)));
    });
    let call = allocation_counter::measure(|| {
        let call = Call::begin(&policy, &head).unwrap();
        assert!(call.inject(|name, value| _ = black_box((name, value))).is_none());
    });
    assert_eq!(call.count_total, headers.count_total, "more than the texts of its headers");
}

#[test]
fn document_that_is_written() {
    /// Writes each record often, and counts.
    struct Write(Arc<AtomicU64>);

    impl Emitter for Write {
        fn emit(&mut self, records: &[Record], _: &Counters) {
            let mut buffer = Vec::new();
            for record in records {
                let mut bytes = 0;
                let mut write = || {
                    record
                        .write_json(b"{}\n", MAX_DATAGRAM, &mut buffer, |json| bytes += json.len());
                };
                write();
                let info = allocation_counter::measure(|| (0..OPERATIONS).for_each(|_| write()));
                assert!(bytes > 500, "the whole document is written");
                self.0.store(info.count_total, Ordering::Relaxed);
            }
        }
    }

    let count = Arc::new(AtomicU64::new(u64::MAX));
    let xray = Recorder::builder("orders")
        .version("1.2.3")
        .annotation("stage", "production")
        .emitter(Write(Arc::clone(&count)))
        .delivery(Delivery::Inline)
        .sampling_rules(LocalRules::everything())
        .build()
        .unwrap();
    let segment = xray.segment("orders").header(TraceHeader::parse(HEADER)).begin();
    segment.http_request("POST", "https://shop.example.com/orders");
    segment.http_response(200);
    for number in 0..50 {
        let subsegment = segment.subsegment("payments");
        subsegment.namespace(Namespace::Remote);
        subsegment.http_request("POST", "https://payments.example.com/charges");
        subsegment.http_response(201);
        subsegment.annotate("user", "user-4711");
        subsegment.annotate("number", number);
        subsegment.sql(Sql { sanitized_query: Some("SELECT 1".into()), ..Sql::default() });
    }
    segment.end();
    assert_eq!(count.load(Ordering::Relaxed), 0);
}
