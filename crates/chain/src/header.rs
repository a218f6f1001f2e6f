//! Headers of blocks: what validators sign the digest of.

use alloc::vec::Vec;

use pacta_law::{Ceremony, Digest, Instant, Outcome};

/// What a header begins with.
const DOMAIN: [u8; 16] = *b"pacta/header/v1\0";

/// The header of a block. It commits to the acts, to the ledger and the journal after them, and to
/// the parent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Number of the committee of validators.
    pub epoch: u64,
    /// Number of the attempt to make a block, within the epoch.
    pub view: u64,
    /// Connection key of the validator that proposed the block.
    pub leader: [u8; 32],
    /// View of the parent.
    pub parent_view: u64,
    /// Digest of the parent's header.
    pub parent_digest: Digest,
    /// Number of the block, from 0 for the founding.
    pub height: u64,
    /// When the block was proposed, by the leader's clock; later than the parent's.
    pub instant: Instant,
    /// Commitment to the signed acts: see [`body_root`].
    pub acts_root: Digest,
    /// Root of the ledger after the block: each path and its record.
    pub ledger_root: Digest,
    /// Root of the ledger's operations alone, which is part of [`Self::ledger_root`].
    pub ledger_ops_root: Digest,
    /// First of the ledger's operations that are still active.
    pub ledger_start: u64,
    /// Number of the ledger's operations.
    pub ledger_end: u64,
    /// Root of the journal after the block: the outcomes in their order.
    pub journal_root: Digest,
    /// Root of the journal's operations.
    pub journal_ops_root: Digest,
    /// First of the journal's operations that a node keeps.
    pub journal_start: u64,
    /// Number of the journal's operations.
    pub journal_end: u64,
    /// Version of the law by which the block was executed.
    pub law_version: u32,
}

/// Why bytes are no header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a header of version 1; obtain it again")]
pub struct BadHeader;

impl Header {
    /// Length of a header, in bytes.
    pub const BYTES: usize = 16 + 9 * 8 + 4 + 7 * 32;

    /// The bytes: the members in order, numbers in big-endian order.
    #[must_use]
    pub fn encode(&self) -> [u8; Self::BYTES] {
        let mut bytes = Vec::with_capacity(Self::BYTES);
        bytes.extend(DOMAIN);
        bytes.extend(self.epoch.to_be_bytes());
        bytes.extend(self.view.to_be_bytes());
        bytes.extend(self.leader);
        bytes.extend(self.parent_view.to_be_bytes());
        bytes.extend(self.parent_digest.0);
        bytes.extend(self.height.to_be_bytes());
        bytes.extend(self.instant.ms().to_be_bytes());
        bytes.extend(self.acts_root.0);
        bytes.extend(self.ledger_root.0);
        bytes.extend(self.ledger_ops_root.0);
        bytes.extend(self.ledger_start.to_be_bytes());
        bytes.extend(self.ledger_end.to_be_bytes());
        bytes.extend(self.journal_root.0);
        bytes.extend(self.journal_ops_root.0);
        bytes.extend(self.journal_start.to_be_bytes());
        bytes.extend(self.journal_end.to_be_bytes());
        bytes.extend(self.law_version.to_be_bytes());
        bytes.try_into().expect("the members have the length of a header")
    }

    /// Reads a header from exactly its bytes.
    ///
    /// # Errors
    /// [`BadHeader`] when the length, the beginning or the instant is wrong.
    pub fn decode(bytes: &[u8]) -> Result<Self, BadHeader> {
        if bytes.len() != Self::BYTES || bytes[..16] != DOMAIN {
            return Err(BadHeader);
        }
        let mut rest = Reader(&bytes[16..]);
        Ok(Self {
            epoch: rest.number(),
            view: rest.number(),
            leader: rest.take(),
            parent_view: rest.number(),
            parent_digest: Digest(rest.take()),
            height: rest.number(),
            instant: Instant::from_ms(rest.number()).map_err(|_| BadHeader)?,
            acts_root: Digest(rest.take()),
            ledger_root: Digest(rest.take()),
            ledger_ops_root: Digest(rest.take()),
            ledger_start: rest.number(),
            ledger_end: rest.number(),
            journal_root: Digest(rest.take()),
            journal_ops_root: Digest(rest.take()),
            journal_start: rest.number(),
            journal_end: rest.number(),
            law_version: u32::from_be_bytes(rest.take()),
        })
    }

