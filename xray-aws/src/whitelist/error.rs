use std::{error, fmt, io, path::Path};

/// Why a whitelist could not be read. The text may change between releases.
#[derive(Debug)]
pub struct Error {
    /// The file, if there is one.
    file: Option<String>,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Io(io::Error),
    Syntax(serde_json::Error),
}

impl Error {
    pub(super) fn io(path: &Path, error: io::Error) -> Self {
        Self { file: None, kind: Kind::Io(error) }.of_file(path)
    }

    pub(super) fn syntax(error: serde_json::Error) -> Self {
        Self { file: None, kind: Kind::Syntax(error) }
    }

    pub(super) fn of_file(mut self, path: &Path) -> Self {
        self.file = Some(path.display().to_string());
        self
    }

    /// The file could not be read.
    #[must_use]
    pub fn is_io(&self) -> bool {
        matches!(self.kind, Kind::Io(_))
    }

    /// What was read is no JSON, or no whitelist.
    #[must_use]
    pub fn is_syntax(&self) -> bool {
        matches!(self.kind, Kind::Syntax(_))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.file.as_deref().unwrap_or("the text");
        match &self.kind {
            Kind::Io(error) => write!(f, "whitelist {file} cannot be read: {error}"),
            Kind::Syntax(error) => write!(f, "{file} is no whitelist: {error}"),
        }
    }
}

impl error::Error for Error {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match &self.kind {
            Kind::Io(error) => Some(error),
            Kind::Syntax(error) => Some(error),
        }
    }
}
