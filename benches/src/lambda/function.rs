use std::{
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use serde_json::Value;

use crate::{
    machine::{Core, pinned},
    processor,
};

use super::api::{Api, Request};

const NEXT: &str = "/2018-06-01/runtime/invocation/next";

/// What Lambda would end an invocation after.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A function that waits for its next invocation; ended on drop, as Lambda ends it.
#[derive(Debug)]
pub(super) struct Function {
    child: Child,
    api: Api,
    /// What it waits with.
    next: Request,
    begun: Instant,
    invocations: u64,
}

/// What an invocation took.
#[derive(Debug)]
pub(super) struct Invocation {
    /// Until the response was here, and until the function was ready for the next one.
    pub(super) response: Duration,
    pub(super) next: Duration,
    /// When the response was here.
    answered: Instant,
    pub(super) answer: Value,
}

impl Function {
    /// Starts it, and waits until it asks for an invocation. It has one core, which it does not share with those who wait for it.
    pub(super) fn start(program: &Path, daemon: &str) -> Result<Self, String> {
        let mut api = Api::start()?;
        let mut command = Command::new(program);
        // As Lambda sets them.
        command
            .env("AWS_LAMBDA_RUNTIME_API", api.address()?.to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", "hello")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
            .env("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/hello")
            .env("AWS_LAMBDA_LOG_STREAM_NAME", "2026/01/01/[$LATEST]0123456789abcdef")
            .env("AWS_REGION", "eu-central-1")
            .env("LAMBDA_TASK_ROOT", "/var/task")
            .env("AWS_XRAY_CONTEXT_MISSING", "LOG_ERROR")
            .env("AWS_XRAY_DAEMON_ADDRESS", daemon)
            .env("AWS_EC2_METADATA_DISABLED", "true");
        let mut command = pinned(&command, Core::Last);
        let begun = Instant::now();
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .map_err(|error| format!("cannot start {}: {error}", program.display()))?;
        match api.request().and_then(|request| expect(request, NEXT)) {
            Ok(next) => Ok(Self { child, api, next, begun, invocations: 0 }),
            Err(error) => {
                let _ = child.kill();
                let _ = child.wait();
                Err(format!("{} does not start: {error}", program.display()))
            }
        }
    }

    /// From its start until it asked for an invocation.
    pub(super) fn init(&self) -> Duration {
        self.next.moment - self.begun
    }

    /// From its start until the response of its first invocation.
    pub(super) fn first(&self, invocation: &Invocation) -> Duration {
        invocation.answered - self.begun
    }

    pub(super) fn invoke(&mut self, sampled: bool) -> Result<Invocation, String> {
        self.invocations += 1;
        // Of one length each, so that no invocation takes more memory than another.
        let number = self.invocations;
        let id = format!("8476a536-e9f4-11e8-9739-{number:012x}");
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = now.map_err(|error| error.to_string())?;
        let event = format!(
            "HTTP/1.1 200 OK\r\n\
             Content-Type: application/json\r\n\
             Lambda-Runtime-Aws-Request-Id: {id}\r\n\
             Lambda-Runtime-Deadline-Ms: {deadline}\r\n\
             Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:eu-central-1:123456789012:function:hello\r\n\
             Lambda-Runtime-Trace-Id: Root=1-{second:08x}-bd862e3fe1be{number:012x};Parent=53995c3f42cd8ad8;Sampled={sampled}\r\n\
             Content-Length: 2\r\n\r\n{{}}",
            deadline = (now + TIMEOUT).as_millis(),
            second = now.as_secs(),
            sampled = u8::from(sampled),
        );
        let begin = self.api.answer(&self.next, &event)?;
        let path = format!("/2018-06-01/runtime/invocation/{id}/response");
        let response = expect(self.api.request()?, &path)?;
        self.api.answer(&response, "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")?;
        self.next = expect(self.api.request()?, NEXT)?;
        Ok(Invocation {
            response: response.moment - begin,
            next: self.next.moment - begin,
            answered: response.moment,
            answer: serde_json::from_slice(&response.body).map_err(|error| error.to_string())?,
        })
    }

    /// Nanoseconds of the processor so far.
    pub(super) fn cpu(&self) -> f64 {
        processor::nanoseconds(self.child.id())
    }

    pub(super) fn threads(&self) -> f64 {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.child.id()));
        tasks.map_or(f64::NAN, |tasks| tasks.count() as f64)
    }

    /// Resident memory, in KB. Of the pages themselves: the kernel's short account lags behind.
    pub(super) fn memory(&self) -> f64 {
        let rollup = fs::read_to_string(format!("/proc/{}/smaps_rollup", self.child.id()));
        let rollup = rollup.unwrap_or_default();
        let mut words = rollup.split_whitespace().skip_while(|word| *word != "Rss:").skip(1);
        words.next().and_then(|word| word.parse().ok()).unwrap_or(f64::NAN)
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn expect(request: Request, path: &str) -> Result<Request, String> {
    if request.path == path {
        return Ok(request);
    }
    let said = String::from_utf8_lossy(&request.body);
    Err(format!("the function asks for {} where {path} was due: {said}", request.path))
}
