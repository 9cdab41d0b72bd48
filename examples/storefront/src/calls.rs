//! Calls to another service, so that its segment joins the caller's trace.

use reqwest::header::HeaderValue;
use reqwest::{Client, Method, Request, Response, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use xray_tower::subsegment;
use xray_tower::xray_core::{Entity, Namespace, header::HEADER_NAME};

/// Another service, by its name and where it listens.
#[derive(Clone, Debug)]
pub(crate) struct Service {
    name: &'static str,
    url: String,
    client: Client,
}

/// Why a call brought nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallError {
    #[error("{service} answered {status}: {message}")]
    Refused { service: &'static str, status: StatusCode, message: String },
    #[error("{service} gives no answer")]
    Silent { service: &'static str, source: reqwest::Error },
}

impl CallError {
    /// What the caller's own answer is: the callee's 4xx, since it is about the request that both
    /// serve, and 502 for everything else.
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::Refused { status, .. } if status.is_client_error() => *status,
            Self::Refused { .. } | Self::Silent { .. } => StatusCode::BAD_GATEWAY,
        }
    }
}

impl Service {
    pub(crate) fn new(name: &'static str, url: String) -> Self {
        Self { name, url, client: Client::new() }
    }

    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, CallError> {
        self.call(self.client.request(Method::GET, self.url(path)).build()).await
    }

    pub(crate) async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &(impl Serialize + Sync),
    ) -> Result<T, CallError> {
        self.call(self.client.request(Method::POST, self.url(path)).json(body).build()).await
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// Sends the request inside a subsegment that is named after the callee.
    async fn call<T: DeserializeOwned>(
        &self,
        request: reqwest::Result<Request>,
    ) -> Result<T, CallError> {
        let response = subsegment(self.name, async |call| {
            let response = self.send(&call, request?).await;
            match &response {
                // The status also says whether the call was an error, a throttle or a fault.
                Ok(response) => call.http_response(response.status().as_u16()),
                Err(error) => call.record_error(error),
            }
            response
        })
        .await;
        let silent = |source| CallError::Silent { service: self.name, source };
        let response = response.map_err(silent)?;
        let status = response.status();
        if status.is_success() {
            return response.json().await.map_err(silent);
        }
        let message = response.text().await.map_err(silent)?;
        Err(CallError::Refused { service: self.name, status, message })
    }

    async fn send(&self, call: &Entity, mut request: Request) -> reqwest::Result<Response> {
        // What makes it a call on the service map.
        call.namespace(Namespace::Remote);
        call.http_request(request.method().as_str(), request.url().as_str());
        // The callee sends a segment of its own, so the map waits for that instead of guessing.
        call.traced();
        // What makes the callee's segment a child of this subsegment.
        let header = call.trace_header().map(|header| header.to_string());
        if let Some(Ok(header)) = header.as_deref().map(HeaderValue::from_str) {
            request.headers_mut().insert(HEADER_NAME, header);
        }
        self.client.execute(request).await
    }
}
