//! The function: this program, started again, with the name of a handler in its environment.

use std::{
    fmt,
    process::{Child, Command, Stdio},
    sync::{LazyLock, Mutex},
};

use lambda_runtime::{Diagnostic, Error, LambdaEvent, service_fn, tower::Layer};
use serde_json::{Map, Value, json};
use tokio::sync::Barrier;
use xray_core::{
    Entity, InCurrentSegment, Recorder, SegmentId, Subsegment, http::inject, subsegment,
};
use xray_lambda::XRayLambdaLayer;

use crate::api::Api;

const HANDLER: &str = "XRAY_LAMBDA_TEST_HANDLER";

/// A function that runs; it is killed when the test is over.
#[derive(Debug)]
pub(crate) struct Function(Child);

impl Function {
    pub(crate) fn start(handler: &str, api: &Api) -> Self {
        Self::start_with(handler, api, &[])
    }

    pub(crate) fn start_with(handler: &str, api: &Api, variables: &[(&str, &str)]) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args(["--exact", "function::runs", "--nocapture", "--test-threads=1"])
            .env_clear()
            .env(HANDLER, handler)
            .env("LAMBDA_TASK_ROOT", "/var/task")
            .env("AWS_LAMBDA_RUNTIME_API", api.address.to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", "f")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_XRAY_DAEMON_ADDRESS", api.daemon.to_string())
            // Where Lambda's own only logs.
            .env("AWS_XRAY_CONTEXT_MISSING", "RUNTIME_ERROR")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        Self(command.spawn().unwrap())
    }

    /// As Lambda ends what takes too long.
    pub(crate) fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        // It may have ended by itself, which is as good.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// No test: what the others start.
#[test]
fn runs() {
    let Ok(handler) = std::env::var(HANDLER) else { return };
    if handler == "forgets" {
        return forgets();
    }
    let xray = Recorder::builder("f").build().unwrap();
    let _flush = xray.install();
    if handler == "copies" {
        return copies();
    }
    // One thread, so that what is current could be mixed up.
    run(async {
        let layer = XRayLambdaLayer::new();
        let ran = match &*handler {
            "calls" => lambda_runtime::run(layer.layer(service_fn(calls))).await,
            "works" => lambda_runtime::run(layer.layer(service_fn(works))).await,
            "meets" => lambda_runtime::run_concurrent(layer.layer(service_fn(meets))).await,
            "fails" => lambda_runtime::run(layer.layer(service_fn(fails))).await,
            "refuses" => lambda_runtime::run(layer.layer(service_fn(refuses))).await,
            "says" => lambda_runtime::run(layer.layer(service_fn(says))).await,
            "tells" => lambda_runtime::run(layer.layer(service_fn(tells))).await,
            "layered" => lambda_runtime::run(layer.layer(layer.layer(service_fn(calls)))).await,
            "panics at once" => lambda_runtime::run(layer.layer(service_fn(panics_at_once))).await,
            "panics" => lambda_runtime::run(layer.layer(service_fn(panics))).await,
            "hangs" => lambda_runtime::run(layer.layer(service_fn(hangs))).await,
            "leaves" => lambda_runtime::run(layer.layer(service_fn(leaves))).await,
            #[cfg(feature = "http")]
            other => crate::http::run(other, layer).await,
            #[cfg(not(feature = "http"))]
            other => panic!("there is no handler {other}"),
        };
        // The API has gone, and the test with it.
        ran.unwrap_or_default();
    });
}

fn run(work: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.unwrap().block_on(work);
}

/// Makes a call under the current entity; says what goes with it.
pub(crate) fn call() -> Value {
    let call = Subsegment::begin("call");
    let mut headers = Map::new();
    inject(&call, |name, value| drop(headers.insert(name.to_owned(), value.into())));
    headers.insert("id".to_owned(), call.id().to_string().into());
    headers.into()
}

async fn calls(event: LambdaEvent<Value>) -> Result<Value, Error> {
    Entity::current().annotate("n", event.payload["n"].as_u64().unwrap_or_default());
    Ok(call())
}

/// Does so many pieces of work, each with a part that runs in a task of its own.
async fn works(event: LambdaEvent<u32>) -> Result<Value, Error> {
    for _ in 0..event.payload {
        subsegment("work", async |_| {
            let part = async { Subsegment::begin("part").end() };
            tokio::spawn(part.in_current_segment()).await.unwrap();
        })
        .await;
    }
    Ok(Value::Null)
}

