//! What becomes of events.

use std::{error::Error, fmt};

use serde_json::{Value, json};
use tracing::{Level, error, info, info_span, instrument, warn};
use tracing_subscriber::filter::LevelFilter;
use xray_core::{Entity, document::HttpRequest};
use xray_tracing::{FieldRule, XRayTracing};

use crate::common::{Rig, bare};

#[derive(Debug)]
struct Refused(std::num::ParseIntError);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the card was refused")
    }
}

impl Error for Refused {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

fn refused() -> Refused {
    Refused("x".parse::<u32>().unwrap_err())
}

/// Type and message of the exceptions, each followed by the one that caused it.
fn exceptions(document: &Value) -> Vec<(String, String)> {
    let exceptions = document["cause"]["exceptions"].as_array().cloned().unwrap_or_default();
    for pair in exceptions.windows(2) {
        assert_eq!(pair[0]["cause"], pair[1]["id"]);
    }
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    exceptions.iter().map(|one| (text(&one["type"]), text(&one["message"]))).collect()
}

fn chain<const N: usize>(expected: [(&str, &str); N]) -> Vec<(String, String)> {
    expected.map(|(kind, message)| (kind.to_owned(), message.to_owned())).to_vec()
}

#[test]
fn errors_are_exceptions_of_what_is_current() {
    let rig = Rig::new();
    let mut line = 0;
    let trees = rig.request(|| {
        info_span!("price").in_scope(|| {
            info!("nothing");
            warn!(error = "not this one", "nothing");
            line = line!() + 1;
            error!(order = 7, "cannot charge");
        });
        info_span!("next").in_scope(|| {});
    });
    assert_eq!(trees.to_string(), "request\n  price (fault)\n  next\n");
    let mut document = bare(trees.get("request/price"));
    document["cause"]["exceptions"][0].as_object_mut().map(|one| one.remove("id"));
    let stack = json!([{"path": file!(), "line": line, "label": module_path!()}]);
    let exception = json!({"type": "Error", "message": "cannot charge", "stack": stack});
    assert_eq!(document, json!({"fault": true, "cause": {"exceptions": [exception]}}));
}

#[test]
fn an_error_value_comes_with_what_caused_it() {
    let rig = Rig::new();
    let trees = rig.request(|| {
        let error = refused();
        let error: &(dyn Error + 'static) = &error;
        info_span!("value").in_scope(|| error!(error));
        info_span!("both").in_scope(|| error!(failure = error, "cannot charge {}", 7));
        info_span!("text").in_scope(|| error!(%error, "cannot charge"));
        info_span!("err").in_scope(|| error!(err = ?error));
        info_span!("nothing").in_scope(|| error!(order = 7));
    });
    let causes =
        [("Refused", "the card was refused"), ("ParseIntError", "invalid digit found in string")];
    assert_eq!(exceptions(trees.get("request/value")), chain(causes));
    let both = chain([("Error", "cannot charge 7"), causes[0], causes[1]]);
    assert_eq!(exceptions(trees.get("request/both")), both);
    let text = chain([("Error", "cannot charge: the card was refused")]);
    assert_eq!(exceptions(trees.get("request/text")), text);
    let debug = chain([("Error", "Refused(ParseIntError { kind: InvalidDigit })")]);
    assert_eq!(exceptions(trees.get("request/err")), debug);
    let nothing = exceptions(trees.get("request/nothing"));
    assert!(nothing[0].1.starts_with("event "), "{nothing:?}");
}

#[instrument(err)]
fn outer() -> Result<(), Refused> {
    inner()?;
    Ok(())
}

#[instrument(err)]
fn inner() -> Result<(), Refused> {
    Err(refused())
}

#[instrument(err(Debug), name = "spawned")]
async fn later() -> Result<(), Refused> {
    tokio::task::yield_now().await;
    Err(refused())
}

#[test]
fn an_error_that_instrument_tells_is_described_once() {
    let rig = Rig::new();
    let trees = rig.request(|| {
        let _ = outer();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let _ = runtime.block_on(later());
    });
    let outline = "request\n  outer (fault)\n    inner (fault)\n  spawned (fault)\n";
    assert_eq!(trees.to_string(), outline);
    let described = trees.get("request/outer/inner");
    assert_eq!(exceptions(described), chain([("Error", "the card was refused")]));
    let id = &described["cause"]["exceptions"][0]["id"];
    assert_eq!(trees.get("request/outer")["cause"], *id, "it is named by its id");
    let debug = chain([("Error", "Refused(ParseIntError { kind: InvalidDigit })")]);
    assert_eq!(exceptions(trees.get("request/spawned")), debug);
}

#[test]
fn an_error_outside_of_spans_belongs_to_the_segment() {
    let rig = Rig::new();
    let trees = rig.request(|| {
        error!("first");
        xray_core::Subsegment::begin("ours").run(|_| error!("second"));
    });
    assert_eq!(trees.to_string(), "request (fault)\n  ours (fault)\n");
    error!("outside of a segment");
    assert_eq!(rig.trees().to_string(), "");
}

#[test]
fn an_answer_that_blames_the_caller_stays_no_fault() {
    let rig = Rig::new();
    let trees = rig.request(|| {
        Entity::current().http(HttpRequest { method: Some("GET"), ..HttpRequest::default() });
        error!("no such order");
        Entity::current().http_response(404);
    });
    assert_eq!(trees.to_string(), "request (error)\n");
}

#[test]
fn an_event_that_names_its_span() {
    let rig = Rig::new();
    let trees = rig.request(|| {
        let one = info_span!("one");
        info_span!("two").in_scope(|| {
            error!(parent: &one, "of one");
            error!(parent: None, "of none");
        });
    });
    assert_eq!(trees.to_string(), "request\n  one (fault)\n  two\n");
}

#[test]
fn which_levels_are_exceptions() {
    let events = || {
        info_span!("info").in_scope(|| info!("a"));
        info_span!("warn").in_scope(|| warn!("b"));
        info_span!("error").in_scope(|| error!("c"));
    };
    let rig = Rig::with(XRayTracing::new().exceptions(Level::WARN));
    let outline = "request\n  info\n  warn (fault)\n  error (fault)\n";
    assert_eq!(rig.request(events).to_string(), outline);
    drop(rig);
    let rig = Rig::with(XRayTracing::new().exceptions(LevelFilter::OFF));
    assert_eq!(rig.request(events).to_string(), "request\n  info\n  warn\n  error\n");
}

fn entries(document: &Value) -> Value {
    let mut entries = document["metadata"]["tracing"]["events"].clone();
    for entry in entries.as_array_mut().into_iter().flatten() {
        let time = entry.as_object_mut().and_then(|entry| entry.remove("time"));
        assert!(time.and_then(|time| time.as_f64()).is_some_and(|time| time > 1.7e9));
    }
    entries
}

#[test]
fn events_are_kept_where_it_is_asked_for() {
    let layer = XRayTracing::new().events(Level::INFO).fields(|name| match name {
        "password" => FieldRule::Ignore,
        _ => FieldRule::ByType,
    });
    let rig = Rig::with(layer);
    let trees = rig.request(|| {
        info!(target: "shop", order = 7, rate = 0.5, paid = true, "asked for the {}", "price");
        tracing::debug!("not this one");
        info_span!("price").in_scope(|| {
            error!(target: "shop", error = %refused(), password = "secret");
            for _ in 0..200 {
                info!(target: "shop", password = 1);
            }
        });
    });
    let asked = json!({
        "level": "INFO", "target": "shop", "message": "asked for the price",
        "fields": {"order": 7, "rate": 0.5, "paid": true},
    });
    assert_eq!(entries(trees.get("request")), json!([asked]));
    let first = json!({
        "level": "ERROR", "target": "shop", "fields": {"error": "the card was refused"},
    });
    let entries = entries(trees.get("request/price"));
    assert_eq!(entries[0], first);
    assert_eq!(entries[99], json!({"level": "INFO", "target": "shop"}));
    assert_eq!(entries.as_array().map(Vec::len), Some(100));
    assert_eq!(rig.xray.stats().dropped_record_full, 101, "what is over is counted");
}

#[test]
fn lines_of_the_log_crate() {
    // Only where it is the process's logger; other tests log nothing.
    tracing_log_init();
    let rig = Rig::with(XRayTracing::new().events(Level::TRACE));
    let trees = rig.request(|| {
        log::error!(target: "old", "from the log crate");
        log::error!(target: "xray_core::record", "of ourselves");
        let ended = xray_core::Subsegment::begin("ended");
        let handle = Entity::clone(&ended);
        ended.end();
        // This makes the SDK log, which must not go round in circles.
        handle.enter().mark();
    });
    assert_eq!(trees.to_string(), "request (fault)\n  ended\n");
    assert_eq!(exceptions(trees.get("request")), chain([("Error", "from the log crate")]));
    let entry = json!({"level": "ERROR", "target": "old", "message": "from the log crate"});
    assert_eq!(entries(trees.get("request")), json!([entry]));
    assert_eq!(trees.get("request/ended").get("metadata"), None);
}

fn tracing_log_init() {
    use tracing_subscriber::util::SubscriberInitExt;
    // Sets the bridge from `log`; the default of the process stays what it is for other tests.
    let _ = tracing_subscriber::registry().try_init();
}

/// Says something with a guard in hand.
trait Mark {
    fn mark(&self);
}

impl Mark for xray_core::Entered {
    fn mark(&self) {
        info!("to an entity that has ended");
    }
}
