use serde_json::{Map, Value};

use super::{
    METADATA, Machine,
    found::{Found, object, text, worth},
    logs::LogGroup,
};
use crate::client::{Deadline, Endpoint, Request};

/// By the task metadata endpoint, version 4 or else 3.
pub(super) fn find(machine: &Machine) -> Result<Option<Found>, String> {
    let uri = machine
        .get("ECS_CONTAINER_METADATA_URI_V4")
        .or_else(|| machine.get("ECS_CONTAINER_METADATA_URI"))
        .filter(|uri| uri.trim().starts_with("http://"));
    let Some(uri) = uri else { return Ok(None) };
    let endpoint = Endpoint::parse(&uri)?;
    let deadline = Deadline::within(&METADATA);
    let container = get(&endpoint, "", deadline)?;

    let mut found = Found::default();
    found.add("container", machine.hostname().as_deref());
    // The id of a container on Fargate is no path of a control group, so the service is asked first.
    let id = text(&container, "DockerId").map(str::to_owned);
    found.add("container_id", id.or_else(|| machine.container_id()).as_deref());
    found.add("container_arn", text(&container, "ContainerARN"));
    found.logs.extend(log_group(&container));
    match get(&endpoint, "/task", deadline) {
        Ok(task) => add_task(&mut found, &task),
        Err(reason) => {
            crate::logging::warning!("Ecs adds the container and not its task: {reason}");
        }
    }
    if found.block.is_empty() {
        return Err(format!("{endpoint} says nothing of the container"));
    }
    Ok(Some(found))
}

fn get(endpoint: &Endpoint, path: &str, deadline: Deadline) -> Result<Map<String, Value>, String> {
    let answer = endpoint.send(&Request::get(path), deadline)?;
    object(&answer, &format!("the answer of {endpoint}{path}"))
}

fn add_task(found: &mut Found, task: &Map<String, Value>) {
    let arn = text(task, "TaskARN");
    found.add("task_arn", arn);
    found.add("task_family", text(task, "Family"));
    if let Some(cluster) = text(task, "Cluster") {
        found.add("cluster_arn", cluster_arn(cluster, arn).as_deref());
    }
    found.add("availability_zone", text(task, "AvailabilityZone"));
    // In lower case, as the OpenTelemetry collector writes it.
    let launch_type = text(task, "LaunchType").map(str::to_ascii_lowercase);
    found.add("launch_type", launch_type.as_deref());
}

/// The cluster comes as an ARN or as a bare name, which is in the region and account of its task.
fn cluster_arn(cluster: &str, task_arn: Option<&str>) -> Option<String> {
    if cluster.starts_with("arn:") {
        return Some(cluster.to_owned());
    }
    let arn = Arn::parse(task_arn?)?;
    Some(format!("arn:{}:ecs:{}:{}:cluster/{cluster}", arn.partition, arn.region, arn.account))
}

/// Where the container's output goes, if that is CloudWatch.
fn log_group(container: &Map<String, Value>) -> Option<LogGroup> {
    let options = container.get("LogOptions")?.as_object()?;
    let mut group = LogGroup::named(text(options, "awslogs-group")?)?;
    let arn = text(container, "ContainerARN").and_then(worth).and_then(Arn::parse);
    if let (Some(arn), Some(region)) = (arn, text(options, "awslogs-region").and_then(worth)) {
        let Arn { partition, account, .. } = arn;
        group.arn =
            Some(format!("arn:{partition}:logs:{region}:{account}:log-group:{}", group.name));
    }
    Some(group)
}

/// The first parts of `arn:partition:service:region:account:resource`.
struct Arn<'a> {
    partition: &'a str,
    region: &'a str,
    account: &'a str,
}

impl<'a> Arn<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.strip_prefix("arn:")?.splitn(5, ':');
        let (partition, _service) = (parts.next()?, parts.next()?);
        let (region, account) = (parts.next()?, parts.next()?);
        parts.next().map(|_resource| Self { partition, region, account })
    }
}
