//! Where the program's log lines go: `aws.cloudwatch_logs`, by which the console finds them.

use serde_json::{Value, json};

use super::{
    Machine,
    found::{object, worth},
};

/// What the CloudWatch agent writes about the files it watches.
const AGENT_FILE: &str = "opt/aws/amazon-cloudwatch-agent/etc/log-config.json";

/// Most groups of a segment; an agent may watch a great many files.
const MAX_GROUPS: usize = 20;

/// A group of log streams in CloudWatch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LogGroup {
    pub(super) name: String,
    pub(super) arn: Option<String>,
}

impl LogGroup {
    pub(super) fn named(name: &str) -> Option<Self> {
        worth(name).map(|name| Self { name: name.to_owned(), arn: None })
    }
}

/// The group that `AWS_LOG_GROUP` names.
pub(super) fn from_variable(machine: &Machine) -> Option<LogGroup> {
    LogGroup::named(&machine.get("AWS_LOG_GROUP")?)
}

/// The groups of the CloudWatch agent; a machine without one is no error.
pub(super) fn from_agent(machine: &Machine) -> Result<Vec<LogGroup>, String> {
    let Some(bytes) = machine.read(AGENT_FILE)? else { return Ok(Vec::new()) };
    let file = object(&bytes, AGENT_FILE)?;
    let configs = file.get("log_configs").and_then(Value::as_array);
    let names = configs.into_iter().flatten().filter_map(|config| config.get("log_group_name"));
    Ok(names.filter_map(|name| LogGroup::named(name.as_str()?)).collect())
}

/// Each group once, in the order they came; `None` if there is none.
pub(super) fn block(groups: impl IntoIterator<Item = LogGroup>) -> Option<Value> {
    let mut kept: Vec<LogGroup> = Vec::new();
    for group in groups {
        let same = |other: &&mut LogGroup| {
            other.name == group.name
                && (other.arn == group.arn || other.arn.is_none() || group.arn.is_none())
        };
        if let Some(known) = kept.iter_mut().find(same) {
            known.arn = known.arn.take().or(group.arn);
        } else if kept.len() < MAX_GROUPS {
            kept.push(group);
        }
    }
    let entries = kept.into_iter().map(|group| match group.arn {
        Some(arn) => json!({ "log_group": group.name, "arn": arn }),
        None => json!({ "log_group": group.name }),
    });
    let entries: Vec<Value> = entries.collect();
    (!entries.is_empty()).then(|| entries.into())
}
