//! Reading and writing of small files, so that a crash leaves the old file or the new one.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::failure::{Failure, Result};

/// The largest file that a command reads whole.
const FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Who may read a new file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// The owner alone: mode 0600.
    Owner,
    /// Whom the system's default allows.
    Everyone,
}

/// Writes a file whole: beside it, to the disk, then in its place. Replaces a file that exists.
///
/// # Errors
/// Exit code 73 when the file cannot be made, 74 when writing fails.
pub fn write(path: &Path, bytes: &[u8], access: Access) -> Result<()> {
    let name = path.file_name().ok_or_else(|| Failure::usage("a file needs a name"))?;
    let beside = path.with_file_name(format!(".{}.new", name.to_string_lossy()));
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    if access == Access::Owner {
        options.mode(0o600);
    }
    let mut file = options.open(&beside).map_err(|error| Failure::cannot_create(path, error))?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    let placed = written.and_then(|()| fs::rename(&beside, path)).and_then(|()| sync_folder(path));
    placed.map_err(|error| {
        // What was written beside is of no use; that it may stay there is harmless.
        let _ = fs::remove_file(&beside);
        Failure::disk(path, &error)
    })
}

/// Gives a file the name of another one, which it replaces.
///
/// # Errors
/// Exit code 74 when that fails.
pub fn put_in_place(from: &Path, path: &Path) -> Result<()> {
    let placed = fs::rename(from, path).and_then(|()| sync_folder(path));
    placed.map_err(|error| Failure::disk(path, &error))
}

/// Overwrites what a file holds, so that it is not just unlinked: it has to be done before the file
/// loses its name, for after a crash nobody could go on. Copies that a disk or a file system keeps
/// are beyond this.
///
/// # Errors
/// Exit code 74 when writing fails.
pub fn erase(path: &Path) -> Result<()> {
    let erased = OpenOptions::new().write(true).open(path).and_then(|mut file| {
        let bytes = file.metadata()?.len();
        io::copy(&mut io::repeat(0).take(bytes), &mut file)?;
        file.sync_all()
    });
    erased.map_err(|error| Failure::disk(path, &error))
}

/// Writes a value as JSON for people: indented, with a final line feed.
pub fn write_json(path: &Path, value: &impl Serialize, access: Access) -> Result<()> {
    let mut bytes = serde_json::to_vec_pretty(value).map_err(Failure::failed)?;
    bytes.push(b'\n');
    write(path, &bytes, access)
}

/// Reads a file whole.
///
/// # Errors
/// Exit code 74 when reading fails, 65 when the file is larger than any that a command takes.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = |bytes: &mut Vec<u8>| -> io::Result<usize> {
        File::open(path)?.take(FILE_BYTES_MAX + 1).read_to_end(bytes)
    };
    read(&mut bytes).map_err(|error| Failure::disk(path, &error))?;
    match bytes.len() as u64 > FILE_BYTES_MAX {
        true => Err(Failure::defective(format!(
            "{} is over {FILE_BYTES_MAX} bytes; give the file itself, not an archive",
            path.display()
        ))),
        false => Ok(bytes),
    }
}

/// Reads a JSON file; `what` names it in the error.
///
/// # Errors
/// As [`read`], and exit code 65 when the file does not have the expected form.
pub fn read_json<T: DeserializeOwned>(path: &Path, what: &str) -> Result<T> {
    serde_json::from_slice(&read(path)?).map_err(|error| {
        Failure::defective(format!(
            "{} is not {what}: {error}; restore it from a copy or make a new one",
            path.display()
        ))
    })
}

/// Makes a folder that does not exist yet.
pub fn make_folder(path: &Path) -> Result<()> {
    fs::create_dir_all(path).map_err(|error| Failure::cannot_create(path, error))
}

/// Makes the entry of a file in its folder durable.
pub fn sync_folder(path: &Path) -> io::Result<()> {
    match path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        Some(parent) => File::open(parent)?.sync_all(),
        None => File::open(".")?.sync_all(),
    }
}
