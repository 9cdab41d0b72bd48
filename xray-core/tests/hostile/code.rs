//! Code of the user's that runs while something is recorded.

use std::{
    error::Error,
    fmt::{self, Write},
    time::Duration,
};

use serde::{Serialize, Serializer};
use xray_core::{
    Delivery, Verdict,
    emit::{Emitter, Record},
    stats::Counters,
    testing::Trees,
};

use crate::support::{SOON, Wire, builder, recorder};

#[test]
fn a_serialize_that_panics_fails_or_never_ends_leaves_a_note() {
    struct Panics;
    impl Serialize for Panics {
        fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            panic!("a bug")
        }
    }
    struct Fails;
    impl Serialize for Fails {
        fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("x".repeat(1 << 20)))
        }
    }
    struct Endless;
    impl Serialize for Endless {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_seq(std::iter::repeat_n("more", usize::MAX))
        }
    }
    struct Cyclic;
    impl Serialize for Cyclic {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_map([("again", Self)])
        }
    }
    let (xray, wire) = recorder();
    let segment = xray.begin_segment("orders");
    segment.metadata("panics", Panics);
    segment.metadata("fails", Fails);
    segment.metadata("endless", Endless);
    segment.metadata("cyclic", Cyclic);
    segment.end();
    let metadata = &wire.only()["metadata"]["default"];
    assert_eq!(metadata["panics"], "[the value's Serialize panicked]");
    assert_eq!(metadata["fails"], "x".repeat(4096));
    assert_eq!(metadata["endless"], "[truncated]");
    assert_eq!(metadata["cyclic"], "[nested deeper than 32 levels]");
}

/// An error of which each part may be hostile.
struct Hostile {
    display: fn(&mut fmt::Formatter<'_>) -> fmt::Result,
    debug: fn(&mut fmt::Formatter<'_>) -> fmt::Result,
    source: fn(&Self) -> Option<&(dyn Error + 'static)>,
}

impl Default for Hostile {
    fn default() -> Self {
        Self {
            display: |f| f.write_str("plain"),
            debug: |f| f.write_str("Plain"),
            source: |_| None,
        }
    }
}

impl fmt::Display for Hostile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (self.display)(f)
    }
}

impl fmt::Debug for Hostile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (self.debug)(f)
    }
}

impl Error for Hostile {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        (self.source)(self)
    }
}

fn endless(f: &mut fmt::Formatter<'_>) -> fmt::Result {
    loop {
        f.write_char('é')?;
    }
}

#[test]
fn errors_may_do_what_they_like() {
    static INNER: Hostile =
        Hostile { display: endless, debug: endless, source: |_| panic!("in the cause's source") };
    let outer = || Hostile { source: |_| Some(&INNER), ..Hostile::default() };
    let errors = [
        Hostile { display: |_| panic!("in Display"), ..outer() },
        Hostile { display: |_| Err(fmt::Error), ..outer() },
        Hostile { display: endless, ..outer() },
        Hostile { debug: |_| panic!("in Debug"), ..outer() },
        Hostile { debug: endless, ..outer() },
        Hostile { source: |_| panic!("in source"), ..Hostile::default() },
        outer(),
    ];
    for error in errors {
        let (xray, wire) = recorder();
        let segment = xray.begin_segment("orders");
        segment.subsegment("typed").record_error(&error);
        let boxed: Box<dyn Error> = Box::new(error);
        segment.subsegment("boxed").record_error(&*boxed);
        segment.end();
        let trees = Trees::of(&wire.take());
        for name in ["orders/typed", "orders/boxed"] {
            let child = trees.get(name);
            assert_eq!(child["fault"], true);
            assert!(!child["cause"]["exceptions"].as_array().unwrap().is_empty());
        }
        assert_eq!(xray.stats().dropped(), 0);
    }
}

#[test]
fn a_chain_of_causes_without_end_is_cut() {
    static ONE: Hostile = Hostile {
        display: |f| f.write_str("one"),
        debug: |_| panic!("in Debug"),
        source: |_| Some(&TWO),
    };
    static TWO: Hostile =
        Hostile { display: endless, debug: |f| f.write_str("Two"), source: |_| Some(&ONE) };
    let (xray, wire) = recorder();
    let segment = xray.begin_segment("orders");
    segment.record_error(&ONE);
    segment.end();
    let document = wire.only();
    let exceptions = document["cause"]["exceptions"].as_array().unwrap();
    assert_eq!(exceptions.len(), 10);
    assert!(exceptions[9]["skipped"].as_u64() > Some(10));
}

#[test]
fn hooks_and_emitters_that_panic_lose_only_what_is_counted() {
    struct Panics(Wire);
    impl Emitter for Panics {
        fn emit(&mut self, records: &[Record], counters: &Counters) {
            let name = records.iter().flat_map(Record::documents).next().unwrap().name.into_owned();
            assert_ne!(name, "lost", "the emitter panics");
            self.0.emit(records, counters);
        }

        fn flush(&mut self, _: Duration) -> bool {
            panic!("in flush")
        }
    }
    for delivery in [Delivery::Inline, Delivery::Background] {
        let wire = Wire::default();
        let hook = |document: &xray_core::document::Document<'_>| match &*document.name {
            "hook" => panic!("in the hook"),
            _ => Verdict::Keep,
        };
        let builder = builder().emitter(Panics(wire.clone())).before_emit(hook);
        let xray = builder.delivery(delivery).build().unwrap();
        for name in ["first", "lost", "hook", "last"] {
            xray.begin_segment(name).end();
            assert!(!xray.flush(SOON), "the emitter's flush failed");
        }
        assert_eq!(wire.take().len(), 3);
        let stats = xray.stats();
        assert_eq!((stats.sent, stats.dropped_emitter_panic, stats.queued), (3, 1, 0));
        assert_eq!(stats.dropped(), 1);
        assert!(stats.hook_panics > 0);
    }
}
