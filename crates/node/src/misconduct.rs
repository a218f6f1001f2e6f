//! Hears of validators that contradict themselves, and keeps the evidence.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::{self, Debug},
    num::NonZeroUsize,
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use commonware_actor::Feedback;
use commonware_codec::{Decode as _, Encode, Read, ReadExt as _};
use commonware_consensus::{
    Reporter,
    simplex::types::{Activity, Certificate, Finalize, Notarize, Nullify},
    types::Round,
};
use commonware_cryptography::{
    certificate::Attestation,
    ed25519::{self, certificate::Certificate as List},
};
use commonware_p2p::{Message, Receiver};
use commonware_utils::{ordered::Set, sync::Mutex};
use pacta_chain::{
    Defect, Evidence, Proven, Receipt, Verdict,
    evidence::{Cast, Vote},
};
use pacta_law::{Digest, PublicKey, Signature, limits::COMMITTEES_KEPT, network::signing_path};

use crate::{
    handle::Handle,
    shared::Shared,
    types::{BlockDigest, Context, Scheme, ValidatorKey},
};

/// A receipt that could not be had is asked for again after this time.
const AGAIN: Duration = Duration::from_secs(1);
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

    /// Keeps evidence no more.
    fn forget(&mut self, evidence: &Evidence) {
        if let Some(against) = self.0.get_mut(&evidence.validator().0) {
            against.remove(&evidence.digest());
        }
    }

    /// All that is kept.
    pub fn all(&self) -> Vec<Evidence> {
        self.0.values().flat_map(BTreeMap::values).cloned().collect()
    }
}

/// Evidence against validators that the founding does not name. The receipt of who signs in an
/// epoch proves that they are validators; it is asked for when the epoch begins, since a node that
/// is given two final blocks stops before it could ask.
#[derive(Default)]
pub struct Suspicions {
    /// All that was heard, whether it is proven or not.
    heard: Kept,
    /// That of which no receipt has come.
    unproven: Vec<Evidence>,
    /// Receipts by epoch.
    receipts: BTreeMap<u64, Receipt>,
    /// The epoch that has begun last, and whether validators sign in it that joined later.
    epoch: u64,
    joined: bool,
}

impl Suspicions {
    /// Notes that an epoch has begun, and whether validators sign in it that the founding does not
    /// name.
    pub fn enter(&mut self, epoch: u64, joined: bool) {
        (self.epoch, self.joined) = (epoch, joined);
        self.receipts.retain(|of, _| of.saturating_add(COMMITTEES_KEPT) >= epoch);
    }

    /// Takes evidence whose votes are signed; what is new and proven, with its receipt, is given
    /// back. What is not proven yet is kept.
    pub fn suspect(&mut self, evidence: Evidence) -> Option<(Evidence, Proven)> {
        if !self.heard.keep(evidence.clone()) {
            return None;
        }
        let receipt = evidence.epoch().and_then(|epoch| self.receipts.get(&epoch));
        let Some(receipt) = receipt else {
            self.unproven.push(evidence);
            return None;
        };
        prove(&evidence, receipt)
    }

    /// The epochs of which the receipt is wanted.
    pub fn wanted(&self) -> BTreeSet<u64> {
        let this = self.joined.then_some(self.epoch);
        let epochs = self.unproven.iter().filter_map(Evidence::epoch).chain(this);
        epochs.filter(|epoch| !self.receipts.contains_key(epoch)).collect()
    }

    /// Takes the receipt of who signs in an epoch; what it proves is given back. One of absence
    /// says something only of epochs that the ledger forgets by now: at the start of an epoch it
    /// may be a block behind.
    pub fn receive(&mut self, epoch: u64, receipt: Receipt) -> Vec<(Evidence, Proven)> {
        let is_there = receipt.record().is_some();
        if !is_there && epoch.saturating_add(COMMITTEES_KEPT) >= self.epoch {
            return Vec::new();
        }
        let (of_epoch, others) = std::mem::take(&mut self.unproven)
            .into_iter()
            .partition(|evidence: &Evidence| evidence.epoch() == Some(epoch));
        self.unproven = others;
        if !is_there {
            of_epoch.iter().for_each(|evidence| self.heard.forget(evidence));
            return Vec::new();
        }
        let proven = of_epoch.iter().filter_map(|evidence| prove(evidence, &receipt)).collect();
        self.receipts.insert(epoch, receipt);
        proven
    }

