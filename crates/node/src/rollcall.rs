//! The roll call of a founding: who is there, with which plan, and how far.
//!
//! Every founder tells all others four times a second with which plan and attempt it is there and
//! how far it has come. The ceremony begins when all hear all: whoever came late would find its
//! share published. The connection says who calls, so a call names nobody.

use std::{fmt, num::NonZeroU32, time::Duration};

use pacta_law::limits::VALIDATORS_MAX;

/// How often a founder calls.
pub const CALL: Duration = Duration::from_millis(250);
/// A founder that was not heard for this time, in milliseconds, is absent.
pub const ABSENT_MS: u64 = 3_000;
/// Who has founded the network and hears nobody for this time, in milliseconds, need not wait.
pub const ALONE_MS: u64 = 30_000;
/// Form of a call.
const VERSION: u8 = 1;
/// Bytes of a call without the list of who has finished.
const HEAD_BYTES: usize = 1 + 32 + 4 + 1 + 32;
/// The longest call, in bytes.
pub const CALL_BYTES_MAX: usize = HEAD_BYTES + VALIDATORS_MAX.div_ceil(8);

/// A digest: of a plan, or of a founding.
pub type Digest = [u8; 32];

/// How far a founder has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// It does not hear all others yet.
    Calling,
    /// It hears all others.
    Ready,
    /// It takes part in the ceremony.
    Ceremony,
    /// Nothing came of it that may be used.
    Void,
    /// It knows the network that came of it.
    Agreed,
    /// It has written its directory.
    Done,
}

impl Stage {
    const ALL: [Self; 6] =
        [Self::Calling, Self::Ready, Self::Ceremony, Self::Void, Self::Agreed, Self::Done];
}

/// What a founder says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Digest of its plan.
    pub plan: Digest,
    /// Its attempt, from 1.
    pub attempt: NonZeroU32,
    /// How far it is.
    pub stage: Stage,
    /// The network that came of the ceremony; zeros as long as it knows none.
    pub network: Digest,
    /// Who has told it that they have finished: a bit for each founder, in the order of the plan.
    pub done: Vec<u8>,
}

/// Why a call says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadCall {
    /// It has the form of another version.
    Version(u8),
    /// It has no form.
    Malformed,
}

impl Call {
    /// The bytes of the call.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEAD_BYTES + self.done.len());
        bytes.push(VERSION);
        bytes.extend_from_slice(&self.plan);
        bytes.extend_from_slice(&self.attempt.get().to_be_bytes());
        bytes.push(self.stage as u8);
        bytes.extend_from_slice(&self.network);
        bytes.extend_from_slice(&self.done);
        bytes
    }

    /// Reads a call.
    ///
    /// # Errors
    /// [`BadCall`].
    pub fn decode(bytes: &[u8]) -> Result<Self, BadCall> {
        match bytes.first() {
            Some(&VERSION) if (HEAD_BYTES..=CALL_BYTES_MAX).contains(&bytes.len()) => {}
            Some(&version) if version != VERSION => return Err(BadCall::Version(version)),
            _ => return Err(BadCall::Malformed),
        }
        let (head, done) = bytes.split_at(HEAD_BYTES);
        let digest = |from: usize| {
            let mut digest = [0; 32];
            digest.copy_from_slice(&head[from..from + 32]);
            digest
        };
        let attempt = u32::from_be_bytes([head[33], head[34], head[35], head[36]]);
        Ok(Self {
            plan: digest(1),
            attempt: NonZeroU32::new(attempt).ok_or(BadCall::Malformed)?,
            stage: *Stage::ALL.get(usize::from(head[37])).ok_or(BadCall::Malformed)?,
            network: digest(38),
            done: done.to_vec(),
        })
    }
}

/// How another founder stands, as this one sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is not heard.
    Absent,
    /// It speaks another version.
    OtherVersion,
    /// It has another plan: its digest.
    OtherPlan(Digest),
    /// It is at another attempt.
    OtherAttempt(NonZeroU32),
    /// It says that another network came of the ceremony: its digest.
    OtherNetwork(Digest),
    /// It is there.
    There(Stage),
}

