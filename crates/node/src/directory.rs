//! The data directory: one node at a time, one network for ever.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use crate::error::Error;

const LOCK: &str = "lock";
const NETWORK: &str = "network";
const STORE: &str = "store";
const FILES: &str = "files";

/// A data directory that this process alone uses while the value lives.
#[derive(Debug)]
pub struct Directory {
    path: PathBuf,
    _lock: File,
}

impl Directory {
    /// Opens a directory, or makes it, for a network.
    ///
    /// # Errors
    /// [`Error::Locked`], [`Error::OtherNetwork`] or [`Error::Directory`].
    pub fn open(path: &Path, network: &str) -> Result<Self, Error> {
        let cannot = |error: io::Error| cannot(path, &error);
        fs::create_dir_all(path.join(STORE)).map_err(cannot)?;
        let lock = OpenOptions::new()
            .create(true)
            .write(true)
            .truncate(false)
            .open(path.join(LOCK))
            .map_err(cannot)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Error::Locked(path.into())),
            Err(TryLockError::Error(error)) => return Err(cannot(error)),
        }
        let directory = Self { path: path.into(), _lock: lock };
        directory.check_network(network)?;
        Ok(directory)
    }

    fn check_network(&self, wanted: &str) -> Result<(), Error> {
        let marker = self.path.join(NETWORK);
        match fs::read_to_string(&marker) {
            Ok(found) if found.trim() == wanted => Ok(()),
            Ok(found) => Err(Error::OtherNetwork {
                directory: self.path.clone(),
                found: found.trim().chars().take(64).collect(),
                wanted: wanted.into(),
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                write_durably(&marker, wanted).map_err(|error| cannot(&self.path, &error))
            }
            Err(error) => Err(cannot(&self.path, &error)),
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where the engine keeps its files.
    pub fn store(&self) -> PathBuf {
        self.path.join(STORE)
    }

    /// Where files beside the ledger are.
    pub fn files(&self) -> PathBuf {
        self.path.join(FILES)
    }

    /// What to say of files that cannot be kept.
    pub fn cannot_keep(&self, error: &pacta_files::Error) -> Error {
        Error::Directory { directory: self.path.clone(), reason: error.to_string() }
    }

    /// What to say of an engine that ended with this message.
    pub fn explain(&self, message: &str) -> Error {
        if let Some(reason) = lacking(message) {
            return Error::Directory { directory: self.path.clone(), reason: reason.into() };
        }
        let message = message.lines().next().unwrap_or_default();
        let message = message.strip_prefix(Error::DAMAGED).unwrap_or(message);
        Error::DamagedDirectory { directory: self.path.clone(), reason: message.into() }
    }
}

/// What the machine lacks by what an engine said when it ended, and what to do; none if that is not
/// why it ended.
pub(crate) fn lacking(message: &str) -> Option<&'static str> {
    let says = |signs: &[&str]| signs.iter().any(|sign| message.contains(sign));
    if says(&["No space left", "StorageFull", "os error 28", "Disk quota", "File too large"]) {
        return Some("the disk is full; free space and start again, nothing final is lost");
    }
    if says(&["Too many open files", "os error 24"]) {
        return Some(
            "the limit of open files is reached; raise it (ulimit -n) and start again, nothing \
             final is lost",
        );
    }
    None
}

fn cannot(path: &Path, error: &io::Error) -> Error {
    Error::Directory { directory: path.into(), reason: error.to_string() }
}

/// Writes a small file, so that a crash leaves the old one or the new one.
pub(crate) fn write_durably(path: &Path, text: &str) -> io::Result<()> {
    let partial = path.with_extension("partial");
    let mut file = File::create(&partial)?;
    file.write_all(text.as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()?;
    fs::rename(&partial, path)?;
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}
