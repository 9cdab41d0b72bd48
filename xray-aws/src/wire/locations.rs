//! Parameters that stand in a request's path, query, host and headers, or in a response's status:
//! where, is data.

use std::{
    collections::{BTreeMap, HashMap},
    sync::LazyLock,
};

use aws_smithy_runtime_api::http::Headers;
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::whitelist::Parameters;

static LOCATIONS: LazyLock<HashMap<String, HashMap<String, Location>>> =
    LazyLock::new(|| serde_json::from_str(include_str!("locations.json")).unwrap_or_default());

/// Where the parameters of an operation stand whose body is the user's own.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Location {
    /// Such as `/functions/{FunctionName}/invocations`; `{Key+}` is all the rest.
    path: String,
    /// Names in the query, by API name.
    query: BTreeMap<String, String>,
    /// Headers of requests and responses, by API name.
    headers: BTreeMap<String, String>,
    /// What the response's status is called.
    status: Option<String>,
    /// What stands in the host, or before the path.
    pub(crate) host: Option<String>,
}

/// Of an operation; of all of a service under `*`.
pub(crate) fn location(service: &str, operation: &str) -> Option<&'static Location> {
    let operations = LOCATIONS.get(service)?;
    operations.get(operation).or_else(|| operations.get("*"))
}

impl Location {
    /// What is recorded of a request's path, query and headers. The path has no host yet.
    pub(crate) fn of_request(
        &self,
        uri: &str,
        headers: &Headers,
        wanted: &Parameters,
    ) -> Map<String, Value> {
        let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
        let mut found = Found { wanted, values: Map::new() };
        for (name, value) in labels(&self.path, path) {
            found.add(name, &percent_decode_str(value).decode_utf8_lossy());
        }
        for (name, in_query) in &self.query {
            let mut pairs = form_urlencoded::parse(query.as_bytes());
            if let Some((_, value)) = pairs.find(|(name, _)| name == in_query) {
                found.add(name, &value);
            }
        }
        found.of_headers(&self.headers, headers);
        found.values
    }

    /// What is recorded of a response's headers and status.
    pub(crate) fn of_response(
        &self,
        status: u16,
        headers: &Headers,
        wanted: &Parameters,
    ) -> Map<String, Value> {
        let mut found = Found { wanted, values: Map::new() };
        found.of_headers(&self.headers, headers);
        if let Some(name) = self.status.as_ref().filter(|name| wanted.contains_key(*name)) {
            found.values.insert(name.clone(), status.into());
        }
        found.values
    }
}

struct Found<'a> {
    wanted: &'a Parameters,
    values: Map<String, Value>,
}

impl Found<'_> {
    fn add(&mut self, name: &str, value: &str) {
        let Some(parameter) = self.wanted.get(name).filter(|_| !value.is_empty()) else { return };
        if let Some(value) = parameter.what.of(value.into()) {
            self.values.insert(name.to_owned(), value);
        }
    }

    fn of_headers(&mut self, names: &BTreeMap<String, String>, headers: &Headers) {
        for (name, header) in names {
            if let Some(value) = headers.get(header) {
                self.add(name, value);
            }
        }
    }
}

/// The labels of a template and what stands for them in a path; none if the path is another.
fn labels<'t, 'p>(template: &'t str, path: &'p str) -> Vec<(&'t str, &'p str)> {
    let mut rest = Some(path);
    let mut labels = Vec::new();
    for step in template.split('/') {
        let Some(path) = rest else { return Vec::new() };
        let label = step.strip_prefix('{').and_then(|step| step.strip_suffix('}'));
        if let Some(name) = label.and_then(|name| name.strip_suffix('+')) {
            labels.push((name, path));
            return labels;
        }
        let (part, after) = match path.split_once('/') {
            Some((part, after)) => (part, Some(after)),
            None => (path, None),
        };
        match label {
            Some(name) => labels.push((name, part)),
            None if step == part => {}
            None => return Vec::new(),
        }
        rest = after;
    }
    if rest.is_some() { Vec::new() } else { labels }
}

