use std::{fmt, sync::Arc};

/// An environment variable that the SDK reads.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// What it sets.
    pub meaning: &'static str,
}

/// Every environment variable that the SDK reads, when a recorder is built. What the environment
/// says comes before what the code says; a value that makes no sense is logged and ignored.
pub const VARIABLES: &[Variable] = &[
    Variable {
        name: "AWS_XRAY_DAEMON_ADDRESS",
        meaning: "where the daemon listens: `host:port`, or `tcp:host:port udp:host:port`",
    },
    Variable {
        name: "AWS_XRAY_TRACING_NAME",
        meaning: "the service's name, and the fallback of dynamic names",
    },
    Variable {
        name: "AWS_XRAY_CONTEXT_MISSING",
        meaning: "`LOG_ERROR`, `IGNORE_ERROR` or `RUNTIME_ERROR`: what a subsegment without a segment does",
    },
    Variable {
        name: "AWS_XRAY_SDK_ENABLED",
        meaning: "`false`, `no`, `off`, `n`, `f` or `0` record nothing and send nothing",
    },
    Variable { name: "AWS_XRAY_SDK_DISABLED", meaning: "`true` records nothing and sends nothing" },
    Variable {
        name: "AWS_XRAY_NOOP_ID",
        meaning: "`false` gives real ids to traces that are not recorded",
    },
];

/// Where variables are read from: the process, or a test's table.
#[derive(Clone)]
pub(crate) struct Reader(Arc<Read>);

type Read = dyn Fn(&str) -> Option<String> + Send + Sync;

impl Reader {
    pub(crate) fn process() -> Self {
        Self(Arc::new(|name| std::env::var(name).ok()))
    }

    #[cfg(test)]
    pub(crate) fn table(table: &'static [(&'static str, &'static str)]) -> Self {
        Self(Arc::new(move |name| {
            table.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        }))
    }

    /// The value, if it is set and not empty.
    pub(crate) fn get(&self, name: &str) -> Option<String> {
        debug_assert!(
            VARIABLES.iter().any(|variable| variable.name == name),
            "{name} is not listed"
        );
        (self.0)(name).filter(|value| !value.trim().is_empty())
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reader")
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Switch {
    On,
    Off,
}

/// The words that the official Python SDK knows.
pub(crate) fn switch(value: &str) -> Option<Switch> {
    let value = value.trim();
    let is = |words: &[&str]| words.iter().any(|word| value.eq_ignore_ascii_case(word));
    if is(&["n", "no", "f", "false", "off", "0"]) {
        Some(Switch::Off)
    } else if is(&["y", "yes", "t", "true", "on", "1"]) {
        Some(Switch::On)
    } else {
        None
    }
}
