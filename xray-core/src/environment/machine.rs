use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Read},
    path::PathBuf,
};

use super::Reader;

/// Most bytes of a file that is read.
const MAX_FILE: u64 = 64 * 1024;

/// Characters of a container's id.
const CONTAINER_ID: usize = 64;

/// The variables and files that a recorder reads, in place of those of this machine.
///
/// For tests of what [`RecorderBuilder::detect`](crate::RecorderBuilder::detect) finds; it is given
/// to [`RecorderBuilder::machine`](crate::RecorderBuilder::machine).
///
/// ```
/// use std::time::Duration;
/// use xray_core::{
///     Delivery, Plugin, Recorder, environment::Machine, sample::LocalRules,
///     testing::MemoryEmitter,
/// };
///
/// let root = std::env::temp_dir().join(format!("a-machine-{}", std::process::id()));
/// std::fs::create_dir_all(root.join("var/elasticbeanstalk/xray"))?;
/// std::fs::write(
///     root.join("var/elasticbeanstalk/xray/environment.conf"),
///     r#"{"environment_name": "orders-prod", "version_label": "v7", "deployment_id": 7}"#,
/// )?;
///
/// let memory = MemoryEmitter::new();
/// let xray = Recorder::builder("orders")
///     .machine(Machine::with_root(&root).variable("AWS_XRAY_TRACING_NAME", "shop"))
///     .detect([Plugin::ElasticBeanstalk])
///     .sampling_rules(LocalRules::everything())
///     .emitter(memory.clone())
///     .delivery(Delivery::Inline)
///     .build()?;
/// assert!(xray.wait_for_environment(Duration::from_secs(10)));
///
/// xray.begin_segment("orders").end();
/// let documents = memory.take();
/// assert_eq!(documents[0]["origin"], "AWS::ElasticBeanstalk::Environment");
/// assert_eq!(documents[0]["aws"]["elastic_beanstalk"]["deployment_id"], 7);
/// # std::fs::remove_dir_all(&root)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Machine {
    variables: Reader,
    root: PathBuf,
}

impl Machine {
    /// A machine without variables whose files lie under `root`: what is `/proc/self/cgroup`
    /// elsewhere is `<root>/proc/self/cgroup`.
    #[must_use]
    pub fn with_root(root: impl Into<PathBuf>) -> Self {
        Self { variables: Reader::Table(BTreeMap::new()), root: root.into() }
    }

    /// Sets an environment variable of this machine.
    #[must_use]
    pub fn variable(mut self, name: &str, value: impl Into<String>) -> Self {
        self.variables.set(name, value.into());
        self
    }

    /// Makes an empty file, and its folder; a failure is logged.
    pub(crate) fn touch(&self, folder: &str, name: &str) {
        let folder = self.root.join(folder);
        let made = fs::create_dir_all(&folder).and_then(|()| File::create(folder.join(name)));
        if let Err(error) = made {
            crate::logging::warning!("{} could not be made: {error}", folder.join(name).display());
        }
    }

    /// The machine that the process runs on.
    pub(crate) fn real() -> Self {
        Self { variables: Reader::Process, root: PathBuf::from("/") }
    }

    #[cfg(test)]
    pub(crate) fn with_variables(variables: Reader) -> Self {
        Self { variables, root: PathBuf::new() }
    }

    pub(crate) fn variables(&self) -> &Reader {
        &self.variables
    }

    /// The variable's value, if it is set and not empty.
    pub(super) fn get(&self, name: &str) -> Option<String> {
        self.variables.get(name)
    }

    /// The file's bytes, if there is such a file; `path` is relative to the root.
    pub(super) fn read(&self, path: &str) -> Result<Option<Vec<u8>>, String> {
        match self.bytes(path) {
            Ok(bytes) if bytes.len() as u64 > MAX_FILE => {
                Err(format!("/{path} is over {MAX_FILE} bytes"))
            }
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(format!("/{path} cannot be read: {error}")),
        }
    }

    fn bytes(&self, path: &str) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        File::open(self.root.join(path))?.take(MAX_FILE + 1).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// The machine's name: of a container, what its orchestrator calls it.
    pub(super) fn hostname(&self) -> Option<String> {
        let file = self.read("proc/sys/kernel/hostname").ok().flatten();
        let name = file.and_then(|bytes| String::from_utf8(bytes).ok());
        name.filter(|name| !name.trim().is_empty()).or_else(|| self.get("HOSTNAME"))
    }

    /// The container's id: the last 64 characters of a control group's path, where they are hex.
    /// Under control groups v2 there is none.
    pub(super) fn container_id(&self) -> Option<String> {
        let file = String::from_utf8(self.read("proc/self/cgroup").ok()??).ok()?;
        let mut lines = file.lines().map(|line| line.trim_end().trim_end_matches(".scope"));
        lines.find_map(|line| {
            let id = line.get(line.len().checked_sub(CONTAINER_ID)?..)?;
            let hex = line.len() > CONTAINER_ID && id.bytes().all(|byte| byte.is_ascii_hexdigit());
            hex.then(|| id.to_owned())
        })
    }
}
