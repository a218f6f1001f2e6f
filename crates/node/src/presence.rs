//! Who is there, and how far.
//!
//! Blocks are rare while there is nothing to do, so they do not show who is there. Each validator
//! therefore tells all others every two seconds the height it has reached. What it says is only
//! its word: whoever claims to be ahead is asked for the certificate, and whoever is behind, or
//! comes back, gets one block to find its place by, at most once a minute.

use std::{collections::BTreeMap, time::Duration};

use bytes::Bytes;
use commonware_consensus::types::Height;
use commonware_p2p::{Receiver, Recipients, Sender};
use commonware_utils::non_empty_vec;

use crate::{
    application::now_ms,
    shared::Shared,
    types::{Context, Marshal, ValidatorKey},
};

/// How often a validator says how far it is.
const TELL: Duration = Duration::from_secs(2);
/// A validator that was not heard for this time, in milliseconds, is away.
const AWAY_MS: u64 = 7_000;
/// A node that did not advance for this time, in milliseconds, is not just catching up.
const STILL_MS: u64 = 1_000;
/// A validator is helped, and its claim to be ahead followed, once in this time, in milliseconds.
const AGAIN_MS: u64 = 60_000;
/// A claim to be ahead makes a node hurry for this time, in milliseconds.
const HURRY_MS: u64 = 10_000;

/// What is known of the other validators.
#[derive(Debug, Default)]
pub struct Presence {
    others: BTreeMap<ValidatorKey, Other>,
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
    /// The last claim that was followed, and when.
    followed: Option<(u64, u64)>,
    helped_ms: Option<u64>,
}

/// What to do about something heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reaction {
    /// Nothing.
    None,
    /// Ask who said it for the certificate of the height that it claims.
    Follow,
    /// Make a block.
    Help,
}

impl Presence {
    /// Knows the others by name only. They count as heard at the start.
    pub fn new<'a>(others: impl IntoIterator<Item = &'a ValidatorKey>, now_ms: u64) -> Self {
        let others = others.into_iter().map(|key| (key.clone(), Other::default())).collect();
        Self { others, since_ms: now_ms, started_ms: now_ms, now_ms, ..Self::default() }
    }

    /// Notes where this node stands.
    pub fn stand_at(&mut self, height: u64, now_ms: u64) {
        self.now_ms = now_ms;
        if height > self.height {
            (self.height, self.since_ms) = (height, now_ms);
        }
    }

    /// Notes what a validator says of itself.
    pub fn hear(&mut self, who: &ValidatorKey, height: u64, now_ms: u64) -> Reaction {
        let came_back = !self.is_there(who, now_ms);
        let still = self.since_ms.saturating_add(STILL_MS) <= now_ms;
        let mine = self.height;
        let Some(other) = self.others.get_mut(who) else { return Reaction::None };
        let first = other.heard_ms.is_none();
        (other.heard_ms, other.height) = (Some(now_ms), height);
        let due = |at: u64| at.saturating_add(AGAIN_MS) <= now_ms;
        if height > mine && still {
            let known = other.followed.is_some_and(|(to, at)| to > mine && !due(at));
            if !known {
                other.followed = Some((height, now_ms));
                return Reaction::Follow;
            }
        }
        let lost = came_back || first || (height < mine && still);
        if lost && other.helped_ms.is_none_or(due) {
            other.helped_ms = Some(now_ms);
            self.wanted = mine + 1;
            return Reaction::Help;
        }
        Reaction::None
    }

    /// Whether a validator was heard lately; before anything can have been heard, it is.
    pub fn is_there(&self, who: &ValidatorKey, now_ms: u64) -> bool {
        let heard = self.others.get(who).and_then(|other| other.heard_ms);
        heard.unwrap_or(self.started_ms).saturating_add(AWAY_MS) > now_ms
    }

    /// Other validators that were heard lately, with the heights they claim.
    pub fn there(&self) -> Vec<(ValidatorKey, u64)> {
        let heard = |other: &Other| {
            other.heard_ms.is_some_and(|heard| heard.saturating_add(AWAY_MS) > self.now_ms)
        };
        let there = self.others.iter().filter(|(_, other)| heard(other));
        there.map(|(key, other)| (key.clone(), other.height)).collect()
    }

    /// Whether a block of this height is wanted.
    pub fn wants(&self, height: u64) -> bool {
        height <= self.wanted
    }

    /// Whether this node follows a claim that others are ahead.
    pub fn lags(&self, now_ms: u64) -> bool {
        let follows =
            |(to, at): (u64, u64)| to > self.height && at.saturating_add(HURRY_MS) > now_ms;
        self.others.values().any(|other| other.followed.is_some_and(follows))
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

async fn tell<E: Context, S: Sender>(context: E, shared: Shared, mut sender: S) {
    loop {
        let height = shared.last_final().header.height;
        shared.presence().stand_at(height, now_ms(&context));
        let message = Bytes::copy_from_slice(&height.to_be_bytes());
        let _ = sender.send(Recipients::All, message, false); // else the next
        context.sleep(TELL).await;
    }
}

async fn hear<E, R>(context: E, shared: Shared, marshal: Marshal, mut receiver: R)
where
    E: Context,
    R: Receiver<PublicKey = ValidatorKey>,
{
    while let Ok((who, message)) = receiver.recv().await {
        let message = message.as_ref();
        let Ok(height) = <[u8; 8]>::try_from(message).map(u64::from_be_bytes) else {
            tracing::warn!(?who, "a message about presence is malformed; dropped");
            continue;
        };
        let now = now_ms(&context);
        let mine = shared.last_final().header.height;
        let reaction = {
            let mut presence = shared.presence();
            presence.stand_at(mine, now);
            presence.hear(&who, height, now)
        };
        match reaction {
            Reaction::None => continue,
            Reaction::Follow => marshal.hint_finalized(Height::new(height), non_empty_vec![who]),
            Reaction::Help => {}
        }
        shared.changed();
    }
}
