//! W3C's own test vectors for Trace Context (`test.py` of w3c/trace-context), restated as tables, and
//! how `traceparent` and `X-Amzn-Trace-Id` share one request.

use xray_core::{
    Delivery, Recorder, RecorderBuilder, TraceHeader,
    environment::Machine,
    header::{CallerHeaders, TraceContext, TraceParent, joined, only},
    sample::LocalRules,
    testing::MemoryEmitter,
};

const TRACE: &str = "12345678901234567890123456789012";
const OTHER_TRACE: &str = "1-5759e988-bd862e3fe1be46a994272793";

fn builder() -> RecorderBuilder {
    Recorder::builder("w3c")
        .delivery(Delivery::Inline)
        .emitter(MemoryEmitter::new())
        .sampling_rules(LocalRules::everything())
}

/// Reads the headers of a request as a server does.
fn context(xray: &Recorder, headers: &[(&str, &str)]) -> TraceContext {
    let all = |name: &'static str| {
        let named = move |(key, _): &&(&str, &str)| key.eq_ignore_ascii_case(name);
        headers.iter().filter(named).map(|(_, value)| value.as_bytes())
    };
    let tracestate = joined(all("tracestate"));
    xray.trace_context(&CallerHeaders {
        trace_header: all("x-amzn-trace-id").next(),
        traceparent: only(all("traceparent")),
        tracestate: tracestate.as_deref(),
    })
}

/// What a call carries that is made while such a request is served.
fn called(xray: &Recorder, headers: &[(&str, &str)]) -> (String, Option<String>) {
    let segment = xray.segment("served").context(context(xray, headers)).begin();
    let call = segment.subsegment("call");
    let parent = call.traceparent().expect("a traceparent goes out").to_string();
    (parent, call.tracestate().map(str::to_owned))
}

#[test]
fn traceparents_of_the_specification() {
    const VALID: &[&str] = &[
        "00-12345678901234567890123456789012-1234567890123456-01",
        " 00-12345678901234567890123456789012-1234567890123456-01",
        "\t00-12345678901234567890123456789012-1234567890123456-01",
        "00-12345678901234567890123456789012-1234567890123456-01 ",
        "00-12345678901234567890123456789012-1234567890123456-01\t",
        "\t 00-12345678901234567890123456789012-1234567890123456-01 \t",
        "01-12345678901234567890123456789012-1234567890123456-01",
        "cc-12345678901234567890123456789012-1234567890123456-01",
        "cc-12345678901234567890123456789012-1234567890123456-01-what-the-future-will-be-like",
        "00-12345678901234567890123456789012-1234567890123456-03",
        "00-12345678901234567890123456789012-1234567890123456-ff",
    ];
    const INVALID: &[&str] = &[
        "",
        "00-12345678901234567890123456789012-1234567890123456-01.",
        "00-12345678901234567890123456789012-1234567890123456-01-what-the-future-will-be-like",
        "cc-12345678901234567890123456789012-1234567890123456-01.what-the-future-will-be-like",
        "ff-12345678901234567890123456789012-1234567890123456-01",
        ".0-12345678901234567890123456789012-1234567890123456-01",
        "0.-12345678901234567890123456789012-1234567890123456-01",
        "000-12345678901234567890123456789012-1234567890123456-01",
        "0000-12345678901234567890123456789012-1234567890123456-01",
        "0-12345678901234567890123456789012-1234567890123456-01",
        "00-00000000000000000000000000000000-1234567890123456-01",
        "00-.2345678901234567890123456789012-1234567890123456-01",
        "00-1234567890123456789012345678901.-1234567890123456-01",
        "00-123456789012345678901234567890123-1234567890123456-01",
        "00-1234567890123456789012345678901-1234567890123456-01",
        "00-12345678901234567890123456789012-0000000000000000-01",
        "00-12345678901234567890123456789012-.234567890123456-01",
        "00-12345678901234567890123456789012-123456789012345.-01",
        "00-12345678901234567890123456789012-12345678901234567-01",
        "00-12345678901234567890123456789012-123456789012345-01",
        "00-12345678901234567890123456789012-1234567890123456-.0",
        "00-12345678901234567890123456789012-1234567890123456-0.",
        "00-12345678901234567890123456789012-1234567890123456-001",
        "00-12345678901234567890123456789012-1234567890123456-1",
        // Upper case and signs, which the suite does not ask for.
        "00-ABCDEF78901234567890123456789012-1234567890123456-01",
        "00-12345678901234567890123456789012-ABCDEF7890123456-01",
        "0A-12345678901234567890123456789012-1234567890123456-01",
        "00-+2345678901234567890123456789012-1234567890123456-01",
        "00_12345678901234567890123456789012_1234567890123456_01",
        "00-1234567890123456789012345678901é-1234567890123456-01",
    ];
    let xray = builder().build().unwrap();
    for text in VALID {
        let parsed: TraceParent = text.parse().unwrap();
        assert_eq!(parsed.to_string(), VALID[0], "{text:?}");
        let (parent, _) = called(&xray, &[("traceparent", text)]);
        assert_eq!(parent[..36], VALID[0][..36], "{text:?}");
        assert_ne!(parent[36..52], VALID[0][36..52], "{text:?}");
        assert_eq!(parent[52..], *"-01", "{text:?}");
    }
    for text in INVALID {
        assert!(text.parse::<TraceParent>().unwrap_err().is_parse(), "{text:?}");
        let (parent, state) = called(&xray, &[("traceparent", text), ("tracestate", "foo=1")]);
        assert!(parent.parse::<TraceParent>().is_ok(), "{parent}");
        assert!(!parent.contains(&TRACE[..31]), "{text:?}: {parent}");
        assert_eq!(state, None, "{text:?}");
    }
}

