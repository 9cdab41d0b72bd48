//! What an entity tells the services it calls, and the caller it answers.

use super::{
    Entity,
    entity::{Kind, Passing},
    state::Provisional,
};
use crate::header::{Carried, Format, Sampled, TraceHeader, TraceParent};

impl Entity {
    /// `X-Amzn-Trace-Id` for a call that this entity makes; `None` where there is nothing to say, or
    /// `OTEL_PROPAGATORS` leaves it out.
    ///
    /// ```
    /// # fn request() -> std::collections::HashMap<&'static str, String> { Default::default() }
    /// # let mut request = request();
    /// use xray_core::{Entity, header::HEADER_NAME};
    ///
    /// if let Some(header) = Entity::current().trace_header() {
    ///     request.insert(HEADER_NAME, header.to_string());
    /// }
    /// ```
    #[must_use]
    pub fn trace_header(&self) -> Option<TraceHeader> {
        self.carried()?.propagation.carries(Format::XRay).then(|| self.header())?
    }

    /// W3C's `traceparent` for a call that this entity makes, beside
    /// [`trace_header`](Self::trace_header); `None` where there is no trace or no parent to name, or
    /// `OTEL_PROPAGATORS` leaves it out.
    ///
    /// ```
    /// # fn request() -> std::collections::HashMap<&'static str, String> { Default::default() }
    /// # let mut request = request();
    /// use xray_core::{Entity, header::{TRACEPARENT, TRACESTATE}};
    ///
    /// let entity = Entity::current();
    /// if let Some(parent) = entity.traceparent() {
    ///     request.insert(TRACEPARENT, parent.to_string());
    ///     if let Some(state) = entity.tracestate() {
    ///         request.insert(TRACESTATE, state.to_owned());
    ///     }
    /// }
    /// ```
    #[must_use]
    pub fn traceparent(&self) -> Option<TraceParent> {
        self.carried().filter(|carried| carried.propagation.carries(Format::W3c))?;
        TraceParent::of(&self.header()?)
    }

    /// W3C's `tracestate` for a call that this entity makes, as it came with the trace.
    #[must_use]
    pub fn tracestate(&self) -> Option<&str> {
        self.carried()?.tracestate()
    }

    fn header(&self) -> Option<TraceHeader> {
        let (root, parent, sampled) = match &self.0 {
            Kind::Recorded { live, place, .. } => {
                let told = if live.is_told_sampled() { Sampled::Yes } else { Sampled::No };
                (live.trace_id, Some(place.id), Some(told))
            }
            // Of an invocation without a trace.
            Kind::Passing(passing) if passing.root.is_noop() && !passing.decided => return None,
            Kind::Passing(passing) => {
                (passing.root, passing.parent(), passing.decided.then_some(Sampled::No))
            }
            Kind::Facade(facade) => (facade.trace_id, Some(facade.id), Some(Sampled::Yes)),
            Kind::Absent => return None,
        };
        let data = self.carried()?.data().cloned();
        Some(TraceHeader { root: Some(root), parent, sampled, data })
    }

    pub(super) fn carried(&self) -> Option<&Carried> {
        match &self.0 {
            Kind::Recorded { live, .. } => Some(&live.carried),
            Kind::Passing(passing) => Some(&passing.carried),
            Kind::Facade(facade) => Some(&facade.carried),
            Kind::Absent => None,
        }
    }

    /// The header of the response to a request that this segment serves; `None` where there is
    /// nothing to say. `asked` is whether the request's header said `Sampled=?`: only then does the
    /// answer tell the decision. The middlewares set it by themselves.
    #[must_use]
    pub fn response_header(&self, asked: bool) -> Option<TraceHeader> {
        let (root, sampled) = match &self.0 {
            Kind::Recorded { live, .. } => match live.provisional {
                Some(Provisional { continued }) if !live.is_told_sampled() => {
                    if !continued {
                        return None;
                    }
                    (live.trace_id, Sampled::No)
                }
                _ => (live.trace_id, Sampled::Yes),
            },
            Kind::Passing(Passing { root, continued: true, .. }) => (*root, Sampled::No),
            Kind::Passing(_) | Kind::Facade(_) | Kind::Absent => return None,
        };
        let sampled = asked.then_some(sampled);
        Some(TraceHeader { root: Some(root), sampled, ..TraceHeader::default() })
    }
}
