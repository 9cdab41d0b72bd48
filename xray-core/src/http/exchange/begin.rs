//! How a request is begun: as a segment, as a part of what a function does, or for an access log alone.

use super::{Exchange, More, Phase};
use crate::{
    Entity, Recorder, SamplingRequest, Segment,
    header::CallerHeaders,
    http::{RequestHead, ServerPolicy, access::Entry, grpc::Progress, response::Method},
};

impl Exchange {
    /// Begins the segment of a request; `None` for a path that the policy ignores and no access log tells of.
    #[must_use = "a dropped exchange is a client that has gone"]
    pub fn begin(
        recorder: &Recorder,
        policy: &ServerPolicy,
        request: &RequestHead<'_>,
    ) -> Option<Self> {
        Self::begin_with(recorder, policy, request, |_| ())
    }

    /// As [`begin`](Self::begin), with no recorder for a request that an [access log](crate::http::AccessLog) may
    /// still tell of. `details` adds to the head what only a recorded request needs, or that log, and is
    /// called for such a one alone: `query`, `scheme`, `user_agent`, `forwarded_for`, `forwarded_proto`,
    /// `peer` and `grpc`.
    ///
    /// ```
    /// # use xray_core::{Recorder, http::{Exchange, RequestHead, ServerPolicy}};
    /// # let xray = Recorder::builder("orders").build()?;
    /// # fn user_agent() -> Option<&'static str> { None }
    /// let head = RequestHead { method: "GET", path: "/orders", ..RequestHead::default() };
    /// let exchange = Exchange::begin_with(&xray, &ServerPolicy::new(), &head, |head| {
    ///     head.scheme = "https";
    ///     head.user_agent = user_agent();
    /// });
    /// # Ok::<(), xray_core::Error>(())
    /// ```
    #[must_use = "a dropped exchange is a client that has gone"]
    pub fn begin_with<'a>(
        recorder: impl Into<Option<&'a Recorder>>,
        policy: &ServerPolicy,
        request: &RequestHead<'a>,
        details: impl FnOnce(&mut RequestHead<'a>),
    ) -> Option<Self> {
        let recorder = recorder.into().filter(|_| !policy.ignores(request.path));
        let Some(recorder) = recorder else {
            return Self::unrecorded(policy, request, details);
        };
        let context = recorder.trace_context(&CallerHeaders {
            trace_header: request.trace_header,
            traceparent: request.traceparent,
            tracestate: request.tracestate,
        });
        let context = policy.believed(context, || recorder.second());
        let asked = context.asked;
        let sampling = SamplingRequest {
            host: request.host,
            method: Some(request.method),
            path: Some(request.path),
            ..SamplingRequest::default()
        };
        let name = policy.segment_name(recorder, request.host);
        let segment = recorder.segment(name).context(context).request(sampling).watched().begin();
        Some(Self::begun(segment, asked, policy, request, details))
    }

    /// Begins the subsegment of a request that a function of AWS Lambda serves, whose segment is Lambda's;
    /// `function` is what [`enclosing`](Self::enclosing) found, and [awaits](Entity::awaits_request) a
    /// request. It is recorded as with [`begin_with`](Self::begin_with). The caller's headers count for
    /// nothing, since Lambda has read them.
    #[must_use = "a dropped exchange is a client that has gone"]
    pub fn begin_in_function<'a>(
        function: &Entity,
        policy: &ServerPolicy,
        request: &RequestHead<'a>,
        details: impl FnOnce(&mut RequestHead<'a>),
    ) -> Option<Self> {
        let recorder = function.recorder().filter(|_| !policy.ignores(request.path));
        let Some(recorder) = recorder else {
            return Self::unrecorded(policy, request, details);
        };
        let name = policy.segment_name(recorder, request.host);
        let subsegment = Segment::of_function(function, name);
        let mut exchange = Self::begun(subsegment, false, policy, request, details);
        exchange.more.get_or_insert_default().function = Some(function.clone());
        Some(exchange)
    }

    /// A request whose segment has begun.
    #[inline]
    fn begun<'a>(
        segment: Segment,
        asked: bool,
        policy: &ServerPolicy,
        request: &RequestHead<'a>,
        details: impl FnOnce(&mut RequestHead<'a>),
    ) -> Self {
        let log = policy.logs(request.path);
        let sampled = segment.is_sampled();
        let mut more = None;
        if sampled || log.is_some() {
            let mut request = *request;
            details(&mut request);
            if sampled {
                request.record(&segment, policy);
            }
            if request.grpc.is_some() || log.is_some() {
                let grpc = request.grpc.map(|head| Progress::begin(&head));
                let access = log.map(|log| Entry::begin(log, &request, &segment));
                more = Some(Box::new(More { grpc, access, function: None }));
            }
        }
        let method = Method::of(request.method);
        Self { phase: Phase::Handler(segment), asked, method, more }
    }

    /// A request that is not recorded, where somebody wants to read of it.
    #[cold]
    fn unrecorded<'a>(
        policy: &ServerPolicy,
        request: &RequestHead<'a>,
        details: impl FnOnce(&mut RequestHead<'a>),
    ) -> Option<Self> {
        let log = policy.logs(request.path)?;
        let mut request = *request;
        details(&mut request);
        Some(Self {
            phase: Phase::Handler(Segment::absent()),
            asked: false,
            method: Method::of(request.method),
            more: Some(Box::new(More {
                grpc: None,
                access: Some(Entry::unrecorded(log, &request)),
                function: None,
            })),
        })
    }

    /// The segment that an outer middleware of the same recorder has begun for the request that runs.
    /// A middleware that finds one lets the request pass: one request is one segment. What a function
    /// does may [await](Entity::awaits_request) a request.
    #[must_use]
    pub fn enclosing(recorder: &Recorder) -> Option<Entity> {
        let current = Entity::current();
        current.is_of(recorder).then(|| current.enclosing())
    }
}
