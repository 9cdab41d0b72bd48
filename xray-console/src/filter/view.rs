//! What a filter reads of a trace.
//!
//! The filter never owns a trace: the store implements these two traits over whatever it keeps. Every
//! question is either "is it", "how much" or "does any of them", so that a multi-valued field needs
//! no allocation and a walk ends at the first hit.

/// A yes-or-no fact of one segment or call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Flag {
    /// The caller's mistake: a 4xx status or `error: true`; a throttled request is an error as well.
    Error,
    /// The server's mistake: a 5xx status or `fault: true`.
    Fault,
    /// Status 429 or `throttle: true`.
    Throttle,
    /// Still in progress.
    Partial,
    /// No document came from this node; it is known from its caller's subsegment only.
    Inferred,
    /// The entry of the trace.
    Root,
}

/// A number of one segment or call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Number {
    /// Seconds from the start to the end of the segment; of a call, the caller's subsegment.
    ResponseTime,
    /// Seconds from the start to the last end, asynchronous children included.
    Duration,
    /// The HTTP status code.
    HttpStatus,
}

/// A text of one segment or call; any of them may have several values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Text {
    /// Every name of the node.
    Name,
    /// The node's type, such as `AWS::DynamoDB::Table`.
    Type,
    /// The account the node belongs to.
    AccountId,
    /// The request's URL.
    HttpUrl,
    /// The request's method.
    HttpMethod,
    /// The client's `User-Agent`.
    HttpUserAgent,
    /// The client's address.
    HttpClientIp,
    /// The user of the request.
    User,
    /// The availability zone of the instance.
    AvailabilityZone,
    /// The id of the instance.
    InstanceId,
    /// The resource the segment ran on.
    ResourceArn,
    /// The messages of the exceptions.
    Message,
}

/// The value of an annotation, borrowed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum AnnotationRef<'a> {
    Bool(bool),
    Number(f64),
    Text(&'a str),
}

/// One segment of a trace, inferred ones included, or the call of an edge.
pub(crate) trait EntityView {
    /// Whether the fact holds.
    fn is(&self, flag: Flag) -> bool;

    /// The number, where the document has it.
    fn number(&self, number: Number) -> Option<f64>;

    /// Whether any value of the text passes the test.
    fn any_text(&self, text: Text, test: &mut dyn FnMut(&str) -> bool) -> bool;

    /// Whether any value that the segment or one of its subsegments has under the key passes the test.
    fn any_annotation(&self, key: &str, test: &mut dyn FnMut(AnnotationRef<'_>) -> bool) -> bool;
}

/// One direct call from a node to another.
#[derive(Clone, Copy)]
pub(crate) struct EdgeView<'a> {
    /// The caller's segment.
    pub(crate) from: &'a dyn EntityView,
    /// The segment that was called.
    pub(crate) to: &'a dyn EntityView,
    /// The call as the caller saw it: its subsegment's times, class and status.
    pub(crate) call: &'a dyn EntityView,
}

/// One trace as the filter sees it.
pub(crate) trait TraceView {
    /// The id, `1-xxxxxxxx-xxxxxxxxxxxxxxxxxxxxxxxx`.
    fn id(&self) -> &str;

    /// The segment without a parent, once it is here.
    fn root(&self) -> Option<&dyn EntityView>;

    /// Seconds from the first start to the last end of all segments.
    fn duration(&self) -> Option<f64>;

    /// Whether any segment passes the test.
    fn any_segment(&self, test: &mut dyn FnMut(&dyn EntityView) -> bool) -> bool;

    /// Whether any call between two nodes passes the test.
    fn any_edge(&self, test: &mut dyn FnMut(EdgeView<'_>) -> bool) -> bool;
}
