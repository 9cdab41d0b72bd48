//! Any text at all ends in a tree or an error, soon.

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};

use super::super::{MAX_TEXT, parser};

const PIECES: [&str; 46] = [
    "ok",
    "fault",
    "!",
    "(",
    ")",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "#",
    "AND",
    "or",
    "=",
    "!=",
    "<",
    "<=",
    ">",
    "CONTAINS",
    "endswith",
    "service",
    "edge",
    "id",
    "name",
    "type",
    "account.id",
    "annotation.k",
    "annotation[",
    "annotation",
    "rootcause.fault.entity",
    "rootcause.json",
    "group.name",
    "\"a\"",
    "\"",
    "\\",
    "0.5",
    "-1e9",
    "1e999",
    "true",
    " ",
    "\n",
    "é",
    "\u{202e}",
    "1-5f84c7a5-0123456789abcdef01234567",
    "[{\"Name\":\"A\"}]",
];

fn check(text: &str) {
    match parser::parse(text) {
        Ok(parsed) => {
            let printed = parsed.expr.to_string();
            // The canonical form of a text at the limit may be longer than the limit.
            if printed.len() <= MAX_TEXT {
                let again = parser::parse(&printed)
                    .unwrap_or_else(|error| panic!("{text:?} as {printed:?}: {error}"));
                assert_eq!(again.expr, parsed.expr, "{text:?} as {printed:?}");
            }
        }
        Err(error) => {
            assert!(error.offset() <= text.len(), "{text:?}: {error}");
            assert!(error.to_string().len() < 400, "{text:?}: {error}");
        }
    }
}

#[test]
fn survives_heaps_of_tokens() {
    let mut random = StdRng::seed_from_u64(0x5eed);
    for _ in 0..40_000 {
        let length = random.random_range(0..24);
        let text: String =
            (0..length).flat_map(|_| [*PIECES.choose(&mut random).unwrap_or(&""), " "]).collect();
        check(&text);
        check(&text.replace(' ', ""));
    }
}

#[test]
fn survives_damaged_expressions() {
    const SOUND: [&str; 3] = [
        r#"service(id(name: "fn", type: "AWS::Lambda")) { error OR responsetime > 2.5 } AND !annotation[a.b] = "é""#,
        r#"rootcause.json = #[{ "Services": [ { "Name": "A" } ] }] OR edge("a", "b") { fault }"#,
        r#"(ok !partial) duration <3 OR http.url BEGINSWITH "http://x" group.arn != "g""#,
    ];
    let mut random = StdRng::seed_from_u64(7);
    for _ in 0..40_000 {
        let mut bytes = SOUND.choose(&mut random).unwrap().as_bytes().to_vec();
        for _ in 0..random.random_range(1..4) {
            let at = random.random_range(0..bytes.len());
            match random.random_range(0..3) {
                0 => bytes[at] = random.random(),
                1 => drop(bytes.remove(at)),
                _ => bytes.insert(at, random.random_range(b' '..=b'~')),
            }
        }
        check(&String::from_utf8_lossy(&bytes));
    }
}

#[test]
fn bounds_length_nesting_and_terms() {
    let cases = [
        ("(".repeat(5000), MAX_TEXT, "longer than 4096"),
        ("(".repeat(4000), 32, "deeper than 32"),
        ("!".repeat(4000), 32, "deeper than 32"),
        ("service(){".repeat(400), 10, "cannot stand inside"),
        ("ok ".repeat(300), 256 * 3, "more than 256 terms"),
        (format!("rootcause.json = #{}", "[".repeat(4000)), 18, "invalid JSON"),
    ];
    for (text, offset, message) in cases {
        let error = parser::parse(&text).unwrap_err();
        assert_eq!(error.offset(), offset, "{error}");
        assert!(error.to_string().contains(message), "{error}");
    }
    let deep = format!("{}ok{}", "(".repeat(32), ")".repeat(32));
    assert_eq!(parser::parse(&deep).unwrap().expr.to_string(), "ok");
    parser::parse(&"ok ".repeat(256)).unwrap();
}
