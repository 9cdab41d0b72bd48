//! A line for each response, whether it is recorded or not.

mod entry;
mod flask;
mod json;

pub(super) use entry::Entry;

use std::{
    fmt,
    io::Write,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use crate::sample::matches;

/// Where the lines go with the `log` facade, so that a logger can tell them from others.
const TARGET: &str = "xray::access";

/// Writes a line for each response, also of requests that are not sampled, with what shows the way to
/// the trace of those that are.
///
/// `XRayLayer` of `xray-tower` and `XRayMiddleware` of `xray-actix` take it by their setter `access_log`.
///
/// ```
/// use xray_core::http::{AccessLog, ServerPolicy};
///
/// let policy = ServerPolicy::new().access_log(AccessLog::json());
/// # let _ = policy;
/// ```
///
/// The line is written when the response is complete, or nobody waits for it any more. It goes to the
/// program's logger, through the `log` facade with the target `xray::access`, or to a
/// [writer](Self::writer).
#[derive(Clone)]
pub struct AccessLog(Arc<Settings>);

#[derive(Clone)]
struct Settings {
    form: Form,
    writer: Option<Arc<Mutex<dyn Write + Send>>>,
    ignore: Arc<[String]>,
    lost: Arc<AtomicU64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Json,
    Flask,
}

impl AccessLog {
    /// Lines of JSON, at the level of how the request ended: `error` for faults, `warn` for errors, which
    /// are those of the client, and `info` for all else.
    ///
    /// ```json
    /// {"timestamp":"2026-11-25T10:15:07.021Z","level":"info","method":"GET","path":"/orders/7","status":200,
    ///  "duration_ms":3.512,"bytes":64,"client":"192.0.2.7","trace_id":"1-…","segment_id":"53995c3f42cd8ad8",
    ///  "xrayTraceId":"1-…","segmentId":"53995c3f42cd8ad8","AWS-XRAY-TRACE-ID":"1-…@53995c3f42cd8ad8"}
    /// ```
    ///
    /// | key | what it is |
    /// |---|---|
    /// | `path` | without query, which may hold secrets; at most 4,096 characters |
    /// | `status` | absent where the client left before there was one |
    /// | `grpc_code` | of gRPC calls only, such as `NOT_FOUND` |
    /// | `duration_ms` | milliseconds until the last byte was handed over |
    /// | `bytes` | of the body, as far as they were handed over |
    /// | `client` | what `X-Forwarded-For` says, else the address of the connection |
    /// | `error` | `ClientDisconnected`, `DeadlineExceeded`, `panic`, or the type of the handler's error |
    /// | the ids | of the segment; absent where the request is not sampled |
    #[must_use]
    pub fn json() -> Self {
        Self::of(Form::Json)
    }

    /// The line that a Flask app of many tutorials writes after each request, byte for byte, each at level
    /// `error`:
    ///
    /// ```text
    /// [2023-Feb-27 10:15] 172.18.0.1 GET http /api/activities/home? 200 OK
    /// ```
    ///
    /// That is local time, the address of the connection, and Flask's `full_path`, which always has its `?`.
    /// It holds **the query with all that is in it**; take [`json`](Self::json) where that may be a
    /// secret. Other than Flask, line breaks and control characters are written as escapes, path and query
    /// are cut at 4,096 characters each, and where the client left before there was a status there is no
    /// line.
    #[must_use]
    pub fn flask() -> Self {
        Self::of(Form::Flask)
    }

    fn of(form: Form) -> Self {
        let settings =
            Settings { form, writer: None, ignore: Arc::default(), lost: Arc::default() };
        Self(Arc::new(settings))
    }

    /// Writes the lines here, each by one call, in place of the program's logger. The thread that serves the
    /// request writes, so a writer that may block should hand over to another thread.
    ///
    /// ```
    /// use xray_core::http::AccessLog;
    ///
    /// let log = AccessLog::json().writer(std::io::stdout());
    /// # let _ = log;
    /// ```
    #[must_use]
    pub fn writer(self, writer: impl Write + Send + 'static) -> Self {
        self.with(|settings| settings.writer = Some(Arc::new(Mutex::new(writer))))
    }

    /// Paths without a line, as patterns such as `/health` and `/assets/*`.
    #[must_use]
    pub fn ignore<P: Into<String>>(self, paths: impl IntoIterator<Item = P>) -> Self {
        let paths = paths.into_iter().map(Into::into).collect();
        self.with(|settings| settings.ignore = paths)
    }

    fn with(self, set: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = Arc::unwrap_or_clone(self.0);
        set(&mut settings);
        Self(Arc::new(settings))
    }

    /// Lines that the writer did not take.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.0.lost.load(Ordering::Relaxed)
    }

    pub(super) fn ignores(&self, path: &str) -> bool {
        self.0.ignore.iter().any(|pattern| matches(pattern, path))
    }

    /// Writes a line, unless nobody listens.
    fn write(&self, level: log::Level, line: impl FnOnce() -> String) {
        let Settings { writer, lost, .. } = &*self.0;
        // Loggers and writers are the user's code, and this may run while a panic goes by.
        let written = catch_unwind(AssertUnwindSafe(|| match writer {
            None => {
                if log::log_enabled!(target: TARGET, level) {
                    log::log!(target: TARGET, level, "{}", line());
                }
                true
            }
            Some(writer) => {
                let mut line = line();
                line.push('\n');
                let mut writer = writer.lock().unwrap_or_else(PoisonError::into_inner);
                writer.write_all(line.as_bytes()).is_ok()
            }
        }));
        if !written.unwrap_or(false) {
            lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl fmt::Debug for AccessLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Settings { form, writer, ignore, lost } = &*self.0;
        let mut shown = f.debug_struct("AccessLog");
        shown.field("form", form).field("writer", &writer.is_some());
        shown.field("ignore", ignore).field("lost", lost).finish()
    }
}

/// Characters that some reader takes for the end of a line, or that steer a terminal.
fn is_unsafe(character: char) -> bool {
    character.is_control() || matches!(character, '\u{2028}' | '\u{2029}')
}
