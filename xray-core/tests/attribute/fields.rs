//! `fields`, `skip` and what arguments are recorded as.
#![expect(
    clippy::needless_pass_by_value,
    clippy::too_many_arguments,
    reason = "arguments are what is tested"
)]

use std::{borrow::Cow, collections::BTreeMap, fmt, num::NonZeroU8, sync::Arc};

use serde_json::json;
use xray_core::{AnnotationValue, subsegment};

use crate::support::recorded;

const KEY: &str = "computed";

#[derive(Debug)]
struct Order {
    id: u64,
    lines: Vec<Arc<str>>,
}

#[subsegment(skip(order), fields(
    order.id,
    first = order.lines[0],
    ?order.lines,
    lines = order.lines.len(),
    %weight,
    r#type = Some(express),
    none = None::<u8>,
    "literal" = AnnotationValue::from(-1),
    { KEY } = Cow::Borrowed("yes"),
    debug = ?(weight, express),
    display = %NonZeroU8::MAX,
))]
fn send(order: &Order, weight: f32, express: bool, r#box: char) {}

#[test]
fn fields_are_annotations() {
    let order = Order { id: 7, lines: vec!["tea".into(), "pot".into()] };
    let ((), recorded) = recorded(|| send(&order, 1.5, true, 'x'));
    assert_eq!(
        recorded.get("orders/send"),
        json!({
            "name": "send",
            "annotations": {
                "order_id": 7,
                "first": "tea",
                "order_lines": "[\"tea\", \"pot\"]",
                "lines": 2,
                "weight": "1.5",
                "type": true,
                "literal": -1,
                "computed": "yes",
                "debug": "(1.5, true)",
                "display": "255",
            },
            // What is a field is not an argument as well.
            "metadata": {"default": {"arguments": {"express": true, "box": "'x'"}}},
        })
    );
}

type Alias = u16;

#[subsegment]
fn many(
    text: String,
    alias: Alias,
    float: f64,
    wide: u128,
    option: Option<&str>,
    map: &BTreeMap<u8, bool>,
    order: Order,
    callback: &mut String,
    into: impl Into<String> + fmt::Debug,
) {
}

#[test]
fn arguments_are_values_or_debug() {
    let order = Order { id: 7, lines: Vec::new() };
    let map = BTreeMap::from([(1, true)]);
    let mut text = "mutable".to_owned();
    let ((), recorded) = recorded(|| {
        many("text".into(), 3, f64::NAN, u128::MAX, Some("x"), &map, order, &mut text, "into");
    });
    assert_eq!(
        recorded.get("orders/many")["metadata"]["default"]["arguments"],
        json!({
            "text": "text",
            "alias": 3,
            "float": null,
            "wide": u128::MAX.to_string(),
            "option": "x",
            "map": "{1: true}",
            "order": "Order { id: 7, lines: [] }",
            "callback": "mutable",
            "into": "\"into\"",
        })
    );
}

struct Endless;

impl fmt::Debug for Endless {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (0..u64::MAX).try_for_each(|_| f.write_str("more and "))
    }
}

struct Broken;

impl fmt::Debug for Broken {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("as it always does")
    }
}

#[subsegment(fields(short = ?endless, ?broken))]
fn hostile(endless: Endless, broken: Broken, text: &str, last: Broken) -> usize {
    text.len()
}

#[test]
fn values_without_end_and_values_that_panic_do_no_harm() {
    let text = "é".repeat(1_000_000);
    let (length, recorded) = recorded(|| hostile(Endless, Broken, &text, Broken));
    assert_eq!(length, 2_000_000);
    let panicked = "[the code that shows the value panicked]";
    assert_eq!(
        recorded.get("orders/hostile"),
        json!({
            "name": "hostile",
            "annotations": {
                "short": "more and ".repeat(200).get(..1000),
                "broken": panicked,
            },
            "metadata": {"default": {"arguments": {
                "endless": "more and ".repeat(500).get(..4096),
                "text": "é".repeat(4096),
                "last": panicked,
            }}},
        })
    );
}
