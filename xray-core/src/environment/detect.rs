use std::{
    borrow::Cow,
    sync::{Arc, OnceLock},
    time::Duration,
};

use serde_json::{Map, Value};

use super::{Machine, Plugin, logs};
use crate::{
    document::Document,
    emit::lock,
    sync::{Condvar, Mutex, thread},
};

/// What is known of the AWS resource around the process.
#[derive(Debug, Default)]
pub(crate) struct Detected {
    origin: Option<&'static str>,
    aws: Map<String, Value>,
    /// The fields of `aws` as JSON, each with a comma before it.
    aws_json: Vec<u8>,
}

impl Detected {
    /// Adds it to a segment; what the segment says of itself stays.
    pub(crate) fn complete<'a>(&'a self, segment: &mut Document<'a>) {
        if segment.origin.is_none() {
            segment.origin = self.origin.map(Cow::Borrowed);
        }
        if !self.aws.is_empty() {
            let aws = segment.aws.get_or_insert_default();
            self.complete_aws(&mut aws.fields);
        }
    }

    /// Adds the fields of `aws` that a segment does not have.
    pub(crate) fn complete_aws<'a>(&'a self, fields: &mut Cow<'a, Map<String, Value>>) {
        if fields.is_empty() {
            *fields = Cow::Borrowed(&self.aws);
            return;
        }
        let missing = self.aws.iter().filter(|(key, _)| !fields.contains_key(*key));
        let missing: Vec<_> = missing.map(|(key, value)| (key.clone(), value.clone())).collect();
        if !missing.is_empty() {
            fields.to_mut().extend(missing);
        }
    }

    /// The fields of `aws` as JSON, each with a comma before it.
    pub(crate) fn aws_json(&self) -> &[u8] {
        &self.aws_json
    }

    /// What X-Ray calls the resource.
    pub(crate) fn origin(&self) -> Option<&'static str> {
        self.origin
    }

    fn by(plugins: &[Plugin], machine: &Machine) -> Self {
        let mut detected = Self::default();
        let mut groups: Vec<_> = logs::from_variable(machine).into_iter().collect();
        for plugin in Plugin::BY_PRIORITY.into_iter().filter(|plugin| plugins.contains(plugin)) {
            match plugin.find(machine) {
                Ok(Some(found)) => {
                    detected.origin = detected.origin.or(Some(plugin.origin()));
                    detected.aws.insert(plugin.key().to_owned(), found.block.into());
                    groups.extend(found.logs);
                }
                Ok(None) => crate::logging::info!("{plugin:?} is not where this program runs"),
                Err(reason) => {
                    crate::logging::warning!("{plugin:?} adds nothing to segments: {reason}");
                }
            }
        }
        if let Some(block) = logs::block(groups) {
            detected.aws.insert("cloudwatch_logs".to_owned(), block);
        }
        detected.aws_json = crate::emit::fields(&detected.aws);
        detected
    }
}

/// The search for what is around the process: what is known before it, and what it finds.
#[derive(Debug)]
pub(crate) struct Detection {
    before: Detected,
    /// Set at the end; `None` if there is nothing to add to what was known before.
    found: OnceLock<Option<Detected>>,
    waiting: (Mutex<()>, Condvar),
}

impl Detection {
    /// Looks for what `plugins` name on a thread of its own, which ends within some seconds. What
    /// variables alone say is there at once.
    pub(crate) fn start(plugins: Vec<Plugin>, machine: Machine) -> Arc<Self> {
        let before = Detected::by(&[], &machine);
        let detection = Self { before, found: OnceLock::new(), waiting: Default::default() };
        let detection = Arc::new(detection);
        if plugins.is_empty() {
            detection.end(None);
            return detection;
        }
        let search = {
            let detection = Arc::clone(&detection);
            move || detection.end(Some(Detected::by(&plugins, &machine)))
        };
        if let Err(error) = thread::Builder::new().name("xray-detect".into()).spawn(search) {
            crate::logging::warning!(
                "no thread to look for the AWS resource around the process: {error}"
            );
            detection.end(None);
        }
        detection
    }

    /// What is known by now.
    pub(crate) fn current(&self) -> &Detected {
        self.found.get().and_then(Option::as_ref).unwrap_or(&self.before)
    }

    /// Waits until nothing more will be found, at most for `timeout`; `true` if that is so.
    pub(crate) fn wait(&self, timeout: Duration) -> bool {
        let pending = |(): &mut ()| self.found.get().is_none();
        drop(self.waiting.1.wait_timeout_while(lock(&self.waiting.0), timeout, pending));
        self.found.get().is_some()
    }

    fn end(&self, detected: Option<Detected>) {
        let guard = lock(&self.waiting.0);
        // Called once; a second result would change nothing.
        let _ = self.found.set(detected);
        drop(guard);
        self.waiting.1.notify_all();
    }
}
