//! Sends acts to all validators, since only the leader of the moment includes them.
//!
//! What was submitted here is sent at once, in batches when much comes, actors in turns; acts that
//! are not final after a while are sent again. Whatever arrives waits in lanes to be verified
//! ([`crate::intake`]) and is dropped if it is not an act with a good signature by a key that the
//! ledger knows; a validator that sends much that no honest one sends is not listened to for a
//! while.

use std::{sync::Arc, time::Duration};

use bytes::{Buf, BytesMut};
use commonware_cryptography::{Hasher as _, Sha256};
use commonware_macros::select;
use commonware_p2p::{Receiver, Recipients, Sender};

use crate::{
    application::now_ms,
    block::{ACT_BYTES_MAX, act_bytes_in_block, list_bytes, read_list, write_list},
    handle::Handle,
    intake::{Source, Waiting, claimed_actor},
    shared::Shared,
    types::{Context, ValidatorKey},
};

/// Bytes of one message, at most.
pub const MESSAGE_BYTES_MAX: usize = 256 * 1024;
/// Acts of one message, at most.
const MESSAGE_ACTS_MAX: usize = 4096;
/// Pause after a message, so that the channel's quota suffices and batches form under load.
const PAUSE: Duration = Duration::from_millis(10);
/// How often old acts are looked through.
const SWEEP: Duration = Duration::from_millis(500);
/// Acts that wait to be sent, below which old ones are sent again.
const FEW: usize = 64;

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
    let mut next_sweep = context.current() + SWEEP;
    loop {
        filled.borrow_and_update();
        if context.current() >= next_sweep {
            next_sweep = context.current() + SWEEP;
            sweep(&context, &shared);
        }
        if let Some(message) = next_message(&shared) {
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

/// Drops acts whose time is over, and sends again those that are not final for a while.
fn sweep<E: Context>(context: &E, shared: &Shared) {
    let now = now_ms(context);
    let ms = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let again = {
        let mut mempool = shared.mempool();
        mempool.expire(now, ms(shared.pacing().out_of_order));
        match shared.outbox().len() < FEW {
            true => {
                mempool.send_again(now, ms(shared.pacing().gossip_again), MESSAGE_BYTES_MAX / 2)
            }
            false => Vec::new(), // what is new goes first
        }
    };
    for act in again {
        shared.send(act.act().actor, act.signed().shared_bytes());
    }
}

/// As many acts as surely fit into one message, actors in turns.
fn next_message(shared: &Shared) -> Option<BytesMut> {
    let mut acts: Vec<Arc<[u8]>> = Vec::new();
    let mut bytes = list_bytes(&acts);
    let mut outbox = shared.outbox();
    while acts.len() < MESSAGE_ACTS_MAX && bytes + ACT_BYTES_MAX < MESSAGE_BYTES_MAX {
        let Some((_, act)) = outbox.pop() else { break };
        bytes += act_bytes_in_block(&act);
        acts.push(act);
    }
    drop(outbox);
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

/// Lets acts wait to be verified that are new here and for whose actors there is room.
async fn receive<E: Context, R>(context: E, handle: Handle, mut receiver: R)
where
    R: Receiver<PublicKey = ValidatorKey>,
{
    let shared = handle.shared();
    let intake = shared.intake();
    while let Ok((peer, message)) = receiver.recv().await {
        {
            let mut memory = intake.memory.lock();
            memory.fade(now_ms(&context));
            if memory.is_deaf_to(&peer) {
                continue;
            }
        }
        let Some(acts) = acts_in(message) else {
            tracing::warn!(?peer, "a message of acts is malformed; dropped");
            intake.memory.lock().blame(&peer);
            continue;
        };
        let digests: Vec<_> = acts.iter().map(|act| Sha256::hash(&[act])).collect();
        let wanted: Vec<_> = {
            let mempool = shared.mempool();
            let is_wanted = |act: &Arc<[u8]>| {
                claimed_actor(act).is_none_or(|actor| mempool.has_room(&actor, act.len()))
            };
            let acts = acts.into_iter().zip(digests);
            let new = acts.filter(|(act, digest)| !mempool.knows_bytes(digest) && is_wanted(act));
            new.map(|(act, _)| act).collect()
        };
        intake.put(wanted.into_iter().map(|bytes| Waiting {
            source: Source::Peer(peer.clone()),
            bytes,
            on_record: true,
            reply: None,
        }));
    }
}
