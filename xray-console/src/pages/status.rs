use maud::{Markup, html};

use super::figures::{bytes, count};
use crate::status::Status;
use crate::text::visible;

pub(super) fn page(status: &Status) -> Markup {
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
                }
                section.card {
                    h2 { "Counters" }
                    table.counters {
                        tbody {
                            @for (name, number, what) in [
                                ("otlp traces", status.otlp_traces, "OTLP bodies on the same port: counted, not shown"),
                                ("otlp metrics", status.otlp_metrics, "OTLP bodies on the same port: counted, not shown"),
                                ("duplicates", status.duplicates, "documents that repeated another, or came in progress after the complete one"),
                                ("evicted", status.evicted, "traces that left to make room"),
                                ("kernel drops", status.kernel_drops, "datagrams lost before they could be read"),
                                ("overflowed", status.overflowed, "documents lost while pages held the store"),
                            ] {
                                tr title=(what) { th scope="row" { (name) } td.number { (count(number)) } }
                            }
                        }
                    }
                }
            }
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

fn tile(name: &str, figure: &str, what: &str) -> Markup {
    html! { div.tile { p.name { (name) } p.figure { (figure) } p.muted { (what) } } }
}
