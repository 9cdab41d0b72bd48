use serde_json::{Value, json};
use xray_core::Plugin;

use crate::{
    place::{Place, expected, plain, warnings},
    service::{Answer, Request, Service},
};

const HOSTNAME: &str = "proc/sys/kernel/hostname";
const CGROUP: &str = "proc/self/cgroup";

/// The 64 hex digits of a container on EC2.
const ID: &str = "ea32192c8553fbff06c9340478a2ff089b2bb5646fb718b4ee206641c9086d66";

const CONTAINER_ARN: &str =
    "arn:aws-cn:ecs:cn-north-1:111122223333:container/0206b271-b33f-47ab-86c6-a0ba208a70a9";

const TASK_ARN: &str = "arn:aws-cn:ecs:cn-north-1:111122223333:task/default/158d1c8083dd49d6";

fn container() -> Value {
    json!({
        "DockerId": ID,
        "Name": "curl",
        "Labels": { "com.amazonaws.ecs.cluster": "default" },
        "Limits": { "CPU": 10, "Memory": 128 },
        "ContainerARN": CONTAINER_ARN,
        "LogDriver": "awslogs",
        "LogOptions": {
            "awslogs-create-group": "true",
            "awslogs-group": "/ecs/metadata",
            "awslogs-region": "cn-north-1",
            "awslogs-stream": "ecs/curl/8f03e41243824aea923aca126495f665",
        },
    })
}

fn task() -> Value {
    json!({
        "Cluster": "default",
        "TaskARN": TASK_ARN,
        "Family": "curltest",
        "Revision": "26",
        "AvailabilityZone": "cn-north-1d",
        "LaunchType": "FARGATE",
        "Containers": [],
    })
}

fn block() -> Value {
    json!({
        "ecs": {
            "container": "ip-10-0-0-7",
            "container_id": ID,
            "container_arn": CONTAINER_ARN,
            "task_arn": TASK_ARN,
            "task_family": "curltest",
            "cluster_arn": "arn:aws-cn:ecs:cn-north-1:111122223333:cluster/default",
            "availability_zone": "cn-north-1d",
            "launch_type": "fargate",
        },
        "cloudwatch_logs": [{
            "log_group": "/ecs/metadata",
            "arn": "arn:aws-cn:logs:cn-north-1:111122223333:log-group:/ecs/metadata",
        }],
    })
}

/// A metadata service under this path.
fn service(path: &'static str, container: Value, task: Value) -> Service {
    Service::new(move |request: &Request| match request.line.strip_prefix("GET ") {
        Some(asked) if asked == path => Answer::ok(&container.to_string()),
        Some(asked) if asked.strip_prefix(path) == Some("/task") => Answer::ok(&task.to_string()),
        _ => Answer::status(404),
    })
}

#[test]
fn a_container_and_its_task() {
    let service = service("/v4/ea32192c-1", container(), task());
    let place = Place::new()
        .variable("ECS_CONTAINER_METADATA_URI_V4", service.url() + "/v4/ea32192c-1")
        .variable("ECS_CONTAINER_METADATA_URI", "http://127.0.0.1:1/v3")
        .file(HOSTNAME, "ip-10-0-0-7\n");
    let segment = place.segment([Plugin::Ecs]);
    assert_eq!(segment, expected(Some("AWS::ECS::Container"), &block()));
    assert_eq!(warnings(&service.address), [""; 0]);
}

#[test]
fn in_chunks_and_with_a_cluster_that_is_an_arn() {
    const CLUSTER: &str = "arn:aws:ecs:us-west-2:111122223333:cluster/blue";
    let service = Service::new(|request| {
        let mut task = task();
        task["Cluster"] = CLUSTER.into();
        let body = if request.line.ends_with("/task") { task } else { container() }.to_string();
        let (first, second) = body.split_at(7);
        let (one, two) = (first.len(), second.len());
        Answer::raw(format!(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\
             {one:x}\r\n{first}\r\n{two:X}\r\n{second}\r\n0\r\n\r\n"
        ))
    });
    let place = Place::new()
        .variable("ECS_CONTAINER_METADATA_URI_V4", service.url() + "/v4/id/")
        .variable("HOSTNAME", "ip-10-0-0-7");
    let mut aws = block();
    aws["ecs"]["cluster_arn"] = CLUSTER.into();
    assert_eq!(place.segment([Plugin::Ecs]), expected(Some("AWS::ECS::Container"), &aws));
    let lines: Vec<String> = service.requests().into_iter().map(|asked| asked.line).collect();
    assert_eq!(lines, ["GET /v4/id", "GET /v4/id/task"]);
}

