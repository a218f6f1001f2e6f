//! Admitted acts that no final block holds yet.
//!
//! All acts here have good signatures, which are verified once. Acts of one key are offered in
//! the order of their sequence numbers; across keys, in order of arrival.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use commonware_cryptography::{Hasher as _, Sha256, sha256::Digest};
use pacta_law::{ActId, ActorId, KeyId, VerifiedAct};

use crate::block::{BLOCK_BYTES_MAX, act_bytes_in_block};

/// Acts that wait, at most.
pub const ACTS_MAX: usize = 32 * 1024;
/// Bytes of acts that wait, at most.
pub const BYTES_MAX: usize = 32 * 1024 * 1024;
/// Acts of one actor that wait, at most.
pub const ACTOR_ACTS_MAX: usize = ACTS_MAX / 4;
/// Bytes of acts of one actor that wait, at most.
pub const ACTOR_BYTES_MAX: usize = BYTES_MAX / 4;
/// Keys of which the next number is remembered, at most.
const NEXT_MAX: usize = 64 * 1024;
/// Ids and digests of recently final acts that are remembered, in each of two generations.
const RECENT_MAX: usize = 64 * 1024;

/// Why an act is not admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotAdmitted {
    /// It waits here, or is final, already.
    Known,
    /// Another act of the same key has the same sequence number, or it is used already.
    SequenceTaken,
    /// Too many acts wait.
    Full,
}

struct Pending {
    act: Arc<VerifiedAct>,
    bytes_digest: Digest,
    key: KeyId,
    sequence: u64,
    actor: ActorId,
    expires_ms: u64,
    order: u64,
    admitted_ms: u64,
    sent_ms: u64,
}

/// Acts of one key, by sequence number.
#[derive(Default)]
struct OfKey {
    acts: BTreeMap<u64, Digest>,
    /// From this number on they wait, since a block could not hold it: its predecessor is missing.
    waits_from: Option<u64>,
}

impl OfKey {
    fn waits(&self, sequence: u64) -> bool {
        self.waits_from.is_some_and(|from| from <= sequence)
    }
}

/// An act that is final.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Used {
    /// Its id.
    pub act: Digest,
    /// The key that signed it.
    pub key: KeyId,
    /// Its sequence number.
    pub sequence: u64,
}

/// The acts that wait.
#[derive(Default)]
pub struct Mempool {
    acts: HashMap<Digest, Pending>,
    by_bytes: HashMap<Digest, Digest>,
    by_order: BTreeMap<u64, Digest>,
    by_key: HashMap<KeyId, OfKey>,
    /// Acts and bytes by actor.
    by_actor: HashMap<ActorId, (usize, usize)>,
    /// The next number of a key by the ledger, where it is known.
    next: HashMap<KeyId, u64>,
    bytes: usize,
    next_order: u64,
    waiting: usize,
    recent: HashSet<Digest>,
    older: HashSet<Digest>,
}

impl Mempool {
    /// Number of acts.
    pub fn count(&self) -> usize {
        self.acts.len()
    }

    /// Bytes of all acts.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether an act waits here.
    pub fn contains(&self, id: &Digest) -> bool {
        self.acts.contains_key(id)
    }

    /// An act that waits here, by the digest of its signed bytes.
    pub fn get_by_bytes(&self, digest: &Digest) -> Option<Arc<VerifiedAct>> {
        self.acts.get(self.by_bytes.get(digest)?).map(|pending| pending.act.clone())
    }

    /// Whether these signed bytes wait here or were final recently.
    pub fn knows_bytes(&self, digest: &Digest) -> bool {
        self.by_bytes.contains_key(digest)
            || self.recent.contains(digest)
            || self.older.contains(digest)
    }

    /// Whether an act waits here or was final recently, so that it need not be verified again.
    pub fn knows(&self, id: &Digest) -> bool {
        self.acts.contains_key(id) || self.recent.contains(id) || self.older.contains(id)
    }

