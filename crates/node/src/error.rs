//! Why a node cannot start or go on.

use std::path::PathBuf;

use pacta_law::PublicKey;

use crate::contradiction::{kept_in, naming, of_height};

/// Why a node cannot start or go on. Nothing that is already final is lost by any of these.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Stored data cannot be read or written as what it should be.
    #[error("stored data is damaged: {0}")]
    Damaged(String),
    /// The data directory holds damaged data.
    #[error(
        "the data directory {} is damaged: {reason}; keep a copy, then delete it and start again, \
         the node rebuilds it from its peers; never delete those of several nodes at once",
        .directory.display()
    )]
    DamagedDirectory {
        /// The directory.
        directory: PathBuf,
        /// What was found.
        reason: String,
    },
    /// Two blocks of one height are both final.
    #[error(
        "two different blocks {} are both final: more validators lied than the network bears; \
         {}{}; keep the directory {} as evidence, delete nothing, and compare blocks with all \
         other States; when they have agreed which one stands, move the directory aside and start \
         with an empty one, as docs/operate/running.md says",
        of_height(*.height),
        naming(.named),
        kept_in(.kept.as_ref()),
        .directory.display()
    )]
    Contradicted {
        /// The directory.
        directory: PathBuf,
        /// The height, if both blocks are in the directory.
        height: Option<u64>,
        /// Validators that evidence convicts.
        named: Vec<PublicKey>,
        /// The file that holds what this node has of both blocks.
        kept: Option<PathBuf>,
    },
    /// The data directory belongs to another network.
    #[error(
        "the data directory {} belongs to the network {found}, not to {wanted}; name another \
         directory", .directory.display()
    )]
    OtherNetwork {
        /// The directory.
        directory: PathBuf,
        /// The network it belongs to.
        found: String,
        /// The network of the genesis.
        wanted: String,
    },
    /// The data directory is in use.
    #[error(
        "the data directory {} is in use by another node; stop that node, or name another \
         directory", .0.display()
    )]
    Locked(PathBuf),
    /// The data directory cannot be used at all.
    #[error("the data directory {} cannot be used: {reason}", .directory.display())]
    Directory {
        /// The directory.
        directory: PathBuf,
        /// What the operating system says.
        reason: String,
    },
    /// The key or share is not one of this network's.
    #[error("{0}; give the node the key and share that the genesis names")]
    Credentials(String),
    /// The genesis cannot be used.
    #[error("the genesis cannot be used: {0}; take the file that the network was founded with")]
    Genesis(String),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {reason}; free the port, or choose another")]
    Listen {
        /// The address.
        address: String,
        /// What the operating system says.
        reason: String,
    },
    /// The founders of a network differ.
    #[error("the founding is refused: {0}")]
    Founders(String),
    /// A ceremony gave nothing that may be used.
    #[error("{reason}; all founders must start again with --attempt {attempt}")]
    AnotherAttempt {
        /// Why.
        reason: String,
        /// The attempt, for all founders.
        attempt: u32,
    },
    /// A receipt cannot be made yet.
    #[error("no certificate of this block has come yet")]
    NoCertificate,
    /// A backup does not hold what it should.
    #[error("the backup is damaged: {0}; take another one")]
    Backup(String),
    /// The node has stopped.
    #[error("the node has stopped: {0}")]
    Stopped(String),
}

impl Error {
    /// How the sentence of [`Error::Damaged`] begins.
    pub(crate) const DAMAGED: &'static str = "stored data is damaged: ";
}
