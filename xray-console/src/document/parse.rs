use simd_json::Node;

use super::tape::At;
use super::{Document, Entity, EntityId, Facts, Namespace, QUEUE, TraceKey, Value, depth, tape};
use crate::class::{Class, Flags};
use crate::rejection::Rejection;

/// Annotations kept for search per entity; X-Ray indexes 50 per trace.
const MAX_ANNOTATIONS: usize = 200;

/// Messages of exceptions kept for search per entity.
const MAX_MESSAGES: usize = 10;

pub(super) fn parse(body: &[u8]) -> Result<Document, Rejection> {
    if body.is_empty() {
        return Err(Rejection::Empty);
    }
    if body.len() > Document::MAX_BYTES {
        return Err(Rejection::TooLarge);
    }
    if depth::exceeds(body, Document::MAX_DEPTH) {
        return Err(Rejection::TooDeep);
    }
    if std::str::from_utf8(body).is_err() {
        return Err(Rejection::NotUtf8);
    }
    tape::read(body, |root| document(body, root)).ok_or(Rejection::BadJson)?
}

fn document(body: &[u8], root: At<'_, '_>) -> Result<Document, Rejection> {
    if !root.is_object() {
        return Err(Rejection::NotAnObject);
    }
    let (head, facts) = head(root)?;
    let entities = entities(root, head)?;
    Ok(Document {
        raw: body.into(),
        trace: facts.trace,
        parent_id: facts.parent_id,
        independent: facts.independent,
        entities: entities.into(),
    })
}

struct Head {
    trace: TraceKey,
    parent_id: Option<EntityId>,
    independent: bool,
}

/// What X-Ray needs of the outermost entity; embedded ones are taken as they are.
fn head(root: At<'_, '_>) -> Result<(Entity, Head), Rejection> {
    let field = |key| root.get(key).filter(|value| !value.is_null());
    let text = |key, missing| field(key).ok_or(missing).map(At::text);
    let id = text("id", Rejection::MissingId)?.and_then(EntityId::parse);
    id.ok_or(Rejection::BadId)?;
    let trace = text("trace_id", Rejection::MissingTraceId)?.and_then(TraceKey::parse);
    let trace = trace.ok_or(Rejection::BadTraceId)?;
    let independent = root.get("type").and_then(At::text) == Some("subsegment");
    let parent_id = match text("parent_id", Rejection::MissingParentId) {
        Ok(text) => {
            text.and_then(EntityId::parse).filter(|id| !id.is_zero()).ok_or(Rejection::BadParentId)
        }
        Err(missing) => Err(missing),
    };
    let parent_id = match parent_id {
        Err(reason) if independent => return Err(reason),
        // A segment without a usable parent is the first of its trace.
        parent_id => parent_id.ok(),
    };
    let name = text("name", Rejection::MissingName)?;
    name.filter(|name| !name.is_empty()).ok_or(Rejection::BadName)?;
    let start = field("start_time").ok_or(Rejection::MissingStartTime)?.number();
    let start = start.ok_or(Rejection::BadStartTime)?;
    let end = field("end_time").map(At::number);
    let end = match end.flatten() {
        None if root.get("in_progress").is_some_and(At::is_true) => None,
        None if end.is_some() => return Err(Rejection::BadEndTime),
        None => return Err(Rejection::MissingEndTime),
        end => end,
    };
    if !start.is_finite() || end.is_some_and(|end| !end.is_finite()) {
        return Err(Rejection::NonFiniteTime);
    }
    if end.is_some_and(|end| end < start) {
        return Err(Rejection::EndBeforeStart);
    }
    Ok((entity(root, None), Head { trace, parent_id, independent }))
}

/// The head and everything under `subsegments`.
fn entities(root: At<'_, '_>, head: Entity) -> Result<Vec<Entity>, Rejection> {
    let places = places(root).ok_or(Rejection::TooDeep)?;
    let mut list: Vec<Entity> = Vec::with_capacity(places.len());
    list.push(head);
    for &(value, parent) in &places[1..] {
        let start = list[parent as usize].start;
        list.push(entity(value, Some((parent, start))));
    }
    Ok(list)
}

/// Where each entity stands and the index of its parent: parents before children, siblings in the order written.
/// `None` past [`Document::MAX_NESTING`].
pub(super) fn places<'t, 'i>(root: At<'t, 'i>) -> Option<Vec<(At<'t, 'i>, u32)>> {
    let mut list = vec![(root, 0)];
    let mut levels = vec![1_usize];
    let mut next = 0;
    while let Some(&(value, _)) = list.get(next) {
        let subsegments = value.get("subsegments").into_iter().flat_map(At::elements);
        for child in subsegments.filter(|child| child.is_object()) {
            if levels[next] > Document::MAX_NESTING {
                return None;
            }
            // Bounded by MAX_BYTES, far below the limit of an u32.
            list.push((child, next as u32));
            levels.push(levels[next] + 1);
        }
        next += 1;
    }
    Some(list)
}

