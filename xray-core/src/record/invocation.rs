use std::{
    any::Any,
    fmt::Debug,
    pin::Pin,
    sync::{Arc, Weak},
    task::{Context, Poll},
    time::Duration,
};

use super::{
    Entity, Live, Recorder, Subsegment,
    entity::Kind,
    exceptions::Known,
    slots::{OPEN, flag},
};
use crate::{
    TraceHeader,
    document::Exception,
    header::{CallerHeaders, Sampled, TraceContext},
};

/// One invocation of a function whose segment somebody else emits, as AWS Lambda does: a subsegment
/// beneath that segment, and what has to have left when the function returns.
///
/// `xray-lambda` does this for handlers in Rust.
///
/// ```
/// use std::time::Duration;
/// use xray_core::{Invocation, Recorder, Subsegment, header::CallerHeaders};
///
/// let xray = Recorder::builder("function").streaming_threshold(0).build()?;
/// let caller = CallerHeaders {
///     trace_header: Some(b"Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"),
///     ..CallerHeaders::default()
/// };
/// let invocation = Invocation::begin(&xray, &caller, "handler");
/// {
///     let _entered = invocation.entity().enter();
///     Subsegment::begin("price").end();
/// }
/// invocation.end(Duration::from_millis(500));
/// # Ok::<(), xray_core::Error>(())
/// ```
#[derive(Debug)]
#[must_use = "an invocation ends when it is dropped"]
pub struct Invocation {
    recorder: Recorder,
    /// `None` once it has ended.
    handler: Option<Subsegment>,
}

/// How long what has ended may take to leave when nobody says so.
const FLUSH: Duration = Duration::from_secs(1);

impl Invocation {
    /// Begins it, with a subsegment of this name. What is recorded is decided by the header alone: see
    /// [`Recorder::facade`].
    ///
    /// Where the invocation has no header, the environment's counts. With `Sampled=0`, which Lambda says
    /// also where X-Ray is off, or without a trace, a `traceparent` comes before it: then what is
    /// recorded lies beneath the call of whoever sent that.
    pub fn begin(recorder: &Recorder, caller: &CallerHeaders<'_>, name: &str) -> Self {
        let context = context(recorder, caller);
        let handler = recorder.facade_in(&context).subsegment(name);
        Self { recorder: recorder.clone(), handler: Some(handler) }
    }

    /// What the handler runs in.
    #[must_use]
    pub fn entity(&self) -> &Entity {
        static ENDED: Entity = Entity::ABSENT;
        self.handler.as_deref().unwrap_or(&ENDED)
    }

    /// The time is nearly over, and what runs may be killed: sends what is recorded so far, in progress
    /// and as a fault. `left` is how much time there is.
    ///
    /// If it ends all the same, what leaves then is without that fault.
    pub fn times_out(&self, left: Duration) {
        if let Kind::Recorded { live, .. } = &self.entity().0 {
            show_timeout(live, &self.recorder, "the handler still runs", left);
        }
    }

    /// The response that is on its way, where a handler returns one whose body is not complete. It is asked
    /// for before [`end`](Self::end), and tells of a body that takes too long.
    #[must_use]
    pub fn answering(&self) -> Option<Answering> {
        match &self.entity().0 {
            Kind::Recorded { live, .. } if live.is_answering() => {
                Some(Answering { live: Arc::downgrade(live) })
            }
            _ => None,
        }
    }

    /// The handler returned an error.
    pub fn fail<E: Debug + 'static>(&self, error: &E) {
        self.entity().record_debug(error);
    }

    /// The handler panicked.
    pub fn panicked(&self, payload: &(dyn Any + Send)) {
        self.entity().record_panic(payload);
    }

    /// The handler has returned: sends all that is recorded, within `timeout`; whether it has left.
    ///
    /// Where a response is [on its way](Self::answering) whose body is not complete, that is sent when it is.
    #[expect(clippy::must_use_candidate, reason = "what has not left is counted")]
    pub fn end(mut self, timeout: Duration) -> bool {
        self.finish(timeout)
    }

    fn finish(&mut self, timeout: Duration) -> bool {
        let Some(handler) = self.handler.take() else { return true };
        let answers = matches!(&handler.0, Kind::Recorded { live, .. } if live.is_answering());
        handler.end();
        answers || self.recorder.flush(timeout)
    }
}

