//! The recorders of the process that the console is part of.

use maud::{Markup, html};
use xray_core::sample::{RuleSource, RuleStatus, SamplingStatus, ServiceStatus};

use super::figures::{count, percent, whole_seconds};
use super::sampling::{bar, share, what_for};
use crate::sampling::Recorder;
use crate::text::{SHOWN, shown};

pub(super) fn section(recorders: &[Recorder], now: f64) -> Markup {
    html! {
        h2.part { "Recorders in this process" }
        @if recorders.is_empty() {
            section.card { p.muted { "None is shown here. A program that embeds the console names its own with " code { "Console::recorder" } "." } }
        }
        @for recorder in recorders { (block(recorder, now)) }
    }
}

fn block(recorder: &Recorder, now: f64) -> Markup {
    let status = &recorder.status;
    html! {
        section.card.wide data-recorder=(shown(&recorder.name, SHOWN)) {
            h2 { bdi { (shown(&recorder.name, SHOWN)) } }
            p { (source(status)) }
            @if let Some(service) = &status.service { (known(service)) }
            @if !status.rules.is_empty() && status.source != RuleSource::Off {
                table.data.rules {
                    thead {
                        tr {
                            th.number { "Priority" } th { "Rule" } th { "For" } th { "Reservoir" } th { "Rate" } th.number { "Requests" }
                            th.number { "Taken" } th.number { "Borrowed" } th.number { "By rate" } th.number { "Not" } th.number { "Share" }
                        }
                    }
                    tbody { @for rule in &status.rules { (row(rule, status.source, now)) } }
                }
            }
            @if !status.fallback.is_empty() {
                @let decided = status.fallback.iter().fold(0_u64, |sum, rule| sum.saturating_add(rule.requests));
                p.muted { "Rules of this process decided " (count(decided)) " more, where no rule of the service matched or was there yet." }
            }
        }
    }
}

/// Whose rules decide, in plain words.
fn source(status: &SamplingStatus) -> Markup {
    let address = status.service.as_ref().map_or("", |service| &service.address);
    let at = html! { @if !address.is_empty() { " at " code { bdi { (shown(address, SHOWN)) } } } };
    html! {
        @match status.source {
            RuleSource::Off => { b { "Off." } " The environment has switched recording off: nothing is sampled." },
            RuleSource::Local => { b { "Local." } " The rules of this process decide, and no others are asked for." },
            RuleSource::Central => { b { "Central." } " The rules of the service" (at) " decide." },
            RuleSource::Fallback if status.service.as_ref().is_some_and(|service| service.calls == 0) => {
                b { "Waiting." } " No request has needed a decision yet: the service" (at) " is asked when one does."
            },
            RuleSource::Fallback => { b { "Fallback." } " The rules of this process decide: the service" (at) " has given none yet, or none for an hour." },
            _ => { "It is not known whose rules decide." },
        }
    }
}

fn known(service: &ServiceStatus) -> Markup {
    html! {
        @if service.calls > 0 { p.muted {
            @match service.rules_age {
                Some(age) => { "It last gave rules " (whole_seconds(age)) " ago." },
                None => "It has given no rules yet.",
            }
            " " (count(service.calls)) " calls, of which " (count(service.errors)) " failed."
        } }
        @if let Some(error) = &service.last_error {
            div.warning { p { b { "The last call failed: " } bdi { (shown(error, SHOWN)) } } }
        }
    }
}

fn row(rule: &RuleStatus, source: RuleSource, now: f64) -> Markup {
    let service_name = rule.service_name.as_deref().unwrap_or("*");
    let service_type = rule.service_type.as_deref().unwrap_or("*");
    let patterns = [
        ("", rule.http_method.as_str()),
        ("", &rule.url_path),
        ("host", &rule.host),
        ("service", service_name),
        ("type", service_type),
    ];
    let quota = rule.quota.zip(rule.quota_until).filter(|(_, until)| until + 1.0 > now);
    let boost = rule.boost.zip(rule.boost_until).filter(|(_, until)| until + 1.0 > now);
    html! {
        tr {
            td.number { @match rule.priority { Some(priority) => (priority), None => "–" } }
            th scope="row" { bdi { (shown(&rule.name, SHOWN)) } }
            td.for { (what_for(&patterns)) }
            td.reservoir {
                @if rule.reservoir == 0 {
                    span.muted { "none" }
                } @else if source != RuleSource::Central {
                    span { (count(u64::from(rule.reservoir))) "/s" }
                } @else if let Some((quota, until)) = quota {
                    (bar(u64::from(quota), u64::from(rule.reservoir)))
                    span { (count(u64::from(quota))) " of " (count(u64::from(rule.reservoir))) "/s · " (whole_seconds(until + 1.0 - now)) }
                } @else {
                    span { "no quota: borrows 1/s" }
                }
            }
            td.rate {
                (percent(rule.rate))
                @if let Some((boost, until)) = boost { " " span.badge.boost { "boost " (percent(boost)) " · " (whole_seconds(until - now)) } }
            }
            td.number { (count(rule.requests)) }
            td.number { (count(rule.taken)) }
            td.number { (count(rule.borrowed)) }
            td.number { (count(rule.by_rate)) }
            td.number { (count(rule.not_sampled)) }
            td.number { (share(rule.requests.saturating_sub(rule.not_sampled), rule.requests)) }
        }
    }
}
