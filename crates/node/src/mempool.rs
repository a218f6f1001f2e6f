//! Admitted acts that no final block holds yet.
//!
//! All acts here have good signatures, which are verified once. Acts of one key are offered in
//! the order of their sequence numbers; actors take turns, so that one that sends much keeps nobody
//! else waiting. An actor may hold no more than it leaves free, so that there is always room for
//! another.

use std::{
    collections::{BTreeMap, HashMap, HashSet, btree_map},
    sync::Arc,
};

use commonware_cryptography::{Hasher as _, Sha256, sha256::Digest};
use pacta_law::{ActId, ActorId, KeyId, VerifiedAct};

use crate::{
    block::{BLOCK_BYTES_MAX, act_bytes_in_block},
    work::Room,
};

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
    admitted_height: u64,
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

/// Acts of one actor, in order of arrival.
#[derive(Default)]
struct OfActor {
    acts: BTreeMap<u64, Digest>,
    bytes: usize,
}

/// Where the offer of an actor's acts stands.
struct Turn<'a> {
    left: btree_map::Values<'a, u64, Digest>,
    /// Acts that were offered.
    offered: usize,
    /// Acts of one key that come before the next one left, or with it.
    run: Option<btree_map::Range<'a, u64, Digest>>,
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
    by_key: HashMap<KeyId, OfKey>,
    by_actor: HashMap<ActorId, OfActor>,
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

    /// An act that waits here, by the digest of its signed bytes, and since when: in milliseconds,
    /// and the height of the last final block then.
    pub fn admitted(&self, digest: &Digest) -> Option<(Arc<VerifiedAct>, u64, u64)> {
        let pending = self.acts.get(self.by_bytes.get(digest)?)?;
        Some((pending.act.clone(), pending.admitted_ms, pending.admitted_height))
    }

    /// Whether an act of so many bytes would find room. An actor has as much as it leaves free, and
    /// no more than a quarter.
    pub fn has_room(&self, actor: &ActorId, bytes: usize) -> bool {
        let own = self.by_actor.get(actor);
        let (count, sum) = own.map_or((0, 0), |own| (own.acts.len(), own.bytes));
        let (acts_free, bytes_free) = (ACTS_MAX - self.acts.len(), BYTES_MAX - self.bytes);
        count < ACTOR_ACTS_MAX.min(acts_free) && sum + bytes <= ACTOR_BYTES_MAX.min(bytes_free)
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

    /// Admits an act, now and when the last final block is of this height.
    ///
    /// # Errors
    /// [`NotAdmitted`].
    pub fn admit(
        &mut self,
        act: Arc<VerifiedAct>,
        now_ms: u64,
        height: u64,
    ) -> Result<(), NotAdmitted> {
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
        if !self.has_room(&actor, bytes) {
            return Err(NotAdmitted::Full);
        }

        let order = self.next_order;
        let bytes_digest = Sha256::hash(&[act.signed().bytes()]);
        self.next_order += 1;
        self.by_bytes.insert(bytes_digest, id);
        self.bytes += bytes;
        let of_actor = self.by_actor.entry(actor).or_default();
        of_actor.acts.insert(order, id);
        of_actor.bytes += bytes;
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
            admitted_height: height,
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
        self.bytes -= pending.act.signed().bytes().len();
        if let Some(own) = self.by_key.get_mut(&pending.key) {
            own.acts.remove(&pending.sequence);
            self.waiting -= usize::from(own.waits(pending.sequence));
            if own.acts.is_empty() {
                self.by_key.remove(&pending.key);
            }
        }
        if let Some(own) = self.by_actor.get_mut(&pending.actor) {
            own.acts.remove(&pending.order);
            own.bytes -= pending.act.signed().bytes().len();
            if own.acts.is_empty() {
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

    /// Acts for one block, in the order in which they should be tried: as many as there is room
    /// for. The next act is always of the actor that has fewest bytes in the block.
    pub fn choose(&self, included: &HashSet<Digest>, room: Room) -> Vec<Arc<VerifiedAct>> {
        let (mut chosen, mut bytes) = (Vec::new(), 0);
        let mut next_of_key = HashMap::new();
        let mut turns = self.turns();
        while let Some(((had, since), mut turn)) = turns.pop_first() {
            let Some(act) = self.next(&mut turn, &mut next_of_key, included) else { continue };
            let size = act_bytes_in_block(act.signed().bytes());
            bytes += size;
            chosen.push(act);
            if bytes >= BLOCK_BYTES_MAX || chosen.len() >= room.acts {
                break;
            }
            turn.offered += 1;
            if turn.offered < room.of_actor {
                turns.insert((had + size, since), turn);
            }
        }
        chosen
    }

    /// All actors, by the bytes that each has had, and by their oldest acts.
    fn turns(&self) -> BTreeMap<(usize, u64), Turn<'_>> {
        let turn = |own: &'_ OfActor| own.acts.keys().next().copied();
        let actors = self.by_actor.values().filter_map(|own| Some((turn(own)?, own)));
        let turns = actors.map(|(since, own)| {
            let turn = Turn { left: own.acts.values(), offered: 0, run: None };
            ((0, since), turn)
        });
        turns.collect()
    }

    /// The next act of an actor that may be offered.
    fn next<'a>(
        &'a self,
        turn: &mut Turn<'a>,
        next_of_key: &mut HashMap<KeyId, u64>,
        included: &HashSet<Digest>,
    ) -> Option<Arc<VerifiedAct>> {
        loop {
            for (sequence, id) in turn.run.iter_mut().flatten() {
                let Some(pending) = self.acts.get(id) else { continue };
                next_of_key.insert(pending.key, sequence + 1);
                if !included.contains(id) {
                    return Some(pending.act.clone());
                }
            }
            let pending = self.acts.get(turn.left.next()?)?;
            let Some(own) = self.by_key.get(&pending.key) else { continue };
            let next = next_of_key.get(&pending.key).copied().unwrap_or_default();
            turn.run = match own.waits(pending.sequence) || pending.sequence < next {
                true => None,
                false => Some(own.acts.range(next..=pending.sequence)),
            };
        }
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

    /// Acts to send to all again, since they are not final for a while: as many as fit, actors in
    /// turns.
    pub fn send_again(
        &mut self,
        now_ms: u64,
        after_ms: u64,
        bytes_max: usize,
    ) -> Vec<Arc<VerifiedAct>> {
        let is_due = |id: &&Digest| {
            let pending = self.acts.get(*id);
            pending.is_some_and(|pending| pending.sent_ms.saturating_add(after_ms) <= now_ms)
        };
        let (mut due, mut bytes) = (Vec::new(), 0);
        let mut turns = self.turns();
        while let Some(((had, since), mut turn)) = turns.pop_first() {
            let Some(id) = turn.left.by_ref().find(is_due) else { continue };
            let Some(pending) = self.acts.get(id) else { continue };
            let size = act_bytes_in_block(pending.act.signed().bytes());
            bytes += size;
            if bytes > bytes_max {
                break;
            }
            due.push(*id);
            turns.insert((had + size, since), turn);
        }
        let mut acts = Vec::with_capacity(due.len());
        for id in due {
            let Some(pending) = self.acts.get_mut(&id) else { continue };
            pending.sent_ms = now_ms;
            acts.push(pending.act.clone());
        }
        acts
    }
}

/// An act's id as the engine's digest.
pub fn act_digest(act: &VerifiedAct) -> Digest {
    Digest(act.signed().id().0)
}
