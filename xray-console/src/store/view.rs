//! A trace as the filter sees it.

use super::calls::{Call, inferred_node, segment_node};
use super::trace::Trace;
use crate::class::Class;
use crate::document::{Entity, LONGEST, Value};
use crate::filter::{AnnotationRef, EdgeView, EntityView, Flag, Number, Text, TraceView};

/// A view that lives for one question.
pub(crate) struct View<'t> {
    id: String,
    trace: &'t Trace,
    root: Option<SpanView<'t>>,
}

impl<'t> View<'t> {
    pub(crate) fn of(trace: &'t Trace) -> Self {
        let entry = trace.assembly().entry();
        let is_segment =
            |&index: &usize| trace.assembly().spans()[index].is_segment(trace.documents());
        let root =
            entry.filter(is_segment).map(|index| SpanView { trace, index, role: Role::Root });
        Self { id: trace.key().to_string(), trace, root }
    }

    fn segment(&self, index: usize) -> SpanView<'t> {
        let is_root = self.root.as_ref().is_some_and(|root| root.index == index);
        SpanView {
            trace: self.trace,
            index,
            role: if is_root { Role::Root } else { Role::Segment },
        }
    }

    fn caller(&self, call: &Call) -> SpanView<'t> {
        let (documents, spans) = (self.trace.documents(), self.trace.assembly().spans());
        if spans[call.from as usize].is_segment(documents) {
            self.segment(call.from as usize)
        } else {
            SpanView { trace: self.trace, index: call.from as usize, role: Role::Inferred }
        }
    }

    fn callee(&self, call: &Call) -> SpanView<'t> {
        if call.inferred {
            SpanView { trace: self.trace, index: call.to as usize, role: Role::Inferred }
        } else {
            self.segment(call.to as usize)
        }
    }
}

impl TraceView for View<'_> {
    fn id(&self) -> &str {
        &self.id
    }

    fn root(&self) -> Option<&dyn EntityView> {
        self.root.as_ref().map(|root| root as &dyn EntityView)
    }

    fn duration(&self) -> Option<f64> {
        extent(self.trace, self.trace.assembly().spans())
    }

    fn any_segment(&self, test: &mut dyn FnMut(&dyn EntityView) -> bool) -> bool {
        let (documents, assembly) = (self.trace.documents(), self.trace.assembly());
        let segments =
            assembly.spans().iter().enumerate().filter(|(_, span)| span.is_segment(documents));
        let mut views = segments.map(|(index, _)| self.segment(index)).chain(
            assembly.calls().iter().filter(|call| call.inferred).map(|call| self.callee(call)),
        );
        views.any(|view| test(&view))
    }

    fn any_edge(&self, test: &mut dyn FnMut(EdgeView<'_>) -> bool) -> bool {
        self.trace.assembly().calls().iter().any(|call| {
            let from = self.caller(call);
            let to = self.callee(call);
            let via = SpanView { trace: self.trace, index: call.via as usize, role: Role::Call };
            test(EdgeView { from: &from, to: &to, call: &via })
        })
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Root,
    Segment,
    Inferred,
    Call,
}

struct SpanView<'t> {
    trace: &'t Trace,
    index: usize,
    role: Role,
}

impl<'t> SpanView<'t> {
    fn entity(&self) -> &'t Entity {
        self.trace.assembly().spans()[self.index].entity(self.trace.documents())
    }

    fn is_segment(&self) -> bool {
        matches!(self.role, Role::Root | Role::Segment)
    }

    /// The span and what is below it: depth first order makes that one run.
    fn subtree(&self) -> &'t [super::Span] {
        let from = &self.trace.assembly().spans()[self.index..];
        let depth = from[0].depth;
        let length =
            from[1..].iter().position(|span| span.depth <= depth).map_or(from.len(), |end| end + 1);
        &from[..length]
    }
}

impl EntityView for SpanView<'_> {
    fn is(&self, flag: Flag) -> bool {
        let entity = self.entity();
        match flag {
            Flag::Error => matches!(entity.class, Class::Error | Class::Throttle),
            Flag::Fault => entity.class == Class::Fault,
            Flag::Throttle => entity.class == Class::Throttle,
            Flag::Partial => entity.end.is_none(),
            Flag::Inferred => self.role == Role::Inferred || entity.inferred,
            Flag::Root => self.role == Role::Root,
        }
    }

    fn number(&self, number: Number) -> Option<f64> {
        match number {
            Number::Duration if self.is_segment() => extent(self.trace, self.subtree()),
            Number::ResponseTime | Number::Duration => self.entity().duration(),
            Number::HttpStatus => self.entity().facts().status.map(f64::from),
        }
    }

    fn any_text(&self, text: Text, test: &mut dyn FnMut(&str) -> bool) -> bool {
        let (entity, facts) = (self.entity(), self.entity().facts());
        let node = || if self.is_segment() { segment_node(entity) } else { inferred_node(entity) };
        let field = match text {
            Text::Name => return test(&entity.name) || test(&node().name),
            Text::Type => return node().kind.as_deref().is_some_and(test),
            Text::Message => return facts.messages.iter().any(|message| test(message)),
            Text::AccountId => &facts.account_id,
            Text::HttpUrl => &facts.url,
            Text::HttpMethod => &facts.method,
            Text::HttpUserAgent => &facts.user_agent,
            Text::HttpClientIp => &facts.client_ip,
            Text::User => &facts.user,
            Text::AvailabilityZone => &facts.availability_zone,
            Text::InstanceId => &facts.instance_id,
            Text::ResourceArn => &facts.resource_arn,
        };
        field.as_deref().is_some_and(test)
    }

    fn any_annotation(&self, key: &str, test: &mut dyn FnMut(AnnotationRef<'_>) -> bool) -> bool {
        let mut of = |entity: &Entity| {
            entity.facts().annotations.iter().filter(|(own, _)| &**own == key).any(|(_, value)| {
                test(match value {
                    Value::Bool(bool) => AnnotationRef::Bool(*bool),
                    Value::Number(number) => AnnotationRef::Number(*number),
                    Value::Text(text) => AnnotationRef::Text(text),
                })
            })
        };
        if !self.is_segment() {
            return of(self.entity());
        }
        let own = Some(self.index as u32);
        self.subtree()
            .iter()
            .filter(|span| span.segment == own)
            .any(|span| of(span.entity(self.trace.documents())))
    }
}

/// Seconds from the first start to the last end.
fn extent(trace: &Trace, spans: &[super::Span]) -> Option<f64> {
    let entities = spans.iter().map(|span| span.entity(trace.documents()));
    let (first, last) =
        entities.fold((f64::INFINITY, f64::NEG_INFINITY), |(first, last), entity| {
            (first.min(entity.start), last.max(entity.end.unwrap_or(entity.start)))
        });
    (last >= first).then_some((last - first).min(LONGEST))
}
