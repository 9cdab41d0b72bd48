use maud::{Markup, html};

use super::empty;
use super::figures::{badge, count, duration, time};
use crate::query::{BadFilter, Traces};
use crate::status::Status;
use crate::store::TraceSummary;
use crate::text::visible;

/// Services named in a row; the rest are counted.
const SERVICES: usize = 4;

pub(super) fn page(traces: &Result<Traces, BadFilter>, filter: &str, status: &Status) -> Markup {
    let empty = status.traces == 0;
    html! {
        (empty::page(status, !empty))
        main.traces-page #traces-page hidden[empty] {
            div.toolbar {
                h1 { "Traces" }
                form.filter action="/traces" method="get" role="search" {
                    input #filter type="search" name="filter" value=(filter) maxlength="4096" spellcheck="false" autocomplete="off"
                        placeholder="service(\"orders\") { fault } AND responsetime > 0.5" aria-label="Filter expression"
                        aria-describedby="filter-error";
                    button type="submit" { "Filter" }
                    a.clear #clear href="/traces" hidden[filter.is_empty()] { "Clear" }
                }
                span.muted #count {
                    @if let Ok(traces) = traces { (found(traces)) }
                }
            }
            p.filter-error #filter-error role="alert" hidden[traces.is_ok()] {
                @if let Err(error) = traces { (problem(filter, error)) }
            }
            @if let Ok(traces) = traces {
                (list(traces))
            } @else {
                (list(&Traces { revision: 0, kept: status.traces, matching: None, traces: Vec::new() }))
            }
        }
    }
}

fn found(traces: &Traces) -> String {
    let matching = traces.matching.unwrap_or(0);
    if matching == traces.kept {
        format!("{} traces", count(matching as u64))
    } else {
        format!("{} of {} traces", count(matching as u64), count(traces.kept as u64))
    }
}

/// The text up to the problem, and where it stands.
fn problem(filter: &str, error: &BadFilter) -> Markup {
    let at = error.offset.min(filter.len());
    let (before, after) =
        if filter.is_char_boundary(at) { filter.split_at(at) } else { (filter, "") };
    html! {
        span.expression { bdi { (visible(before)) } mark { "▸" } bdi { (visible(after)) } }
        span { (error.message) }
    }
}

fn list(traces: &Traces) -> Markup {
    // Bars compare the rows with each other.
    let longest =
        traces.traces.iter().filter_map(|trace| trace.response_time).fold(0.001, f64::max);
    html! {
        table.data.traces #traces data-revision=(traces.revision) {
            thead {
                tr {
                    th { "Time" } th { "Method" } th { "URL" } th.number { "Status" } th.number { "Response" } th.bar-head { span.sr { "Bar" } }
                    th.number { "Duration" } th { "Services" } th { "Class" }
                }
            }
            tbody {
                @for trace in &traces.traces { (row(trace, longest)) }
            }
        }
        p.none #none hidden[!traces.traces.is_empty() || traces.matching.is_none()] { "No trace matches." }
    }
}

fn row(trace: &TraceSummary, longest: f64) -> Markup {
    let share =
        trace.response_time.map_or(0.0, |seconds| (seconds / longest * 100.0).clamp(1.0, 100.0));
    html! {
        tr data-trace=(trace.id) data-class=(trace.class.as_str()) {
            td { a href={ "/traces/" (trace.id) } { (time(trace.start)) } }
            td.method { (trace.method.as_deref().unwrap_or("")) }
            td.url { bdi { (trace.url.as_deref().unwrap_or(&trace.name)) } }
            td.number { @if let Some(status) = trace.status { (status) } }
            td.number {
                @match trace.response_time { Some(seconds) => (duration(seconds)), None => "–" }
            }
            td.bar { svg viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true" { rect class=(trace.class.as_str()) width=(format!("{share:.1}")) height="6" {} } }
            td.number { (duration(trace.duration)) }
            td.services {
                @for service in trace.services.iter().take(SERVICES) { span.chip { bdi { (service) } } }
                @if trace.services.len() > SERVICES { span.muted { "+" (trace.services.len() - SERVICES) } }
            }
            td.class {
                @if trace.is_open() { span.badge.open { "in progress" } } @else { (badge(trace.class)) }
                @if trace.worst > trace.class { span class={ "within " (trace.worst.as_str()) } title="further down the trace" { (trace.worst.as_str()) " inside" } }
            }
        }
    }
}
