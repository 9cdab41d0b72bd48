//! The pages and their data over HTTP, on a thread of their own.

mod api;
mod assets;
mod events;
mod guard;

use std::fmt;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::thread::JoinHandle;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::extract::FromRef;
use axum::middleware;
use axum::response::Redirect;
use axum::routing::get;
use tokio::sync::{oneshot, watch};

use crate::console::Console;
use crate::pages;

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
            let (changes, _) = watch::channel(0);
            let app = App { console: console.clone(), changes: changes.clone(), run: run_id() };
            tokio::select! {
                _ = axum::serve(listener, router(app)) => {}
                () = events::watch(console, changes) => {}
                _ = stopped => {}
            }
        });
        // Dropping the runtime ends the streams that pages still hold open.
    })?;
    Ok(ConsoleServer { address, stop: Some(stop), thread: Some(thread) })
}

/// What every handler has at hand.
#[derive(Clone)]
struct App {
    console: Console,
    changes: watch::Sender<u64>,
    /// Tells this run of the process from an earlier one at the same address.
    run: String,
}

impl FromRef<App> for Console {
    fn from_ref(app: &App) -> Self {
        app.console.clone()
    }
}

fn router(app: App) -> Router {
    let console = app.console.clone();
    Router::new()
        .route("/", get(async || Redirect::to("/map")))
        .route("/map", get(pages::map))
        .route("/traces", get(pages::traces))
        .route("/traces/{id}", get(pages::trace))
        .route("/sampling", get(pages::sampling))
        .route("/status", get(pages::status))
        .route("/api/map", get(api::map))
        .route("/api/traces", get(api::traces))
        .route("/api/traces/{id}", get(api::trace))
        .route("/api/traces/{id}/spans/{span}", get(api::span))
        .route("/api/sampling", get(api::sampling))
        .route("/api/status", get(api::status))
        .route("/api/{*rest}", get(api::not_found))
        .route("/events", get(events::events))
        .route("/ui/{name}", get(assets::asset))
        .fallback(pages::not_found)
        .layer(middleware::from_fn_with_state(console, guard::guard))
        .with_state(app)
}

fn run_id() -> String {
    let started = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("{:x}", started.as_nanos())
}
