use std::time::Duration;

/// The header, or the trailer, that holds how a call ended.
const STATUS: &str = "grpc-status";
const MESSAGE: &str = "grpc-message";
const TIMEOUT: &str = "grpc-timeout";

/// Whether a `Content-Type` is that of gRPC. That of gRPC-Web, whose trailers are a part of its body,
/// is not.
#[must_use]
pub fn is_grpc(content_type: &[u8]) -> bool {
    let rest = content_type.strip_prefix(b"application/grpc");
    rest.is_some_and(|rest| matches!(rest, [] | [b'+' | b';' | b' ', ..]))
}

/// What the head of a gRPC request says of the call.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Request<'a> {
    /// `grpc-timeout`.
    pub timeout: Option<&'a [u8]>,
}

impl<'a> Request<'a> {
    /// Reads a request's headers, as far as it is a gRPC call; `None` for any other. `get` gives the value
    /// of the header of a name.
    ///
    /// ```
    /// use xray_core::http::grpc::Request;
    ///
    /// let get = |name: &str| (name == "grpc-timeout").then_some(&b"100m"[..]);
    /// assert!(Request::of(Some(b"application/grpc+proto"), get).is_some());
    /// assert!(Request::of(Some(b"application/json"), get).is_none());
    /// ```
    #[inline]
    pub fn of(
        content_type: Option<&[u8]>,
        get: impl FnOnce(&'static str) -> Option<&'a [u8]>,
    ) -> Option<Self> {
        content_type.is_some_and(is_grpc).then(|| Self { timeout: get(TIMEOUT) })
    }

    /// How long the caller will wait.
    pub(super) fn time_left(&self) -> Option<Duration> {
        let (unit, digits) = self.timeout?.split_last()?;
        // The specification has at most 8.
        if digits.is_empty() || digits.len() > 8 {
            return None;
        }
        let number: u64 = std::str::from_utf8(digits).ok()?.parse().ok()?;
        match unit {
            b'H' => Some(Duration::from_secs(number * 3600)),
            b'M' => Some(Duration::from_secs(number * 60)),
            b'S' => Some(Duration::from_secs(number)),
            b'm' => Some(Duration::from_millis(number)),
            b'u' => Some(Duration::from_micros(number)),
            b'n' => Some(Duration::from_nanos(number)),
            _ => None,
        }
    }
}

/// How a gRPC call ended, as the head of the response or its trailers say it.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Status<'a> {
    /// `grpc-status`.
    pub status: Option<&'a [u8]>,
    /// `grpc-message`, percent-encoded.
    pub message: Option<&'a [u8]>,
}

impl<'a> Status<'a> {
    /// Reads a response's headers; `None` where it is none of gRPC. `get` gives the value of the header of a
    /// name.
    ///
    /// ```
    /// use xray_core::http::grpc::Status;
    ///
    /// let get = |name: &str| (name == "grpc-status").then_some(&b"5"[..]);
    /// let status = Status::of_head(Some(b"application/grpc"), get).unwrap();
    /// assert_eq!(status.status, Some(&b"5"[..]));
    /// assert!(Status::of_head(Some(b"text/html"), get).is_none());
    /// ```
    #[inline]
    pub fn of_head(
        content_type: Option<&[u8]>,
        get: impl Fn(&'static str) -> Option<&'a [u8]>,
    ) -> Option<Self> {
        content_type.is_some_and(is_grpc).then(|| Self::of_trailers(get))
    }

    /// Reads trailers.
    pub fn of_trailers(get: impl Fn(&'static str) -> Option<&'a [u8]>) -> Self {
        Self { status: get(STATUS), message: get(MESSAGE) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_types() {
        for yes in ["application/grpc", "application/grpc+proto", "application/grpc; charset=x"] {
            assert!(is_grpc(yes.as_bytes()), "{yes}");
        }
        for no in ["", "application/grpcx", "application/grpc-web+proto", "text/plain"] {
            assert!(!is_grpc(no.as_bytes()), "{no}");
        }
    }

    #[test]
    fn timeouts() {
        let left = |text: &str| Request { timeout: Some(text.as_bytes()) }.time_left();
        assert_eq!(left("1H"), Some(Duration::from_secs(3600)));
        assert_eq!(left("2M"), Some(Duration::from_secs(120)));
        assert_eq!(left("3S"), Some(Duration::from_secs(3)));
        assert_eq!(left("100m"), Some(Duration::from_millis(100)));
        assert_eq!(left("7u"), Some(Duration::from_micros(7)));
        assert_eq!(left("99999999n"), Some(Duration::from_nanos(99_999_999)));
        for bogus in ["", "S", "5", "5s", "-5S", "5 S", "123456789S", "\u{661}S"] {
            assert_eq!(left(bogus), None, "{bogus}");
        }
    }
}
