//! The data of the pages as JSON: `GET` only, and ours to change.

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::json;
use serde_json::value::RawValue;

use crate::columns::Columns;
use crate::console::Console;
use crate::document::{Detail, EntityId, TraceKey};
use crate::picture::Picture;
use crate::query;
use crate::rejection::Rejection;
use crate::text::visible;

#[derive(Deserialize)]
pub(super) struct MapQuery {
    range: Option<String>,
}

/// The query of a request, or why it cannot be read.
type Asked<T> = Result<Query<T>, QueryRejection>;

pub(super) async fn map(State(console): State<Console>, query: Asked<MapQuery>) -> Response {
    let Query(query) = match query {
        Ok(query) => query,
        Err(error) => return refused(&error),
    };
    let (_, window) = query::range(query.range.as_deref());
    answer(StatusCode::OK, &Picture::of(&console, window))
}

#[derive(Deserialize)]
pub(super) struct TracesQuery {
    #[serde(default)]
    filter: String,
    since: Option<u64>,
}

pub(super) async fn traces(State(console): State<Console>, query: Asked<TracesQuery>) -> Response {
    let Query(query) = match query {
        Ok(query) => query,
        Err(error) => return refused(&error),
    };
    match query::traces(&console, &query.filter, query.since) {
        Ok(traces) => answer(StatusCode::OK, &traces),
        // Not an error of the request: browsers would log it as one while the user is still typing.
        Err(problem) => answer(StatusCode::OK, &json!({ "problem": problem })),
    }
}

#[derive(Deserialize)]
pub(super) struct TraceQuery {
    since: Option<u64>,
}

pub(super) async fn trace(
    State(console): State<Console>,
    id: Result<Path<String>, PathRejection>,
    query: Asked<TraceQuery>,
) -> Response {
    let Query(query) = match query {
        Ok(query) => query,
        Err(error) => return refused(&error),
    };
    let Some(key) = id.ok().and_then(|Path(id)| TraceKey::parse(&id)) else { return gone() };
    let columns = console.shelf().read(|store| {
        let trace = store.trace(key)?;
        let unchanged = query.since == Some(trace.revision());
        Some((!unchanged).then(|| Columns::of(trace)))
    });
    match columns {
        None => gone(),
        Some(None) => StatusCode::NO_CONTENT.into_response(),
        Some(Some(columns)) => answer(StatusCode::OK, &columns),
    }
}

/// What the panel shows of one span.
#[derive(Serialize)]
struct SpanDetail {
    detail: Detail,
    /// The exceptions of the entity that `cause` points to, where it is a bare id.
    exceptions: Option<Box<RawValue>>,
    /// The span that `cause` points to, as the SDK for Node writes it.
    cause_span: Option<String>,
}

pub(super) async fn span(
    State(console): State<Console>,
    path: Result<Path<(String, String)>, PathRejection>,
) -> Response {
    let Ok(Path((id, span))) = path else { return gone() };
    let Some(key) = TraceKey::parse(&id) else { return gone() };
    let place = console.shelf().read(|store| {
        let trace = store.trace(key)?;
        let (documents, spans) = (trace.documents(), trace.assembly().spans());
        let index = match span.strip_prefix('n') {
            Some(row) => row.parse().ok().filter(|&row: &usize| row < spans.len())?,
            None => {
                let id = EntityId::parse(&span)?;
                spans.iter().position(|span| span.entity(documents).id == id)?
            }
        };
        Some((documents.to_vec(), spans[index]))
    });
    let Some((documents, span)) = place else { return gone() };
    let (document, index) = (span.document(&documents), span.index_in_document());
    let Some(detail) = document.detail(index) else { return gone() };
    let elsewhere = document.cause_elsewhere(index);
    let exceptions = elsewhere
        .as_deref()
        .and_then(|id| documents.iter().find_map(|other| other.exceptions_with(id)));
    let cause_span = elsewhere.and_then(|id| EntityId::parse(&id)).map(|id| id.to_string());
    answer(StatusCode::OK, &SpanDetail { detail, exceptions, cause_span })
}

pub(super) async fn status(State(console): State<Console>) -> Response {
    let advice: Vec<_> =
        Rejection::ALL.iter().map(|reason| (reason.as_str(), reason.advice())).collect();
    answer(StatusCode::OK, &json!({ "status": console.status(), "advice": advice }))
}

/// Who answers sampling calls and how, and how the recorders of this process decide.
pub(super) async fn sampling(State(console): State<Console>) -> Response {
    let voices = console.voices();
    let value = json!({ "sampling": voices.sampling(), "recorders": voices.recorders() });
    answer(StatusCode::OK, &value)
}

fn answer(status: StatusCode, value: &impl Serialize) -> Response {
    match serde_json::to_string(value) {
        Ok(text) => (status, [(header::CONTENT_TYPE, "application/json")], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn refused(error: &QueryRejection) -> Response {
    answer(StatusCode::BAD_REQUEST, &json!({ "message": visible(&error.body_text()) }))
}

pub(super) async fn not_found() -> Response {
    let message =
        "there is no such address: /api/map, /api/traces, /api/sampling and /api/status are known";
    answer(StatusCode::NOT_FOUND, &json!({ "message": message }))
}

fn gone() -> Response {
    let value = json!({ "message": "not here: never received, or gone to make room" });
    answer(StatusCode::NOT_FOUND, &value)
}