    /// The digest that validators sign and that names the block.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(&[&self.encode()])
    }
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        let (first, rest) = self.0.split_at(N);
        self.0 = rest;
        first.try_into().expect("split at that length")
    }

    fn number(&mut self) -> u64 {
        u64::from_be_bytes(self.take())
    }
}

/// The commitment to the signed acts of a block, in order.
#[must_use]
pub fn acts_root<A: AsRef<[u8]>>(acts: &[A]) -> Digest {
    let count = u32::try_from(acts.len()).expect("a block holds far fewer acts");
    let digests: Vec<Digest> = acts.iter().map(|act| Digest::of(&[act.as_ref()])).collect();
    let count = count.to_be_bytes();
    let mut parts: Vec<&[u8]> = alloc::vec![b"pacta/acts/v1", &count];
    parts.extend(digests.iter().map(|digest| digest.0.as_slice()));
    Digest::of(&parts)
}

/// The commitment to the body of a block: that of its acts, and, in a block that carries a step of
/// the ceremony by which validators renew their shares, that step's bytes besides.
#[must_use]
pub fn body_root<A: AsRef<[u8]>>(acts: &[A], ceremony: Option<&[u8]>) -> Digest {
    let acts = acts_root(acts);
    let Some(ceremony) = ceremony else { return acts };
    let ceremony = Digest::of(&[ceremony]);
    Digest::of(&[b"pacta/body/v1", &acts.0, &ceremony.0])
}

/// A final block with what became of its acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FinalBlock {
    /// The header.
    pub header: Header,
    /// The signed acts, in the order of execution.
    pub acts: Vec<Vec<u8>>,
    /// How the ceremony of an epoch ended, in that epoch's last block.
    pub ceremony: Option<Ceremony>,
    /// What became of what fell due, then of the acts.
    pub outcomes: Vec<Outcome>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> Header {
        let digest = |byte| Digest([byte; 32]);
        Header {
            epoch: 1,
            view: 2,
            leader: [3; 32],
            parent_view: 4,
            parent_digest: digest(5),
            height: 6,
            instant: Instant::from_ms(7).expect("in range"),
            acts_root: digest(8),
            ledger_root: digest(9),
            ledger_ops_root: digest(10),
            ledger_start: 11,
            ledger_end: 12,
            journal_root: digest(13),
            journal_ops_root: digest(14),
            journal_start: 15,
            journal_end: 16,
            law_version: 17,
        }
    }

    #[test]
    fn a_step_of_the_ceremony_is_part_of_the_body() {
        let acts = ["one", "two"];
        let without = body_root(&acts, None);
        assert_eq!(without, acts_root(&acts));
        let with = |step: &[u8]| body_root(&acts, Some(step));
        assert_ne!(with(b""), without);
        assert_ne!(with(b"log"), with(b"info"));
        assert_ne!(with(b"log"), body_root(&["one"], Some(b"log")));
    }

    #[test]
    fn a_header_is_read_as_it_was_written_and_every_byte_counts() {
        let bytes = header().encode();
        assert_eq!(Header::decode(&bytes), Ok(header()));
        for place in 0..bytes.len() {
            let mut changed = bytes;
            changed[place] ^= 1;
            assert_ne!(Header::decode(&changed), Ok(header()), "byte {place}");
        }
        assert_eq!(Header::decode(&bytes[1..]), Err(BadHeader));
    }

    #[test]
    fn the_root_of_acts_depends_on_their_number_and_order() {
        let root = |acts: &[&str]| acts_root(acts);
        assert_ne!(root(&[]), root(&[""]));
        assert_ne!(root(&["a", "b"]), root(&["b", "a"]));
        assert_ne!(root(&["ab"]), root(&["a", "b"]));
    }
}
