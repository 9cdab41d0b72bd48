use maud::{Markup, html};

use super::figures::{badge, bytes, count, duration, time};
use crate::class::Class;
use crate::columns::Columns;
use crate::text::visible;

/// Rows rendered for browsers that run no scripts.
const ROWS: usize = 1_000;

pub(super) fn page(trace: &Columns) -> Markup {
    let summary = &trace.summary;
    html! {
        main.trace-page #trace-page data-id=(summary.id) {
            div.trace-head #trace-head {
                p.crumb { a href="/traces" { "Traces" } span aria-hidden="true" { " / " } code { (summary.id) } }
                h1 {
                    @if let Some(method) = &summary.method { span.method { (method) } " " }
                    bdi { (summary.url.as_deref().unwrap_or(&summary.name)) }
                }
                dl.facts {
                    @if !summary.is_open() { div { dt { "Class" } dd { (badge(summary.class)) } } }
                    @if let Some(status) = summary.status { div { dt { "Status" } dd { (status) } } }
                    div { dt { "Duration" } dd { (duration(summary.duration)) } }
                    div { dt { "Services" } dd { (summary.services.len()) @if summary.is_cut() { " or more" } } }
                    div { dt { "Spans" } dd { (count(summary.spans as u64)) } }
                    div { dt { "Started" } dd { (time(summary.start)) } }
                    @if summary.in_progress { div { dt { "State" } dd { span.pending { "in progress" } } } }
                }
            }
            div.trace-body {
                section.waterfall.js #waterfall aria-label="Waterfall" {}
                aside.panel.detail.js #detail aria-label="Details" {}
                (table(trace))
            }
        }
    }
}

fn table(trace: &Columns) -> Markup {
    html! {
        table.data.no-js {
            caption { "Segments and subsegments" }
            thead { tr { th { "Name" } th { "Service" } th.number { "Starts after" } th.number { "Duration" } th { "Class" } } }
            tbody {
                @for row in 0..trace.key.len().min(ROWS) {
                    tr {
                        td { span.indent { (".".repeat(trace.depth[row].min(40) as usize)) } " " bdi { (trace.names[trace.name[row]]) } }
                        td { bdi { (trace.names[trace.service[row]]) } }
                        td.number { (duration(trace.start[row] / 1e3)) }
                        td.number { @if trace.length[row] < 0.0 { "in progress" } @else { (duration(trace.length[row] / 1e3)) } }
                        td { (badge(Class::ALL[usize::from(trace.class[row])])) }
                    }
                }
            }
        }
    }
}

pub(super) fn gone(id: &str, kept: usize, oldest: Option<&str>, max_bytes: usize) -> Markup {
    html! {
        main.notice {
            h1 { "This trace is not here" }
            p { code { (visible(id)) } }
            p { "It was never received, or it left to make room: the console keeps " (bytes(max_bytes)) " of traces, and the oldest leave first." }
            p.muted {
                (count(kept as u64)) " traces are kept"
                @if let Some(oldest) = oldest { "; the oldest is " a href={ "/traces/" (oldest) } { code { (oldest) } } }
                "."
            }
            p { a.button href="/traces" { "All traces" } }
        }
    }
}
