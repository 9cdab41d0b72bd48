//! Forced sampling: code keeps what the rules do not want.

use xray_core::{Delivery, Entity, Keep, Recorder, Segment, TraceHeader, testing::MemoryEmitter};

fn keeping(keep: Keep) -> (Recorder, MemoryEmitter) {
    let memory = MemoryEmitter::new();
    let builder = Recorder::builder("shop").emitter(memory.clone()).delivery(Delivery::Inline);
    (builder.keep(keep).build().unwrap(), memory)
}

fn unsampled(xray: &Recorder) -> Segment {
    let header = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0";
    xray.segment("shop").header(TraceHeader::parse(header)).begin()
}

#[test]
fn code_may_demand_that_a_segment_is_kept() {
    let (xray, memory) = keeping(Keep::on_demand());
    let segment = unsampled(&xray);
    let call = segment.subsegment("early");
    assert!(call.trace_header().unwrap().to_string().ends_with("Sampled=0"));
    call.annotate("before", true);
    call.end();
    {
        let _entered = segment.enter();
        Entity::current().subsegment("deep").run(|deep| deep.force_sampling());
    }
    let late = segment.subsegment("late");
    assert!(late.trace_header().unwrap().to_string().ends_with("Sampled=1"), "from now on");
    assert_eq!(
        segment.response_header(true).unwrap().to_string(),
        "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1"
    );
    late.end();
    segment.end();

    let documents = memory.take();
    let [document] = &documents[..] else { panic!("{documents:?}") };
    assert_eq!(document["parent_id"], "53995c3f42cd8ad8");
    let names: Vec<_> = document["subsegments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|subsegment| subsegment["name"].clone())
        .collect();
    assert_eq!(names, ["early", "deep", "late"]);
    assert_eq!(document["subsegments"][0]["annotations"]["before"], true);
    assert_eq!(document["aws"]["xray"].get("sampling_rule_name"), None);
    let stats = xray.stats();
    assert_eq!((stats.promoted, stats.unsampled, stats.kept, stats.sampled), (1, 1, 0, 0));
}

#[test]
fn what_code_demands_has_no_cap_and_needs_a_keep() {
    let (xray, memory) = keeping(Keep::at_most(1).faults());
    for _ in 0..20 {
        let segment = unsampled(&xray);
        segment.force_sampling();
        segment.force_sampling();
    }
    unsampled(&xray).end();
    assert_eq!((memory.take().len(), xray.stats().promoted), (20, 20));

    let memory = MemoryEmitter::new();
    let builder = Recorder::builder("shop").emitter(memory.clone()).delivery(Delivery::Inline);
    let xray = builder.build().unwrap();
    unsampled(&xray).force_sampling();
    assert_eq!((memory.take().len(), xray.stats().promoted), (0, 0));
}

#[test]
fn too_late_is_too_late() {
    let (xray, memory) = keeping(Keep::on_demand());
    let segment = unsampled(&xray);
    let entity = Entity::clone(&segment);
    segment.end();
    entity.force_sampling();
    assert_eq!((memory.take().len(), xray.stats().promoted), (0, 0));
}
