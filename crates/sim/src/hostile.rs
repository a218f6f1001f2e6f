//! Validators that do not do as they should. Each runs the honest code; what it says on the way out
//! is changed, what it proposes may be a lie, and its clock may be far off.

mod past;
mod twins;
mod voice;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use bytes::Bytes;
use commonware_codec::{DecodeExt as _, Encode as _};
use commonware_consensus::{
    simplex::types::{Finalize, Notarize, Nullify, Vote},
    types::Epoch,
};
use commonware_cryptography::{Hasher as _, Sha256, certificate::Provider as _};
use commonware_p2p::utils::mux;
use commonware_utils::sync::Mutex;
use pacta_node::{
    committees::Committees,
    engine::channels,
    types::{BlockDigest, Scheme, ValidatorKey},
};
use rand::{Rng as _, RngExt as _, SeedableRng as _, rngs::StdRng};
use serde::Serialize;

use crate::votes::VOTES;
use past::Past;
pub use twins::Twins;
pub use voice::{Ear, Listener, Voice};

/// Keeps the random numbers of hostile validators apart from all others.
const STREAM: u64 = 0x686f_7374_696c;
/// The channel of certificates.
const CERTIFICATES: u64 = 1;
/// The channel of blocks.
const BLOCKS: u64 = 4;
/// The channel of acts.
const ACTS: u64 = 7;
/// Bytes of a message without sense, at most.
const NONSENSE_BYTES_MAX: usize = 2_048;
/// Whether a block has a twin is asked so often, every few milliseconds.
const LATE_TRIES_MAX: u32 = 8;
/// A clock that is far off is so many milliseconds before or after the true time.
const CLOCK_OFFSETS_MS: std::ops::Range<i64> = 8_000..3_600_000;

/// How a validator misbehaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Manners {
    /// It votes for two blocks, or for a block and to leave its view.
    pub contradicts: bool,
    /// It votes one way to some and another way to the rest.
    pub splits: bool,
    /// It keeps votes, acts and other messages to itself.
    pub withholds: bool,
    /// It says nonsense on every channel, also unasked.
    pub garbles: bool,
    /// It says again what it said long ago.
    pub repeats: bool,
    /// It proposes blocks with wrong roots.
    pub wrong_roots: bool,
    /// It proposes blocks with acts that no honest leader takes.
    pub unfit_acts: bool,
    /// It says again what others said long ago, before crashes and in earlier epochs too.
    pub replays: bool,
    /// It proposes no acts, and passes none on.
    pub censors: bool,
    /// Its clock is far off.
    pub skews: bool,
    /// It conspires to give each half of the others another block. Only where more are hostile than
    /// is borne.
    pub forks: bool,
}

impl Manners {
    /// The manners of a validator by a seed: at least one is bad.
    pub fn of(seed: u64, validator: u32) -> Self {
        let mut rng = rng(seed, validator);
        let mut bad = || rng.random_range(0..3) == 0;
        let manners = Self {
            contradicts: bad(),
            splits: bad(),
            withholds: bad(),
            garbles: bad(),
            repeats: bad(),
            wrong_roots: bad(),
            unfit_acts: bad(),
            replays: bad(),
            censors: bad(),
            skews: bad(),
            forks: false,
        };
        match manners == Self::default() {
            true => Self { contradicts: true, ..manners },
            false => manners,
        }
    }

    /// How far off its clock is, in milliseconds.
    pub fn clock_offset_ms(self, seed: u64, validator: u32) -> i64 {
        let mut rng = StdRng::seed_from_u64(!seed ^ STREAM ^ (u64::from(validator) << 48));
        let offset = rng.random_range(CLOCK_OFFSETS_MS);
        if rng.random_range(0..2) == 0 { offset } else { -offset }
    }

    /// The bad ones, by name.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        let named = [
            (self.contradicts, "contradictions"),
            (self.splits, "split_votes"),
            (self.withholds, "withheld_messages"),
            (self.garbles, "nonsense"),
            (self.repeats, "repeated_messages"),
            (self.wrong_roots, "wrong_roots"),
            (self.unfit_acts, "unfit_acts"),
            (self.replays, "replayed_messages"),
            (self.censors, "withheld_acts"),
            (self.skews, "clocks_far_off"),
            (self.forks, "forks"),
        ];
        named.into_iter().filter(|(bad, _)| *bad).map(|(_, name)| name)
    }
}

fn rng(seed: u64, validator: u32) -> StdRng {
    StdRng::seed_from_u64(seed ^ STREAM ^ (u64::from(validator) << 48))
}