    /// Evidence of which it is not proven yet that it is against a validator.
    pub fn unproven(&self) -> Vec<Evidence> {
        self.unproven.clone()
    }
}

/// Evidence with the receipt of who signs in its epoch, if that convicts somebody.
fn prove(evidence: &Evidence, receipt: &Receipt) -> Option<(Evidence, Proven)> {
    let evidence = evidence.clone().with_committee(receipt).ok()?;
    match evidence.verify() {
        Verdict::Genuine(proven) => Some((evidence, proven)),
        verdict => {
            tracing::warn!(?verdict, "evidence convicts nobody");
            None
        }
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
        let contradicted = self.contradicted(round, place, vote);
        let own = self.0.entry((epoch, view)).or_default().entry(place).or_default();
        let of_kind = own.iter().any(|known| known.cast == vote.cast);
        if own.len() < VOTES_MAX && (verified || !of_kind) && !own.contains(vote) {
            own.push(vote.clone());
        }
        while self.0.len() as u64 > VIEWS_MAX {
            self.0.pop_first();
        }
        contradicted
    }

    /// The votes remembered that a vote contradicts.
    fn contradicted(&self, round: Round, place: usize, vote: &Vote) -> Vec<Vote> {
        let votes = self.0.get(&(round.epoch().get(), round.view().get()));
        let own = votes.and_then(|votes| votes.get(&place)).into_iter().flatten();
        own.filter(|known| known.contradicts(vote)).cloned().collect()
    }
}

fn accuse(shared: &Shared, evidence: Evidence, proven: &Proven) {
    if shared.accuse(evidence) {
        tracing::error!(%proven, "a validator contradicted itself; the evidence is kept");
    }
}

/// Starts to ask who signs, by which validators are convicted that the founding does not name.
pub fn start<E: Context>(context: E, shared: Shared, handle: Handle) {
    context.spawn(move |context| async move {
        loop {
            let more = shared.more_suspicions().next();
            let wanted = shared.suspicions().wanted();
            for epoch in wanted {
                if let Ok(receipt) = handle.record_receipt(signing_path(epoch)).await {
                    let proven = shared.suspicions().receive(epoch, receipt);
                    for (evidence, proven) in proven {
                        accuse(&shared, evidence, &proven);
                    }
                }
            }
            if shared.suspicions().wanted().is_empty() {
                more.await;
            } else {
                context.sleep(AGAIN).await;
            }
        }
    });
}

/// Hears votes of one epoch, and keeps the evidence in them: two that the engine finds
/// contradicting, and votes in certificates that contradict others. The second is how a validator
/// is found that tells one thing to some and another to the rest. Clones are the same.
#[derive(Clone)]
pub struct Ears {
    shared: Shared,
    committee: Set<ValidatorKey>,
    heard: Arc<Mutex<Heard>>,
}

impl Debug for Ears {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ears").finish_non_exhaustive()
    }
}

impl Ears {
    /// Hears the votes of a committee.
    pub fn new(shared: Shared, committee: Set<ValidatorKey>) -> Self {
        Self { shared, committee, heard: Arc::default() }
    }

    /// Two votes as evidence; whether they convict. The engine reports them before it verifies
    /// them, and a bad part of the threshold signature excuses nobody: the evidence itself is
    /// verified.
    fn accuse(&self, place: usize, votes: [Vote; 2]) -> bool {
        let Some(key) = self.committee.get(place) else { return false };
        let Ok(key) = key.as_ref().try_into() else { return false };
        let founding = self.shared.genesis().founding.clone();
        let evidence = Evidence::new(founding, PublicKey(key), votes);
        match evidence.verify() {
            Verdict::Genuine(proven) => accuse(&self.shared, evidence, &proven),
            Verdict::NotGenuine(Defect::NoValidator) if evidence.is_signed() => {
                if let Some((evidence, proven)) = self.shared.suspect(evidence) {
                    accuse(&self.shared, evidence, &proven);
                }
            }
            _ => return false,
        }
        true
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
        for (place, vote) in listed(kind, statement, list) {
            self.hear(round, place, &vote, true);
        }
    }

