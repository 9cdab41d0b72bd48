use std::net::IpAddr;

use super::{ServerPolicy, address::AddressText, grpc};
use crate::{Entity, document::HttpRequest};

/// What a middleware knows of a request when it arrives.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "integrations build it")]
pub struct RequestHead<'a> {
    /// The method.
    pub method: &'a str,
    /// `Host`, or the authority of the request.
    pub host: Option<&'a str>,
    /// The path, without query.
    pub path: &'a str,
    /// What stands behind `?`. It is never recorded.
    pub query: Option<&'a str>,
    /// `http` or `https`.
    pub scheme: &'a str,
    /// `User-Agent`.
    pub user_agent: Option<&'a str>,
    /// `X-Forwarded-For`.
    pub forwarded_for: Option<&'a str>,
    /// `X-Forwarded-Proto`.
    pub forwarded_proto: Option<&'a str>,
    /// The address at the other end of the connection.
    pub peer: Option<IpAddr>,
    /// `X-Amzn-Trace-Id`.
    pub trace_header: Option<&'a [u8]>,
    /// `traceparent`; none if there are several, see [`only`](crate::header::only).
    pub traceparent: Option<&'a [u8]>,
    /// `tracestate`; several are [`joined`](crate::header::joined).
    pub tracestate: Option<&'a [u8]>,
    /// What it says of a gRPC call, if it is one.
    pub grpc: Option<grpc::Request<'a>>,
}

impl<'a> RequestHead<'a> {
    /// Records the request.
    pub(super) fn record(&self, segment: &Entity, policy: &ServerPolicy) {
        let scheme = match self.grpc {
            Some(_) => "grpc",
            None => policy.forwarded_proto(self.forwarded_proto).unwrap_or(self.scheme),
        };
        let absolute = self.host.map(|host| [scheme, "://", host, self.path].concat());
        segment.http(HttpRequest {
            method: Some(self.method),
            url: Some(absolute.as_deref().unwrap_or(self.path)),
            user_agent: self.user_agent,
            client_ip: self.client(&mut AddressText::default()),
            x_forwarded_for: self.forwarded().is_some(),
            traced: false,
        });
    }

    /// The client's address: what a proxy said, else the other end of the connection.
    pub(super) fn client<'t>(&'t self, text: &'t mut AddressText) -> Option<&'t str> {
        self.forwarded().or_else(|| self.peer.map(|peer| text.of(peer)))
    }

    fn forwarded(&self) -> Option<&'a str> {
        let first = self.forwarded_for?.split(',').next()?.trim();
        Some(first).filter(|address| !address.is_empty())
    }
}
