//! The recorder of the process; no other test installs one.

use crate::support::{only, recorder};
use actix_web::{App, web};
use xray_actix::{XRayMiddleware, xray_core::sample::LocalRules};

#[test]
fn recorder_is_looked_up_at_each_request() {
    let server =
        serve!(App::new().wrap(XRayMiddleware::new()).route("/", web::get().to(async || "ok")));
    let sampled = ["X-Amzn-Trace-Id: Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1"];
    let answer = server.request("GET", "/", &sampled);
    assert_eq!((answer.status(), answer.body(), answer.trace()), ("200", "ok", None));

    let (recorder, memory) = recorder(LocalRules::everything());
    let flush = recorder.install();
    assert!(server.request("GET", "/", &sampled).trace().is_some());
    assert_eq!(only(&memory)["name"], "orders");

    drop(flush);
    assert_eq!(server.request("GET", "/", &sampled).trace(), None);
    assert!(memory.take().is_empty());
}
