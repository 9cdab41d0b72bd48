//! `err` and `ret`.

use std::{fmt, io};

use serde_json::{Value, json};
use xray_core::subsegment;

use crate::support::{recorded, recorded_in};

#[derive(Debug)]
struct Outer(io::Error);

impl fmt::Display for Outer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("could not pay")
    }
}

impl std::error::Error for Outer {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

fn outer() -> Outer {
    Outer(io::Error::other("the line is dead"))
}

#[subsegment(err)]
fn error() -> Result<(), Outer> {
    Err(outer())
}

#[subsegment(err)]
async fn held() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    Err(outer())?
}

#[subsegment(err)]
fn generic<E: fmt::Display>(error: fn() -> E) -> Result<u32, E> {
    Err(error())
}

#[subsegment(err(Debug))]
fn shown() -> io::Result<()> {
    Err(io::ErrorKind::NotFound.into())
}

#[subsegment]
fn unnoticed() -> Result<(), Outer> {
    Err(outer())
}

#[test]
fn errors_with_their_causes() {
    let ((), recorded) = recorded_in(async {
        error().unwrap_err();
        held().await.unwrap_err();
        generic(|| 'x').unwrap_err();
        shown().unwrap_err();
        unnoticed().unwrap_err();
    });
    assert_eq!(
        recorded.outline(),
        "orders\n  error (fault)\n  held (fault)\n  generic (fault)\n  shown (fault)\n  unnoticed\n"
    );
    let cause = |name: &str| recorded.get(&format!("orders/{name}"))["cause"].clone();
    let line = json!(["std::io::Error", "the line is dead", ""]);
    assert_eq!(
        cause("error"),
        json!([["attribute::outcomes::Outer", "could not pay", "outcomes.rs"], line])
    );
    assert_eq!(cause("held"), json!([["Outer", "could not pay", "outcomes.rs"], line]));
    assert_eq!(cause("generic"), json!([["char", "x", "outcomes.rs"]]));
    assert_eq!(cause("shown"), json!([["std::io::error::Error", "Kind(NotFound)", "outcomes.rs"]]));
}

#[subsegment(ret)]
fn number() -> u32 {
    7
}

#[subsegment(ret(Debug))]
fn text() -> &'static str {
    "seven"
}

#[subsegment(ret(Display))]
async fn display() -> impl fmt::Display {
    '7'
}

#[subsegment(err, ret)]
fn either(good: bool) -> Result<Vec<u8>, &'static str> {
    if good { Ok(vec![7]) } else { Err("bad") }
}

#[subsegment(ret)]
fn both(good: bool) -> Result<u8, &'static str> {
    if good { Ok(7) } else { Err("bad") }
}

#[test]
fn what_is_returned() {
    let returned = |work: fn()| -> Value {
        let ((), recorded) = recorded(work);
        let name = recorded.outline().split_whitespace().nth(1).unwrap().to_owned();
        recorded.get(&format!("orders/{name}"))["metadata"]["default"]["return"].clone()
    };
    assert_eq!(returned(|| _ = number()), 7);
    assert_eq!(returned(|| _ = text()), "\"seven\"");
    assert_eq!(returned(|| _ = either(true)), "[7]");
    assert_eq!(returned(|| _ = either(false)), Value::Null);
    assert_eq!(returned(|| _ = both(true)), "Ok(7)");
    assert_eq!(returned(|| _ = both(false)), "Err(\"bad\")");
    let (_, recorded) = recorded_in(display());
    assert_eq!(recorded.get("orders/display")["metadata"]["default"]["return"], "7");
}