/// What decides on all that one hostile validator says.
pub struct Mind {
    manners: Manners,
    /// Its means to vote, while it runs.
    committees: Mutex<Option<Committees>>,
    /// Channels on which it keeps messages to itself.
    withheld: Vec<u64>,
    twins: Option<Arc<Twins>>,
    contradictions: AtomicU64,
    splits: AtomicU64,
    inner: Mutex<Inner>,
}

struct Inner {
    rng: StdRng,
    /// What it said.
    own: Past,
    /// What it heard others say.
    others: Past,
    /// Votes that half of the others are told late, and how often it was too early.
    early: Vec<(Bytes, u32)>,
}

/// A message and whom it is said to.
pub type Said = (Vec<ValidatorKey>, Bytes);

impl Mind {
    /// The mind of a validator that does not run yet. `twins` is what conspirators share.
    pub fn new(seed: u64, validator: u32, manners: Manners, twins: Option<Arc<Twins>>) -> Self {
        let mut rng = rng(!seed, validator);
        let mut withheld = vec![VOTES, ACTS];
        withheld.extend(channels().map(|(channel, _)| channel).into_iter().filter(|channel| {
            ![VOTES, ACTS].contains(channel) && rng.random_range(0..3) == 0 // some of the others
        }));
        Self {
            manners,
            committees: Mutex::default(),
            withheld,
            twins,
            contradictions: AtomicU64::new(0),
            splits: AtomicU64::new(0),
            inner: Mutex::new(Inner {
                rng,
                own: Past::default(),
                others: Past::default(),
                early: Vec::new(),
            }),
        }
    }

    /// Gives it the means to vote of the validator that runs.
    pub fn wake(&self, committees: Committees) {
        *self.committees.lock() = Some(committees);
    }

    /// How often it contradicted itself to all others.
    pub fn contradictions(&self) -> u64 {
        self.contradictions.load(Ordering::Relaxed)
    }

    /// How often it voted one way to some and another way to the rest.
    pub fn splits(&self) -> u64 {
        self.splits.load(Ordering::Relaxed)
    }

    /// Notes what another one said; whether the honest code may hear it.
    fn hear(&self, channel: u64, message: &[u8]) -> bool {
        if self.manners.replays {
            let mut inner = self.inner.lock();
            let Inner { rng, others, .. } = &mut *inner;
            others.note(rng, channel, message);
        }
        !self.twins.as_ref().is_some_and(|twins| twins.is_about_twin(channel, message))
    }

    /// What is said in place of a message, and to whom.
    fn say(&self, channel: u64, message: Bytes, to: Vec<ValidatorKey>) -> Vec<Said> {
        if let Some(twins) = &self.twins {
            let ballot = if channel == VOTES { self.ballot(&message) } else { None };
            if ballot.as_ref().is_some_and(|ballot| twins.is_early(ballot)) {
                self.inner.lock().early.push((message.clone(), 0));
            }
            if let Some(said) = twins.say(ballot.as_ref(), channel, &message, &to) {
                self.splits.fetch_add(u64::from(channel == VOTES), Ordering::Relaxed);
                return said;
            }
        }
        if let Some(said) = self.split(channel, &message, &to) {
            return said.to_vec();
        }
        self.speak(channel, message).into_iter().map(|message| (to.clone(), message)).collect()
    }

    /// Two votes in place of one, the first for about half of those who listen.
    fn split(&self, channel: u64, vote: &Bytes, to: &[ValidatorKey]) -> Option<[Said; 2]> {
        if !self.manners.splits || channel != VOTES || to.len() < 2 {
            return None;
        }
        let rng = &mut self.inner.lock().rng;
        if rng.random_range(0..2) == 0 {
            return None;
        }
        let other = self.contradict(vote)?;
        let (mut some, mut rest) = (Vec::new(), Vec::new());
        for one in to {
            if rng.random_range(0..2) == 0 {
                some.push(one.clone());
            } else {
                rest.push(one.clone());
            }
        }
        self.splits.fetch_add(1, Ordering::Relaxed);
        Some([(some, vote.clone()), (rest, other)])
    }

    /// What is said to all in place of a message.
    fn speak(&self, channel: u64, message: Bytes) -> Vec<Bytes> {
        let Self { manners, .. } = *self;
        let mut inner = self.inner.lock();
        let Inner { rng, own, .. } = &mut *inner;
        let mut said = Vec::new();
        let withheld = manners.censors && channel == ACTS
            || manners.withholds && self.withheld.contains(&channel) && rng.random_range(0..3) == 0;
        if !withheld {
            said.push(message.clone());
            if manners.contradicts
                && channel == VOTES
                && rng.random_range(0..2) == 0
                && let Some(other) = self.contradict(&message)
            {
                said.push(other);
                self.contradictions.fetch_add(1, Ordering::Relaxed);
            }
        }
        if manners.garbles && rng.random_range(0..8) == 0 {
            said.push(nonsense(rng, &message));
        }
        if manners.garbles || manners.repeats {
            if manners.repeats && rng.random_range(0..4) == 0 {
                said.extend(own.any(rng, channel));
            }
            own.note(rng, channel, &message);
        }
        said
    }

