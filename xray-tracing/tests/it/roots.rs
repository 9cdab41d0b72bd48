//! Spans outside of any segment.

use tracing::{error, info_span};
use tracing_subscriber::{filter::Targets, layer::Layer};
use xray_core::{
    Subsegment,
    sample::LocalRules,
    testing::{MemoryEmitter, Trees},
};
use xray_tracing::XRayTracing;

use crate::common::{Rig, nothing, recorder};

fn rig(rules: LocalRules) -> (Rig, MemoryEmitter) {
    let (xray, memory) = recorder(rules);
    (Rig::with(XRayTracing::new().root_segments_with(xray)), memory)
}

#[test]
fn are_not_recorded() {
    let rig = Rig::new();
    info_span!("job", otel.name = "x").in_scope(|| info_span!("step").in_scope(|| {}));
    assert_eq!(rig.trees().to_string(), "");
}

#[test]
fn are_segments_where_it_is_asked_for() {
    let (rig, memory) = rig(LocalRules::everything());
    let job = info_span!("job", round = 7, otel.kind = "server");
    job.in_scope(|| {
        info_span!("step").in_scope(|| Subsegment::begin("ours").end());
        info_span!(parent: None, "other").in_scope(|| error!("it fails"));
        let late = info_span!("late");
        drop(late);
    });
    drop(job);
    let trees = Trees::of(&memory.take());
    let outline = "other (fault)\njob\n  step\n    ours\n  late\n";
    assert_eq!(trees.to_string(), outline);
    assert_eq!(trees.get("job")["annotations"]["round"], 7);
    assert_ne!(trees.get("job")["trace_id"], trees.get("other")["trace_id"]);
    // What runs inside of a segment stays inside of it.
    let trees = rig.request(|| info_span!("job").in_scope(|| {}));
    assert_eq!(trees.to_string(), "request\n  job\n");
}

#[test]
fn are_segments_only_where_the_filter_lets_them() {
    let (xray, memory) = recorder(LocalRules::everything());
    let mine = Targets::new().with_target("shop", tracing::Level::INFO);
    let _rig = Rig::with(XRayTracing::new().root_segments_with(xray).with_filter(mine));
    info_span!(target: "h2", "connection").in_scope(|| {
        info_span!(target: "shop", "job").in_scope(|| {});
    });
    assert_eq!(Trees::of(&memory.take()).to_string(), "job\n");
}

#[test]
fn ask_the_sampling_rules() {
    let (_rig, memory) = rig(nothing());
    info_span!("job").in_scope(|| {
        let current = xray_core::Entity::current();
        assert!(!current.is_sampled() && !current.is_absent());
        info_span!("step").in_scope(|| error!("it fails"));
    });
    assert!(memory.take().is_empty());
}
