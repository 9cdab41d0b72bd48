//! What is written of a record, against what serde makes of its documents: byte for byte, for requests
//! of any kind.

mod program;
mod values;

use std::{
    fs,
    sync::{Arc, Mutex, Once},
    time::Duration,
};

use proptest::{prelude::*, test_runner::Config};
use serde_json::Value;
use xray_core::{
    Delivery, Plugin, Recorder, RecorderBuilder, Verdict,
    document::Document,
    emit::{Emitter, Record},
    environment::Machine,
    sample::LocalRules,
    stats::Counters,
    testing::{TestClock, TestIds, Trees},
};

use program::{Program, Setup};

const PREFIX: &[u8] = b"{\"format\":\"json\",\"version\":1}\n";

/// Small enough that most documents are split.
const SMALL: usize = 700;

/// A document the way it is written, and the way serde writes it.
type Pair = (String, String);

#[derive(Clone, Default)]
struct Both(Arc<Mutex<Seen>>);

#[derive(Default)]
struct Seen {
    pairs: Vec<Pair>,
    /// The same written with a small limit.
    split: Vec<Vec<u8>>,
    left_out: u64,
}

impl Emitter for Both {
    fn emit(&mut self, records: &[Record], counters: &Counters) {
        let mut seen = self.0.lock().unwrap();
        for record in records {
            let (mut buffer, mut written) = (Vec::new(), Vec::new());
            let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
            let all = record.write_json(PREFIX, usize::MAX, &mut buffer, |json| {
                written.push(text(json.strip_prefix(PREFIX).unwrap()));
            });
            assert_eq!((all.trimmed, all.oversize), (0, 0));
            let modelled: Vec<_> =
                record.documents().map(|it| serde_json::to_string(&it).unwrap()).collect();
            assert_eq!(written.len(), modelled.len());
            seen.pairs.extend(written.into_iter().zip(modelled));
            let split = record.write_json(PREFIX, SMALL, &mut buffer, |json| {
                seen.split.push(json.strip_prefix(PREFIX).unwrap().to_vec());
            });
            seen.left_out += split.trimmed + split.oversize;
            counters.sent(all.documents, 0);
        }
    }
}

/// The files of a machine, which all tests read.
static FILES: Once = Once::new();

fn builder(setup: &Setup, both: &Both) -> RecorderBuilder {
    let root = concat!(env!("CARGO_TARGET_TMPDIR"), "/written");
    FILES.call_once(|| {
        let folder = format!("{root}/var/elasticbeanstalk/xray");
        let _ = fs::create_dir_all(&folder);
        let file = format!("{folder}/environment.conf");
        fs::write(file, r#"{"environment_name": "a \"b\"", "deployment_id": 7}"#).unwrap();
    });
    let mut machine = Machine::with_root(root);
    if setup.logs {
        machine = machine.variable("AWS_LOG_GROUP", "/group\\one");
    }
    let mut builder = Recorder::builder("orders")
        .machine(machine)
        .clock(&TestClock::at(std::time::UNIX_EPOCH))
        .emitter(both.clone())
        .streaming_threshold(setup.streaming_threshold)
        .stack_frames(setup.stack_frames)
        .sampling_rules(LocalRules::everything());
    if setup.beanstalk {
        builder = builder.detect([Plugin::ElasticBeanstalk]);
    }
    if let Some(version) = &setup.version {
        builder = builder.version(version);
    }
    for (key, value) in &setup.annotations {
        builder = builder.annotation(key, value.clone());
    }
    match setup.drop_longer_names {
        None => builder,
        Some(longest) => builder.before_emit(move |document: &Document<'_>| {
            if document.name.len() > longest { Verdict::Drop } else { Verdict::Keep }
        }),
    }
}

fn seen(setup: &Setup, program: &Program, delivery: Delivery) -> Seen {
    let both = Both::default();
    let clock = TestClock::at(std::time::UNIX_EPOCH + Duration::from_micros(setup.start));
    let xray = builder(setup, &both)
        .clock(&clock)
        .ids(&TestIds::new())
        .delivery(delivery)
        .build()
        .unwrap();
    assert!(xray.wait_for_environment(Duration::from_secs(60)));
    program.run(&xray, &clock);
    xray.flush(Duration::from_secs(60));
    assert_eq!(xray.stats().dropped_emitter_panic, 0);
    std::mem::take(&mut *both.0.lock().unwrap())
}

/// The entities with their levels; what is split comes in another order.
fn outline(documents: &[Value]) -> Vec<String> {
    let mut lines: Vec<_> = Trees::of(documents).to_string().lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

proptest! {
    #![proptest_config(Config { failure_persistence: None, ..Config::default() })]

    #[test]
    fn as_serde_has_it(setup in program::setup(), program in program::program()) {
        let seen = seen(&setup, &program, Delivery::Inline);
        prop_assert!(!seen.pairs.is_empty() || setup.drop_longer_names.is_some());
        for (written, modelled) in &seen.pairs {
            prop_assert_eq!(written, modelled);
        }
    }

    /// The worker looks through a segment of many subsegments while it runs; without one, the segment's thread does.
    #[test]
    fn the_same_with_a_worker(setup in program::setup(), program in program::program()) {
        let (inline, worker) = (Delivery::Inline, Delivery::Background);
        let [inline, worker] = [inline, worker].map(|delivery| seen(&setup, &program, delivery).pairs);
        prop_assert_eq!(inline, worker);
    }

    #[test]
    fn split_documents_fit_and_lose_nothing(setup in program::setup(), program in program::program()) {
        let seen = seen(&setup, &program, Delivery::Inline);
        prop_assert!(seen.split.iter().all(|json| json.len() + PREFIX.len() <= SMALL));
        let split = seen.split.iter().map(|json| serde_json::from_slice(json)).collect::<Result<Vec<_>, _>>();
        let split = split.expect("JSON");
        if seen.left_out == 0 && setup.drop_longer_names.is_none() {
            let whole: Vec<_> =
                seen.pairs.iter().map(|(json, _)| serde_json::from_str(json).unwrap()).collect();
            prop_assert_eq!(outline(&split), outline(&whole));
        }
    }
}
