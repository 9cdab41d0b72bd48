//! The TCP side: the two sampling calls of the SDKs, and nothing else.

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, oneshot};

use super::answers::Answers;
use super::reload::RulesFile;

const MAX_CONNECTIONS: usize = 64;
const MAX_HEADERS: usize = 16 << 10;
const HEADER_TIME: Duration = Duration::from_secs(5);
const TOTAL_TIME: Duration = Duration::from_secs(10);

/// Answers until it is dropped.
#[derive(Debug)]
pub(crate) struct SamplingServer {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl SamplingServer {
    pub(crate) fn start(
        listener: TcpListener,
        answers: Arc<Answers>,
        file: Option<RulesFile>,
    ) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let listener = {
            let _entered = runtime.enter();
            tokio::net::TcpListener::from_std(listener)?
        };
        let (stop, stopped) = oneshot::channel();
        let thread = thread::Builder::new().name("xrayd-sampling".to_owned()).spawn(move || {
            runtime.block_on(async move {
                let watch = async {
                    match file {
                        Some(file) => file.watch(&answers).await,
                        None => std::future::pending().await,
                    }
                };
                tokio::select! {
                    () = accept(listener, &answers) => {}
                    () = watch => {}
                    _ = stopped => {}
                }
            });
            // A name that is still being looked up for the relay holds a thread that cannot be ended.
            runtime.shutdown_background();
        })?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for SamplingServer {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn accept(listener: tokio::net::TcpListener, answers: &Arc<Answers>) {
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _)) => {
                let answers = Arc::clone(answers);
                tokio::spawn(async move {
                    let _place = place;
                    let _ = tokio::time::timeout(TOTAL_TIME, serve(stream, &answers)).await;
                });
            }
            Err(error) => {
                log::debug!("cannot accept a TCP connection: {error}");
                // Out of descriptors, most likely: an error that repeats at once must not burn a core.
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn serve(stream: TcpStream, answers: &Answers) {
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIME)
        .max_buf_size(MAX_HEADERS)
        // Clients call every ten seconds: a place kept open in between is lost to others.
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service_fn(|request| answers.answer(request)))
        .await;
    if let Err(error) = served {
        log::debug!("a TCP connection ended early: {error}");
    }
}
