//! Why a file cannot be kept or read.

use std::{io, path::Path};

use crate::Digest;

/// Why a file cannot be kept or read. Nothing that was held before is lost by any of these.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The file is longer than this node keeps.
    #[error("the file is over {max} bytes, the most that this node keeps; split it")]
    TooLarge {
        /// The limit, in bytes.
        max: u64,
    },
    /// The file has no bytes.
    #[error("the file is empty; name the document itself")]
    Empty,
    /// All space for files is taken.
    #[error(
        "this node keeps at most {max} bytes of files, and they are taken; raise the limit, or \
         ask another node"
    )]
    Full {
        /// The limit, in bytes.
        max: u64,
    },
    /// All space for files that no act names is taken.
    #[error(
        "this node keeps at most {max} bytes of files that no act names, and they are taken; \
         name the file in an act first, or ask another node"
    )]
    FullOfUnnamed {
        /// The limit, in bytes.
        max: u64,
    },
    /// The disk has too little space.
    #[error("the disk of this node is full; free space and try again, nothing held is lost")]
    DiskFull,
    /// So many files are being brought in or fetched already.
    #[error("this node takes in {max} files at a time; try again when one of them has ended")]
    Busy {
        /// The limit.
        max: usize,
    },
    /// What is being handed in takes all space that it may take together.
    #[error("what is handed in at the same time may take {max} bytes; try again in a moment")]
    BusyBytes {
        /// The limit, in bytes.
        max: u64,
    },
    /// The last chunk proves another length than somebody tells.
    #[error("the file has {bytes} bytes, as its last chunk proves; ask another holder")]
    OtherLength {
        /// The length that is proved.
        bytes: u64,
    },
    /// The bytes have another digest than was announced.
    #[error("the bytes have the digest {found}, not {announced}; send the file again")]
    OtherDigest {
        /// What was announced.
        announced: Digest,
        /// What came.
        found: Digest,
    },
    /// The media type is not in its form.
    #[error("a media type is like application/pdf, in at most 100 characters; correct it")]
    BadMediaType,
    /// The bytes are evidently of another type.
    #[error("the bytes are {found}, not {declared}; declare what they are")]
    OtherMediaType {
        /// What was declared.
        declared: String,
        /// What the first bytes say.
        found: &'static str,
    },
    /// A chunk is not the one that the digest demands.
    #[error("the chunk is not the file's; ask another holder")]
    WrongChunk,
    /// What is on the disk is not what was written.
    #[error("the file {0} is damaged on this disk; it is fetched again from its holders")]
    Damaged(Digest),
    /// This node does not hold the file.
    #[error("this node does not hold the file {0}; ask for it to be fetched, or ask another node")]
    NotHeld(Digest),
    /// Reading or writing failed.
    #[error("files cannot be read or written: {0}; look at the disk of this node")]
    Disk(String),
}

impl Error {
    /// What the system says of a path.
    pub(crate) fn at(path: &Path, error: &io::Error) -> Self {
        match is_full(error) {
            true => Self::DiskFull,
            false => Self::Disk(format!("{}: {error}", path.display())),
        }
    }
}

/// Whether the system says that there is no space.
fn is_full(error: &io::Error) -> bool {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded | FileTooLarge)
}
