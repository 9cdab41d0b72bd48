use std::{fmt, sync::Arc, time::Duration};

use super::{
    Common, ContextMissing, Hook, Keep, Recorder, Spares, Verdict,
    recorder::Inner,
    sampling::Sampling,
    settings::{from_environment, is_enabled, is_lambda, parse_context_missing},
    sources::Sources,
};
use crate::{
    Error,
    document::{AnnotationValue, Document, clean_name, is_annotation},
    emit::{DaemonAddress, Delivery, Emitter, Fixed, Hub, Record, Timing, UdpEmitter},
    environment::{Detection, Machine, Plugin, Switch, switch},
    header::Propagation,
    logging,
    sample::{CentralizedSampling, LocalRules},
    stats::Counters,
    testing::{TestChance, TestClock, TestIds},
};

/// How long a segment that has ended waits for its open subsegments.
const GRACE: Duration = Duration::from_secs(30);

/// How long a request runs before it is shown.
const IN_PROGRESS_AFTER: Duration = Duration::from_secs(30);

/// Subsegments held before they leave on their own, as in the official Java and Node SDKs.
const STREAMING_THRESHOLD: usize = 100;

/// Frames of a stack that are kept, as in the official Java SDK.
const STACK_FRAMES: usize = 50;

/// Builds a [`Recorder`]. Made by [`Recorder::builder`].
///
/// The environment is read at [`build`](Self::build) and comes before what is set here; see
/// [`environment::VARIABLES`](crate::environment::VARIABLES).
#[must_use = "nothing is recorded before `build`"]
pub struct RecorderBuilder {
    service: String,
    version: Option<String>,
    daemon: Option<String>,
    sampling: Sampling,
    emitter: Option<Box<dyn Emitter>>,
    delivery: Option<Delivery>,
    timing: Timing,
    streaming_threshold: Option<usize>,
    collect_sql_queries: bool,
    context_missing: ContextMissing,
    annotations: Vec<(String, AnnotationValue<'static>)>,
    stack_frames: usize,
    keep: Option<Keep>,
    before_emit: Option<Hook>,
    plugins: Vec<Plugin>,
    machine: Machine,
    sources: Sources,
}

impl RecorderBuilder {
    pub(super) fn new(service: &str) -> Self {
        Self {
            service: service.to_owned(),
            version: None,
            daemon: None,
            sampling: Sampling::Usual,
            emitter: None,
            delivery: None,
            timing: Timing { grace: GRACE, in_progress_after: Some(IN_PROGRESS_AFTER) },
            streaming_threshold: None,
            collect_sql_queries: false,
            context_missing: ContextMissing::default(),
            annotations: Vec::new(),
            stack_frames: STACK_FRAMES,
            keep: None,
            before_emit: None,
            plugins: Vec::new(),
            machine: Machine::real(),
            sources: Sources::default(),
        }
    }

    /// The service's version, as `service.version` of its segments.
    pub fn version(mut self, version: &str) -> Self {
        self.version = Some(version.to_owned());
        self
    }

    /// Where the daemon listens; 127.0.0.1:2000 if not set. See [`DaemonAddress`] for the form.
    pub fn daemon(mut self, address: impl fmt::Display) -> Self {
        self.daemon = Some(address.to_string());
        self
    }

    /// Which requests are recorded where no caller has decided: by these rules, and no others are asked
    /// for. See [`centralized_sampling`](Self::centralized_sampling) for what holds if neither is set.
    pub fn sampling_rules(mut self, rules: LocalRules) -> Self {
        self.sampling = Sampling::Local(rules);
        self
    }

    /// Which requests are recorded where no caller has decided: by the rules of the X-Ray service.
    ///
    /// So it is if nothing is said, as in the other X-Ray SDKs: the rules are asked for through the
    /// daemon, and the built-in [`LocalRules`] decide while there are none. With an
    /// [`emitter`](Self::emitter) of your own no daemon is assumed, and the built-in rules decide if
    /// nothing else is said. In AWS Lambda the fallback decides, since nobody could ask there between two
    /// invocations.
    pub fn centralized_sampling(mut self, sampling: CentralizedSampling) -> Self {
        self.sampling = Sampling::Central(sampling);
        self
    }

    /// Who sends, in place of UDP to the daemon.
    pub fn emitter(mut self, emitter: impl Emitter) -> Self {
        self.emitter = Some(Box::new(emitter));
        self
    }

