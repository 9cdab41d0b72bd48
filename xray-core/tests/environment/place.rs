//! Where a test's recorder runs: a machine of its own, and what the recorder makes of it.

use std::{
    fs,
    path::PathBuf,
    sync::{
        Mutex, Once,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use serde_json::Value;
use xray_core::{
    Delivery, Plugin, Recorder, RecorderBuilder, environment::Machine, sample::LocalRules,
    testing::MemoryEmitter,
};

/// Far beyond the limits of detection: a test that waits this long has failed.
pub(crate) const LONG: Duration = Duration::from_secs(60);

/// A machine, whose files are deleted with it.
pub(crate) struct Place {
    root: PathBuf,
    machine: Machine,
}

impl Place {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("environment-{}-{count}", std::process::id());
        let root = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&root).unwrap();
        let machine = Machine::with_root(&root);
        Self { root, machine }
    }

    pub(crate) fn variable(mut self, name: &str, value: impl Into<String>) -> Self {
        self.machine = self.machine.clone().variable(name, value);
        self
    }

    /// A file, by its path without the first slash.
    pub(crate) fn file(self, path: &str, contents: impl AsRef<[u8]>) -> Self {
        let path = self.root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, contents).unwrap();
        self
    }

    pub(crate) fn builder(&self) -> (RecorderBuilder, MemoryEmitter) {
        log_to_memory();
        let memory = MemoryEmitter::new();
        let builder = Recorder::builder("orders")
            .machine(self.machine.clone())
            .emitter(memory.clone())
            .delivery(Delivery::Inline)
            .sampling_rules(LocalRules::everything());
        (builder, memory)
    }

    /// The document of a segment that ends after the search for `plugins` has.
    pub(crate) fn segment<const N: usize>(&self, plugins: [Plugin; N]) -> Value {
        let (builder, memory) = self.builder();
        let xray = builder.detect(plugins).build().unwrap();
        assert!(xray.wait_for_environment(LONG));
        xray.begin_segment("orders").end();
        only(&memory)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.root);
    }
}

/// The one document there is, without what differs from run to run.
pub(crate) fn only(memory: &MemoryEmitter) -> Value {
    let mut documents = memory.take();
    assert_eq!(documents.len(), 1, "{documents:?}");
    let mut document = documents.remove(0);
    let fields = document.as_object_mut().unwrap();
    for changing in ["id", "trace_id", "start_time", "end_time"] {
        assert!(fields.remove(changing).is_some(), "no {changing}");
    }
    fields["service"].as_object_mut().unwrap().remove("runtime_version").unwrap();
    document
}

/// A whole segment, as [`only`] returns it, with these fields beside the usual ones.
pub(crate) fn expected(origin: Option<&str>, aws: &Value) -> Value {
    let mut aws = aws.clone();
    aws["xray"] = serde_json::json!({
        "sdk": "X-Ray for Rust",
        "sdk_version": env!("CARGO_PKG_VERSION"),
    });
    let mut segment = serde_json::json!({
        "name": "orders",
        "service": { "runtime": "rustc" },
        "aws": aws,
    });
    if let Some(origin) = origin {
        segment["origin"] = origin.into();
    }
    segment
}

/// A segment to which nothing was added.
pub(crate) fn plain() -> Value {
    expected(None, &serde_json::json!({}))
}

static WARNINGS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// The warnings so far that name this; tests run at the same time, so it has to be a test's own.
pub(crate) fn warnings(about: &str) -> Vec<String> {
    let all = WARNINGS.lock().unwrap();
    all.iter().filter(|warning| warning.contains(about)).cloned().collect()
}

fn log_to_memory() {
    struct Memory;
    impl log::Log for Memory {
        fn enabled(&self, _: &log::Metadata<'_>) -> bool {
            true
        }
        fn log(&self, record: &log::Record<'_>) {
            WARNINGS.lock().unwrap().push(record.args().to_string());
        }
        fn flush(&self) {}
    }
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        log::set_logger(&Memory).unwrap();
        log::set_max_level(log::LevelFilter::Warn);
    });
}
