use serde_json::Value;

use super::{
    Machine,
    found::{Found, object, text},
};

/// What the platform writes where X-Ray is switched on for the environment.
const FILE: &str = "var/elasticbeanstalk/xray/environment.conf";

pub(super) fn find(machine: &Machine) -> Result<Option<Found>, String> {
    let Some(bytes) = machine.read(FILE)? else { return Ok(None) };
    let file = object(&bytes, FILE)?;
    let mut found = Found::default();
    found.add("environment_name", text(&file, "environment_name"));
    if found.block.is_empty() {
        return Err(format!("/{FILE} has no environment_name"));
    }
    found.add("version_label", text(&file, "version_label"));
    if let Some(id) = file.get("deployment_id").and_then(Value::as_i64) {
        found.block.insert("deployment_id".to_owned(), id.into());
    }
    Ok(Some(found))
}
