mod begin;

use std::{
    any::Any,
    error::Error,
    mem,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
};

use super::{
    ResponseHead,
    access::Entry,
    grpc::{self, Progress},
    response::{Follows, Method},
};
use crate::{Entity, Segment, Subsegment};

/// The annotation that holds the template of the matched route.
pub const ROUTE: &str = "http_route";

/// One request from its head to the end of its response, as a segment.
///
/// The middleware tells what happens; the exchange knows what is recorded and when the segment
/// ends: at the last byte of the body, at an error, at a panic, or when it is dropped because the
/// client has gone.
///
/// ```
/// use xray_core::{Recorder, http::{Exchange, RequestHead, ResponseHead, ServerPolicy}};
///
/// let xray = Recorder::builder("orders").build()?;
/// let request = RequestHead { method: "GET", path: "/orders", scheme: "http", ..Default::default() };
/// if let Some(mut exchange) = Exchange::begin(&xray, &ServerPolicy::new(), &request) {
///     exchange.respond(&ResponseHead { status: 200, content_length: Some(2), ..Default::default() });
///     exchange.sent(2); // the body is complete, so the segment has ended
/// }
/// # Ok::<(), xray_core::Error>(())
/// ```
#[derive(Debug)]
#[must_use = "a dropped exchange is a client that has gone"]
pub struct Exchange {
    phase: Phase,
    /// The caller wants to know the decision.
    asked: bool,
    method: Method,
    more: Option<Box<More>>,
}

/// What few requests have. An exchange moves with its request, so it is small.
#[derive(Debug, Default)]
struct More {
    grpc: Option<Progress>,
    access: Option<Entry>,
    /// The function that serves it; what waits for the request to be over leaves then.
    function: Option<Entity>,
}

#[derive(Debug)]
enum Phase {
    /// The head of the response has not left.
    Handler(Segment),
    Body {
        segment: Segment,
        /// [`u64::MAX`] where it is not known.
        expected: u64,
        sent: u64,
    },
    /// The segment ended at the head; what streams on has a subsegment of its own.
    Stream { body: Subsegment, segment: Entity },
    /// The segment has ended, and what runs on belongs to it; or nothing does, and this hands the trace
    /// on.
    Done(Entity),
}

impl Exchange {
    /// What the handler runs in: the segment, or what is current around a request that is not recorded.
    #[must_use]
    pub fn entity(&self) -> &Entity {
        let outside = self.more.as_ref().and_then(|more| more.access.as_ref()?.outside());
        outside.unwrap_or_else(|| self.segment())
    }

    /// The segment; an entity that records nothing for a request without one.
    #[must_use]
    pub fn segment(&self) -> &Entity {
        match &self.phase {
            Phase::Handler(segment) | Phase::Body { segment, .. } => segment,
            Phase::Stream { segment, .. } | Phase::Done(segment) => segment,
        }
    }

    /// `X-Amzn-Trace-Id` of the response; `None` if there is nothing to say.
    #[must_use]
    pub fn response_header(&self) -> Option<String> {
        self.segment().response_header(self.asked).map(|header| header.to_string())
    }

    /// Whether somebody wants to know how it ends: else there is no need to look what the head of the
    /// response says of a gRPC call.
    #[must_use]
    #[inline]
    pub fn is_watched(&self) -> bool {
        self.segment().has_end() || self.more.is_some()
    }

    /// The head of the response leaves.
    pub fn respond(&mut self, response: &ResponseHead<'_>) {
        let over = Phase::Done(self.segment().not_recorded());
        let phase = mem::replace(&mut self.phase, over);
        let Phase::Handler(segment) = phase else {
            self.phase = phase;
            return;
        };
        let status = response.status;
        if let Some(access) = self.access() {
            access.status(status);
        }
        if let Some(told) = response.call_status() {
            return self.respond_to_call(segment, status, &told, response.body_ended);
        }
        // Whoever called will take it for what it is.
        if let Some(more) = &mut self.more {
            more.grpc = None;
        }
        segment.http_response(status);
        if let Some(length) = response.content_length.filter(|_| !response.is_bodiless()) {
            segment.content_length(length);
        }
        match response.follows(self.method) {
            Follows::Nothing => {
                segment.end();
                self.tell();
            }
            Follows::Body => {
                self.phase = Phase::Body {
                    segment,
                    expected: response.content_length.unwrap_or(u64::MAX),
                    sent: 0,
                };
            }
            Follows::Stream => {
                let body = segment.subsegment("response body");
                let handle = Entity::clone(&segment);
                segment.end();
                self.phase = Phase::Stream { body, segment: handle };
            }
        }
    }