/// Why this founder must not go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Odd {
    /// More founders than may be faulty have another plan: their places, and its digest.
    Plan(Vec<usize>, Digest),
    /// More founders than may be faulty are at a later attempt: their places, and the attempt.
    Attempt(Vec<usize>, NonZeroU32),
    /// The ceremony gave another founder another network: its place, and the network.
    Network(usize, Digest),
}

#[derive(Clone, Debug, Default)]
struct Heard {
    call: Option<Result<Call, BadCall>>,
    at_ms: u64,
    network: Option<Digest>,
    /// It has said that its ceremony is over.
    knows: bool,
    /// It has said that it has finished.
    done: bool,
    /// Who has finished, as it says.
    says_done: Vec<u8>,
}

/// The roll: all founders in the order of the plan, and what was heard of each.
#[derive(Clone, Debug)]
pub struct Roll {
    me: usize,
    plan: Digest,
    attempt: NonZeroU32,
    stage: Stage,
    network: Option<Digest>,
    founders: Vec<Heard>,
    since_ms: u64,
}

impl Roll {
    /// A roll of so many founders, of which this is the one at place `me`.
    pub fn new(me: usize, count: usize, plan: Digest, attempt: NonZeroU32) -> Self {
        let founders = vec![Heard::default(); count];
        let (stage, network) = (Stage::Calling, None);
        Self { me, plan, attempt, stage, network, founders, since_ms: 0 }
    }

    /// Notes what a founder says.
    pub fn hear(&mut self, who: usize, bytes: &[u8], now_ms: u64) {
        let call = Call::decode(bytes);
        if let Ok(call) = &call
            && call.plan == self.plan
            && call.attempt == self.attempt
        {
            if call.stage >= Stage::Agreed {
                self.founders[who].network = Some(call.network);
            }
            self.founders[who].knows |= call.stage >= Stage::Void;
            self.founders[who].done |= call.stage == Stage::Done;
            self.founders[who].says_done.clone_from(&call.done);
        }
        self.founders[who].call = Some(call);
        self.founders[who].at_ms = now_ms;
    }

    /// What this founder says now.
    pub fn call(&mut self, now_ms: u64) -> Call {
        if self.stage < Stage::Ceremony {
            let all = self.others().all(|who| self.stage_of(who, now_ms).is_some());
            self.stage = if all { Stage::Ready } else { Stage::Calling };
        }
        let mut done = vec![0; self.founders.len().div_ceil(8)];
        for (place, founder) in self.founders.iter().enumerate() {
            done[place / 8] |= u8::from(founder.done) << (place % 8);
        }
        let network = self.network.unwrap_or_default();
        Call { plan: self.plan, attempt: self.attempt, stage: self.stage, network, done }
    }

    /// Notes that the ceremony begins here.
    pub fn begin(&mut self) {
        self.stage = Stage::Ceremony;
    }

    /// Notes that nothing came of the ceremony that may be used; `now_ms` is when.
    pub fn give_up(&mut self, now_ms: u64) {
        self.stage = Stage::Void;
        self.since_ms = now_ms;
    }

    /// Notes which network came of the ceremony.
    pub fn agree(&mut self, network: Digest) {
        self.network = Some(network);
        self.stage = Stage::Agreed;
    }

    /// Notes that this founder has written its directory; `now_ms` is when.
    pub fn finish(&mut self, now_ms: u64) {
        self.stage = Stage::Done;
        self.founders[self.me].done = true;
        self.since_ms = now_ms;
    }

    /// Whether all hear all, so that the ceremony may begin.
    pub fn all_ready(&self, now_ms: u64) -> bool {
        self.stage >= Stage::Ready
            && self.others().all(|who| self.stage_of(who, now_ms) >= Some(Stage::Ready))
    }

    /// Whether all have told which network came of the ceremony; [`Roll::odd`] says whether it is
    /// the same.
    pub fn all_agreed(&self) -> bool {
        self.others().all(|who| self.founders[who].network.is_some())
    }

    /// Whether nobody needs this founder any more: all have finished, or nobody is there.
    pub fn is_over(&self, now_ms: u64) -> bool {
        (0..self.founders.len()).all(|who| self.is_done(who)) || self.is_alone(now_ms)
    }