#[test]
fn flags_are_the_decision() {
    for (flags, sampled) in
        [("00", false), ("01", true), ("02", false), ("03", true), ("fe", false)]
    {
        let text = format!("00-{TRACE}-1234567890123456-{flags}");
        assert_eq!(text.parse::<TraceParent>().unwrap().sampled, sampled, "{flags}");
        let xray = builder().build().unwrap();
        let (parent, _) = called(&xray, &[("traceparent", &text)]);
        assert!(parent.ends_with(if sampled { "-01" } else { "-00" }), "{flags}: {parent}");
    }
}

#[test]
fn requests_of_the_specification() {
    const NAME: &str = "traceparent";
    const ONE: &str = "00-12345678901234567890123456789012-1234567890123456-01";
    const TWO: &str = "00-12345678901234567890123456789011-1234567890123456-01";
    let xray = builder().build().unwrap();
    for (headers, continues) in [
        (vec![], false),
        (vec![(NAME, ONE)], true),
        (vec![(NAME, TWO), (NAME, ONE)], false),
        (vec![("trace-parent", ONE)], false),
        (vec![("trace.parent", ONE)], false),
        (vec![("TraceParent", ONE)], true),
        (vec![("TrAcEpArEnT", ONE)], true),
        (vec![("TRACEPARENT", ONE)], true),
    ] {
        let (parent, _) = called(&xray, &headers);
        assert_eq!(parent[3..34] == TRACE[..31], continues, "{headers:?}: {parent}");
    }
    // Several calls of one request: the trace is one, each is a parent of its own.
    let segment = xray.segment("served").context(context(&xray, &[(NAME, ONE)])).begin();
    let calls: Vec<_> = (0..3).map(|_| segment.subsegment("call").traceparent().unwrap()).collect();
    assert!(calls.iter().all(|call| call.to_string().contains(TRACE)));
    assert!(calls[0].parent != calls[1].parent && calls[1].parent != calls[2].parent);
}

