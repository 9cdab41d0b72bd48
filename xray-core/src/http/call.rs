use std::{any::Any, error::Error, mem, thread};

use super::{
    ClientPolicy, ResponseHead,
    grpc::{self, Progress},
    inject,
    policy::without_port,
    response::{Follows, Method},
};
use crate::{
    Entity, Namespace, Subsegment,
    document::HttpRequest,
    header::{TRACEPARENT, TRACESTATE},
};

/// What a client knows of a request before it is sent.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "integrations build it")]
pub struct CallHead<'a> {
    /// The method.
    pub method: &'a str,
    /// `http` or `https`.
    pub scheme: &'a str,
    /// Host and port, as the URL or else `Host` names them.
    pub authority: Option<&'a str>,
    /// The path, without query.
    pub path: &'a str,
}

/// One call over HTTP, as a subsegment of what is current.
///
/// The client tells what happens; the call knows what is recorded and when the subsegment ends: at the
/// response's head, or where its [policy](ClientPolicy::until_body_end) says so at the end of the
/// body; at an error, at a panic, or when it is dropped because the caller gave up.
///
/// ```
/// # use std::collections::HashMap;
/// use xray_core::http::{Call, CallHead, ClientPolicy, ResponseHead};
///
/// # fn send(headers: &HashMap<&str, String>) -> std::io::Result<u16> { Ok(200) }
/// # let policy = ClientPolicy::new();
/// let head = CallHead { method: "GET", scheme: "http", authority: Some("payments:8080"), path: "/" };
/// let mut headers = HashMap::new();
/// let call = Call::begin(&policy, &head).and_then(|call| {
///     call.inject(|name, value| match value {
///         Some(value) => drop(headers.insert(name, value.to_owned())),
///         None => drop(headers.remove(name)),
///     })
/// });
/// let answer = send(&headers);
/// if let Some(mut call) = call {
///     match answer {
///         Ok(status) => call.respond(&ResponseHead { status, ..ResponseHead::default() }),
///         Err(error) => call.fail("std::io::Error", &error),
///     }
/// }
/// ```
#[derive(Debug)]
#[must_use = "a dropped call is one that the caller gave up"]
pub struct Call {
    phase: Phase,
    method: Method,
    until_body_end: bool,
    grpc: Option<Box<Progress>>,
}

#[derive(Debug)]
enum Phase {
    /// No answer has come.
    Sent(Subsegment),
    Body {
        subsegment: Subsegment,
        expected: Option<u64>,
        received: u64,
    },
    Done,
}

impl Call {
    /// Begins a call; `None` where it goes through untouched: outside of a segment, which is logged as
    /// the recorder's [`ContextMissing`](crate::ContextMissing) says, and for calls that are ignored.
    #[must_use = "a dropped call is one that the caller gave up"]
    pub fn begin(policy: &ClientPolicy, call: &CallHead<'_>) -> Option<Self> {
        Self::begin_with(policy, call, || false)
    }

    /// As [`begin`](Self::begin), for a client that may speak gRPC: `is_grpc` says whether the request
    /// does, and is asked where it is recorded.
    ///
    /// ```
    /// # use xray_core::http::{Call, CallHead, ClientPolicy, grpc};
    /// # let content_type = b"application/grpc";
    /// let head = CallHead { method: "POST", path: "/shop.Orders/Place", ..CallHead::default() };
    /// let call = Call::begin_with(&ClientPolicy::new(), &head, || grpc::is_grpc(content_type));
    /// ```
    #[must_use = "a dropped call is one that the caller gave up"]
    pub fn begin_with(
        policy: &ClientPolicy,
        call: &CallHead<'_>,
        is_grpc: impl FnOnce() -> bool,
    ) -> Option<Self> {
        let call = &policy.completed(*call);
        let current = Entity::current();
        if policy.ignores(call) {
            return None;
        }
        let name = policy.names(call);
        let subsegment = Subsegment::of_call(&current, name)?;
        if subsegment.is_sampled() {
            policy.warn_of_no_host(call);
            let scheme = if is_grpc() { "grpc" } else { call.scheme };
            record_request(&subsegment, policy, &CallHead { scheme, ..*call });
        }
        Some(Self {
            phase: Phase::Sent(subsegment),
            method: Method::of(call.method),
            until_body_end: policy.until_body_end,
            grpc: None,
        })
    }