    /// Admits an act.
    ///
    /// # Errors
    /// [`NotAdmitted`].
    pub fn admit(&mut self, act: Arc<VerifiedAct>, now_ms: u64) -> Result<(), NotAdmitted> {
        let id = act_digest(&act);
        if self.knows(&id) {
            return Err(NotAdmitted::Known);
        }
        let content = act.signed().act();
        let (key, sequence, actor) = (content.key, content.sequence, content.actor);
        let expires_ms = content.expires.ms();
        let bytes = act.signed().bytes().len();
        let next = self.next.get(&key).copied();
        let taken = self.by_key.get(&key).is_some_and(|own| own.acts.contains_key(&sequence));
        if taken || next.is_some_and(|next| sequence < next) {
            return Err(NotAdmitted::SequenceTaken);
        }
        let (count, sum) = self.by_actor.get(&actor).copied().unwrap_or_default();
        let full = self.acts.len() >= ACTS_MAX || self.bytes + bytes > BYTES_MAX;
        if full || count >= ACTOR_ACTS_MAX || sum + bytes > ACTOR_BYTES_MAX {
            return Err(NotAdmitted::Full);
        }

        let order = self.next_order;
        let bytes_digest = Sha256::hash(&[act.signed().bytes()]);
        self.next_order += 1;
        self.by_bytes.insert(bytes_digest, id);
        self.bytes += bytes;
        self.by_actor.insert(actor, (count + 1, sum + bytes));
        self.by_order.insert(order, id);
        let own = self.by_key.entry(key).or_default();
        own.acts.insert(sequence, id);
        self.waiting += usize::from(own.waits(sequence));
        self.place(&key, sequence, next);
        let pending = Pending {
            act,
            bytes_digest,
            key,
            sequence,
            actor,
            expires_ms,
            order,
            admitted_ms: now_ms,
            sent_ms: now_ms,
        };
        self.acts.insert(id, pending);
        Ok(())
    }

    /// Lets a new act wait if its predecessor is missing, or what waits for it follow it. Without
    /// the next number by the ledger, a leader finds out.
    fn place(&mut self, key: &KeyId, sequence: u64, next: Option<u64>) {
        let (Some(own), Some(next)) = (self.by_key.get(key), next) else { return };
        let follows = sequence == next || own.acts.contains_key(&(sequence - 1));
        match own.waits_from {
            None if !follows => self.set_waits_from(key, Some(sequence)),
            Some(from) if !follows && sequence < from => {
                self.set_waits_from(key, Some(sequence));
            }
            Some(from) if follows && sequence + 1 >= from && !own.waits(sequence.max(1) - 1) => {
                let mut gap = sequence + 1;
                while own.acts.contains_key(&gap) {
                    gap += 1;
                }
                let from = own.acts.range(gap..).next().map(|(sequence, _)| *sequence);
                self.set_waits_from(key, from);
            }
            _ => {}
        }
    }

    /// Notes the next number of a key by the ledger.
    pub fn note_next(&mut self, key: KeyId, next: u64) {
        if self.next.len() >= NEXT_MAX && !self.next.contains_key(&key) {
            self.next.clear();
        }
        let known = self.next.entry(key).or_default();
        *known = next.max(*known);
    }

    /// From which number on acts of a key wait.
    fn set_waits_from(&mut self, key: &KeyId, from: Option<u64>) {
        let Some(own) = self.by_key.get_mut(key) else { return };
        let count = |own: &OfKey| own.waits_from.map_or(0, |from| own.acts.range(from..).count());
        self.waiting -= count(own);
        own.waits_from = from;
        self.waiting += count(own);
    }

    fn waits(&self, pending: &Pending) -> bool {
        self.by_key.get(&pending.key).is_some_and(|own| own.waits(pending.sequence))
    }

    fn remove(&mut self, id: &Digest) -> Option<Pending> {
        let pending = self.acts.remove(id)?;
        self.by_bytes.remove(&pending.bytes_digest);
        self.by_order.remove(&pending.order);
        self.bytes -= pending.act.signed().bytes().len();
        if let Some(own) = self.by_key.get_mut(&pending.key) {
            own.acts.remove(&pending.sequence);
            self.waiting -= usize::from(own.waits(pending.sequence));
            if own.acts.is_empty() {
                self.by_key.remove(&pending.key);
            }
        }
        if let Some((count, sum)) = self.by_actor.get_mut(&pending.actor) {
            *count -= 1;
            *sum -= pending.act.signed().bytes().len();
            if *count == 0 {
                self.by_actor.remove(&pending.actor);
            }
        }
        Some(pending)
    }

    /// Whether there is an act to propose that is not yet included.
    pub fn is_ready(&self, included: &HashSet<Digest>) -> bool {
        let offered = self.acts.len() - self.waiting;
        if offered > included.len() {
            return true;
        }
        offered > 0
            && self.acts.iter().any(|(id, pending)| !included.contains(id) && !self.waits(pending))
    }

