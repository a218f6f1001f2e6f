//! Proofs that the ledger or the journal under a header holds something, and that the ledger holds
//! nothing under a key. `docs/receipt-format.md` describes them for other implementations.
//!
//! Nothing of the databases' code is used: what is read and hashed here is all there is to it.
//! Sizes and roots come from the header, and every member of a proof counts: a proof with any
//! member changed proves nothing.

mod tree;

use pacta_law::Digest;
use serde::{Deserialize, Serialize};

pub use self::tree::TreePath;
use self::tree::{CHUNK_HEIGHT, Tree};
use crate::header::Header;
use crate::hex_bytes;

/// Length of an operation of the ledger; shorter ones are followed by zeros.
const LEDGER_OPERATION_BYTES: usize = 97;
/// Length of an operation of the journal.
const JOURNAL_OPERATION_BYTES: usize = 42;
/// What operations begin with.
const UPDATE: u8 = 0xd2;
const LEDGER_COMMIT: u8 = 0xd3;
const APPEND: u8 = 1;

/// Proof that the ledger under a header holds a value under a key.
///
/// In JSON: `{"next_key":digest,"place":`[`ActivePlace`]`}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LedgerProof {
    /// The key that follows in the order of bytes; after the last key comes the first.
    pub next_key: Digest,
    /// Where the operation is that wrote the value.
    pub place: ActivePlace,
}

/// Proof that the ledger under a header holds nothing under a key: two neighbours with the key
/// between them, or no key at all.
///
/// In JSON: `{"place":`[`ActivePlace`]`,"span":`[`Span`]`}`, without `span` when the ledger is
/// empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AbsenceProof {
    /// Where the operation is that wrote the value of the span's key; of an empty ledger, where its
    /// last operation is.
    pub place: ActivePlace,
    /// The neighbours; none when the ledger is empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span: Option<Span>,
}

/// Two keys of the ledger with none between them.
///
/// In JSON: `{"key":digest,"next_key":digest,"value":digest}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Span {
    /// The first key.
    pub key: Digest,
    /// The key that follows in the order of bytes; after the last key comes the first.
    pub next_key: Digest,
    /// The value of the first key.
    pub value: Digest,
}

/// Proof that the journal under a header holds a leaf at a location.
///
/// In JSON as [`TreePath`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JournalProof {
    /// The path to the root.
    pub tree: TreePath,
}

/// Where an operation of the ledger is, and that no later one replaced it.
///
/// In JSON: `{"chunk":hex,"location":number,"partial":digest,"tree":`[`TreePath`]`}`; `partial` is
/// there only where its comment says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActivePlace {
    /// One bit for each of the 256 operations around this one, 1 if it is active. The lowest bit of
    /// a byte comes first.
    #[serde(with = "hex_bytes")]
    pub chunk: [u8; 32],
    /// The location of the operation.
    pub location: u64,
    /// SHA-256 of the last chunk, if that chunk is not full and is not [`Self::chunk`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partial: Option<Digest>,
    /// The path to the root.
    pub tree: TreePath,
}

impl LedgerProof {
    /// Whether the ledger under the header holds this value under this key.
    #[must_use]
    pub fn verify(&self, header: &Header, key: &Digest, value: &Digest) -> bool {
        self.place.holds(header, &update(key, value, &self.next_key))
    }
}

impl AbsenceProof {
    /// Whether the ledger under the header holds nothing under this key.
    #[must_use]
    pub fn verify(&self, header: &Header, key: &Digest) -> bool {
        match &self.span {
            Some(span) => {
                span.is_around(key)
                    && self.place.holds(header, &update(&span.key, &span.value, &span.next_key))
            }
            // A ledger is empty when nothing before its last operation, a commit, is active.
            None => {
                let location = self.place.location;
                let is_last = location.checked_add(1) == Some(header.ledger_end);
                is_last && self.place.holds(header, &commit(location))
            }
        }
    }
}

impl JournalProof {
    /// Whether the journal under the header holds this leaf at this location.
    #[must_use]
    pub fn verify(&self, header: &Header, location: u64, leaf: &Digest) -> bool {
        let mut operation = [0; JOURNAL_OPERATION_BYTES];
        operation[0] = APPEND;
        operation[1..33].copy_from_slice(&leaf.0);
        let tree = Tree { leaves: header.journal_end, start: header.journal_start };
        self.tree.root(tree, location, &operation, None) == Some(header.journal_root)
    }
}

impl Span {
    /// Whether a key is between the two, and neither of them.
    fn is_around(&self, key: &Digest) -> bool {
        if self.key < self.next_key {
            self.key < *key && *key < self.next_key
        } else {
            self.key < *key || *key < self.next_key
        }
    }
}

impl ActivePlace {
    /// Whether the operation is at this place under the header, and active.
    fn holds(&self, header: &Header, operation: &[u8; LEDGER_OPERATION_BYTES]) -> bool {
        self.root(header, operation) == Some(header.ledger_root)
    }

    fn root(&self, header: &Header, operation: &[u8; LEDGER_OPERATION_BYTES]) -> Option<Digest> {
        let bit = (self.location % 256) as usize;
        if self.chunk[bit / 8] >> (bit % 8) & 1 == 0 {
            return None;
        }
        let tree = Tree { leaves: header.ledger_end, start: header.ledger_start };
        let grafted = self.tree.root(tree, self.location, operation, Some(&self.chunk))?;
        let in_last_chunk = self.location >> CHUNK_HEIGHT == tree.leaves >> CHUNK_HEIGHT;
        let filled = tree.leaves % 256;
        let partial = match (filled, in_last_chunk, self.partial) {
            (0, _, None) => None,
            (1.., true, None) => Some(Digest::of(&[&self.chunk])),
            (1.., false, Some(partial)) => Some(partial),
            _ => return None,
        };
        let (ops, filled) = (&header.ledger_ops_root.0, filled.to_be_bytes());
        Some(match partial {
            Some(partial) => Digest::of(&[ops, &grafted.0, &filled, &partial.0]),
            None => Digest::of(&[ops, &grafted.0]),
        })
    }
}

/// The operation that writes a value under a key.
fn update(key: &Digest, value: &Digest, next_key: &Digest) -> [u8; LEDGER_OPERATION_BYTES] {
    let mut operation = [0; LEDGER_OPERATION_BYTES];
    operation[0] = UPDATE;
    for (at, digest) in [(1, key), (33, value), (65, next_key)] {
        operation[at..at + 32].copy_from_slice(&digest.0);
    }
    operation
}

/// The operation that ends a block of a ledger that is empty: nothing before it is active.
fn commit(location: u64) -> [u8; LEDGER_OPERATION_BYTES] {
    let mut operation = [0; LEDGER_OPERATION_BYTES];
    operation[0] = LEDGER_COMMIT;
    operation[34..42].copy_from_slice(&location.to_be_bytes());
    operation
}
