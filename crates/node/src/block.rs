//! A block: its header, which is what validators sign, and what the header commits to: the acts,
//! and in some blocks a step of the ceremony by which validators renew their shares.

use std::{fmt, num::NonZeroU32, sync::Arc};

use bytes::{BufMut, Bytes};
use commonware_codec::{
    Buf, DecodeExt as _, Encode as _, EncodeSize, Error as CodecError, FixedSize as _, Read,
    ReadExt as _, Write,
};
use commonware_consensus::{
    Block as EngineBlock, BoundedBlock, CertifiableBlock, Heightable,
    types::{Epoch, Height, Round as EngineRound, View},
};
use commonware_cryptography::{
    Digestible,
    bls12381::primitives::{sharing::ModeVersion, variant::MinSig},
    sha256::Digest,
};
use commonware_glue::dkg::ReshareBlock;
use commonware_utils::sequence::Unit;
use pacta_chain::{Header, body_root};

use crate::types::{Ceremony, Round, ValidatorKey};

/// Bytes of one signed act, at most.
pub const ACT_BYTES_MAX: usize = 64 * 1024;
/// Bytes of all acts of a block with their lengths, at most.
pub const BLOCK_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Acts of a block, at most; no valid act is shorter than the quotient of both limits.
pub const BLOCK_ACTS_MAX: usize = 16 * 1024;

/// Validators that a step of the ceremony may speak of, at most.
pub const CEREMONY_SEATS_MAX: NonZeroU32 = NonZeroU32::new(256).expect("is not zero");

/// Bytes that a list adds to each item: its length.
const LENGTH_BYTES: usize = 4;

/// A candidate or final block.
#[derive(Clone, PartialEq, Eq)]
pub struct Block {
    header: Header,
    round: Round,
    acts: Vec<Arc<[u8]>>,
    ceremony: Option<Arc<Ceremony>>,
    digest: Digest,
}

impl fmt::Debug for Block {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Block").field("header", &self.header).finish_non_exhaustive()
    }
}

impl Block {
    /// Joins a header and what it commits to.
    ///
    /// # Errors
    /// A sentence, if the header's leader is no key, a range is empty, or its root of the body
    /// differs.
    pub fn new(
        header: Header,
        acts: Vec<Arc<[u8]>>,
        ceremony: Option<Ceremony>,
    ) -> Result<Self, &'static str> {
        let leader = ValidatorKey::decode(header.leader.to_vec())
            .map_err(|_| "the leader is no Ed25519 key")?;
        if header.ledger_start >= header.ledger_end || header.journal_start >= header.journal_end {
            return Err("a range of operations is empty");
        }
        if root_of_body(&acts, ceremony.as_ref()) != header.acts_root {
            return Err("the body is not that of the header");
        }
        let round = Round {
            round: EngineRound::new(Epoch::new(header.epoch), View::new(header.view)),
            leader,
            parent: (View::new(header.parent_view), Digest(header.parent_digest.0)),
        };
        let digest = Digest(header.digest().0);
        Ok(Self { header, round, acts, ceremony: ceremony.map(Arc::new), digest })
    }

    /// What validators sign the digest of.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The signed acts, in the order of execution.
    pub fn acts(&self) -> &[Arc<[u8]>] {
        &self.acts
    }

    /// The step of the ceremony that the block carries.
    pub fn ceremony(&self) -> Option<&Ceremony> {
        self.ceremony.as_deref()
    }

    /// The round in which the block was proposed.
    pub fn round(&self) -> &Round {
        &self.round
    }
}

/// The commitment to acts and a step of the ceremony.
pub fn root_of_body(acts: &[Arc<[u8]>], ceremony: Option<&Ceremony>) -> pacta_law::Digest {
    body_root(acts, ceremony.map(|ceremony| ceremony.encode()).as_deref())
}

/// Bytes that an act takes in a block.
pub fn act_bytes_in_block(act: &[u8]) -> usize {
    LENGTH_BYTES + act.len()
}

impl Write for Block {
    fn write(&self, buffer: &mut impl BufMut) {
        buffer.put_slice(&self.header.encode());
        write_list(&self.acts, buffer);
        self.ceremony.is_some().write(buffer);
        if let Some(ceremony) = &self.ceremony {
            ceremony.write(buffer);
        }
    }
}

