use std::collections::HashMap;

use serde::Serialize;
use serde_json::{Value, json};
use xray_core::{
    Entity, Namespace, SegmentId, Sql,
    document::{Exception, HttpRequest, Link},
};

use crate::support::{logged_of, recorder};

#[test]
fn annotations_that_x_ray_does_not_take_are_left_out() {
    let (xray, wire) = recorder();
    let segment = xray.begin_segment("orders");
    let long = "k".repeat(500);
    for key in ["", "bad-key", "ключ", "a b", "a.b", "a\0", &"k".repeat(501), &"k".repeat(1 << 20)]
    {
        segment.annotate(key, 1);
    }
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        segment.annotate("number", value);
        segment.annotate("number", value as f32);
    }
    segment.annotate(&long, true);
    segment.annotate("text", "é".repeat(1 << 20));
    segment.annotate("empty", "");
    segment.annotate("most", u64::MAX);
    segment.annotate("least", i64::MIN);
    segment.annotate("tiny", f64::MIN_POSITIVE);
    segment.end();
    let annotations = &wire.only()["annotations"];
    assert_eq!(
        *annotations,
        json!({
            (long): true, "text": "é".repeat(1000), "empty": "", "most": u64::MAX,
            "least": i64::MIN, "tiny": f64::MIN_POSITIVE,
        })
    );
}

#[test]
fn more_annotations_than_are_indexed_are_logged_once() {
    let (xray, wire) = recorder();
    let before = logged_of("more than 50 annotations");
    let segment = xray.begin_segment("orders");
    for key in 0..60 {
        segment.annotate(&format!("key_{key}"), key);
        segment.annotate("key_0", 0);
    }
    segment.end();
    assert_eq!(wire.only()["annotations"].as_object().unwrap().len(), 60);
    assert_eq!(logged_of("more than 50 annotations"), before + 1);
}

#[test]
fn metadata_keeps_what_json_can_say() {
    #[derive(Serialize)]
    struct Mixed {
        small: i8,
        beyond_doubles: u64,
        beyond_words: u128,
        below_words: i128,
        nan: f64,
        exact: f64,
        control: &'static str,
        bytes: &'static [u8],
        nothing: Option<()>,
        keys: HashMap<u8, char>,
    }
    let (xray, wire) = recorder();
    let segment = xray.begin_segment("orders");
    let value = Mixed {
        small: -1,
        beyond_doubles: (1 << 53) + 1,
        beyond_words: u128::MAX,
        below_words: i128::MIN,
        nan: f64::NAN,
        exact: 0.1 + 0.2,
        control: "\0\u{1b}\"\\\u{2028}",
        bytes: b"\xff\0",
        nothing: None,
        keys: HashMap::from([(1, 'x')]),
    };
    segment.metadata("mixed", &value);
    segment.metadata("odd keys", HashMap::from([((1, 2), 3)]));
    segment.metadata_in("AWS.mine", "key", 1);
    segment.metadata_in("AWS", "key", 1);
    segment.metadata_in("", "", 1);
    segment.end();
    assert_eq!(
        wire.only()["metadata"],
        json!({
            "default": {
                "mixed": {
                    "small": -1, "beyond_doubles": 9_007_199_254_740_993_u64,
                    "beyond_words": u128::MAX.to_string(), "below_words": i128::MIN.to_string(),
                    "nan": null, "exact": 0.1 + 0.2, "control": "\0\u{1b}\"\\\u{2028}",
                    "bytes": [255, 0], "nothing": null, "keys": {"1": "x"},
                },
                "odd keys": "key must be a string",
            },
            "AWS": {"key": 1},
            "": {"": 1},
        })
    );
}

#[test]
fn a_megabyte_in_any_place_loses_no_segment() {
    let long = "é".repeat(1 << 19);
    let text = || Some(long.as_str().into());
    type Fill<'a> = &'a dyn Fn(&Entity);
    let places: [(&str, Fill<'_>); 17] = [
        ("name", &|segment| segment.subsegment(&long).end()),
        ("annotation", &|segment| segment.annotate("text", &long)),
        ("annotation key", &|segment| segment.annotate(&long, 1)),
        ("metadata", &|segment| segment.metadata("text", &long)),
        ("metadata key", &|segment| segment.metadata(&long, 1)),
        ("metadata namespace", &|segment| segment.metadata_in(&long, "key", 1)),
        ("reserved namespace", &|segment| segment.metadata_in(&format!("AWS.{long}"), &long, 1)),
        ("request", &|segment| segment.http_request(&long, &long)),
        ("caller", &|segment| {
            let (user_agent, client_ip) = (Some(&*long), Some(&*long));
            segment.http(HttpRequest { user_agent, client_ip, ..HttpRequest::default() });
        }),
        ("statement", &|segment| {
            segment.sql(Sql { sanitized_query: text(), url: text(), ..Sql::default() });
        }),
        ("connection", &|segment| {
            segment.sql(Sql {
                connection_string: text(),
                database_type: text(),
                database_version: text(),
                driver_version: text(),
                user: text(),
                preparation: text(),
                ..Sql::default()
            });
        }),
        ("aws", &|segment| segment.aws("queue_url", &*long)),
        ("service", &|segment| segment.service("compiler", &*long)),
        ("user", &|segment| segment.user(&long)),
        ("origin", &|segment| segment.origin(&long)),
        ("arn", &|segment| segment.resource_arn(&long)),
        ("exception", &|segment| {
            let frame =
                Exception::new(long.clone(), long.clone()).frame(long.clone(), 1, long.clone());
            segment.record_exceptions(&vec![frame; 20]);
        }),
    ];
    for (place, fill) in places {
        let (xray, wire) = recorder();
        let segment = xray.begin_segment("orders");
        fill(&segment);
        segment.end();
        assert_eq!(wire.take().len(), 1, "{place}");
        assert_eq!(xray.stats().dropped(), 0, "{place}");
    }
}

#[test]
fn blocks_take_any_value_and_keep_their_own_fields() {
    let (xray, wire) = recorder();
    let segment = xray.begin_segment("orders");
    segment.aws("xray", "not ours");
    segment.aws("deep", deep());
    segment.service("deep", deep());
    segment.service("runtime", "not ours");
    segment.service("version", 7);
    segment.metadata("deep", deep());
    segment.namespace(Namespace::Remote);
    segment.http_response(u16::MAX);
    segment.content_length(u64::MAX);
    segment.end();
    let document = wire.only();
    assert_eq!(document["aws"]["xray"]["sdk"], "X-Ray for Rust");
    assert_eq!(document["service"]["version"], 7);
    let note = "[nested deeper than 32 levels]";
    assert_eq!(document["aws"]["deep"], note);
    assert_eq!(document["service"]["deep"], note);
    assert_eq!(document["metadata"]["default"]["deep"], note);
}

#[test]
fn lists_are_bounded_and_without_doubles() {
    let (xray, wire) = recorder();
    let segment = xray.begin_segment("orders");
    for _ in 0..10_000 {
        let link = Link { trace_id: segment.trace_id(), id: SegmentId::random() };
        segment.link(link);
        segment.link(link);
        segment.precursor(segment.id());
    }
    segment.end();
    let document = wire.only();
    let links = document["links"].as_array().unwrap();
    assert_eq!(links.len(), 100);
    assert!(links.iter().all(|link| links.iter().filter(|other| *other == link).count() == 1));
    assert_eq!(document["precursor_ids"].as_array().unwrap().len(), 1);
}

fn deep() -> Value {
    (0..10_000).fold(Value::Null, |inner, _| Value::Array(vec![inner]))
}