    /// Whether it conspires to give each half of the others another block.
    pub fn conspires(&self) -> bool {
        self.twins.is_some()
    }

    /// Votes that half of the others are told late.
    pub fn late_votes(&self) -> Vec<Said> {
        let Some(twins) = &self.twins else { return Vec::new() };
        let mut said = Vec::new();
        self.inner.lock().early.retain_mut(|(vote, tries)| {
            *tries += 1;
            let patient = *tries < LATE_TRIES_MAX;
            let late = self.ballot(vote).and_then(|ballot| twins.late(&ballot, vote, patient));
            let waits = patient && late.is_none();
            said.extend(late);
            waits
        });
        said
    }

    /// Something to say unasked, on any channel: nonsense, or what others said long ago.
    pub fn heckle(&self) -> Option<(u64, Bytes)> {
        let Self { manners, .. } = *self;
        let mut inner = self.inner.lock();
        let Inner { rng, own, others, .. } = &mut *inner;
        let all = channels();
        let any = |rng: &mut StdRng| all[rng.random_range(0..all.len())].0;
        let channel = any(rng);
        if manners.replays && (!manners.garbles || rng.random_range(0..2) == 0) {
            return Some((channel, others.any(rng, channel)?));
        }
        if !manners.garbles {
            return None;
        }
        // What makes sense on one channel makes none on another.
        let of = if rng.random_range(0..4) == 0 { any(rng) } else { channel };
        let message = own.any(rng, of).unwrap_or_default();
        match of == channel {
            true => Some((channel, nonsense(rng, &message))),
            false => Some((channel, message)),
        }
    }

    /// Takes a vote apart that it sends.
    fn ballot(&self, message: &Bytes) -> Option<Ballot> {
        let (epoch, vote) = mux::parse(message.clone().into()).ok()?;
        let scheme = self.committees.lock().as_ref()?.scheme(Epoch::new(epoch))?;
        let before = message.slice(..message.len() - vote.len());
        let vote = Vote::decode(vote).ok()?;
        Some(Ballot { before, scheme, vote })
    }

    /// A vote that contradicts a vote.
    fn contradict(&self, message: &Bytes) -> Option<Bytes> {
        let Ballot { before, scheme, vote } = self.ballot(message)?;
        let other = match vote {
            Vote::Notarize(Notarize { mut proposal, .. }) => {
                proposal.payload = Sha256::hash(&[&proposal.payload.0]);
                Vote::Notarize(Notarize::sign(&*scheme, proposal)?)
            }
            Vote::Finalize(Finalize { proposal, .. }) if proposal.round.view().get() % 2 == 0 => {
                let nullify = Nullify::sign::<BlockDigest>(&*scheme, proposal.round)?;
                Vote::Nullify(nullify)
            }
            Vote::Finalize(Finalize { mut proposal, .. }) => {
                proposal.payload = Sha256::hash(&[&proposal.payload.0]);
                Vote::Finalize(Finalize::sign(&*scheme, proposal)?)
            }
            Vote::Nullify(_) => return None,
        };
        Some(behind(&before, &other))
    }
}

/// A vote on its way out, taken apart.
struct Ballot {
    /// The epoch that it is of, as it stands before it.
    before: Bytes,
    /// The means to sign another one in that epoch.
    scheme: Arc<Scheme>,
    vote: Vote<Scheme, BlockDigest>,
}

/// A vote as it is sent, behind its epoch.
fn behind(epoch: &Bytes, vote: &Vote<Scheme, BlockDigest>) -> Bytes {
    [epoch.as_ref(), vote.encode().as_ref()].concat().into()
}

/// Random bytes, or a message with one byte changed.
fn nonsense(rng: &mut StdRng, message: &Bytes) -> Bytes {
    if message.is_empty() || rng.random_range(0..2) == 0 {
        let mut bytes = vec![0; rng.random_range(0..NONSENSE_BYTES_MAX)];
        rng.fill_bytes(&mut bytes);
        return bytes.into();
    }
    let mut bytes = message.to_vec();
    let place = rng.random_range(0..bytes.len());
    bytes[place] ^= rng.random_range(1..=255u8);
    bytes.into()
}
