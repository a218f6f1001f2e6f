//! Putting a checked backup into a new directory.

use std::collections::VecDeque;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use pacta_node::backup::{self as blocks, Entry};

use super::check::{Checked, damaged, read_whole, walk};
use super::{BLOCKS, DATA, DATA_FOLDER, NODE};
use crate::commands::node::failure;
use crate::failure::{Failure, Result};
use crate::files::{self, Access};
use crate::network::directory::{GENESIS_FILE, NODE_FILE, NodeFile};

/// Writes a checked backup into a directory that does not exist or is empty: first beside it, then
/// into its place, so that it is there whole or not at all.
///
/// # Errors
/// Exit code 73 for a directory that holds something, 74 when a disk fails.
pub fn unpack(path: &Path, checked: &Checked, dir: &Path) -> Result<()> {
    let taken = |error: &str| Failure::cannot_create(dir, error);
    match fs::read_dir(dir).map(|mut entries| entries.next().is_some()) {
        Ok(true) => return Err(taken("it is not empty; name a new directory")),
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(Failure::cannot_create(dir, error));
        }
        _ => {}
    }
    let name = dir.file_name().ok_or_else(|| taken("it has no name; name a new directory"))?;
    let beside = Beside(dir.with_file_name(format!(".{}.new", name.to_string_lossy())));
    beside.remove();
    files::make_folder(&beside.0)?;
    write_files(path, checked, &beside.0)?;
    import(path, checked, &beside.0.join(DATA_FOLDER))?;
    let placed = fs::rename(&beside.0, dir).and_then(|()| files::sync_folder(dir));
    placed.map_err(|error| Failure::disk(dir, &error))
}

/// A directory that is removed unless it came into its place.
struct Beside(PathBuf);

impl Beside {
    fn remove(&self) {
        let _ = fs::remove_dir_all(&self.0); // it need not be there
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        self.remove();
    }
}

fn write_files(path: &Path, checked: &Checked, folder: &Path) -> Result<()> {
    walk(path, |name, _, content| {
        let inner = match name.strip_prefix(NODE) {
            Some(file) => folder.join(file),
            None if name.starts_with(DATA) => folder.join(name),
            None => return Ok(()),
        };
        if let Some(parent) = inner.parent() {
            files::make_folder(parent)?;
        }
        match name.strip_prefix(NODE) {
            Some(NODE_FILE) => {
                files::write_json(&inner, &description(&checked.node, folder), Access::Everyone)
            }
            Some(GENESIS_FILE) => {
                files::write(&inner, &read_whole(path, name, content)?, Access::Everyone)
            }
            _ => copy(&inner, content),
        }
    })
}

/// The description of the node, without a file of its passphrase that is not there.
fn description(node: &NodeFile, folder: &Path) -> NodeFile {
    let there = |file: &PathBuf| folder.join(file).exists();
    NodeFile { passphrase_file: node.passphrase_file.clone().filter(there), ..node.clone() }
}

/// Writes a file for its owner alone.
fn copy(to: &Path, content: &mut dyn Read) -> Result<()> {
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(to);
    let mut file = made.map_err(|error| Failure::cannot_create(to, error))?;
    let copied = io::copy(content, &mut file).and_then(|_| file.sync_all());
    copied.map_err(|error| Failure::disk(to, &error))
}

fn import(path: &Path, checked: &Checked, data: &Path) -> Result<()> {
    let file = File::open(path).map_err(|error| Failure::disk(path, &error))?;
    let mut archive = tar::Archive::new(BufReader::new(file));
    let disk = |error: io::Error| Failure::disk(path, &error);
    let mut parts = archive.entries().map_err(disk)?;
    let mut waiting: VecDeque<Entry> = VecDeque::new();
    let mut failed = None;
    let mut next = || -> Result<Option<Entry>> {
        loop {
            if let Some(entry) = waiting.pop_front() {
                return Ok(Some(entry));
            }
            let Some(part) = parts.next() else { return Ok(None) };
            let mut part = part.map_err(disk)?;
            if part.path_bytes().starts_with(BLOCKS.as_bytes()) {
                let bytes = read_whole(path, BLOCKS, &mut part)?;
                waiting.extend(blocks::read(bytes).map_err(failure)?);
            }
        }
    };
    let mut last = 0;
    let imported = blocks::import(data, &checked.genesis, || match next() {
        Ok(entry) => {
            last = entry.as_ref().map_or(last, |entry| entry.header().height);
            entry
        }
        Err(failure) => {
            failed = Some(failure);
            None
        }
    });
    imported.map_err(failure)?;
    match failed {
        Some(failure) => Err(failure),
        None if last != checked.standing.height => {
            Err(damaged(path, "it changed while it was restored"))
        }
        None => Ok(()),
    }
}
