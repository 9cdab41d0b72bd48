use std::{error, fmt, sync::Arc};

/// Why something could not be built, parsed or read.
///
/// Recording never returns an error; only constructors that parse or read what you give them do.
/// The text says what is wrong, where, and what would be right; it may change between releases,
/// so test with the `is_*` methods instead.
///
/// ```
/// let error = "1-zzz".parse::<xray_core::TraceId>().unwrap_err();
/// assert!(error.is_parse());
/// ```
#[derive(Clone)]
pub struct Error {
    kind: Kind,
    message: String,
    source: Option<Arc<dyn error::Error + Send + Sync>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Parse,
    Config,
    Io,
}

impl Error {
    pub(crate) fn parse(message: impl Into<String>) -> Self {
        Self::new(Kind::Parse, message.into())
    }

    pub(crate) fn config(message: impl Into<String>) -> Self {
        Self::new(Kind::Config, message.into())
    }

    pub(crate) fn io(message: impl Into<String>, source: std::io::Error) -> Self {
        let mut error = Self::new(Kind::Io, message.into());
        error.source = Some(Arc::new(source));
        error
    }

    fn new(kind: Kind, message: String) -> Self {
        Self { kind, message, source: None }
    }

    /// The text of an id or of another value does not have the form it must have.
    #[must_use]
    pub fn is_parse(&self) -> bool {
        self.kind == Kind::Parse
    }

    /// A value set in code, or a rules document, is wrong.
    #[must_use]
    pub fn is_config(&self) -> bool {
        self.kind == Kind::Config
    }

    /// A file could not be read.
    #[must_use]
    pub fn is_io(&self) -> bool {
        self.kind == Kind::Io
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error").field("kind", &self.kind).field("message", &self.message).finish()
    }
}

impl error::Error for Error {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        self.source.as_ref().map(|source| &**source as &(dyn error::Error + 'static))
    }
}
