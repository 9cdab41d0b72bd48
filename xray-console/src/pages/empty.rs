use maud::{Markup, html};

use super::figures::count;
use crate::status::Status;

const AXUM: &str = "\
use axum::{Router, routing::get};
use xray_tower::{Recorder, XRayLayer};

let xray = Recorder::builder(\"orders\").build()?;
let _flush = xray.install(); // sends what waits when `main` ends

let app = Router::new()
    .route(\"/\", get(index))
    .layer(XRayLayer::new());";

const ACTIX: &str = "\
use actix_web::{App, HttpServer, web};
use xray_actix::{Recorder, XRayMiddleware};

let xray = Recorder::builder(\"orders\").build()?;
let _flush = xray.install(); // sends what waits when `main` ends

HttpServer::new(|| {
    App::new()
        .wrap(XRayMiddleware::new())
        .route(\"/\", web::get().to(index))
})";

/// What to do until the first segment comes.
pub(super) fn page(status: &Status, hidden: bool) -> Markup {
    html! {
        section.empty #empty hidden[hidden] {
            div.pulse aria-hidden="true" { span {} span {} span {} }
            h1 { "Waiting for the first trace" }
            p.lead { "Wrap an app in one line and send it a request. It appears here a moment later." }
            @if !status.listening.is_empty() {
                ul.listening {
                    @for entry in &status.listening {
                        li { span.dot {} (entry.what) " " code { (entry.address) } }
                    }
                }
            }
            div.tabs {
                (snippet("axum", "axum", &html! { "In " code { "Cargo.toml" } ": " code { "xray-tower" } " with the feature " code { "axum" } }, AXUM))
                (snippet("actix", "actix-web", &html! { "In " code { "Cargo.toml" } ": " code { "xray-actix" } }, ACTIX))
                (snippet("shell", "shell", &html! { "One segment, without an SDK, from bash" }, &shell(status)))
            }
            p.hint { "By default one request a second and 5 % of the rest are recorded." }
            @if status.rejected_total() > 0 {
                div.warning {
                    p { b { (count(status.rejected_total())) " refused: " } "datagrams arrive, but they hold no document that can be read." }
                    ul {
                        @for rejected in &status.rejected {
                            li { code { (rejected.reason.as_str()) } " × " (count(rejected.count)) ". " (rejected.reason.advice()) }
                        }
                    }
                    p { a href="/status" { "See what was refused" } }
                }
            }
        }
    }
}

/// A tab that needs no script.
fn snippet(key: &str, label: &str, before: &Markup, text: &str) -> Markup {
    html! {
        input type="radio" name="snippet" id={ "snippet-" (key) } checked[key == "axum"];
        label for={ "snippet-" (key) } { (label) }
        div.snippet { p { (before) } pre { code { (text) } } }
    }
}

/// `env printf`, because the builtin flushes at the newline and header and document must leave in one datagram.
fn shell(status: &Status) -> String {
    let udp = status.listening.iter().find(|entry| entry.what.contains("UDP"));
    let address = udp.map_or("127.0.0.1:2000", |entry| &entry.address);
    let (host, port) = address.rsplit_once(':').unwrap_or(("127.0.0.1", "2000"));
    let host = host.trim_matches(['[', ']']);
    format!(
        "env printf '{{\"format\":\"json\",\"version\":1}}\\n'\\\n\
         '{{\"name\":\"hello\",\"id\":\"%016x\",\"trace_id\":\"1-%08x-%024x\",'\\\n\
         '\"start_time\":%s,\"end_time\":%s}}' \\\n  \
         $RANDOM $(date +%s) $RANDOM $(date +%s) $(date +%s).2 >/dev/udp/{host}/{port}"
    )
}