#[test]
fn tracestates_of_the_specification() {
    let longest = "z".repeat(256) + "=1";
    let vendor = format!("{}@{}=1", "t".repeat(241), "v".repeat(14));
    let key = "abcdefghijklmnopqrstuvwxyz0123456789_-*/";
    let value: String = (' '..='~').filter(|c| !",=".contains(*c)).collect();
    let many = |count: u32| {
        let members: Vec<String> = (1..=count).map(|n| format!("bar{n:02}={n:02}")).collect();
        members.join(",")
    };
    let travels: &[(&[&str], &str)] = &[
        (&["foo=1,bar=2"], "foo=1,bar=2"),
        (&["foo=1", ""], "foo=1"),
        (&["", "foo=1"], "foo=1"),
        (&["foo=1,bar=2", "rojo=1,congo=2", "baz=3"], "foo=1,bar=2,rojo=1,congo=2,baz=3"),
        (&[&format!("{key}={value}")], &format!("{key}={value}")),
        (&[&format!("{key}@a-z0-9_-*/={value}")], &format!("{key}@a-z0-9_-*/={value}")),
        (&["foo=1 \t , \t bar=2, \t baz=3"], "foo=1 \t , \t bar=2, \t baz=3"),
        (&["foo=1\t \t,\t \tbar=2,\t \tbaz=3"], "foo=1\t \t,\t \tbar=2,\t \tbaz=3"),
        (&[" foo=1"], "foo=1"),
        (&["\tfoo=1"], "foo=1"),
        (&["foo=1 "], "foo=1"),
        (&["foo=1\t"], "foo=1"),
        (&["\t foo=1 \t"], "foo=1"),
        (&[&many(32)], &many(32)),
        (&["foo=1", &longest], &format!("foo=1,{longest}")),
        (&["foo=1", &vendor], &format!("foo=1,{vendor}")),
    ];
    let stays: &[&[&str]] = &[
        &[""],
        &["foo=1,foo=1"],
        &["foo=1,foo=2"],
        &["foo=1", "foo=1"],
        &["foo=1", "foo=2"],
        &["foo =1"],
        &["FOO=1"],
        &["foo.bar=1"],
        &["foo@=1,bar=2"],
        &["@foo=1,bar=2"],
        &["foo@@bar=1,bar=2"],
        &["foo@bar@baz=1,bar=2"],
        &[&many(33)],
        &["foo=1", &format!("{}=1", "z".repeat(257))],
        &["foo=1", &format!("{}@v=1", "t".repeat(242))],
        &["foo=1", &format!("t@{}=1", "v".repeat(15))],
        &["foo=bar=baz"],
        &["foo=,bar=3"],
        &["foo"],
        &["foo=é"],
        &["foo=\u{1b}[2J"],
        &[&format!("foo={0},bar={0}", "x".repeat(256))],
        &[","],
    ];
    let xray = builder().build().unwrap();
    // Not sampled and sampled: the state travels either way.
    for parent in
        [format!("00-{TRACE}-1234567890123456-00"), format!("00-{TRACE}-1234567890123456-01")]
    {
        let state = |values: &[&str]| {
            let mut headers = vec![("traceparent", parent.as_str())];
            headers.extend(values.iter().map(|value| ("tracestate", *value)));
            let (called, state) = called(&xray, &headers);
            assert!(called.contains(TRACE), "{values:?}");
            state
        };
        for (values, expected) in travels {
            assert_eq!(state(values).as_deref(), Some(*expected), "{values:?}");
        }
        for values in stays {
            assert_eq!(state(values), None, "{values:?}");
        }
    }
    // Without a traceparent there is no state, and other names are not read.
    assert_eq!(called(&xray, &[("tracestate", "foo=1,bar=2")]).1, None);
    let parent = ("traceparent", "00-12345678901234567890123456789012-1234567890123456-01");
    assert_eq!(called(&xray, &[parent, ("trace-state", "foo=1")]).1, None);
    assert_eq!(called(&xray, &[parent, ("TraceState", "foo=1")]).1.as_deref(), Some("foo=1"));
}

