//! Hears of validators that contradict themselves, and keeps the evidence.

use std::collections::BTreeMap;

use commonware_actor::Feedback;
use commonware_codec::{Encode, ReadExt as _};
use commonware_consensus::{
    Reporter,
    simplex::types::{Activity, Attributable as _, Finalize, Notarize, Nullify},
};
use commonware_cryptography::certificate::Attestation;
use commonware_utils::ordered::Set;
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

/// Passes on what the engine reports, and keeps the evidence in it.
#[derive(Clone)]
pub struct Witness<R> {
    inner: R,
    shared: Shared,
    committee: Set<ValidatorKey>,
}

impl<R> Witness<R> {
    /// Puts itself before a reporter.
    pub fn new(inner: R, shared: Shared, committee: Set<ValidatorKey>) -> Self {
        Self { inner, shared, committee }
    }

    /// Two votes as evidence. The engine reports them before it verifies them, and a bad part of the
    /// threshold signature excuses nobody: the evidence itself is verified.
    fn accuse(&self, votes: Option<(usize, [Vote; 2])>) {
        let Some((place, votes)) = votes else { return };
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
}

impl<R: Reporter<Activity = Activity<Scheme, BlockDigest>>> Reporter for Witness<R> {
    type Activity = Activity<Scheme, BlockDigest>;

    fn report(&mut self, activity: Self::Activity) -> Feedback {
        match &activity {
            Activity::ConflictingNotarize(two) => {
                self.accuse(read_two(two, notarize, notarize));
            }
            Activity::ConflictingFinalize(two) => {
                self.accuse(read_two(two, finalize, finalize));
            }
            Activity::NullifyFinalize(two) => self.accuse(read_two(two, nullify, finalize)),
            _ => {}
        }
        self.inner.report(activity)
    }
}

type Bytes = bytes::Bytes;

/// Takes two votes of one validator apart, with its place in the committee.
fn read_two(
    two: &impl Encode,
    first: fn(&mut Bytes) -> Option<(usize, Vote)>,
    second: fn(&mut Bytes) -> Option<(usize, Vote)>,
) -> Option<(usize, [Vote; 2])> {
    let mut bytes = two.encode();
    let (one, (other, vote)) = (first(&mut bytes)?, second(&mut bytes)?);
    (one.0 == other).then_some((other, [one.1, vote]))
}

fn notarize(bytes: &mut Bytes) -> Option<(usize, Vote)> {
    let vote = Notarize::<Scheme, BlockDigest>::read(bytes).ok()?;
    let place = usize::from(vote.signer());
    Some((place, cast(Cast::Notarize, &vote.proposal, &vote.attestation)?))
}

fn finalize(bytes: &mut Bytes) -> Option<(usize, Vote)> {
    let vote = Finalize::<Scheme, BlockDigest>::read(bytes).ok()?;
    let place = usize::from(vote.signer());
    Some((place, cast(Cast::Finalize, &vote.proposal, &vote.attestation)?))
}

fn nullify(bytes: &mut Bytes) -> Option<(usize, Vote)> {
    let vote = Nullify::<Scheme>::read(bytes).ok()?;
    let place = usize::from(vote.signer());
    Some((place, cast(Cast::Nullify, &vote.round, &vote.attestation)?))
}

fn cast(cast: Cast, statement: &impl Encode, signed: &Attestation<Scheme>) -> Option<Vote> {
    let signature = signed.signature.get()?.own.encode();
    let signature = Signature(signature.as_ref().try_into().ok()?);
    Some(Vote { cast, signature, statement: statement.encode().to_vec() })
}
