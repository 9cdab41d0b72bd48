//! The file of the rules, read again when it changes.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::answers::Answers;
use super::rules::SamplingRules;
use crate::error::Error;

/// How often the file is looked at.
const PAUSE: Duration = Duration::from_secs(1);

/// What tells one state of a file from another; `None` while there is none.
type Stamp = Option<(SystemTime, u64)>;

#[derive(Debug)]
pub(crate) struct RulesFile {
    path: PathBuf,
    seen: Stamp,
}

impl RulesFile {
    /// Reads the file for the first time.
    pub(crate) fn open(path: PathBuf) -> Result<(Self, SamplingRules), Error> {
        // Before it is read, so that no change is missed.
        let seen = stamp(&path);
        let rules = SamplingRules::from_path(&path)?;
        Ok((Self { path, seen }, rules))
    }

    /// Keeps the answers up to date for as long as it is polled.
    pub(crate) async fn watch(mut self, answers: &Answers) {
        loop {
            tokio::time::sleep(PAUSE).await;
            if let Some(read) = self.changed() {
                answers.reload(read);
            }
        }
    }

    /// What it holds, if that is news.
    fn changed(&mut self) -> Option<Result<SamplingRules, Error>> {
        let now = stamp(&self.path);
        (std::mem::replace(&mut self.seen, now) != now)
            .then(|| SamplingRules::from_path(&self.path))
    }
}

fn stamp(path: &Path) -> Stamp {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}
