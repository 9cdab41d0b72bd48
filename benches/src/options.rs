use std::path::{Path, PathBuf};

/// What the command line asks for.
#[derive(Debug)]
pub(crate) struct Options {
    /// Fewer rounds, the requests alone, and no file is written.
    pub(crate) quick: bool,
    /// The last line is one JSON object of the requests.
    pub(crate) json: bool,
    /// Fail where our instructions or allocations have grown.
    pub(crate) check: bool,
    /// Take what is counted now for what is checked from now on.
    pub(crate) accept: bool,
    /// One section by its name.
    pub(crate) only: Option<String>,
    /// A Python with the official SDK.
    pub(crate) python: Option<PathBuf>,
    /// A folder whose `node_modules` has the official SDK.
    pub(crate) node: Option<PathBuf>,
    /// Where the programs lie that were built with this one.
    programs: PathBuf,
}

impl Options {
    pub(crate) fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let here = std::env::current_exe().map_err(|error| error.to_string())?;
        let mut options = Self {
            quick: false,
            json: false,
            check: false,
            accept: false,
            only: None,
            python: None,
            node: None,
            programs: here.parent().unwrap_or(&here).to_owned(),
        };
        while let Some(argument) = arguments.next() {
            let mut next =
                || arguments.next().ok_or_else(|| format!("{argument} needs something behind it"));
            match argument.as_str() {
                "--quick" => options.quick = true,
                "--json" => options.json = true,
                "--check" => options.check = true,
                "--accept" => options.accept = true,
                "--only" => options.only = Some(next()?),
                "--python" => options.python = Some(next()?.into()),
                "--node" => options.node = Some(next()?.into()),
                other => return Err(format!("no option named {other:?}")),
            }
        }
        Ok(options)
    }

    /// A program that was built with this one.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.programs.join(name)
    }

    /// The folder of this package's source, where results are kept.
    pub(crate) fn source() -> &'static Path {
        Path::new(env!("CARGO_MANIFEST_DIR"))
    }
}
