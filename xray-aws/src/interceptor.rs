use std::{fmt, path::Path, sync::Arc};

use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        interceptors::{
            Intercept,
            context::{
                BeforeSerializationInterceptorContextMut, BeforeSerializationInterceptorContextRef,
                BeforeTransmitInterceptorContextMut, FinalizerInterceptorContextRef,
            },
        },
        orchestrator::{HttpRequest, Metadata},
        runtime_components::RuntimeComponents,
    },
    http::Headers,
};
use aws_smithy_types::{
    body::SdkBody,
    config_bag::ConfigBag,
    telemetry::{CapturedTelemetryAttributes, RequestedTelemetryAttributes},
};
use serde_json::{Map, Value};
use xray_core::{
    Entity,
    header::{TRACEPARENT, TRACESTATE},
    http::inject,
};

use crate::{
    Whitelist,
    call::{Call, Prepared, State},
    carry::carrying,
    outcome,
    whitelist::{Operation, Parameters, service_key},
    wire,
};

/// Records each call of a client as a subsegment of the current entity, with all its retries inside.
///
/// One interceptor fits all clients; a clone shares its whitelist. Nothing of a call is kept in it, so
/// it may be shared between any number of clients, and installing it twice records once.
///
/// ```
/// use aws_types::SdkConfig;
/// use xray_aws::XRayInterceptor;
///
/// # fn example(config: &SdkConfig) {
/// let dynamodb = aws_sdk_dynamodb::config::Builder::from(config)
///     .interceptor(XRayInterceptor::new())
///     .build();
/// let dynamodb = aws_sdk_dynamodb::Client::from_conf(dynamodb);
/// # }
/// ```
#[derive(Clone, Default)]
#[must_use = "it records nothing before a client has it"]
pub struct XRayInterceptor {
    whitelist: Whitelist,
    account_id: Option<Arc<str>>,
}

impl XRayInterceptor {
    /// Records the parameters that the official SDKs record.
    pub fn new() -> Self {
        Self::default()
    }

    /// Records the parameters that this whitelist has, and no others.
    pub fn whitelist(mut self, whitelist: Whitelist) -> Self {
        self.whitelist = whitelist;
        self
    }

    /// As [`whitelist`](Self::whitelist), from a file. If it cannot be read, an error is logged and
    /// the parameters stay as they are; [`Whitelist::from_file`] returns the error instead.
    pub fn whitelist_file(self, path: impl AsRef<Path>) -> Self {
        match read(path.as_ref()) {
            Some(whitelist) => self.whitelist(whitelist),
            None => self,
        }
    }

    /// Adds what a file has, as [`Whitelist::extend`] does. If it cannot be read, an error is logged
    /// and the parameters stay as they are.
    pub fn extend_whitelist_file(mut self, path: impl AsRef<Path>) -> Self {
        if let Some(whitelist) = read(path.as_ref()) {
            self.whitelist = self.whitelist.extend(whitelist);
        }
        self
    }

    /// Which account owns the resources that are called, as `aws.account_id`: for calls into another
    /// account.
    pub fn account_id(mut self, account: &str) -> Self {
        self.account_id = Some(account.into());
        self
    }

    /// Records what the serialised request tells, and puts the trace where no header carries it.
    fn prepare(&self, call: &Call, request: &mut HttpRequest, cfg: &ConfigBag) -> Prepared {
        let Some(metadata) = cfg.load::<Metadata>() else { return Prepared::default() };
        let (service, operation) = (service_key(metadata.service()), metadata.name());
        let entity = call.entity();
        if let Some(account) = &self.account_id {
            entity.aws("account_id", &**account);
        }
        let mut prepared = Prepared::default();
        if let Some(Operation { request: listed, .. }) =
            self.whitelist.operation(&service, operation)
            && !listed.is_empty()
        {
            let values = of_request(&service, operation, request, cfg, listed);
            let host = wire::location(&service, operation).and_then(|at| at.host.as_ref());
            let missing = host.filter(|name| !values.contains_key(*name));
            prepared.bucket = missing
                .and_then(|name| Some((listed.get(name)?.key.clone(), request.uri().to_owned())));
            call.record(values, listed);
        }
        let header = || entity.trace_header();
        let body = request.body().bytes();
        if let Some(body) = body.and_then(|body| carrying(&service, operation, body, header)) {
            let headers = request.headers_mut();
            if headers.contains_key("content-length") {
                headers.insert("content-length", body.len().to_string());
            }
            *request.body_mut() = SdkBody::from(body);
        }
        prepared
    }

