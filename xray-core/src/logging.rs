//! The SDK's own messages: they go to the `log` facade, where the environment lets them.

use std::sync::atomic::{AtomicUsize, Ordering};

use log::{Level, LevelFilter};

use crate::environment::Reader;

/// What passes, of all recorders of the process: the last one that was built decides.
static PASSES: AtomicUsize = AtomicUsize::new(LevelFilter::Trace as usize);

/// Takes the level from the environment; left unset, all passes that the program's logger wants.
pub(crate) fn configure(environment: &Reader) {
    let filter = if environment.get("AWS_XRAY_DEBUG_MODE").is_some() {
        Some(LevelFilter::Debug)
    } else {
        environment.get("AWS_XRAY_LOG_LEVEL").map(|word| level(&word))
    };
    if let Some(filter) = filter {
        PASSES.store(filter as usize, Ordering::Relaxed);
    }
}

/// The words of the official Node SDK; another word is its default.
fn level(word: &str) -> LevelFilter {
    match word.trim().to_ascii_lowercase().as_str() {
        "silent" => LevelFilter::Off,
        "warn" => LevelFilter::Warn,
        "info" => LevelFilter::Info,
        "debug" => LevelFilter::Debug,
        _ => LevelFilter::Error,
    }
}

pub(crate) fn passes(level: Level) -> bool {
    level as usize <= PASSES.load(Ordering::Relaxed)
}

macro_rules! message {
    ($level:ident, $($message:tt)+) => {
        if $crate::logging::passes(::log::Level::$level) {
            ::log::log!(::log::Level::$level, $($message)+);
        }
    };
}

macro_rules! debug {
    ($($message:tt)+) => { $crate::logging::message!(Debug, $($message)+) };
}

macro_rules! info {
    ($($message:tt)+) => { $crate::logging::message!(Info, $($message)+) };
}

macro_rules! warning {
    ($($message:tt)+) => { $crate::logging::message!(Warn, $($message)+) };
}

macro_rules! error {
    ($($message:tt)+) => { $crate::logging::message!(Error, $($message)+) };
}

pub(crate) use {debug, error, info, message, warning};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_the_environment() {
        for (word, expected) in [
            ("silent", LevelFilter::Off),
            ("ERROR", LevelFilter::Error),
            ("Warn", LevelFilter::Warn),
            ("info", LevelFilter::Info),
            ("debug", LevelFilter::Debug),
            ("loud", LevelFilter::Error),
        ] {
            assert_eq!(level(word), expected, "{word}");
        }
    }
}
