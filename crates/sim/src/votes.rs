//! Votes as evidence quotes them, and who was heard to contradict itself.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;
use commonware_codec::{DecodeExt as _, Encode};
use commonware_consensus::simplex::types::{Attributable as _, Vote as Message};
use commonware_cryptography::ed25519;
use commonware_p2p::utils::mux;
use commonware_utils::{ordered::Set, sync::Mutex};
use pacta_chain::{
    Evidence, Verdict,
    evidence::{Cast, Vote},
};
use pacta_law::{Founding, PublicKey, Signature};
use pacta_node::types::{BlockDigest, Finalization, Scheme, ValidatorKey};

/// The channel of votes.
pub const VOTES: u64 = 0;
/// Votes of one validator that are compared with each other: its latest. An engine does not compare
/// what is much older.
const COMPARED_MAX: usize = 32;

/// Reads a vote as it is sent, behind its epoch, with the place of who it says has signed it.
fn read(message: &[u8]) -> Option<(usize, Vote)> {
    let (_, vote) = mux::parse(Bytes::copy_from_slice(message).into()).ok()?;
    let (signer, cast, statement, signed) =
        match Message::<Scheme, BlockDigest>::decode(vote).ok()? {
            Message::Notarize(vote) => {
                (vote.signer(), Cast::Notarize, vote.proposal.encode(), vote.attestation)
            }
            Message::Finalize(vote) => {
                (vote.signer(), Cast::Finalize, vote.proposal.encode(), vote.attestation)
            }
            Message::Nullify(vote) => {
                (vote.signer(), Cast::Nullify, vote.round.encode(), vote.attestation)
            }
        };
    let own = signature(&signed.signature.get()?.own)?;
    Some((usize::from(signer), Vote { cast, signature: own, statement: statement.to_vec() }))
}

/// The votes that a certificate of finality lists, with the places of their signers.
pub fn listed(certificate: &Finalization) -> Vec<(usize, Vote)> {
    let statement = certificate.proposal.encode().to_vec();
    let list = &certificate.certificate.list;
    let votes = list.signers.iter().zip(&list.signatures).filter_map(|(signer, signed)| {
        let signature = signature(signed.get()?)?;
        let vote = Vote { cast: Cast::Finalize, signature, statement: statement.clone() };
        Some((usize::from(signer), vote))
    });
    votes.collect()
}

fn signature(own: &ed25519::Signature) -> Option<Signature> {
    Some(Signature(own.encode().as_ref().try_into().ok()?))
}

/// Genuine evidence made of two votes, if they contradict each other.
fn convict(founding: &Founding, key: &ValidatorKey, votes: [&Vote; 2]) -> Option<Evidence> {
    if !votes[0].contradicts(votes[1]) {
        return None;
    }
    let key = PublicKey(key.as_ref().try_into().ok()?);
    let evidence = Evidence::new(founding.clone(), key, votes.map(Clone::clone));
    matches!(evidence.verify(), Verdict::Genuine(_)).then_some(evidence)
}

/// What honest validators heard hostile ones say: all that could be known of contradictions.
pub struct Hearings {
    founding: Founding,
    committee: Set<ValidatorKey>,
    /// Hostile validators.
    hostile: BTreeMap<ValidatorKey, u32>,
    heard: Mutex<Heard>,
}

#[derive(Default)]
struct Heard {
    /// By listener and speaker, the latest votes.
    votes: BTreeMap<(u32, u32), VecDeque<Vote>>,
    contradictions: BTreeMap<u32, u64>,
}

impl Hearings {
    /// Nothing was heard yet.
    pub fn new(
        founding: Founding,
        committee: Set<ValidatorKey>,
        hostile: BTreeMap<ValidatorKey, u32>,
    ) -> Self {
        Self { founding, committee, hostile, heard: Mutex::default() }
    }

    /// Notes a message that came to a validator.
    pub fn hear(&self, listener: u32, channel: u64, from: &ValidatorKey, message: &[u8]) {
        let Some(speaker) = self.hostile.get(from).copied().filter(|_| channel == VOTES) else {
            return;
        };
        let Some((signer, vote)) = read(message) else { return };
        if self.committee.get(signer) != Some(from) {
            return;
        }
        let mut heard = self.heard.lock();
        let latest = heard.votes.entry((listener, speaker)).or_default();
        if latest.contains(&vote) {
            return;
        }
        let convicts = |other: &&Vote| convict(&self.founding, from, [*other, &vote]).is_some();
        let contradicted = latest.iter().filter(convicts).count() as u64;
        latest.push_back(vote);
        if latest.len() > COMPARED_MAX {
            latest.pop_front();
        }
        *heard.contradictions.entry(speaker).or_default() += contradicted;
    }

    /// Genuine evidence made of two votes of the validator at a place, if they contradict.
    pub fn convict(&self, place: usize, votes: [&Vote; 2]) -> Option<Evidence> {
        convict(&self.founding, self.committee.get(place)?, votes)
    }

    /// A validator that starts anew has forgotten what it heard.
    pub fn forget(&self, listener: u32) {
        self.heard.lock().votes.retain(|(known, _), _| *known != listener);
    }

    /// How often a hostile validator was heard to contradict itself, by any one that is honest.
    pub fn contradictions(&self, speaker: u32) -> u64 {
        self.heard.lock().contradictions.get(&speaker).copied().unwrap_or_default()
    }
}
