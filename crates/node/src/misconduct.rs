//! Hears of validators that contradict themselves, and keeps the evidence.

use std::{collections::BTreeMap, sync::Arc};

use commonware_actor::Feedback;
use commonware_codec::{Encode, Read, ReadExt as _};
use commonware_consensus::{
    Reporter,
    simplex::types::{Activity, Finalize, Notarize, Nullify},
    types::Round,
};
use commonware_cryptography::{
    certificate::Attestation,
    ed25519::{self, certificate::Certificate as List},
};
use commonware_utils::{ordered::Set, sync::Mutex};
use pacta_chain::{
    Evidence, Verdict,
    evidence::{Cast, Vote},
};
use pacta_law::{Digest, PublicKey, Signature};

use crate::{
    shared::Shared,
    types::{BlockDigest, Scheme, ValidatorKey},
};

/// Pieces of evidence kept against one validator, at most: one convicts it.
const KEPT_MAX: usize = 16;

/// Evidence by the validator that it convicts.
#[derive(Default)]
pub struct Kept(BTreeMap<[u8; 32], BTreeMap<Digest, Evidence>>);

impl Kept {
    /// Keeps evidence; whether it is new.
    pub fn keep(&mut self, evidence: Evidence) -> bool {
        let against = self.0.entry(evidence.validator().0).or_default();
        against.len() < KEPT_MAX && against.insert(evidence.digest(), evidence).is_none()
    }

    /// All that is kept.
    pub fn all(&self) -> Vec<Evidence> {
        self.0.values().flat_map(BTreeMap::values).cloned().collect()
    }
}

/// Views of which votes are remembered.
const VIEWS_MAX: u64 = 256;
/// Votes of one validator in one view that are remembered, at most: each kind, and others from
/// certificates.
const VOTES_MAX: usize = 8;

/// Votes by view and by the place of their signer.
#[derive(Default)]
struct Heard(BTreeMap<(u64, u64), BTreeMap<usize, Vec<Vote>>>);

impl Heard {
    /// Remembers a vote; gives back those remembered that it contradicts. Of votes that were not
    /// verified the first of each kind is remembered.
    fn hear(&mut self, round: Round, place: usize, vote: &Vote, verified: bool) -> Vec<Vote> {
        let (epoch, view) = (round.epoch().get(), round.view().get());
        let last = self.0.keys().next_back().copied().unwrap_or_default();
        if (epoch, view.saturating_add(VIEWS_MAX)) < last {
            return Vec::new();
        }
        let own = self.0.entry((epoch, view)).or_default().entry(place).or_default();
        let contradicted = own.iter().filter(|known| known.contradicts(vote)).cloned().collect();
        let of_kind = own.iter().any(|known| known.cast == vote.cast);
        if own.len() < VOTES_MAX && (verified || !of_kind) && !own.contains(vote) {
            own.push(vote.clone());
        }
        while self.0.len() as u64 > VIEWS_MAX {
            self.0.pop_first();
        }
        contradicted
    }
}

/// Passes on what the engine reports, and keeps the evidence in it: two votes that the engine finds
/// contradicting, and votes in certificates that contradict others. The second is how a validator
/// is found that tells one thing to some and another to the rest.
#[derive(Clone)]
pub struct Witness<R> {
    inner: R,
    shared: Shared,
    committee: Set<ValidatorKey>,
    heard: Arc<Mutex<Heard>>,
}

impl<R> Witness<R> {
    /// Puts itself before a reporter.
    pub fn new(inner: R, shared: Shared, committee: Set<ValidatorKey>) -> Self {
        Self { inner, shared, committee, heard: Arc::default() }
    }

    /// Two votes as evidence. The engine reports them before it verifies them, and a bad part of
    /// the threshold signature excuses nobody: the evidence itself is verified.
    fn accuse(&self, place: usize, votes: [Vote; 2]) {
        let Some(key) = self.committee.get(place) else { return };
        let Ok(key) = key.as_ref().try_into() else { return };
        let founding = self.shared.genesis().founding.clone();
        let evidence = Evidence::new(founding, PublicKey(key), votes);
        if let Verdict::Genuine(proven) = evidence.verify()
            && self.shared.accuse(evidence)
        {
            tracing::error!(%proven, "a validator contradicted itself; the evidence is kept");
        }
    }

