/// The trace that cases continue.
pub(crate) const ROOT: &str = "1-5759e988-bd862e3fe1be46a994272793";

/// How the middleware of a case is set up.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Policy {
    Usual,
    RootOnly,
    Ignore,
    NameByHost,
}

/// What leaves: documents without ids, times, SDK and runtime.
#[derive(Debug)]
pub(crate) enum Recorded {
    Nothing,
    Documents(&'static [&'static str]),
}

#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) policy: Policy,
    pub(crate) rules: &'static str,
    /// Request line and fields; the host is `shop.test`.
    pub(crate) request: &'static str,
    /// The client goes away when it has read this; else it reads to the end.
    pub(crate) leave_at: Option<&'static str>,
    /// What the client sees: the status, or `none` where the connection breaks.
    pub(crate) status: &'static str,
    /// `X-Amzn-Trace-Id` of the response; `*` is any new root, empty is none.
    pub(crate) response_header: &'static str,
    /// A part of what the client reads.
    pub(crate) body: &'static str,
    pub(crate) recorded: Recorded,
    /// Seconds that the segment takes at least.
    pub(crate) at_least: f64,
}

const EVERYTHING: &str = r#"{"version": 2, "default": {"fixed_target": 0, "rate": 1}}"#;
const NOTHING: &str = r#"{"version": 2, "default": {"fixed_target": 0, "rate": 0}}"#;

/// A GET that is recorded as a whole and read to its end.
const USUAL: Case = Case {
    name: "",
    policy: Policy::Usual,
    rules: EVERYTHING,
    request: "",
    leave_at: None,
    status: "200",
    response_header: "*",
    body: "",
    recorded: Recorded::Nothing,
    at_least: 0.0,
};

/// A document: the route, the method, the fields of the response, and further fields.
macro_rules! document {
    ($route:literal, $response:literal) => {
        document!("GET", $route, $response, "")
    };
    ($method:literal, $route:literal, $response:literal, $more:literal) => {
        concat!(
            r#"{"name": "shop", "trace_id": "new", "annotations": {"http_route": ""#,
            $route,
            r#""}, "http": {"request": {"method": ""#,
            $method,
            r#"", "url": "http://shop.test"#,
            $route,
            r#"", "client_ip": "127.0.0.1"}, "response": {"#,
            $response,
            "}}",
            $more,
            "}"
        )
    };
}

macro_rules! continued {
    ($more:literal) => {
        concat!(
            r#"{"name": "shop", "trace_id": "1-5759e988-bd862e3fe1be46a994272793", "#,
            $more,
            r#""annotations": {"http_route": "/plain"}, "http": {"request": {"method": "GET",
            "url": "http://shop.test/plain", "client_ip": "127.0.0.1"},
            "response": {"status": 200, "content_length": 5}}}"#
        )
    };
}

