//! Golden lines: AWS's own examples, and the mistakes people make.

use super::super::{Filter, parser};

const MUST_PASS: [&str; 26] = [
    "ok",
    "!ok",
    "ok = false",
    "responsetime > 5",
    "duration >= 5 AND duration <= 8",
    "ok !partial duration <3",
    "http.status != 200",
    r#"http.url BEGINSWITH "http://api.example.com/" AND http.url CONTAINS "/v2/" AND !service("api.example.com")"#,
    r#"user CONTAINS """#,
    "annotation.age > 29",
    "!annotation.age",
    r#"annotation[my.dotted.key] = "v""#,
    r#"service("api") { fault = true OR responsetime > 2.5 } AND annotation.account = "12345""#,
    r#"service(id(name: "fn", type: "AWS::Lambda::Function")) { error }"#,
    r#"service(id(account.id: "123456789012"))"#,
    r#"edge("api.example.com", "backend.example.com") { error }"#,
    r#"service("data-plane") {root = true and fault = true}"#,
    r#"rootcause.fault.entity { last and name = "deserialize" }"#,
    "rootcause.responsetime.entity { remote and coverage > 0.7 }",
    r#"rootcause.fault.service { inferred and name = "t" and type = "AWS::DynamoDB" }"#,
    r#"rootcause.json = #[{ "Services": [ { "Name": "A", "EntityPath": [{ "Name": "A" }] } ] }]"#,
    r#"group.name = "high_response_time" AND user = "alice""#,
    // Beyond the list: spelling, white space, the forms a link on the map uses.
    r#"service(id(name:"orders",type:"AWS::EC2::Instance")){responsetime >= 0.1 AND responsetime <= 2e0}"#,
    "ResponseTime>5 and\n\tHTTP.Status=200 Or !Fault",
    "1-5f84c7a5-0123456789abcdef01234567",
    r#"edge(, "db") edge("web") edge() service()"#,
];

/// The text, the byte of the error, and a piece of the message.
const MUST_FAIL: [(&str, usize, &str); 38] = [
    (r#"service("a""#, 11, "expected `)`"),
    ("rootcause.responsetime.exception {first}", 0, "unknown keyword"),
    ("fault AND", 9, "unexpected end of the expression"),
    (r#"duration > "x""#, 11, "expected a number"),
    ("rootcause.fault.exception { last", 32, "expected `}`"),
    ("", 0, "expected a keyword"),
    ("falt", 0, "did you mean `fault`?"),
    ("ok AND respnsetime > 3", 7, "did you mean `responsetime`?"),
    ("http.sttus = 200", 0, "did you mean `http.status`?"),
    ("zzzzzzzzzzzz", 0, "unknown keyword `zzzzzzzzzzzz`"),
    ("ok)", 2, "unexpected `)`"),
    ("(ok", 3, "expected `)`"),
    ("ok = 1", 5, "expected `true` or `false`"),
    ("ok > true", 3, "does not fit"),
    ("responsetime CONTAINS 5", 13, "does not fit"),
    (r#"http.url > "a""#, 9, "does not fit"),
    ("account.id = 123456789012", 13, "expected a value in double quotes"),
    ("duration >", 10, "unexpected end"),
    ("user = \"al", 7, "unclosed string"),
    ("annotation", 10, "`annotation[key]`"),
    ("annotation.a.b = 1", 0, "`annotation[my.key]`"),
    ("annotation. = 1", 0, "letters, digits"),
    ("annotation[a = 1", 16, "unclosed `annotation[`"),
    ("annotation[] = 1", 11, "empty annotation key"),
    ("duration > 1e999", 11, "not a number"),
    ("duration > 3s", 11, "not a number"),
    ("duration > .5", 11, "unexpected character"),
    ("ok § fault", 3, "unexpected character `§`"),
    (r#"service(id(nme: "a"))"#, 11, "did you mean `name`?"),
    (r#"service(id(name: "a", name: "b"))"#, 22, "twice"),
    (r#"service(id())"#, 11, "expected `name:`"),
    (r#"service("a", "b")"#, 11, "expected `)`"),
    (r#"service("a") { service("b") }"#, 15, "cannot stand inside a block"),
    ("service() { first }", 12, "rootcause blocks only"),
    (r#"name = "a""#, 0, "service(){}"),
    ("rootcause.fault.entity { coverage > 0.5 }", 25, "rootcause.responsetime"),
    ("rootcause.json = #[1,", 18, "invalid JSON"),
    ("group.name > \"a\"", 11, "compared with `=`"),
];

#[test]
fn parses_every_example_and_prints_it_back() {
    for text in MUST_PASS {
        let parsed = parser::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let printed = parsed.expr.to_string();
        let again = parser::parse(&printed).unwrap_or_else(|error| panic!("{printed}: {error}"));
        assert_eq!(again.expr, parsed.expr, "{text} was printed as {printed}");
    }
}

#[test]
fn refuses_every_mistake_where_it_stands() {
    for (text, offset, message) in MUST_FAIL {
        let error = parser::parse(text).expect_err(text);
        assert_eq!(error.offset(), offset, "{text}: {error}");
        assert!(error.to_string().contains(message), "{text}: {error}");
    }
}

#[test]
fn prints_the_canonical_form() {
    let cases = [
        ("OK !Partial duration<3", "ok AND !partial AND duration < 3.0"),
        (
            "(ok) or (fault and (error or !(throttle partial)))",
            "ok OR fault AND (error OR !(throttle AND partial))",
        ),
        (r#"annotation["a]b"]"#, r#"annotation["a]b"]"#),
        ("annotation[plain] = traces", r#"annotation.plain = "traces""#),
        (r#"user = "a\"b\\c\d""#, r#"user = "a\"b\\c\\d""#),
        (
            r#"service(id(type:"T",name:"n")){error}"#,
            r#"service(id(name: "n", type: "T")) { error }"#,
        ),
    ];
    for (text, printed) in cases {
        assert_eq!(Filter::parse(text).unwrap().to_string(), printed);
    }
}

#[test]
fn says_what_is_not_supported_yet_and_where() {
    for (text, offset, what) in [
        ("ok AND rootcause.fault.service", 7, "`rootcause` is not supported yet"),
        ("rootcause.json = #[]", 0, "`rootcause` is not supported yet"),
        ("!group.name = \"g\"", 1, "`group` is not supported yet"),
    ] {
        let error = Filter::parse(text).unwrap_err();
        assert!(error.is_unsupported());
        assert_eq!(error.offset(), offset);
        assert!(error.to_string().contains(what), "{error}");
    }
    assert!(!Filter::parse("falt").unwrap_err().is_unsupported());
}

#[test]
fn a_trace_id_is_a_term_in_any_case() {
    let filter = Filter::parse("1-5F84C7A5-0123456789abcdef01234567").unwrap();
    assert_eq!(filter.to_string(), "1-5f84c7a5-0123456789abcdef01234567");
    assert!(Filter::parse("service() { 1-5f84c7a5-0123456789abcdef01234567 }").is_err());
}

#[test]
fn offers_what_could_stand_there() {
    let error = Filter::parse("edge(\"a\" \"b\")").unwrap_err();
    assert_eq!(error.expected_set(), ["`,`", "`)`"]);
    assert_eq!(Filter::parse("servce").unwrap_err().suggestion(), Some("service"));
}
