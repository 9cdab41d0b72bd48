//! A request of any kind, as the calls that record it.

use std::{fmt::Debug, time::Duration};

use proptest::{collection::vec, option, prelude::*};
use serde_json::Value;
use xray_core::{
    AnnotationValue, Entity, Namespace, Recorder, SegmentId, Sql, Subsegment, TraceHeader,
    document::{Exception, HttpRequest, Link},
    testing::TestClock,
};

use crate::values::{annotation, exceptions, id, json, key, link, text};

/// How the recorder is built.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    /// Microseconds since the epoch.
    pub(crate) start: u64,
    pub(crate) version: Option<String>,
    pub(crate) annotations: Vec<(String, AnnotationValue<'static>)>,
    pub(crate) streaming_threshold: usize,
    pub(crate) stack_frames: usize,
    pub(crate) logs: bool,
    pub(crate) beanstalk: bool,
    /// A hook drops documents of longer names.
    pub(crate) drop_longer_names: Option<usize>,
}

pub(crate) fn setup() -> impl Strategy<Value = Setup> {
    let start = prop_oneof![
        4 => 1_700_000_000_000_000..1_900_000_000_000_000_u64,
        1 => (0..1_800_000_000_u64).prop_map(|second| second * 1_000_000),
        1 => 0..1_u64 << 63,
    ];
    let threshold = prop_oneof![Just(100_usize), 0..4_usize];
    let annotations = vec((key(), annotation()), 0..4);
    let texts = (option::of(text()), annotations, option::weighted(0.2, 0..30_usize));
    (start, threshold, 0..4_usize, any::<(bool, bool)>(), texts).prop_map(
        |(start, streaming_threshold, stack_frames, (logs, beanstalk), texts)| {
            let (version, annotations, drop_longer_names) = texts;
            Setup {
                start,
                version,
                annotations,
                streaming_threshold,
                stack_frames,
                logs,
                beanstalk,
                drop_longer_names,
            }
        },
    )
}

