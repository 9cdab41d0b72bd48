//! The tracing header, in and out.

use crate::support::{DEADLINE, only, recorder, recording};
use actix_web::{App, HttpResponse, web};
use xray_actix::{Entity, Incoming, XRayMiddleware, xray_core::sample::LocalRules};

const ROOT: &str = "Root=1-5759e988-bd862e3fe1be46a994272793";

fn nothing() -> LocalRules {
    r#"{"version":2,"default":{"fixed_target":0,"rate":0},"rules":[]}"#.parse().unwrap()
}

#[test]
fn sampled_request_is_answered_with_its_root() {
    let (xray, memory) = recording();
    let server = serve!(App::new().wrap(xray.clone()).default_service(web::to(async || "")));
    let answered = |header: &str| {
        let answer = server.request("GET", "/", &[header]);
        (answer.trace().unwrap().to_owned(), only(&memory))
    };
    let (header, document) = answered("Accept: */*");
    assert_eq!(header, format!("Root={}", document["trace_id"].as_str().unwrap()));

    let (header, document) =
        answered(&format!("X-Amzn-Trace-Id: {ROOT};Parent=53995c3f42cd8ad8;Sampled=1"));
    assert_eq!(header, ROOT);
    assert_eq!(document["trace_id"], ROOT[5..]);
    assert_eq!(document["parent_id"], "53995c3f42cd8ad8");

    let (header, _) = answered(&format!("X-Amzn-Trace-Id: {ROOT};Sampled=?"));
    assert_eq!(header, format!("{ROOT};Sampled=1"));

    let (header, _) = answered("X-Amzn-Trace-Id: Root=\u{ff}");
    assert!(header.starts_with("Root=1-"));
}

#[test]
fn sampled_0_passes_the_same_root_on() {
    async fn handler() -> String {
        Entity::current().trace_header().unwrap().to_string()
    }
    let (recorder, memory) = recorder(LocalRules::everything());
    let xray = XRayMiddleware::with(recorder.clone());
    let server = serve!(App::new().wrap(xray.clone()).route("/", web::get().to(handler)));
    let header = format!("{ROOT};Parent=53995c3f42cd8ad8;Sampled=0");
    let answer = server.request("GET", "/", &[&format!("X-Amzn-Trace-Id: {header}")]);
    assert_eq!(answer.body(), header, "the header of a call that the handler makes");
    assert_eq!(answer.trace(), Some(ROOT));
    assert!(recorder.flush(DEADLINE));
    assert!(memory.take().is_empty());
    assert_eq!((recorder.stats().sampled, recorder.stats().unsampled), (0, 1));
}

#[test]
fn unsampled_request_of_its_own_is_answered_quietly() {
    let (recorder, memory) = recorder(nothing());
    let xray = XRayMiddleware::with(recorder.clone());
    let server = serve!(App::new().wrap(xray.clone()).default_service(web::to(async || "")));
    assert_eq!(server.get("/").trace(), None);
    let asking = format!("X-Amzn-Trace-Id: {ROOT};Sampled=?");
    assert_eq!(
        server.request("GET", "/", &[&asking]).trace(),
        Some(format!("{ROOT};Sampled=0").as_str()),
    );
    assert!(recorder.flush(DEADLINE));
    assert!(memory.take().is_empty());
}

#[test]
fn header_of_the_handler_stays() {
    async fn handler() -> HttpResponse {
        HttpResponse::Ok().insert_header(("X-Amzn-Trace-Id", "mine")).finish()
    }
    let (xray, memory) = recording();
    let server = serve!(App::new().wrap(xray.clone()).route("/", web::get().to(handler)));
    let answer = server.get("/");
    assert_eq!(answer.trace(), Some("mine"));
    assert_eq!(answer.0.to_lowercase().matches("x-amzn-trace-id").count(), 1);
    assert_eq!(only(&memory)["http"]["response"]["status"], 200);
}

#[test]
fn stranger_cannot_force_recording() {
    for incoming in [Incoming::RootOnly, Incoming::Ignore] {
        let (recorder, memory) = recorder(nothing());
        let xray = XRayMiddleware::with(recorder.clone()).incoming(incoming);
        let server = serve!(App::new().wrap(xray.clone()).default_service(web::to(async || "")));
        let forcing = format!("X-Amzn-Trace-Id: {ROOT};Sampled=1");
        let answer = server.request("GET", "/", &[&forcing]);
        assert_eq!(answer.trace(), (incoming == Incoming::RootOnly).then_some(ROOT));
        assert!(recorder.flush(DEADLINE));
        assert!(memory.take().is_empty());
    }
}

#[test]
fn cap_on_forced_samples_holds_for_all_workers() {
    let (recorder, _memory) = recorder(nothing());
    let xray = XRayMiddleware::with(recorder.clone()).forced_per_second(0);
    let server = serve!(App::new().wrap(xray.clone()).default_service(web::to(async || "")));
    server.request("GET", "/", &[&format!("X-Amzn-Trace-Id: {ROOT};Sampled=1")]);
    assert!(recorder.flush(DEADLINE));
    assert_eq!((recorder.stats().sampled, recorder.stats().unsampled), (0, 1));
}
