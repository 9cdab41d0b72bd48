use std::fmt;

/// How a gRPC call ended, as [its specification] numbers it.
///
/// ```
/// use xray_core::http::{Outcome, grpc::Code};
///
/// assert_eq!(Code::of(5), Some(Code::NotFound));
/// assert_eq!(Code::NotFound.to_string(), "NOT_FOUND");
/// assert_eq!(Outcome::of_grpc(Code::NotFound), Outcome::Error);
/// ```
///
/// [its specification]: https://grpc.io/docs/guides/status-codes/
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the specification says what they mean")]
pub enum Code {
    Ok,
    Cancelled,
    Unknown,
    InvalidArgument,
    DeadlineExceeded,
    NotFound,
    AlreadyExists,
    PermissionDenied,
    ResourceExhausted,
    FailedPrecondition,
    Aborted,
    OutOfRange,
    Unimplemented,
    Internal,
    Unavailable,
    DataLoss,
    Unauthenticated,
}

/// By their numbers.
const CODES: [(Code, &str); 17] = [
    (Code::Ok, "OK"),
    (Code::Cancelled, "CANCELLED"),
    (Code::Unknown, "UNKNOWN"),
    (Code::InvalidArgument, "INVALID_ARGUMENT"),
    (Code::DeadlineExceeded, "DEADLINE_EXCEEDED"),
    (Code::NotFound, "NOT_FOUND"),
    (Code::AlreadyExists, "ALREADY_EXISTS"),
    (Code::PermissionDenied, "PERMISSION_DENIED"),
    (Code::ResourceExhausted, "RESOURCE_EXHAUSTED"),
    (Code::FailedPrecondition, "FAILED_PRECONDITION"),
    (Code::Aborted, "ABORTED"),
    (Code::OutOfRange, "OUT_OF_RANGE"),
    (Code::Unimplemented, "UNIMPLEMENTED"),
    (Code::Internal, "INTERNAL"),
    (Code::Unavailable, "UNAVAILABLE"),
    (Code::DataLoss, "DATA_LOSS"),
    (Code::Unauthenticated, "UNAUTHENTICATED"),
];

impl Code {
    /// The code of a number; `None` above 16.
    #[must_use]
    pub fn of(number: u16) -> Option<Self> {
        CODES.get(usize::from(number)).map(|(code, _)| *code)
    }

    /// The specification's name, such as `NOT_FOUND`.
    #[must_use]
    pub fn name(self) -> &'static str {
        CODES[self as usize].1
    }

    /// The value of `grpc-status`, which is a decimal number without leading zeros.
    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        match text {
            [digit @ b'0'..=b'9'] => Self::of(u16::from(digit - b'0')),
            [b'1', digit @ b'0'..=b'9'] => Self::of(10 + u16::from(digit - b'0')),
            _ => None,
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::{CODES, Code};

    #[test]
    fn numbers_are_places() {
        for (number, (code, _)) in CODES.into_iter().enumerate() {
            assert_eq!(code as usize, number);
            assert_eq!(Code::parse(number.to_string().as_bytes()), Some(code));
        }
    }

    #[test]
    fn bogus_numbers() {
        for text in ["", "abc", "17", "99", "-1", "+1", "00", "01", " 1", "1 ", "1000", "\u{661}"] {
            assert_eq!(Code::parse(text.as_bytes()), None, "{text}");
        }
    }
}
