//! One call of a client, from its begin to its end. It lies in the call's own configuration, so that
//! calls of one client cannot mix, and ends with it: also when the call is dropped half-way.

use std::sync::OnceLock;

use aws_runtime::{
    invocation_id::InvocationIdInterceptor, request_info::RequestInfoInterceptor,
    user_agent::UserAgentInterceptor,
};
use aws_smithy_runtime_api::client::{interceptors::DisableInterceptor, orchestrator::Metadata};
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};
use aws_types::region::Region;
use serde_json::{Map, Value};
use xray_core::{Entity, Namespace, Subsegment, document::Exception};

use crate::whitelist::{Parameters, service_key};

/// Calls that X-Ray SDKs make themselves.
const OWN_CALLS: [&str; 3] = ["GetSamplingRules", "GetSamplingTargets", "PutTraceSegments"];

#[derive(Debug)]
pub(crate) struct Call {
    subsegment: Subsegment,
    prepared: OnceLock<Prepared>,
    ended: OnceLock<()>,
}

/// What is known once the request is serialised.
#[derive(Debug, Default)]
pub(crate) struct Prepared {
    /// What the bucket is to be recorded as, and the path that the request had without a host; if the
    /// host has to tell it.
    pub(crate) bucket: Option<(String, String)>,
}

/// Where a call is. None is there before it begins.
#[derive(Debug)]
pub(crate) struct State(
    /// None after its end, and of what is not recorded: so an interceptor that is installed twice
    /// begins no second one.
    Option<Call>,
);

impl Storable for State {
    type Storer = StoreReplace<Self>;
}

impl State {
    /// Begins the call, if it has not begun.
    pub(crate) fn begin(cfg: &mut ConfigBag) {
        if cfg.load::<Self>().is_none() {
            let call = if is_presigned(cfg) { None } else { Call::begin(cfg) };
            cfg.interceptor_state().store_put(Self(call));
        }
    }

    /// The call that runs.
    pub(crate) fn call(cfg: &ConfigBag) -> Option<&Call> {
        cfg.load::<Self>()?.0.as_ref()
    }

    /// Ends the call, of which all is recorded.
    pub(crate) fn end(cfg: &mut ConfigBag) {
        if let Some(call) = Self::call(cfg) {
            let _ = call.ended.set(());
            cfg.interceptor_state().store_put(Self(None));
        }
    }
}

/// Whether the request is only signed and never sent. There is no other sign of it at this point.
fn is_presigned(cfg: &ConfigBag) -> bool {
    cfg.load::<DisableInterceptor<InvocationIdInterceptor>>().is_some()
        && cfg.load::<DisableInterceptor<RequestInfoInterceptor>>().is_some()
        && cfg.load::<DisableInterceptor<UserAgentInterceptor>>().is_some()
}

impl Call {
    /// Begins the subsegment, if the call is one to record.
    fn begin(cfg: &ConfigBag) -> Option<Self> {
        let metadata = cfg.load::<Metadata>()?;
        let (service, operation) = (metadata.service(), metadata.name());
        if OWN_CALLS.contains(&operation) && service_key(service) == "xray" {
            return None;
        }
        let subsegment = Subsegment::begin(service);
        subsegment.when_sampled(|call| {
            call.namespace(Namespace::Aws);
            call.aws("operation", operation);
            if let Some(region) = cfg.load::<Region>() {
                call.aws("region", region.as_ref());
            }
        });
        Some(Self { subsegment, prepared: OnceLock::new(), ended: OnceLock::new() })
    }

    pub(crate) fn entity(&self) -> &Entity {
        &self.subsegment
    }

    /// Once, however often the interceptor is installed.
    pub(crate) fn prepare(&self, prepare: impl FnOnce() -> Prepared) {
        self.prepared.get_or_init(prepare);
    }

    pub(crate) fn prepared(&self) -> Option<&Prepared> {
        self.prepared.get()
    }

    /// Records parameters by the names that the whitelist has for them.
    pub(crate) fn record(&self, values: Map<String, Value>, listed: &Parameters) {
        for (name, value) in values {
            if let Some(parameter) = listed.get(&name) {
                self.record_as(&parameter.key, value);
            }
        }
    }

    pub(crate) fn record_as(&self, key: &str, value: Value) {
        if let Some(names) = resource_names(key, &value) {
            self.subsegment.aws("resource_names", names);
        }
        self.subsegment.aws(key, value);
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        if self.ended.get().is_none() && self.subsegment.is_sampled() {
            let message = "the call was dropped before its end";
            self.subsegment.record_exceptions(&[Exception::new("Cancelled", message)]);
            // Nobody knows what the service would have said.
            self.subsegment.set_fault(false);
            self.subsegment.set_error(true);
        }
    }
}

/// Names of the table, bucket, queue or topic that is called, as AWS's examples show them.
fn resource_names(key: &str, value: &Value) -> Option<Value> {
    match (key, value) {
        ("table_names", Value::Array(_)) => Some(value.clone()),
        ("table_name" | "bucket_name", Value::String(_)) => Some(vec![value.clone()].into()),
        ("queue_url", Value::String(url)) => Some(vec![url.rsplit('/').next()?].into()),
        ("topic_arn", Value::String(arn)) => Some(vec![arn.rsplit(':').next()?].into()),
        _ => None,
    }
}
