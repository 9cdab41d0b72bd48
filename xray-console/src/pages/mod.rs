//! The pages as the server renders them: complete without scripts, brought to life by the modules under `ui/`.

mod empty;
mod figures;
mod map;
mod recorders;
mod sampling;
mod shell;
mod status;
mod trace;
mod traces;

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, Uri};
use axum::response::{Html, IntoResponse, Redirect, Response};
use maud::{Markup, html};
use serde::Deserialize;

use crate::columns::Columns;
use crate::console::Console;
use crate::document::TraceKey;
use crate::picture::Picture;
use crate::query;
use crate::text::{SHOWN, shown};
use shell::{Page, shell};

#[derive(Deserialize)]
pub(crate) struct MapQuery {
    range: Option<String>,
}

pub(crate) async fn map(
    State(console): State<Console>,
    query: Result<Query<MapQuery>, QueryRejection>,
) -> Response {
    let Query(query) = match query {
        Ok(query) => query,
        Err(error) => return unreadable(&error),
    };
    let (range, window) = query::range(query.range.as_deref());
    let picture = Picture::of(&console, window);
    render(
        StatusCode::OK,
        &shell(Page::Map, "Service map", &map::page(&picture, range, &console.status())),
    )
}

#[derive(Deserialize)]
pub(crate) struct TracesQuery {
    #[serde(default)]
    filter: String,
}

pub(crate) async fn traces(
    State(console): State<Console>,
    query: Result<Query<TracesQuery>, QueryRejection>,
) -> Response {
    let Query(query) = match query {
        Ok(query) => query,
        Err(error) => return unreadable(&error),
    };
    // A lone trace id leads to the trace itself.
    if let Some(id) = TraceKey::parse(query.filter.trim()) {
        return Redirect::to(&format!("/traces/{id}")).into_response();
    }
    let traces = query::traces(&console, &query.filter, None);
    let body = traces::page(&traces, &query.filter, &console.status());
    render(StatusCode::OK, &shell(Page::Traces, "Traces", &body))
}

pub(crate) async fn trace(
    State(console): State<Console>,
    id: Result<Path<String>, PathRejection>,
) -> Response {
    let Ok(Path(id)) = id else { return missing("The id in this address is not UTF-8") };
    let found = TraceKey::parse(&id).map(|key| {
        console.shelf().read(|store| match store.trace(key) {
            Some(trace) => Ok(Columns::of(trace)),
            None => Err((store.len(), store.oldest().map(|trace| trace.key().to_string()))),
        })
    });
    match found {
        Some(Ok(columns)) => {
            let title = format!("{} {}", columns.summary.name, columns.summary.id);
            render(StatusCode::OK, &shell(Page::Trace, &title, &trace::page(&columns)))
        }
        Some(Err((kept, oldest))) => {
            let body = trace::gone(&id, kept, oldest.as_deref(), console.status().max_bytes);
            render(StatusCode::NOT_FOUND, &shell(Page::Other, "Trace not found", &body))
        }
        None => missing(&format!("{} is not a trace id", shown(&id, SHOWN))),
    }
}

pub(crate) async fn sampling(State(console): State<Console>) -> Response {
    let voices = console.voices();
    let body = sampling::page(voices.sampling().as_ref(), &voices.recorders(), figures::now());
    render(StatusCode::OK, &shell(Page::Sampling, "Sampling", &body))
}

pub(crate) async fn status(State(console): State<Console>) -> Response {
    let body = status::page(&console.status(), console.voices().sampling().as_ref());
    render(StatusCode::OK, &shell(Page::Status, "Status", &body))
}

pub(crate) async fn not_found(uri: Uri) -> Response {
    missing(&format!("There is no page {}", shown(uri.path(), SHOWN)))
}

fn missing(what: &str) -> Response {
    notice(StatusCode::NOT_FOUND, "Not found", what)
}

fn unreadable(error: &QueryRejection) -> Response {
    notice(StatusCode::BAD_REQUEST, "Not understood", &shown(&error.body_text(), SHOWN))
}

fn notice(status: StatusCode, title: &str, what: &str) -> Response {
    let body = html! {
        main.notice {
            h1 { (title) }
            p { (what) "." }
            p { a.button href="/map" { "Service map" } " " a.button href="/traces" { "Traces" } }
        }
    };
    render(status, &shell(Page::Other, title, &body))
}

fn render(status: StatusCode, page: &Markup) -> Response {
    (status, Html(page.0.clone())).into_response()
}