    /// Whether nobody needs this founder to learn that the ceremony was in vain.
    pub fn all_know(&self, now_ms: u64) -> bool {
        self.others().all(|who| self.founders[who].knows) || self.is_alone(now_ms)
    }

    fn is_alone(&self, now_ms: u64) -> bool {
        let silent_since = |who: usize| self.founders[who].at_ms.max(self.since_ms);
        self.others().all(|who| now_ms >= silent_since(who).saturating_add(ALONE_MS))
    }

    /// Why this founder must not go on, if it must not. One founder that differs from all others
    /// cannot stop them; they name it and wait. Nothing stops who has written its directory: all
    /// had made the same network then, whatever one says later.
    pub fn odd(&self, now_ms: u64) -> Option<Odd> {
        if self.stage == Stage::Done {
            return None;
        }
        if let Some(mine) = self.network {
            let other = |who: &usize| self.founders[*who].network.is_some_and(|one| one != mine);
            if let Some(who) = self.others().find(other) {
                return Some(Odd::Network(who, self.founders[who].network.unwrap_or_default()));
            }
        }
        let places = |is: &dyn Fn(Standing) -> bool| -> Vec<usize> {
            self.others().filter(|who| is(self.standing(*who, now_ms))).collect()
        };
        let plan = |standing| matches!(standing, Standing::OtherPlan(_));
        let later =
            |standing| matches!(standing, Standing::OtherAttempt(other) if other > self.attempt);
        let (plans, attempts) = (places(&plan), places(&later));
        let first = |places: &[usize]| self.standing(places[0], now_ms);
        if plans.len() > self.faulty_max()
            && let Standing::OtherPlan(digest) = first(&plans)
        {
            return Some(Odd::Plan(plans, digest));
        }
        if attempts.len() > self.faulty_max()
            && let Standing::OtherAttempt(attempt) = first(&attempts)
        {
            return Some(Odd::Attempt(attempts, attempt));
        }
        None
    }

    /// How a founder stands.
    pub fn standing(&self, who: usize, now_ms: u64) -> Standing {
        if who == self.me {
            return Standing::There(self.stage);
        }
        let heard = &self.founders[who];
        match &heard.call {
            _ if now_ms >= heard.at_ms.saturating_add(ABSENT_MS) => Standing::Absent,
            None => Standing::Absent,
            Some(Err(_)) => Standing::OtherVersion,
            Some(Ok(call)) if call.plan != self.plan => Standing::OtherPlan(call.plan),
            Some(Ok(call)) if call.attempt != self.attempt => Standing::OtherAttempt(call.attempt),
            Some(Ok(call)) if self.contradicts(call) => Standing::OtherNetwork(call.network),
            Some(Ok(call)) => Standing::There(call.stage),
        }
    }

    fn contradicts(&self, call: &Call) -> bool {
        call.stage >= Stage::Agreed && self.network.is_some_and(|mine| mine != call.network)
    }

    /// Whether a founder has finished: by its own word, or by that of more than may be faulty.
    pub fn is_done(&self, who: usize) -> bool {
        let says = |other: &Heard| {
            let byte = other.says_done.get(who / 8).copied().unwrap_or_default();
            byte >> (who % 8) & 1 == 1
        };
        let count = self.founders.iter().filter(|other| says(other)).count();
        self.founders[who].done || count > self.faulty_max()
    }

    /// How all founders stand, in the order of the plan.
    pub fn standings(&self, now_ms: u64) -> Vec<Standing> {
        (0..self.founders.len()).map(|who| self.standing(who, now_ms)).collect()
    }

    fn faulty_max(&self) -> usize {
        (self.founders.len() - 1) / 3
    }

    fn others(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.founders.len()).filter(|who| *who != self.me)
    }

    fn stage_of(&self, who: usize, now_ms: u64) -> Option<Stage> {
        match self.standing(who, now_ms) {
            Standing::There(stage) => Some(stage),
            _ => None,
        }
    }
}

impl fmt::Display for BadCall {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version(version) => write!(formatter, "a call of version {version}"),
            Self::Malformed => formatter.write_str("a malformed call"),
        }
    }
}
