//! Verifies acts that wait, and admits those that are good to the mempool.

use std::sync::Arc;

use pacta_law::{Instant, Refusal, SignedAct, VerifiedAct};

use crate::{
    application::now_ms,
    handle::Handle,
    intake::{Admitted, NotTaken, Source, Waiting},
    mempool::{NotAdmitted, act_digest},
    types::{Context, ValidatorKey},
    verify::verify_all,
};

/// Batches that are verified and admitted at the same time.
const WORKERS: usize = 2;

/// Starts to verify and to admit.
pub fn start<E: Context>(context: E, handle: &Handle) {
    for _ in 0..WORKERS {
        let handle = handle.clone();
        context.child("work").spawn(move |context| work(context, handle));
    }
}

async fn work<E: Context>(context: E, handle: Handle) {
    let shared = handle.shared().clone();
    loop {
        let filled = shared.intake().filled.next();
        let batch = shared.intake().take();
        if batch.is_empty() {
            filled.await;
            continue;
        }
        let bytes = batch.iter().map(|act| act.bytes.clone()).collect();
        let verified = verify_all(&context, bytes).await;
        let now = now_ms(&context);
        let all = batch.into_iter().zip(verified);
        let all = all.map(|(waiting, act)| admit(&handle, waiting, act, now));
        if futures::future::join_all(all).await.contains(&true) {
            shared.changed();
        }
    }
}

/// Admits one act, unless something is wrong with it; whether it is new here.
async fn admit(handle: &Handle, waiting: Waiting, act: Option<Arc<VerifiedAct>>, now: u64) -> bool {
    let Waiting { source, bytes, on_record, reply } = waiting;
    match source {
        Source::Peer(peer) => {
            let Some(act) = act.filter(|act| act.act().network == handle.network()) else {
                handle.shared().intake().memory.lock().blame(&peer);
                return false;
            };
            let shared = handle.shared();
            let height = shared.last_final().header.height;
            is_admissible(handle, &peer, &act, now).await
                && shared.mempool().admit(act, now, height).is_ok()
        }
        Source::Client(_) => {
            let answer = from_client(handle, act, &bytes, on_record, now).await;
            let new = matches!(&answer, Ok((_, true)));
            if let Some(reply) = reply {
                let _ = reply.send(answer.map(|(admitted, _)| admitted)); // who asked may be gone
            }
            new
        }
    }
}

/// Admits a client's act and sends it to all; whether it is new here.
async fn from_client(
    handle: &Handle,
    act: Option<Arc<VerifiedAct>>,
    bytes: &[u8],
    on_record: bool,
    now: u64,
) -> Result<(Admitted, bool), NotTaken> {
    let act = match act {
        Some(act) => act,
        // It says what is wrong.
        None => Arc::new(SignedAct::decode(bytes).and_then(SignedAct::verify)?),
    };
    let shared = handle.shared();
    match handle.check(act.clone(), on_record).await {
        Ok(_) => {}
        // To submit an act again that is final since is no fault.
        Err(NotTaken::Refused(Refusal::SequenceUsed { .. }))
            if shared.mempool().knows(&act_digest(&act)) => {}
        Err(not_taken) => return Err(not_taken),
    }
    let admitted = Admitted {
        act: act.id(),
        expires: act.act().expires,
        instant: Instant::from_ms(now)?,
        height: shared.last_final().header.height,
    };
    let result = shared.mempool().admit(act.clone(), now, admitted.height);
    match result {
        Ok(()) => {
            shared.send(act.act().actor, act.signed().shared_bytes());
            Ok((admitted, true))
        }
        Err(NotAdmitted::Known) => Ok((admitted, false)),
        Err(NotAdmitted::SequenceTaken) => {
            Err(Refusal::SequenceUsed { expected: act.act().sequence + 1 }.into())
        }
        Err(NotAdmitted::Full) => Err(Refusal::NodeBusy.into()),
    }
}

/// Whether the ledger knows the act's key as its actor's, and the act has not expired. Nobody is
/// to blame otherwise: clocks differ, and a ledger may lag behind. Whether its number is used
/// already, the mempool knows.
async fn is_admissible(
    handle: &Handle,
    peer: &ValidatorKey,
    act: &Arc<VerifiedAct>,
    now: u64,
) -> bool {
    let content = act.act();
    let key = (content.key, content.actor);
    if content.expires.ms() <= now {
        return false;
    }
    {
        let mut memory = handle.shared().intake().memory.lock();
        if memory.knows(&key) {
            return true;
        }
        if !memory.may_look_up(peer) {
            return false;
        }
    }
    let known = handle.check(act.clone(), true).await.is_ok();
    if known {
        handle.shared().intake().memory.lock().learn(key);
    }
    known
}
