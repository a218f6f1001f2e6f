//! What is remembered of keys and validators for a minute, so that acts are checked cheaply and who
//! sends bad ones is not listened to.

use std::collections::{HashMap, HashSet};

use pacta_law::{ActorId, KeyId};

use crate::types::ValidatorKey;

/// Acts by unknown keys that are looked up for one validator in [`PERIOD_MS`], at most.
const LOOK_UPS_MAX: u32 = 4_096;
/// Bad acts after which a validator is not listened to for the rest of [`PERIOD_MS`].
const BAD_ACTS_MAX: u32 = 256;
/// The time in which bad acts are counted, and for which a key counts as known, in milliseconds.
const PERIOD_MS: u64 = 60_000;
/// Keys that count as known, at most.
const KEYS_MAX: usize = 16 * 1024;

/// What is remembered.
#[derive(Default)]
pub struct Memory {
    began_ms: u64,
    /// Keys that the ledger knows, with their actors.
    keys: HashSet<(KeyId, ActorId)>,
    /// By validator, malformed messages and bad signatures: none comes from an honest one.
    bad: HashMap<ValidatorKey, u32>,
    /// By validator, acts by keys that had to be looked up.
    looked_up: HashMap<ValidatorKey, u32>,
}

impl Memory {
    /// Forgets all once a minute.
    pub fn fade(&mut self, now_ms: u64) {
        if now_ms.abs_diff(self.began_ms) >= PERIOD_MS || self.keys.len() >= KEYS_MAX {
            *self = Self { began_ms: now_ms, ..Self::default() };
        }
    }

    /// Whether a validator is not listened to.
    pub fn is_deaf_to(&self, peer: &ValidatorKey) -> bool {
        self.bad.get(peer).is_some_and(|bad| *bad >= BAD_ACTS_MAX)
    }

    /// Counts a bad act, or a malformed message, of a validator.
    pub fn blame(&mut self, peer: &ValidatorKey) {
        let bad = self.bad.entry(peer.clone()).or_default();
        *bad += 1;
        if *bad == BAD_ACTS_MAX {
            tracing::warn!(?peer, "sends many bad acts; not listened to for a minute");
        }
    }

    /// Whether one more key may be looked up for a validator.
    pub fn may_look_up(&mut self, peer: &ValidatorKey) -> bool {
        let count = self.looked_up.entry(peer.clone()).or_default();
        *count += 1;
        *count <= LOOK_UPS_MAX
    }

    /// Whether the ledger is known to know a key as an actor's.
    pub fn knows(&self, key: &(KeyId, ActorId)) -> bool {
        self.keys.contains(key)
    }

    /// Notes that the ledger knows a key as an actor's.
    pub fn learn(&mut self, key: (KeyId, ActorId)) {
        self.keys.insert(key);
    }
}