    /// Compares a certificate that nobody verified with the votes heard, and remembers nothing of
    /// it. Stops at the first vote that turns out to be forged.
    pub fn compare(&self, certificate: &Certificate<Scheme, BlockDigest>) {
        let (round, votes) = match certificate {
            Certificate::Notarization(one) => {
                let list = &one.certificate.list;
                (one.proposal.round, listed(Cast::Notarize, &one.proposal, list))
            }
            Certificate::Finalization(one) => {
                let list = &one.certificate.list;
                (one.proposal.round, listed(Cast::Finalize, &one.proposal, list))
            }
            Certificate::Nullification(one) => {
                (one.round, listed(Cast::Nullify, &one.round, &one.certificate.list))
            }
        };
        for (place, vote) in votes {
            let contradicted = self.heard.lock().contradicted(round, place, &vote);
            for other in contradicted {
                if !self.accuse(place, [other, vote.clone()]) {
                    return;
                }
            }
        }
    }
}

/// Passes on what the engine reports, and hears the votes in it.
#[derive(Clone)]
pub struct Witness<R> {
    inner: R,
    ears: Ears,
}

impl<R> Witness<R> {
    /// Puts itself before a reporter.
    pub fn new(inner: R, ears: Ears) -> Self {
        Self { inner, ears }
    }
}

impl<R: Reporter<Activity = Activity<Scheme, BlockDigest>>> Reporter for Witness<R> {
    type Activity = Activity<Scheme, BlockDigest>;

    fn report(&mut self, activity: Self::Activity) -> Feedback {
        let ears = &self.ears;
        match &activity {
            Activity::Notarize(vote) => ears.hear_one(vote.round(), notarize(vote)),
            Activity::Finalize(vote) => ears.hear_one(vote.round(), finalize(vote)),
            Activity::Nullify(vote) => ears.hear_one(vote.round, nullify(vote)),
            Activity::ConflictingNotarize(two) => ears.accuse_of(read_two(two, notarize, notarize)),
            Activity::ConflictingFinalize(two) => ears.accuse_of(read_two(two, finalize, finalize)),
            Activity::NullifyFinalize(two) => ears.accuse_of(read_two(two, nullify, finalize)),
            Activity::Notarization(one) | Activity::Certification(one) => {
                let round = one.proposal.round;
                ears.hear_all(round, Cast::Notarize, &one.proposal, &one.certificate.list);
            }
            Activity::Finalization(one) => {
                let round = one.proposal.round;
                ears.hear_all(round, Cast::Finalize, &one.proposal, &one.certificate.list);
            }
            Activity::Nullification(one) => {
                ears.hear_all(one.round, Cast::Nullify, &one.round, &one.certificate.list);
            }
        }
        self.inner.report(activity)
    }
}

/// Passes on the certificates that come to the engine, and compares them with the votes heard. The
/// engine looks at the first certificate of a view only; of two final blocks of one view, it is the
/// other that convicts those who voted for both.
#[derive(Debug)]
pub struct Overhearing<R> {
    inner: R,
    ears: Ears,
    signers_max: usize,
}

impl<R> Overhearing<R> {
    /// Puts itself before a receiver of certificates.
    pub fn new(inner: R, ears: Ears) -> Self {
        let signers_max = ears.committee.len();
        Self { inner, ears, signers_max }
    }
}

impl<R: Receiver<PublicKey = ValidatorKey>> Receiver for Overhearing<R> {
    type Error = R::Error;
    type PublicKey = ValidatorKey;

    async fn recv(&mut self) -> Result<Message<ValidatorKey>, R::Error> {
        let (from, message) = self.inner.recv().await?;
        let bytes = Bytes::copy_from_slice(message.as_ref());
        if let Ok(certificate) = Certificate::decode_cfg(bytes, &self.signers_max) {
            self.ears.compare(&certificate);
        }
        Ok((from, message))
    }

    fn capacity(&self) -> NonZeroUsize {
        self.inner.capacity()
    }
}

/// The votes that a certificate lists, by the places of their signers.
fn listed(kind: Cast, statement: &impl Encode, list: &List) -> Vec<(usize, Vote)> {
    let votes = list.signers.iter().zip(&list.signatures).filter_map(|(signer, signature)| {
        let vote = signature.get().and_then(|own| cast(kind, statement, own))?;
        Some((usize::from(signer), vote))
    });
    votes.collect()
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
