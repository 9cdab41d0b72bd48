use std::collections::BTreeMap;

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
    Variable {
        name: "AWS_XRAY_DEBUG_MODE",
        meaning: "any value lets the SDK's messages pass down to the level `debug`",
    },
    Variable {
        name: "AWS_XRAY_LOG_LEVEL",
        meaning: "down to which level the SDK's messages pass: `silent`, `error`, `warn`, `info` or `debug`",
    },
    Variable {
        name: "AWS_XRAY_COLLECT_SQL_QUERIES",
        meaning: "`true`, `yes`, `on`, `y`, `t` or `1` let integrations record the text of queries, without its values",
    },
    Variable {
        name: "LAMBDA_TASK_ROOT",
        meaning: "AWS Lambda sets it: each subsegment is sent at its end, by the thread that ends it",
    },
    Variable {
        name: "AWS_EXECUTION_ENV",
        meaning: "AWS Lambda sets it to `AWS_Lambda_…`, with the same effect",
    },
    Variable {
        name: "AWS_LAMBDA_FUNCTION_NAME",
        meaning: "the function's name, which AWS Lambda sets: segments in the traces of those who sent messages are named so",
    },
    Variable {
        name: "_X_AMZN_TRACE_ID",
        meaning: "the header of the invocation, which AWS Lambda sets; read at each invocation, by `facade_of_environment` too",
    },
    Variable {
        name: "AWS_LAMBDA_INITIALIZATION_TYPE",
        meaning: "AWS Lambda sets it: with `provisioned-concurrency` no invocation is a cold start; read by `xray-lambda`",
    },
    Variable {
        name: "OTEL_PROPAGATORS",
        meaning: "which headers carry traces: a list of `xray`, `tracecontext`, or `none`; if a caller sends both, the later of the list counts",
    },
    Variable {
        name: "AWS_LOG_GROUP",
        meaning: "the CloudWatch log group of the service, named in each segment",
    },
    Variable {
        name: "AWS_EC2_METADATA_DISABLED",
        meaning: "`true` keeps the detection of EC2 from asking the instance's metadata service",
    },
    Variable {
        name: "IMDS_ENDPOINT",
        meaning: "where the metadata service of EC2 is, in place of `169.254.169.254`",
    },
    Variable {
        name: "ECS_CONTAINER_METADATA_URI_V4",
        meaning: "where the container's metadata is; ECS sets it, and its detection needs it",
    },
    Variable {
        name: "ECS_CONTAINER_METADATA_URI",
        meaning: "the same in version 3, for where version 4 is not set",
    },
    Variable {
        name: "KUBERNETES_SERVICE_HOST",
        meaning: "where the cluster's API is; Kubernetes sets it, and the detection of EKS needs it",
    },
    Variable {
        name: "KUBERNETES_SERVICE_PORT",
        meaning: "the port of the cluster's API; 443 if not set",
    },
    Variable {
        name: "HOSTNAME",
        meaning: "the name of the container or pod where `/proc/sys/kernel/hostname` has none",
    },
];

/// Where variables are read from: the process, or a test's table.
#[derive(Clone, Debug)]
pub(crate) enum Reader {
    Process,
    Table(BTreeMap<String, String>),
}

impl Reader {
    #[cfg(test)]
    pub(crate) fn table(table: &[(&str, &str)]) -> Self {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Self::Table(table.iter().map(owned).collect())
    }

    /// Sets a variable of a table; the process's own stay as they are.
    pub(super) fn set(&mut self, name: &str, value: String) {
        if let Self::Table(table) = self {
            table.insert(name.to_owned(), value);
        }
    }

    /// The value, if it is set and not empty.
    pub(crate) fn get(&self, name: &str) -> Option<String> {
        debug_assert!(
            VARIABLES.iter().any(|variable| variable.name == name),
            "{name} is not listed"
        );
        let value = match self {
            Self::Process => std::env::var(name).ok(),
            Self::Table(table) => table.get(name).cloned(),
        };
        value.filter(|value| !value.trim().is_empty())
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
