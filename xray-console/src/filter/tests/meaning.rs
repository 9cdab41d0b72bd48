//! What an expression says about a trace.

use super::super::{AnnotationRef, EdgeView, EntityView, Filter, Flag, Number, Text, TraceView};

#[derive(Default)]
struct Entity {
    flags: Vec<Flag>,
    numbers: Vec<(Number, f64)>,
    texts: Vec<(Text, &'static str)>,
    annotations: Vec<(&'static str, AnnotationRef<'static>)>,
}

impl EntityView for Entity {
    fn is(&self, flag: Flag) -> bool {
        self.flags.contains(&flag)
    }

    fn number(&self, number: Number) -> Option<f64> {
        let found = self.numbers.iter().find(|(known, _)| *known == number);
        found.map(|(_, value)| *value)
    }

    fn any_text(&self, text: Text, test: &mut dyn FnMut(&str) -> bool) -> bool {
        self.texts.iter().any(|(known, value)| *known == text && test(value))
    }

    fn any_annotation(&self, key: &str, test: &mut dyn FnMut(AnnotationRef<'_>) -> bool) -> bool {
        self.annotations.iter().any(|(known, value)| *known == key && test(*value))
    }
}

struct Trace {
    segments: Vec<Entity>,
    edges: Vec<(usize, usize, Entity)>,
}

impl TraceView for Trace {
    fn id(&self) -> &str {
        "1-5f84c7a5-0123456789abcdef01234567"
    }

    fn root(&self) -> Option<&dyn EntityView> {
        let root = self.segments.iter().find(|segment| segment.is(Flag::Root));
        root.map(|segment| segment as &dyn EntityView)
    }

    fn duration(&self) -> Option<f64> {
        Some(4.0)
    }

    fn any_segment(&self, test: &mut dyn FnMut(&dyn EntityView) -> bool) -> bool {
        self.segments.iter().any(|segment| test(segment))
    }