    fn record_response(
        &self,
        call: &Call,
        context: &FinalizerInterceptorContextRef<'_>,
        cfg: &ConfigBag,
    ) {
        let (Some(metadata), Some(response)) = (cfg.load::<Metadata>(), context.response()) else {
            return;
        };
        let (service, operation) = (service_key(metadata.service()), metadata.name());
        let Some(operation_listed) = self.whitelist.operation(&service, operation) else { return };
        let listed = &operation_listed.response;
        if listed.is_empty() {
            return;
        }
        let headers = response.headers();
        let values = match wire::location(&service, operation) {
            Some(location) => location.of_response(response.status().as_u16(), headers, listed),
            None => {
                let body = response.body().bytes();
                body.map(|body| wire::of_body(headers, body, listed)).unwrap_or_default()
            }
        };
        call.record(values, listed);
    }
}

impl Intercept for XRayInterceptor {
    fn name(&self) -> &'static str {
        "XRayInterceptor"
    }

    fn read_before_execution(
        &self,
        _: &BeforeSerializationInterceptorContextRef<'_>,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if Entity::current().is_sampled() {
            let requested = self.whitelist.requested(cfg.load::<RequestedTelemetryAttributes>());
            cfg.interceptor_state().store_put(requested);
        }
        Ok(())
    }

    fn modify_before_serialization(
        &self,
        _: &mut BeforeSerializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        State::begin(cfg);
        Ok(())
    }

    fn modify_before_retry_loop(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(call) = State::call(cfg)
            && call.entity().is_sampled()
        {
            call.prepare(|| self.prepare(call, context.request_mut(), cfg));
        }
        Ok(())
    }

    // After the signature, which then does not cover the headers: proxies change them under way.
    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Some(call) = State::call(cfg) else { return Ok(()) };
        carry_on(call.entity(), context.request_mut().headers_mut());
        if let Some(Prepared { bucket: Some((key, path)) }) = call.prepared()
            && let Some(bucket) = wire::bucket_of(context.request().uri(), path)
        {
            call.record_as(key, bucket.into());
        }
        Ok(())
    }

    fn read_after_execution(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        components: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        // It has not begun where the SDK itself refused the input.
        State::begin(cfg);
        let Some(call) = State::call(cfg) else { return Ok(()) };
        let entity = call.entity();
        if entity.is_sampled() && outcome::record(entity, context.inner(), components, cfg) {
            self.record_response(call, context, cfg);
        }
        State::end(cfg);
        Ok(())
    }
}

impl fmt::Debug for XRayInterceptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("XRayInterceptor")
    }
}

/// Carries the trace on in the headers of a request that is signed already. What somebody else has set
/// is replaced, unless the signature covers it: the service would refuse a call that has it changed.
fn carry_on(entity: &Entity, headers: &mut Headers) {
    let signed = headers.get("authorization").and_then(signed_headers).unwrap_or_default();
    let is_signed = |name: &str| signed.split(';').any(|it| it.trim().eq_ignore_ascii_case(name));
    // A state is that of its parent.
    let stays = |name| is_signed(name) || (name == TRACESTATE && is_signed(TRACEPARENT));
    inject(entity, |name, value| {
        if stays(name) {
            return;
        }
        if name == TRACEPARENT && !stays(TRACESTATE) {
            // Of another trace, and ours may have none, which would come next.
            headers.remove(TRACESTATE);
        }
        // A value that no header may hold is left out.
        let _ = headers.try_insert(name, value.to_owned());
    });
}

/// The names that the signature in `Authorization` covers, separated by `;`.
fn signed_headers(authorization: &str) -> Option<String> {
    let (_, rest) = authorization.split_once("SignedHeaders=")?;
    Some(rest.split(',').next().unwrap_or_default().to_owned())
}

