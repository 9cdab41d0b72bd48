use crate::{
    Entity,
    header::{HEADER_NAME, TRACEPARENT, TRACESTATE},
};

/// Carries the trace on with a call that `entity` makes: gives `set` the name, in lower case, and the
/// value of each header, `X-Amzn-Trace-Id` and W3C's `traceparent` and `tracestate`, as far as
/// `OTEL_PROPAGATORS` asks for them.
///
/// `set` should replace a header that is there, so that a request that is sent again names the new call.
/// Where there is no trace, it is not called.
///
/// ```
/// use std::collections::HashMap;
/// use xray_core::{Recorder, http::inject};
///
/// let xray = Recorder::builder("orders").build()?;
/// let segment = xray.segment("order").sampled(true).begin();
/// let call = segment.subsegment("payments");
/// let mut headers = HashMap::new();
/// inject(&call, |name, value| drop(headers.insert(name, value.to_owned())));
/// assert!(headers["x-amzn-trace-id"].ends_with(";Sampled=1"));
/// assert!(headers["traceparent"].ends_with("-01"));
/// # Ok::<(), xray_core::Error>(())
/// ```
pub fn inject(entity: &Entity, mut set: impl FnMut(&'static str, &str)) {
    if let Some(header) = entity.trace_header() {
        set(HEADER_NAME, &header.to_string());
    }
    if let Some(parent) = entity.traceparent() {
        set(TRACEPARENT, &parent.to_string());
        if let Some(state) = entity.tracestate() {
            set(TRACESTATE, state);
        }
    }
}