    /// Carries the trace on in the headers of the request, as [`inject`] does: `set` replaces a header, and
    /// takes one away where there is no value, which is a `tracestate` that belongs to another trace. Gives
    /// the call back if it is recorded; of one that is not, this is all there is to do.
    #[must_use = "a dropped call is one that the caller gave up"]
    pub fn inject(mut self, mut set: impl FnMut(&'static str, Option<&str>)) -> Option<Self> {
        let entity = self.entity()?;
        let mut last = "";
        inject(entity, |name, value| {
            set(name, Some(value));
            last = name;
        });
        if last == TRACEPARENT {
            set(TRACESTATE, None);
        }
        if entity.is_sampled() {
            return Some(self);
        }
        self.phase = Phase::Done;
        None
    }

    /// The subsegment: what the client runs in. `None` once the call is over.
    #[must_use]
    pub fn entity(&self) -> Option<&Entity> {
        match &self.phase {
            Phase::Sent(subsegment) | Phase::Body { subsegment, .. } => Some(subsegment),
            Phase::Done => None,
        }
    }

    /// The URL that answers: for a client that follows redirects by itself.
    pub fn url(&self, url: &str) {
        if let Some(entity) = self.entity() {
            entity.http(HttpRequest { url: Some(url), ..HttpRequest::default() });
        }
    }

    /// The head of the response is here.
    pub fn respond(&mut self, response: &ResponseHead<'_>) {
        let subsegment = match mem::replace(&mut self.phase, Phase::Done) {
            Phase::Sent(subsegment) => subsegment,
            phase => {
                self.phase = phase;
                return;
            }
        };
        if let Some(told) = response.call_status() {
            // What the call came to, only the trailers tell, or a head that nothing follows.
            subsegment.note_mere_status(response.status);
            self.grpc.get_or_insert_default().told(&told);
            self.phase = Phase::Body { subsegment, expected: None, received: 0 };
            if response.body_ended {
                self.finish();
            }
            return;
        }
        subsegment.http_response(response.status);
        let length = response.content_length.filter(|_| !response.is_bodiless());
        if let Some(length) = length {
            subsegment.content_length(length);
        }
        if self.until_body_end && response.follows(self.method) == Follows::Body {
            self.phase = Phase::Body { subsegment, expected: length, received: 0 };
        }
    }

    /// Looks into a part of the body, as far as it lies in one piece, before it is
    /// [`received`](Self::received): `bytes` is its size. Only gRPC needs that.
    #[inline]
    pub fn looked_into(&mut self, piece: &[u8], bytes: u64) {
        if let Some(progress) = &mut self.grpc {
            progress.read(piece, bytes);
        }
    }

    /// The trailers are here; `get` gives the value of the trailer of a name. Nothing follows them.
    pub fn trailers<'a>(&mut self, get: impl Fn(&'static str) -> Option<&'a [u8]>) {
        if let Some(progress) = &mut self.grpc {
            progress.told(&grpc::Status::of_trailers(get));
        }
        self.finish();
    }

    /// A part of the body is here.
    pub fn received(&mut self, bytes: u64) {
        let Phase::Body { expected, received, .. } = &mut self.phase else { return };
        *received += bytes;
        // The caller may never ask for more than was announced.
        if expected.is_some_and(|expected| *received >= expected) {
            self.finish();
        }
    }

    /// The body has ended.
    pub fn finish(&mut self) {
        let phase = mem::replace(&mut self.phase, Phase::Done);
        let Phase::Body { subsegment, expected, received } = phase else { return };
        match &self.grpc {
            Some(progress) => progress.settle(&subsegment),
            None if expected.is_none() => subsegment.content_length(received),
            None => {}
        }
    }

    /// No answer came, or its body broke off: a fault, with the error and what caused it. `kind` is
    /// the error's type; with `None` it is what its `Debug` shows. URLs in messages are recorded without
    /// user, query and fragment.
    pub fn fail(&mut self, kind: impl Into<Option<&'static str>>, error: &(dyn Error + 'static)) {
        if let Some(entity) = self.entity() {
            entity.record_call_error(kind.into(), error);
        }
        self.phase = Phase::Done;
    }

    /// As [`fail`](Self::fail), for an error that is known by its type's name and its text only.
    pub fn fail_as(&mut self, kind: &'static str, message: &str) {
        if let Some(entity) = self.entity() {
            entity.record_failure(kind, &super::scrub_text(message), true);
        }
        self.phase = Phase::Done;
    }

    /// The client's code panicked: a fault.
    pub fn panicked(&mut self, payload: &(dyn Any + Send)) {
        if let Some(entity) = self.entity() {
            entity.record_panic(payload);
        }
        self.phase = Phase::Done;
    }

    /// Runs a client's `work`, such as a poll of the response; a panic ends the call and goes on
    /// unchanged.
    pub fn recording_panics<T>(call: &mut Option<Self>, work: impl FnOnce() -> T) -> T {
        super::exchange::catching(call, work, |mut call, payload| call.panicked(payload))
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        // A panic is recorded as such.
        if thread::panicking() {
            return;
        }
        match &self.phase {
            Phase::Sent(subsegment) => {
                let message = "the caller gave up before the response came";
                subsegment.record_failure("Canceled", message, false);
            }
            // Nobody will tell how it ended.
            Phase::Body { subsegment, .. } if self.grpc.is_some() => {
                let message = "the caller gave up before the call was complete";
                subsegment.record_failure("Canceled", message, false);
            }
            // What is dropped of a body was not wanted.
            Phase::Body { .. } | Phase::Done => {}
        }
    }
}

fn record_request(subsegment: &Subsegment, policy: &ClientPolicy, call: &CallHead<'_>) {
    subsegment.namespace(Namespace::Remote);
    let scheme = if call.scheme.is_empty() { "http" } else { call.scheme };
    let absolute = call.authority.map(|host| [scheme, "://", host, call.path].concat());
    subsegment.http(HttpRequest {
        method: Some(call.method),
        url: Some(absolute.as_deref().unwrap_or(call.path)),
        traced: policy.is_traced(call),
        ..HttpRequest::default()
    });
}

/// The host of an authority, without user and port.
pub(super) fn name_of_host(authority: &str) -> &str {
    without_port(super::client::without_user(authority))
}
