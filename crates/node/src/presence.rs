//! Who is there, and how far.
//!
//! Blocks are rare while there is nothing to do, so they do not show who is there. Each validator
//! therefore tells all others every two seconds the height it has reached. What one says is only
//! its word: a height is believed that more claim than can be faulty, and those who claim it are
//! asked for its certificate; if it is of a later epoch, for that of the last block of this one,
//! which says who signs the next. Whoever is behind, or comes back, gets one block to find its
//! place by, at most once a minute; so does who abstains since it lost its votes, for it votes
//! again once the network has moved on. Whom a few blocks did not help waits twice as long each
//! time, so that one who lies, or cannot be helped, costs a network at rest some dozen blocks a
//! day.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use bytes::Bytes;
use commonware_consensus::types::Height;
use commonware_p2p::{Receiver, Recipients, Sender};
use pacta_law::network::faults_max;

use crate::{
    application::now_ms,
    shared::Shared,
    types::{Context, Marshal, ValidatorKey},
};

/// How often a validator says how far it is.
const TELL: Duration = Duration::from_secs(2);
/// How often it does while it knows of something to do, so that it learns soon who is gone.
const TELL_BUSY: Duration = Duration::from_millis(500);
/// A validator that was not heard for this time, in milliseconds, is away.
const AWAY_MS: u64 = 7_000;
/// A node that did not advance for this time, in milliseconds, is not just catching up.
const STILL_MS: u64 = 1_000;
/// A validator is helped once in this time, in milliseconds.
const HELP_AGAIN_MS: u64 = 60_000;
/// So often it is; each time more it waits twice as long.
const HELPS_FREE: u32 = 3;
/// It waits no longer than this, in milliseconds: a day.
const HELP_AGAIN_MS_MAX: u64 = 24 * 60 * HELP_AGAIN_MS;
/// One time that it was helped is forgotten after this time, in milliseconds: two hours.
const HELP_FORGOTTEN_MS: u64 = 120 * HELP_AGAIN_MS;
/// A height is asked for again after this time, in milliseconds.
const ASK_AGAIN_MS: u64 = 3_000;

/// What is known of the other validators.
#[derive(Debug, Default)]
pub struct Presence {
    others: BTreeMap<ValidatorKey, Other>,
    /// How many of those who sign in this epoch may be faulty.
    faulty_max: usize,
    /// The height that was asked for last, and when.
    asked: Option<(u64, u64)>,
    /// The last height whose certificate can be checked here: the end of the epoch known last.
    reach: u64,
    /// A block of this height is wanted, for somebody to find its place by.
    wanted: u64,
    /// This node's height, and since when.
    height: u64,
    since_ms: u64,
    started_ms: u64,
    now_ms: u64,
}

#[derive(Debug, Default)]
struct Other {
    heard_ms: Option<u64>,
    height: u64,
    helped_ms: Option<u64>,
    /// How often it was helped, as far as that is not forgotten.
    helps: u32,
    abstains: bool,
    /// The connection to it was lost.
    lost: bool,
    /// It signs in this epoch.
    signs: bool,
}

impl Other {
    /// How often it was helped, if it may be helped again.
    fn may_be_helped(&self, now_ms: u64) -> Option<u32> {
        let Some(helped_ms) = self.helped_ms else { return Some(0) };
        let since = now_ms.saturating_sub(helped_ms);
        let forgotten = u32::try_from(since / HELP_FORGOTTEN_MS).unwrap_or(u32::MAX);
        let helps = self.helps.saturating_sub(forgotten);
        let times = 1u64.checked_shl(helps.saturating_sub(HELPS_FREE)).unwrap_or(u64::MAX);
        let pause = HELP_AGAIN_MS.saturating_mul(times).min(HELP_AGAIN_MS_MAX);
        (since >= pause).then_some(helps)
    }
}

/// What to do about something heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reaction {
    /// Nothing.
    None,
    /// Ask these for the certificate of a height.
    Ask(u64, Vec<ValidatorKey>),
    /// Make a block.
    Help,
}