/// Returns when as many invocations as meet have gone on beside each other, three times.
async fn meets(event: LambdaEvent<Value>) -> Result<Value, Error> {
    static MEETING: LazyLock<Barrier> = LazyLock::new(|| Barrier::new(2));
    let n = event.payload["n"].as_u64().unwrap();
    let work = subsegment("work", async |work| {
        MEETING.wait().await;
        work.annotate("n", n);
        let call = call();
        MEETING.wait().await;
        call
    })
    .await;
    MEETING.wait().await;
    Entity::current().annotate("n", n);
    Ok(work)
}

async fn fails(event: LambdaEvent<Value>) -> Result<Value, Error> {
    subsegment("work", async |_| ()).await;
    let number = event.payload.to_string().parse::<u32>().map_err(BadOrder);
    Ok(json!(number?))
}

#[derive(Debug)]
struct BadOrder(std::num::ParseIntError);

impl fmt::Display for BadOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the order cannot be read")
    }
}

impl std::error::Error for BadOrder {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

/// An error that only Lambda and those who debug can read.
#[derive(Debug)]
struct Refused {
    #[expect(dead_code, reason = "it is shown by `Debug`")]
    order: u32,
}

impl From<Refused> for Diagnostic {
    fn from(_: Refused) -> Self {
        Self { error_type: "Refused".to_owned(), error_message: "order refused".to_owned() }
    }
}

async fn refuses(_: LambdaEvent<Value>) -> Result<Value, Refused> {
    Err(Refused { order: 7 })
}

async fn says(_: LambdaEvent<Value>) -> Result<Value, String> {
    Err("no \"order\"".to_owned())
}

async fn tells(_: LambdaEvent<Value>) -> Result<Value, Diagnostic> {
    Err(Refused { order: 7 }.into())
}

async fn panics(_: LambdaEvent<Value>) -> Result<Value, Error> {
    subsegment("work", async |_| {
        tokio::task::yield_now().await;
        panic!("no such order")
    })
    .await
}

/// Panics before there is a future.
fn panics_at_once(_: LambdaEvent<Value>) -> std::future::Ready<Result<Value, Error>> {
    panic!("no such order")
}

async fn hangs(_: LambdaEvent<Value>) -> Result<Value, Error> {
    subsegment("done", async |_| ()).await;
    subsegment("slow", async |_| std::future::pending().await).await
}

/// Returns while a task of its own runs on.
async fn leaves(_: LambdaEvent<Value>) -> Result<Value, Error> {
    let work = Subsegment::begin("work");
    tokio::spawn(async move {
        std::future::pending::<()>().await;
        drop(work);
    });
    Ok(Value::Null)
}

/// A function whose recorder is not installed; it answers with what the log says of that.
fn forgets() {
    struct Warnings(Mutex<Vec<String>>);

    impl log::Log for Warnings {
        fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
            metadata.level() == log::Level::Warn && metadata.target().starts_with("xray_")
        }

        fn log(&self, record: &log::Record<'_>) {
            if self.enabled(record.metadata()) {
                self.0.lock().unwrap().push(record.args().to_string());
            }
        }

        fn flush(&self) {}
    }

    static WARNINGS: Warnings = Warnings(Mutex::new(Vec::new()));
    log::set_logger(&WARNINGS).unwrap();
    log::set_max_level(log::LevelFilter::Warn);
    let handler = async |_: LambdaEvent<Value>| Ok::<_, Error>(json!(*WARNINGS.0.lock().unwrap()));
    let handler = service_fn(handler);
    run(async { drop(lambda_runtime::run(XRayLambdaLayer::new().layer(handler)).await) });
}

/// A process that becomes two after its start, as one does that is restored twice.
#[expect(clippy::exit, reason = "in a copy there is no thread that would end the process")]
fn copies() {
    // From here on the generator has a seed, in both copies the same.
    let _ = SegmentId::random();
    fork::fork().unwrap();
    let drawn = SegmentId::random().to_string();
    let handler = async |_: LambdaEvent<Value>| {
        let id = Entity::current().id().to_string();
        Ok::<_, Error>(json!({"drawn": drawn.clone(), "id": id}))
    };
    let handler = service_fn(handler);
    run(async { drop(lambda_runtime::run(XRayLambdaLayer::new().layer(handler)).await) });
    std::process::exit(0);
}
