use std::{
    any::type_name,
    borrow::Cow,
    error::Error as StdError,
    panic::{AssertUnwindSafe, Location, catch_unwind},
    sync::Arc,
};

use serde::Serialize;
use serde_json::Value;

use super::{
    Entered, Live, Scope, Subsegment, context,
    data::{AnnotationText, Data, Rest, SqlData, flag, value_size},
};
use crate::{
    SegmentId, TraceId,
    document::{
        AnnotationValue, Exception, HttpRequest, Link, MAX_ANNOTATION_VALUE, MAX_EXCEPTION_CHAIN,
        MAX_SHORT_TEXT, MAX_SQL, Namespace, Sql, StackFrame, clean_name, cut, is_annotation_key,
        is_reserved_namespace,
    },
    header::{Sampled, TraceHeader},
    http::Outcome,
};

/// A handle to a segment or a subsegment: what can be recorded on it.
///
/// [`Segment`](crate::Segment) and [`Subsegment`] are guards that own the end and give all of this
/// by dereference; a handle is a cheap clone and never ends anything. On an entity that is not
/// sampled, that has ended, or that does not exist, every call returns at once and records nothing.
///
/// ```
/// use xray_core::Entity;
///
/// fn deep_inside() {
///     Entity::current().annotate("cache_hit", true);
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Entity(Kind);

#[derive(Clone, Debug)]
enum Kind {
    Recorded {
        live: Arc<Live>,
        index: u32,
        id: SegmentId,
    },
    Passing(Passing),
    /// Nothing is recorded, and no header goes on.
    Absent,
}

/// A trace that is not recorded here and travels on.
#[derive(Clone, Debug)]
pub(super) struct Passing {
    pub(super) root: TraceId,
    /// The id that stands for this service: all zeros unless the environment asks for real ones.
    pub(super) id: SegmentId,
    /// The parent for calls of our own: the caller's, if its header named a trace and a parent.
    pub(super) parent: Option<SegmentId>,
    /// Whether the caller's header named the trace.
    pub(super) continued: bool,
    pub(super) data: Option<Arc<str>>,
}

impl Entity {
    /// The entity that the running code belongs to; one that records nothing if there is none.
    #[must_use]
    pub fn current() -> Self {
        context::current().unwrap_or(Self(Kind::Absent))
    }

    pub(super) fn recorded(live: Arc<Live>, index: u32, id: SegmentId) -> Self {
        Self(Kind::Recorded { live, index, id })
    }

    pub(super) fn passing(passing: Passing) -> Self {
        Self(Kind::Passing(passing))
    }

    pub(super) fn absent() -> Self {
        Self(Kind::Absent)
    }

    /// Whether what is recorded here is kept.
    #[must_use]
    pub fn is_sampled(&self) -> bool {
        matches!(self.0, Kind::Recorded { .. })
    }

    pub(super) fn is_absent(&self) -> bool {
        matches!(self.0, Kind::Absent)
    }

    /// The trace's id; [`TraceId::NOOP`] where none is known.
    #[must_use]
    pub fn trace_id(&self) -> TraceId {
        match &self.0 {
            Kind::Recorded { live, .. } => live.trace_id,
            Kind::Passing(passing) => passing.root,
            Kind::Absent => TraceId::NOOP,
        }
    }

    /// The entity's own id; [`SegmentId::NOOP`] where nothing is recorded.
    #[must_use]
    pub fn id(&self) -> SegmentId {
        match &self.0 {
            Kind::Recorded { id, .. } => *id,
            Kind::Passing(passing) => passing.id,
            Kind::Absent => SegmentId::NOOP,
        }
    }

    /// The segment that this entity belongs to. For a subsegment that began after its segment had
    /// left, the outermost subsegment that leaves with it.
    #[must_use]
    pub fn segment(&self) -> Self {
        match &self.0 {
            Kind::Recorded { live, .. } => Self::recorded(Arc::clone(live), 0, live.id),
            other => Self(other.clone()),
        }
    }

