//! The directory of a network on this machine: one file that names the States, one folder each.
//!
//! ```text
//! network.json          what this network is, its States and addresses
//! genesis.json          the founding act and the first records
//! passphrase            the passphrase of all its keys, `devnet`: it protects nothing
//! armenia/node.json     how to run the node
//! armenia/genesis.json  the same genesis
//! armenia/node-key.json, share.json   the validator's key and its share of the network key
//! armenia/keys/*.json   the keys of the State's officials
//! armenia/data/         what the node writes; it can be rebuilt from the other nodes
//! armenia/voted         how far it has voted; before its first start, armenia/never-started
//! ```

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};

use pacta_files::Limits;
use pacta_law::{ActorId, NetworkId};
use serde::{Deserialize, Serialize};

use crate::act::Author;
use crate::failure::{Failure, Result};
use crate::files;
use crate::keyfile::KeyFile;
use crate::signer::Secret;

/// Form of `network.json` and `node.json`.
pub const VERSION: u64 = 1;
/// Name of the file that describes a network.
pub const NETWORK_FILE: &str = "network.json";
/// Name of the file that says how to run a node.
pub const NODE_FILE: &str = "node.json";
/// Name of the file of the founding act and the first records.
pub const GENESIS_FILE: &str = "genesis.json";
/// Name of the file of a devnet's passphrase.
pub const PASSPHRASE_FILE: &str = "passphrase";
/// Name of the folder of officials' keys.
pub const KEYS_FOLDER: &str = "keys";
/// Name of the key file of the minister for foreign affairs in it.
pub const MINISTER_FILE: &str = "foreign-minister.json";
/// The passphrase of all keys of a devnet: it protects nothing.
pub const PASSPHRASE: &str = "devnet";

/// What `network.json` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkFile {
    /// Form of the file.
    pub v: u64,
    /// The network's name.
    pub name: String,
    /// Its id.
    pub network: NetworkId,
    /// Whether one program made all shares of the network key and so could vote for all.
    pub dealer: bool,
    /// The States, in the order of their founding.
    pub states: Vec<State>,
    /// Further States, which operate no validator at first; their addresses are free for one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub guests: Vec<State>,
}

/// A State of a network on this machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// Name in addresses and of its folder, for example `armenia`.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// Its actor.
    pub actor: ActorId,
    /// Where its node answers HTTP.
    pub http: SocketAddr,
    /// Where its node listens to the other nodes.
    pub p2p: SocketAddr,
}

impl State {
    /// The address of its pages.
    pub fn url(&self) -> String {
        format!("http://{}.localhost:{}", self.slug, self.http.port())
    }
}

/// What `node.json` says. Paths are relative to its folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeFile {
    /// Form of the file.
    pub v: u64,
    /// The actor that operates the node.
    pub operator: ActorId,
    /// The founding act and the first records.
    pub genesis: PathBuf,
    /// The validator's key.
    pub key: PathBuf,
    /// Its share of the network key by the founding; a validator that joined later has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<PathBuf>,
    /// The passphrase of both, where it is kept in a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passphrase_file: Option<PathBuf>,
    /// What the node writes.
    pub data: PathBuf,
    /// Where it answers HTTP.
    pub http: SocketAddr,
    /// Where it listens to other nodes.
    pub p2p: SocketAddr,
    /// Validators that founding and ledger do not name, or not where they are, as the operator
    /// knows; what they send is checked all the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub peers: Vec<Peer>,
    /// The same, as the node told that was asked when this one joined: it counts until this one is
    /// synchronised, and beside founding and ledger only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub told: Vec<Peer>,
    /// How much of files is kept beside the ledger, where it is not what is usual.
    #[serde(default, skip_serializing_if = "FileLimits::is_usual")]
    pub files: FileLimits,
}

/// How much of files a node keeps, in bytes. What is left out is as usual.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileLimits {
    /// Length of one file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_bytes_max: Option<u64>,
    /// All files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_bytes_max: Option<u64>,
    /// All files that no act names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unnamed_bytes_max: Option<u64>,
    /// Space on the disk that is left for the ledger.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reserve_bytes: Option<u64>,
}

impl FileLimits {
    fn is_usual(&self) -> bool {
        *self == Self::default()
    }

    /// The limits, with what is usual for those left out.
    pub fn limits(&self) -> Limits {
        let usual = Limits::default();
        Limits {
            file_bytes_max: self.file_bytes_max.unwrap_or(usual.file_bytes_max),
            total_bytes_max: self.total_bytes_max.unwrap_or(usual.total_bytes_max),
            unnamed_bytes_max: self.unnamed_bytes_max.unwrap_or(usual.unnamed_bytes_max),
            reserve_bytes: self.reserve_bytes.unwrap_or(usual.reserve_bytes),
        }
    }
}

/// A validator, as others reach it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Peer {
    /// Its public key, in hex.
    pub key: String,
    /// Its address, `host:port`.
    pub address: String,
}

/// A network directory that has been read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    /// The directory.
    pub root: PathBuf,
    /// What its file says.
    pub file: NetworkFile,
}

impl Network {
    /// Reads the directory of a network.
    ///
    /// # Errors
    /// Exit code 74 when its file cannot be read, 65 when it has another form.
    pub fn read(root: &Path) -> Result<Self> {
        let path = root.join(NETWORK_FILE);
        let file: NetworkFile = files::read_json(&path, "the description of a network")?;
        match file.v == VERSION {
            true => Ok(Self { root: root.to_owned(), file }),
            false => Err(Failure::defective(format!(
                "{} has a form that this version does not know; use a newer pacta",
                path.display()
            ))),
        }
    }

    /// The folder of a State.
    pub fn folder(&self, state: &State) -> PathBuf {
        self.root.join(&state.slug)
    }

    /// The key of a State's minister for foreign affairs, and how it acts.
    ///
    /// # Errors
    /// As [`KeyFile::read`] and [`KeyFile::open`].
    pub fn minister(&self, state: &State) -> Result<(Secret, Author)> {
        let path = self.folder(state).join(KEYS_FOLDER).join(MINISTER_FILE);
        let file = KeyFile::read(&path)?;
        let author = Author { key: file.key, actor: state.actor, mandate: file.mandate };
        Ok((file.open(PASSPHRASE)?, author))
    }
}

/// Free addresses on loopback, all different, as the system gives them.
///
/// # Errors
/// When the system has none left.
pub fn free_addresses(count: usize) -> Result<Vec<SocketAddr>> {
    let none = |error: std::io::Error| {
        Failure::unavailable(format!("the system has no free port: {error}; stop some programs"))
    };
    // All are held at once, so that no two are the same, and set free together.
    let held = (0..count)
        .map(|_| TcpListener::bind(("127.0.0.1", 0)).map_err(none))
        .collect::<Result<Vec<_>>>()?;
    held.iter().map(|listener| listener.local_addr().map_err(none)).collect()
}
