//! A whitelist as it is written. Keys that are not known are left alone, since the official SDKs' files
//! have some that say nothing, such as `"map": true`.

use std::collections::BTreeMap;

use serde::Deserialize;

#[derive(Deserialize)]
pub(super) struct File {
    pub(super) services: BTreeMap<String, Service>,
}

#[derive(Deserialize)]
pub(super) struct Service {
    #[serde(default)]
    pub(super) operations: BTreeMap<String, Operation>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Operation {
    pub(super) request_parameters: Vec<String>,
    pub(super) response_parameters: Vec<String>,
    pub(super) request_descriptors: BTreeMap<String, Descriptor>,
    pub(super) response_descriptors: BTreeMap<String, Descriptor>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Descriptor {
    pub(super) get_keys: bool,
    pub(super) get_count: bool,
    pub(super) rename_to: Option<String>,
}
