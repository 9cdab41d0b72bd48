//! Which parameters of which operations are recorded, as data.

mod error;
mod file;
mod names;

use std::{
    collections::{BTreeMap, HashMap},
    fs::File,
    io::Read,
    path::Path,
    sync::{Arc, LazyLock},
};

use aws_smithy_types::telemetry::RequestedTelemetryAttributes;

pub use error::Error;
pub(crate) use names::service_key;

use names::{operation_key, snake_case};

static DEFAULT: LazyLock<Whitelist> = LazyLock::new(|| {
    Whitelist::from_json(include_str!("default.json")).unwrap_or_else(|_| Whitelist::empty())
});

/// Bytes of a whitelist file; ours. That of the official SDKs has 30 KiB.
const MAX_FILE: u64 = 1024 * 1024;

/// Which parameters of which operations are recorded, in the format of the official SDKs' whitelists.
///
/// The default has what the official Python, Java and Node SDKs record of DynamoDB, SQS, SNS, Lambda, S3
/// and SageMaker: names of tables, queues, topics, functions, buckets and keys, limits, counts, consumed
/// capacity; no items and no messages. For each service there are operations, by their API names, and
/// for each of them:
///
/// - `request_parameters` and `response_parameters`: recorded as they are, under their name in snake case.
/// - `request_descriptors` and `response_descriptors`: `{"get_keys": true}` records the keys of a map,
///   `{"get_count": true}` how many elements there are, `"rename_to"` another name.
///
/// ```
/// use xray_aws::Whitelist;
///
/// let whitelist = Whitelist::default().extend(Whitelist::from_json(
///     r#"{"services": {"kinesis": {"operations": {
///         "PutRecords": {
///             "request_parameters": ["StreamName"],
///             "request_descriptors": {"Records": {"get_count": true, "rename_to": "record_count"}}
///         }
///     }}}}"#,
/// )?);
/// # Ok::<(), xray_aws::Error>(())
/// ```
///
/// A value is recorded up to 4 KiB; a longer text is cut, anything else that is longer is left out.
/// Bodies are read up to 1 MiB, and never where they are the user's own: those of S3, of Lambda's
/// `Invoke` and of SageMaker's `InvokeEndpoint`.
#[derive(Clone, Debug)]
pub struct Whitelist(Arc<Lists>);

#[derive(Clone, Debug, Default)]
struct Lists {
    services: HashMap<String, HashMap<String, Operation>>,
    /// Of whole request parameters, for the SDK, which can tell those that are texts.
    names: Vec<String>,
    requested: RequestedTelemetryAttributes,
}

/// What is recorded of an operation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Operation {
    pub(crate) request: Parameters,
    pub(crate) response: Parameters,
}

/// By API name.
pub(crate) type Parameters = BTreeMap<String, Parameter>;

#[derive(Clone, Debug)]
pub(crate) struct Parameter {
    /// What it is recorded as.
    pub(crate) key: String,
    pub(crate) what: What,
}

/// What is recorded of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// All of it.
    Whole,
    /// The keys of a map.
    Keys,
    /// How many elements there are.
    Count,
}

impl Whitelist {
    /// Nothing but the operation's name, region and outcome.
    #[must_use]
    pub fn empty() -> Self {
        Self(Arc::default())
    }

    /// Reads a whitelist from JSON.
    ///
    /// # Errors
    /// The text is no JSON, or not of this form; the message says where.
    pub fn from_json(json: &str) -> Result<Self, Error> {
        let file: file::File = serde_json::from_str(json).map_err(Error::syntax)?;
        let services = file.services.into_iter().map(|(service, listed)| {
            let operations = listed.operations.into_iter();
            let operations = operations.map(|(name, listed)| (operation_key(&name), listed.into()));
            (service_key(&service), operations.collect())
        });
        Ok(Self(Arc::new(Lists::new(services.collect()))))
    }