    fn accuse_of(&self, votes: Option<(usize, [Vote; 2])>) {
        if let Some((place, votes)) = votes {
            self.accuse(place, votes);
        }
    }

    fn hear(&self, round: Round, place: usize, vote: &Vote, verified: bool) {
        let contradicted = self.heard.lock().hear(round, place, vote, verified);
        for other in contradicted {
            self.accuse(place, [other, vote.clone()]);
        }
    }

    /// One vote, as its signer sent it.
    fn hear_one(&self, round: Round, vote: Option<(usize, Vote)>) {
        if let Some((place, vote)) = vote {
            self.hear(round, place, &vote, false);
        }
    }

    /// The votes of a certificate, whose own signatures were verified.
    fn hear_all(&self, round: Round, kind: Cast, statement: &impl Encode, list: &List) {
        for (signer, signature) in list.signers.iter().zip(&list.signatures) {
            let vote = signature.get().and_then(|own| cast(kind, statement, own));
            if let Some(vote) = vote {
                self.hear(round, usize::from(signer), &vote, true);
            }
        }
    }
}

impl<R: Reporter<Activity = Activity<Scheme, BlockDigest>>> Reporter for Witness<R> {
    type Activity = Activity<Scheme, BlockDigest>;

    fn report(&mut self, activity: Self::Activity) -> Feedback {
        match &activity {
            Activity::Notarize(vote) => self.hear_one(vote.round(), notarize(vote)),
            Activity::Finalize(vote) => self.hear_one(vote.round(), finalize(vote)),
            Activity::Nullify(vote) => self.hear_one(vote.round, nullify(vote)),
            Activity::ConflictingNotarize(two) => self.accuse_of(read_two(two, notarize, notarize)),
            Activity::ConflictingFinalize(two) => self.accuse_of(read_two(two, finalize, finalize)),
            Activity::NullifyFinalize(two) => self.accuse_of(read_two(two, nullify, finalize)),
            Activity::Notarization(one) | Activity::Certification(one) => {
                let round = one.proposal.round;
                self.hear_all(round, Cast::Notarize, &one.proposal, &one.certificate.list);
            }
            Activity::Finalization(one) => {
                let round = one.proposal.round;
                self.hear_all(round, Cast::Finalize, &one.proposal, &one.certificate.list);
            }
            Activity::Nullification(one) => {
                self.hear_all(one.round, Cast::Nullify, &one.round, &one.certificate.list);
            }
        }
        self.inner.report(activity)
    }
}

/// Takes two votes of one validator apart, with its place in the committee.
fn read_two<A: Read<Cfg = ()>, B: Read<Cfg = ()>>(
    two: &impl Encode,
    first: fn(&A) -> Option<(usize, Vote)>,
    second: fn(&B) -> Option<(usize, Vote)>,
) -> Option<(usize, [Vote; 2])> {
    let mut bytes = two.encode();
    let one = first(&A::read(&mut bytes).ok()?)?;
    let (place, other) = second(&B::read(&mut bytes).ok()?)?;
    (one.0 == place).then_some((place, [one.1, other]))
}

fn notarize(vote: &Notarize<Scheme, BlockDigest>) -> Option<(usize, Vote)> {
    own_vote(Cast::Notarize, &vote.proposal, &vote.attestation)
}

fn finalize(vote: &Finalize<Scheme, BlockDigest>) -> Option<(usize, Vote)> {
    own_vote(Cast::Finalize, &vote.proposal, &vote.attestation)
}

fn nullify(vote: &Nullify<Scheme>) -> Option<(usize, Vote)> {
    own_vote(Cast::Nullify, &vote.round, &vote.attestation)
}

fn own_vote(
    kind: Cast,
    statement: &impl Encode,
    signed: &Attestation<Scheme>,
) -> Option<(usize, Vote)> {
    let vote = cast(kind, statement, &signed.signature.get()?.own)?;
    Some((usize::from(signed.signer), vote))
}

fn cast(cast: Cast, statement: &impl Encode, own: &ed25519::Signature) -> Option<Vote> {
    let signature = Signature(own.encode().as_ref().try_into().ok()?);
    Some(Vote { cast, signature, statement: statement.encode().to_vec() })
}
