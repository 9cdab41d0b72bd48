//! The call `PutTraceSegments` through the AWS SDK.

use std::error::Error;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_xray::Client;
use aws_sdk_xray::config::Builder;
use aws_sdk_xray::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_xray::operation::put_trace_segments::PutTraceSegmentsError;

use super::deliver::{Caller, Outcome, Unprocessed, is_passing};
use super::queue::Document;
use super::text::{causes, plain};

/// For one call in all, name resolution, connection and credentials included.
const CALL_TIME: Duration = Duration::from_secs(10);

/// The service.
#[derive(Debug, Clone)]
pub(super) struct XRay {
    client: Client,
}

impl XRay {
    pub(super) fn new(config: &SdkConfig) -> Self {
        let timeouts = TimeoutConfig::builder().operation_timeout(CALL_TIME).build();
        let config = Builder::from(config).timeout_config(timeouts).build();
        Self { client: Client::from_conf(config) }
    }
}

impl Caller for XRay {
    async fn call(&self, documents: &[Document]) -> Outcome {
        let bodies = documents.iter().map(|document| document.body.clone()).collect();
        let call = self.client.put_trace_segments().set_trace_segment_documents(Some(bodies));
        match call.send().await {
            Ok(output) => Outcome::Taken(
                output
                    .unprocessed_trace_segments()
                    .iter()
                    // The list of the unprocessed may hold nothing.
                    .filter(|entry| entry.id().or(entry.error_code()).or(entry.message()).is_some())
                    .map(|entry| Unprocessed {
                        id: plain(entry.id().unwrap_or_default()),
                        code: plain(entry.error_code().unwrap_or("unnamed")),
                        message: plain(entry.message().unwrap_or_default()),
                    })
                    .collect(),
            ),
            Err(error) => outcome(&error),
        }
    }
}

fn outcome(error: &SdkError<PutTraceSegmentsError>) -> Outcome {
    let SdkError::ServiceError(answer) = error else {
        let trouble = match error {
            SdkError::TimeoutError(_) => format!("no answer within {} s", CALL_TIME.as_secs()),
            // Its first level says only that sending failed.
            _ => causes(error.source().unwrap_or(error)),
        };
        return Outcome::Later { trouble, pause: None };
    };
    let (status, headers) = (answer.raw().status().as_u16(), answer.raw().headers());
    let code = plain(answer.err().code().unwrap_or("unnamed"));
    let message = plain(answer.err().message().unwrap_or_default());
    // Other statuses speak of us, of the address or of the service: 403 of keys and permissions, 404 of a
    // wrong endpoint. What waits may still be taken once that is put right.
    if matches!(status, 400 | 413 | 422) && !is_passing(&code) && !is_about_us(&code) {
        return Outcome::Refused { code, message };
    }
    let pause = headers.get("retry-after").and_then(|seconds| seconds.trim().parse().ok());
    Outcome::Later {
        trouble: format!("HTTP {status} {code}: {message}"),
        pause: pause.map(Duration::from_secs),
    }
}

/// Whether a code speaks of our credentials, permissions or clock.
fn is_about_us(code: &str) -> bool {
    let code = code.to_ascii_lowercase();
    [
        "expired",
        "skew",
        "signature",
        "token",
        "credential",
        "accessdenied",
        "unauthorized",
        "unrecognizedclient",
        "optinrequired",
    ]
    .iter()
    .any(|word| code.contains(word))
}