fn entity(value: At<'_, '_>, parent: Option<(u32, f64)>) -> Entity {
    let mut entity = Entity { parent: parent.map(|(index, _)| index), ..Entity::default() };
    entity.start = parent.map_or(0.0, |(_, start)| start);
    let (mut flags, mut facts) = (Flags::default(), Facts::default());
    let mut rich = false;
    for (key, field) in value.fields() {
        match key {
            "id" => entity.id = field.text().and_then(EntityId::parse).unwrap_or_default(),
            "name" => entity.name = field.text().unwrap_or("").into(),
            "start_time" => {
                entity.start =
                    field.number().filter(|time| time.is_finite()).unwrap_or(entity.start);
            }
            "end_time" => entity.end = field.number().filter(|time| time.is_finite()),
            "error" => flags.error = field.is_true(),
            "throttle" => flags.throttle = field.is_true(),
            "fault" => flags.fault = field.is_true(),
            "inferred" => entity.inferred = field.is_true(),
            "traced" => entity.traced |= field.is_true(),
            "sql" => entity.sql = field.is_object(),
            "cause" => {
                entity.cause = field.is_object() || field.text().is_some();
                facts.messages = messages(field);
                rich |= !facts.messages.is_empty();
            }
            "namespace" => entity.namespace = namespace(field.text()),
            _ => rich |= fact(&mut facts, key, field),
        }
    }
    entity.traced |= value
        .get("http")
        .and_then(|http| http.get("request")?.get("traced"))
        .is_some_and(At::is_true);
    entity.class = Class::of(flags, facts.status);
    if parent.is_some() && entity.name.is_empty() {
        entity.name = "unnamed".into();
    }
    if rich {
        entity.facts = Some(Box::new(facts));
    }
    entity
}

/// The SDK for Python writes `local` where the others write nothing.
fn namespace(text: Option<&str>) -> Namespace {
    match text {
        Some("aws") => Namespace::Aws,
        Some("remote") => Namespace::Remote,
        _ => Namespace::Local,
    }
}

/// Takes one of the rarer fields; says whether there was anything to keep.
fn fact(facts: &mut Facts, key: &str, field: At<'_, '_>) -> bool {
    match key {
        "http" => {
            let part = |part, key| field.get(part).and_then(|part: At<'_, '_>| part.get(key));
            let text = |key| part("request", key).and_then(At::some_text);
            facts.method = text("method");
            facts.url = text("url");
            facts.client_ip = text("client_ip");
            facts.user_agent = text("user_agent");
            facts.status = part("response", "status").and_then(status);
        }
        "aws" => aws(facts, field),
        "annotations" => {
            let pairs =
                field.fields().filter_map(|(key, value)| Some((key.into(), annotation(value)?)));
            facts.annotations = pairs.take(MAX_ANNOTATIONS).collect();
        }
        "origin" => facts.origin = field.some_text(),
        "user" => facts.user = field.some_text(),
        "resource_arn" => facts.resource_arn = field.some_text(),
        _ => return false,
    }
    true
}

fn aws(facts: &mut Facts, aws: At<'_, '_>) {
    let text = |key| aws.get(key).and_then(At::some_text);
    facts.account_id = text("account_id");
    if let Some(ec2) = aws.get("ec2") {
        facts.instance_id = ec2.get("instance_id").and_then(At::some_text);
        facts.availability_zone = ec2.get("availability_zone").and_then(At::some_text);
    }
    let resources = [
        ("table_name", "AWS::DynamoDB::Table"),
        ("queue_url", QUEUE),
        ("function_name", "AWS::Lambda"),
        ("bucket_name", "AWS::S3::Bucket"),
    ];
    facts.resource = resources.into_iter().find_map(|(key, kind)| Some((kind, text(key)?)));
}

/// What the exceptions say, for search.
fn messages(cause: At<'_, '_>) -> Vec<Box<str>> {
    let exceptions = cause.get("exceptions").into_iter().flat_map(At::elements);
    exceptions
        .filter_map(|exception| exception.get("message")?.some_text())
        .take(MAX_MESSAGES)
        .collect()
}

/// A status is a number, or a number in quotes.
fn status(value: At<'_, '_>) -> Option<u16> {
    let number = value.number().or_else(|| value.text()?.trim().parse().ok())?;
    (1.0..1000.0).contains(&number).then_some(number as u16)
}

fn annotation(value: At<'_, '_>) -> Option<Value> {
    if let Some(number) = value.number() {
        return Some(Value::Number(number));
    }
    match value.node()? {
        Node::String(text) => Some(Value::Text(text.into())),
        Node::Static(node) => simd_json::prelude::ValueAsScalar::as_bool(&node).map(Value::Bool),
        _ => None,
    }
}
