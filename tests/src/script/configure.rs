//! `configure`: a recorder by the script's wishes.

use std::time::{Duration, SystemTime};

use xray_core::http::ServerPolicy;
use xray_core::sample::LocalRules;
use xray_core::testing::{MemoryEmitter, TestClock};
use xray_core::{ContextMissing, Delivery, Plugin, Recorder, RecorderBuilder};

use super::Answer;
use super::driver::{Driver, VirtualTime, done};
use super::line::{Configure, Named};

/// Longer than the search for AWS resources takes.
const ENVIRONMENT: Duration = Duration::from_secs(30);

/// A driver that was not configured.
pub(super) fn defaults() -> Driver {
    let recorder =
        Recorder::builder("unknown").build().expect("nothing was set that could be wrong");
    let installed = Some(recorder.install());
    Driver {
        recorder,
        installed,
        naming: ServerPolicy::new(),
        watched: false,
        virtual_time: VirtualTime::new(LocalRules::default())
            .expect("nothing was set that could be wrong"),
        trace: None,
        exceptions: Named::new(),
    }
}

impl Driver {
    pub(super) fn configure(&mut self, keys: &Configure) -> Answer {
        let rules = rules(keys)?;
        let recorder = builder(keys)?
            .sampling_rules(rules.clone())
            .build()
            .map_err(|error| error.to_string())?;
        let virtual_time = VirtualTime::new(rules)?;
        // The official SDKs look for their plugins' resources before `configure` returns.
        recorder.wait_for_environment(ENVIRONMENT);
        self.discard();
        // The recorder before sends what has ended as it goes.
        drop(self.installed.take());
        self.installed = Some(recorder.install());
        self.recorder = recorder;
        self.virtual_time = virtual_time;
        self.watched = keys.in_progress_after.is_some();
        self.naming = match &keys.dynamic_naming {
            Some(pattern) => ServerPolicy::new().name_by_host(pattern),
            None => ServerPolicy::new(),
        };
        self.exceptions.clear();
        Ok(done())
    }
}

impl VirtualTime {
    fn new(rules: LocalRules) -> Result<Self, String> {
        let clock = TestClock::at(SystemTime::UNIX_EPOCH);
        let recorder = Recorder::builder("unknown")
            .sampling_rules(rules)
            .emitter(MemoryEmitter::new())
            .delivery(Delivery::Inline)
            .clock(&clock)
            .build()
            .map_err(|error| error.to_string())?;
        Ok(Self { recorder, clock, at: None })
    }
}

fn rules(keys: &Configure) -> Result<LocalRules, String> {
    let rules = keys.rules.as_ref().map(LocalRules::from_value).transpose();
    let rules = rules.map_err(|error| error.to_string())?.unwrap_or_default();
    Ok(if keys.sampling == Some(false) { LocalRules::everything() } else { rules })
}

fn builder(keys: &Configure) -> Result<RecorderBuilder, String> {
    let mut builder = Recorder::builder(keys.service.as_deref().unwrap_or("unknown"));
    if let Some(version) = &keys.version {
        builder = builder.version(version);
    }
    if let Some(daemon) = &keys.daemon {
        builder = builder.daemon(daemon);
    }
    if let Some(threshold) = keys.streaming_threshold {
        builder = builder.streaming_threshold(threshold);
    }
    if let Some(strategy) = &keys.context_missing {
        builder = builder.context_missing(context_missing(strategy)?);
    }
    if let Some(names) = &keys.plugins {
        let plugins = names.iter().map(|name| plugin(name)).collect::<Result<Vec<_>, _>>()?;
        builder = builder.detect(plugins);
    }
    if let Some(grace) = keys.grace {
        builder = builder.grace(seconds(grace)?);
    }
    if let Some(time) = keys.in_progress_after {
        builder = builder.in_progress_after(seconds(time)?);
    }
    Ok(builder)
}

pub(super) fn seconds(number: f64) -> Result<Duration, String> {
    Duration::try_from_secs_f64(number).map_err(|error| format!("{number} seconds: {error}"))
}

fn context_missing(text: &str) -> Result<ContextMissing, String> {
    match text.to_ascii_uppercase().as_str() {
        "LOG_ERROR" => Ok(ContextMissing::LogError),
        "IGNORE_ERROR" => Ok(ContextMissing::IgnoreError),
        "RUNTIME_ERROR" => Ok(ContextMissing::RuntimeError),
        _ => Err(format!(
            "no strategy is named {text:?}; there are LOG_ERROR, IGNORE_ERROR and RUNTIME_ERROR"
        )),
    }
}

/// A plugin by the name that the official SDKs give it (`EC2Plugin`), or without its end.
fn plugin(name: &str) -> Result<Plugin, String> {
    let letters = name.chars().filter(char::is_ascii_alphanumeric);
    let word: String = letters.map(|letter| letter.to_ascii_lowercase()).collect();
    match word.strip_suffix("plugin").unwrap_or(&word) {
        "ec2" => Ok(Plugin::Ec2),
        "ecs" => Ok(Plugin::Ecs),
        "eks" => Ok(Plugin::Eks),
        "elasticbeanstalk" | "beanstalk" => Ok(Plugin::ElasticBeanstalk),
        _ => Err(format!(
            "no plugin is named {name:?}; there are EC2Plugin, ECSPlugin, EKSPlugin and \
             ElasticBeanstalkPlugin"
        )),
    }
}
