//! The SDKs' sampling calls, passed on to X-Ray: signing, region, endpoint and credentials are the AWS SDK's, the
//! bodies are the caller's and the service's own, so that no field gets lost that this release does not know.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_xray::Client;
use aws_sdk_xray::config::interceptors::{
    AfterDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextMut,
};
use aws_sdk_xray::config::{Builder, ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_xray::error::BoxError;
use hyper::StatusCode;
use hyper::body::Bytes;

use super::find;
use super::text::causes;
use crate::sampling::{Answering, Operation, Upstream};

/// For one call in all. The SDK that waits for the answer tries again by itself.
const CALL_TIME: Duration = Duration::from_secs(4);

/// Passes sampling calls on to X-Ray, with the credentials and the region of this configuration.
pub(super) fn upstream(config: &SdkConfig) -> Arc<dyn Upstream> {
    let timeouts = TimeoutConfig::builder().operation_timeout(CALL_TIME).build();
    let config = Builder::from(config)
        .timeout_config(timeouts)
        // Its connections live on the runtime of the sampling server.
        .http_client(find::http_client())
        .build();
    Arc::new(Signed { client: Client::from_conf(config) })
}

#[derive(Debug)]
struct Signed {
    client: Client,
}

impl Upstream for Signed {
    fn call(&self, operation: Operation, body: Bytes) -> Answering<'_> {
        let answer = Answer::default();
        let raw = Raw { body, answer: Arc::clone(&answer) };
        Box::pin(async move {
            // What the SDK makes of the answer does not matter once there is one.
            let failure = match operation {
                Operation::Rules => {
                    let call = self.client.get_sampling_rules().customize().interceptor(raw);
                    call.send().await.err().map(|error| causes(&error))
                }
                Operation::Targets => {
                    let call = self.client.get_sampling_targets().customize().interceptor(raw);
                    call.send().await.err().map(|error| causes(&error))
                }
            };
            let answer = answer.lock().unwrap_or_else(PoisonError::into_inner).take();
            answer.ok_or_else(|| failure.unwrap_or_else(|| "no answer".to_owned()))
        })
    }
}

type Answer = Arc<Mutex<Option<(StatusCode, Bytes)>>>;

/// Puts the raw body into the request before it is signed, and keeps the raw answer.
#[derive(Debug)]
struct Raw {
    body: Bytes,
    answer: Answer,
}

impl Intercept for Raw {
    fn name(&self) -> &'static str {
        "Raw"
    }

    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request_mut();
        request.headers_mut().insert("content-length", self.body.len().to_string());
        *request.body_mut() = self.body.to_vec().into();
        Ok(())
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let response = context.response();
        // A body that could not be read to its end is no answer.
        if let Some(body) = response.body().bytes() {
            let status = StatusCode::from_u16(response.status().as_u16())?;
            let answer = Some((status, Bytes::copy_from_slice(body)));
            *self.answer.lock().unwrap_or_else(PoisonError::into_inner) = answer;
        }
        Ok(())
    }
}
