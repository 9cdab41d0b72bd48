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

/// The user's predicate is asked without the trace's lock, so anything may happen meanwhile.
#[test]
fn a_demand_while_it_is_judged_counts() {
    let demanded = std::sync::Arc::new(std::sync::Mutex::new(None::<Entity>));
    let judged = std::sync::Arc::clone(&demanded);
    let (xray, memory) = keeping(Keep::at_most(9).when(move |_| {
        if let Some(entity) = judged.lock().unwrap().as_ref() {
            entity.force_sampling();
        }
        false
    }));
    let segment = unsampled(&xray);
    let straggler = segment.subsegment("straggler");
    *demanded.lock().unwrap() = Some(Entity::clone(&straggler));
    segment.end();
    // It leaves without its straggler, and is judged before that.
    assert!(xray.flush(std::time::Duration::from_secs(30)));
    straggler.end();
    let stats = xray.stats();
    assert_eq!((stats.promoted, stats.kept), (1, 0));
    let documents = memory.take();
    assert_eq!(documents.len(), 2, "{documents:?}");
}

#[test]
fn a_full_record_still_tells_how_it_ended() {
    type End = fn(&Entity);
    let ends: [End; 3] = [
        |segment| segment.set_fault(true),
        |segment| segment.http_response(500),
        |segment| segment.record_error(&"x".parse::<u32>().unwrap_err()),
    ];
    for (number, end) in ends.into_iter().enumerate() {
        let (xray, memory) = keeping(Keep::at_most(9).faults());
        let segment = unsampled(&xray);
        let filling = "x".repeat(1_000);
        while xray.stats().dropped_record_full == 0 {
            segment.metadata("filling", &filling);
            let _ = segment.subsegment(&filling[..200]);
        }
        end(&segment);
        segment.end();
        assert_eq!(xray.stats().kept, 1, "end {number}");
        assert!(memory.take().iter().any(|document| document["fault"] == true), "end {number}");
    }
}