impl Presence {
    /// Knows the others by name only, who sign together with this node. They count as heard at the
    /// start.
    pub fn new<'a>(others: impl IntoIterator<Item = &'a ValidatorKey>, now_ms: u64) -> Self {
        let other = |key: &ValidatorKey| (key.clone(), Other { signs: true, ..Other::default() });
        let others: BTreeMap<_, _> = others.into_iter().map(other).collect();
        let faulty_max = faults_max(others.len() + 1);
        Self { others, faulty_max, since_ms: now_ms, started_ms: now_ms, now_ms, ..Self::default() }
    }

    /// Knows other validators from now on; what was heard of those that stay is kept. How many may
    /// be faulty is a matter of those who sign alone: the others may be anybody.
    pub fn set_others<'a>(
        &mut self,
        others: impl IntoIterator<Item = &'a ValidatorKey>,
        signing: &BTreeSet<ValidatorKey>,
    ) {
        let mut before = std::mem::take(&mut self.others);
        let heard = |key: &ValidatorKey| {
            let other = before.remove(key).unwrap_or_default();
            (key.clone(), Other { signs: signing.contains(key), ..other })
        };
        self.others = others.into_iter().map(heard).collect();
        self.faulty_max = faults_max(signing.len());
    }

    /// Notes that certificates can be checked up to a height, the last of an epoch, and asks for
    /// that one's, or as far as others have come.
    pub fn reach(&mut self, height: u64, now_ms: u64) -> Reaction {
        self.reach = height;
        let next = self.ahead(now_ms).min(height);
        match next > self.height {
            true => self.ask(next, now_ms),
            false => Reaction::None,
        }
    }

    fn ask(&mut self, height: u64, now_ms: u64) -> Reaction {
        self.asked = Some((height, now_ms));
        let claims = self.others.iter().filter(|(_, other)| other.height >= height);
        Reaction::Ask(height, claims.map(|(key, _)| key.clone()).collect())
    }

    /// Whether this node is as far as those who sign and were heard lately, as far as is known, and
    /// heard more of them than can be faulty; a node alone is.
    pub fn is_synchronised(&self) -> bool {
        let mut signing = self.others.values().filter(|other| other.signs).peekable();
        if signing.peek().is_none() {
            return true;
        }
        let mut claims: Vec<u64> =
            signing.filter(|other| self.heard(other)).map(|other| other.height).collect();
        claims.sort_unstable_by(|one, other| other.cmp(one));
        claims.get(self.faulty_max).is_some_and(|height| *height <= self.height)
    }

    /// Notes where this node stands.
    pub fn stand_at(&mut self, height: u64, now_ms: u64) {
        self.now_ms = now_ms;
        if height > self.height {
            (self.height, self.since_ms) = (height, now_ms);
        }
    }

    /// Notes whether a validator says that it abstains.
    pub fn note_abstains(&mut self, who: &ValidatorKey, abstains: bool) {
        if let Some(other) = self.others.get_mut(who) {
            other.abstains = abstains;
        }
    }

    /// Notes what a validator says of its height.
    pub fn hear(&mut self, who: &ValidatorKey, height: u64, now_ms: u64) -> Reaction {
        let came_back = !self.is_there(who, now_ms);
        let still = self.since_ms.saturating_add(STILL_MS) <= now_ms;
        let mine = self.height;
        let Some(other) = self.others.get_mut(who) else { return Reaction::None };
        let first = other.heard_ms.is_none();
        (other.heard_ms, other.height, other.lost) = (Some(now_ms), height, false);
        let lost = first || came_back || (height < mine && still) || other.abstains;
        if lost && let Some(helps) = other.may_be_helped(now_ms) {
            (other.helped_ms, other.helps) = (Some(now_ms), helps.saturating_add(1));
            self.wanted = mine + 1;
            return Reaction::Help;
        }
        let next = self.ahead(now_ms).min(self.reach);
        let asked = self
            .asked
            .is_some_and(|(to, at)| to >= next && at.saturating_add(ASK_AGAIN_MS) > now_ms);
        match next > mine && still && !asked {
            true => self.ask(next, now_ms),
            false => Reaction::None,
        }
    }

    /// The greatest height that more claim than can be faulty of those who sign. Others count here
    /// too, for those who sign by what this node knows may all have left: it only asks for what is
    /// there, and checks what comes.
    fn ahead(&self, now_ms: u64) -> u64 {
        let there = self.others.iter().filter(|(key, _)| self.is_there(key, now_ms));
        let mut claims: Vec<u64> = there.map(|(_, other)| other.height).collect();
        claims.sort_unstable_by(|one, other| other.cmp(one));
        claims.get(self.faulty_max).copied().unwrap_or_default()
    }

    /// The greatest height that more claim than can be faulty of those who sign.
    pub fn claimed(&self) -> u64 {
        self.ahead(self.now_ms)
    }

    /// Whether a validator was heard lately; before anything can have been heard, it is. If the
    /// clock was set back since, it is not.
    pub fn is_there(&self, who: &ValidatorKey, now_ms: u64) -> bool {
        let heard = self.others.get(who).and_then(|other| other.heard_ms);
        let heard = heard.unwrap_or(self.started_ms);
        heard <= now_ms && heard.saturating_add(AWAY_MS) > now_ms
    }

    /// Notes which validators could be told something, and says whether that changes anything. One
    /// that was heard and cannot be told has lost its connection: its process has ended, or the
    /// line is cut.
    pub fn note_told(&mut self, told: &[ValidatorKey]) -> bool {
        let mut changed = false;
        for (key, other) in &mut self.others {
            let lost = other.heard_ms.is_some() && !told.contains(key);
            changed |= std::mem::replace(&mut other.lost, lost) != lost;
        }
        changed
    }

    /// Whether a validator is there and would propose.
    pub fn can_lead(&self, who: &ValidatorKey, now_ms: u64) -> bool {
        let would = |other: &Other| !other.abstains && !other.lost;
        self.is_there(who, now_ms) && self.others.get(who).is_none_or(would)
    }

    /// Whether more of those who sign were heard lately than can be faulty.
    pub fn is_connected(&self) -> bool {
        let signing = self.others.values().filter(|other| other.signs && self.heard(other));
        signing.count() > self.faulty_max
    }

    /// Other validators that were heard lately, with the heights they claim.
    pub fn there(&self) -> Vec<(ValidatorKey, u64)> {
        let there = self.others.iter().filter(|(_, other)| self.heard(other));
        there.map(|(key, other)| (key.clone(), other.height)).collect()
    }

    /// Whether a validator was heard lately.
    pub fn hears(&self, who: &ValidatorKey) -> bool {
        self.others.get(who).is_some_and(|other| self.heard(other))
    }

    fn heard(&self, other: &Other) -> bool {
        other.heard_ms.is_some_and(|heard| heard.saturating_add(AWAY_MS) > self.now_ms)
    }

    /// Whether a block of this height is wanted.
    pub fn wants(&self, height: u64) -> bool {
        height <= self.wanted
    }

    /// Whether others are ahead, and this node has asked for what it lacks.
    pub fn lags(&self) -> bool {
        self.asked.is_some_and(|(to, _)| to > self.height)
    }
}

