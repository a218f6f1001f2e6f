//! Evidence of misconduct: two votes of one validator that contradict each other. Whoever has the
//! founding can check it; no node is needed.
//!
//! Validators vote with two signatures: a part of the network's threshold signature, which any
//! quorum could forge, and an Ed25519 signature of their own key, which nobody else can make. Only
//! the second is evidence.
//!
//! That the key is a validator's is shown by the founding, or, of one that was admitted later, by
//! the receipt of the record of who signs in the epoch of the votes.

use ed25519_consensus::VerificationKey;
use pacta_law::network::{Validators, signing_path};
use pacta_law::{ActorId, Digest, Founding, NetworkId, Path, PublicKey, Signature, json};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::certificate::{namespace, push_varint};
use crate::hex_bytes;
use crate::receipt::{Receipt, know_founding, raw, read, version};
use crate::verdict::{Defect, Doubt, Proven, Unknown, Verdict};

/// What all evidence says it is.
pub const FORMAT: &str = "pacta-evidence";
/// Bytes of a statement, at most: three numbers and a digest.
const STATEMENT_BYTES_MAX: usize = 3 * 10 + 32;

/// Two votes of one validator that contradict each other.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// In form 2, the receipt of the record of who signs in the epoch of the votes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    committee: Option<Box<RawValue>>,
    /// Always [`FORMAT`].
    format: String,
    /// The network.
    founding: Founding,
    /// Version of this form.
    v: u64,
    /// The validator's key.
    validator: PublicKey,
    /// The votes, in the order of their bytes.
    votes: [Vote; 2],
}

impl PartialEq for Evidence {
    fn eq(&self, other: &Self) -> bool {
        self.to_bytes() == other.to_bytes()
    }
}

impl Eq for Evidence {}

/// A vote, as its signer signed it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vote {
    /// What is voted.
    pub cast: Cast,
    /// The Ed25519 signature.
    pub signature: Signature,
    /// What is signed, without its namespace, as the engine encodes it.
    #[serde(with = "hex_bytes::vector")]
    pub statement: Vec<u8>,
}

/// What is voted in a view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cast {
    /// That a block is final.
    Finalize,
    /// That a block is good.
    Notarize,
    /// That the view is left without a block.
    Nullify,
}

impl Cast {
    fn namespace_suffix(self) -> &'static str {
        match self {
            Self::Finalize => "_FINALIZE",
            Self::Notarize => "_NOTARIZE",
            Self::Nullify => "_NULLIFY",
        }
    }
}

/// What a statement says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Said {
    epoch: u64,
    view: u64,
    /// The view of the parent, and the block.
    block: Option<(u64, Digest)>,
}

impl Vote {
    /// What is signed: the namespace of the network and of the kind of vote, behind its length,
    /// then the statement.
    fn message(&self, network: NetworkId) -> Vec<u8> {
        let mut namespace = namespace(network);
        namespace.extend(self.cast.namespace_suffix().as_bytes());
        let mut message = Vec::with_capacity(namespace.len() + STATEMENT_BYTES_MAX + 2);
        push_varint(&mut message, namespace.len() as u64);
        message.extend(namespace);
        message.extend(&self.statement);
        message
    }

    /// Whether the two contradict each other, if one validator cast both.
    #[must_use]
    pub fn contradicts(&self, other: &Self) -> bool {
        let (one, other) = if self <= other { (self, other) } else { (other, self) };
        let said = (one.said(), other.said());
        let (Some(first), Some(second)) = said else { return false };
        contradiction((one.cast, other.cast), first, second).is_some()
    }

    fn said(&self) -> Option<Said> {
        let mut rest = self.statement.as_slice();
        let (epoch, view) = (take_varint(&mut rest)?, take_varint(&mut rest)?);
        if self.cast == Cast::Nullify {
            return rest.is_empty().then_some(Said { epoch, view, block: None });
        }
        let parent = take_varint(&mut rest)?;
        let block = Digest(rest.try_into().ok()?);
        Some(Said { epoch, view, block: Some((parent, block)) })
    }
}

impl Evidence {
    /// Evidence against a validator. It is not verified: see [`Self::verify`].
    #[must_use]
    pub fn new(founding: Founding, validator: PublicKey, mut votes: [Vote; 2]) -> Self {
        votes.sort();
        Self { committee: None, format: FORMAT.into(), founding, v: 1, validator, votes }
    }

    /// The same, with the receipt of the record at [`Self::committee_path`], which a validator that
    /// the founding does not name is convicted by.
    ///
    /// # Errors
    /// [`Defect::BadForm`] when the receipt is no JSON.
    pub fn with_committee(self, receipt: &Receipt) -> Result<Self, Defect> {
        Ok(Self { committee: Some(raw(&receipt.to_bytes())?), v: 2, ..self })
    }

    /// The epoch of the votes; none of votes that cannot be read.
    #[must_use]
    pub fn epoch(&self) -> Option<u64> {
        self.votes[0].said().map(|said| said.epoch)
    }

    /// Where the ledger says who signs in the epoch of the votes; none of votes that cannot be
    /// read.
    #[must_use]
    pub fn committee_path(&self) -> Option<Path> {
        self.epoch().map(signing_path)
    }

    /// The validator's key.
    #[must_use]
    pub fn validator(&self) -> PublicKey {
        self.validator
    }

