//! Values of any kind, hostile ones more often than not.

use proptest::{collection::vec, option, prelude::*, sample::select};
use serde_json::Value;
use xray_core::{
    AnnotationValue, SegmentId,
    document::{Exception, Link},
};

const HOSTILE: &[&str] = &[
    "\"",
    "\\",
    "\n",
    "\r",
    "\t",
    "\0",
    "\u{8}",
    "\u{c}",
    "\u{1f}",
    "\u{7f}",
    "\u{85}",
    "é",
    "\u{2028}",
    "\u{2029}",
    "\u{feff}",
    "\u{ffff}",
    "😀",
    "</script>",
    "a",
    " ",
    "/",
];

pub(crate) fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[a-zA-Z0-9 ./:@_-]{0,70}",
        2 => vec(select(HOSTILE), 0..40).prop_map(|parts| parts.concat()),
        1 => any::<String>(),
    ]
}

pub(crate) fn key() -> impl Strategy<Value = String> {
    prop_oneof![4 => select(&["a", "b", "count", "key_4711"][..]).prop_map(str::to_owned), 1 => text()]
}

pub(crate) fn annotation() -> impl Strategy<Value = AnnotationValue<'static>> {
    prop_oneof![
        text().prop_map(AnnotationValue::from),
        any::<i64>().prop_map(AnnotationValue::from),
        (-200_i64..200).prop_map(AnnotationValue::from),
        any::<u64>().prop_map(AnnotationValue::from),
        any::<f64>().prop_map(AnnotationValue::from),
        any::<bool>().prop_map(AnnotationValue::from),
    ]
}

pub(crate) fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((text(), inner), 0..4).prop_map(|pairs| pairs.into_iter().collect()),
        ]
    })
}

pub(crate) fn id() -> impl Strategy<Value = SegmentId> {
    any::<u64>().prop_map(|bits| format!("{bits:016x}").parse().unwrap())
}

pub(crate) fn link() -> impl Strategy<Value = Link> {
    (any::<u32>(), 0..1_u128 << 96, id()).prop_map(|(time, random, id)| Link {
        trace_id: format!("1-{time:08x}-{random:024x}").parse().unwrap(),
        id,
    })
}

pub(crate) fn exceptions() -> impl Strategy<Value = Vec<Exception>> {
    let frames = vec((text(), any::<u32>(), option::of(text())), 0..4);
    let exception =
        (text(), text(), any::<bool>(), frames).prop_map(|(kind, message, remote, frames)| {
            let mut exception = Exception::new(kind, message);
            if remote {
                exception = exception.remote();
            }
            let add = |it: Exception, (path, line, label): (String, u32, Option<String>)| {
                it.frame(path, line, label.unwrap_or_default())
            };
            frames.into_iter().fold(exception, add)
        });
    vec(exception, 1..13).prop_map(|mut chain| {
        for index in 1..chain.len() {
            let cause = chain[index].clone();
            chain[index - 1] = chain[index - 1].clone().caused_by(&cause);
        }
        chain
    })
}
