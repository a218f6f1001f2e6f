//! Sends acts to all validators, since only the leader of the moment includes them.
//!
//! What was submitted here is sent at once, in batches when much comes; acts that are not final
//! after a while are sent again. Whatever arrives is decoded within limits and dropped if it is
//! not an act with a good signature.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use bytes::{Buf as _, BytesMut};
use commonware_cryptography::{Hasher as _, Sha256};
use commonware_macros::select;
use commonware_p2p::{Receiver, Recipients, Sender};

use crate::{
    application::now_ms,
    block::{ACT_BYTES_MAX, act_bytes_in_block, list_bytes, read_list, write_list},
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

/// Starts to send and to receive.
pub fn start<E, S, R>(context: E, shared: Shared, (sender, receiver): (S, R))
where
    E: Context,
    S: Sender<PublicKey = ValidatorKey>,
    R: Receiver<PublicKey = ValidatorKey>,
{
    let sending = shared.clone();
    context.child("send").spawn(move |context| send(context, sending, sender));
    context.child("receive").spawn(move |context| receive(context, shared, receiver));
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

async fn receive<E: Context, R: Receiver>(context: E, shared: Shared, mut receiver: R) {
    while let Ok((peer, mut message)) = receiver.recv().await {
        let acts = read_list(&mut message, MESSAGE_ACTS_MAX, ACT_BYTES_MAX, MESSAGE_BYTES_MAX);
        let (Ok(acts), false) = (acts, message.has_remaining()) else {
            tracing::warn!(?peer, "a message of acts is malformed; dropped");
            continue;
        };
        let unknown: Vec<_> = {
            let mempool = shared.mempool();
            let is_new = |act: &Arc<[u8]>| !mempool.knows_bytes(&Sha256::hash(&[act]));
            acts.into_iter().filter(is_new).collect()
        };
        let network = shared.network();
        let now = now_ms(&context);
        let mut admitted = false;
        for act in verify_all(&context, unknown).await.into_iter().flatten() {
            let content = act.signed().act();
            if content.network == network && content.expires.ms() > now {
                admitted |= shared.mempool().admit(act, now).is_ok();
            }
        }
        if admitted {
            shared.changed();
        }
    }
}
