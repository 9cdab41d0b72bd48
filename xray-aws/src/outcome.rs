//! How a call ended, as the official Java SDK tells it: an error of the service is the service's own
//! (`remote`), and a fault only if its status is; an error of the client is always a fault.

use std::error::Error as StdError;

use aws_smithy_runtime_api::client::{
    interceptors::context::{Error, InterceptorContext},
    orchestrator::{HttpResponse, OrchestratorError},
    retries::{
        RequestAttempts,
        classifiers::{ClassifyRetry, RetryAction, RetryReason},
    },
    runtime_components::RuntimeComponents,
};
use aws_smithy_types::{config_bag::ConfigBag, retry::ErrorKind};
use aws_types::request_id::RequestId;
use xray_core::{
    Entity,
    document::{Exception, MAX_SHORT_TEXT},
};

use crate::wire::{self, Failure};

/// Errors that say "slow down", whatever the status; those that the SDK retries as such come on top.
const THROTTLES: [&str; 7] = [
    "ThrottlingException",
    "Throttling",
    "TooManyRequestsException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "SlowDown",
    "LimitExceededException",
];

/// Records retries, the response and the error of a call. Whether it went well.
pub(crate) fn record(
    call: &Entity,
    context: &InterceptorContext,
    components: &RuntimeComponents,
    cfg: &ConfigBag,
) -> bool {
    let attempts = cfg.load::<RequestAttempts>().map_or(0, RequestAttempts::attempts);
    call.aws("retries", attempts.saturating_sub(1));
    if let Some(response) = context.response() {
        record_response(call, response);
    }
    match context.output_or_error() {
        Some(Err(error)) => {
            let failure = context.response().map(failure).unwrap_or_default();
            let refused = |response: &HttpResponse| !response.status().is_success();
            // An answer of 200 may hold an error, such as that of a copy in S3.
            let of_service = error.is_operation_error()
                && (failure.code.is_some() || context.response().is_some_and(refused));
            if of_service {
                record_service_error(call, error, failure, || throttles(context, components));
            } else {
                let kind = client_error(error, attempts, context.response().is_some());
                call.record_exceptions(&[Exception::new(kind, text_of(error))]);
            }
            false
        }
        Some(Ok(_)) | None => true,
    }
}

fn record_response(call: &Entity, response: &HttpResponse) {
    let headers = response.headers();
    call.http_response(response.status().as_u16());
    let body = response.body().bytes();
    let length = headers.get("content-length").and_then(|length| length.parse().ok());
    if let Some(length) = length.or_else(|| Some(body?.len() as u64)) {
        call.content_length(length);
    }
    let id = headers.request_id().map(str::to_owned);
    let known = id.filter(|id| !id.is_empty() && id != "UNKNOWN");
    if let Some(id) = known.or_else(|| wire::request_id(headers, body?)) {
        call.aws("request_id", short(&id));
    }
    if let Some(id) = headers.get("x-amz-id-2") {
        call.aws("id_2", short(id));
    }
}

/// An id that a server chose.
fn short(id: &str) -> &str {
    &id[..id.floor_char_boundary(MAX_SHORT_TEXT)]
}

/// What the response says of an error: in a header of the JSON protocols, or in the body.
fn failure(response: &HttpResponse) -> Failure {
    let headers = response.headers();
    let mut failure =
        response.body().bytes().map(|body| Failure::of_body(headers, body)).unwrap_or_default();
    let in_header = headers.get("x-amzn-errortype").map(str::to_owned);
    // `aws.protocoltests#Broken:http://…` is `Broken`.
    failure.code = in_header.or(failure.code).map(|code| {
        let code = code.split(':').next().unwrap_or_default();
        code.rsplit('#').next().unwrap_or_default().to_owned()
    });
    failure.code = failure.code.filter(|code| !code.is_empty());
    failure
}

fn record_service_error(
    call: &Entity,
    error: &OrchestratorError<Error>,
    failure: Failure,
    sdk_throttles: impl FnOnce() -> bool,
) {
    let throttled = failure.code.as_deref().is_some_and(is_throttle) || sdk_throttles();
    let kind = failure.code.unwrap_or_else(|| "ServiceError".into());
    let message = failure.message.unwrap_or_else(|| text_of(error));
    call.record_exceptions(&[Exception::new(kind, message).remote()]);
    if throttled {
        call.set_fault(false);
        call.set_error(true);
        call.set_throttle(true);
    }
}

fn is_throttle(code: &str) -> bool {
    THROTTLES.contains(&code) || code.starts_with("RequestThrottled")
}

fn throttles(context: &InterceptorContext, components: &RuntimeComponents) -> bool {
    components.retry_classifiers().any(|classifier| {
        matches!(
            classifier.classify_retry(context),
            RetryAction::RetryIndicated(RetryReason::RetryableError {
                kind: ErrorKind::ThrottlingError,
                ..
            })
        )
    })
}

/// What the SDK calls it, in `SdkError`.
fn client_error(error: &OrchestratorError<Error>, attempts: u32, answered: bool) -> &'static str {
    if error.is_timeout_error() {
        "TimeoutError"
    } else if answered {
        "ResponseError"
    } else if attempts == 0 {
        "ConstructionFailure"
    } else {
        "DispatchFailure"
    }
}

/// The error's causes in one line: each of the SDK's layers says little.
fn text_of(error: &OrchestratorError<Error>) -> String {
    let mut texts: Vec<String> = Vec::new();
    let mut next = error.source();
    while let Some(error) = next.filter(|_| texts.len() < 10) {
        let text = error.to_string();
        if !texts.last().is_some_and(|last| last.contains(&text)) {
            texts.push(text);
        }
        next = error.source();
    }
    if texts.is_empty() { error.to_string() } else { texts.join(": ") }
}