/// What happens to the entity that was begun last and has not ended.
#[derive(Clone, Debug)]
enum Step {
    Begin(String),
    /// Begins a chain of so many.
    Nest(usize),
    End,
    /// Ends the one that was begun so many before the last, though others are open in it.
    EndBefore(usize),
    /// Begins and ends so many, one after the other.
    Loop(usize),
    /// Begins a subsegment of one that has ended.
    Late,
    /// The segment ends; what is open stays so.
    EndSegment,
    Wait(u64),
    Annotate(String, AnnotationValue<'static>),
    Metadata(String, String, Value),
    Http {
        texts: [Option<String>; 4],
        x_forwarded_for: bool,
        traced: bool,
    },
    Response(u16),
    ContentLength(u64),
    Sql([Option<String>; 8]),
    Namespace(bool),
    Aws(String, Value),
    Service(String, Value),
    User(String),
    Origin(String),
    Arn(String),
    Precursor(SegmentId),
    Link(Link),
    Exceptions(Vec<Exception>),
    Error(bool),
    Throttle(bool),
    Fault(bool),
}

fn step() -> impl Strategy<Value = Step> {
    let some = || option::of(text());
    let http = ([some(), some(), some(), some()], any::<bool>(), any::<bool>());
    let flows = prop_oneof![
        6 => text().prop_map(Step::Begin),
        1 => (1..80_usize).prop_map(Step::Nest),
        4 => Just(Step::End),
        1 => (1..4_usize).prop_map(Step::EndBefore),
        2 => (1..12_usize).prop_map(Step::Loop),
        1 => Just(Step::Late),
        1 => Just(Step::EndSegment),
        3 => (0..3_000_000_u64).prop_map(Step::Wait),
    ];
    let common = prop_oneof![
        (key(), annotation()).prop_map(|(key, value)| Step::Annotate(key, value)),
        (key(), key(), json()).prop_map(|(space, key, value)| Step::Metadata(space, key, value)),
        http.prop_map(|(texts, x_forwarded_for, traced)| Step::Http {
            texts,
            x_forwarded_for,
            traced
        }),
        (0..700_u16).prop_map(Step::Response),
        any::<u64>().prop_map(Step::ContentLength),
        vec(some(), 8).prop_map(|texts| Step::Sql(texts.try_into().unwrap())),
        any::<bool>().prop_map(Step::Namespace),
        exceptions().prop_map(Step::Exceptions),
    ];
    let service = prop_oneof![key(), Just("version".to_owned()), Just("runtime".to_owned())];
    let aws = prop_oneof![
        key(),
        Just("xray".to_owned()),
        Just("elastic_beanstalk".to_owned()),
        Just("zone".to_owned()),
    ];
    let rare = prop_oneof![
        (aws, json()).prop_map(|(key, value)| Step::Aws(key, value)),
        (service, json()).prop_map(|(key, value)| Step::Service(key, value)),
        text().prop_map(Step::User),
        text().prop_map(Step::Origin),
        text().prop_map(Step::Arn),
        id().prop_map(Step::Precursor),
        link().prop_map(Step::Link),
        any::<bool>().prop_map(Step::Error),
        any::<bool>().prop_map(Step::Throttle),
        any::<bool>().prop_map(Step::Fault),
    ];
    prop_oneof![3 => flows, 3 => common, 1 => rare]
}

#[derive(Clone, Debug)]
pub(crate) struct Program {
    name: String,
    continued: bool,
    steps: Vec<Step>,
}

pub(crate) fn program() -> impl Strategy<Value = Program> {
    (text(), any::<bool>(), vec(step(), 0..40)).prop_map(|(name, continued, steps)| Program {
        name,
        continued,
        steps,
    })
}

impl Program {
    pub(crate) fn run(&self, xray: &Recorder, clock: &TestClock) {
        let mut begun = xray.segment(&self.name);
        if self.continued {
            let header =
                "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
            begun = begun.header(TraceHeader::parse(header));
        }
        let mut segment = Some(begun.begin());
        let mut open: Vec<Subsegment> = Vec::new();
        let mut ended: Option<Entity> = None;
        for step in &self.steps {
            let parent: &Entity = match (open.last(), &segment) {
                (Some(subsegment), _) => subsegment,
                (None, Some(segment)) => segment,
                (None, None) => break,
            };
            match step {
                Step::Begin(name) => {
                    let child = parent.subsegment(name);
                    open.push(child);
                }
                Step::Nest(levels) => {
                    for _ in 0..*levels {
                        let child = open.last().map_or_else(
                            || segment.as_ref().map(|segment| segment.subsegment("level")),
                            |last| Some(last.subsegment("level")),
                        );
                        open.extend(child);
                    }
                }
                Step::End => {
                    ended = open.pop().map(|last| (*last).clone());
                }
                Step::EndBefore(count) => {
                    let at = open.len().checked_sub(*count);
                    ended = at.map(|at| (*open.remove(at)).clone());
                }
                Step::Loop(times) => {
                    for turn in 0..*times {
                        let child = parent.subsegment("turn");
                        child.annotate("turn", turn as i64);
                        clock.advance(Duration::from_micros(7));
                    }
                }
                Step::Late => {
                    if let Some(ended) = &ended {
                        ended.annotate("late", true);
                        let child = ended.subsegment("late");
                        child.annotate("late", true);
                    }
                }
                Step::EndSegment => {
                    drop(segment.take());
                    // It does not wait any longer for what is open.
                    xray.flush(Duration::from_secs(60));
                }
                Step::Wait(micros) => clock.advance(Duration::from_micros(*micros)),
                step => apply(step, parent),
            }
        }
        // What is left ends, the innermost first.
        while open.pop().is_some() {}
    }
}

fn apply(step: &Step, entity: &Entity) {
    match step.clone() {
        Step::Annotate(key, value) => entity.annotate(&key, value),
        Step::Metadata(space, key, value) => entity.metadata_in(&space, &key, value),
        Step::Http { texts: [method, url, user_agent, client_ip], x_forwarded_for, traced } => {
            entity.http(HttpRequest {
                method: method.as_deref(),
                url: url.as_deref(),
                user_agent: user_agent.as_deref(),
                client_ip: client_ip.as_deref(),
                x_forwarded_for,
                traced,
            });
        }
        Step::Response(status) => entity.http_response(status),
        Step::ContentLength(bytes) => entity.content_length(bytes),
        Step::Sql(texts) => {
            let [
                url,
                connection_string,
                sanitized_query,
                database_type,
                version,
                driver,
                user,
                how,
            ] = texts.map(|text| text.map(Into::into));
            entity.sql(Sql {
                url,
                connection_string,
                sanitized_query,
                database_type,
                database_version: version,
                driver_version: driver,
                user,
                preparation: how,
            });
        }
        Step::Namespace(aws) => {
            entity.namespace(if aws { Namespace::Aws } else { Namespace::Remote });
        }
        Step::Aws(key, value) => entity.aws(&key, value),
        Step::Service(key, value) => entity.service(&key, value),
        Step::User(user) => entity.user(&user),
        Step::Origin(origin) => entity.origin(&origin),
        Step::Arn(arn) => entity.resource_arn(&arn),
        Step::Precursor(id) => entity.precursor(id),
        Step::Link(link) => entity.link(link),
        Step::Exceptions(chain) => entity.record_exceptions(&chain),
        Step::Error(error) => entity.set_error(error),
        Step::Throttle(throttle) => entity.set_throttle(throttle),
        Step::Fault(fault) => entity.set_fault(fault),
        Step::Begin(_)
        | Step::Nest(_)
        | Step::End
        | Step::EndBefore(_)
        | Step::Loop(_)
        | Step::Late
        | Step::EndSegment
        | Step::Wait(_) => {}
    }
}
