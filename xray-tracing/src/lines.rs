use std::fmt;

use tracing_core::{Event, Subscriber};
use tracing_subscriber::{
    fmt::{
        FmtContext,
        format::{Format, FormatEvent, FormatFields, Json, Writer},
    },
    registry::LookupSpan,
};
use xray_core::TraceIds;

/// Lines of `tracing_subscriber::fmt` with the ids of the trace that they belong to, by which X-Ray's
/// console finds them.
///
/// ```
/// use tracing_subscriber::{fmt, prelude::*};
/// use xray_tracing::WithTraceIds;
///
/// let text = fmt::layer().with_target(false).map_event_format(WithTraceIds::new);
/// let json = fmt::layer().json().map_event_format(WithTraceIds::new);
/// # let _ = tracing_subscriber::registry().with(text).with(json);
/// ```
///
/// A line of text ends with ` trace_id=1-… segment_id=… AWS-XRAY-TRACE-ID: 1-…@…`; in JSON these are
/// fields, and so is `xrayTraceId`, by which CloudWatch's Application Signals looks. They name the entity that is
/// current where the event is. Where nothing is recorded, and where an event names its span by `parent:`, the
/// line is as it would be.
///
/// Set what else the format shows before, as in the example: it is wrapped here. A format of your own
/// can write [`TraceIds::current`].
#[derive(Clone, Copy, Debug, Default)]
pub struct WithTraceIds<F>(F);

impl<F> WithTraceIds<F> {
    /// Adds the ids to what `format` writes.
    #[must_use]
    pub fn new(format: F) -> Self {
        Self(format)
    }
}

impl<S, N, L, T> FormatEvent<S, N> for WithTraceIds<Format<L, T>>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    L: Clone + 'static,
    T: Clone,
    Format<L, T>: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        // An event that names its span may be of another trace than the code it stands in.
        let ids = if event.is_contextual() { TraceIds::current() } else { None };
        let Some(ids) = ids else { return self.0.format_event(context, writer, event) };
        let mut line = String::new();
        // A writer of our own has forgotten whether colours are wanted.
        let format = self.0.clone().with_ansi(writer.has_ansi_escapes());
        format.format_event(context, Writer::new(&mut line), event)?;
        let TraceIds { trace_id, segment_id, .. } = ids;
        let text = line.trim_end_matches('\n');
        let end = &line[text.len()..];
        if std::any::TypeId::of::<L>() != std::any::TypeId::of::<Json>() {
            return write!(writer, "{text} trace_id={trace_id} segment_id={segment_id} {ids}{end}");
        }
        let Some(open) = text.strip_suffix('}') else { return writer.write_str(&line) };
        let comma = if open == "{" { "" } else { "," };
        write!(
            writer,
            "{open}{comma}\"trace_id\":\"{trace_id}\",\"segment_id\":\"{segment_id}\",\
             \"xrayTraceId\":\"{trace_id}\",\"AWS-XRAY-TRACE-ID\":\"{trace_id}@{segment_id}\"}}{end}"
        )
    }
}
