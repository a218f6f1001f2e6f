//! Sends acts to all validators, since only the leader of the moment includes them.
//!
//! What was submitted here is sent at once, in batches when much comes; acts that are not final
//! after a while are sent again. Whatever arrives is decoded within limits and dropped if it is
//! not an act with a good signature by a key that the ledger knows; a validator that sends much
//! that no honest one sends is not listened to for a while.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use bytes::{Buf, BytesMut};
use commonware_cryptography::{Hasher as _, Sha256};
use commonware_macros::select;
use commonware_p2p::{Receiver, Recipients, Sender};
use pacta_law::{ActorId, KeyId, VerifiedAct};

use crate::{
    application::now_ms,
    block::{ACT_BYTES_MAX, act_bytes_in_block, list_bytes, read_list, write_list},
    handle::Handle,
    shared::Shared,
    types::{Context, ValidatorKey},
    verify::verify_all,
};

/// Bytes of one message, at most.
pub const MESSAGE_BYTES_MAX: usize = 256 * 1024;
/// Acts of one message, at most.
const MESSAGE_ACTS_MAX: usize = 4096;
/// Pause after a message, so that the channel's quota suffices and batches form under load.
const PAUSE: Duration = Duration::from_millis(10);
/// How often old acts are looked through.
const SWEEP: Duration = Duration::from_millis(500);
/// Acts by unknown keys that are looked up for one validator in [`PERIOD_MS`], at most.
const LOOK_UPS_MAX: u32 = 4_096;
/// Bad acts after which a validator is not listened to for the rest of [`PERIOD_MS`].
const BAD_ACTS_MAX: u32 = 256;
/// The time in which bad acts are counted, and for which a key counts as known, in milliseconds.
const PERIOD_MS: u64 = 60_000;
/// Keys that count as known, at most.
const KEYS_MAX: usize = 16 * 1024;

/// Starts to send and to receive.
pub fn start<E, S, R>(context: E, handle: Handle, (sender, receiver): (S, R))
where
    E: Context,
    S: Sender<PublicKey = ValidatorKey>,
    R: Receiver<PublicKey = ValidatorKey>,
{
    let shared = handle.shared().clone();
    context.child("send").spawn(move |context| send(context, shared, sender));
    context.child("receive").spawn(move |context| receive(context, handle, receiver));
}

async fn send<E: Context, S: Sender>(context: E, shared: Shared, mut sender: S) {
    let mut filled = shared.outbox_filled();
    let mut waiting: VecDeque<Arc<[u8]>> = VecDeque::new();
    let mut next_sweep = context.current() + SWEEP;
    loop {
        filled.borrow_and_update();
        waiting.extend(shared.take_outbox());
        if context.current() >= next_sweep {
            next_sweep = context.current() + SWEEP;
            waiting.extend(sweep(&context, &shared, waiting.is_empty()));
        }
        if let Some(message) = next_message(&mut waiting) {
            let _ = sender.send(Recipients::All, message.freeze(), false); // else again by sweep
            context.sleep(PAUSE).await;
            continue;
        }
        select! {
            changed = filled.changed() => if changed.is_err() { return },
            _ = context.sleep_until(next_sweep) => {},
        }
    }
}

/// Drops acts whose time is over, and finds those to send again.
fn sweep<E: Context>(context: &E, shared: &Shared, idle: bool) -> Vec<Arc<[u8]>> {
    let now = now_ms(context);
    let ms = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let mut mempool = shared.mempool();
    mempool.expire(now, ms(shared.pacing().out_of_order));
    if !idle {
        return Vec::new(); // what is new goes first
    }
    mempool.send_again(now, ms(shared.pacing().gossip_again), MESSAGE_BYTES_MAX / 2)
}

/// As many acts as fit into one message.
fn next_message(waiting: &mut VecDeque<Arc<[u8]>>) -> Option<BytesMut> {
    let mut acts: Vec<Arc<[u8]>> = Vec::new();
    let mut bytes = list_bytes(&acts);
    while let Some(act) = waiting.front() {
        bytes += act_bytes_in_block(act);
        if acts.len() == MESSAGE_ACTS_MAX || bytes > MESSAGE_BYTES_MAX {
            break;
        }
        acts.extend(waiting.pop_front());
    }
    if acts.is_empty() {
        return None;
    }
    let mut message = BytesMut::with_capacity(list_bytes(&acts));
    write_list(&acts, &mut message);
    Some(message)
}

