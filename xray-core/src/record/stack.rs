//! From a captured backtrace to the frames of an exception.

use crate::document::{Exception, MAX_SHORT_TEXT, StackFrame, cut};

/// The exception with its frames looked up, the innermost first, at most `most`.
pub(super) fn resolved(exception: &Exception, most: usize) -> Exception {
    let mut exception = exception.clone();
    if let Some(backtrace) = exception.backtrace.take() {
        let mut frames = frames(&backtrace.to_string());
        // Generic code of ours between here and there has no name that tells it is ours.
        let caller = exception.stack.first();
        let at = caller.and_then(|caller| frames.iter().position(|frame| same_file(frame, caller)));
        frames.drain(..at.unwrap_or_default());
        if !frames.is_empty() {
            exception.stack = frames;
        }
    }
    if exception.stack.len() > most {
        exception.truncated += (exception.stack.len() - most) as u32;
        exception.stack.truncate(most);
    }
    exception
}

/// Where our files are for whoever has this crate from a registry.
const OURS: &str = concat!("xray-core-", env!("CARGO_PKG_VERSION"), "/");

/// The standard library tells frames by their text only: a line with number and function, and one
/// with the place.
fn frames(text: &str) -> Vec<StackFrame> {
    let mut frames: Vec<StackFrame> = Vec::new();
    for line in text.lines().map(str::trim) {
        if let Some(place) = line.strip_prefix("at ") {
            let mut parts = place.rsplitn(3, ':').skip(1);
            let line = parts.next().and_then(|line| line.parse().ok()).unwrap_or_default();
            if let Some(frame) = frames.last_mut() {
                frame.path = relative(parts.next().unwrap_or(place)).to_owned().into();
                frame.line = line;
            }
        } else if let Some((_, function)) = line.split_once(": ") {
            frames.push(StackFrame { path: "".into(), line: 0, label: function.to_owned().into() });
        }
    }
    // What lies further in than the user's call is ours, what lies further out starts the thread.
    let ours = frames.iter().rposition(|frame| is_ours(&frame.label)).map_or(0, |last| last + 1);
    let end = frames.iter().position(|frame| frame.label.contains("__rust_begin_short_backtrace"));
    frames.truncate(end.unwrap_or(frames.len()));
    frames.drain(..ours.min(frames.len()));
    // Where work runs inside an entity, we stand between the user's frames.
    frames.retain(|frame| !is_within_ours(&frame.label) && !frame.path.starts_with(OURS));
    // Generic code of frameworks has names of many KiB, a few of which would fill a document.
    for frame in &mut frames {
        if frame.label.len() > MAX_SHORT_TEXT {
            frame.label = cut(&frame.label, MAX_SHORT_TEXT).to_owned().into();
        }
    }
    frames
}

/// Whether both lie in one file, whose path may be seen from different folders.
fn same_file(one: &StackFrame, other: &StackFrame) -> bool {
    !one.path.is_empty() && (one.path.ends_with(&*other.path) || other.path.ends_with(&*one.path))
}

fn is_ours(function: &str) -> bool {
    function.contains("xray_core::record::") && function.contains("record_error")
}

/// A function of ours, or a trait's for a type of ours.
fn is_within_ours(function: &str) -> bool {
    let function = function.trim_start_matches('<');
    ["xray_core::record::", "xray_core::sql::"].iter().any(|ours| function.starts_with(ours))
}

/// Paths of dependencies begin at their crate, those of the program at its folder.
fn relative(path: &str) -> &str {
    let registry = path.split_once("/registry/src/").and_then(|(_, rest)| rest.split_once('/'));
    match registry {
        Some((_, path)) => path,
        None => path.strip_prefix("./").unwrap_or(path),
    }
}

#[cfg(test)]
mod tests {
    use super::{frames, is_within_ours};

    #[test]
    fn long_names_of_functions_are_cut() {
        let name = format!("poll<{}>", "actix_service::AndThen<".repeat(700));
        let text = format!("   0: {name}\n             at ./src/main.rs:7:9\n   1: main\n");
        let frames = frames(&text);
        assert_eq!(frames.len(), 2);
        assert_eq!((&*frames[0].path, frames[0].line), ("src/main.rs", 7));
        assert_eq!(&*frames[0].label, &name[..250]);
        assert_eq!(&*frames[1].label, "main");
    }

    #[test]
    fn our_own_frames() {
        for (function, ours) in [
            ("xray_core::record::subsegment::Subsegment::run", true),
            ("<xray_core::record::scope::Scope<F> as core::future::Future>::poll", true),
            ("xray_core::sql::query::sql_subsegment::{{closure}}", true),
            ("shop::pay::{{closure}}", false),
            ("<shop::Pay as tower::Service<http::Request>>::call", false),
            ("my_xray_core::record::x", false),
        ] {
            assert_eq!(is_within_ours(function), ours, "{function}");
        }
    }
}
