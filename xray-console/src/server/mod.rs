//! The pages and their data over HTTP, on a thread of their own.

use std::fmt;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::thread::JoinHandle;

use axum::Router;
use tokio::sync::oneshot;

use crate::console::Console;

/// Serves the pages until it is dropped.
#[must_use = "the pages are served until the guard is dropped"]
pub struct ConsoleServer {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl ConsoleServer {
    /// Where the pages are, such as `http://127.0.0.1:2001`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The address it listens on.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for ConsoleServer {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // The thread only panics on a bug of ours, and then there is nothing left to stop.
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for ConsoleServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConsoleServer").field("address", &self.address).finish_non_exhaustive()
    }
}

pub(crate) fn serve(console: Console, listener: TcpListener) -> io::Result<ConsoleServer> {
    let address = listener.local_addr()?;
    if !address.ip().is_loopback() {
        let message = format!(
            "the console shows traces to everyone who reaches {address}; bind it to 127.0.0.1 or [::1]"
        );
        return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    }
    listener.set_nonblocking(true)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (stop, stopped) = oneshot::channel::<()>();
    let thread = std::thread::Builder::new().name("xray-console".to_owned()).spawn(move || {
        runtime.block_on(async move {
            let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
            tokio::select! {
                _ = axum::serve(listener, router(console)) => {}
                _ = stopped => {}
            }
        });
        // Dropping the runtime ends the streams that pages still hold open.
    })?;
    Ok(ConsoleServer { address, stop: Some(stop), thread: Some(thread) })
}

fn router(_console: Console) -> Router {
    Router::new()
}