    /// The header for a call that this entity makes; `None` where there is nothing to say.
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
        match &self.0 {
            Kind::Recorded { live, id, .. } => Some(TraceHeader {
                root: Some(live.trace_id),
                parent: Some(*id),
                sampled: Some(Sampled::Yes),
                data: live.data.clone(),
            }),
            Kind::Passing(passing) => Some(TraceHeader {
                root: Some(passing.root),
                parent: passing.parent,
                sampled: Some(Sampled::No),
                data: passing.data.clone(),
            }),
            Kind::Absent => None,
        }
    }

    /// The header of the response, as decided by what the caller's header was.
    pub(crate) fn response_header(&self, asked: bool) -> Option<TraceHeader> {
        let (root, sampled) = match &self.0 {
            Kind::Recorded { live, .. } => (live.trace_id, Sampled::Yes),
            Kind::Passing(Passing { root, continued: true, .. }) => (*root, Sampled::No),
            Kind::Passing(_) | Kind::Absent => return None,
        };
        let sampled = asked.then_some(sampled);
        Some(TraceHeader { root: Some(root), sampled, ..TraceHeader::default() })
    }

    /// Sets an indexed value. Keys are ASCII letters, digits and `_`, at most 500; another key is
    /// logged and dropped, and so is a number that is not finite. Text is cut at 1,000 characters.
    pub fn annotate<'v>(&self, key: &str, value: impl Into<AnnotationValue<'v>>) {
        let Kind::Recorded { live, index, .. } = &self.0 else { return };
        if !is_annotation_key(key) {
            return log::warn!(
                "annotation {:?} dropped: a key is ASCII letters, digits and _, at most 500",
                cut(key, 50)
            );
        }
        let value = value.into();
        if matches!(value, AnnotationValue::Float(number) if !number.is_finite()) {
            return log::warn!("annotation {key:?} dropped: the number is not finite");
        }
        let bytes =
            key.len() + if let AnnotationValue::String(text) = &value { text.len() } else { 0 };
        live.change(*index, bytes, |record| {
            let value = match value {
                AnnotationValue::String(text) => {
                    AnnotationText::String(record.push_text(cut(&text, MAX_ANNOTATION_VALUE)))
                }
                AnnotationValue::Integer(value) => AnnotationText::Integer(value),
                AnnotationValue::Unsigned(value) => AnnotationText::Unsigned(value),
                AnnotationValue::Float(value) => AnnotationText::Float(value),
                AnnotationValue::Bool(value) => AnnotationText::Bool(value),
            };
            record.annotate(*index, key, value);
        });
    }

    /// Keeps any value that serialises, not indexed, in the namespace `default`. A value that does
    /// not serialise leaves the error's text in its place.
    pub fn metadata(&self, key: &str, value: impl Serialize) {
        self.metadata_in("default", key, value);
    }

    /// As [`metadata`](Self::metadata), in a namespace of your own; those that begin with `AWS.`
    /// belong to AWS and are logged and dropped.
    pub fn metadata_in(&self, namespace: &str, key: &str, value: impl Serialize) {
        let Kind::Recorded { live, index, .. } = &self.0 else { return };
        if is_reserved_namespace(namespace) {
            return log::warn!("metadata {key:?} dropped: the namespace {namespace:?} is reserved");
        }
        // The user's code runs outside the trace's lock, and its panic is not the request's.
        let value = catch_unwind(AssertUnwindSafe(|| serde_json::to_value(value)));
        let value = match value {
            Ok(Ok(value)) => value,
            Ok(Err(error)) => Value::String(error.to_string()),
            Err(_) => Value::String("the value's Serialize panicked".into()),
        };
        let bytes = value_size(&value) + namespace.len() + key.len();
        live.change(*index, bytes, |record| record.set_metadata(*index, namespace, key, value));
    }

    /// Records an error with the errors that caused it. The entity becomes a fault, unless the
    /// status of its response turns out to be a 4xx.
    ///
    /// ```
    /// # use xray_core::Entity;
    /// if let Err(error) = "x".parse::<u32>() {
    ///     Entity::current().record_error(&error);
    /// }
    /// ```
    #[track_caller]
    pub fn record_error<E: StdError + ?Sized>(&self, error: &E) {
        let Kind::Recorded { .. } = &self.0 else { return };
        let location = Location::caller();
        let frame =
            StackFrame { path: location.file().into(), line: location.line(), label: "".into() };
        let chain = describe(error.source());
        self.push_exceptions(
            exception(type_name::<E>(), || error.to_string(), vec![frame]),
            chain,
            flag::EXCEPTION,
        );
    }

    /// Records an error that a framework hands over as a trait object.
    pub(crate) fn record_dyn_error(&self, error: &(dyn StdError + 'static)) {
        let Kind::Recorded { .. } = &self.0 else { return };
        let mut chain = describe(Some(error));
        let first = chain.remove(0);
        self.push_exceptions(first, chain, flag::EXCEPTION);
    }

    /// Records an exception that is no Rust error.
    pub(crate) fn record_exception(&self, kind: &'static str, message: &str, fault: bool) {
        let bit = if fault { flag::EXCEPTION } else { flag::ERROR };
        self.push_exceptions(exception(kind, || message.to_owned(), Vec::new()), Vec::new(), bit);
    }

    fn push_exceptions(&self, mut first: Exception, mut chain: Vec<Exception>, bit: u8) {
        first.cause = chain.first().map(|next| next.id);
        if chain.len() >= MAX_EXCEPTION_CHAIN {
            let skipped = chain.split_off(MAX_EXCEPTION_CHAIN - 1);
            if let Some(last) = chain.last_mut() {
                last.skipped = skipped.len() as u32;
                last.cause = None;
            }
        }
        let bytes =
            first.message.len() + chain.iter().map(|link| link.message.len()).sum::<usize>();
        self.change_rest(bytes, |rest| {
            rest.exceptions.push(first);
            rest.exceptions.append(&mut chain);
        });
        self.flag(bit);
    }

    /// Marks a failure of this service or of what it called.
    pub fn set_fault(&self) {
        self.flag(flag::FAULT);
    }

    /// Marks a failure of the caller.
    pub fn set_error(&self) {
        self.flag(flag::ERROR);
    }

    /// Marks that the caller was told to slow down; an error as well.
    pub fn set_throttle(&self) {
        self.flag(flag::ERROR | flag::THROTTLE);
    }

    /// What the subsegment calls; local work has no namespace.
    pub fn namespace(&self, namespace: Namespace) {
        self.change(0, |record, index| record.entities[index as usize].namespace = Some(namespace));
    }

    /// The request that is served or made. The URL is recorded without user, query and fragment.
    pub fn http_request(&self, method: &str, url: &str) {
        let url = crate::http::scrub_url(url);
        self.set_request(&HttpRequest {
            method: Some(method),
            url: Some(&url),
            ..HttpRequest::default()
        });
    }

    pub(crate) fn set_request(&self, request: &HttpRequest<'_>) {
        let texts = [request.method, request.url, request.user_agent, request.client_ip];
        let bytes = texts.iter().flatten().map(|text| text.len()).sum();
        self.change(bytes, |record, index| {
            let [method, url, user_agent, client_ip] =
                texts.map(|text| text.map(|text| record.push_text(text)));
            let http = record.http(index);
            http.method = method;
            http.url = url;
            http.user_agent = user_agent;
            http.client_ip = client_ip;
            http.x_forwarded_for = request.x_forwarded_for;
            http.traced = request.traced;
        });
    }

    /// The status of the response, which also says how the entity ended: 4xx is an error, 429 a
    /// throttle, 5xx a fault. 0 is no status.
    pub fn http_response(&self, status: u16) {
        if status == 0 {
            return;
        }
        self.change(0, |record, index| {
            record.http(index).status = Some(status);
            record.entities[index as usize].flags |= match Outcome::of_status(status) {
                Outcome::Ok => 0,
                Outcome::Error => flag::ERROR,
                Outcome::Throttle => flag::ERROR | flag::THROTTLE,
                Outcome::Fault => flag::FAULT,
            };
        });
    }

    /// Bytes of the response's body.
    pub fn content_length(&self, bytes: u64) {
        self.change(0, |record, index| record.http(index).content_length = Some(bytes));
    }

    /// The query that is made. Its text is cut at 4,096 characters.
    // Takes the block by value, as it is written down in place.
    #[expect(clippy::needless_pass_by_value, reason = "a block is built for this call")]
    pub fn sql(&self, sql: Sql<'_>) {
        let query = sql.sanitized_query.as_deref().map(|query| Cow::Borrowed(cut(query, MAX_SQL)));
        let texts = [&sql.url, &sql.connection_string, &query];
        let bytes = texts.iter().filter_map(|text| text.as_deref()).map(str::len).sum();
        self.change(bytes, |record, index| {
            let mut text = |text: &Option<Cow<'_, str>>| record.push_optional(text.as_ref());
            let data = SqlData {
                url: text(&sql.url),
                connection_string: text(&sql.connection_string),
                sanitized_query: text(&query),
                database_type: text(&sql.database_type),
                database_version: text(&sql.database_version),
                driver_version: text(&sql.driver_version),
                user: text(&sql.user),
                preparation: text(&sql.preparation),
            };
            record.set_sql(index, data);
        });
    }

    /// A field of the `aws` block, such as `table_name`. `xray` is the SDK's own and stays.
    pub fn aws(&self, key: &str, value: impl Into<Value>) {
        if key == "xray" || !self.is_sampled() {
            return;
        }
        let value = value.into();
        self.change_rest(key.len() + value_size(&value), |rest| {
            rest.aws.insert(key.to_owned(), value);
        });
    }

    /// The user that made the request; indexed, cut at 250 characters.
    pub fn user(&self, user: &str) {
        let user = cut(user, MAX_SHORT_TEXT);
        self.change_rest(user.len(), |rest| rest.user = Some(user.to_owned()));
    }

    /// The AWS resource that runs the segment, such as `AWS::ECS::Container`; at most 250
    /// characters.
    pub fn origin(&self, origin: &str) {
        let origin = cut(origin, MAX_SHORT_TEXT);
        self.change_rest(origin.len(), |rest| rest.origin = Some(origin.to_owned()));
    }

    /// ARN of the resource that runs the segment.
    pub fn resource_arn(&self, arn: &str) {
        self.change_rest(arn.len(), |rest| rest.resource_arn = Some(arn.to_owned()));
    }

    /// An earlier sibling that had to end before this subsegment began.
    pub fn precursor(&self, id: SegmentId) {
        self.change_rest(size_of::<SegmentId>(), |rest| {
            if !rest.precursors.contains(&id) {
                rest.precursors.push(id);
            }
        });
    }

    /// Another segment that this one belongs with; at most 100.
    pub fn link(&self, link: Link) {
        self.change_rest(size_of::<Link>(), |rest| {
            if rest.links.len() < 100 {
                rest.links.push(link);
            }
        });
    }

    /// Begins a subsegment of this entity. It ends when the guard is dropped.
    pub fn subsegment(&self, name: &str) -> Subsegment {
        let Kind::Recorded { live, index, id } = &self.0 else {
            return Subsegment::new(self.clone());
        };
        let name = clean_name(name, live.recorder.service());
        let (live, index, id) = live.begin_child((*index, *id), &name);
        Subsegment::new(Self::recorded(live, index, id))
    }

    /// Makes this the current entity of the thread until the guard is dropped; for code that does
    /// not await.
    pub fn enter(&self) -> Entered {
        Entered::new(self.clone())
    }

    /// A future that runs with this as the current entity.
    pub fn scope<F: Future>(&self, future: F) -> Scope<F> {
        Scope::new(Some(self.clone()), future)
    }

    pub(super) fn end(&self) {
        if let Kind::Recorded { live, index, .. } = &self.0 {
            live.end(*index);
        }
    }

    fn flag(&self, bits: u8) {
        self.change(0, |record, index| record.entities[index as usize].flags |= bits);
    }

    fn change(&self, bytes: usize, change: impl FnOnce(&mut Data, u32)) {
        if let Kind::Recorded { live, index, .. } = &self.0 {
            live.change(*index, bytes, |record| change(record, *index));
        }
    }

    fn change_rest(&self, bytes: usize, change: impl FnOnce(&mut Rest)) {
        self.change(bytes, |record, index| {
            record.other_bytes += bytes;
            change(record.rest(index));
        });
    }
}

/// Describes an error's causes, each linked to the next.
fn describe(mut next: Option<&(dyn StdError + 'static)>) -> Vec<Exception> {
    let mut chain: Vec<Exception> = Vec::new();
    // Some more than are kept, so that the rest is counted, and an end for chains without one.
    while let Some(error) = next.filter(|_| chain.len() < 10 * MAX_EXCEPTION_CHAIN) {
        let exception = exception("Error", || error.to_string(), Vec::new());
        if let Some(before) = chain.last_mut() {
            before.cause = Some(exception.id);
        }
        chain.push(exception);
        next = error.source();
    }
    chain
}

fn exception(
    kind: &'static str,
    message: impl FnOnce() -> String,
    stack: Vec<StackFrame>,
) -> Exception {
    let message = catch_unwind(AssertUnwindSafe(message))
        .unwrap_or_else(|_| "the error's Display panicked".into());
    Exception {
        id: SegmentId::random(),
        message,
        kind: Cow::Borrowed(kind),
        remote: false,
        truncated: 0,
        skipped: 0,
        cause: None,
        stack,
    }
}
