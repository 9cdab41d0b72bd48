//! What begins under an entity.

use std::{sync::Arc, time::Duration};

use super::{Entity, Kind, Passing};
use crate::{
    SegmentId,
    record::{Live, Subsegment, context, settle::noted_name, slots::Place, state::Role},
};

impl Entity {
    /// Begins a subsegment of this entity. It ends when the guard is dropped.
    #[inline]
    pub fn subsegment(&self, name: &str) -> Subsegment {
        match &self.0 {
            Kind::Passing(passing) => Subsegment::new(Self::passing(passing.child())),
            _ => self.recorded_subsegment(name),
        }
    }

    /// A subsegment of the current entity, without a copy of it where that would cost; `None` without one.
    #[inline]
    pub(in crate::record) fn subsegment_of_current<N: AsRef<str>>(
        name: impl FnOnce() -> N,
    ) -> Option<Subsegment> {
        let entity = context::look_at_current(|current| match &current.0 {
            Kind::Passing(passing) => Some(Self::passing(passing.child())),
            Kind::Absent => None,
            // To begin one may log, which may run code of the user's.
            Kind::Recorded { .. } | Kind::Facade(_) => Some(current.clone()),
        })?;
        Some(if entity.is_sampled() {
            entity.recorded_subsegment(name().as_ref())
        } else {
            Subsegment::new(entity)
        })
    }

    #[inline(never)]
    fn recorded_subsegment(&self, name: &str) -> Subsegment {
        self.begin_recorded(name, Duration::ZERO)
    }

    // In line, so that what begins now knows that there is nothing to subtract.
    #[inline(always)]
    fn begin_recorded(&self, name: &str, ago: Duration) -> Subsegment {
        let entity = match &self.0 {
            Kind::Recorded { live, place, .. } => {
                Self::begin_child(Arc::clone(live), *place, name, ago)
            }
            Kind::Facade(facade) => {
                let name = noted_name(name, facade.recorder.service());
                let caller = (Some(facade.trace_id), Some(facade.id));
                let carried = facade.carried.clone();
                let (live, id) =
                    Live::begin(&facade.recorder, &name, caller, carried, Role::Function(ago));
                Self::recorded(live, Place { index: 0, id })
            }
            Kind::Passing(_) | Kind::Absent => self.clone(),
        };
        Subsegment::new(entity)
    }

    #[inline]
    fn begin_child(live: Arc<Live>, parent: Place, name: &str, ago: Duration) -> Self {
        match live.begin_child(parent, name, ago, ()) {
            Ok((live, place)) => Self::recorded(live, place),
            Err(live) => Self::recorded(live, parent).not_recorded(),
        }
    }

    /// Begins a subsegment that began so long ago: for work that is only told of when it is over, such
    /// as a driver's log line. A time before the segment's begin counts as its begin.
    ///
    /// ```
    /// use std::time::Duration;
    /// use xray_core::Entity;
    ///
    /// fn on_query_done(took: Duration) {
    ///     Entity::current().subsegment_ago("shop@db.internal", took).end();
    /// }
    /// ```
    pub fn subsegment_ago(&self, name: &str, ago: Duration) -> Subsegment {
        match &self.0 {
            Kind::Passing(passing) => Subsegment::new(Self::passing(passing.child())),
            _ => self.begin_recorded(name, ago),
        }
    }

    /// Begins work that is not recorded, and nothing under it is: for details that would only cost.
    /// Calls made in it carry the trace on with `Sampled=0`.
    pub fn unsampled_subsegment(&self) -> Subsegment {
        Subsegment::new(self.not_recorded())
    }

    /// An entity under this one that records nothing and carries the trace on.
    pub(crate) fn not_recorded(&self) -> Self {
        let carried = match self.carried() {
            Some(carried) if self.is_sampled() => carried.clone(),
            _ => return self.clone(),
        };
        Self::passing(Passing {
            recorder: self.recorder_key().unwrap_or_default(),
            root: self.trace_id(),
            id: SegmentId::NOOP,
            parent: self.id(),
            has_parent: true,
            continued: true,
            decided: true,
            carried,
            watch: None,
        })
    }
}
