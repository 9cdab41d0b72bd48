//! What becomes of the fields of a span.

use std::fmt;

use serde_json::{Value, json};
use tracing::{field::Empty, info_span};
use xray_core::Entity;
use xray_tracing::{FieldRule, XRayTracing};

use crate::common::{Rig, bare};

/// The only span of a request.
fn span(rig: &Rig, work: impl FnOnce()) -> Value {
    let trees = rig.request(work);
    let outline = trees.to_string();
    let name = outline.lines().nth(1).unwrap_or_default().trim();
    let name = name.split(" (").next().unwrap_or_default();
    bare(trees.get(&format!("request/{name}")))
}

#[derive(Debug)]
struct Cart {
    #[expect(dead_code, reason = "shown by Debug")]
    items: u32,
}

#[test]
fn by_their_type() {
    let rig = Rig::new();
    let document = span(&rig, || {
        let late = info_span!(
            "price",
            customer = "gold",
            attempt = -3_i64,
            rows = u64::MAX,
            share = 0.25,
            cached = true,
            http.route = "/orders/{id}",
            cart = ?Cart { items: 2 },
            total = %12,
            huge = u128::MAX,
            later = Empty,
            never = Empty,
        );
        late.record("later", 7);
    });
    let expected = json!({
        "annotations": {
            "customer": "gold",
            "attempt": -3,
            "rows": u64::MAX,
            "share": 0.25,
            "cached": true,
            "http_route": "/orders/{id}",
            "later": 7,
        },
        "metadata": {"tracing": {
            "cart": "Cart { items: 2 }",
            "total": "12",
            "huge": u128::MAX.to_string(),
        }},
    });
    assert_eq!(document, expected);
}

#[test]
fn by_the_rule_of_the_program() {
    let rig = Rig::with(XRayTracing::new().fields(|name| match name {
        "order" => FieldRule::Annotation,
        "customer" | "attempt" => FieldRule::Metadata,
        "password" => FieldRule::Ignore,
        _ => FieldRule::ByType,
    }));
    let document = span(&rig, || {
        let span = info_span!(
            "price",
            order = %7,
            customer = "gold",
            attempt = 3,
            password = "secret",
            note = "kept",
        );
        span.record("password", 5);
        span.record("password", format_args!("{Unshowable}"));
    });
    let expected = json!({
        "annotations": {"order": "7", "note": "kept"},
        "metadata": {"tracing": {"customer": "gold", "attempt": 3}},
    });
    assert_eq!(document, expected);
}

struct Unshowable;

impl fmt::Display for Unshowable {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("it is not to be looked at")
    }
}

struct Endless;

impl fmt::Display for Endless {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        loop {
            f.write_str("more")?;
        }
    }
}

#[test]
fn hostile_values_are_bounded() {
    let rig = Rig::new();
    let document = span(&rig, || {
        let long = "é".repeat(1_000_000);
        let _span = info_span!(
            "price",
            long = &*long,
            endless = %Endless,
            broken = %Unshowable,
            nan = f64::NAN,
            name_that_is_much_longer_than_any_name_of_a_field_should_be_and_has.dots = 1,
            "ключ" = 2,
        );
    });
    let expected = json!({
        "annotations": {
            "name_that_is_much_longer_than_any_name_of_a_field_should_be_and_has_dots": 1,
            "________": 2,
        },
        "metadata": {"tracing": {
            "long": "é".repeat(4096),
            "endless": "more".repeat(1024),
            "broken": "[the field's Debug or Display panicked]",
        }},
    });
    assert_eq!(document, expected);
}

#[test]
fn words_of_opentelemetry() {
    let rig = Rig::new();
    let trees = rig.request(|| {
        let call = info_span!("call", otel.name = "payments", otel.kind = "client");
        call.record("otel.kind", "internal");
        let (name, status) = (format!("queue {}", 7), "ERROR");
        info_span!("publish", otel.name = %name, otel.kind = ?"Producer", otel.status_code = status)
            .in_scope(|| {});
        let _ = info_span!("served", otel.name = "", otel.kind = "server", otel.status_code = "ok");
    });
    let outline = "request\n  payments (remote)\n  queue 7 (fault)\n  orders\n";
    assert_eq!(trees.to_string(), outline);
    assert_eq!(bare(trees.get("request/payments")), json!({"namespace": "remote"}));
}

#[test]
fn errors_are_exceptions() {
    let rig = Rig::new();
    let document = span(&rig, || {
        let error = "x".parse::<u32>().unwrap_err();
        let _span = info_span!("price", error = &error as &(dyn std::error::Error + 'static));
    });
    assert_eq!(document["fault"], true);
    let exception = &document["cause"]["exceptions"][0];
    assert_eq!(exception["type"], "ParseIntError");
    assert_eq!(exception["message"], "invalid digit found in string");
}

#[test]
fn where_a_span_stands_in_the_code() {
    let rig = Rig::with(XRayTracing::new().code());
    let (mut line, document) = (0, &mut Value::Null);
    *document = span(&rig, || {
        line = line!() + 1;
        let _span = info_span!(target: "shop", "price");
    });
    let code = json!({"target": "shop", "level": "INFO", "file": file!(), "line": line});
    assert_eq!(*document, json!({"metadata": {"tracing": {"code": code}}}));
}

/// A value that records where it is looked at, as an ORM's row may.
struct Records;

impl fmt::Debug for Records {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Entity::current().annotate("looked_at", true);
        f.write_str("a row")
    }
}

#[test]
fn what_is_looked_at_may_record() {
    let rig = Rig::new();
    let trees = rig.request(|| {
        let span = info_span!("read", rows = 1, row = ?Records, table = "orders");
        drop(span);
    });
    let read = bare(trees.get("request/read"));
    let annotations = json!({"rows": 1, "table": "orders"});
    let metadata = json!({"tracing": {"row": "a row"}});
    assert_eq!(read, json!({"annotations": annotations, "metadata": metadata}));
    // The span was not entered yet.
    assert_eq!(trees.get("request")["annotations"], json!({"looked_at": true}));
}

#[test]
fn what_the_log_is_told_of_is_told_once() {
    let rig = Rig::new();
    let document = span(&rig, || {
        let long = "x".repeat(2_000);
        drop(info_span!("price", share = f64::NAN, note = &*long, rows = 1));
    });
    let metadata = json!({"tracing": {"note": "x".repeat(2_000)}});
    assert_eq!(document, json!({"annotations": {"rows": 1}, "metadata": metadata}));
}
