use super::grpc::Code;

/// How a request ended, by its status.
///
/// ```
/// use xray_core::http::Outcome;
///
/// assert_eq!(Outcome::of_status(404), Outcome::Error);
/// assert_eq!(Outcome::of_status(429), Outcome::Throttle);
/// assert_eq!(Outcome::of_status(503), Outcome::Fault);
/// assert_eq!(Outcome::of_status(302), Outcome::Ok);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// Neither of the others.
    Ok,
    /// 4xx: the caller did something wrong.
    Error,
    /// 429: the caller was told to slow down. An error as well.
    Throttle,
    /// 5xx: the service did something wrong.
    Fault,
}

impl Outcome {
    /// The outcome that a status code stands for.
    #[must_use]
    pub fn of_status(status: u16) -> Self {
        match status {
            429 => Self::Throttle,
            400..=499 => Self::Error,
            500..=599 => Self::Fault,
            _ => Self::Ok,
        }
    }

    /// The outcome that the code of a gRPC call stands for: a fault where the service, or what lies between,
    /// is to blame, and an error where the caller is.
    ///
    /// ```
    /// use xray_core::http::{Outcome, grpc::Code};
    ///
    /// assert_eq!(Outcome::of_grpc(Code::ResourceExhausted), Outcome::Throttle);
    /// assert_eq!(Outcome::of_grpc(Code::Unavailable), Outcome::Fault);
    /// ```
    #[must_use]
    pub fn of_grpc(code: Code) -> Self {
        match code {
            Code::Ok => Self::Ok,
            Code::ResourceExhausted => Self::Throttle,
            Code::Cancelled
            | Code::InvalidArgument
            | Code::NotFound
            | Code::AlreadyExists
            | Code::PermissionDenied
            | Code::Unauthenticated
            | Code::FailedPrecondition
            | Code::Aborted
            | Code::OutOfRange => Self::Error,
            Code::Unknown
            | Code::DeadlineExceeded
            | Code::Unimplemented
            | Code::Internal
            | Code::Unavailable
            | Code::DataLoss => Self::Fault,
        }
    }
}