#[test]
fn version_3_says_less() {
    let task = json!({ "TaskARN": TASK_ARN, "Family": "curltest" });
    let service = service("/v3/id", json!({ "Name": "curl" }), task);
    let place = Place::new()
        .variable("ECS_CONTAINER_METADATA_URI", service.url() + "/v3/id")
        .file(HOSTNAME, "ip-10-0-0-7\n")
        .file(CGROUP, format!("9:perf_event:/ecs/task/{ID}\n1:name=systemd:/\n"));
    let aws = json!({
        "ecs": {
            "container": "ip-10-0-0-7",
            "container_id": ID,
            "task_arn": TASK_ARN,
            "task_family": "curltest",
        }
    });
    assert_eq!(place.segment([Plugin::Ecs]), expected(Some("AWS::ECS::Container"), &aws));
}

#[test]
fn without_its_task_the_container_stays() {
    let service = Service::new(|request| {
        if request.line.ends_with("/task") {
            Answer::status(500)
        } else {
            Answer::ok(&container().to_string())
        }
    });
    let place = Place::new().variable("ECS_CONTAINER_METADATA_URI_V4", service.url() + "/v4/id");
    let mut aws = block();
    aws["ecs"] = json!({ "container_id": ID, "container_arn": CONTAINER_ARN });
    assert_eq!(place.segment([Plugin::Ecs]), expected(Some("AWS::ECS::Container"), &aws));
    assert_eq!(warnings(&service.address).len(), 1);
}

#[test]
fn a_log_group_without_what_its_arn_needs() {
    let container = json!({ "DockerId": ID, "LogOptions": { "awslogs-group": "orders" } });
    let service = service("", container, json!({}));
    let place = Place::new().variable("ECS_CONTAINER_METADATA_URI_V4", service.url());
    let aws = json!({
        "ecs": { "container_id": ID },
        "cloudwatch_logs": [{ "log_group": "orders" }],
    });
    assert_eq!(place.segment([Plugin::Ecs]), expected(Some("AWS::ECS::Container"), &aws));
}

#[test]
fn ids_in_control_groups() {
    let cases = [
        (format!("1:cpu:/docker/{ID}\n"), true),
        (format!("0::/\n1:cpu:/kubepods.slice/cri-containerd-{ID}.scope\n"), true),
        (format!("{ID}\n"), false),
        ("0::/\n".to_owned(), false),
        // Not hex, and cut where a character has more than one byte.
        (format!("1:cpu:/ecs/{}\n", "z".repeat(70)), false),
        (format!("1:cpu:/é{}\n", "a".repeat(63)), false),
    ];
    for (cgroup, there) in cases {
        let service = service("/v4/id", json!({ "ContainerARN": CONTAINER_ARN }), json!({}));
        let place = Place::new()
            .variable("ECS_CONTAINER_METADATA_URI_V4", service.url() + "/v4/id")
            .file(CGROUP, &cgroup);
        let segment = place.segment([Plugin::Ecs]);
        let id = segment["aws"]["ecs"]["container_id"].as_str();
        assert_eq!(id, there.then_some(ID), "{cgroup:?}");
    }
}

#[test]
fn elsewhere() {
    assert_eq!(Place::new().segment([Plugin::Ecs]), plain());
    let place = Place::new().variable("ECS_CONTAINER_METADATA_URI_V4", "https://169.254.170.2/v4");
    assert_eq!(place.segment([Plugin::Ecs]), plain());
}
