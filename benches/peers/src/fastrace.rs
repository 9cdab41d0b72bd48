//! `fastrace` with local spans, which its documentation advises for work on one thread, exported by
//! OTLP over HTTP.

use std::{borrow::Cow, net::SocketAddr, time::Duration};

use ::fastrace::{
    collector::Config,
    prelude::{LocalSpan, Span, SpanContext, SpanId, TraceId},
};
use bench_driver::{Contender, Item};
use fastrace_opentelemetry::OpenTelemetryReporter;
use opentelemetry::InstrumentationScope;
use opentelemetry_sdk::Resource;

use crate::{
    SPANS,
    counted::{Count, Counted},
    otel,
};

/// A trace puts four commands into its thread's queue of 10,240, and all may come of one thread.
const ROOM: u64 = 2_000 * SPANS;

/// A queue that is half full is emptied at once, and all of them after this time. With the default of a
/// second, two threads that stop before that would wait for most of it.
const INTERVAL: Duration = Duration::from_millis(10);

pub(crate) struct Fastrace(Count);

pub(crate) fn http(address: SocketAddr) -> Fastrace {
    let count = Count::default();
    let exporter = Counted::new(otel::http_exporter(address), &count);
    let resource = Resource::builder_empty().with_service_name("orders").build();
    let scope = InstrumentationScope::builder("orders").build();
    let reporter = OpenTelemetryReporter::new(exporter, Cow::Owned(resource), scope);
    ::fastrace::set_reporter(reporter, Config::default().report_interval(INTERVAL));
    Fastrace(count)
}

impl Contender for Fastrace {
    type Parent = SpanContext;

    fn parent(&self, item: &Item, sampled: bool) -> SpanContext {
        SpanContext::new(TraceId(item.trace), SpanId(item.parent)).sampled(sampled)
    }

    fn request(&self, parent: &SpanContext, item: &Item) {
        let root = Span::root("orders", *parent).with_properties(|| {
            [
                ("span.kind", Cow::Borrowed("server")),
                ("http.request.method", Cow::Borrowed("GET")),
                ("url.full", Cow::Owned(item.url.clone())),
                ("user_agent.original", Cow::Owned(item.user_agent.clone())),
            ]
        });
        let entered = root.set_local_parent();
        {
            let call = LocalSpan::enter_with_local_parent("payments.example.com");
            let call = call.with_properties(|| {
                [
                    ("span.kind", Cow::Borrowed("client")),
                    ("http.request.method", Cow::Borrowed("POST")),
                    ("url.full", Cow::Owned(item.remote_url.clone())),
                    ("customer", Cow::Owned(item.customer.clone())),
                    ("attempt", Cow::Owned(item.attempt.to_string())),
                ]
            });
            let _call = call.with_property(|| ("http.response.status_code", "201"));
        }
        {
            let _query =
                LocalSpan::enter_with_local_parent("orders@db.internal").with_properties(|| {
                    [
                        ("span.kind", Cow::Borrowed("client")),
                        ("db.system.name", Cow::Borrowed("postgresql")),
                        ("server.address", Cow::Owned(item.database_url.clone())),
                        ("db.user", Cow::Borrowed("orders")),
                        (
                            "db.query.text",
                            Cow::Borrowed("SELECT id, state, total FROM orders WHERE id = $1"),
                        ),
                        ("shard", Cow::Owned(item.shard.clone())),
                        ("rows", Cow::Owned(item.rows.to_string())),
                    ]
                });
        }
        {
            let _render = LocalSpan::enter_with_local_parent("render").with_properties(|| {
                [
                    ("template", Cow::Owned(item.template.clone())),
                    ("cached", Cow::Borrowed(if item.cached { "true" } else { "false" })),
                ]
            });
        }
        drop(entered);
        // By value it costs no message of its own.
        drop(root.with_property(|| ("http.response.status_code", "200")));
    }

    fn waiting(&self, begun: u64) -> u64 {
        self.0.waiting(begun)
    }

    fn room(&self) -> u64 {
        ROOM
    }

    fn flush(&self) {
        ::fastrace::flush();
    }

    fn abandon(&self, begun: u64) {
        self.0.abandon(begun);
    }

    fn lost(&self) -> u64 {
        self.0.failed()
    }
}