/// Starts to tell and to hear.
pub fn start<E, S, R>(context: E, shared: Shared, marshal: Marshal, (sender, receiver): (S, R))
where
    E: Context,
    S: Sender<PublicKey = ValidatorKey>,
    R: Receiver<PublicKey = ValidatorKey>,
{
    let telling = shared.clone();
    context.child("tell").spawn(move |context| tell(context, telling, sender));
    context.child("hear").spawn(move |context| hear(context, shared, marshal, receiver));
}

async fn tell<E: Context, S>(context: E, shared: Shared, mut sender: S)
where
    S: Sender<PublicKey = ValidatorKey>,
{
    loop {
        let height = shared.last_final().header.height;
        shared.presence().stand_at(height, now_ms(&context));
        let abstains = shared.voting().abstains() || shared.errs().abstains;
        let message = Bytes::copy_from_slice(&encode(height, abstains));
        let told = sender.send(Recipients::All, message, false);
        // It may have been sent to nobody for other reasons.
        if !told.is_empty() && shared.presence().note_told(&told) {
            shared.changed();
        }
        let mut waited = Duration::ZERO;
        while waited < TELL && (waited.is_zero() || !shared.is_busy(now_ms(&context))) {
            context.sleep(TELL_BUSY).await;
            waited += TELL_BUSY;
        }
    }
}

async fn hear<E, R>(context: E, shared: Shared, marshal: Marshal, mut receiver: R)
where
    E: Context,
    R: Receiver<PublicKey = ValidatorKey>,
{
    while let Ok((who, message)) = receiver.recv().await {
        let message = message.as_ref();
        let Some((height, abstains)) = decode(message) else {
            tracing::warn!(?who, "a message about presence is malformed; dropped");
            continue;
        };
        let now = now_ms(&context);
        let mine = shared.last_final().header.height;
        let reaction = {
            let mut presence = shared.presence();
            presence.stand_at(mine, now);
            presence.note_abstains(&who, abstains);
            presence.hear(&who, height, now)
        };
        match reaction {
            Reaction::None => continue,
            Reaction::Ask(height, whom) => {
                let Ok(whom) = whom.try_into() else { continue };
                marshal.hint_finalized(Height::new(height), whom);
            }
            Reaction::Help => {}
        }
        shared.changed();
    }
}

/// What a validator tells of itself: its height as eight bytes, and whether it abstains as one.
pub fn encode(height: u64, abstains: bool) -> [u8; 9] {
    let mut message = [u8::from(abstains); 9];
    message[..8].copy_from_slice(&height.to_be_bytes());
    message
}

/// Reads what [`encode`] wrote; `None` for anything else.
pub fn decode(message: &[u8]) -> Option<(u64, bool)> {
    let (abstains, height) = message.split_last()?;
    let height = u64::from_be_bytes(height.try_into().ok()?);
    (*abstains <= 1).then_some((height, *abstains == 1))
}
