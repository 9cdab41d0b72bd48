use std::{fmt, sync::Arc};

use tracing_core::{
    Event, LevelFilter, Metadata, Subscriber,
    span::{Attributes, Id, Record},
};
use tracing_subscriber::{
    layer::{Context, Layer},
    registry::LookupSpan,
};
use xray_core::{
    Batch, Entity, Recorder, Segment,
    bridge::{Spans, Work},
    document::Link,
};

use crate::{
    event::{self, Told},
    fields::{FieldRule, Fields, NAMESPACE, Name, Rule},
};

/// A layer that records spans as subsegments, for any registry. What becomes of what is said at the
/// [crate's](crate) front page.
///
/// Filters of `tracing_subscriber` say which spans and events it sees:
///
/// ```
/// use tracing_subscriber::{filter::LevelFilter, prelude::*};
/// use xray_tracing::XRayTracing;
///
/// let subscriber = tracing_subscriber::registry()
///     .with(XRayTracing::new().with_filter(LevelFilter::INFO));
/// # let _ = subscriber;
/// ```
pub struct XRayTracing {
    spans: Spans,
    roots: Option<Roots>,
    rule: Option<Arc<Rule>>,
    exceptions: LevelFilter,
    events: LevelFilter,
    code: bool,
    sampled_only: bool,
}

/// Who begins segments for spans outside of any.
enum Roots {
    Installed,
    With(Recorder),
}

impl Default for XRayTracing {
    fn default() -> Self {
        Self {
            spans: Spans::default(),
            roots: None,
            rule: None,
            exceptions: LevelFilter::ERROR,
            events: LevelFilter::OFF,
            code: false,
            sampled_only: false,
        }
    }
}

impl XRayTracing {
    /// A layer that records spans inside of segments.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes a span outside of any segment a segment of its own trace, named as the span, if the sampling
    /// rules of the recorder that is [installed](Recorder::install) then want it: for workers and jobs.
    ///
    /// Libraries open spans on threads of their own, too: add a filter, so that they do not become
    /// traces.
    ///
    /// ```
    /// use tracing_subscriber::{filter::Targets, prelude::*};
    /// use xray_tracing::XRayTracing;
    ///
    /// let mine = Targets::new().with_target("shop", tracing::Level::INFO);
    /// let subscriber =
    ///     tracing_subscriber::registry().with(XRayTracing::new().root_segments().with_filter(mine));
    /// # let _ = subscriber;
    /// ```
    #[must_use]
    pub fn root_segments(mut self) -> Self {
        self.roots = Some(Roots::Installed);
        self
    }

    /// As [`root_segments`](Self::root_segments), with this recorder.
    #[must_use]
    pub fn root_segments_with(mut self, recorder: Recorder) -> Self {
        self.roots = Some(Roots::With(recorder));
        self
    }

    /// What becomes of fields, by their name. `message`, and errors of events, are not asked about unless
    /// they have another name; a field that is to be ignored is so in events, too.
    ///
    /// ```
    /// use xray_tracing::{FieldRule, XRayTracing};
    ///
    /// let layer = XRayTracing::new().fields(|name| match name {
    ///     "order" => FieldRule::Annotation, // also where it is given with `%` or `?`
    ///     "password" | "token" => FieldRule::Ignore,
    ///     _ => FieldRule::ByType,
    /// });
    /// # let _ = layer;
    /// ```
    #[must_use]
    pub fn fields(mut self, rule: impl Fn(&str) -> FieldRule + Send + Sync + 'static) -> Self {
        self.rule = Some(Arc::new(rule));
        self
    }

    /// Up to which level events are exceptions, which make the entity a fault; `ERROR` if not set, and
    /// `OFF` for none.
    #[must_use]
    pub fn exceptions(mut self, level: impl Into<LevelFilter>) -> Self {
        self.exceptions = level.into();
        self
    }

    /// Up to which level events are kept as metadata, in the list `events` of the namespace `tracing`: at
    /// most 100 of an entity, further ones are counted as dropped. None if not set.
    #[must_use]
    pub fn events(mut self, level: impl Into<LevelFilter>) -> Self {
        self.events = level.into();
        self
    }

    /// Keeps where a span stands in the code as the metadata `code`: target, level, file and line.
    #[must_use]
    pub fn code(mut self) -> Self {
        self.code = true;
        self
    }

    /// Lets spans of a trace that is not sampled carry nothing, so that they cost little more than what the
    /// registry does itself.
    ///
    /// Say so only where every task and thread is given its trace by
    /// [`in_current_segment()`](xray_core::InCurrentSegment). With `.instrument(span)` and
    /// `.in_current_span()` alone, calls made there would not say `Sampled=0`, so that the services called
    /// decide by themselves, and a subsegment begun there would be reported as one without a segment.
    #[must_use]
    pub fn sampled_only(mut self) -> Self {
        self.sampled_only = true;
        self
    }