    /// Which thread sends. If not set, a worker does, and in AWS Lambda the thread that ends the
    /// segment, since a function's threads stop when it has answered.
    pub fn delivery(mut self, delivery: Delivery) -> Self {
        self.delivery = Some(delivery);
        self
    }

    /// How long a segment that has ended waits for open subsegments; 30 seconds if not set.
    pub fn grace(mut self, grace: Duration) -> Self {
        self.timing.grace = grace;
        self
    }

    /// How long a request of a server runs before it is shown as in progress; 30 seconds if not set,
    /// `None` never. Only with [`Delivery::Background`].
    pub fn in_progress_after(mut self, time: impl Into<Option<Duration>>) -> Self {
        self.timing.in_progress_after = time.into();
        self
    }

    /// How many subsegments a segment holds, open and ended, before those that have ended leave in
    /// documents of their own; 100 if not set, 0 in AWS Lambda. 0 lets each leave at its end. They also leave when the
    /// segment's document would be over half of a datagram.
    pub fn streaming_threshold(mut self, subsegments: usize) -> Self {
        self.streaming_threshold = Some(subsegments);
        self
    }

    /// An annotation of every segment, such as the stage or the region. One that a segment makes
    /// itself under the same key wins.
    ///
    /// ```
    /// let builder = xray_core::Recorder::builder("orders").annotation("stage", "production");
    /// # let _ = builder;
    /// ```
    pub fn annotation(mut self, key: &str, value: impl Into<AnnotationValue<'static>>) -> Self {
        let value = value.into();
        if is_annotation(key, &value) {
            self.annotations.push((key.to_owned(), value));
        }
        self
    }

    /// How many frames of an error's stack are kept; 50 if not set, 0 keeps none. Stacks are captured
    /// where `RUST_BACKTRACE` or `RUST_LIB_BACKTRACE` asks for them; else there is one frame, the line
    /// that recorded the error.
    pub fn stack_frames(mut self, frames: usize) -> Self {
        self.stack_frames = frames;
        self
    }

    /// Which requests are kept although the sampling decision was no; none if not set.
    pub fn keep(mut self, keep: Keep) -> Self {
        self.keep = Some(keep);
        self
    }