    /// The digest of the bytes.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(&[&self.to_bytes()])
    }

    /// The bytes: canonical JSON.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        json::to_bytes(self)
    }

    /// Reads evidence.
    ///
    /// # Errors
    /// [`Defect::NotCanonical`] or [`Defect::BadForm`]; of later forms, an [`Unknown`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Doubt> {
        json::check(bytes).map_err(Defect::NotCanonical)?;
        Self::decode(bytes)
    }

    /// Reads evidence that is canonical JSON already.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Doubt> {
        let v = version(bytes)?;
        if !(1..=2).contains(&v) {
            return Err(Unknown::EvidenceVersion(v).into());
        }
        know_founding(bytes)?;
        let evidence: Self = read(bytes)?;
        if evidence.format != FORMAT || json::to_bytes(&evidence) != bytes {
            return Err(Defect::BadForm("a member stands for nothing".into()).into());
        }
        if !evidence.founding.is_of_its_form() {
            return Err(Defect::BadForm("the founding is not of its form".into()).into());
        }
        if evidence.committee.is_some() != (v == 2) {
            return Err(Defect::BadForm("a committee makes form 2, and only that".into()).into());
        }
        Ok(evidence)
    }

    /// The network that it says it is of.
    #[must_use]
    pub fn network(&self) -> NetworkId {
        self.founding.network()
    }

    /// Verifies that the validator is one of the network, signed both votes, and contradicted
    /// itself by them. Needs no network, no clock and no file.
    #[must_use]
    pub fn verify(&self) -> Verdict {
        self.prove().map_or_else(Verdict::from, Verdict::Genuine)
    }

    /// Whether whoever has the key contradicted itself, be it a validator or not.
    #[must_use]
    pub fn is_signed(&self) -> bool {
        self.clash().is_ok() && self.check_signatures().is_ok()
    }

    fn prove(&self) -> Result<Proven, Doubt> {
        let founder = self.founding.validators.iter().find(|one| one.key == self.validator);
        if self.committee.is_none() && founder.is_none() {
            return Err(Defect::NoValidator.into());
        }
        let (Said { epoch, view, .. }, what) = self.clash()?;
        let actor = match (&self.committee, founder) {
            (Some(committee), _) => self.seat(committee, epoch)?,
            (None, founder) => founder.ok_or(Defect::NoValidator)?.actor,
        };
        self.check_signatures()?;
        let sentence = format!(
            "the validator {} of the actor {actor} {what} in view {view} of epoch {epoch}, on the \
             network {}",
            self.validator, self.founding.name
        );
        Ok(Proven { network: self.network(), height: None, instant: None, sentence })
    }

    /// What the votes say, and how they contradict each other.
    fn clash(&self) -> Result<(Said, &'static str), Defect> {
        let said = |vote: &Vote| vote.said().ok_or(Defect::BadVote);
        let (first, second) = (said(&self.votes[0])?, said(&self.votes[1])?);
        let casts = (self.votes[0].cast, self.votes[1].cast);
        contradiction(casts, first, second).map(|what| (first, what)).ok_or(Defect::NoContradiction)
    }

    fn check_signatures(&self) -> Result<(), Defect> {
        let key = VerificationKey::try_from(self.validator.0).map_err(|_| Defect::BadVote)?;
        for vote in &self.votes {
            let signature = ed25519_consensus::Signature::from(vote.signature.0);
            let message = vote.message(self.network());
            key.verify(&signature, &message).map_err(|_| Defect::BadVote)?;
        }
        Ok(())
    }

    /// The actor of the validator, by the receipt of who signs in the epoch.
    fn seat(&self, committee: &RawValue, epoch: u64) -> Result<ActorId, Doubt> {
        let receipt = Receipt::decode(committee.get().as_bytes())?;
        if receipt.network() != self.network() {
            return Err(Defect::NoValidator.into());
        }
        receipt.prove()?;
        let (Some(path), Some(record)) = (receipt.path(), receipt.record()) else {
            return Err(Defect::NoValidator.into());
        };
        if path != signing_path(epoch) {
            return Err(Defect::NoValidator.into());
        }
        let Validators { validators, .. } = read(record)?;
        let seat = validators.into_iter().find(|one| one.key == self.validator);
        Ok(seat.ok_or(Defect::NoValidator)?.actor)
    }
}

/// How two votes contradict each other, if they do. Voting for a block and then to leave its view
/// is no contradiction, and neither is voting for one twice.
fn contradiction(casts: (Cast, Cast), first: Said, second: Said) -> Option<&'static str> {
    if (first.epoch, first.view) != (second.epoch, second.view) {
        return None;
    }
    match casts {
        (Cast::Notarize, Cast::Notarize) if first != second => Some("voted for two blocks"),
        (Cast::Finalize, Cast::Finalize) if first != second => {
            Some("voted that each of two blocks is final")
        }
        (Cast::Finalize, Cast::Nullify) => {
            Some("voted that a block is final and to leave its view without one")
        }
        _ => None,
    }
}

/// Reads a number of as few bytes as can be, seven bits each, the lowest first.
fn take_varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0u64;
    for (place, byte) in bytes.iter().enumerate().take(10) {
        let bits = u64::from(byte & 0x7f);
        if place == 9 && bits > 1 || place > 0 && *byte == 0 {
            return None;
        }
        number |= bits << (7 * place);
        if byte & 0x80 == 0 {
            *bytes = &bytes[place + 1..];
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_reads_back_and_has_one_form() {
        for number in [0, 1, 127, 128, 300, 70_000, u64::MAX] {
            let mut bytes = Vec::new();
            push_varint(&mut bytes, number);
            let mut rest = bytes.as_slice();
            assert_eq!((take_varint(&mut rest), rest), (Some(number), &[][..]));
        }
        for bytes in [&[0x80][..], &[0x80, 0x00], &[0xff; 10], &[]] {
            assert_eq!(take_varint(&mut &bytes[..]), None, "{bytes:?}");
        }
    }
}
