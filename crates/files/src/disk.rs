//! Writing that a crash cannot tear, and space.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    os::unix::fs::FileExt as _,
    path::Path,
    thread::{self, JoinHandle},
};

use rustix::fs::statvfs;

use crate::error::Error;

/// Written bytes after which a file is brought to the disk, so that little is left at its end.
const SYNC_BYTES: u64 = 32 * 1024 * 1024;

/// Writes a small file whole: beside it, to the disk, then in its place.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let at = |error: io::Error| Error::at(path, &error);
    let beside = path.with_extension("new");
    let mut file = File::create(&beside).map_err(at)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(at)?;
    fs::rename(&beside, path).map_err(at)
}

/// Makes the names in a folder durable.
pub(crate) fn sync_folder(folder: &Path) -> Result<(), Error> {
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(|error| Error::at(folder, &error))
}

/// Removes a file that may be gone already.
pub(crate) fn remove(path: &Path) {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::warn!(path = %path.display(), %error, "a file cannot be removed");
        }
        _ => {}
    }
}

/// Bytes that are free for this process on the disk of a folder.
pub(crate) fn free_bytes(folder: &Path) -> Result<u64, Error> {
    let found = statvfs(folder).map_err(|error| Error::at(folder, &error.into()))?;
    Ok(found.f_bavail.saturating_mul(found.f_frsize))
}

/// A file that is written in any order and brought to the disk meanwhile, by a thread of its own.
pub(crate) struct Writing {
    file: File,
    unsynced: u64,
    syncing: Option<JoinHandle<io::Result<()>>>,
}

impl Writing {
    pub(crate) fn new(file: File) -> Self {
        Self { file, unsynced: 0, syncing: None }
    }

    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    pub(crate) fn write_at(&mut self, bytes: &[u8], offset: u64) -> io::Result<()> {
        #[cfg(test)]
        full::check(bytes.len() as u64)?;
        self.file.write_all_at(bytes, offset)?;
        self.unsynced += bytes.len() as u64;
        if self.unsynced < SYNC_BYTES {
            return Ok(());
        }
        if self.syncing.as_ref().is_some_and(|syncing| !syncing.is_finished()) {
            // The disk is slower than what comes: wait for it, so that little piles up in memory.
            if self.unsynced < 4 * SYNC_BYTES {
                return Ok(());
            }
        }
        self.wait()?;
        self.unsynced = 0;
        let file = self.file.try_clone()?;
        self.syncing = Some(thread::Builder::new().spawn(move || file.sync_data())?);
        Ok(())
    }

    /// Brings everything to the disk.
    pub(crate) fn sync(&mut self) -> io::Result<()> {
        self.wait()?;
        self.unsynced = 0;
        self.file.sync_all()
    }

    fn wait(&mut self) -> io::Result<()> {
        match self.syncing.take().map(JoinHandle::join) {
            None => Ok(()),
            Some(Ok(synced)) => synced,
            Some(Err(_)) => Err(io::Error::other("the thread that syncs panicked")),
        }
    }
}

/// A disk that becomes full, for tests of this thread.
#[cfg(test)]
pub(crate) mod full {
    use std::{cell::Cell, io};

    thread_local! {
        static LEFT: Cell<Option<u64>> = const { Cell::new(None) };
    }

    /// Lets so many bytes more be written; `None` lets all.
    pub(crate) fn after(bytes: Option<u64>) {
        LEFT.set(bytes);
    }

    pub(super) fn check(bytes: u64) -> io::Result<()> {
        match LEFT.get() {
            Some(left) if left < bytes => Err(io::ErrorKind::StorageFull.into()),
            left => {
                LEFT.set(left.map(|left| left - bytes));
                Ok(())
            }
        }
    }
}
