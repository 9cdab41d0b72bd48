//! One traced request, as `benches/RESULTS.md` describes it.

use std::{sync::Arc, time::Duration};

use bench_driver::{Contender, Item, Program, Requests};
use xray_core::{Keep, Namespace, Recorder, Sql, TraceHeader, document::HttpRequest};

/// Enough that the worker never rests, and few enough that all is recorded in what was used before.
const ROOM: u64 = 512;

const PATIENCE: Duration = Duration::from_secs(20);

/// Traces the request with this recorder.
pub struct XRay(pub Recorder);

impl XRay {
    /// With the settings of a program that says nothing but where the daemon is.
    #[must_use]
    pub fn new(address: &str) -> Self {
        let builder = Recorder::builder("orders").daemon(address);
        Self(builder.build().expect("the address is in order"))
    }

    fn keeping(address: &str) -> Self {
        let keep = Keep::at_most(5).faults().slower_than(Duration::from_secs(2));
        let builder = Recorder::builder("orders").daemon(address).keep(keep);
        Self(builder.build().expect("the address is in order"))
    }
}

/// Recorded and thrown away at its end, since nothing made it worth keeping.
pub(crate) fn provisional(address: &str) -> Program {
    let (xray, begun) = (Arc::new(XRay::keeping(address)), Arc::default());
    let dropped = Requests::later(&xray, false, false, &begun);
    Program { version: None, works: vec![("provisional".to_owned(), dropped)] }
}

impl Contender for XRay {
    type Parent = TraceHeader;

    fn parent(&self, item: &Item, sampled: bool) -> TraceHeader {
        header(item, sampled)
    }

    fn request(&self, parent: &TraceHeader, item: &Item) {
        let segment = self.0.segment("orders").header(parent.clone()).begin();
        segment.http(HttpRequest {
            method: Some("GET"),
            url: Some(&item.url),
            user_agent: Some(&item.user_agent),
            ..HttpRequest::default()
        });

        let call = segment.subsegment("payments.example.com");
        call.namespace(Namespace::Remote);
        call.http_request("POST", &item.remote_url);
        call.annotate("customer", &*item.customer);
        call.annotate("attempt", item.attempt);
        call.http_response(201);
        call.end();

        let query = segment.subsegment("orders@db.internal");
        query.namespace(Namespace::Remote);
        query.sql(Sql {
            url: Some((&*item.database_url).into()),
            database_type: Some("PostgreSQL".into()),
            user: Some("orders".into()),
            sanitized_query: Some("SELECT id, state, total FROM orders WHERE id = $1".into()),
            ..Sql::default()
        });
        query.annotate("shard", &*item.shard);
        query.annotate("rows", item.rows);
        query.end();

        let render = segment.subsegment("render");
        render.annotate("template", &*item.template);
        render.annotate("cached", item.cached);
        render.end();

        segment.http_response(200);
        segment.end();
    }

    fn waiting(&self, _: u64) -> u64 {
        self.0.stats().queued
    }

    fn room(&self) -> u64 {
        ROOM
    }

    fn flush(&self) {
        self.0.flush(PATIENCE);
    }

    /// A recorder that cannot send says so by itself.
    fn abandon(&self, _: u64) {}

    fn lost(&self) -> u64 {
        self.0.stats().dropped()
    }
}

/// What a caller of ours sent, parsed.
pub(crate) fn header(item: &Item, sampled: bool) -> TraceHeader {
    let (time, unique) = ((item.trace >> 96) as u32, item.trace & ((1 << 96) - 1));
    let (parent, sampled) = (item.parent, u8::from(sampled));
    TraceHeader::parse(&format!(
        "Root=1-{time:08x}-{unique:024x};Parent={parent:016x};Sampled={sampled}"
    ))
}
