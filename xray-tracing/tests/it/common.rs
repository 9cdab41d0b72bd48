use std::{
    io,
    sync::{Arc, Mutex},
};

use serde_json::Value;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::{Registry, fmt::MakeWriter, layer::Layer, prelude::*};
use xray_core::{
    Delivery, Recorder,
    sample::LocalRules,
    testing::{MemoryEmitter, TestIds, Trees},
};
use xray_tracing::XRayTracing;

/// A recorder whose documents stay here, and a subscriber of this thread.
pub(crate) struct Rig {
    pub(crate) xray: Recorder,
    memory: MemoryEmitter,
    _default: DefaultGuard,
}

pub(crate) fn recorder(rules: LocalRules) -> (Recorder, MemoryEmitter) {
    let memory = MemoryEmitter::new();
    let xray = Recorder::builder("orders")
        .emitter(memory.clone())
        .delivery(Delivery::Inline)
        .sampling_rules(rules)
        .ids(&TestIds::new())
        .build()
        .expect("nothing is wrong with it");
    (xray, memory)
}

pub(crate) fn nothing() -> LocalRules {
    let rules = r#"{"version": 2, "default": {"fixed_target": 0, "rate": 0}}"#;
    rules.parse().expect("these are rules")
}

impl Rig {
    pub(crate) fn new() -> Self {
        Self::with(XRayTracing::new())
    }

    pub(crate) fn with(layer: impl Layer<Registry> + Send + Sync) -> Self {
        let (xray, memory) = recorder(LocalRules::everything());
        let subscriber = tracing_subscriber::registry().with(layer);
        let _default = tracing::subscriber::set_default(subscriber);
        Self { xray, memory, _default }
    }

    /// Runs `work` in a segment named `request`.
    pub(crate) fn request(&self, work: impl FnOnce()) -> Trees {
        let segment = self.xray.segment("request").begin();
        {
            let _entered = segment.enter();
            work();
        }
        segment.end();
        self.trees()
    }

    pub(crate) fn trees(&self) -> Trees {
        Trees::of(&self.memory.take())
    }
}

/// Without what differs from run to run.
pub(crate) fn bare(document: &Value) -> Value {
    let mut document = document.clone();
    if let Some(object) = document.as_object_mut() {
        for key in ["start_time", "end_time", "id", "trace_id", "aws", "service", "name"] {
            object.remove(key);
        }
        if let Some(cause) = object.get_mut("cause").and_then(Value::as_object_mut) {
            cause.remove("working_directory");
        }
    }
    document
}

/// Where a log goes.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    pub(crate) fn take(&self) -> String {
        String::from_utf8(std::mem::take(&mut *self.0.lock().unwrap())).unwrap()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}
