//! Calls to another service. The middleware of xray-reqwest makes a subsegment of each, and has the
//! callee's segment join the trace.

use reqwest::{Client, Response, StatusCode};
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware};
use serde::Serialize;
use serde::de::DeserializeOwned;
use xray_reqwest::XRayMiddleware;

/// Another service, by its name and where it listens.
#[derive(Clone, Debug)]
pub(crate) struct Service {
    name: &'static str,
    url: String,
    client: ClientWithMiddleware,
}

/// Why a call brought nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallError {
    #[error("{service} answered {status}: {message}")]
    Refused { service: &'static str, status: StatusCode, message: String },
    #[error("{service} gives no answer")]
    Silent { service: &'static str, source: reqwest_middleware::Error },
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
        // All services of the demo are on one host, so the name of the host would tell nothing. And each
        // sends a segment of its own, so the map waits for that instead of guessing.
        let xray = XRayMiddleware::new().name(name).traced();
        Self { name, url, client: ClientBuilder::new(Client::new()).with(xray).build() }
    }

    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, CallError> {
        self.read(self.client.get(self.url(path)).send().await).await
    }

    pub(crate) async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &(impl Serialize + Sync),
    ) -> Result<T, CallError> {
        self.read(self.client.post(self.url(path)).json(body).send().await).await
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    async fn read<T: DeserializeOwned>(
        &self,
        answer: reqwest_middleware::Result<Response>,
    ) -> Result<T, CallError> {
        let silent = |source| CallError::Silent { service: self.name, source };
        let response = answer.map_err(silent)?;
        let status = response.status();
        if status.is_success() {
            return response.json().await.map_err(|error| silent(error.into()));
        }
        let message = response.text().await.map_err(|error| silent(error.into()))?;
        Err(CallError::Refused { service: self.name, status, message })
    }
}
