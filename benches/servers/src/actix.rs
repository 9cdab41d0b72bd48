use std::{io, net::TcpListener};

use actix_web::{
    App, HttpServer,
    web::{self, ServiceConfig},
};
use opentelemetry_instrumentation_actix_web::RequestTracing;
use xray_actix::XRayMiddleware;

use crate::{HELLO, tracing::Kind};

pub(crate) fn serve(listener: TcpListener, kind: Kind) {
    actix_web::rt::System::new().block_on(run(listener, kind)).expect("a server does not end");
}

/// An app with a middleware is a type of its own.
async fn run(listener: TcpListener, kind: Kind) -> io::Result<()> {
    let plain = || App::new().configure(hello);
    let xray = || App::new().wrap(XRayMiddleware::new()).configure(hello);
    let otel = || App::new().wrap(RequestTracing::new()).configure(hello);
    match kind {
        Kind::Plain => HttpServer::new(plain).workers(1).listen(listener)?.run().await,
        Kind::XRay => HttpServer::new(xray).workers(1).listen(listener)?.run().await,
        Kind::Otel => HttpServer::new(otel).workers(1).listen(listener)?.run().await,
    }
}

fn hello(config: &mut ServiceConfig) {
    config.route("/", web::get().to(async || HELLO));
}
