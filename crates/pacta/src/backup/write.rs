//! Writing a backup, of a node that runs or does not.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Read, Write as _};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt};
use std::path::{Path, PathBuf};

use pacta_law::Genesis;
use pacta_node::{Error, backup as blocks};

use super::{
    BLOCKS, DATA, DATA_FOLDER, DIGESTS, HEAD, Hashed, Head, KEY_FILE, NODE, SECRETS, SHARE_FILE,
    VERSION, is_known,
};
use crate::act::now_ms;
use crate::client::Client;
use crate::commands::node::failure;
use crate::failure::{Failure, Result};
use crate::files;
use crate::network::directory::{GENESIS_FILE, KEYS_FOLDER, NODE_FILE, NodeFile};
use crate::printer::progress;

/// Blocks are collected up to so many bytes before they are written.
const PART_BYTES: usize = 4 * 1024 * 1024;
/// What is copied of a node's data, in this order: a file that has come since it was read of as
/// wanted is held by then, and names since the height of `scanned` are looked for again. Files that
/// are handed in or arrive meanwhile are left out; the node fetches them anew.
const PARTS: [&str; 6] =
    ["contradiction.json", "evidence", "files/scanned", "files/wanted", "files/held", SECRETS];
/// What a running node changes in place.
const CHANGING: &str = "data/store/";
/// How often it is read, at most, until it is the same twice.
const READINGS_MAX: usize = 100;

/// Writes a backup of the node in `dir` to a file that does not exist. Asks the node for its blocks
/// if it runs.
///
/// # Errors
/// Exit code 65 for a directory that is no node's or is damaged, 69 for a node that runs but does
/// not answer, 73 and 74 for files.
pub fn write(dir: &Path, out: &Path) -> Result<()> {
    let file: NodeFile = files::read_json(&dir.join(NODE_FILE), "the description of a node")?;
    let bytes = files::read(&dir.join(&file.genesis))?;
    let genesis = Genesis::from_bytes(&bytes).map_err(|refusal| Failure::from(&refusal))?;
    let mut backup = Backup::begin(out)?;
    let head = Head {
        v: VERSION,
        network: genesis.network(),
        name: genesis.founding.name.clone(),
        taken_ms: now_ms(),
        version: env!("CARGO_PKG_VERSION").into(),
    };
    backup.add_json(HEAD, &head)?;
    backup.add(&format!("{NODE}{GENESIS_FILE}"), &bytes)?;
    let alone = genesis.founding.validators.len() == 1;
    backup.add_node(dir, &file, alone)?;
    let data = dir.join(&file.data);
    backup.add_blocks(&data, &genesis, &Client::new(&format!("http://{}", file.http)))?;
    for part in PARTS.into_iter().filter(|part| alone || *part != SECRETS) {
        backup.add_tree(&data.join(part), &format!("{DATA}{part}"))?;
    }
    backup.finish()
}

/// A backup that is being written, beside its place; what is not finished is removed.
struct Backup {
    tar: tar::Builder<BufWriter<File>>,
    digests: String,
    partial: PathBuf,
    out: PathBuf,
}

/// Blocks that are not written yet.
#[derive(Default)]
struct Part {
    first: u64,
    bytes: Vec<u8>,
}

impl Backup {
    fn begin(out: &Path) -> Result<Self> {
        if out.exists() {
            return Err(Failure::cannot_create(out, "it exists; choose another name"));
        }
        let name = out.file_name().ok_or_else(|| Failure::usage("a file needs a name"))?;
        let partial = out.with_file_name(format!(".{}.new", name.to_string_lossy()));
        let mut options = OpenOptions::new();
        let file = options.write(true).create(true).truncate(true).mode(0o600).open(&partial);
        let file = file.map_err(|error| Failure::cannot_create(out, error))?;
        let tar = tar::Builder::new(BufWriter::new(file));
        Ok(Self { tar, digests: String::new(), partial, out: out.into() })
    }

    fn add_json(&mut self, name: &str, value: &impl serde::Serialize) -> Result<()> {
        let mut bytes = serde_json::to_vec_pretty(value).map_err(Failure::failed)?;
        bytes.push(b'\n');
        self.add(name, &bytes)
    }

    fn add(&mut self, name: &str, bytes: &[u8]) -> Result<()> {
        self.stream(name, bytes.len() as u64, bytes)
    }

    fn stream(&mut self, name: &str, size: u64, reader: impl Read) -> Result<()> {
        let mut header = tar::Header::new_gnu();
        header.set_size(size);
        header.set_mode(0o600);
        header.set_entry_type(tar::EntryType::Regular);
        let mut hashed = Hashed::new(reader.take(size));
        let added = self.tar.append_data(&mut header, name, &mut hashed);
        added.map_err(|error| Failure::disk(&self.out, &error))?;
        if hashed.bytes != size {
            return Err(Failure::failed(format!("{name} changed while it was read; try again")));
        }
        self.digests.push_str(&format!("{}  {name}\n", hashed.digest()));
        Ok(())
    }

    /// Adds keys and description, under the names that a backup gives them; the share if the
    /// network has one validator alone.
    fn add_node(&mut self, dir: &Path, file: &NodeFile, alone: bool) -> Result<()> {
        let share = file.share.as_ref().filter(|_| alone);
        let renamed = NodeFile {
            genesis: GENESIS_FILE.into(),
            key: KEY_FILE.into(),
            share: share.map(|_| SHARE_FILE.into()),
            data: DATA_FOLDER.into(),
            ..file.clone()
        };
        self.add_json(&format!("{NODE}{NODE_FILE}"), &renamed)?;
        let share = share.map(|path| (path, SHARE_FILE));
        for (path, name) in share.into_iter().chain([(&file.key, KEY_FILE)]) {
            self.add(&format!("{NODE}{name}"), &files::read(&dir.join(path))?)?;
        }
        self.add_tree(&dir.join(KEYS_FOLDER), &format!("{NODE}{KEYS_FOLDER}"))
    }

