//! Writing a backup, of a node that runs or does not.

use std::fs::{self, File, OpenOptions};
use std::io::{BufWriter, Read, Write as _};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use pacta_law::Genesis;
use pacta_node::{Error, backup as blocks};

use super::{
    BLOCKS, COPIED, DATA, DATA_FOLDER, DIGESTS, HEAD, Hashed, Head, KEY_FILE, NODE, SECRETS,
    SHARE_FILE, VERSION, is_known,
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
    for folder in COPIED.into_iter().filter(|folder| alone || *folder != SECRETS) {
        backup.add_folder(&data.join(folder), &format!("{DATA}{folder}"))?;
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

    /// Adds keys and description, under the names that a backup gives them; the share if the network
    /// has one validator alone.
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
        self.add_folder(&dir.join(KEYS_FOLDER), &format!("{NODE}{KEYS_FOLDER}"))
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

    /// Adds all files of a folder, if it exists, in the order of their names.
    fn add_folder(&mut self, folder: &Path, name: &str) -> Result<()> {
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(Failure::disk(folder, &error)),
        };
        let disk = |error: std::io::Error| Failure::disk(folder, &error);
        let mut paths = entries.map(|one| one.map(|one| one.path())).collect::<Vec<_>>();
        paths.sort_by_key(|path| path.as_ref().ok().cloned());
        for path in paths {
            let path = path.map_err(disk)?;
            let part = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let inner = format!("{name}/{part}");
            let kind = fs::symlink_metadata(&path).map_err(disk)?;
            if kind.is_dir() {
                self.add_folder(&path, &inner)?;
            } else if kind.is_file() && is_known(&inner) {
                let file = File::open(&path).map_err(disk)?;
                let size = file.metadata().map_err(disk)?.len();
                self.stream(&inner, size, file)?;
            }
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
