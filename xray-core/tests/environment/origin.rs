//! Which origin counts, what a segment's own word is worth, and that nobody waits for the search.

use std::sync::{Mutex, mpsc::channel};

use serde_json::{Value, json};
use xray_core::Plugin;

use crate::{
    beanstalk,
    ec2::version_2,
    place::{LONG, Place, expected, only, plain},
    service::{Answer, Request, Service},
};

const ALL: [Plugin; 3] = [Plugin::Ec2, Plugin::Ecs, Plugin::ElasticBeanstalk];

/// An instance and, under `/v4`, a container on it.
fn instance_and_container(request: &Request) -> Answer {
    match request.line.as_str() {
        "GET /v4" => Answer::ok(r#"{"DockerId": "ea32192c"}"#),
        "GET /v4/task" => Answer::ok("{}"),
        _ => version_2(request),
    }
}

fn place(service: &Service) -> Place {
    Place::new()
        .variable("IMDS_ENDPOINT", service.url())
        .variable("ECS_CONTAINER_METADATA_URI_V4", service.url() + "/v4")
        .file(beanstalk::FILE, r#"{"environment_name": "prod"}"#)
}

fn blocks() -> Value {
    json!({
        "elastic_beanstalk": { "environment_name": "prod" },
        "ecs": { "container_id": "ea32192c" },
        "ec2": {
            "instance_id": "i-1234567890abcdef0",
            "availability_zone": "eu-west-1b",
            "instance_size": "m7g.large",
            "ami_id": "ami-5fb8c835",
        },
    })
}

#[test]
fn the_first_of_several_origins_counts_and_all_blocks_stay() {
    let service = Service::new(instance_and_container);
    let beanstalk = Some("AWS::ElasticBeanstalk::Environment");
    assert_eq!(place(&service).segment(ALL), expected(beanstalk, &blocks()));

    let mut two = blocks();
    two.as_object_mut().unwrap().remove("elastic_beanstalk");
    let segment = place(&service).segment([Plugin::Ec2, Plugin::Ecs, Plugin::Ec2]);
    assert_eq!(segment, expected(Some("AWS::ECS::Container"), &two));
}

#[test]
fn all_at_once() {
    let service = Service::new(instance_and_container);
    let place = place(&service);
    let (builder, memory) = place.builder();
    let xray = builder.detect_all().build().unwrap();
    assert!(xray.wait_for_environment(LONG));
    xray.begin_segment("orders").end();
    assert_eq!(only(&memory), expected(Some("AWS::ElasticBeanstalk::Environment"), &blocks()));
}

#[test]
fn a_failing_plugin_leaves_the_others_alone() {
    let service = Service::new(|request: &Request| match request.line.as_str() {
        "GET /v4" => Answer::status(500),
        _ => version_2(request),
    });
    let mut aws = blocks();
    aws.as_object_mut().unwrap().retain(|key, _| key == "ec2");
    let segment = place(&service).segment([Plugin::Ecs, Plugin::Ec2]);
    assert_eq!(segment, expected(Some("AWS::EC2::Instance"), &aws));
}

#[test]
fn what_a_segment_says_of_itself_stays() {
    let service = Service::new(instance_and_container);
    let place = place(&service);
    let (builder, memory) = place.builder();
    let xray = builder.detect(ALL).build().unwrap();
    assert!(xray.wait_for_environment(LONG));
    let segment = xray.begin_segment("orders");
    segment.origin("AWS::MyOwn::Thing");
    segment.aws("ecs", json!({ "container": "mine" }));
    segment.aws("account_id", "123456789012");
    // Only the segment is told where it runs.
    segment.subsegment("step").end();
    segment.end();

    let mut document = only(&memory);
    let mut step = document["subsegments"][0].take();
    step.as_object_mut()
        .unwrap()
        .retain(|key, _| !["id", "start_time", "end_time"].contains(&&**key));
    assert_eq!(step, json!({ "name": "step" }));
    document.as_object_mut().unwrap().remove("subsegments");
    let mut aws = blocks();
    aws["ecs"] = json!({ "container": "mine" });
    aws["account_id"] = "123456789012".into();
    assert_eq!(document, expected(Some("AWS::MyOwn::Thing"), &aws));
}

#[test]
fn an_empty_list_resets() {
    let service = Service::new(instance_and_container);
    let place = place(&service);
    let (builder, memory) = place.builder();
    let xray = builder.detect(ALL).detect([]).build().unwrap();
    assert!(xray.wait_for_environment(LONG));
    xray.begin_segment("orders").end();
    assert_eq!(only(&memory), plain());
    assert_eq!(service.seen(), []);
}

#[test]
fn a_recorder_that_is_switched_off_looks_for_nothing() {
    let service = Service::new(instance_and_container);
    let place = place(&service).variable("AWS_XRAY_SDK_ENABLED", "false");
    let (builder, _) = place.builder();
    let xray = builder.detect(ALL).build().unwrap();
    assert!(xray.wait_for_environment(LONG));
    assert_eq!(service.seen(), []);
}

/// The service answers only when the test says so: if anything waited for it, the test would not
/// get there before the client gives up, and nothing would be found.
#[test]
fn nobody_waits_and_a_segment_that_is_still_here_gets_the_blocks() {
    let (open, gate) = channel::<()>();
    let gate = Mutex::new(gate);
    let service = Service::new(move |request| {
        if request.line == "PUT /latest/api/token" {
            let _ = gate.lock().unwrap().recv();
        }
        version_2(request)
    });
    let place = Place::new().variable("IMDS_ENDPOINT", service.url());
    let (builder, memory) = place.builder();
    let xray = builder.detect([Plugin::Ec2]).build().unwrap();
    xray.begin_segment("orders").end();
    assert_eq!(only(&memory), plain());

    let early = xray.begin_segment("orders");
    open.send(()).unwrap();
    assert!(xray.wait_for_environment(LONG));
    early.end();
    let mut aws = blocks();
    aws.as_object_mut().unwrap().retain(|key, _| key == "ec2");
    assert_eq!(only(&memory), expected(Some("AWS::EC2::Instance"), &aws));
}
