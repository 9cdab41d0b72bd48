use crate::Read;

#[derive(Clone, Copy, Debug)]
pub(crate) enum Setup {
    Usual,
    Named,
    Traced,
    TracedElsewhere,
    BodyEnd,
    Ignore,
}

/// What is current where the call is made.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Inside {
    Nothing,
    Sampled,
    /// A segment that continues the trace of this `X-Amzn-Trace-Id`.
    Caller(&'static str),
    /// A segment that continues the trace of this `traceparent` and `tracestate`.
    W3c(&'static str, &'static str),
}

/// What clients differ in: tower, reqwest, awc.
type Columns<T> = [T; 3];

#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) setup: Setup,
    pub(crate) inside: Inside,
    pub(crate) method: &'static str,
    /// `{server}` is the server's address.
    pub(crate) url: &'static str,
    pub(crate) headers: &'static [(&'static str, &'static str)],
    pub(crate) read: Read,
    /// What the caller gets.
    answer: &'static str,
    /// What a client, by its nature, gives in place of that.
    other_answers: &'static [(usize, &'static str)],
    /// What the server sees of each request: method, target, the headers of a trace. `{root}` and `{hex}`
    /// are the trace's id, `{0}` that of the first subsegment.
    pub(crate) seen: &'static [&'static str],
    /// The subsegments, without ids and times; a `cause` is what its text holds, by client.
    recorded: &'static [&'static str],
    /// What a client, by its nature, records in place of that.
    other_recorded: &'static [(usize, &'static [&'static str])],
    pub(crate) causes: Columns<&'static [&'static str]>,
}

impl Case {
    pub(crate) fn answers(&self, column: usize) -> &'static str {
        other(self.other_answers, column).unwrap_or(self.answer)
    }

    pub(crate) fn recorded(&self, column: usize) -> &'static [&'static str] {
        other(self.other_recorded, column).unwrap_or(self.recorded)
    }
}

fn other<T: Copy>(others: &[(usize, T)], column: usize) -> Option<T> {
    others.iter().find(|(of, _)| *of == column).map(|(_, other)| *other)
}

const REQWEST: usize = 1;
const AWC: usize = 2;

/// A subsegment: the path, the fields of the response, and further fields.
macro_rules! call {
    ($path:literal, $response:literal) => {
        call!("GET", $path, $response, "")
    };
    ($method:literal, $path:literal, $response:literal, $more:literal) => {
        concat!(
            r#"{"name": "127.0.0.1", "namespace": "remote", "http": {"request": {"method": ""#,
            $method,
            r#"", "url": "http://{server}/"#,
            $path,
            r#""}, "response": {"#,
            $response,
            "}}",
            $more,
            "}"
        )
    };
}

/// A call that brings no answer: its path and further fields.
macro_rules! unanswered {
    ($path:literal, $more:literal) => {
        concat!(
            r#"{"name": "127.0.0.1", "namespace": "remote", "http": {"request": {"method": "GET",
            "url": "http://{server}/"#,
            $path,
            r#""}}, "#,
            $more,
            "}"
        )
    };
}

macro_rules! seen {
    ($line:literal, $id:literal) => {
        concat!($line, " Root={root};Parent=", $id, ";Sampled=1 00-{hex}-", $id, "-01 -")
    };
}

/// A GET in a segment that is recorded, read to its end.
const USUAL: Case = Case {
    name: "",
    setup: Setup::Usual,
    inside: Inside::Sampled,
    method: "GET",
    url: "http://{server}/plain",
    headers: &[],
    read: Read::Whole,
    answer: "200 hello",
    other_answers: &[],
    seen: &[PLAIN_SEEN],
    recorded: &[PLAIN],
    other_recorded: &[],
    causes: [&[], &[], &[]],
};

