use awc::error::SendRequestError;

/// The name of an error's variant: what went wrong.
pub(super) fn kind(error: &SendRequestError) -> &'static str {
    match error {
        SendRequestError::Url(_) => "awc::SendRequestError::Url",
        SendRequestError::Connect(_) => "awc::SendRequestError::Connect",
        SendRequestError::Send(_) => "awc::SendRequestError::Send",
        SendRequestError::Response(_) => "awc::SendRequestError::Response",
        SendRequestError::Http(_) => "awc::SendRequestError::Http",
        SendRequestError::H2(_) => "awc::SendRequestError::H2",
        SendRequestError::Timeout => "awc::SendRequestError::Timeout",
        SendRequestError::Body(_) => "awc::SendRequestError::Body",
        _ => "awc::SendRequestError",
    }
}