    fn add_blocks(&mut self, data: &Path, genesis: &Genesis, client: &Client) -> Result<()> {
        let (mut part, mut failed) = (Part { first: 1, ..Part::default() }, Ok(()));
        let mut next = 1;
        let exported = blocks::export(data, genesis, |entry| {
            part.bytes.extend_from_slice(entry);
            next += 1;
            if part.bytes.len() >= PART_BYTES {
                let full = std::mem::replace(&mut part, Part { first: next, bytes: Vec::new() });
                failed = self.add_part(&full);
            }
            failed.is_ok()
        });
        failed?;
        match exported {
            Err(Error::Locked(_)) => self.ask_for_blocks(client),
            Err(error) => Err(failure(error)),
            Ok(()) if part.bytes.is_empty() => Ok(()),
            Ok(()) => self.add_part(&part),
        }
    }

    /// Asks a node that runs for its blocks.
    fn ask_for_blocks(&mut self, client: &Client) -> Result<()> {
        let mut first = 1;
        loop {
            let bytes = client.get(&format!("/api/v1/blocks/{first}/archive"))?;
            let entries = blocks::read(bytes.clone()).map_err(failure)?;
            let Some(last) = entries.last() else { return Ok(()) };
            let next = last.header().height + 1;
            self.add_part(&Part { first, bytes })?;
            first = next;
        }
    }

    fn add_part(&mut self, part: &Part) -> Result<()> {
        progress(format!("blocks from {}", part.first));
        self.add(&format!("{BLOCKS}{:012}", part.first), &part.bytes)
    }

    /// Adds a file, or all files of a folder in the order of their names. What does not exist, or
    /// goes while it is read, is left out, and so is what is still being written.
    fn add_tree(&mut self, path: &Path, name: &str) -> Result<()> {
        let disk = |error: io::Error| Failure::disk(path, &error);
        let Some(kind) = if_there(fs::symlink_metadata(path)).map_err(disk)? else {
            return Ok(());
        };
        if kind.is_dir() {
            let Some(entries) = if_there(fs::read_dir(path)).map_err(disk)? else { return Ok(()) };
            let entries = entries.collect::<io::Result<Vec<_>>>().map_err(disk)?;
            let mut parts: Vec<_> = entries.iter().map(|entry| entry.file_name()).collect();
            parts.sort();
            for part in parts {
                self.add_tree(&path.join(&part), &format!("{name}/{}", part.to_string_lossy()))?;
            }
        } else if kind.is_file() && is_known(name) && !is_unfinished(path) {
            let Some(file) = if_there(File::open(path)).map_err(disk)? else { return Ok(()) };
            if name.starts_with(CHANGING) {
                let bytes = read_still(&file).map_err(disk)?;
                return self.add(name, &bytes);
            }
            let size = file.metadata().map_err(disk)?.len();
            self.stream(name, size, file)?;
        }
        Ok(())
    }

    fn finish(mut self) -> Result<()> {
        let digests = std::mem::take(&mut self.digests);
        self.add(DIGESTS, digests.as_bytes())?;
        let done = self.tar.finish().and_then(|()| {
            let file = self.tar.get_mut();
            file.flush()?;
            file.get_ref().sync_all()?;
            fs::rename(&self.partial, &self.out)?;
            files::sync_folder(&self.out)
        });
        done.map_err(|error| Failure::disk(&self.out, &error))
    }
}

impl Drop for Backup {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.partial); // a finished one is in its place
    }
}

/// What was found, unless it is gone.
fn if_there<T>(found: io::Result<T>) -> io::Result<Option<T>> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether a file is written beside its place and not whole yet.
fn is_unfinished(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "new" || extension == "partial")
}

/// Reads a small file that may change meanwhile, until it is the same twice.
fn read_still(file: &File) -> io::Result<Vec<u8>> {
    let read = || {
        let mut bytes = vec![0; usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX)];
        file.read_exact_at(&mut bytes, 0).map(|()| bytes)
    };
    let mut before = None;
    for _ in 0..READINGS_MAX {
        let now = match read() {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => None, // it was cut
            read => Some(read?),
        };
        if let Some(now) = now.clone().filter(|now| before.as_ref() == Some(now)) {
            return Ok(now);
        }
        before = now;
    }
    Err(io::Error::other("it changes all the time; try again"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_is_copied_and_what_comes_meanwhile_is_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let data = folder.path().join("data");
        let put = |name: &str| {
            let path = data.join(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("is made");
            fs::write(path, name).expect("is written");
        };
        let copied =
            ["evidence/e.json", "files/scanned", "files/wanted/w.json", "files/held/h.json"];
        copied.into_iter().for_each(put);
        ["files/uploading/1", "files/arriving/a", "files/held/n.new"].into_iter().for_each(put);
        std::os::unix::fs::symlink("/nowhere", data.join("files/held/gone")).expect("is made");
        let out = folder.path().join("backup.tar");
        let mut backup = Backup::begin(&out).expect("begins");
        for part in PARTS {
            backup.add_tree(&data.join(part), &format!("{DATA}{part}")).expect("is added");
        }
        backup.finish().expect("is whole");
        let mut tar = tar::Archive::new(File::open(out).expect("is there"));
        let names = tar.entries().expect("a backup").map(|entry| {
            let entry = entry.expect("an entry");
            entry.path().expect("a name").display().to_string()
        });
        let mut expected = copied.map(|name| format!("data/{name}")).to_vec();
        expected.push(DIGESTS.into());
        assert_eq!(names.collect::<Vec<_>>(), expected);
    }
}
