use std::sync::Arc;

use super::{Format, Propagation, Sampled, TraceHeader, TraceParent, w3c};
use crate::document::Link;

/// The tracing headers of a request, as they came.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "integrations build it")]
pub struct CallerHeaders<'a> {
    /// `X-Amzn-Trace-Id`.
    pub trace_header: Option<&'a [u8]>,
    /// `traceparent`; none if there are several, see [`only`](super::only).
    pub traceparent: Option<&'a [u8]>,
    /// `tracestate`; several are [`joined`](super::joined).
    pub tracestate: Option<&'a [u8]>,
}

/// What all tracing headers of a caller say together. Made by
/// [`Recorder::trace_context`](crate::Recorder::trace_context), or of one [`TraceHeader`].
///
/// ```
/// use xray_core::{Recorder, header::CallerHeaders};
///
/// let xray = Recorder::builder("orders").build()?;
/// let context = xray.trace_context(&CallerHeaders {
///     trace_header: Some(b"Root=1-67891233-abcdef012345678912345678"), // a load balancer's
///     traceparent: Some(b"00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01"),
///     ..CallerHeaders::default()
/// });
/// assert_eq!(
///     context.header.to_string(),
///     "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1",
/// );
/// # Ok::<(), xray_core::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct TraceContext {
    /// The trace, the caller and the decision that count.
    pub header: TraceHeader,
    /// W3C's `tracestate` of that trace.
    pub tracestate: Option<Arc<str>>,
    /// The caller in the other trace, if two headers name different ones.
    pub link: Option<Link>,
    /// The caller wants to know the decision.
    pub(crate) asked: bool,
}

impl From<TraceHeader> for TraceContext {
    fn from(header: TraceHeader) -> Self {
        let asked = header.sampled == Some(Sampled::Requested);
        Self { header, asked, ..Self::default() }
    }
}

impl TraceContext {
    pub(crate) fn read(caller: &CallerHeaders<'_>, propagation: Propagation) -> Self {
        let read = |value: Option<_>, format| value.filter(|_| propagation.carries(format));
        let xray = read(caller.trace_header, Format::XRay).map(TraceHeader::parse_bytes);
        let xray = Self::from(xray.unwrap_or_default());
        let Some(w3c) = read(caller.traceparent, Format::W3c).and_then(TraceParent::parse) else {
            return xray;
        };
        // What has no parent was not sent by anybody who traces.
        let root = xray.header.root.filter(|root| !root.is_noop());
        let parent = xray.header.parent.filter(|parent| !parent.is_noop());
        let xray_caller = root.zip(parent);
        let same = root == Some(w3c.root);
        let tracestate = || caller.tracestate.and_then(w3c::tracestate);
        if xray_caller.is_some() && propagation.prefers_xray() {
            let link = Link { trace_id: w3c.root, id: w3c.parent };
            return Self {
                tracestate: if same { tracestate() } else { None },
                link: (!same).then_some(link),
                ..xray
            };
        }
        let link = xray_caller.filter(|_| !same).map(|(trace_id, id)| Link { trace_id, id });
        let header = TraceHeader {
            root: Some(w3c.root),
            parent: Some(w3c.parent),
            sampled: Some(if w3c.sampled { Sampled::Yes } else { Sampled::No }),
            data: xray.header.data,
        };
        Self { header, tracestate: tracestate(), link, asked: xray.asked }
    }

    /// The trace's id only: neither who called nor what was decided. The question stays, for it
    /// forces nothing.
    pub(crate) fn root_only(self) -> Self {
        let header = TraceHeader { root: self.header.root, ..TraceHeader::default() };
        Self { header, asked: self.asked, ..Self::default() }
    }

    /// Without the caller's decision.
    pub(crate) fn undecided(mut self) -> Self {
        self.header.sampled = None;
        self
    }
}

/// What travels with a trace beside its ids, and by which headers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Carried {
    /// Most callers send none, and what is not recorded hands this on at each step: so it is small.
    texts: Option<Arc<Texts>>,
    pub(crate) propagation: Propagation,
}

#[derive(Debug)]
struct Texts {
    /// Of `X-Amzn-Trace-Id`.
    data: Option<Arc<str>>,
    tracestate: Option<Arc<str>>,
}

impl Carried {
    /// Without texts.
    pub(crate) fn by(propagation: Propagation) -> Self {
        Self { texts: None, propagation }
    }

    pub(crate) fn has_texts(&self) -> bool {
        self.texts.is_some()
    }

    #[inline]
    pub(crate) fn new(context: &TraceContext, propagation: Propagation) -> Self {
        let (data, tracestate) = (&context.header.data, &context.tracestate);
        let texts = (data.is_some() || tracestate.is_some())
            .then(|| Arc::new(Texts { data: data.clone(), tracestate: tracestate.clone() }));
        Self { texts, propagation }
    }

    pub(crate) fn data(&self) -> Option<&Arc<str>> {
        self.texts.as_ref()?.data.as_ref()
    }

    pub(crate) fn tracestate(&self) -> Option<&str> {
        self.texts.as_ref()?.tracestate.as_deref()
    }
}
