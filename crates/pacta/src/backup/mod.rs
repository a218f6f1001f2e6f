//! Backups of a node: one tar file that needs no other node to start from.
//!
//! ```text
//! backup.json          form, network, and when and by which version it was taken
//! node/node.json       how to run the node, with the names that follow
//! node/genesis.json, node/node-key.json, node/keys/*.json
//! blocks/000000000001  final blocks with their certificates, from this height on
//! data/...             evidence and files, as they were
//! digests              SHA-256 of each of these, in the form of sha256sum
//! ```
//!
//! Keys stay sealed under their passphrases, and passphrases are not in it. Nor is what the node
//! has voted: restored votes would be old ones. Nor are its shares of the network key, since a
//! quorum of old ones could sign for ever: a restored node gets a new one. A network of one has
//! nobody to get one from, and its share never changes: there, and only there, it is in the backup
//! (`node/share.json`, `data/store/node-secrets`).

mod check;
mod unpack;
mod write;

use std::io::{self, Read};
use std::path::Path;

use pacta_law::NetworkId;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

pub use self::check::{Checked, check};
pub use self::unpack::unpack;
pub use self::write::write;
use crate::network::directory::{GENESIS_FILE, KEYS_FOLDER, NODE_FILE};

/// Form of backups.
const VERSION: u64 = 1;
const HEAD: &str = "backup.json";
const DIGESTS: &str = "digests";
const NODE: &str = "node/";
const BLOCKS: &str = "blocks/";
const DATA: &str = "data/";
const KEY_FILE: &str = "node-key.json";
const SHARE_FILE: &str = "share.json";
const DATA_FOLDER: &str = "data";
/// What a backup may hold of a node's data, as it was.
const COPIED: [&str; 4] = ["contradiction.json", "evidence", "files", SECRETS];
/// Of which these are the secrets of ceremonies, which are copied from a network of one only.
const SECRETS: &str = "store/node-secrets";
/// The longest name within a backup, in bytes.
const NAME_BYTES_MAX: usize = 255;

/// How a backup begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// Form of the backup.
    pub v: u64,
    /// The network.
    pub network: NetworkId,
    /// Its name.
    pub name: String,
    /// When it was begun: milliseconds since 1970.
    pub taken_ms: u64,
    /// The version of the program.
    pub version: String,
}

/// Whether a name is one that a backup can hold: so none leads out of a directory.
fn is_known(name: &str) -> bool {
    let plain = |part: &str| {
        let allowed = |one: char| one.is_ascii_alphanumeric() || "-_.".contains(one);
        !part.is_empty() && !part.starts_with('.') && part.chars().all(allowed)
    };
    if name.len() > NAME_BYTES_MAX || !name.split('/').all(plain) {
        return false;
    }
    if let Some(file) = name.strip_prefix(NODE) {
        let key = file.strip_prefix(KEYS_FOLDER).and_then(|rest| rest.strip_prefix('/'));
        let is_key = key.is_some_and(|key| !key.contains('/'));
        return is_key || [NODE_FILE, GENESIS_FILE, KEY_FILE, SHARE_FILE].contains(&file);
    }
    if let Some(file) = name.strip_prefix(DATA) {
        let within = |part: &str| {
            Path::new(file).starts_with(part) && (file != part || part.ends_with(".json"))
        };
        return COPIED.iter().any(|folder| within(folder));
    }
    let height = name.strip_prefix(BLOCKS).and_then(|height| height.parse::<u64>().ok());
    height.is_some() || [HEAD, DIGESTS].contains(&name)
}

/// Hashes what is read.
struct Hashed<R> {
    reader: R,
    digest: Sha256,
    bytes: u64,
}

impl<R: Read> Hashed<R> {
    fn new(reader: R) -> Self {
        Self { reader, digest: Sha256::new(), bytes: 0 }
    }

    /// The digest of all that was read.
    fn digest(self) -> String {
        hex::encode(self.digest.finalize())
    }
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        self.digest.update(&buffer[..read]);
        self.bytes += read as u64;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_a_backup_are_taken() {
        for name in [
            "backup.json",
            "digests",
            "node/node.json",
            "node/keys/foreign-minister.json",
            "blocks/000000000001",
            "data/files/ab/cd",
            "data/contradiction.json",
            "data/store/node-secrets/6c",
        ] {
            assert!(is_known(name), "{name}");
        }
        for name in [
            "",
            "/etc/passwd",
            "node/../../key",
            "data/files/../../x",
            "data/files",
            "data/filesystem/x",
            "data/store/node-votes/0",
            "node/voted",
            "node/keys/a/b",
            "blocks/x",
            "data/files//x",
            "data/files/.x",
            "other",
        ] {
            assert!(!is_known(name), "{name}");
        }
        assert!(!is_known(&format!("data/files/{}", "x".repeat(NAME_BYTES_MAX))));
    }
}
