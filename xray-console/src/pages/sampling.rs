use maud::{Markup, html};

use super::figures::{count, percent, time, whole_seconds};
use super::recorders;
use crate::sampling::{Recorder, Sampling, SamplingClient, SamplingRule, SamplingSource};
use crate::text::{SHOWN, shown};

/// Clients shown of a rule at most; the rest are counted.
const CLIENTS: usize = 50;
/// Up to so many clients are shown without being asked for.
const OPEN: usize = 3;

pub(super) fn page(sampling: Option<&Sampling>, recorders: &[Recorder], now: f64) -> Markup {
    html! {
        main.status-page #sampling-page {
            div.toolbar { h1 { "Sampling" } }
            @match sampling {
                Some(sampling) => (service(sampling, now)),
                None => section.card { p.muted { "Nobody here answers the sampling calls of SDKs." } },
            }
            (recorders::section(recorders, now))
        }
    }
}

/// Who answers, out of what, on one line.
pub(super) fn source(sampling: &Sampling) -> Markup {
    let rules = sampling.rules.len();
    let rules =
        if rules == 1 { "one rule".to_owned() } else { format!("{} rules", count(rules as u64)) };
    html! {
        @match &sampling.source {
            SamplingSource::BuiltIn => { "Calls are answered here, out of the built-in rule " b { "Default" } ": one request a second, and 5 % of the rest." },
            SamplingSource::Program => { "Calls are answered here, out of " (rules) " of the program that this console is part of." },
            SamplingSource::File(path) => { "Calls are answered here, out of " (rules) " in " code.path { bdi { (shown(path, SHOWN)) } } "." },
            SamplingSource::Upstream => { b { "AWS decides." } " Calls are passed on to the X-Ray service; rules and quotas are its own." },
        }
    }
}

fn service(sampling: &Sampling, now: f64) -> Markup {
    let upstream = sampling.source == SamplingSource::Upstream;
    html! {
        section.card {
            h2 { "Calls of SDKs" }
            p { (source(sampling)) }
            @if matches!(sampling.source, SamplingSource::File(_)) { p.muted { "The rules last changed at " (time(sampling.changed)) "." } }
            @if let Some(problem) = &sampling.problem {
                div.warning role="alert" {
                    p { b { "The file cannot be used; the last good rules stay in force." } }
                    p { bdi { (shown(problem, SHOWN)) } }
                }
            }
            @if let Some(problem) = &sampling.passed_problem {
                div.warning { p { b { "The last call failed: " } bdi { (shown(problem, SHOWN)) } } }
            }
        }
        div.tiles {
            @if upstream {
                (tile("Calls", sampling.passed_on, "answered by the X-Ray service"))
                (tile("Failed", sampling.passed_in_vain, "got no answer from it"))
            } @else {
                (tile("Clients", sampling.clients as u64, &departed(sampling.departed)))
                (tile("Calls for rules", sampling.rules_calls, "answered"))
                (tile("Reports", sampling.targets_calls, "answered with quotas"))
                (tile("Requests", sum(sampling, |rule| rule.requests), "reported so far"))
                (tile("Sampled", sum(sampling, sampled), "of these, borrowed ones included"))
            }
            (tile("Refused", sampling.refused.iter().map(|refused| refused.count).sum(), "calls"))
        }
        @if !upstream { (rules(sampling, now)) }
        @if !sampling.refused.is_empty() {
            section.card {
                h2 { "Refused calls" }
                table.counters {
                    tbody {
                        @for refused in &sampling.refused {
                            tr { th scope="row" { (shown(&refused.reason, SHOWN)) } td.number { (count(refused.count)) } }
                        }
                    }
                }
            }
        }
    }
}

fn departed(clients: u64) -> String {
    if clients == 0 {
        "known".to_owned()
    } else {
        format!("known; {} left to make room", count(clients))
    }
}

fn sum(sampling: &Sampling, of: impl Fn(&SamplingRule) -> u64) -> u64 {
    sampling.rules.iter().map(of).fold(0, u64::saturating_add)
}

fn sampled(rule: &SamplingRule) -> u64 {
    rule.sampled.saturating_add(rule.borrowed)
}

fn tile(name: &str, number: u64, what: &str) -> Markup {
    html! { div.tile { p.name { (name) } p.figure { (count(number)) } p.muted { (what) } } }
}