    /// As [`respond`](Self::respond): what the call came to, only its trailers tell, or a head that
    /// nothing follows.
    fn respond_to_call(
        &mut self,
        segment: Segment,
        status: u16,
        told: &grpc::Status<'_>,
        body_ended: bool,
    ) {
        segment.note_mere_status(status);
        self.more.get_or_insert_default().grpc.get_or_insert_default().told(told);
        self.phase = Phase::Body { segment, expected: u64::MAX, sent: 0 };
        if body_ended {
            self.finish();
        }
    }

    /// Looks into a part of the body, as far as it lies in one piece, before it is [`sent`](Self::sent):
    /// `bytes` is its size. Only gRPC needs that.
    #[inline]
    pub fn looked_into(&mut self, piece: &[u8], bytes: u64) {
        if let Some(call) = self.call() {
            call.read(piece, bytes);
        }
    }

    /// The trailers are handed over; `get` gives the value of the trailer of a name. Nothing follows them.
    ///
    /// ```
    /// # use xray_core::{Recorder, http::{Exchange, RequestHead, ResponseHead, ServerPolicy, grpc}};
    /// # let xray = Recorder::builder("orders").build()?;
    /// # let request = RequestHead::default();
    /// # let mut exchange = Exchange::begin(&xray, &ServerPolicy::new(), &request).unwrap();
    /// let grpc = grpc::Status::of_head(Some(b"application/grpc"), |_| None);
    /// exchange.respond(&ResponseHead { status: 200, grpc, ..Default::default() });
    /// exchange.trailers(|name| (name == "grpc-status").then_some(b"5")); // NOT_FOUND: an error
    /// # Ok::<(), xray_core::Error>(())
    /// ```
    pub fn trailers<'a>(&mut self, get: impl Fn(&'static str) -> Option<&'a [u8]>) {
        if let Some(call) = self.call() {
            call.told(&grpc::Status::of_trailers(get));
        }
        self.finish();
    }

    /// A part of the body is handed over.
    pub fn sent(&mut self, bytes: u64) {
        if let Some(access) = self.access() {
            access.sent(bytes);
        }
        let Phase::Body { segment, expected, sent } = &mut self.phase else { return };
        *sent += bytes;
        // The server may never ask for more than it has announced.
        if *sent >= *expected {
            // What the body runs after its last byte still belongs to it.
            let handle = Entity::clone(segment);
            self.finish();
            self.phase = Phase::Done(handle);
        }
    }

    /// The last part of the body is handed over, and nothing of it runs any more. Costs less than
    /// [`sent`](Self::sent): a segment that nobody has a handle of leaves more cheaply.
    ///
    /// ```
    /// # use xray_core::{Recorder, http::{Exchange, RequestHead, ResponseHead, ServerPolicy}};
    /// # let xray = Recorder::builder("orders").build()?;
    /// # let request = RequestHead::default();
    /// # let mut exchange = Exchange::begin(&xray, &ServerPolicy::new(), &request).unwrap();
    /// exchange.respond(&ResponseHead { status: 200, content_length: Some(5), ..Default::default() });
    /// exchange.sent_last(5); // "hello", which was there as a whole
    /// # Ok::<(), xray_core::Error>(())
    /// ```
    pub fn sent_last(&mut self, bytes: u64) {
        if let Some(access) = self.access() {
            access.sent(bytes);
        }
        if let Phase::Body { sent, .. } = &mut self.phase {
            *sent += bytes;
        }
        self.finish();
    }

    /// The body has ended.
    pub fn finish(&mut self) {
        if let (Phase::Body { segment, .. }, Some(more)) = (&self.phase, &mut self.more)
            && let Some(call) = &more.grpc
        {
            call.settle(segment);
            if let Some(access) = &mut more.access {
                access.code(call.code());
            }
        }
        self.close();
    }

    /// Nothing more happens.
    fn close(&mut self) {
        let over = Phase::Done(self.segment().not_recorded());
        match mem::replace(&mut self.phase, over) {
            Phase::Body { segment, expected: u64::MAX, sent } if self.call().is_none() => {
                segment.content_length(sent);
            }
            // It stays what it is.
            done @ Phase::Done(_) => self.phase = done,
            Phase::Handler(_) | Phase::Body { .. } | Phase::Stream { .. } => {}
        }
        self.tell();
    }

    fn call(&mut self) -> Option<&mut Progress> {
        self.more.as_mut()?.grpc.as_mut()
    }

    fn access(&mut self) -> Option<&mut Entry> {
        self.more.as_mut()?.access.as_mut()
    }

    /// The segment has ended: others may want to know.
    fn tell(&mut self) {
        let Some(more) = &mut self.more else { return };
        if let Some(access) = &mut more.access {
            access.end();
        }
        if let Some(function) = more.function.take() {
            function.leave_after_request();
        }
    }

    /// The handler failed, and a response that says so follows.
    pub fn record_error(&self, error: &(dyn Error + 'static)) {
        self.segment().record_dyn_error(error);
    }

    /// The handler or the body failed. Without a head, `status` is what the server will answer.
    pub fn fail(&mut self, error: &(dyn Error + 'static), status: Option<u16>) {
        if let Some(entity) = self.failing("Error", status) {
            entity.record_dyn_error(error);
        }
        self.close();
    }

    /// As [`fail`](Self::fail), for an error that is known by its type's name and its text only.
    pub fn fail_as(&mut self, kind: &'static str, message: &str, status: Option<u16>) {
        if let Some(entity) = self.failing(kind, status) {
            entity.record_failure(kind, message, true);
        }
        self.close();
    }

    /// The handler or the body panicked: a fault with status 500, whatever head may have left.
    pub fn panicked(&mut self, payload: &(dyn Any + Send)) {
        if let Some(entity) = self.failing("panic", Some(500)) {
            entity.record_panic(payload);
        }
        self.close();
    }

    /// What a failure is recorded on.
    fn failing(&mut self, kind: &'static str, status: Option<u16>) -> Option<&Entity> {
        if let Some(access) = self.access() {
            access.failed(kind);
            status.into_iter().for_each(|status| access.status(status));
        }
        match &self.phase {
            Phase::Handler(segment) | Phase::Body { segment, .. } => {
                if let Some(status) = status {
                    segment.http_response(status);
                }
                Some(segment)
            }
            Phase::Stream { body, .. } => Some(body),
            Phase::Done(_) => None,
        }
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        match &self.phase {
            Phase::Handler(segment) | Phase::Body { segment, .. } => {
                let kind = if self
                    .more
                    .as_ref()
                    .and_then(|more| more.grpc.as_ref())
                    .is_some_and(Progress::is_late)
                {
                    Progress::expire(segment);
                    "DeadlineExceeded"
                } else {
                    let message = "the client left before the response was complete";
                    segment.record_failure("ClientDisconnected", message, false);
                    "ClientDisconnected"
                };
                if let Some(access) = self.access() {
                    access.failed(kind);
                }
            }
            // That is how a stream of events ends.
            Phase::Stream { .. } | Phase::Done(_) => {}
        }
        self.close();
    }
}

/// Runs a middleware's `work`, such as a poll of the handler; a panic ends the exchange and goes on
/// unchanged, so that the client sees what it would see without the middleware.
pub fn recording_panics<T>(exchange: &mut Option<Exchange>, work: impl FnOnce() -> T) -> T {
    catching(exchange, work, |mut exchange, payload| exchange.panicked(payload))
}

/// Runs `work`; a panic is recorded on what is watched, and goes on unchanged.
pub(super) fn catching<W, T>(
    watched: &mut Option<W>,
    work: impl FnOnce() -> T,
    record: impl FnOnce(W, &(dyn Any + Send)),
) -> T {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|payload| {
        if let Some(watched) = watched.take() {
            record(watched, &*payload);
        }
        resume_unwind(payload)
    })
}
