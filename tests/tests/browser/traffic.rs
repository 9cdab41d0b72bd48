//! Traces of a small shop, recorded by the SDK itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use xray_core::sample::LocalRules;
use xray_core::{Entity, Namespace, Recorder, Segment, Sql, TraceHeader};

/// The service that joins late: not on the map until [`Traffic::late_trace`].
pub(crate) const LATE: &str = "invoices";
/// The query of each `orders` segment.
pub(crate) const DATABASE: &str = "shop@db.internal";
/// Its statement.
pub(crate) const STATEMENT: &str = "SELECT item, price FROM carts WHERE id = ?";
/// What fails in the late service.
pub(crate) const FAILED: &str = "print invoice";
/// How it fails.
pub(crate) const FAILURE: &str = "the printer is out of <b>paper</b>";

const PAUSE: Duration = Duration::from_millis(20);

/// Three services that are busy until this is dropped.
pub(crate) struct Traffic {
    web: Recorder,
    orders: Recorder,
    invoices: Recorder,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Traffic {
    /// Begins to send to this daemon.
    pub(crate) fn start(daemon: std::net::SocketAddr) -> Self {
        let recorder = |service| {
            Recorder::builder(service)
                .daemon(daemon)
                .sampling_rules(LocalRules::everything())
                .build()
                .expect("a good address")
        };
        let mut traffic = Self {
            web: recorder("web"),
            orders: recorder("orders"),
            invoices: recorder(LATE),
            stop: Arc::default(),
            thread: None,
        };
        let (web, orders) = (traffic.web.clone(), traffic.orders.clone());
        let stop = Arc::clone(&traffic.stop);
        traffic.thread = Some(thread::spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                let visit = begin(&web, "/cart", TraceHeader::default());
                call(&visit, &orders, "/carts/7", query);
                visit.http_response(200);
                drop(visit);
                // The pace of the traffic; nothing waits for it.
                thread::sleep(PAUSE);
            }
        }));
        traffic
    }

    /// One trace that leads to the late service, where something fails; returns its id.
    pub(crate) fn late_trace(&self) -> String {
        let visit = begin(&self.web, "/invoice", TraceHeader::default());
        call(&visit, &self.invoices, "/print", |print| {
            query(print);
            let failed = print.subsegment(FAILED);
            failed.record_error(&std::io::Error::other(FAILURE));
        });
        visit.http_response(502);
        visit.trace_id().to_string()
    }
}

impl Drop for Traffic {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn begin(service: &Recorder, path: &str, header: TraceHeader) -> Segment {
    let segment = service.segment(service.service()).header(header).begin();
    segment.http_request("GET", &format!("http://{}.internal{path}", service.service()));
    segment
}

/// A call from one service to another, and what the other does.
fn call(caller: &Entity, callee: &Recorder, path: &str, work: impl FnOnce(&Entity)) {
    let call = caller.subsegment(&format!("{}.internal", callee.service()));
    call.namespace(Namespace::Remote);
    let segment = begin(callee, path, call.trace_header().expect("it is recorded"));
    work(&segment);
    segment.http_response(200);
    drop(segment);
    call.http_response(200);
}

fn query(entity: &Entity) {
    let query = entity.subsegment(DATABASE);
    query.namespace(Namespace::Remote);
    query.sql(Sql {
        database_type: Some("PostgreSQL".into()),
        sanitized_query: Some(STATEMENT.into()),
        ..Sql::default()
    });
}