impl EncodeSize for Block {
    fn encode_size(&self) -> usize {
        let ceremony = self.ceremony.as_ref().map_or(0, |ceremony| ceremony.encode_size());
        Header::BYTES + list_bytes(&self.acts) + bool::SIZE + ceremony
    }
}

impl Read for Block {
    type Cfg = ();

    fn read_cfg(buffer: &mut impl Buf, _: &()) -> Result<Self, CodecError> {
        let invalid = |reason| CodecError::Invalid("Block", reason);
        if buffer.remaining() < Header::BYTES {
            return Err(CodecError::EndOfBuffer);
        }
        let header = Header::decode(&buffer.copy_to_bytes(Header::BYTES))
            .map_err(|_| invalid("malformed header"))?;
        let acts = read_list(buffer, BLOCK_ACTS_MAX, ACT_BYTES_MAX, BLOCK_BYTES_MAX)?;
        let ceremony = match bool::read(buffer)? {
            true => Some(Ceremony::read_cfg(buffer, &(CEREMONY_SEATS_MAX, ModeVersion::v0()))?),
            false => None,
        };
        Self::new(header, acts, ceremony).map_err(invalid)
    }
}

impl Digestible for Block {
    type Digest = Digest;

    fn digest(&self) -> Digest {
        self.digest
    }
}

impl Heightable for Block {
    fn height(&self) -> Height {
        Height::new(self.header.height)
    }
}

impl EngineBlock for Block {
    fn parent(&self) -> Digest {
        self.round.parent.1
    }
}

impl CertifiableBlock for Block {
    type Context = Round;

    fn context(&self) -> Round {
        self.round.clone()
    }
}

impl BoundedBlock for Block {
    fn max_encode_size(_: &()) -> usize {
        let ceremony = bool::SIZE + Ceremony::max_encode_size(CEREMONY_SEATS_MAX);
        Header::BYTES + u32::SIZE + BLOCK_BYTES_MAX + ceremony
    }
}

impl ReshareBlock for Block {
    type Variant = MinSig;
    type PublicKey = ValidatorKey;
    type Directory = Unit;

    fn payload(&self) -> Option<Ceremony> {
        self.ceremony().cloned()
    }
}

/// Bytes that [`write_list`] writes.
pub fn list_bytes<B: AsRef<[u8]>>(items: &[B]) -> usize {
    LENGTH_BYTES + items.iter().map(|item| LENGTH_BYTES + item.as_ref().len()).sum::<usize>()
}

/// Writes a count and items with their lengths, all as `u32` big-endian. Callers keep to limits
/// far below that.
pub fn write_list<B: AsRef<[u8]>>(items: &[B], buffer: &mut impl BufMut) {
    buffer.put_u32(items.len() as u32);
    for item in items {
        buffer.put_u32(item.as_ref().len() as u32);
        buffer.put_slice(item.as_ref());
    }
}

/// Reads what [`write_list`] wrote, within limits, without trusting any length.
///
/// # Errors
/// If the bytes end too early or a limit is exceeded.
pub fn read_list(
    buffer: &mut impl bytes::Buf,
    items_max: usize,
    item_bytes_max: usize,
    total_bytes_max: usize,
) -> Result<Vec<Arc<[u8]>>, CodecError> {
    let count = read_length(buffer, items_max)?;
    let mut items = Vec::with_capacity(count.min(1024));
    let mut total = 0usize;
    for _ in 0..count {
        let length = read_length(buffer, item_bytes_max)?;
        total += LENGTH_BYTES + length;
        if total > total_bytes_max {
            return Err(CodecError::InvalidLength(total));
        }
        if buffer.remaining() < length {
            return Err(CodecError::EndOfBuffer);
        }
        let item: Bytes = buffer.copy_to_bytes(length);
        items.push(Arc::from(item.as_ref()));
    }
    Ok(items)
}

fn read_length(buffer: &mut impl bytes::Buf, max: usize) -> Result<usize, CodecError> {
    if buffer.remaining() < LENGTH_BYTES {
        return Err(CodecError::EndOfBuffer);
    }
    let length = buffer.get_u32() as usize;
    if length > max {
        return Err(CodecError::InvalidLength(length));
    }
    Ok(length)
}