impl Drop for Invocation {
    fn drop(&mut self) {
        self.finish(FLUSH);
    }
}

/// The response to an [`Invocation`] that has ended, whose body is still handed over. As a future it is
/// ready when the body is complete, or given up. It keeps nothing of what is recorded.
///
/// ```
/// use std::{pin::pin, task::{Context, Waker}, time::Duration};
/// use xray_core::{
///     Invocation, Recorder,
///     header::CallerHeaders,
///     http::{Exchange, RequestHead, ResponseHead, ServerPolicy},
/// };
///
/// # let xray = Recorder::builder("function").streaming_threshold(0).build()?;
/// # let header = b"Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
/// # let caller = CallerHeaders { trace_header: Some(header), ..CallerHeaders::default() };
/// let invocation = Invocation::begin(&xray, &caller, "handler");
/// let (policy, request) = (ServerPolicy::new(), RequestHead::default());
/// let mut exchange =
///     Exchange::begin_in_function(invocation.entity(), &policy, &request, |_| ()).expect("it is sampled");
/// exchange.respond(&ResponseHead { status: 200, ..ResponseHead::default() });
///
/// let mut answering = pin!(invocation.answering().expect("the body is not complete"));
/// invocation.end(Duration::from_millis(500));
/// let mut cx = Context::from_waker(Waker::noop());
/// assert!(answering.as_mut().poll(&mut cx).is_pending());
/// answering.times_out(Duration::from_millis(100));
///
/// exchange.finish();
/// assert!(answering.as_mut().poll(&mut cx).is_ready());
/// # Ok::<(), xray_core::Error>(())
/// ```
#[derive(Debug)]
#[must_use = "it tells of nothing by itself"]
pub struct Answering {
    live: Weak<Live>,
}

impl Answering {
    /// As [`Invocation::times_out`]: the time is nearly over, and the body is not complete. Does nothing if it
    /// is.
    pub fn times_out(&self, left: Duration) {
        let Some(live) = self.live.upgrade() else { return };
        if let Some(recorder) = live.recorder() {
            show_timeout(&live, recorder, "the response is not complete", left);
        }
    }
}

impl Future for Answering {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.live.upgrade().map_or(Poll::Ready(()), |live| live.poll_answered(cx.waker()))
    }
}

/// Sends what is recorded so far, in progress and as a fault.
fn show_timeout(live: &Live, recorder: &Recorder, what: &str, left: Duration) {
    let message = format!("{what} {} ms before its deadline", left.as_millis());
    let timeout = [Exception::new("Timeout", message)];
    live.show(|copy| copy.times_out(&timeout));
    recorder.flush(left);
}

/// The trace that an invocation belongs to.
fn context(recorder: &Recorder, caller: &CallerHeaders<'_>) -> TraceContext {
    let header = match caller.trace_header {
        Some(header) => TraceHeader::parse_bytes(header),
        None => recorder.header_of_environment(),
    };
    if caller.traceparent.is_some()
        && (header.root.is_none() || header.sampled == Some(Sampled::No))
    {
        let mut caller = recorder.trace_context(&CallerHeaders { trace_header: None, ..*caller });
        if caller.header.root.is_some() {
            // Lambda looks for loops by what it says there.
            caller.header.data = header.data;
            return caller;
        }
    }
    header.into()
}

impl super::Data {
    /// Records on the first entity why it failed, and that it has not ended although the handler has.
    fn times_out(&mut self, chain: &[Exception]) {
        if let Some(first) = self.entities.first_mut() {
            first.flags |= flag::EXCEPTION;
            first.end = OPEN;
            self.add_exceptions(0, chain, Known::ById);
        }
    }
}