/// What counts of `X-Amzn-Trace-Id` and `traceparent`, and what is linked.
#[test]
fn two_headers_of_one_request() {
    const W3C: &str = "00-12345678901234567890123456789012-1234567890123456-01";
    const OF_W3C: &str =
        "Root=1-12345678-901234567890123456789012;Parent=1234567890123456;Sampled=1";
    const FROM_W3C: &str = "1-12345678-901234567890123456789012 1234567890123456";
    const FROM_XRAY: &str = "1-5759e988-bd862e3fe1be46a994272793 53995c3f42cd8ad8";
    // X-Amzn-Trace-Id, traceparent; the header that counts, the link, whether tracestate travels.
    let cases = [
        ("", "", "", "", false),
        ("", W3C, OF_W3C, "", true),
        ("<r>;<p>;Sampled=0", "", "<r>;<p>;Sampled=0", "", false),
        ("<r>;<p>;Sampled=0", "malformed", "<r>;<p>;Sampled=0", "", false),
        ("Root=malformed;<p>;Sampled=0", W3C, OF_W3C, "", true),
        // Both are valid.
        ("<r>;<p>;Sampled=0", W3C, "<r>;<p>;Sampled=0", FROM_W3C, false),
        ("<r>;<p>", W3C, "<r>;<p>", FROM_W3C, false),
        ("Self=1-67891233-abcdef012345678912345678;<r>", W3C, OF_W3C, "", true),
        ("<r>", "malformed", "<r>", "", false),
        ("<r>;Sampled=0", W3C, OF_W3C, "", true),
        ("Sampled=0", W3C, OF_W3C, "", true),
        ("<r>;Parent=malformed;Sampled=1", W3C, OF_W3C, "", true),
        ("<r>;Parent=0000000000000000;Sampled=0", W3C, OF_W3C, "", true),
        (
            "Root=1-00000000-000000000000000000000000;Parent=0000000000000000;Sampled=0",
            W3C,
            OF_W3C,
            "",
            true,
        ),
        // One trace.
        ("<w>;<p>;Sampled=1", W3C, "<w>;<p>;Sampled=1", "", true),
        ("<w>;<p>;Sampled=?", W3C, "<w>;<p>;Sampled=?", "", true),
        ("<w>", W3C, OF_W3C, "", true),
        // What else X-Amzn-Trace-Id carries stays with it.
        ("<r>;Lineage=a:1", W3C, &[OF_W3C, ";Lineage=a:1"].concat(), "", true),
    ];
    let orders = [
        (None, cases.to_vec()),
        (
            Some("xray,tracecontext"),
            vec![
                ("<r>;<p>;Sampled=0", W3C, OF_W3C, FROM_XRAY, true),
                ("<r>;<p>;Sampled=0", "", "<r>;<p>;Sampled=0", "", false),
            ],
        ),
        (
            Some("tracecontext,baggage,xray"),
            vec![
                ("<r>;<p>;Sampled=0", W3C, "<r>;<p>;Sampled=0", FROM_W3C, false),
                ("<r>", W3C, OF_W3C, "", true),
            ],
        ),
        (Some("xray"), vec![("", W3C, "", "", false), ("<r>", W3C, "<r>", "", false)]),
        (
            Some("tracecontext"),
            vec![("<r>;<p>;Sampled=0", W3C, OF_W3C, "", true), ("<r>;<p>", "", "", "", false)],
        ),
        (Some("none"), vec![("<r>;<p>;Sampled=0", W3C, "", "", false)]),
    ];
    for (propagators, cases) in orders {
        let mut machine = Machine::with_root("/nowhere");
        if let Some(propagators) = propagators {
            machine = machine.variable("OTEL_PROPAGATORS", propagators);
        }
        let xray = builder().machine(machine).build().unwrap();
        for (trace_header, traceparent, counts, link, state) in cases {
            let long = |text: &str| {
                text.replace("<r>", &format!("Root={OTHER_TRACE}"))
                    .replace("<p>", "Parent=53995c3f42cd8ad8")
                    .replace("<w>", "Root=1-12345678-901234567890123456789012")
            };
            let trace_header = long(trace_header);
            let mut headers = vec![("tracestate", "foo=1")];
            headers
                .extend((!trace_header.is_empty()).then_some(("x-amzn-trace-id", &*trace_header)));
            headers.extend((!traceparent.is_empty()).then_some(("traceparent", traceparent)));
            let context = context(&xray, &headers);
            let label = format!("{propagators:?}: {headers:?}");
            assert_eq!(context.header.to_string(), long(counts), "{label}");
            let linked = context.link.map(|link| format!("{} {}", link.trace_id, link.id));
            assert_eq!(linked.unwrap_or_default(), link, "{label}");
            assert_eq!(context.tracestate.is_some(), state, "{label}");
        }
    }
}

