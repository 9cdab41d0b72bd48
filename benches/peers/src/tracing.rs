//! `tracing` spans through `tracing-opentelemetry`, exported by OTLP over HTTP.

use std::net::SocketAddr;

use ::tracing::{field::Empty, info_span};
use bench_driver::{Contender, Item, spans};
use opentelemetry::{
    Context,
    trace::{SpanContext, TraceContextExt},
};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::{Registry, layer::SubscriberExt};

use crate::otel::{self, Otel};

/// The subscriber is the process's, so this has no more than the pipeline behind it.
pub(crate) struct Tracing(Otel);

pub(crate) fn http(address: SocketAddr) -> Tracing {
    let otel = otel::http(address);
    let layer = tracing_opentelemetry::layer().with_tracer(otel.tracer().clone());
    ::tracing::subscriber::set_global_default(Registry::default().with(layer))
        .expect("no other subscriber is set");
    Tracing(otel)
}

impl Contender for Tracing {
    type Parent = SpanContext;

    fn parent(&self, item: &Item, sampled: bool) -> SpanContext {
        otel::parent(item, sampled)
    }

    fn request(&self, parent: &SpanContext, item: &Item) {
        let root = info_span!(
            "orders",
            otel.kind = "server",
            http.request.method = "GET",
            url.full = &*item.url,
            user_agent.original = &*item.user_agent,
            http.response.status_code = Empty,
        );
        // It fails only for a span that has begun.
        let _ = root.set_parent(Context::new().with_remote_span_context(parent.clone()));
        let entered = root.enter();

        spans::calls(item);

        root.record("http.response.status_code", 200);
        drop(entered);
    }

    fn waiting(&self, begun: u64) -> u64 {
        self.0.waiting(begun)
    }

    fn room(&self) -> u64 {
        self.0.room()
    }

    fn flush(&self) {
        self.0.flush();
    }

    fn abandon(&self, begun: u64) {
        self.0.abandon(begun);
    }

    fn lost(&self) -> u64 {
        self.0.lost()
    }
}