    /// Acts for one block, in the order in which they should be tried: as many as fit.
    pub fn choose(&self, included: &HashSet<Digest>) -> Vec<Arc<VerifiedAct>> {
        let mut chosen = Vec::new();
        let mut bytes = 0;
        let mut next_of_key: HashMap<KeyId, u64> = HashMap::new();
        for id in self.by_order.values() {
            let Some(pending) = self.acts.get(id) else { continue };
            let Some(own) = self.by_key.get(&pending.key) else { continue };
            let next = next_of_key.entry(pending.key).or_default();
            if own.waits(pending.sequence) || pending.sequence < *next {
                continue;
            }
            for (sequence, id) in own.acts.range(*next..=pending.sequence) {
                *next = sequence + 1;
                let Some(pending) = self.acts.get(id) else { continue };
                if included.contains(id) {
                    continue;
                }
                bytes += act_bytes_in_block(pending.act.signed().bytes());
                chosen.push(pending.act.clone());
            }
            if bytes >= BLOCK_BYTES_MAX {
                break;
            }
        }
        chosen
    }

    /// Notes acts that a block could not hold: `early` ones wait for their predecessors, `useless`
    /// ones leave.
    pub fn passed_over(&mut self, early: &[ActId], useless: &[ActId]) {
        for id in early {
            let Some(pending) = self.acts.get(&Digest(id.0)) else { continue };
            let (key, sequence) = (pending.key, pending.sequence);
            let from = self.by_key.get(&key).and_then(|own| own.waits_from);
            if from.is_none_or(|from| sequence < from) {
                self.set_waits_from(&key, Some(sequence));
            }
        }
        for id in useless {
            self.remove(&Digest(id.0));
        }
    }

    /// Removes acts that are final, and those whose sequence number is thereby used. What waited
    /// for one of them waits no longer.
    pub fn finalized(&mut self, acts: &[Used]) {
        let mut keys: HashMap<KeyId, u64> = HashMap::new();
        for used in acts {
            if let Some(pending) = self.remove(&used.act) {
                self.remember(pending.bytes_digest);
            }
            self.remember(used.act);
            let last = keys.entry(used.key).or_default();
            *last = used.sequence.max(*last);
        }
        for (key, last) in keys {
            self.note_next(key, last + 1);
            let Some(own) = self.by_key.get(&key) else { continue };
            let awakes = own.waits_from.is_some_and(|from| from <= last + 1);
            let stale: Vec<Digest> = own.acts.range(..=last).map(|(_, id)| *id).collect();
            for id in stale {
                self.remove(&id);
            }
            if awakes {
                self.set_waits_from(&key, None);
            }
        }
    }

    /// Remembers an act that is final.
    fn remember(&mut self, id: Digest) {
        if self.recent.len() >= RECENT_MAX {
            self.older = std::mem::take(&mut self.recent);
        }
        self.recent.insert(id);
    }

    /// Removes acts that have expired, or have waited too long for a predecessor.
    pub fn expire(&mut self, now_ms: u64, out_of_order_ms: u64) {
        let gone: Vec<Digest> = self
            .acts
            .iter()
            .filter(|(_, pending)| {
                let late = pending.admitted_ms.saturating_add(out_of_order_ms) < now_ms;
                pending.expires_ms <= now_ms || (late && self.waits(pending))
            })
            .map(|(id, _)| *id)
            .collect();
        for id in gone {
            self.remove(&id);
        }
    }

    /// Acts to send to all again, since they are not final for a while: as many as fit.
    pub fn send_again(&mut self, now_ms: u64, after_ms: u64, bytes_max: usize) -> Vec<Arc<[u8]>> {
        let mut acts = Vec::new();
        let mut bytes = 0;
        for id in self.by_order.values() {
            let Some(pending) = self.acts.get_mut(id) else { continue };
            if pending.sent_ms.saturating_add(after_ms) > now_ms {
                continue;
            }
            let act = pending.act.signed().shared_bytes();
            bytes += act_bytes_in_block(&act);
            if bytes > bytes_max {
                break;
            }
            pending.sent_ms = now_ms;
            acts.push(act);
        }
        acts
    }
}

/// An act's id as the engine's digest.
pub fn act_digest(act: &VerifiedAct) -> Digest {
    Digest(act.signed().id().0)
}
