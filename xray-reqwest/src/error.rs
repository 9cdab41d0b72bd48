use reqwest_middleware::Error;
use xray_core::http::Call;

/// Records why there is no answer.
pub(crate) fn fail(call: &mut Call, error: &Error) {
    match error {
        Error::Reqwest(error) => {
            if let Some(url) = error.url() {
                call.url(url.as_str());
            }
            call.fail(kind(error), error);
        }
        Error::Middleware(error) => call.fail("reqwest_middleware::Error::Middleware", &**error),
    }
}

/// The one type that reqwest's errors have, by what they say of themselves; the first that holds is the
/// most telling one.
pub(crate) fn kind(error: &reqwest::Error) -> &'static str {
    if error.is_timeout() {
        "reqwest::Error::Timeout"
    } else if error.is_connect() {
        "reqwest::Error::Connect"
    } else if error.is_redirect() {
        "reqwest::Error::Redirect"
    } else if error.is_body() {
        "reqwest::Error::Body"
    } else if error.is_decode() {
        "reqwest::Error::Decode"
    } else if error.is_builder() {
        "reqwest::Error::Builder"
    } else if error.is_upgrade() {
        "reqwest::Error::Upgrade"
    } else {
        "reqwest::Error::Request"
    }
}