/// The bucket that a request to S3 names: before the path that it had without a host, or as the first
/// part of the host. An access point's is the access point's name.
pub(crate) fn bucket_of(uri: &str, path: &str) -> Option<String> {
    let (_, rest) = uri.split_once("://")?;
    let rest = rest.split('?').next()?;
    let path = path.split('?').next()?;
    let (host, before) =
        rest.strip_suffix(path)?.split_once('/').unwrap_or((rest.strip_suffix(path)?, ""));
    let in_path = before.rsplit('/').find(|part| !part.is_empty());
    let in_host = || {
        let at = [".s3.", ".s3-", ".s3express-"].iter().filter_map(|mark| host.rfind(mark)).max();
        at.map(|at| &host[..at]).or_else(|| Some(host.split_once('.')?.0))
    };
    let bucket = in_path.or_else(in_host).filter(|bucket| !bucket.is_empty())?;
    Some(percent_decode_str(bucket).decode_utf8_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use aws_smithy_runtime_api::http::Headers;
    use serde_json::{Value, json};

    use super::{LOCATIONS, bucket_of, labels, location};
    use crate::whitelist::Whitelist;

    #[test]
    fn the_data_is_read() {
        assert_eq!(LOCATIONS.len(), 3);
    }

    fn recorded(service: &str, operation: &str, uri: &str, header: (&'static str, &str)) -> Value {
        let whitelist = Whitelist::default();
        let wanted = &whitelist.operation(service, operation).expect("it is listed").request;
        let mut headers = Headers::new();
        headers.insert(header.0, header.1.to_owned());
        let location = location(service, operation).expect("it is known");
        Value::Object(location.of_request(uri, &headers, wanted))
    }

    #[test]
    fn reads_path_query_and_headers() {
        let uri = "/2015-03-31/functions/arn%3Aaws%3Alambda/invocations?Qualifier=live";
        assert_eq!(
            recorded("lambda", "Invoke", uri, ("x-amz-invocation-type", "Event")),
            json!({"FunctionName": "arn:aws:lambda", "Qualifier": "live", "InvocationType": "Event"}),
        );
        let uri = "/a%20b/c%C3%A9?versionId=7&x-id=GetObject";
        assert_eq!(
            recorded("s3", "GetObject", uri, ("x-amz-copy-source", "other/key")),
            json!({"Key": "a b/cé", "VersionId": "7"}),
        );
        assert_eq!(recorded("s3", "GetObject", "/", ("a", "b")), json!({}));
    }

    #[test]
    fn a_path_of_another_form_has_no_labels() {
        assert_eq!(labels("/a/{X}/b", "/a/1/b"), [("X", "1")]);
        for path in ["/a/1", "/a/1/b/c", "/z/1/b", "", "a/1/b", "/a/1/c"] {
            assert_eq!(labels("/a/{X}/b", path), [], "{path}");
        }
    }

    #[test]
    fn finds_the_bucket() {
        for (uri, path, bucket) in [
            ("http://127.0.0.1:5000/b/a/k?x-id=G", "/a/k?x-id=G", Some("b")),
            ("http://h/prefix/b/k", "/k", Some("b")),
            ("http://h/b/?list-type=2", "/?list-type=2", Some("b")),
            ("https://b.s3.eu-west-1.amazonaws.com/k", "/k", Some("b")),
            ("https://my.b.s3.eu-west-1.amazonaws.com/k", "/k", Some("my.b")),
            ("https://ap-1.s3-accesspoint.eu-west-1.amazonaws.com/k", "/k", Some("ap-1")),
            ("http://b.localhost:5000/k", "/k", Some("b")),
            ("http://localhost:5000/k", "/k", None),
            ("/k", "/k", None),
            ("http://h/other", "/k", None),
        ] {
            assert_eq!(bucket_of(uri, path).as_deref(), bucket, "{uri}");
        }
    }
}