    /// Reads a whitelist from a file of at most 1 MiB.
    ///
    /// # Errors
    /// The file cannot be read, or is no whitelist; the message names it.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let mut text = String::new();
        File::open(path)
            .and_then(|file| file.take(MAX_FILE).read_to_string(&mut text))
            .map_err(|error| Error::io(path, error))?;
        Self::from_json(&text).map_err(|error| error.of_file(path))
    }

    /// Adds what another whitelist has. Where both have an operation, the other's counts.
    #[must_use]
    pub fn extend(self, other: Self) -> Self {
        let mut services = Arc::unwrap_or_clone(self.0).services;
        for (service, operations) in Arc::unwrap_or_clone(other.0).services {
            services.entry(service).or_default().extend(operations);
        }
        Self(Arc::new(Lists::new(services)))
    }

    pub(crate) fn operation(&self, service: &str, name: &str) -> Option<&Operation> {
        self.0.services.get(service)?.get(name)
    }

    /// What the SDK is to tell of each request, beside what others want to know.
    pub(crate) fn requested(
        &self,
        others: Option<&RequestedTelemetryAttributes>,
    ) -> RequestedTelemetryAttributes {
        let Some(others) = others else { return self.0.requested.clone() };
        let mut requested = others.clone();
        requested.capture_only(&self.0.names);
        requested
    }
}

impl Default for Whitelist {
    fn default() -> Self {
        DEFAULT.clone()
    }
}

impl Lists {
    fn new(services: HashMap<String, HashMap<String, Operation>>) -> Self {
        let operations = services.values().flat_map(HashMap::values);
        let parameters = operations.flat_map(|operation| &operation.request);
        let whole = parameters.filter(|(_, parameter)| parameter.what == What::Whole);
        let mut names: Vec<String> = whole.map(|(name, _)| name.clone()).collect();
        names.sort_unstable();
        names.dedup();
        let mut requested = RequestedTelemetryAttributes::default();
        requested.capture_only(&names);
        Self { services, names, requested }
    }
}

impl From<file::Operation> for Operation {
    fn from(listed: file::Operation) -> Self {
        Self {
            request: parameters(listed.request_parameters, listed.request_descriptors),
            response: parameters(listed.response_parameters, listed.response_descriptors),
        }
    }
}

fn parameters(names: Vec<String>, described: BTreeMap<String, file::Descriptor>) -> Parameters {
    let whole = names.into_iter().map(|name| (name, file::Descriptor::default()));
    whole
        .chain(described)
        .map(|(name, file::Descriptor { get_keys, get_count, rename_to })| {
            let what = match (get_keys, get_count) {
                (true, _) => What::Keys,
                (false, true) => What::Count,
                (false, false) => What::Whole,
            };
            let key = rename_to.unwrap_or_else(|| snake_case(&name));
            (name, Parameter { key, what })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{What, Whitelist};

    #[test]
    fn the_default_has_all_that_official_sdks_have() {
        let default = Whitelist::default();
        let counts = ["dynamodb", "sqs", "sns", "lambda", "runtime.sagemaker", "s3"]
            .map(|service| default.0.services[service].len());
        assert_eq!(counts, [13, 17, 2, 2, 1, 72]);
        let batch = default.operation("dynamodb", "BatchGetItem").expect("it is listed");
        assert_eq!(batch.request["RequestItems"].key, "table_names");
        assert_eq!(batch.request["RequestItems"].what, What::Keys);
        let copy = default.operation("s3", "CopyObject").expect("it is listed");
        assert_eq!(copy.request["Bucket"].key, "bucket_name");
        assert!(default.requested(None).should_capture("TableName"));
        assert!(!default.requested(None).should_capture("RequestItems"));
    }

    #[test]
    fn the_later_of_two_counts() {
        let mine = r#"{"services": {"S3": {"operations": {"putObject": {}}}}}"#;
        let whitelist = Whitelist::default().extend(Whitelist::from_json(mine).expect("JSON"));
        assert!(whitelist.operation("s3", "PutObject").expect("listed").request.is_empty());
        assert!(whitelist.operation("s3", "GetObject").is_some());
    }

    #[test]
    fn says_what_is_wrong() {
        let error = Whitelist::from_json("{\"services\": {\n\"s3\": 7}}").expect_err("a number");
        assert!(error.is_syntax());
        let text = error.to_string();
        assert!(text.contains("line 2") && text.contains("invalid type: integer `7`"), "{text}");
        let error = Whitelist::from_file("no/such/file.json").expect_err("no file");
        assert!(error.is_io());
        assert!(error.to_string().contains("no/such/file.json"), "{error}");
    }
}
