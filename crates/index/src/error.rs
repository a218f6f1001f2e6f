//! Why the index cannot do what was asked.

use std::path::PathBuf;

/// A failure of the index. The index is disposable: the remedy is often to delete it and rebuild.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A block came that does not follow the last one applied.
    #[error("block {got} does not follow block {last}; apply the blocks in between first")]
    Gap {
        /// The last height applied.
        last: u64,
        /// The height of the block refused.
        got: u64,
    },
    /// Another block was applied at this height before.
    #[error("block {height} differs from the one applied; delete the index and start again")]
    Conflict {
        /// The height of both blocks.
        height: u64,
    },
    /// A final block carries what no final block can.
    #[error("block {height} is not well formed: {reason}; check the node's storage")]
    Malformed {
        /// The height of the block.
        height: u64,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A file of an index that cannot be replaced could not be removed.
    #[error("the old index {path} cannot be removed: {cause}; remove it and start again")]
    Replace {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: std::io::Error,
    },
    /// The genesis holds a record that cannot be read.
    #[error("the genesis record {path} cannot be read; obtain the genesis again")]
    Genesis {
        /// The record.
        path: String,
    },
    /// The database failed.
    #[error("the index database failed: {0}; delete the index and start again, it is rebuilt")]
    Database(#[from] rusqlite::Error),
    /// A stored value cannot be read back.
    #[error("the index holds unreadable text: {0}; delete the index and start again")]
    Text(#[from] serde_json::Error),
}
