use maud::{Markup, html};

use super::figures::count;
use crate::status::Status;

const AXUM: &str = "\
let xray = Recorder::builder(\"orders\").build()?;
let _flush = xray.install();

let app = Router::new()
    .route(\"/\", get(index))
    .layer(XRayLayer::new());";

const ACTIX: &str = "\
let xray = Recorder::builder(\"orders\").build()?;
let _flush = xray.install();

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
                @for (key, label, text) in [("axum", "axum", AXUM.to_owned()), ("actix", "actix-web", ACTIX.to_owned()), ("shell", "shell", shell(status))] {
                    input type="radio" name="snippet" id={ "snippet-" (key) } checked[key == "axum"];
                    label for={ "snippet-" (key) } { (label) }
                    pre { code { (text) } }
                }
            }
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

/// `env printf`, because the builtin flushes at the newline and header and document must leave in one datagram.
fn shell(status: &Status) -> String {
    let udp = status.listening.iter().find(|entry| entry.what.contains("UDP"));
    let address = udp.map_or("127.0.0.1:2000", |entry| &entry.address);
    let (host, port) = address.rsplit_once(':').unwrap_or(("127.0.0.1", "2000"));
    let host = host.trim_matches(['[', ']']);
    format!(
        "env printf '{{\"format\":\"json\",\"version\":1}}\\n{{\"name\":\"hello\",\"id\":\"%016x\",\"trace_id\":\"1-%08x-%024x\",\"start_time\":%s,\"end_time\":%s}}' \\\n  \
         $RANDOM $(date +%s) $RANDOM $(date +%s) $(date +%s).2 >/dev/udp/{host}/{port}     # bash"
    )
}
