//! How a trace travels from service to service: AWS's `X-Amzn-Trace-Id` and W3C's `traceparent` and
//! `tracestate`.
//!
//! A caller may send both. [`TraceContext`] is what they say together: where
//! `X-Amzn-Trace-Id` names a trace and a parent, it counts; where it names a trace only, as a load
//! balancer's does, a valid `traceparent` counts. If they name different traces, the segment links to
//! the other one. Calls carry both: [`Entity::trace_header`](crate::Entity::trace_header) and
//! [`Entity::traceparent`](crate::Entity::traceparent). `OTEL_PROPAGATORS` changes all of this as it
//! does for OpenTelemetry.

mod amazon;
mod context;
mod propagation;
mod w3c;

pub use amazon::{HEADER_NAME, MAX_DATA_BYTES, TraceHeader};
pub use context::{CallerHeaders, TraceContext};
pub use w3c::{
    MAX_TRACESTATE_BYTES, MAX_TRACESTATE_MEMBERS, TRACEPARENT, TRACESTATE, TraceParent, joined,
    only,
};

pub(crate) use context::Carried;
pub(crate) use propagation::{Format, Propagation};

/// What the caller says about sampling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Sampled {
    /// `Sampled=1`: the trace is recorded.
    Yes,
    /// `Sampled=0`: the trace is not recorded.
    No,
    /// `Sampled=?`: decide, and tell in the response.
    Requested,
}
