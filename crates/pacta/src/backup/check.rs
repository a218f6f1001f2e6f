//! Checking a backup, whole, before anything of it is used.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use pacta_law::{Genesis, Purpose};
use pacta_node::backup::{self as blocks, Checker, Standing};
use sha2::{Digest as _, Sha256};

use super::{
    BLOCKS, DATA_FOLDER, DIGESTS, HEAD, Hashed, Head, KEY_FILE, NODE, SHARE_FILE, VERSION, is_known,
};
use crate::commands::node::failure;
use crate::failure::{Failure, Result};
use crate::keyfile::KeyFile;
use crate::network::directory::{GENESIS_FILE, NODE_FILE, NodeFile};
use crate::network::share::ShareFile;

/// The largest part of a backup that is read whole.
pub(super) const WHOLE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// What a good backup holds.
pub struct Checked {
    /// How it begins.
    pub head: Head,
    /// How to run the node.
    pub node: NodeFile,
    /// The founding act and the first records.
    pub genesis: Genesis,
    /// Where its chain ends.
    pub standing: Standing,
    /// How many files it holds.
    pub files: usize,
}

/// Reads a backup from beginning to end, and gives each file's name, size and content to `visit`.
pub(super) fn walk(
    path: &Path,
    mut visit: impl FnMut(&str, u64, &mut dyn Read) -> Result<()>,
) -> Result<()> {
    let disk = |error: io::Error| match error.kind() {
        io::ErrorKind::Other | io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => {
            damaged(path, &error.to_string())
        }
        _ => Failure::disk(path, &error),
    };
    let file = File::open(path).map_err(|error| Failure::disk(path, &error))?;
    let mut archive = tar::Archive::new(BufReader::new(file));
    for entry in archive.entries().map_err(disk)? {
        let mut entry = entry.map_err(disk)?;
        let name = String::from_utf8(entry.path_bytes().into_owned())
            .map_err(|_| damaged(path, "a name is no text"))?;
        if entry.header().entry_type() != tar::EntryType::Regular || !is_known(&name) {
            return Err(damaged(path, &format!("it holds {name:?}, which no backup holds")));
        }
        let size = entry.size();
        visit(&name, size, &mut entry)?;
    }
    Ok(())
}

/// Reads a part of a backup whole.
pub(super) fn read_whole(path: &Path, name: &str, from: &mut dyn Read) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = from.take(WHOLE_BYTES_MAX + 1).read_to_end(&mut bytes);
    read.map_err(|error| damaged(path, &format!("{name}: {error}")))?;
    match bytes.len() as u64 > WHOLE_BYTES_MAX {
        true => Err(damaged(path, &format!("{name} is too large"))),
        false => Ok(bytes),
    }
}

/// A failure of a backup that is not what it should be.
pub(super) fn damaged(path: &Path, reason: &str) -> Failure {
    Failure::defective(format!(
        "{} is no good backup: {reason}; take another one, nothing was written",
        path.display()
    ))
}

/// What has been read so far.
#[derive(Default)]
struct Found {
    head: Option<Head>,
    node: Option<NodeFile>,
    genesis: Option<Genesis>,
    key: Option<KeyFile>,
    share: Option<ShareFile>,
    checker: Option<Checker>,
    digests: BTreeMap<String, String>,
    listed: Option<BTreeMap<String, String>>,
}

/// Checks everything in a backup: digests, names, that key, share and genesis belong together, and
/// that its blocks are the chain of the network, final by their certificates.
///
/// # Errors
/// Exit code 65 with what is wrong, 74 if the file cannot be read.
pub fn check(path: &Path) -> Result<Checked> {
    let wrong = |reason: &str| damaged(path, reason);
    let mut found = Found::default();
    walk(path, |name, _, content| found.take(path, name, content))?;
    let Found { head, node, genesis, key, share, checker, digests, listed } = found;
    if listed.as_ref() != Some(&digests) {
        return Err(wrong("its files are not those of its list of digests"));
    }
    let missing = |what: &str| wrong(&format!("{what} is missing"));
    let head = head.ok_or_else(|| missing(HEAD))?;
    let genesis = genesis.ok_or_else(|| missing(GENESIS_FILE))?;
    let node = node.ok_or_else(|| missing(NODE_FILE))?;
    let key = key.ok_or_else(|| missing(KEY_FILE))?;
    if node.share.is_some() != share.is_some() {
        return Err(missing(SHARE_FILE));
    }
    let network = genesis.network();
    if head.network != network || share.is_some_and(|share| share.network != network) {
        return Err(wrong("its genesis, share and description are of different networks"));
    }
    if key.purpose != Purpose::NodeVote {
        return Err(wrong("its key is no key of a validator"));
    }
    let standing = match checker {
        Some(checker) => checker,
        None => Checker::new(&genesis).map_err(failure)?,
    };
    let standing = standing.finish().map_err(|error| wrong(&error.to_string()))?;
    Ok(Checked { head, node, genesis, standing, files: digests.len() })
}