    fn any_edge(&self, test: &mut dyn FnMut(EdgeView<'_>) -> bool) -> bool {
        self.edges.iter().any(|(from, to, call)| {
            let (from, to) = (&self.segments[*from], &self.segments[*to]);
            test(EdgeView { from, to, call })
        })
    }
}

/// `web` answers 404 after a throttled call to `orders`, which waits for a table.
fn shop() -> Trace {
    let web = Entity {
        flags: vec![Flag::Root, Flag::Error],
        numbers: vec![
            (Number::ResponseTime, 3.0),
            (Number::Duration, 3.0),
            (Number::HttpStatus, 404.0),
        ],
        texts: vec![
            (Text::Name, "web"),
            (Text::HttpUrl, "http://shop.example/v2/cart"),
            (Text::HttpMethod, "GET"),
            (Text::User, "alice"),
        ],
        annotations: vec![("beta", AnnotationRef::Bool(false))],
    };
    let orders = Entity {
        flags: vec![Flag::Error, Flag::Throttle],
        numbers: vec![(Number::ResponseTime, 0.5), (Number::HttpStatus, 429.0)],
        texts: vec![
            (Text::Name, "orders"),
            (Text::Name, "orders.internal"),
            (Text::Type, "AWS::ECS::Container"),
            (Text::AccountId, "123456789012"),
            (Text::User, "bob"),
        ],
        annotations: vec![
            ("age", AnnotationRef::Number(30.0)),
            ("a.b", AnnotationRef::Text("x")),
            ("done", AnnotationRef::Bool(true)),
        ],
    };
    let table = Entity {
        flags: vec![Flag::Inferred, Flag::Partial],
        texts: vec![(Text::Name, "carts"), (Text::Type, "AWS::DynamoDB::Table")],
        ..Entity::default()
    };
    let call = |seconds, flags| Entity {
        flags,
        numbers: vec![(Number::ResponseTime, seconds), (Number::Duration, seconds)],
        ..Entity::default()
    };
    Trace {
        segments: vec![web, orders, table],
        edges: vec![
            (0, 1, call(0.7, vec![Flag::Error, Flag::Throttle])),
            (1, 2, call(0.4, vec![])),
        ],
    }
}

fn check(cases: &[(&str, bool)]) {
    let trace = shop();
    for (text, matches) in cases {
        let filter = Filter::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(filter.matches(&trace), *matches, "{text}");
    }
}

#[test]
fn keywords_at_trace_level() {
    check(&[
        ("ok", false),
        ("!ok", true),
        ("ok = false", true),
        ("ok != true", true),
        ("error", true),
        ("fault", false),
        ("throttle", true),
        ("partial", true),
        ("inferred = true", true),
        ("root", false),
        ("responsetime > 2.9 AND responsetime < 3.1", true),
        ("duration >= 4 duration <= 4", true),
        ("http.status = 404", true),
        ("http.status != 404", false),
        ("http.status", true),
        (r#"http.url BEGINSWITH "http://shop" AND http.url CONTAINS "/v2/""#, true),
        (r#"http.url ENDSWITH "/CART""#, false),
        (r#"http.clientip CONTAINS """#, false),
        ("http.useragent", false),
        (r#"account.id = "123456789012""#, true),
        ("1-5f84c7a5-0123456789ABCDEF01234567", true),
        (r#"traceid BEGINSWITH "1-5f84""#, true),
    ]);
}

#[test]
fn any_value_of_many_matches_and_not_equal_asks_them_all() {
    check(&[
        (r#"user = "bob""#, true),
        (r#"user != "bob""#, false),
        (r#"user != "carol""#, true),
        (r#"user CONTAINS """#, true),
        (r#"resource.arn != "x""#, false),
        ("annotation.age > 29", true),
        ("annotation.age != 30", false),
        ("annotation.age != 31", true),
        (r#"annotation.age > "x""#, false),
        (r#"annotation.age != "x""#, false),
        ("annotation[a.b] = x", true),
        ("annotation.done", true),
        ("annotation.done = true", true),
        ("annotation.done != false", true),
        ("annotation.beta", false),
        ("!annotation.beta", true),
        ("annotation.beta = false", true),
        ("!annotation.nosuch", true),
        ("annotation.age CONTAINS \"\"", false),
    ]);
}

#[test]
fn service_holds_its_block_on_one_segment() {
    check(&[
        (r#"service("web")"#, true),
        (r#"service("orders.internal")"#, true),
        (r#"service("Web")"#, false),
        (r#"service(id(name:"orders",type:"AWS::ECS::Container"))"#, true),
        (r#"service(id(name:"orders",type:"AWS::EC2::Instance"))"#, false),
        (r#"service(id(type:"AWS::DynamoDB::Table")) { inferred AND partial }"#, true),
        (r#"service(id(account.id: "123456789012")) { throttle }"#, true),
        (r#"service("web") { root AND http.status = 404 }"#, true),
        (r#"service("orders") { root }"#, false),
        ("service() { throttle AND responsetime < 1 }", true),
        ("service() { throttle AND responsetime > 1 }", false),
        (r#"service("orders") { annotation.age = 30 AND user = "bob" }"#, true),
        (r#"service("web") { annotation.age }"#, false),
        (r#"service() { name = "carts" AND type CONTAINS "Dynamo" }"#, true),
        (r#"!service("nosuch")"#, true),
    ]);
}

#[test]
fn edge_reads_the_call() {
    check(&[
        (r#"edge("web", "orders")"#, true),
        (r#"edge("orders", "web")"#, false),
        (r#"edge("web", "carts")"#, false),
        (r#"edge("web", "orders") { throttle AND responsetime > 0.6 }"#, true),
        (r#"edge(, "carts") { ok }"#, true),
        (r#"edge("web") { fault }"#, false),
        ("edge() { duration < 0.5 }", true),
        (r#"edge(id(type:"AWS::ECS::Container"), id(name:"carts"))"#, true),
    ]);
}

#[test]
fn precedence_is_not_then_and_then_or() {
    check(&[
        ("fault AND fault OR error", true),
        ("error OR fault AND fault", true),
        ("fault fault OR error", true),
        ("(error OR fault) AND fault", false),
        ("!fault AND error", true),
        ("!(fault OR error)", false),
        ("!!error", true),
    ]);
}
