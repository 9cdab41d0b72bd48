use std::{
    fmt::Debug,
    sync::Arc,
    task::{Context, Poll},
};

use tower_service::Service;
use xray_core::{Entity, Invocation, Recorder, TraceHeader, header::CallerHeaders};

use crate::{InvocationFuture, Invoked, deadline, future::recording_panics, start};

/// Records each invocation of the handler it wraps. Made by [`XRayLambdaLayer`](crate::XRayLambdaLayer).
#[derive(Clone, Debug)]
pub struct XRayInvocation<S> {
    inner: S,
    recorder: Option<Recorder>,
    name: Arc<str>,
}

impl<S> XRayInvocation<S> {
    pub(crate) fn new(inner: S, recorder: Option<Recorder>, name: Arc<str>) -> Self {
        Self { inner, recorder, name }
    }

    fn begin(&self, event: &impl Invoked) -> Option<Invocation> {
        // Before the first id of this process is made.
        let cold_start = start::is_cold();
        let installed;
        let recorder = match &self.recorder {
            Some(recorder) => recorder,
            None => {
                installed = Recorder::installed_or_told();
                installed.as_ref()?
            }
        };
        let context = event.context();
        let header = context.and_then(|context| context.xray_trace_id.as_deref());
        if is_within(header) {
            return None;
        }
        let tracestate = event.tracestate();
        let caller = CallerHeaders {
            trace_header: header.map(str::as_bytes),
            traceparent: event.traceparent(),
            tracestate: tracestate.as_deref(),
        };
        let invocation = Invocation::begin(recorder, &caller, &self.name);
        invocation.entity().when_sampled(|handler| {
            handler.annotate("cold_start", cold_start);
            if let Some(context) = context {
                handler.annotate("request_id", &*context.request_id);
            }
        });
        Some(invocation)
    }
}

/// Whether another layer records this invocation already.
fn is_within(header: Option<&str>) -> bool {
    let current = Entity::current();
    current.is_sampled()
        && header.and_then(|header| TraceHeader::parse(header).root) == Some(current.trace_id())
}

impl<S, R> Service<R> for XRayInvocation<S>
where
    R: Invoked,
    S: Service<R>,
    S::Error: Debug + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = InvocationFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, event: R) -> InvocationFuture<S::Future> {
        let Some(invocation) = self.begin(&event) else {
            return InvocationFuture::passing(self.inner.call(event));
        };
        let entity = invocation.entity().clone();
        let deadline = event.context().filter(|_| entity.is_sampled()).and_then(deadline::timer);
        let mut invocation = Some(invocation);
        let future = {
            let _entered = entity.enter();
            recording_panics(&mut invocation, || self.inner.call(event))
        };
        InvocationFuture::recorded(entity.scope(future), invocation, deadline)
    }
}