/// The acts in a message; none if it is malformed. They are not verified.
pub fn acts_in(mut message: impl Buf) -> Option<Vec<Arc<[u8]>>> {
    let acts = read_list(&mut message, MESSAGE_ACTS_MAX, ACT_BYTES_MAX, MESSAGE_BYTES_MAX);
    acts.ok().filter(|_| !message.has_remaining())
}

/// What is remembered of keys and validators for a minute, so that acts are checked cheaply.
#[derive(Default)]
struct Memory {
    began_ms: u64,
    /// Keys that the ledger knows, with their actors.
    keys: HashSet<(KeyId, ActorId)>,
    /// By validator, malformed messages and bad signatures: none comes from an honest one.
    bad: HashMap<ValidatorKey, u32>,
    /// By validator, acts by keys that had to be looked up.
    looked_up: HashMap<ValidatorKey, u32>,
}

impl Memory {
    fn fade(&mut self, now_ms: u64) {
        if now_ms.abs_diff(self.began_ms) >= PERIOD_MS || self.keys.len() >= KEYS_MAX {
            *self = Self { began_ms: now_ms, ..Self::default() };
        }
    }

    fn is_deaf_to(&self, peer: &ValidatorKey) -> bool {
        self.bad.get(peer).is_some_and(|bad| *bad >= BAD_ACTS_MAX)
    }

    fn blame(&mut self, peer: &ValidatorKey) {
        let bad = self.bad.entry(peer.clone()).or_default();
        *bad += 1;
        if *bad == BAD_ACTS_MAX {
            tracing::warn!(?peer, "sends many bad acts; not listened to for a minute");
        }
    }

    /// Whether one more key may be looked up for a validator.
    fn may_look_up(&mut self, peer: &ValidatorKey) -> bool {
        let count = self.looked_up.entry(peer.clone()).or_default();
        *count += 1;
        *count <= LOOK_UPS_MAX
    }
}

async fn receive<E: Context, R>(context: E, handle: Handle, mut receiver: R)
where
    R: Receiver<PublicKey = ValidatorKey>,
{
    let shared = handle.shared();
    let mut memory = Memory::default();
    while let Ok((peer, message)) = receiver.recv().await {
        memory.fade(now_ms(&context));
        if memory.is_deaf_to(&peer) {
            continue;
        }
        let Some(acts) = acts_in(message) else {
            tracing::warn!(?peer, "a message of acts is malformed; dropped");
            memory.blame(&peer);
            continue;
        };
        let unknown: Vec<_> = {
            let mempool = shared.mempool();
            let is_new = |act: &Arc<[u8]>| !mempool.knows_bytes(&Sha256::hash(&[act]));
            acts.into_iter().filter(is_new).collect()
        };
        let mut admitted = false;
        for act in verify_all(&context, unknown).await {
            let Some(act) = act.filter(|act| act.act().network == handle.network()) else {
                memory.blame(&peer);
                continue;
            };
            let now = now_ms(&context);
            if is_admissible(&handle, &mut memory, &peer, &act, now).await {
                admitted |= shared.mempool().admit(act, now).is_ok();
            }
        }
        if admitted {
            shared.changed();
        }
    }
}

/// Whether the ledger knows the act's key as its actor's, and the act has not expired. Nobody is
/// to blame otherwise: clocks differ, and a ledger may lag behind. Whether its number is used
/// already, the mempool knows.
async fn is_admissible(
    handle: &Handle,
    memory: &mut Memory,
    peer: &ValidatorKey,
    act: &Arc<VerifiedAct>,
    now: u64,
) -> bool {
    let content = act.act();
    let key = (content.key, content.actor);
    if content.expires.ms() <= now {
        return false;
    }
    if memory.keys.contains(&key) {
        return true;
    }
    memory.may_look_up(peer) && handle.check(act.clone(), true).await.is_ok() && {
        memory.keys.insert(key);
        true
    }
}
