use serde_json::Value;
use xray_tests::plain;

use crate::cases::Case;

/// Compares the requests that the server saw.
pub(crate) fn seen(
    case: &Case,
    column: usize,
    seen: &[String],
    documents: &[Value],
) -> Result<(), String> {
    let mut expected: Vec<String> = case.seen.iter().map(ToString::to_string).collect();
    if let Some(document) = documents.first() {
        let root = document["trace_id"].as_str().unwrap_or_default();
        let calls = document["subsegments"].as_array().map_or(&[] as &[_], Vec::as_slice);
        for (hop, line) in expected.iter_mut().enumerate() {
            // Where all hops are one subsegment, all of them name it.
            let call = calls.get(hop).or(calls.last()).map_or(&Value::Null, |call| &call["id"]);
            *line = line
                .replace("{root}", root)
                .replace("{hex}", &root[2..].replace('-', ""))
                .replace(&format!("{{{hop}}}"), call.as_str().unwrap_or_default());
        }
    }
    if seen == expected {
        return Ok(());
    }
    Err(format!("client {column}: the server saw {seen:#?}\nexpected {expected:#?}"))
}

/// Compares the whole document after what differs from run to run, and between clients, is made equal.
pub(crate) fn documents(
    case: &Case,
    column: usize,
    server: &str,
    mut documents: Vec<Value>,
) -> Result<(), String> {
    let port = server.rsplit(':').next().unwrap_or_default();
    let own = |text: &&str| text.replace("{server}", server).replace("{port}", port);
    let calls: Vec<String> = case.recorded(column).iter().map(own).collect();
    if calls.is_empty() {
        documents.retain(|document| document.get("subsegments").is_some());
        return if documents.is_empty() { Ok(()) } else { Err(format!("recorded {documents:#?}")) };
    }
    let [mut document] = <[Value; 1]>::try_from(documents)
        .map_err(|documents| format!("{} documents", documents.len()))?;
    plain(&mut document, "", &mut |_| ())?;
    for call in document["subsegments"].as_array_mut().into_iter().flatten() {
        check_cause(case.causes[column], call)?;
    }
    document.as_object_mut().map(|fields| fields.remove("parent_id"));
    let text =
        format!(r#"{{"name": "shop", "trace_id": "new", "subsegments": [{}]}}"#, calls.join(","));
    let expected: Value = serde_json::from_str(&text).expect("the case's document is JSON");
    if document == expected {
        return Ok(());
    }
    Err(format!("recorded {document:#}\nexpected {expected:#}"))
}

/// Checks what the exceptions say, all together, and makes them plain.
fn check_cause(holds: &[&str], call: &mut Value) -> Result<(), String> {
    let Some(cause) = call.get_mut("cause") else { return Ok(()) };
    let exceptions = cause["exceptions"].as_array().map_or(&[] as &[_], Vec::as_slice);
    let field =
        |exception: &Value, name: &str| exception[name].as_str().unwrap_or_default().to_owned();
    let said: Vec<String> = exceptions
        .iter()
        .map(|exception| format!("{}: {}", field(exception, "type"), field(exception, "message")))
        .collect();
    let said = said.join(" | ");
    if said.contains("secret") {
        return Err(format!("a secret leaks: {said}"));
    }
    match holds.iter().find(|part| !said.contains(**part)) {
        Some(missing) => return Err(format!("{missing:?} is not in {said:?}")),
        None => *cause = "".into(),
    }
    Ok(())
}
