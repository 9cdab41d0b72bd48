use super::{Case, NOTHING, Policy, Recorded, USUAL};

/// Callers that send `traceparent`, alone and beside `X-Amzn-Trace-Id`.
pub(crate) const W3C_CASES: &[Case] = &[
    Case {
        name: "a traceparent is continued",
        request: "GET /plain HTTP/1.1\ntraceparent: 00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01\nConnection: close",
        rules: NOTHING,
        response_header: "Root=1-5759e988-bd862e3fe1be46a994272793",
        recorded: Recorded::Documents(&[continued!(r#""parent_id": "53995c3f42cd8ad8", "#)]),
        ..USUAL
    },
    Case {
        name: "a traceparent that is not sampled: nothing leaves, and the calls say so",
        request: "GET /downstream HTTP/1.1\ntraceparent: 00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-00\nConnection: close",
        response_header: "Root=1-5759e988-bd862e3fe1be46a994272793",
        body: "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0",
        ..USUAL
    },
    Case {
        name: "a load balancer's Root yields to a traceparent",
        request: "GET /plain HTTP/1.1\nX-Amzn-Trace-Id: Root=1-67891233-abcdef012345678912345678\ntraceparent: 00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01\nConnection: close",
        response_header: "Root=1-5759e988-bd862e3fe1be46a994272793",
        recorded: Recorded::Documents(&[continued!(r#""parent_id": "53995c3f42cd8ad8", "#)]),
        ..USUAL
    },
    Case {
        name: "X-Amzn-Trace-Id with a parent counts, and the other trace is linked",
        request: "GET /plain HTTP/1.1\nX-Amzn-Trace-Id: Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1\ntraceparent: 00-67891233abcdef012345678912345678-00f067aa0ba902b7-00\nConnection: close",
        response_header: "Root=1-5759e988-bd862e3fe1be46a994272793",
        recorded: Recorded::Documents(&[continued!(
            r#""parent_id": "53995c3f42cd8ad8", "links": [{"trace_id": "1-67891233-abcdef012345678912345678", "id": "00f067aa0ba902b7"}], "#
        )]),
        ..USUAL
    },
    Case {
        name: "two traceparents begin a new trace",
        request: "GET /plain HTTP/1.1\ntraceparent: 00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-00\ntraceparent: 00-67891233abcdef012345678912345678-00f067aa0ba902b7-00\nConnection: close",
        recorded: Recorded::Documents(&[document!(
            "/plain",
            r#""status": 200, "content_length": 5"#
        )]),
        ..USUAL
    },
    Case {
        name: "RootOnly: neither the parent nor the decision of a traceparent is kept",
        policy: Policy::RootOnly,
        request: "GET /plain HTTP/1.1\ntraceparent: 00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-00\nConnection: close",
        response_header: "Root=1-5759e988-bd862e3fe1be46a994272793",
        recorded: Recorded::Documents(&[continued!("")]),
        ..USUAL
    },
    Case {
        name: "Ignore: a traceparent names nothing",
        policy: Policy::Ignore,
        request: "GET /plain HTTP/1.1\ntraceparent: 00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-00\nConnection: close",
        recorded: Recorded::Documents(&[document!(
            "/plain",
            r#""status": 200, "content_length": 5"#
        )]),
        ..USUAL
    },
];