#[test]
fn the_other_trace_becomes_a_link_of_the_segment() {
    let memory = MemoryEmitter::new();
    let xray = builder().emitter(memory.clone()).build().unwrap();
    let header = format!("Root={OTHER_TRACE};Parent=53995c3f42cd8ad8;Sampled=1");
    let traceparent = format!("00-{TRACE}-1234567890123456-01");
    let context = context(&xray, &[("x-amzn-trace-id", &header), ("traceparent", &traceparent)]);
    xray.segment("served").context(context).begin().end();
    let document = &memory.take()[0];
    assert_eq!(document["trace_id"], OTHER_TRACE);
    assert_eq!(
        document["links"],
        serde_json::json!([
            { "trace_id": "1-12345678-901234567890123456789012", "id": "1234567890123456" }
        ])
    );
}

#[test]
fn what_goes_out_in_the_words_of_w3c() {
    let xray = builder().build().unwrap();
    let header =
        |text: &str| TraceHeader::parse(&text.replace("<r>", &format!("Root={OTHER_TRACE}")));
    let begun = |text: &str| xray.segment("served").header(header(text)).begin();
    let segment = begun("<r>;Parent=53995c3f42cd8ad8;Sampled=1");
    let expected = format!("00-5759e988bd862e3fe1be46a994272793-{}-01", segment.id());
    assert_eq!(segment.traceparent().unwrap().to_string(), expected);
    let quiet = segment.unsampled_subsegment();
    let expected = format!("00-5759e988bd862e3fe1be46a994272793-{}-00", segment.id());
    assert_eq!(quiet.traceparent().unwrap().to_string(), expected);
    let passing = begun("<r>;Parent=53995c3f42cd8ad8;Sampled=0");
    assert_eq!(
        passing.traceparent().unwrap().to_string(),
        "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-00"
    );
    // Nothing that W3C would refuse.
    assert!(begun("<r>;Sampled=0").traceparent().is_none());
    assert!(begun("Sampled=0").traceparent().is_none());
    assert!(xray_core::Entity::current().traceparent().is_none());
    // A decision that is not ours is not announced as one.
    assert!(xray.facade(&header("<r>;Parent=53995c3f42cd8ad8")).traceparent().is_none());
    let facade = xray.facade(&header("<r>;Parent=53995c3f42cd8ad8;Sampled=1"));
    assert_eq!(
        facade.traceparent().unwrap().to_string(),
        "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01"
    );
}

#[test]
fn propagators_restrict_what_goes_out() {
    for (propagators, xray_out, w3c_out) in [
        ("xray", true, false),
        ("tracecontext", false, true),
        ("xray-lambda,tracecontext", true, true),
        ("none", false, false),
        ("b3", true, true),
    ] {
        let machine = Machine::with_root("/nowhere").variable("OTEL_PROPAGATORS", propagators);
        let xray = builder().machine(machine).build().unwrap();
        let segment = xray.begin_segment("served");
        assert_eq!(segment.trace_header().is_some(), xray_out, "{propagators}");
        assert_eq!(segment.traceparent().is_some(), w3c_out, "{propagators}");
    }
}
