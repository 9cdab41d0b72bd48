use serde_json::{Map, Value, json};

/// Makes plain what differs from run to run, once it is seen to be there: ids, times, SDK and runtime go,
/// a trace other than `known` becomes `new`. `exception` sees each exception without id and stack.
/// Returns the seconds that the entity took.
///
/// # Errors
///
/// Says what of it is missing, or is no such thing.
pub fn plain(
    entity: &mut Value,
    known: &str,
    exception: &mut dyn FnMut(&mut Map<String, Value>),
) -> Result<f64, String> {
    let Some(fields) = entity.as_object_mut() else { return Err("not an object".into()) };
    let start =
        fields.remove("start_time").and_then(|time| time.as_f64()).ok_or("no start_time")?;
    let end = fields.remove("end_time").and_then(|time| time.as_f64()).ok_or("no end_time")?;
    if end < start {
        return Err(format!("ends at {end}, before its start {start}"));
    }
    let id = fields.get("id").and_then(Value::as_str).unwrap_or_default();
    if id.len() != 16 {
        return Err(format!("id {id:?}"));
    }
    fields.remove("id");
    if fields.remove("service").is_some_and(|service| service["runtime"] != "rustc") {
        return Err("service.runtime is not rustc".into());
    }
    if let Some(sdk) = fields.remove("aws")
        && sdk["xray"]["sdk"] != "X-Ray for Rust"
    {
        return Err(format!("aws {sdk}"));
    }
    if fields.get("trace_id").is_some_and(|id| id != known) {
        fields.insert("trace_id".into(), json!("new"));
    }
    if let Some(cause) = fields.get_mut("cause") {
        cause.as_object_mut().map(|cause| cause.remove("working_directory"));
        for described in cause["exceptions"].as_array_mut().into_iter().flatten() {
            let described = described.as_object_mut().ok_or("an exception is no object")?;
            described.remove("id");
            // Stacks are there only where the environment asks for them.
            described.remove("stack");
            described.remove("truncated");
            exception(described);
        }
    }
    for child in fields.get_mut("subsegments").and_then(Value::as_array_mut).into_iter().flatten() {
        plain(child, known, exception)?;
    }
    Ok(end - start)
}