const PLAIN: &str = call!("plain", r#""status": 200, "content_length": 5"#);
const PLAIN_SEEN: &str = seen!("GET /plain", "{0}");

pub(crate) const CASES: &[Case] = &[
    Case { name: "a call is a subsegment, and the trace goes on", ..USUAL },
    Case {
        name: "user, password, query and fragment are not recorded",
        url: "http://bob:secret@{server}/plain?token=secret",
        seen: &[seen!("GET /plain?token=secret", "{0}")],
        ..USUAL
    },
    Case {
        name: "what is no UTF-8 is recorded as it was written",
        url: "http://{server}/%FF%FE",
        answer: "404 ",
        seen: &[seen!("GET /%FF%FE", "{0}")],
        recorded: &[call!(
            "GET",
            "%FF%FE",
            r#""status": 404, "content_length": 0"#,
            r#", "error": true"#
        )],
        ..USUAL
    },
    Case {
        name: "a status of 429 is a throttle",
        url: "http://{server}/limited",
        answer: "429 ",
        seen: &[seen!("GET /limited", "{0}")],
        recorded: &[call!(
            "GET",
            "limited",
            r#""status": 429, "content_length": 0"#,
            r#", "error": true, "throttle": true"#
        )],
        ..USUAL
    },
    Case {
        name: "a status of 503 is a fault, and no exception",
        url: "http://{server}/broken",
        answer: "503 ",
        seen: &[seen!("GET /broken", "{0}")],
        recorded: &[call!(
            "GET",
            "broken",
            r#""status": 503, "content_length": 0"#,
            r#", "fault": true"#
        )],
        ..USUAL
    },
    Case {
        name: "a status without a body",
        url: "http://{server}/empty",
        answer: "204 ",
        seen: &[seen!("GET /empty", "{0}")],
        recorded: &[call!("empty", r#""status": 204"#)],
        ..USUAL
    },
    Case {
        name: "HEAD announces a length and has none",
        method: "HEAD",
        setup: Setup::BodyEnd,
        answer: "200 ",
        seen: &[seen!("HEAD /plain", "{0}")],
        recorded: &[call!("HEAD", "plain", r#""status": 200, "content_length": 5"#, "")],
        ..USUAL
    },
    Case {
        name: "a body without a length, when the call ends at the head",
        url: "http://{server}/chunked",
        answer: "200 one two",
        seen: &[seen!("GET /chunked", "{0}")],
        recorded: &[call!("chunked", r#""status": 200"#)],
        ..USUAL
    },
    Case {
        name: "a fixed name",
        setup: Setup::Named,
        recorded: &[r#"{"name": "payments", "namespace": "remote", "http": {
            "request": {"method": "GET", "url": "http://{server}/plain"},
            "response": {"status": 200, "content_length": 5}}}"#],
        ..USUAL
    },
    Case {
        name: "a service that is known to trace",
        setup: Setup::Traced,
        recorded: &[r#"{"name": "127.0.0.1", "namespace": "remote", "http": {
            "request": {"method": "GET", "url": "http://{server}/plain", "traced": true},
            "response": {"status": 200, "content_length": 5}}}"#],
        ..USUAL
    },
    Case {
        name: "a service that is not among those known to trace",
        setup: Setup::TracedElsewhere,
        ..USUAL
    },
    Case {
        name: "an ignored call goes through untouched",
        setup: Setup::Ignore,
        headers: &[("x-amzn-trace-id", "mine")],
        seen: &["GET /plain mine - -"],
        recorded: &[],
        ..USUAL
    },
    Case {
        name: "the sampling calls of X-Ray are ignored",
        method: "POST",
        url: "http://{server}/SamplingTargets",
        answer: "404 ",
        seen: &["POST /SamplingTargets - - -"],
        recorded: &[],
        ..USUAL
    },
    Case {
        name: "outside of a segment a call goes through untouched",
        inside: Inside::Nothing,
        headers: &[("x-amzn-trace-id", "mine"), ("tracestate", "a=b")],
        seen: &["GET /plain mine - a=b"],
        recorded: &[],
        ..USUAL
    },
    Case {
        name: "not sampled: the header says so, and nothing leaves",
        inside: Inside::Caller(
            "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0;Lineage=a:1",
        ),
        seen: &[
            "GET /plain Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0;Lineage=a:1 \
                 00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-00 -",
        ],
        recorded: &[],
        ..USUAL
    },
    Case {
        name: "not sampled: an error goes through",
        inside: Inside::Caller(
            "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0",
        ),
        url: "http://127.0.0.1:1/",
        answer: "error",
        seen: &[],
        recorded: &[],
        ..USUAL
    },
    Case {
        name: "fields of the caller go on, and stale headers do not",
        inside: Inside::Caller(
            "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1;Self=1-2-3;Lineage=10:1234abcd:3",
        ),
        headers: &[
            (
                "X-Amzn-Trace-Id",
                "Root=1-00000000-0123456789abcdef01234567;Parent=0123456789abcdef;Sampled=0",
            ),
            ("traceparent", "00-000000000123456789abcdef01234567-0123456789abcdef-00"),
            ("tracestate", "old=1"),
        ],
        seen: &[
            "GET /plain Root={root};Parent={0};Sampled=1;Lineage=10:1234abcd:3 00-{hex}-{0}-01 -",
        ],
        ..USUAL
    },
    Case {
        name: "fields of the caller that are no header's value do not go on",
        inside: Inside::Caller(
            "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1;Stadt=Köln;Bell=\u{7};Lineage=a:1",
        ),
        headers: &[("x-amzn-trace-id", "stale")],
        seen: &["GET /plain Root={root};Parent={0};Sampled=1;Lineage=a:1 00-{hex}-{0}-01 -"],
        ..USUAL
    },
    Case {
        name: "tracestate goes on unchanged beside traceparent",
        inside: Inside::W3c(
            "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01",
            "congo=t61rcWkgMzE,rojo=00f067aa0ba902b7",
        ),
        headers: &[("tracestate", "old=1")],
        seen: &["GET /plain Root=1-5759e988-bd862e3fe1be46a994272793;Parent={0};Sampled=1 \
                 00-5759e988bd862e3fe1be46a994272793-{0}-01 congo=t61rcWkgMzE,rojo=00f067aa0ba902b7"],
        ..USUAL
    },
    Case {
        name: "an answer that claims another trace changes nothing",
        url: "http://{server}/spoof",
        seen: &[seen!("GET /spoof", "{0}")],
        recorded: &[call!("spoof", r#""status": 200, "content_length": 5"#)],
        ..USUAL
    },
    Case {
        name: "each hop of a redirect is a subsegment; reqwest has one, with the last URL",
        url: "http://{server}/redirect?a=1",
        seen: &[seen!("GET /redirect?a=1", "{0}"), seen!("GET /plain?b=2", "{1}")],
        recorded: &[call!("redirect", r#""status": 302, "content_length": 0"#), PLAIN],
        other_recorded: &[(REQWEST, &[PLAIN])],
        ..USUAL
    },
    Case {
        name: "a redirect to another host, with a password",
        url: "http://{server}/away",
        seen: &[seen!("GET /away", "{0}"), seen!("GET /plain?b=2", "{1}")],
        recorded: &[
            call!("away", r#""status": 302, "content_length": 0"#),
            r#"{"name": "localhost", "namespace": "remote", "http": {
                "request": {"method": "GET", "url": "http://localhost:{port}/plain"},
                "response": {"status": 200, "content_length": 5}}}"#,
        ],
        other_recorded: &[(
            REQWEST,
            &[r#"{"name": "127.0.0.1", "namespace": "remote", "http": {
            "request": {"method": "GET", "url": "http://localhost:{port}/plain"},
            "response": {"status": 200, "content_length": 5}}}"#],
        )],
        ..USUAL
    },
    Case {
        name: "nobody listens",
        url: "http://bob:secret@127.0.0.1:1/?token=secret",
        answer: "error",
        seen: &[],
        recorded: &[r#"{"name": "127.0.0.1", "namespace": "remote", "http": {
            "request": {"method": "GET", "url": "http://127.0.0.1:1/"}}, "fault": true, "cause": ""}"#],
        causes: [
            &[
                "hyper_util::client::legacy::client::Error: client error (Connect)",
                "Connection refused",
            ],
            &[
                "reqwest::Error::Connect: error sending request for url (http://127.0.0.1:1/)",
                "Connection refused",
            ],
            &["awc::SendRequestError::Connect: Failed to connect to host", "Connection refused"],
        ],
        ..USUAL
    },
    Case {
        name: "the connection is reset before there is an answer",
        url: "http://{server}/reset",
        answer: "error",
        seen: &[seen!("GET /reset", "{0}")],
        recorded: &[unanswered!("reset", r#""fault": true, "cause": """#)],
        causes: [
            &["client error (SendRequest)", "Connection reset by peer"],
            &["reqwest::Error::Request", "Connection reset by peer"],
            &["awc::SendRequestError", "Connection reset by peer"],
        ],
        ..USUAL
    },
    Case {
        name: "an answer that is no HTTP",
        url: "http://{server}/garbage",
        answer: "error",
        seen: &[seen!("GET /garbage", "{0}")],
        recorded: &[unanswered!("garbage", r#""fault": true, "cause": """#)],
        causes: [
            &["client error (SendRequest)", "invalid HTTP version parsed"],
            &["reqwest::Error::Request", "invalid HTTP version parsed"],
            &["awc::SendRequestError::Response", ""],
        ],
        ..USUAL
    },
    Case {
        name: "the caller gives up before there is an answer",
        url: "http://{server}/silent",
        read: Read::GiveUp,
        answer: "gone",
        seen: &[seen!("GET /silent", "{0}")],
        recorded: &[unanswered!("silent", r#""error": true, "cause": """#)],
        causes: [&[GIVEN_UP], &[GIVEN_UP], &[GIVEN_UP]],
        ..USUAL
    },
    Case {
        name: "a body that breaks off after the end of the call",
        url: "http://{server}/torn",
        answer: "200 error",
        seen: &[seen!("GET /torn", "{0}")],
        recorded: &[call!("torn", r#""status": 200, "content_length": 100"#)],
        ..USUAL
    },
    Case { name: "body end: a body with its length", setup: Setup::BodyEnd, ..USUAL },
    Case {
        name: "body end: the length of a body that announced none",
        setup: Setup::BodyEnd,
        url: "http://{server}/chunked",
        answer: "200 one two",
        seen: &[seen!("GET /chunked", "{0}")],
        recorded: &[call!("chunked", r#""status": 200, "content_length": 7"#)],
        ..USUAL
    },
    Case {
        name: "body end: a body that is dropped was not wanted",
        setup: Setup::BodyEnd,
        url: "http://{server}/chunked",
        read: Read::Head,
        answer: "200",
        seen: &[seen!("GET /chunked", "{0}")],
        recorded: &[call!("chunked", r#""status": 200"#)],
        ..USUAL
    },
    Case {
        name: "body end: the connection is reset amid the body",
        setup: Setup::BodyEnd,
        url: "http://{server}/torn",
        answer: "200 error",
        seen: &[seen!("GET /torn", "{0}")],
        recorded: &[call!(
            "GET",
            "torn",
            r#""status": 200, "content_length": 100"#,
            r#", "fault": true, "cause": """#
        )],
        causes: [
            &["hyper::error::Error: error reading a body from connection"],
            &["reqwest::Error::", "Connection reset by peer"],
            &["PayloadError"],
        ],
        ..USUAL
    },
    Case {
        name: "body end: the body ends too soon",
        setup: Setup::BodyEnd,
        url: "http://{server}/cut",
        answer: "200 error",
        seen: &[seen!("GET /cut", "{0}")],
        recorded: &[call!(
            "GET",
            "cut",
            r#""status": 200, "content_length": 100"#,
            r#", "fault": true, "cause": """#
        )],
        // awc takes that for the end.
        other_answers: &[(AWC, "200 one ")],
        other_recorded: &[(AWC, &[call!("cut", r#""status": 200, "content_length": 100"#)])],
        causes: [&["hyper::error::Error"], &["reqwest::Error::"], &[]],
        ..USUAL
    },
    Case {
        name: "body end: an event stream ends its call at the head",
        setup: Setup::BodyEnd,
        url: "http://{server}/events",
        answer: "200 data: tick\n",
        seen: &[seen!("GET /events", "{0}")],
        recorded: &[call!("events", r#""status": 200"#)],
        ..USUAL
    },
];

const GIVEN_UP: &str = "Canceled: the caller gave up before the response came";
