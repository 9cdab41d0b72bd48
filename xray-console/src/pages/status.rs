use maud::{Markup, html};

use super::figures::{bytes, count};
use super::sampling::source;
use crate::sampling::Sampling;
use crate::status::{RelayReport, Status};
use crate::text::visible;

pub(super) fn page(status: &Status, sampling: Option<&Sampling>) -> Markup {
    let full = status.bytes as f64 / status.max_bytes.max(1) as f64 * 100.0;
    html! {
        main.status-page #status-page {
            div.toolbar { h1 { "Status" } }
            div.tiles {
                (tile("Datagrams", &count(status.datagrams), "received"))
                (tile("Documents", &count(status.accepted), "accepted"))
                (tile("Refused", &count(status.rejected_total()), "with a reason below"))
                (tile("Traces", &count(status.traces as u64), "kept"))
                (tile("Memory", &bytes(status.bytes), &format!("{full:.1} % of {}", bytes(status.max_bytes))))
            }
            div.columns {
                section.card {
                    h2 { "Listening" }
                    @if status.listening.is_empty() { p.muted { "Nothing feeds this console but the program it is part of." } }
                    dl.pairs { @for entry in &status.listening { dt { (entry.what) } dd { code { (entry.address) } } } }
                    @if let Some(sampling) = sampling {
                        h3 { "Sampling" }
                        p { (source(sampling)) " " a href="/sampling" { "Rules and quotas" } }
                        @if sampling.problem.is_some() { div.warning { p { "The file cannot be used as it stands." } } }
                    }
                }
                section.card {
                    h2 { "Counters" }
                    table.counters {
                        tbody {
                            @for (key, name, number, what) in counters(status) {
                                tr data-counter=(key) {
                                    th scope="row" { (name) small { (what) } }
                                    td.number { (count(number)) }
                                }
                            }
                        }
                    }
                }
            }
            @if let Some(relay) = &status.relay { (relayed(relay)) }
            section.card {
                h2 { "Refused" }
                @if status.rejected.is_empty() {
                    p.muted { "Nothing was refused." }
                } @else {
                    table.data {
                        thead { tr { th { "Reason" } th.number { "Count" } th { "What to do" } } }
                        tbody {
                            @for rejected in &status.rejected {
                                tr data-reason=(rejected.reason.as_str()) {
                                    td { code { (rejected.reason.as_str()) } }
                                    td.number { (count(rejected.count)) }
                                    td { (rejected.reason.advice()) }
                                }
                            }
                        }
                    }
                    h3 { "Latest" }
                    ol.excerpts {
                        @for excerpt in &status.excerpts {
                            li {
                                p { code { (excerpt.reason.as_str()) } " " span.muted { (bytes(excerpt.bytes)) } }
                                pre { (visible(&excerpt.text)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn relayed(relay: &RelayReport) -> Markup {
    let facts = [
        ("Region", &relay.region),
        ("Account", &relay.account),
        ("Address", &relay.endpoint),
        (if relay.state == "off" { "Why" } else { "Last error" }, &relay.reason),
    ];
    let counters = [
        ("relay_sent", "Sent", relay.sent, "documents that X-Ray took"),
        ("relay_waiting", "Waiting", relay.waiting, "in the queue or on their way"),
        (
            "relay_unprocessed",
            "Unprocessed",
            relay.unprocessed,
            "given back by X-Ray, one by one; the log has the codes",
        ),
        (
            "relay_rejected",
            "Rejected",
            relay.rejected,
            "refused by X-Ray with an error; the log has the codes",
        ),
        (
            "relay_expired",
            "Expired",
            relay.expired,
            "given up after ten minutes, or left over at the stop",
        ),
        (
            "relay_dropped",
            "Dropped: too many waiting",
            relay.dropped,
            "the newest leave when the queue is full",
        ),
        (
            "relay_retries",
            "Calls made again",
            relay.retries,
            "after throttling, errors and timeouts",
        ),
    ];
    html! {
        section.card #relay {
            h2 { "Relay to X-Ray" }
            dl.pairs {
                dt { "State" } dd { code { (relay.state) } }
                @for (name, fact) in facts {
                    @if let Some(fact) = fact { dt { (name) } dd { code { (visible(fact)) } } }
                }
            }
            @if relay.state != "off" {
                table.counters {
                    tbody {
                        @for (key, name, number, what) in counters {
                            tr data-counter=(key) {
                                th scope="row" { (name) small { (what) } }
                                td.number { (count(number)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The name of the field, what it is called here, its value, and what it means.
fn counters(status: &Status) -> [(&'static str, &'static str, u64, &'static str); 7] {
    [
        (
            "kernel_drops",
            "Dropped by the kernel",
            status.kernel_drops,
            "datagrams lost before they could be read: the socket's buffer was full",
        ),
        (
            "dropped",
            "Dropped: checking was behind",
            status.dropped,
            "datagrams received faster than they could be checked",
        ),
        (
            "overflowed",
            "Dropped: pages held the store",
            status.overflowed,
            "documents accepted, and lost while pages read for too long",
        ),
        (
            "evicted",
            "Traces that left",
            status.evicted,
            "the oldest leave to make room for new ones",
        ),
        (
            "duplicates",
            "Repeated documents",
            status.duplicates,
            "the same document again, or one in progress after the complete one",
        ),
        (
            "otlp_traces",
            "OTLP traces: counted, not shown",
            status.otlp_traces,
            "bodies that OpenTelemetry SDKs send to the same port",
        ),
        (
            "otlp_metrics",
            "OTLP metrics: counted, not shown",
            status.otlp_metrics,
            "bodies that OpenTelemetry SDKs send to the same port",
        ),
    ]
}

fn tile(name: &str, figure: &str, what: &str) -> Markup {
    html! { div.tile { p.name { (name) } p.figure { (figure) } p.muted { (what) } } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_relay_is_shown_where_there_is_one() {
        let mut status = Status::default();
        assert!(!page(&status, None).into_string().contains("Relay to X-Ray"));
        status.relay = Some(RelayReport {
            state: "failing",
            region: Some("eu-west-1".to_owned()),
            reason: Some("<script>".to_owned()),
            sent: 1_234,
            ..RelayReport::default()
        });
        let shown = page(&status, None).into_string();
        for piece in ["failing", "eu-west-1", "&lt;script&gt;", "1,234", "Last error"] {
            assert!(shown.contains(piece), "{piece} in {shown}");
        }
        assert!(!shown.contains("<script>"));
    }
}
