//! Evidence of misconduct, kept as files beside the node's data: it outlives the node.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use pacta_chain::{Evidence, Verdict};
use pacta_law::Digest;
use pacta_node::Handle;

use crate::failure::Result;
use crate::files::{self, Access};

/// The folder in a data directory.
const FOLDER: &str = "evidence";
/// Files that are read at the start, at most; all others stay where they are.
const FILES_MAX: usize = 256;
/// What could not be written is tried again after this time.
const AGAIN: Duration = Duration::from_secs(1);

/// Evidence that this node has found, now or before a restart. Clones are the same.
#[derive(Clone)]
pub struct Archive {
    folder: PathBuf,
    known: Arc<Mutex<BTreeMap<Digest, Evidence>>>,
}

impl Archive {
    /// Opens the folder of a data directory, and reads what is in it. A file that is no genuine
    /// evidence is left alone, and named in the log.
    ///
    /// # Errors
    /// Exit code 73 when the folder cannot be made, 74 when it cannot be read.
    pub fn open(data: &Path) -> Result<Self> {
        let folder = data.join(FOLDER);
        files::make_folder(&folder)?;
        let mut known = BTreeMap::new();
        let entries = std::fs::read_dir(&folder)
            .map_err(|error| crate::failure::Failure::disk(&folder, &error))?;
        for entry in entries.flatten().take(FILES_MAX) {
            let path = entry.path();
            if path.extension().is_none_or(|extension| extension != "json") {
                continue;
            }
            match files::read(&path).map(|bytes| Evidence::from_bytes(&bytes)) {
                Ok(Ok(evidence)) if matches!(evidence.verify(), Verdict::Genuine(_)) => {
                    known.insert(evidence.digest(), evidence);
                }
                _ => tracing::warn!(file = %path.display(), "is no genuine evidence; left alone"),
            }
        }
        Ok(Self { folder, known: Arc::new(Mutex::new(known)) })
    }

    /// All of it.
    pub fn all(&self) -> Vec<Evidence> {
        self.lock().values().cloned().collect()
    }

    /// Writes a node's new evidence as soon as there is any. Never ends.
    pub async fn follow(self, handle: Handle) {
        loop {
            let more = handle.more_evidence();
            self.take(&handle);
            tokio::select! {
                () = more => {}
                () = tokio::time::sleep(AGAIN) => {}
            }
        }
    }

    /// Writes what evidence of a node is new; also after the node has ended.
    pub fn take(&self, handle: &Handle) {
        for evidence in handle.evidence() {
            if !self.lock().contains_key(&evidence.digest()) {
                self.keep(evidence);
            }
        }
    }

    /// Writes new evidence; on a full disk it is tried again.
    fn keep(&self, evidence: Evidence) {
        let digest = evidence.digest();
        let path = self.folder.join(format!("{digest}.json"));
        match files::write(&path, &evidence.to_bytes(), Access::Everyone) {
            Ok(()) => {
                self.lock().insert(digest, evidence);
            }
            Err(failure) => tracing::error!(%failure, "evidence cannot be kept yet"),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<Digest, Evidence>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