    /// What is recorded of a span when it opens.
    #[inline]
    fn record(&self, attributes: &Attributes<'_>, batch: &mut Batch) {
        attributes.record(&mut Fields::new(batch, self.rule.as_deref()));
        if self.code {
            record_code(batch, attributes.metadata());
        }
    }

    /// A segment for a span outside of any, if that is wanted.
    fn root(&self, attributes: &Attributes<'_>) -> Option<Segment> {
        let name = || Name::of(attributes);
        let segment = match self.roots.as_ref()? {
            Roots::Installed => Recorder::installed()?.begin_segment(&name()),
            Roots::With(recorder) => recorder.begin_segment(&name()),
        };
        (!segment.is_absent()).then_some(segment)
    }

    fn named_parent<S>(
        &self,
        attributes: &Attributes<'_>,
        id: &Id,
        context: &Context<'_, S>,
    ) -> Option<Entity>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        attributes.parent()?;
        // By the new span, since a parent that a filter has hidden is not found itself.
        let mut above = context.span(id)?.scope().skip(1);
        above.find_map(|span| self.spans.entity(span.id().into_non_zero_u64()))
    }

    /// The nearest span that is recorded, of one and those above it.
    fn nearest<S>(&self, id: &Id, context: &Context<'_, S>) -> Option<Entity>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        self.spans.entity(id.into_non_zero_u64()).or_else(|| {
            let mut above = context.span_scope(id)?;
            above.find_map(|span| self.spans.entity(span.id().into_non_zero_u64()))
        })
    }
}

impl<S> Layer<S> for XRayTracing
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        // It only says which database sqlx talks to.
        if attributes.metadata().target() == crate::sqlx::SPAN {
            return;
        }
        if attributes.is_contextual() {
            if self.sampled_only && Entity::is_current_unsampled() {
                return;
            }
            // What is current here is the contextual parent, or what was begun inside of it.
            let name = || Name::of(attributes);
            let write = |batch: &mut Batch| self.record(attributes, batch);
            let id = id.into_non_zero_u64();
            let is_open = match &self.rule {
                None => self.spans.open(id, name, write),
                // The rule is code of the program's.
                Some(_) => self.spans.open_apart(id, name, write),
            };
            if is_open {
                return;
            }
        }
        let work = match self.named_parent(attributes, id, &context) {
            Some(parent) => {
                let name = if parent.is_sampled() { Name::of(attributes) } else { "".into() };
                Work::Subsegment(parent.subsegment(&name))
            }
            None => match self.root(attributes) {
                Some(segment) => Work::Segment(segment),
                None => return,
            },
        };
        work.batch(|batch| self.record(attributes, batch));
        self.spans.insert(id.into_non_zero_u64(), work);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, _: Context<'_, S>) {
        self.spans.write(id.into_non_zero_u64(), |batch| {
            values.record(&mut Fields::new(batch, self.rule.as_deref()));
        });
    }

    fn on_follows_from(&self, id: &Id, follows: &Id, context: Context<'_, S>) {
        let Some(entity) = self.spans.sampled(id.into_non_zero_u64()) else { return };
        if let Some(cause) = self.nearest(follows, &context).filter(Entity::is_sampled) {
            entity.link(Link { trace_id: cause.trace_id(), id: cause.id() });
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let metadata = event.metadata();
        let is_exception = *metadata.level() <= self.exceptions;
        let is_entry = *metadata.level() <= self.events;
        if !(is_exception || is_entry) || event::is_ours(metadata.target()) {
            return;
        }
        let entity = match event.parent() {
            Some(parent) => self.nearest(parent, &context),
            None if event.is_root() => None,
            None => Some(Entity::current()),
        };
        let Some(entity) = entity else { return };
        if !entity.is_sampled() {
            if is_exception {
                // That there was one may be wanted all the same.
                entity.record_exception_chain(Vec::new());
            }
            return;
        }
        let mut told = Told::by(event, is_entry, self.rule.as_deref());
        if told.is_ours() {
            return;
        }
        if is_exception {
            told.record_exception(event, &entity);
        }
        if is_entry {
            told.record_entry(event, &entity);
        }
    }

    fn on_enter(&self, id: &Id, _: Context<'_, S>) {
        self.spans.enter(id.into_non_zero_u64());
    }

    fn on_exit(&self, id: &Id, _: Context<'_, S>) {
        self.spans.exit(id.into_non_zero_u64());
    }

    fn on_close(&self, id: Id, _: Context<'_, S>) {
        self.spans.end(id.into_non_zero_u64());
    }
}

impl fmt::Debug for XRayTracing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("XRayTracing")
            .field("root_segments", &self.roots.is_some())
            .field("exceptions", &self.exceptions)
            .field("events", &self.events)
            .finish_non_exhaustive()
    }
}

fn record_code(batch: &mut Batch, metadata: &'static Metadata<'static>) {
    let code = serde_json::json!({
        "target": metadata.target(),
        "level": metadata.level().as_str(),
        "file": metadata.file(),
        "line": metadata.line(),
    });
    batch.metadata_in(NAMESPACE, "code", code);
}
