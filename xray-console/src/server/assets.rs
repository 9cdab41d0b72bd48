//! The files of the pages, built into the library.

use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

const SCRIPT: &str = "text/javascript; charset=utf-8";

macro_rules! assets {
    ($($name:literal $kind:expr),+ $(,)?) => {
        const ASSETS: &[(&str, &str, &str)] = &[$(($name, $kind, include_str!(concat!("../../ui/", $name)))),+];
    };
}

assets! {
    "console.css" "text/css; charset=utf-8",
    "waterfall.css" "text/css; charset=utf-8",
    "logo.svg" "image/svg+xml",
    "theme.js" SCRIPT,
    "dom.js" SCRIPT,
    "format.js" SCRIPT,
    "live.js" SCRIPT,
    "stream.js" SCRIPT,
    "map.js" SCRIPT,
    "map-node.js" SCRIPT,
    "map-panel.js" SCRIPT,
    "traces.js" SCRIPT,
    "trace.js" SCRIPT,
    "waterfall.js" SCRIPT,
    "detail.js" SCRIPT,
    "tree.js" SCRIPT,
    "sampling.js" SCRIPT,
    "status.js" SCRIPT,
}

pub(super) async fn asset(Path(name): Path<String>) -> Response {
    match ASSETS.iter().find(|(asset, ..)| *asset == name) {
        // They change with the binary only, but the binary keeps its address: ask again each time.
        Some((_, kind, text)) => {
            ([(header::CONTENT_TYPE, *kind), (header::CACHE_CONTROL, "no-cache")], *text)
                .into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
