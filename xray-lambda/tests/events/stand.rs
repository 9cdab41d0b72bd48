//! An invocation without Lambda: a facade that is the current entity, and the documents that leave.

use std::time::{Duration, SystemTime};

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use xray_core::{
    Delivery, Recorder, TraceHeader,
    environment::Machine,
    sample::LocalRules,
    testing::{MemoryEmitter, TestClock, TestIds},
};
use xray_lambda::event::Consumer;

/// The invocation's trace, and what Lambda calls the segment that it sends for the function.
pub(crate) const ROOT: &str = "1-581cf771-a006649127e371903a2de979";
pub(crate) const FUNCTION: &str = "5fa58e7a2d3f4c11";

/// The trace of the first message of `sqs.json`.
pub(crate) const SENDERS_ROOT: &str = "1-5759e988-bd862e3fe1be46a994272793";
pub(crate) const SENDER: &str = "53995c3f42cd8ad8";

pub(crate) struct Stand {
    pub(crate) xray: Recorder,
    pub(crate) consumer: Consumer,
    memory: MemoryEmitter,
}

impl Stand {
    pub(crate) fn new() -> Self {
        let memory = MemoryEmitter::new();
        let machine = Machine::with_root("/nowhere")
            .variable("LAMBDA_TASK_ROOT", "/var/task")
            .variable("AWS_LAMBDA_FUNCTION_NAME", "orders-consumer");
        let xray = Recorder::builder("orders")
            .machine(machine)
            .emitter(memory.clone())
            .delivery(Delivery::Inline)
            .sampling_rules(LocalRules::everything())
            .clock(&TestClock::at(SystemTime::UNIX_EPOCH + Duration::from_secs(1_545_082_650)))
            .ids(&TestIds::new())
            .build()
            .expect("a recorder");
        Self { consumer: Consumer::with(&xray), xray, memory }
    }

    /// Runs what never waits beneath an invocation, as the layer does, and gives its documents.
    pub(crate) fn invoked<T>(
        &self,
        sampled: bool,
        work: impl AsyncFnOnce() -> T,
    ) -> (T, Vec<Value>) {
        let sampled = u8::from(sampled);
        self.invoked_with(&format!("Root={ROOT};Parent={FUNCTION};Sampled={sampled}"), work)
    }

    /// The same with this header.
    pub(crate) fn invoked_with<T>(
        &self,
        header: &str,
        work: impl AsyncFnOnce() -> T,
    ) -> (T, Vec<Value>) {
        let facade = self.xray.facade(&TraceHeader::parse(header));
        self.done(facade.scope(work()))
    }

    /// The same without an invocation.
    pub(crate) fn done<T>(&self, work: impl Future<Output = T>) -> (T, Vec<Value>) {
        let done = futures_util::FutureExt::now_or_never(work).expect("it is done at once");
        let mut documents = self.memory.take();
        documents.iter_mut().for_each(leave_out);
        (done, documents)
    }
}

/// Leaves out what every document has: the time, which stands still, and the SDK.
fn leave_out(document: &mut Value) {
    let members = document.as_object_mut().expect("an object");
    for time in ["start_time", "end_time"] {
        assert_eq!(members.remove(time), Some(json!(1_545_082_650.0)));
    }
    if let Some(Value::Object(aws)) = members.get_mut("aws") {
        aws.remove("xray");
        if aws.is_empty() {
            members.remove("aws");
        }
    }
    members.remove("service");
}

/// What Lambda runs side by side has to be sent from thread to thread.
pub(crate) fn sent<F: Future + Send>(future: F) -> F {
    future
}

pub(crate) fn event<T: DeserializeOwned>(text: &str) -> T {
    serde_json::from_str(text).expect("an event")
}

/// The id that was given out as this one.
pub(crate) fn id(number: u64) -> String {
    format!("{number:016x}")
}