fn rules(sampling: &Sampling, now: f64) -> Markup {
    html! {
        section.card.wide {
            h2 { "Rules" }
            p.muted { "The first that matches decides. The reservoir is shared by all clients; beyond it the rate counts." }
            table.data.rules {
                thead {
                    tr {
                        th.number { "Priority" } th { "Rule" } th { "For" } th { "Reservoir" } th { "Rate" }
                        th.number { "Requests" } th.number { "Sampled" } th.number { "Borrowed" } th.number { "Share" }
                    }
                }
                @for rule in &sampling.rules { (row(rule, now)) }
            }
        }
    }
}

fn row(rule: &SamplingRule, now: f64) -> Markup {
    let patterns = [
        ("", rule.http_method.as_str()),
        ("", &rule.url_path),
        ("host", &rule.host),
        ("service", &rule.service_name),
        ("type", &rule.service_type),
    ];
    html! {
        tbody data-rule=(shown(&rule.name, SHOWN)) {
            tr {
                td.number { (rule.priority) }
                th scope="row" { bdi { (shown(&rule.name, SHOWN)) } }
                td.for { (what_for(&patterns)) }
                td.reservoir {
                    @if rule.reservoir == 0 { span.muted { "none" } } @else {
                        (bar(rule.quota, u64::from(rule.reservoir)))
                        span { (count(rule.quota)) " of " (count(u64::from(rule.reservoir))) "/s" }
                    }
                }
                td.rate {
                    (percent(rule.rate))
                    @if let (Some(boost), Some(until)) = (rule.boost, rule.boost_until) {
                        " " span.badge.boost title=(format!("for {} more", whole_seconds(until - now))) { "boost " (percent(boost)) " · " (whole_seconds(until - now)) }
                    } @else if let (Some(most), Some(cooldown)) = (rule.max_rate, rule.cooldown) {
                        small.muted { "boost up to " (percent(most)) ", " (count(u64::from(cooldown))) " min apart" }
                    }
                }
                td.number { (count(rule.requests)) }
                td.number { (count(rule.sampled)) }
                td.number { (count(rule.borrowed)) }
                td.number { (share(sampled(rule), rule.requests)) }
            }
            @if !rule.clients.is_empty() {
                tr.clients { td {} td colspan="8" { (clients(rule, now)) } }
            }
        }
    }
}

fn clients(rule: &SamplingRule, now: f64) -> Markup {
    let number = rule.known_clients.max(rule.clients.len());
    let more = number - rule.clients.len().min(CLIENTS);
    html! {
        details data-key=(shown(&rule.name, SHOWN)) open[number <= OPEN] {
            summary { @if number == 1 { "1 client" } @else { (count(number as u64)) " clients" } }
            table {
                thead {
                    tr {
                        th { "Client" } th.number { "Quota" } th.number { "Valid for" } th.number { "Last report" }
                        th.number { "Requests" } th.number { "Sampled" } th.number { "Borrowed" }
                    }
                }
                tbody { @for client in rule.clients.iter().take(CLIENTS) { (client_row(client, now)) } }
            }
            @if more > 0 { p.muted { "and " (count(more as u64)) " that have been silent for longer" } }
        }
    }
}

fn client_row(client: &SamplingClient, now: f64) -> Markup {
    // Valid to the end of that second.
    let left = client.until + 1.0 - now;
    html! {
        tr {
            td { code { bdi { (shown(&client.id, SHOWN)) } } }
            @if left > 0.0 {
                td.number { (count(client.quota)) "/s" }
                td.number { (whole_seconds(left)) }
            } @else {
                td.number.muted { "none" }
                td.number.muted { "ended" }
            }
            td.number { (whole_seconds(now - client.reported)) " ago" }
            td.number { (count(client.requests)) }
            td.number { (count(client.sampled)) }
            td.number { (count(client.borrowed)) }
        }
    }
}

/// The patterns that narrow the rule, each with its word.
pub(super) fn what_for(patterns: &[(&str, &str)]) -> Markup {
    let narrow = || patterns.iter().filter(|(_, pattern)| *pattern != "*");
    html! {
        @for (word, pattern) in narrow() {
            span.pattern { @if !word.is_empty() { span.muted { (word) " " } } code { bdi { (shown(pattern, SHOWN)) } } } " "
        }
        @if narrow().next().is_none() { span.muted { "everything" } }
    }
}

/// How much of the reservoir is given away.
pub(super) fn bar(part: u64, whole: u64) -> Markup {
    let width = (part as f64 / whole.max(1) as f64 * 100.0).min(100.0);
    html! {
        svg.meter viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true" { rect width=(format!("{width:.1}")) height="6" {} }
    }
}

pub(super) fn share(part: u64, whole: u64) -> String {
    if whole == 0 { "–".to_owned() } else { percent(part as f64 / whole as f64) }
}
