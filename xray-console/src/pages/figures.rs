//! Figures as people read them.

use std::time::SystemTime;

use chrono::{DateTime, SecondsFormat, Utc};
use maud::{Markup, html};

use crate::class::Class;

/// `0.4 ms`, `12 ms`, `1.25 s`, `3 min 5 s`, `2 h 34 min`, `3 d 4 h`.
pub(super) fn duration(seconds: f64) -> String {
    let millis = seconds * 1e3;
    if millis < 0.9995 {
        format!("{:.0} µs", millis * 1e3)
    } else if millis < 9.95 {
        format!("{millis:.1} ms")
    } else if millis < 999.5 {
        format!("{millis:.0} ms")
    } else if seconds < 59.995 {
        format!("{seconds:.2} s")
    } else if seconds < 1e8 {
        let whole = seconds.round() as u64;
        match whole {
            ..3_600 => format!("{} min {} s", whole / 60, whole % 60),
            3_600..86_400 => format!("{} h {} min", whole / 3_600, whole / 60 % 60),
            _ => format!("{} d {} h", whole / 86_400, whole / 3_600 % 24),
        }
    } else {
        "very long".to_owned()
    }
}

/// `3.2 KB`, `12 MB`.
pub(super) fn bytes(count: usize) -> String {
    const UNITS: [&str; 4] = ["B", "KiB", "MiB", "GiB"];
    let mut value = count as f64;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    if unit == 0 || value >= 10.0 {
        format!("{value:.0} {}", UNITS[unit])
    } else {
        format!("{value:.1} {}", UNITS[unit])
    }
}

/// Thousands apart.
pub(super) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

pub(super) fn rate(per_minute: f64) -> String {
    if per_minute >= 10.0 || per_minute == 0.0 {
        format!("{per_minute:.0}/min")
    } else {
        format!("{per_minute:.1}/min")
    }
}

/// `5 %`, `0.25 %`, `100 %`: a share from 0 to 1.
pub(super) fn percent(share: f64) -> String {
    let text = format!("{:.2}", share * 100.0);
    format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
}

/// `0 s`, `12 s`, `3 min 5 s`: for what runs on while it is looked at.
pub(super) fn whole_seconds(seconds: f64) -> String {
    let seconds = seconds.max(0.0).floor();
    if seconds < 60.0 { format!("{seconds} s") } else { duration(seconds) }
}

/// This moment, in seconds since 1970.
pub(super) fn now() -> f64 {
    today().timestamp_micros() as f64 / 1e6
}

/// A time in UTC, with its date unless that is today; scripts turn it into local time.
pub(super) fn time(seconds: f64) -> Markup {
    let known = DateTime::<Utc>::from_timestamp_micros((seconds * 1e6) as i64)
        .filter(|_| seconds.abs() < 2.5e11);
    let today = today().date_naive();
    html! {
        @match known {
            Some(time) => {
                time datetime=(time.to_rfc3339_opts(SecondsFormat::Millis, true)) {
                    @if time.date_naive() != today { span.date { (time.format("%Y-%m-%d")) " " } }
                    (time.format("%H:%M:%S%.3f"))
                }
            }
            None => span.muted { "no date" },
        }
    }
}

fn today() -> DateTime<Utc> {
    SystemTime::now().into()
}

/// The word and the mark of a class; never colour alone.
pub(super) fn badge(class: Class) -> Markup {
    html! { span class={ "badge " (class.as_str()) } { (class.as_str()) } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_keep_three_figures_at_most() {
        for (seconds, text) in [
            (0.0, "0 µs"),
            (0.000_25, "250 µs"),
            (0.001_25, "1.2 ms"),
            (0.0123, "12 ms"),
            (0.9999, "1.00 s"),
            (1.254, "1.25 s"),
            (185.0, "3 min 5 s"),
            (3_599.4, "59 min 59 s"),
            (9_259.0, "2 h 34 min"),
            (274_000.0, "3 d 4 h"),
            (1e308, "very long"),
        ] {
            assert_eq!(duration(seconds), text);
        }
    }

    #[test]
    fn shares_have_no_idle_zeros() {
        for (share, text) in
            [(0.0, "0 %"), (0.05, "5 %"), (0.0025, "0.25 %"), (1.0, "100 %"), (0.1, "10 %")]
        {
            assert_eq!(percent(share), text);
        }
        assert_eq!(whole_seconds(-1.0), "0 s");
        assert_eq!(whole_seconds(59.9), "59 s");
        assert_eq!(whole_seconds(185.2), "3 min 5 s");
    }

    #[test]
    fn counts_and_bytes_are_grouped() {
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(count(999), "999");
        assert_eq!(bytes(256 << 20), "256 MiB");
        assert_eq!(bytes(1536), "1.5 KiB");
    }

    #[test]
    fn impossible_times_have_no_date() {
        for seconds in [1e308, -1e308, f64::MAX] {
            assert!(time(seconds).0.contains("no date"));
        }
    }

    #[test]
    fn a_time_names_its_date_unless_it_is_today() {
        let text = time(1_478_293_361.271).0;
        assert!(text.contains("\"2016-11-04T21:02:41.271Z\""), "{text}");
        assert!(text.contains("2016-11-04 </span>21:02:41.271<"), "{text}");
        let before = today();
        let text = time(before.timestamp() as f64).0;
        // Midnight may pass in between.
        assert!(!text.contains("</span>") || today().date_naive() != before.date_naive(), "{text}");
    }
}