impl Found {
    fn take(&mut self, path: &Path, name: &str, content: &mut dyn Read) -> Result<()> {
        let wrong = |reason: &str| damaged(path, &format!("{name}: {reason}"));
        if self.listed.is_some() {
            return Err(wrong("it comes after the list of digests"));
        }
        let file = name.strip_prefix(NODE).unwrap_or_default();
        let is_block = name.starts_with(BLOCKS);
        let whole = is_block || [HEAD, DIGESTS].contains(&name) || !file.is_empty();
        let digest = if whole {
            let bytes = read_whole(path, name, content)?;
            if name == DIGESTS {
                self.listed = Some(read_list(&bytes).ok_or_else(|| wrong("it is no such list"))?);
                return Ok(());
            }
            if is_block {
                self.take_blocks(&bytes).map_err(|reason| wrong(&reason))?;
            } else {
                self.take_file(name, file, &bytes).map_err(|reason| wrong(&reason))?;
            }
            hex::encode(Sha256::digest(&bytes))
        } else {
            let mut hashed = Hashed::new(content);
            let copied = io::copy(&mut hashed, &mut io::sink());
            copied.map_err(|error| wrong(&error.to_string()))?;
            hashed.digest()
        };
        match self.digests.insert(name.into(), digest) {
            None => Ok(()),
            Some(_) => Err(wrong("it is there twice")),
        }
    }

    fn take_file(
        &mut self,
        name: &str,
        file: &str,
        bytes: &[u8],
    ) -> std::result::Result<(), String> {
        fn json<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> std::result::Result<T, String> {
            serde_json::from_slice(bytes).map_err(|error| error.to_string())
        }
        match file {
            NODE_FILE => {
                let node: NodeFile = json(bytes)?;
                let renamed = [
                    (&node.genesis, GENESIS_FILE),
                    (&node.key, KEY_FILE),
                    (&node.data, DATA_FOLDER),
                ];
                let share = node.share.as_ref().is_none_or(|share| share.as_os_str() == SHARE_FILE);
                if !share || renamed.iter().any(|(path, name)| path.as_os_str() != *name) {
                    return Err("it names files that the backup does not hold".into());
                }
                self.node = Some(node);
            }
            GENESIS_FILE => {
                let genesis = Genesis::from_bytes(bytes).map_err(|refusal| refusal.to_string())?;
                self.checker = Some(Checker::new(&genesis).map_err(|error| error.to_string())?);
                self.genesis = Some(genesis);
            }
            KEY_FILE => self.key = Some(json(bytes)?),
            SHARE_FILE => self.share = Some(json(bytes)?),
            _ if name == HEAD => {
                let head: Head = json(bytes)?;
                if head.v != VERSION {
                    return Err("this version does not know its form; use a newer pacta".into());
                }
                self.head = Some(head);
            }
            _ => drop(json::<KeyFile>(bytes)?),
        }
        Ok(())
    }

    fn take_blocks(&mut self, bytes: &[u8]) -> std::result::Result<(), String> {
        let checker = self.checker.as_mut().ok_or("it comes before the genesis")?;
        let entries = blocks::read(bytes.to_vec()).map_err(|error| error.to_string())?;
        let mut entries = entries.iter();
        entries.try_for_each(|entry| checker.check(entry)).map_err(|error| error.to_string())
    }
}

/// Names with their digests, as `sha256sum` writes them.
fn read_list(bytes: &[u8]) -> Option<BTreeMap<String, String>> {
    let text = std::str::from_utf8(bytes).ok()?;
    let line = |line: &str| {
        let (digest, name) = line.split_once("  ")?;
        Some((name.to_owned(), digest.to_owned()))
    };
    text.lines().map(line).collect()
}
