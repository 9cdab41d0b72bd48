use serde_json::{Value, json};
use xray_core::{
    Delivery, Recorder,
    sample::LocalRules,
    testing::{MemoryEmitter, TestIds, Trees},
};

/// Whose segments are recorded, or are not.
pub(crate) fn recorder(sampled: bool) -> (Recorder, MemoryEmitter) {
    let memory = MemoryEmitter::new();
    let rules = if sampled { LocalRules::everything() } else { nothing() };
    let xray = Recorder::builder("orders")
        .emitter(memory.clone())
        .delivery(Delivery::Inline)
        .sampling_rules(rules)
        .ids(&TestIds::new())
        .build()
        .unwrap();
    (xray, memory)
}

fn nothing() -> LocalRules {
    LocalRules::from_value(&json!({"version": 2, "default": {"fixed_target": 0, "rate": 0}}))
        .unwrap()
}

/// What plain code records.
pub(crate) fn recorded<T>(work: impl FnOnce() -> T) -> (T, Recorded) {
    let (xray, memory) = recorder(true);
    let segment = xray.begin_segment("orders");
    let returned = {
        let _entered = segment.enter();
        work()
    };
    segment.end();
    (returned, Recorded::new(&memory))
}

/// What a future records.
pub(crate) fn recorded_in<F: Future>(work: impl FnOnce() -> F) -> (F::Output, Recorded) {
    let (xray, memory) = recorder(true);
    let segment = xray.begin_segment("orders");
    let returned = block_on(segment.scope(async { work().await }));
    segment.end();
    (returned, Recorded::new(&memory))
}

fn block_on<F: Future>(work: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(work)
}

pub(crate) struct Recorded(pub(crate) Trees);

impl Recorded {
    fn new(memory: &MemoryEmitter) -> Self {
        Self(Trees::of(&memory.take()))
    }

    pub(crate) fn outline(&self) -> String {
        self.0.to_string()
    }

    /// An entity without what differs from run to run.
    pub(crate) fn get(&self, path: &str) -> Value {
        let mut document = self.0.get(path).clone();
        let object = document.as_object_mut().unwrap();
        for key in ["id", "start_time", "end_time"] {
            object.remove(key).unwrap();
        }
        document
    }
}