fn read(path: &Path) -> Option<Whitelist> {
    let read = Whitelist::from_file(path);
    read.inspect_err(|error| {
        log::error!("{error}; the parameters that are recorded stay as they are");
    })
    .ok()
}

/// What the request's own places tell, and, where the SDK tells more, that: texts of any parameter,
/// also where a body is too long to be read.
fn of_request(
    service: &str,
    operation: &str,
    request: &HttpRequest,
    cfg: &ConfigBag,
    listed: &Parameters,
) -> Map<String, Value> {
    let headers = request.headers();
    let mut values = match wire::location(service, operation) {
        Some(location) => location.of_request(request.uri(), headers, listed),
        None => {
            let body = request.body().bytes();
            body.map(|body| wire::of_body(headers, body, listed)).unwrap_or_default()
        }
    };
    for (name, value) in
        cfg.load::<CapturedTelemetryAttributes>().into_iter().flat_map(|it| it.iter())
    {
        if let Some(parameter) = listed.get(name)
            && let Some(value) = parameter.what.of(value.into())
        {
            values.insert(name.to_owned(), value);
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use xray_core::{Recorder, header::CallerHeaders, testing::MemoryEmitter};

    use super::{Headers, carry_on};

    const THEIRS: &str = "00-5759e988bd862e3fe1be46a994272794-53995c3f42cd8ad9-01";
    const OURS: &str = "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-00";
    const OUR_HEADER: &str =
        "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0";

    /// The headers that are sent where `set` are there and the signature covers `signed`, in a trace that
    /// came with `state`.
    fn sent(
        set: &[(&'static str, &'static str)],
        signed: &str,
        state: Option<&str>,
    ) -> [Option<String>; 3] {
        let recorder = Recorder::builder("t").emitter(MemoryEmitter::new()).build();
        let recorder = recorder.expect("a recorder");
        let context = recorder.trace_context(&CallerHeaders {
            traceparent: Some(OURS.as_bytes()),
            tracestate: state.map(str::as_bytes),
            ..CallerHeaders::default()
        });
        let segment = recorder.segment("order").context(context).begin();
        let mut headers = Headers::new();
        for (name, value) in set {
            headers.insert(*name, *value);
        }
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential=id/20260101/us-east-1/sqs/aws4_request, \
             SignedHeaders={signed}, Signature=00"
        );
        headers.insert("authorization", authorization);
        carry_on(&segment, &mut headers);
        ["x-amzn-trace-id", "traceparent", "tracestate"]
            .map(|name| headers.get(name).map(str::to_owned))
    }

    #[track_caller]
    fn are(sent: [Option<String>; 3], expected: [&str; 3]) {
        assert_eq!(sent.map(Option::unwrap_or_default), expected);
    }

    const SET: &[(&str, &str)] =
        &[("x-amzn-trace-id", "theirs"), ("traceparent", THEIRS), ("tracestate", "their=1")];

    #[test]
    fn what_the_signature_covers_stays() {
        let all = "host;traceparent;tracestate;x-amzn-trace-id";
        are(sent(SET, all, Some("our=1")), ["theirs", THEIRS, "their=1"]);
        are(sent(SET, "host;traceparent;tracestate", None), [OUR_HEADER, THEIRS, "their=1"]);
        are(sent(SET, "tracestate", Some("our=1")), [OUR_HEADER, OURS, "their=1"]);
        // Theirs has no state, and ours is that of another trace.
        let without_state = &SET[..2];
        are(sent(without_state, "host;traceparent", Some("our=1")), [OUR_HEADER, THEIRS, ""]);
    }

    #[test]
    fn what_it_does_not_cover_is_replaced() {
        are(sent(SET, "host;x-traceparent", Some("our=1")), [OUR_HEADER, OURS, "our=1"]);
        are(sent(SET, "host", None), [OUR_HEADER, OURS, ""]);
        are(sent(&[], "host", None), [OUR_HEADER, OURS, ""]);
    }
}
