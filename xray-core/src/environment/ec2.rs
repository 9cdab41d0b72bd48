use super::{
    METADATA, Machine,
    found::{Found, object, text},
    logs,
};
use crate::client::{Deadline, Endpoint, Request, is_header_value};

/// The address of the metadata service on every instance.
const SERVICE: &str = "http://169.254.169.254";

const TOKEN: Request<'_> = Request {
    method: "PUT",
    headers: &[("x-aws-ec2-metadata-token-ttl-seconds", "60")],
    ..Request::get("/latest/api/token")
};

/// By the instance metadata service: version 2 with a token, version 1 where that fails.
pub(super) fn find(machine: &Machine) -> Result<Option<Found>, String> {
    let disabled = machine.get("AWS_EC2_METADATA_DISABLED");
    if disabled.is_some_and(|value| value.trim().eq_ignore_ascii_case("true")) {
        return Ok(None);
    }
    let service = machine.get("IMDS_ENDPOINT").unwrap_or_else(|| SERVICE.into());
    // The official SDKs take a bare host here.
    let service = service.trim();
    let url = if service.contains("://") { service.into() } else { format!("http://{service}") };
    let endpoint = Endpoint::parse(&url).map_err(|reason| format!("IMDS_ENDPOINT: {reason}"))?;
    let document = document(&endpoint, Deadline::within(&METADATA))?;

    let document = object(&document, &format!("the identity document of {endpoint}"))?;
    let mut found = Found::default();
    found.add("instance_id", text(&document, "instanceId"));
    if found.block.is_empty() {
        return Err(format!("the identity document of {endpoint} has no instanceId"));
    }
    found.add("availability_zone", text(&document, "availabilityZone"));
    found.add("instance_size", text(&document, "instanceType"));
    found.add("ami_id", text(&document, "imageId"));
    match logs::from_agent(machine) {
        Ok(groups) => found.logs = groups,
        Err(reason) => {
            crate::logging::warning!("the CloudWatch agent's log groups are left out: {reason}");
        }
    }
    Ok(Some(found))
}

fn document(endpoint: &Endpoint, deadline: Deadline) -> Result<Vec<u8>, String> {
    let token = token(endpoint, deadline)
        .inspect_err(|reason| crate::logging::debug!("no token, so IMDSv1 is tried: {reason}"))
        .ok();
    let header = token.as_deref().map(|token| ("x-aws-ec2-metadata-token", token));
    let request = Request {
        headers: header.as_slice(),
        ..Request::get("/latest/dynamic/instance-identity/document")
    };
    endpoint.send(&request, deadline)
}

fn token(endpoint: &Endpoint, deadline: Deadline) -> Result<String, String> {
    let token = String::from_utf8(endpoint.send(&TOKEN, deadline)?).ok();
    token.filter(|token| is_header_value(token)).ok_or_else(|| "it is no header value".into())
}