    /// A last word on each document before it leaves, said on the sending thread.
    ///
    /// ```
    /// use xray_core::{Recorder, Verdict};
    ///
    /// let builder = Recorder::builder("orders").before_emit(|document| {
    ///     if document.name == "internal" { Verdict::Drop } else { Verdict::Keep }
    /// });
    /// # let _ = builder;
    /// ```
    pub fn before_emit(
        mut self,
        judge: impl Fn(&Document<'_>) -> Verdict + Send + Sync + 'static,
    ) -> Self {
        self.before_emit = Some(Hook::new(judge));
        self
    }

    /// Whether integrations record the text of queries, without its values; they do not if not set.
    pub fn collect_sql_queries(mut self, collect: bool) -> Self {
        self.collect_sql_queries = collect;
        self
    }

    /// What a subsegment without a segment does.
    pub fn context_missing(mut self, strategy: ContextMissing) -> Self {
        self.context_missing = strategy;
        self
    }

    /// Which AWS resources to look for, so that segments say where they were recorded: their
    /// `origin`, and blocks such as `aws.ecs`. None if not set, and for an empty list.
    ///
    /// The search begins at [`build`](Self::build) on a thread of its own, takes some seconds at the
    /// most and holds nothing up: a segment that leaves before its end goes without. Whatever is not
    /// there adds nothing, and what fails is logged once. Of several origins the first counts, in
    /// the order Elastic Beanstalk, EKS, ECS, EC2; the blocks of all are kept. What a segment says
    /// of itself, with [`origin`](crate::Entity::origin) and [`aws`](crate::Entity::aws), stays.
    ///
    /// ```
    /// use xray_core::{Plugin, Recorder};
    ///
    /// let xray = Recorder::builder("orders").detect([Plugin::Ecs]).build()?;
    /// # Ok::<(), xray_core::Error>(())
    /// ```
    pub fn detect(mut self, plugins: impl IntoIterator<Item = Plugin>) -> Self {
        self.plugins = plugins.into_iter().collect();
        self
    }

    /// Looks for all AWS resources that are known; see [`detect`](Self::detect).
    pub fn detect_all(self) -> Self {
        self.detect(Plugin::BY_PRIORITY)
    }

    /// Which machine's variables and files are read in place of this one's: for tests.
    pub fn machine(mut self, machine: Machine) -> Self {
        self.machine = machine;
        self
    }

    /// Which clock gives times, in place of the system's: for tests, see [`testing`](crate::testing).
    pub fn clock(mut self, clock: &TestClock) -> Self {
        self.sources.clock = Some(clock.clone());
        self
    }

    /// What decides in place of chance whether a sampling rate hits: for tests, see
    /// [`testing`](crate::testing).
    pub fn chance(mut self, chance: &TestChance) -> Self {
        self.sources.chance = Some(chance.clone());
        self
    }

    /// What gives ids, in place of chance: for tests, see [`testing`](crate::testing).
    pub fn ids(mut self, ids: &TestIds) -> Self {
        self.sources.ids = Some(ids.clone());
        self
    }

    #[cfg(test)]
    pub(crate) fn environment(self, reader: crate::environment::Reader) -> Self {
        self.machine(Machine::with_variables(reader))
    }

    /// Builds the recorder.
    ///
    /// # Errors
    /// The daemon's address, as set in code, is malformed. The environment, name look-ups and an
    /// absent daemon never are an error: they are logged and counted.
    pub fn build(self) -> Result<Recorder, Error> {
        let coded = self.daemon.as_deref().map(str::parse::<DaemonAddress>).transpose()?;
        let environment = self.machine.variables();
        logging::configure(environment);
        let address =
            from_environment(environment, "AWS_XRAY_DAEMON_ADDRESS", |text| text.parse().ok())
                .or(coded)
                .unwrap_or_default();
        let service = environment.get("AWS_XRAY_TRACING_NAME").unwrap_or(self.service);
        let enabled = is_enabled(environment);
        let context_missing =
            from_environment(environment, "AWS_XRAY_CONTEXT_MISSING", parse_context_missing)
                .unwrap_or(self.context_missing);
        let random_noop_ids = environment
            .get("AWS_XRAY_NOOP_ID")
            .is_some_and(|value| value.trim().eq_ignore_ascii_case("false"));
        let propagation = from_environment(environment, "OTEL_PROPAGATORS", Propagation::parse)
            .unwrap_or_default();
        let lambda = is_lambda(environment);
        if lambda && enabled {
            self.machine.touch("tmp/.aws-xray", "initialized");
        }
        let usual = if lambda { Delivery::Inline } else { Delivery::Background };
        let delivery = self.delivery.unwrap_or(usual);
        let usual = if lambda { 0 } else { STREAMING_THRESHOLD };
        let streaming_threshold = self.streaming_threshold.unwrap_or(usual);
        let collect_sql_queries =
            from_environment(environment, "AWS_XRAY_COLLECT_SQL_QUERIES", switch)
                .map_or(self.collect_sql_queries, |word| word == Switch::On);
        let variables = environment.clone();
        let service = clean_name(&service, "unknown").into_owned();
        let central = if lambda || !enabled { None } else { Some(&address) };
        let (sampler, adaptive) =
            self.sampling.settle(&service, self.emitter.is_some(), central, &self.sources);
        let counters = Arc::new(Counters::default());
        let working_directory =
            std::env::current_dir().ok().map(|directory| directory.to_string_lossy().into_owned());
        let plugins = if enabled { self.plugins } else { Vec::new() };
        let detection = Detection::start(plugins, self.machine);
        let common = Arc::new(Common {
            service: service.clone(),
            spares: Spares::default(),
            fixed: Fixed::of(self.version.as_deref(), &self.annotations),
            version: self.version,
            working_directory,
            annotations: self.annotations,
            stack_frames: self.stack_frames,
            before_emit: self.before_emit,
            counters: Arc::clone(&counters),
            detection,
        });
        let hub = if enabled {
            let emitter = self.emitter.unwrap_or_else(|| Box::new(UdpEmitter::new(address)));
            Hub::new(emitter, delivery, self.timing, Arc::clone(&common))
        } else {
            // No thread and no socket for what will never have anything to send.
            Hub::new(Box::new(Nothing), Delivery::Inline, self.timing, Arc::clone(&common))
        };
        Ok(Recorder::new(Inner {
            service,
            enabled,
            random_noop_ids,
            propagation,
            context_missing,
            sampler,
            adaptive,
            sources: self.sources,
            streaming_threshold,
            collect_sql_queries,
            variables,
            keep: self.keep,
            common,
            counters,
            hub,
        }))
    }
}

impl fmt::Debug for RecorderBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecorderBuilder").field("service", &self.service).finish_non_exhaustive()
    }
}

struct Nothing;

impl Emitter for Nothing {
    fn emit(&mut self, _: &[Record], _: &Counters) {}
}
