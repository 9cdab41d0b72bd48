//! What the environment says of a recorder.

use crate::environment::{Reader, Switch, switch};

/// What a subsegment does when there is no segment to hang it under.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ContextMissing {
    /// Logs an error and records nothing.
    #[default]
    LogError,
    /// Records nothing.
    IgnoreError,
    /// Panics: for tests that look for forgotten contexts. What a client calls goes through all the same,
    /// with the error of [`LogError`](Self::LogError).
    RuntimeError,
}

/// A variable's value, if it is set and makes sense; one that makes none is logged and ignored.
pub(super) fn from_environment<T>(
    environment: &Reader,
    name: &str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Option<T> {
    let value = environment.get(name)?;
    let parsed = parse(value.trim());
    if parsed.is_none() {
        crate::logging::error!("{name}={value:?} makes no sense and is ignored");
    }
    parsed
}

pub(super) fn is_enabled(environment: &Reader) -> bool {
    let disabled = environment
        .get("AWS_XRAY_SDK_DISABLED")
        .is_some_and(|value| value.trim().eq_ignore_ascii_case("true"));
    !disabled && from_environment(environment, "AWS_XRAY_SDK_ENABLED", switch) != Some(Switch::Off)
}

/// Whether this is a function of AWS Lambda.
pub(super) fn is_lambda(environment: &Reader) -> bool {
    let executes = environment.get("AWS_EXECUTION_ENV");
    environment.get("LAMBDA_TASK_ROOT").is_some()
        || executes.is_some_and(|name| name.starts_with("AWS_Lambda_"))
}

pub(super) fn parse_context_missing(text: &str) -> Option<ContextMissing> {
    match text.to_ascii_uppercase().as_str() {
        "LOG_ERROR" => Some(ContextMissing::LogError),
        "IGNORE_ERROR" => Some(ContextMissing::IgnoreError),
        "RUNTIME_ERROR" => Some(ContextMissing::RuntimeError),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Delivery, Recorder};

    fn built(table: &'static [(&'static str, &'static str)]) -> Recorder {
        let builder = Recorder::builder("code").environment(Reader::table(table));
        builder.delivery(Delivery::Inline).build().unwrap()
    }

    #[test]
    fn the_environment_comes_first() {
        assert_eq!(built(&[("AWS_XRAY_TRACING_NAME", "env")]).service(), "env");
        assert_eq!(built(&[("AWS_XRAY_TRACING_NAME", " ")]).service(), "code");
    }

    #[test]
    fn nonsense_in_the_environment_is_ignored() {
        let xray = built(&[
            ("AWS_XRAY_DAEMON_ADDRESS", "nonsense"),
            ("AWS_XRAY_CONTEXT_MISSING", "bogus"),
            ("AWS_XRAY_SDK_ENABLED", "perhaps"),
        ]);
        assert!(xray.is_enabled());
        assert_eq!(xray.inner().context_missing, ContextMissing::LogError);
    }

    #[test]
    fn switches() {
        assert!(!built(&[("AWS_XRAY_SDK_ENABLED", "Off")]).is_enabled());
        assert!(!built(&[("AWS_XRAY_SDK_DISABLED", "TRUE")]).is_enabled());
        assert!(
            !built(&[("AWS_XRAY_SDK_DISABLED", "true"), ("AWS_XRAY_SDK_ENABLED", "true")])
                .is_enabled()
        );
        assert!(built(&[("AWS_XRAY_SDK_DISABLED", "no")]).is_enabled());
    }

    #[test]
    fn a_wrong_address_in_code_is_an_error() {
        let error = Recorder::builder("code")
            .environment(Reader::table(&[]))
            .daemon("127.0.0.1")
            .build()
            .unwrap_err();
        assert!(error.is_config());
    }
}
