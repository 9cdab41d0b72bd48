//! What can be recorded on an entity, apart from errors.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::Value;

use super::{
    Entity,
    data::value_size,
    journal::{Note, NotedValue},
    slots::flag,
};
use crate::{
    SegmentId,
    document::{
        AnnotationValue, HttpRequest, Link, MAX_ANNOTATION_KEY, MAX_ANNOTATION_VALUE, MAX_LINKS,
        MAX_METADATA_KEY, MAX_SHORT_TEXT, MAX_SQL, MAX_TEXT, Namespace, Sql, bounded, cut,
        is_annotation_value, is_reserved_namespace, warn_of_key,
    },
    http::{Outcome, scrub_url},
};

impl Entity {
    /// Sets an indexed value. Keys are ASCII letters, digits and `_`, at most 500; another key is
    /// logged and dropped, and so is a number that is not finite. Text is cut at 1,000 characters.
    /// X-Ray indexes 50 of a trace; all are recorded, and the first one past that is logged.
    #[inline]
    pub fn annotate<'v>(&self, key: &str, value: impl Into<AnnotationValue<'v>>) {
        if self.is_sampled() {
            self.annotate_sampled(key, value.into(), false);
        }
    }

    /// As [`annotate`](Self::annotate), for keys that come from elsewhere: in place of each byte that a key
    /// does not take stands `_`.
    ///
    /// ```
    /// use xray_core::Entity;
    ///
    /// Entity::current().annotate_mended("http.route", "/orders/{id}"); // http_route
    /// ```
    #[inline]
    pub fn annotate_mended<'v>(&self, key: &str, value: impl Into<AnnotationValue<'v>>) {
        if self.is_sampled() {
            self.annotate_sampled(key, value.into(), true);
        }
    }

    /// Which type it is the compiler mostly knows where this is called.
    #[inline(always)]
    fn annotate_sampled(&self, key: &str, value: AnnotationValue<'_>, mend: bool) {
        match value {
            AnnotationValue::String(text) => self.annotate_text(key, &text, mend),
            AnnotationValue::Integer(value) => {
                self.annotate_as(key, NotedValue::integer(value), mend);
            }
            AnnotationValue::Unsigned(value) => {
                self.annotate_as(key, NotedValue::unsigned(value), mend);
            }
            AnnotationValue::Bool(value) => self.annotate_as(key, NotedValue::bool(value), mend),
            AnnotationValue::Float(value) => self.annotate_float(key, value, mend),
        }
    }

    // Apart, so that only the branch of what is not sampled stands where `annotate` is called.
    #[inline(never)]
    fn annotate_text(&self, key: &str, text: &str, mend: bool) {
        if key.len() > MAX_ANNOTATION_KEY {
            return warn_of_key(key);
        }
        let text = cut(text, MAX_ANNOTATION_VALUE);
        self.note(key.len() + text.len(), |journal, entity| {
            let key = journal.text(Some(key));
            let value = NotedValue::text(journal.text(Some(text)));
            journal.note(Note::annotation(value, entity, key, mend));
        });
    }

    #[inline(never)]
    fn annotate_as(&self, key: &str, value: NotedValue, mend: bool) {
        if key.len() > MAX_ANNOTATION_KEY {
            return warn_of_key(key);
        }
        self.note(key.len(), |journal, entity| {
            let key = journal.text(Some(key));
            journal.note(Note::annotation(value, entity, key, mend));
        });
    }

    #[inline(never)]
    fn annotate_float(&self, key: &str, value: f64, mend: bool) {
        if is_annotation_value(key, &AnnotationValue::Float(value)) {
            self.annotate_as(key, NotedValue::float(value), mend);
        }
    }

    /// Keeps any value that serialises, not indexed, in the namespace `default`. One that does not
    /// serialise leaves the error's text in its place; one over 1 MiB or nested deeper than 32 levels
    /// leaves a note.
    pub fn metadata(&self, key: &str, value: impl Serialize) {
        self.metadata_in("default", key, value);
    }

    /// As [`metadata`](Self::metadata), in a namespace of your own; those that begin with `AWS.`
    /// belong to AWS and are logged and dropped.
    pub fn metadata_in(&self, namespace: &str, key: &str, value: impl Serialize) {
        if !self.is_sampled() {
            return;
        }
        // Before the trace's lock is taken, since it runs the user's code.
        if let Some((namespace, key, value)) = metadata_of(namespace, key, value) {
            self.set_metadata(namespace, key, value);
        }
    }

    /// Keeps a value that is within bounds.
    pub(super) fn set_metadata(&self, namespace: &str, key: &str, value: Value) {
        let bytes = value_size(&value) + namespace.len() + key.len();
        self.change(bytes, |record, index| record.set_metadata(index, namespace, key, value));
    }

    /// Adds an item to a list that is kept as metadata, which holds at most `most`: for what happens
    /// again and again. An item past that, and one for a key that holds no list, is counted in
    /// [`Stats::dropped_record_full`](crate::Stats::dropped_record_full).
    ///
    /// ```
    /// use xray_core::Entity;
    ///
    /// for attempt in 1..=3 {
    ///     Entity::current().append_metadata("retry", "attempts", attempt, 100);
    /// }
    /// ```
    pub fn append_metadata(&self, namespace: &str, key: &str, item: impl Serialize, most: usize) {
        if !self.is_sampled() {
            return;
        }
        // Before the trace's lock is taken, since it runs the user's code.
        let Some((namespace, key, item)) = metadata_of(namespace, key, item) else { return };
        let bytes = value_size(&item) + namespace.len() + key.len();
        let mut added = true;
        self.change(bytes, |record, index| {
            added = record.append_metadata(index, (namespace, key), item, most);
        });
        if !added {
            self.count_dropped();
        }
    }

    /// What the subsegment calls; local work has no namespace.
    #[inline]
    pub fn namespace(&self, namespace: Namespace) {
        if self.is_sampled() {
            self.note_namespace(namespace);
        }
    }

    fn note_namespace(&self, namespace: Namespace) {
        self.note(0, |journal, entity| journal.note(Note::Namespace { entity, namespace }));
    }

    /// The request that is served or made. The URL is recorded without user, query and fragment, and
    /// cut at 4,096 characters.
    #[inline]
    pub fn http_request(&self, method: &str, url: &str) {
        self.http(HttpRequest { method: Some(method), url: Some(url), ..HttpRequest::default() });
    }

    /// As [`http_request`](Self::http_request), for any of its fields; those that are not given stay
    /// as they are.
    ///
    /// ```
    /// use xray_core::{Entity, document::HttpRequest};
    ///
    /// Entity::current().http(HttpRequest {
    ///     client_ip: Some("203.0.113.7"),
    ///     user_agent: Some("curl/8"),
    ///     ..HttpRequest::default()
    /// });
    /// ```
    #[inline]
    pub fn http(&self, request: HttpRequest<'_>) {
        if self.is_sampled() {
            self.http_sampled(request);
        }
    }

    // Takes the block by value, so that it is only built on this side of the branch.
    #[inline(never)]
    #[expect(clippy::needless_pass_by_value, reason = "a block is built for this call")]
    fn http_sampled(&self, request: HttpRequest<'_>) {
        let HttpRequest { method, url, user_agent, client_ip, x_forwarded_for, traced } = request;
        // What is long is cut here, which must come after what else happens to it.
        let long = url.filter(|url| url.len() > MAX_TEXT).map(scrub_url);
        let url = long.as_deref().or(url).map(|url| cut(url, MAX_TEXT));
        let method = method.map(|text| cut(text, MAX_SHORT_TEXT));
        let user_agent = user_agent.map(|text| cut(text, MAX_TEXT));
        let client_ip = client_ip.map(|text| cut(text, MAX_SHORT_TEXT));
        let len = |text: Option<&str>| text.map_or(0, str::len);
        let bytes = len(method) + len(url) + len(user_agent) + len(client_ip);
        self.note(bytes, |journal, entity| {
            let method = journal.text(method);
            let url = journal.text(url);
            let user_agent = journal.text(user_agent);
            let client_ip = journal.text(client_ip);
            journal.note(Note::Http {
                entity,
                method,
                url,
                user_agent,
                client_ip,
                x_forwarded_for,
                traced,
            });
        });
    }

    /// The called service is known to send a segment of its own, so X-Ray waits for it in place of
    /// drawing a guess.
    pub fn traced(&self) {
        self.http(HttpRequest { traced: true, ..HttpRequest::default() });
    }

    /// The status of the response, which also says how the entity ended: 4xx is an error, 429 a
    /// throttle, 5xx a fault. 0 is no status.
    #[inline]
    pub fn http_response(&self, status: u16) {
        if status != 0 && self.has_end() {
            self.note_status(status);
        }
    }

    fn note_status(&self, status: u16) {
        if let Some(watch) = self.unrecorded() {
            watch.set_status(status);
        }
        self.note_outcome(0, flags(Outcome::of_status(status)), Some(status));
    }

    /// The status of a response that says nothing of how the entity ended.
    pub(crate) fn note_mere_status(&self, status: u16) {
        self.note_outcome(0, 0, Some(status));
    }

    /// How a gRPC call ended. Where the caller is to blame, an exception makes no fault, as with a 4xx.
    pub(crate) fn note_grpc(&self, outcome: Outcome) {
        if let Some(watch) = self.unrecorded() {
            watch.set_outcome(outcome);
        }
        let refused = matches!(outcome, Outcome::Error | Outcome::Throttle);
        self.note_outcome(if refused { flag::EXCEPTION } else { 0 }, flags(outcome), None);
    }

    /// Bytes of the response's body.
    #[inline]
    pub fn content_length(&self, bytes: u64) {
        if self.is_sampled() {
            self.note_content_length(bytes);
        }
    }

    fn note_content_length(&self, bytes: u64) {
        self.note(0, |journal, entity| journal.note(Note::ContentLength { bytes, entity }));
    }

    /// The query that is made; fields that are not given stay as they are. Statement and URL are cut at
    /// 4,096 characters, the others at 250.
    #[inline]
    pub fn sql(&self, sql: Sql<'_>) {
        let Sql {
            url,
            connection_string,
            sanitized_query,
            database_type,
            database_version,
            driver_version,
            user,
            preparation,
        } = sql;
        if !self.is_sampled() {
            return;
        }
        // Put together again, so that it is only built on this side of the branch.
        self.sql_sampled(&Sql {
            url,
            connection_string,
            sanitized_query,
            database_type,
            database_version,
            driver_version,
            user,
            preparation,
        });
    }

    #[inline(never)]
    fn sql_sampled(&self, sql: &Sql<'_>) {
        fn short<'s>(text: &'s Option<Cow<'_, str>>, chars: usize) -> Option<&'s str> {
            text.as_deref().map(|text| cut(text, chars))
        }
        let url = short(&sql.url, MAX_TEXT);
        let connection_string = short(&sql.connection_string, MAX_TEXT);
        let sanitized_query = short(&sql.sanitized_query, MAX_SQL);
        let database_type = short(&sql.database_type, MAX_SHORT_TEXT);
        let database_version = short(&sql.database_version, MAX_SHORT_TEXT);
        let driver_version = short(&sql.driver_version, MAX_SHORT_TEXT);
        let user = short(&sql.user, MAX_SHORT_TEXT);
        let preparation = short(&sql.preparation, MAX_SHORT_TEXT);
        let len = |text: Option<&str>| text.map_or(0, str::len);
        let bytes = len(url)
            + len(connection_string)
            + len(sanitized_query)
            + len(database_type)
            + len(database_version)
            + len(driver_version)
            + len(user)
            + len(preparation);
        self.note(bytes, |journal, entity| {
            let texts = [url, connection_string, sanitized_query, database_type];
            let texts = texts.map(|text| journal.text(text));
            journal.note(Note::Sql { entity, texts, rest: false });
            let texts = [database_version, driver_version, user, preparation];
            if texts.iter().any(Option::is_some) {
                let texts = texts.map(|text| journal.text(text));
                journal.note(Note::Sql { entity, texts, rest: true });
            }
        });
    }

    /// A field of the `aws` block, such as `table_name`. `xray` is the SDK's own and stays. Values have
    /// the bounds of [`metadata`](Self::metadata).
    pub fn aws(&self, key: &str, value: impl Into<Value>) {
        if key == "xray" || !self.is_sampled() {
            return;
        }
        let value = bounded(&value.into());
        self.change_rest(key.len() + value_size(&value), |rest| {
            rest.aws.insert(key.to_owned(), value);
        });
    }

    /// A field of the segment's `service` block, beside `version` and the `runtime` that the SDK
    /// sets.
    pub fn service(&self, key: &str, value: impl Into<Value>) {
        if !self.is_sampled() {
            return;
        }
        let value = bounded(&value.into());
        self.change_segment(key.len() + value_size(&value), |rest| {
            rest.service.insert(key.to_owned(), value);
        });
    }

    /// The user that made the request that the segment serves; indexed, cut at 250 characters.
    pub fn user(&self, user: &str) {
        let user = cut(user, MAX_SHORT_TEXT);
        self.change_segment(user.len(), |rest| rest.user = Some(user.to_owned()));
    }

    /// The AWS resource that runs the segment, such as `AWS::ECS::Container`; at most 250
    /// characters.
    pub fn origin(&self, origin: &str) {
        let origin = cut(origin, MAX_SHORT_TEXT);
        self.change_segment(origin.len(), |rest| rest.origin = Some(origin.to_owned()));
    }

    /// ARN of the resource that runs the segment.
    pub fn resource_arn(&self, arn: &str) {
        let arn = cut(arn, MAX_TEXT);
        self.change_segment(arn.len(), |rest| rest.resource_arn = Some(arn.to_owned()));
    }

    /// An earlier sibling that had to end before this subsegment began.
    pub fn precursor(&self, id: SegmentId) {
        self.change_rest(size_of::<SegmentId>(), |rest| {
            if !rest.precursors.contains(&id) {
                rest.precursors.push(id);
            }
        });
    }

    /// Another segment that this one belongs with; at most [`MAX_LINKS`], of which one given twice is one.
    pub fn link(&self, link: Link) {
        self.change_rest(size_of::<Link>(), |rest| {
            if rest.links.len() < MAX_LINKS && !rest.links.contains(&link) {
                rest.links.push(link);
            }
        });
    }
}

/// Metadata within bounds; `None`, and logged, if the namespace is not the user's.
pub(super) fn metadata_of<'a>(
    namespace: &'a str,
    key: &'a str,
    value: impl Serialize,
) -> Option<(&'a str, &'a str, Value)> {
    if is_reserved_namespace(namespace) {
        warn_of_namespace(namespace, key);
        return None;
    }
    Some((cut(namespace, MAX_METADATA_KEY), cut(key, MAX_METADATA_KEY), bounded(&value)))
}

fn warn_of_namespace(namespace: &str, key: &str) {
    let (key, namespace) = (cut(key, 50), cut(namespace, 50));
    crate::logging::warning!("metadata {key:?} dropped: the namespace {namespace:?} is reserved");
}

fn flags(outcome: Outcome) -> u8 {
    match outcome {
        Outcome::Ok => 0,
        Outcome::Error => flag::ERROR,
        Outcome::Throttle => flag::ERROR | flag::THROTTLE,
        Outcome::Fault => flag::FAULT,
    }
}
