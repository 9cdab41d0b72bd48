//! The services. In a real shop each is a process of its own; here each has a recorder, a port
//! and a middleware of its own, and they know each other by URL only.

pub(crate) mod orders;
pub(crate) mod payments;
pub(crate) mod pricing;
mod proto;
pub(crate) mod sqs;
pub(crate) mod web;

use std::io;
use std::net::SocketAddr;

use axum::Router;
use tokio::net::TcpListener;

use crate::task::Task;

/// A service that listens.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) url: String,
    task: Task,
}

impl Running {
    /// Answers what has come in, then ends.
    pub(crate) async fn stop(self) {
        self.task.stop().await;
    }

    /// Serves an axum app on a free port.
    async fn axum(app: Router) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let task = Task::spawn(async move |stop| {
            let stop = async { drop(stop.await) };
            // So that the segments know the caller's address.
            let app = app.into_make_service_with_connect_info::<SocketAddr>();
            if let Err(error) = axum::serve(listener, app).with_graceful_shutdown(stop).await {
                tracing::warn!("a service ended: {error}");
            }
        });
        Ok(Self { url, task })
    }
}
