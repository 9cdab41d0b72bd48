use serde_json::{Value, json};
use xray_core::{
    Delivery, Recorder,
    sample::LocalRules,
    testing::{MemoryEmitter, TestIds, Trees},
};

/// Whose segments are recorded, or are not.
pub(crate) fn recorder(sampled: bool) -> (Recorder, MemoryEmitter) {
    let memory = MemoryEmitter::new();
    let nothing = json!({"version": 2, "default": {"fixed_target": 0, "rate": 0}});
    let rules =
        if sampled { LocalRules::everything() } else { LocalRules::from_value(&nothing).unwrap() };
    let xray = Recorder::builder("orders")
        .emitter(memory.clone())
        .delivery(Delivery::Inline)
        .sampling_rules(rules)
        .ids(&TestIds::new())
        .build()
        .unwrap();
    (xray, memory)
}

/// What plain code returns and records.
pub(crate) fn recorded<T>(work: impl FnOnce() -> T) -> (T, Recorded) {
    let (xray, memory) = recorder(true);
    let segment = xray.begin_segment("orders");
    let returned = {
        let _entered = segment.enter();
        work()
    };
    segment.end();
    (returned, Recorded::of(&memory))
}

/// What a future returns and records.
pub(crate) fn recorded_in<F: Future>(work: F) -> (F::Output, Recorded) {
    let (xray, memory) = recorder(true);
    let segment = xray.begin_segment("orders");
    let returned = block_on(segment.scope(work));
    segment.end();
    (returned, Recorded::of(&memory))
}

pub(crate) fn block_on<F: Future>(work: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(work)
}

#[derive(Debug)]
pub(crate) struct Recorded(Trees);

impl Recorded {
    pub(crate) fn of(memory: &MemoryEmitter) -> Self {
        Self(Trees::of(&memory.take()))
    }

    pub(crate) fn outline(&self) -> String {
        self.0.to_string()
    }

    /// An entity without what differs from run to run: ids, times, and where the code lies.
    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> Value {
        let mut document = self.0.get(path).clone();
        let object = document.as_object_mut().unwrap();
        for key in ["id", "start_time", "end_time"] {
            object.remove(key).unwrap();
        }
        if let Some(cause) = object.get_mut("cause") {
            let exceptions = cause["exceptions"].as_array_mut().unwrap();
            let told = exceptions.iter().map(|exception| {
                // Of the stack, which is as long as the environment asks for, the nearest frame.
                let path = exception["stack"][0]["path"].as_str().unwrap_or_default();
                let file = path.rsplit('/').next().unwrap_or_default();
                json!([exception["type"], exception["message"], file])
            });
            *cause = told.collect();
        }
        document
    }
}
