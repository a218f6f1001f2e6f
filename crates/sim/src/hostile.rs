//! Validators that do not do as they should. Each runs the honest code; what it says on the way out
//! is changed, and what it proposes may be a lie.

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::SystemTime,
};

use bytes::Bytes;
use commonware_actor::{Feedback, Unreliable};
use commonware_codec::{DecodeExt as _, Encode as _};
use commonware_consensus::{
    simplex::types::{Finalize, Notarize, Nullify, Vote},
    types::Epoch,
};
use commonware_cryptography::{Hasher as _, Sha256, certificate::Provider as _};
use commonware_p2p::{CheckedSender, LimitedSender, Recipients, Sender, utils::mux};
use commonware_runtime::IoBufs;
use commonware_utils::sync::Mutex;
use pacta_node::{
    committees::Committees,
    types::{BlockDigest, Scheme},
};
use rand::{Rng as _, RngExt as _, SeedableRng as _, rngs::StdRng};
use serde::Serialize;

/// Keeps the random numbers of hostile validators apart from all others.
const STREAM: u64 = 0x686f_7374_696c;
/// The channel of votes.
const VOTES: u64 = 0;
/// The channel of acts.
const ACTS: u64 = 7;
/// Messages of the past that may be said again.
const PAST_MAX: usize = 64;
/// Bytes of a message without sense, at most.
const NONSENSE_BYTES_MAX: usize = 2_048;

/// How a validator misbehaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Manners {
    /// It votes for two blocks, or for a block and to leave its view.
    pub contradicts: bool,
    /// It votes one way to some and another way to the rest.
    pub splits: bool,
    /// It keeps votes and acts to itself.
    pub withholds: bool,
    /// It says nonsense on every channel.
    pub garbles: bool,
    /// It says again what it said long ago.
    pub repeats: bool,
    /// It proposes blocks with wrong roots.
    pub wrong_roots: bool,
    /// It proposes blocks with acts that no honest leader takes.
    pub unfit_acts: bool,
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
        };
        match manners == Self::default() {
            true => Self { contradicts: true, ..manners },
            false => manners,
        }
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
    contradictions: AtomicU64,
    splits: AtomicU64,
    inner: Mutex<Inner>,
}

struct Inner {
    rng: StdRng,
    past: VecDeque<(u64, Bytes)>,
}

impl Mind {
    /// The mind of a validator that does not run yet.
    pub fn new(seed: u64, validator: u32, manners: Manners) -> Self {
        let inner = Inner { rng: rng(seed, validator), past: VecDeque::new() };
        Self {
            manners,
            committees: Mutex::default(),
            contradictions: AtomicU64::new(0),
            splits: AtomicU64::new(0),
            inner: Mutex::new(inner),
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

    /// Two votes in place of one, the first for about half of those who listen.
    fn split<P: Clone>(
        &self,
        channel: u64,
        vote: &Bytes,
        to: &[P],
    ) -> Option<[(Vec<P>, Bytes); 2]> {
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
                some.push(one.clone())
            } else {
                rest.push(one.clone())
            }
        }
        self.splits.fetch_add(1, Ordering::Relaxed);
        Some([(some, vote.clone()), (rest, other)])
    }

    /// What is said in place of a message.
    fn speak(&self, channel: u64, message: Bytes) -> Vec<Bytes> {
        let Self { manners, .. } = *self;
        let mut inner = self.inner.lock();
        let Inner { rng, past } = &mut *inner;
        let mut said = Vec::new();
        let withheld =
            manners.withholds && [VOTES, ACTS].contains(&channel) && rng.random_range(0..3) == 0;
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
        if manners.repeats {
            if rng.random_range(0..4) == 0
                && let Some((_, old)) = past.iter().find(|(of, _)| *of == channel)
            {
                said.push(old.clone());
            }
            if rng.random_range(0..4) == 0 {
                past.push_back((channel, message));
                past.truncate(PAST_MAX);
            }
        }
        said
    }

    /// A vote that contradicts a vote. Both come with the epoch that they are of before them.
    fn contradict(&self, message: &Bytes) -> Option<Bytes> {
        let (epoch, vote) = mux::parse(message.clone().into()).ok()?;
        let scheme = self.committees.lock().as_ref()?.scheme(Epoch::new(epoch))?;
        let other = match Vote::<Scheme, BlockDigest>::decode(vote.clone()).ok()? {
            Vote::Notarize(Notarize { mut proposal, .. }) => {
                proposal.payload = Sha256::hash(&[&proposal.payload.0]);
                Vote::Notarize(Notarize::sign(&*scheme, proposal)?)
            }
            Vote::Finalize(Finalize { proposal, .. }) if proposal.round.view().get() % 2 == 0 => {
                let nullify = Nullify::sign::<BlockDigest>(&*scheme, proposal.round)?;
                Vote::<Scheme, BlockDigest>::Nullify(nullify)
            }
            Vote::Finalize(Finalize { mut proposal, .. }) => {
                proposal.payload = Sha256::hash(&[&proposal.payload.0]);
                Vote::Finalize(Finalize::sign(&*scheme, proposal)?)
            }
            Vote::Nullify(_) => return None,
        };
        let mut said = message[..message.len() - vote.len()].to_vec();
        said.extend_from_slice(&other.encode());
        Some(said.into())
    }
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

/// What a validator says on a channel; changed if it is hostile.
#[derive(Clone)]
pub struct Voice<S> {
    sender: S,
    channel: u64,
    mind: Option<Arc<Mind>>,
}

impl<S> Voice<S> {
    /// The voice of an honest validator, or of one with such a mind.
    pub fn new(sender: S, channel: u64, mind: Option<Arc<Mind>>) -> Self {
        Self { sender, channel, mind }
    }
}

impl<S: Sender> LimitedSender for Voice<S> {
    type PublicKey = S::PublicKey;
    type Checked<'a>
        = Checked<'a, S>
    where
        Self: 'a;

    fn check(&mut self, to: Recipients<S::PublicKey>) -> Result<Checked<'_, S>, SystemTime> {
        let again = self.sender.clone();
        let first = self.sender.check(to)?;
        let mind = self.mind.as_ref().map(|mind| (mind.clone(), again));
        Ok(Checked { first, channel: self.channel, mind })
    }
}

/// A voice that knows to whom it speaks.
pub struct Checked<'a, S: Sender + 'a> {
    first: S::Checked<'a>,
    channel: u64,
    mind: Option<(Arc<Mind>, S)>,
}

impl<'a, S: Sender + 'a> CheckedSender for Checked<'a, S> {
    type PublicKey = S::PublicKey;

    fn recipients(&self) -> Vec<S::PublicKey> {
        self.first.recipients()
    }

    fn send(self, message: impl Into<IoBufs> + Send, priority: bool) -> Unreliable<Feedback> {
        let Some((mind, mut again)) = self.mind else { return self.first.send(message, priority) };
        let to = self.first.recipients();
        let message: IoBufs = message.into();
        let message: Bytes = message.coalesce().into();
        if let Some(split) = mind.split(self.channel, &message, &to) {
            for (to, message) in split {
                let _ = Sender::send(&mut again, Recipients::Some(to), message, priority);
            }
            return Unreliable::new(Feedback::Ok);
        }
        let said = mind.speak(self.channel, message);
        let mut said = said.into_iter();
        let Some(message) = said.next() else { return Unreliable::new(Feedback::Ok) };
        let feedback = self.first.send(message, priority);
        for message in said {
            let _ = Sender::send(&mut again, Recipients::Some(to.clone()), message, priority);
        }
        feedback
    }
}
