use std::net::{SocketAddr, TcpListener};

use axum::{Router, routing::get};
use opentelemetry_instrumentation_tower::http::server::LayerBuilder;
use xray_tower::XRayLayer;

use crate::{HELLO, tracing::Kind};

pub(crate) fn serve(listener: TcpListener, kind: Kind) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime can be started");
    runtime
        .block_on(async {
            listener.set_nonblocking(true).expect("a socket has two modes");
            let listener =
                tokio::net::TcpListener::from_std(listener).expect("a socket that listens");
            let app = app(kind).into_make_service_with_connect_info::<SocketAddr>();
            axum::serve(listener, app).await
        })
        .expect("a server does not end");
}

fn app(kind: Kind) -> Router {
    let app = Router::new().route("/", get(async || HELLO));
    match kind {
        Kind::Plain => app,
        Kind::XRay => app.layer(XRayLayer::new()),
        Kind::Otel => {
            // It measures as well unless told not to, which would not be the same work.
            let layer = LayerBuilder::builder().with_metrics(false).build();
            app.layer(layer.expect("the layer is in order"))
        }
    }
}
