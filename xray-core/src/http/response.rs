use super::grpc;

/// What is known of a response when its head is about to leave, or has come.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "integrations build it")]
pub struct ResponseHead<'a> {
    /// The status code.
    pub status: u16,
    /// `Content-Length`; of a response that leaves, else the exact size of the body.
    pub content_length: Option<u64>,
    /// `Content-Type`.
    pub content_type: Option<&'a str>,
    /// Whether the body has no more to give.
    pub body_ended: bool,
    /// What it says of a gRPC call, if it answers one.
    pub grpc: Option<grpc::Status<'a>>,
}

/// As far as it says what a response has after its head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    Head,
    Connect,
    Other,
}

impl Method {
    pub(super) fn of(method: &str) -> Self {
        match method {
            "HEAD" => Self::Head,
            "CONNECT" => Self::Connect,
            _ => Self::Other,
        }
    }
}

/// What comes after the head of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Follows {
    Nothing,
    Body,
    /// A tunnel or events, which belong to no request.
    Stream,
}

impl<'a> ResponseHead<'a> {
    /// What a response says that is judged by gRPC's status; with another HTTP status and none of gRPC's,
    /// something between the two has answered.
    pub(super) fn call_status(&self) -> Option<grpc::Status<'a>> {
        self.grpc.filter(|told| self.status == 200 || told.status.is_some())
    }

    /// Whether the status forbids a body, whatever `Content-Length` says.
    pub(super) fn is_bodiless(&self) -> bool {
        matches!(self.status, 100..=199 | 204 | 304)
    }

    pub(super) fn follows(&self, method: Method) -> Follows {
        let bodiless = self.is_bodiless();
        let tunnel =
            self.status == 101 || (method == Method::Connect && (200..300).contains(&self.status));
        let streams = tunnel || (!bodiless && self.content_type.is_some_and(is_event_stream));
        if method == Method::Head || self.body_ended {
            Follows::Nothing
        } else if streams {
            Follows::Stream
        } else if bodiless || self.content_length == Some(0) {
            Follows::Nothing
        } else {
            Follows::Body
        }
    }
}

fn is_event_stream(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("text/event-stream")
}
