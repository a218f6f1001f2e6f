//! A header in a receipt: its bytes, with its members beside them for readers.

use pacta_law::{Digest, Instant, PublicKey};
use serde::{Deserialize, Serialize};

use crate::header::Header;
use crate::verdict::Defect;

/// The bytes in hex, and what they say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HeaderForm {
    acts_root: Digest,
    bytes: String,
    epoch: u64,
    height: u64,
    instant: Instant,
    journal_end: u64,
    journal_ops_root: Digest,
    journal_root: Digest,
    journal_start: u64,
    law_version: u32,
    leader: PublicKey,
    ledger_end: u64,
    ledger_ops_root: Digest,
    ledger_root: Digest,
    ledger_start: u64,
    parent_digest: Digest,
    parent_view: u64,
    view: u64,
}

impl HeaderForm {
    pub(super) fn of(header: &Header) -> Self {
        Self {
            acts_root: header.acts_root,
            bytes: hex::encode(header.encode()),
            epoch: header.epoch,
            height: header.height,
            instant: header.instant,
            journal_end: header.journal_end,
            journal_ops_root: header.journal_ops_root,
            journal_root: header.journal_root,
            journal_start: header.journal_start,
            law_version: header.law_version,
            leader: PublicKey(header.leader),
            ledger_end: header.ledger_end,
            ledger_ops_root: header.ledger_ops_root,
            ledger_root: header.ledger_root,
            ledger_start: header.ledger_start,
            parent_digest: header.parent_digest,
            parent_view: header.parent_view,
            view: header.view,
        }
    }

    /// Reads the bytes, and checks that the members beside them say the same.
    pub(super) fn check(&self) -> Result<Header, Defect> {
        let bytes = hex::decode(&self.bytes).map_err(|_| Defect::HeaderDiffers)?;
        let header = Header::decode(&bytes).map_err(|_| Defect::HeaderDiffers)?;
        if *self == Self::of(&header) { Ok(header) } else { Err(Defect::HeaderDiffers) }
    }
}