pub(crate) const CASES: &[Case] = &[
    // What a response may look like, and when it is over.
    Case {
        name: "GET with an exact length",
        request: "GET /plain HTTP/1.1\nConnection: close",
        body: "hello",
        recorded: Recorded::Documents(&[document!(
            "/plain",
            r#""status": 200, "content_length": 5"#
        )]),
        ..USUAL
    },
    Case {
        name: "HEAD is complete without a body",
        request: "HEAD /plain HTTP/1.1\nConnection: close",
        recorded: Recorded::Documents(&[document!(
            "HEAD",
            "/plain",
            r#""status": 200, "content_length": 5"#,
            ""
        )]),
        ..USUAL
    },
    Case {
        name: "204 is complete without a body",
        request: "GET /empty HTTP/1.1\nConnection: close",
        status: "204",
        recorded: Recorded::Documents(&[document!("/empty", r#""status": 204"#)]),
        ..USUAL
    },
    Case {
        name: "304 is complete without a body",
        request: "GET /unmodified HTTP/1.1\nConnection: close",
        status: "304",
        recorded: Recorded::Documents(&[document!("/unmodified", r#""status": 304"#)]),
        ..USUAL
    },
    Case {
        name: "chunked: the length is what was sent",
        request: "GET /chunked HTTP/1.1\nConnection: close",
        body: "two",
        recorded: Recorded::Documents(&[document!(
            "/chunked",
            r#""status": 200, "content_length": 7"#
        )]),
        ..USUAL
    },
    Case {
        name: "a stream of 300 ms is a segment of 300 ms",
        request: "GET /slow HTTP/1.1\nConnection: close",
        body: "two",
        recorded: Recorded::Documents(&[document!(
            "/slow",
            r#""status": 200, "content_length": 7"#
        )]),
        at_least: 0.3,
        ..USUAL
    },
    Case {
        name: "an event stream ends its segment at the head",
        request: "GET /events HTTP/1.1",
        leave_at: Some("tick"),
        recorded: Recorded::Documents(&[document!(
            "GET",
            "/events",
            r#""status": 200"#,
            r#", "subsegments": [{"name": "response body"}]"#
        )]),
        ..USUAL
    },
    Case {
        name: "an upgrade ends its segment at the head",
        request: "GET /upgrade HTTP/1.1\nConnection: upgrade\nUpgrade: test",
        leave_at: Some("101"),
        status: "101",
        recorded: Recorded::Documents(&[document!("/upgrade", r#""status": 101"#)]),
        ..USUAL
    },
    // How a request may end before its time.
    Case {
        name: "a client that leaves mid-body",
        request: "GET /endless HTTP/1.1",
        leave_at: Some("tick"),
        recorded: Recorded::Documents(&[document!(
            "GET",
            "/endless",
            r#""status": 200"#,
            r#", "error": true, "cause": {"exceptions": [{"type": "ClientDisconnected",
                "message": "the client left before the response was complete"}]}"#
        )]),
        ..USUAL
    },
    Case {
        name: "a body that fails",
        request: "GET /torn HTTP/1.1\nConnection: close",
        body: "one ",
        recorded: Recorded::Documents(&[document!(
            "GET",
            "/torn",
            r#""status": 200, "content_length": 4"#,
            r#", "fault": true, "cause": {"exceptions": [{"message": "the disk is gone"}]}"#
        )]),
        ..USUAL
    },
    Case {
        name: "a panic before the head",
        request: "GET /panic HTTP/1.1\nConnection: close",
        status: "none",
        response_header: "",
        recorded: Recorded::Documents(&[document!(
            "GET",
            "/panic",
            r#""status": 500"#,
            r#", "fault": true, "cause": {"exceptions": [{"type": "panic", "message": "kaboom"}]}"#
        )]),
        ..USUAL
    },
    Case {
        name: "a panic after the head",
        request: "GET /late-panic HTTP/1.1\nConnection: close",
        body: "one ",
        recorded: Recorded::Documents(&[document!(
            "GET",
            "/late-panic",
            r#""status": 500, "content_length": 4"#,
            r#", "fault": true, "cause": {"exceptions": [{"type": "panic", "message": "kaboom"}]}"#
        )]),
        ..USUAL
    },
    // Outcomes.
    Case {
        name: "404 is an error",
        request: "GET /missing HTTP/1.1\nConnection: close",
        status: "404",
        recorded: Recorded::Documents(&[document!(
            "GET",
            "/missing",
            r#""status": 404, "content_length": 0"#,
            r#", "error": true"#
        )]),
        ..USUAL
    },
    Case {
        name: "429 is an error and a throttle",
        request: "GET /limited HTTP/1.1\nConnection: close",
        status: "429",
        recorded: Recorded::Documents(&[document!(
            "GET",
            "/limited",
            r#""status": 429, "content_length": 0"#,
            r#", "error": true, "throttle": true"#
        )]),
        ..USUAL
    },
    Case {
        name: "503 with its error is a fault",
        request: "GET /broken HTTP/1.1\nConnection: close",
        status: "503",
        recorded: Recorded::Documents(&[document!(
            "GET",
            "/broken",
            r#""status": 503, "content_length": 0"#,
            r#", "fault": true, "cause": {"exceptions": [{"message": "the shelf is empty"}]}"#
        )]),
        ..USUAL
    },
    // What is recorded of a request.
    Case {
        name: "query, user agent and the first forwarded address",
        request: "GET /items/7?token=secret HTTP/1.1\nUser-Agent: probe/1\nX-Forwarded-For: 203.0.113.9, 10.0.0.1\nConnection: close",
        body: "item",
        recorded: Recorded::Documents(&[
            r#"{"name": "shop", "trace_id": "new", "annotations": {"http_route": "/items/{id}"},
                "http": {"request": {"method": "GET", "url": "http://shop.test/items/7",
                "user_agent": "probe/1", "client_ip": "203.0.113.9", "x_forwarded_for": true},
                "response": {"status": 200, "content_length": 4}}}"#,
        ]),
        ..USUAL
    },
    Case {
        name: "named by host, behind a proxy that ends TLS",
        policy: Policy::NameByHost,
        request: "GET /plain HTTP/1.1\nX-Forwarded-Proto: https\nConnection: close",
        body: "hello",
        recorded: Recorded::Documents(&[
            r#"{"name": "shop.test", "trace_id": "new", "annotations": {"http_route": "/plain"},
                "http": {"request": {"method": "GET", "url": "https://shop.test/plain",
                "client_ip": "127.0.0.1"}, "response": {"status": 200, "content_length": 5}}}"#,
        ]),
        ..USUAL
    },
    Case {
        name: "the handler annotates its segment from inside a subsegment",
        request: "GET /annotated HTTP/1.1\nConnection: close",
        body: "hello",
        recorded: Recorded::Documents(&[r#"{"name": "shop", "trace_id": "new",
                "annotations": {"http_route": "/annotated", "customer": "gold"},
                "http": {"request": {"method": "GET", "url": "http://shop.test/annotated",
                "client_ip": "127.0.0.1"}, "response": {"status": 200, "content_length": 5}},
                "subsegments": [{"name": "load", "annotations": {"rows": 3}}]}"#]),
        ..USUAL
    },
    Case {
        name: "an ignored path",
        request: "GET /health HTTP/1.1\nConnection: close",
        response_header: "",
        body: "well",
        ..USUAL
    },
    // The caller's header.
    Case {
        name: "a caller's trace is continued",
        request: "GET /plain HTTP/1.1\nX-Amzn-Trace-Id: Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1\nConnection: close",
        rules: NOTHING,
        response_header: "Root=1-5759e988-bd862e3fe1be46a994272793",
        recorded: Recorded::Documents(&[continued!(r#""parent_id": "53995c3f42cd8ad8", "#)]),
        ..USUAL
    },
    Case {
        name: "a load balancer's Root leaves the decision to the rules",
        request: "GET /plain HTTP/1.1\nX-Amzn-Trace-Id: Root=1-5759e988-bd862e3fe1be46a994272793\nConnection: close",
        response_header: "Root=1-5759e988-bd862e3fe1be46a994272793",
        recorded: Recorded::Documents(&[continued!("")]),
        ..USUAL
    },
    Case {
        name: "a caller that asks is told yes",
        request: "GET /plain HTTP/1.1\nX-Amzn-Trace-Id: Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=?\nConnection: close",
        response_header: "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1",
        recorded: Recorded::Documents(&[continued!("")]),
        ..USUAL
    },
    Case {
        name: "a caller that asks is told no",
        request: "GET /plain HTTP/1.1\nX-Amzn-Trace-Id: Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=?\nConnection: close",
        rules: NOTHING,
        response_header: "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0",
        ..USUAL
    },
    Case {
        name: "Sampled=0: nothing leaves, and the calls of the handler say so",
        request: "GET /downstream HTTP/1.1\nX-Amzn-Trace-Id: Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0;Lineage=a:1\nConnection: close",
        response_header: "Root=1-5759e988-bd862e3fe1be46a994272793",
        body: "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0;Lineage=a:1",
        ..USUAL
    },
    Case {
        name: "not sampled and no header: quiet, and the calls carry no trace",
        request: "GET /downstream HTTP/1.1\nConnection: close",
        rules: NOTHING,
        response_header: "",
        body: "Root=1-00000000-000000000000000000000000;Parent=0000000000000000;Sampled=0",
        ..USUAL
    },
    Case {
        name: "a malformed Root begins a new trace",
        request: "GET /plain HTTP/1.1\nX-Amzn-Trace-Id: Root=1-zzz;Parent=53995c3f42cd8ad8;Sampled=0\nConnection: close",
        recorded: Recorded::Documents(&[document!(
            "/plain",
            r#""status": 200, "content_length": 5"#
        )]),
        ..USUAL
    },
    Case {
        name: "RootOnly: a stranger forces nothing",
        policy: Policy::RootOnly,
        rules: NOTHING,
        request: "GET /plain HTTP/1.1\nX-Amzn-Trace-Id: Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1\nConnection: close",
        response_header: "Root=1-5759e988-bd862e3fe1be46a994272793",
        ..USUAL
    },
    Case {
        name: "RootOnly: the trace is kept, the parent and the decision are not",
        policy: Policy::RootOnly,
        request: "GET /plain HTTP/1.1\nX-Amzn-Trace-Id: Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0\nConnection: close",
        response_header: "Root=1-5759e988-bd862e3fe1be46a994272793",
        recorded: Recorded::Documents(&[continued!("")]),
        ..USUAL
    },
    Case {
        name: "Ignore: a stranger forces nothing and names nothing",
        policy: Policy::Ignore,
        rules: NOTHING,
        request: "GET /plain HTTP/1.1\nX-Amzn-Trace-Id: Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1\nConnection: close",
        response_header: "",
        ..USUAL
    },
    Case {
        name: "Ignore: each request is a trace of its own",
        policy: Policy::Ignore,
        request: "GET /plain HTTP/1.1\nX-Amzn-Trace-Id: Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0\nConnection: close",
        recorded: Recorded::Documents(&[document!(
            "/plain",
            r#""status": 200, "content_length": 5"#
        )]),
        ..USUAL
    },
    Case {
        name: "a header that the handler sets stays",
        request: "GET /own-header HTTP/1.1\nConnection: close",
        response_header: "Root=mine",
        recorded: Recorded::Documents(&[document!(
            "/own-header",
            r#""status": 200, "content_length": 5"#
        )]),
        ..USUAL
    },
];
mod w3c;
pub(crate) use w3c::W3C_CASES;
