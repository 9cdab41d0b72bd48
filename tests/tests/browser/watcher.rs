//! The watcher has to notice what it watches for, or a clean report would mean nothing.

use axum::Router;
use axum::http::header::CONTENT_SECURITY_POLICY;
use axum::response::{Html, IntoResponse};
use axum::routing::get;
use xray_tests::{Child, browser_script};

const PAGE: &str = r#"<!doctype html>
<script nonce="1">alert("a dialog"); console.error("an error line"); attacked = true; throw new Error("an exception")</script>
<script>attacked = "refused"</script>
<img src="http://attack.invalid/picture.png">
<img src="/missing.png">"#;

async fn page() -> impl IntoResponse {
    ([(CONTENT_SECURITY_POLICY, "script-src 'nonce-1'")], Html(PAGE))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_watcher_notices_what_it_watches_for() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("loopback");
    let address = listener.local_addr().expect("bound");
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/", get(page))).await });

    let mut command = browser_script("visit.mjs");
    command.arg(format!("http://{address}/"));
    let end = Child::spawn(command).line();

    let problems = end["problems"].to_string();
    for expected in [
        "dialog: a dialog",
        "an error line",
        "an attack ran",
        "page error: Error: an exception",
        "CSP violation: script-src-elem inline",
        "request to http://attack.invalid/picture.png",
        "missing.png",
    ] {
        assert!(problems.contains(expected), "{expected:?} is missing in {problems}");
    }
}
