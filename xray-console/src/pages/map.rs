use maud::{Markup, html};

use super::empty;
use super::figures::{count, duration, rate};
use crate::graph::{Node, Stats};
use crate::picture::{DrawnNode, Picture};
use crate::query::RANGES;
use crate::status::Status;

const FIGURES: [&str; 10] =
    ["Requests", "Rate", "avg", "p50", "p95", "p99", "ok", "error", "throttle", "fault"];

/// The map itself is drawn by the script; the tables say the same.
pub(super) fn page(picture: &Picture, range: &str, status: &Status) -> Markup {
    let empty = picture.kept == 0;
    html! {
        (empty::page(status, !empty))
        main.map-page #map-page hidden[empty] data-range=(range) {
            div.toolbar {
                h1 { "Service map" }
                div.segmented role="group" aria-label="Time range" {
                    @for (key, text, _) in RANGES {
                        a href={ "/map?range=" (key) } data-range=(key) aria-current=[(key == range).then_some("true")] { (text) }
                    }
                }
                div.segmented.js.drawing role="group" aria-label="Figure in the nodes" {
                    @for (key, text) in [("mean", "avg"), ("p50", "p50"), ("p95", "p95"), ("p99", "p99")] {
                        button type="button" data-metric=(key) aria-pressed=[(key == "mean").then_some("true")] { (text) }
                    }
                }
                ul.legend.drawing aria-label="Classes" {
                    @for (class, what) in [
                        ("ok", "no failure"), ("error", "4xx, the caller's mistake"),
                        ("throttle", "429, too many requests"), ("fault", "5xx, the server's mistake"),
                    ] {
                        li class=(class) title=(what) { (class) }
                    }
                }
                div.segmented.js.end role="group" aria-label="View" {
                    button type="button" data-view="map" aria-pressed="true" { "Map" }
                    button type="button" data-view="table" { "Table" }
                }
            }
            div.stage.js #stage {
                div.canvas { svg #map role="group" aria-label="Service map" {} }
                div.quiet #quiet hidden {
                    p { "Nothing ended in this range." }
                    a.button href="/map?range=all" { "Show everything kept" }
                }
                p.hidden-nodes #hidden-nodes hidden {}
                aside.panel #panel aria-label="Selected" hidden {}
            }
            div.tables #tables {
                (nodes(picture))
                (edges(picture))
            }
        }
    }
}

fn nodes(picture: &Picture) -> Markup {
    html! {
        table.data #nodes {
            caption { "Services and resources" }
            thead {
                tr { th { "Name" } th { "Type" } (figure_heads()) th {} }
            }
            tbody {
                @for DrawnNode { node, filter, .. } in &picture.nodes {
                    tr {
                        td { (name(node)) }
                        td.muted { bdi { (node.kind.as_deref().unwrap_or("service")) } }
                        // What a client sends is on its calls.
                        @if node.is_client() {
                            @for _ in 0..FIGURES.len() { td.number.muted { "–" } }
                        } @else {
                            (figures(&node.stats))
                        }
                        td.go { a href={ "/traces?filter=" (encoded(filter)) } { "View traces" } }
                    }
                }
            }
        }
    }
}

fn edges(picture: &Picture) -> Markup {
    html! {
        table.data #edges {
            caption { "Calls, as the caller saw them" }
            thead {
                tr { th { "From" } th { "To" } (figure_heads()) }
            }
            tbody {
                @for drawn in &picture.edges {
                    tr {
                        td { (name(&picture.nodes[drawn.edge.from].node)) }
                        td { (name(&picture.nodes[drawn.edge.to].node)) }
                        (figures(&drawn.edge.stats))
                    }
                }
            }
        }
    }
}

/// A group of clients goes by the service it calls.
fn name(node: &Node) -> Markup {
    html! { @if node.is_client() { "Clients of " } bdi { (node.name) } }
}

fn figure_heads() -> Markup {
    html! {
        @for head in FIGURES {
            th.number { (head) }
        }
    }
}

fn figures(stats: &Stats) -> Markup {
    html! {
        td.number { (count(stats.total)) }
        td.number { (rate(stats.per_minute)) }
        @for seconds in [stats.mean, stats.p50, stats.p95, stats.p99] {
            td.number { @if stats.total > 0 { (duration(seconds)) } @else { "–" } }
        }
        @for number in [stats.ok, stats.error, stats.throttle, stats.fault] {
            td.number { (count(number)) }
        }
    }
}

/// A value for the query of a link.
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
