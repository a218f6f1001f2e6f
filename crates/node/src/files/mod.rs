//! Files between validators: sent chunk by chunk from their end, each chunk verified on arrival.
//!
//! Who wants a file asks all others who has it, and asks those that say so for ranges of chunks:
//! several at a time, each for a part. A chunk that does not verify is dropped and asked of another
//! holder, and who sent it is not asked again for a minute, and twice as long each time more: the
//! connection is not cut for it, since agreement needs it and a bad disk is no attack, and is often
//! repaired in a second. What nobody asked for is dropped unread.
//!
//! Files have a channel of their own, of low priority, and their store is no part of the ledger:
//! nothing that a file holds or lacks changes what is final.

mod fetch;
mod hear;
pub mod measure;
mod originals;
pub mod plan;
mod serve;
pub mod wire;

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::{Duration, SystemTime},
};

use commonware_p2p::{Receiver, Sender};
use commonware_runtime::Quota;
use commonware_utils::{
    NZU32,
    channel::mpsc,
    sync::{Mutex, MutexGuard},
};
use pacta_files::{Digest, State, Store};

use crate::{
    bell::Bell,
    handle::Handle,
    types::{Context, ValidatorKey},
};
use serve::Asks;

/// How long a validator that sent a wrong chunk is not asked for files: at first, and at most.
const BARRED_MIN: Duration = Duration::from_secs(60);
const BARRED_MAX: Duration = Duration::from_secs(60 * 60);
/// One that sends none for so long after that is barred as at first.
const BAR_FORGOTTEN: Duration = Duration::from_secs(24 * 60 * 60);
/// Answers that wait to be looked at, at most: more than one window of chunks.
const ANSWERS_MAX: usize = 1024;

/// The channel of files and its quota. The burst is small, since it sizes a mailbox for each peer,
/// and the rate is that of a fast line, since what exceeds it holds up the whole connection.
pub fn channel() -> (u64, Quota) {
    (9, Quota::per_second(NZU32!(4096)).allow_burst(NZU32!(32)))
}

/// What others answered, as far as it was asked for.
enum Answer {
    /// A validator says that it holds a file of this length.
    Has(ValidatorKey, Digest, u64),
    /// A chunk with the state before it, not verified yet.
    Chunk(ValidatorKey, Digest, u64, State, commonware_runtime::IoBuf),
    /// A validator does not have a chunk that it was asked for.
    Gone(ValidatorKey, Digest),
}

struct Inner {
    store: Store,
    /// Chunks that others ask for here.
    asks: Mutex<Asks>,
    asked_here: Bell,
    /// Chunks that were asked of others and have not come.
    asked: Mutex<HashSet<(ValidatorKey, Digest, u64)>>,
    /// Files whose holders are sought, with those who have answered.
    sought: Mutex<HashMap<Digest, HashSet<ValidatorKey>>>,
    /// Who sent a wrong chunk, when it may be asked again, and for how long it was not.
    barred: Mutex<HashMap<ValidatorKey, (SystemTime, Duration)>>,
    answers: mpsc::Sender<Answer>,
}

/// What the tasks share.
#[derive(Clone)]
struct Exchange(Arc<Inner>);

impl Exchange {
    fn store(&self) -> &Store {
        &self.0.store
    }

    fn asks(&self) -> MutexGuard<'_, Asks> {
        self.0.asks.lock()
    }

    fn is_barred(&self, peer: &ValidatorKey, now: SystemTime) -> bool {
        self.0.barred.lock().get(peer).is_some_and(|(until, _)| *until > now)
    }

    /// Bars a validator. What it sent before it was barred does not count once more.
    fn bar(&self, peer: &ValidatorKey, now: SystemTime) {
        let mut barred = self.0.barred.lock();
        let before = barred.get(peer).filter(|(until, _)| *until + BAR_FORGOTTEN > now);
        let time = match before {
            Some((until, _)) if *until > now => return,
            Some((_, before)) => (*before * 2).min(BARRED_MAX),
            None => BARRED_MIN,
        };
        barred.insert(peer.clone(), (now + time, time));
    }
}

/// Starts to hold, to fetch and to serve files. With a `handle`, files that final acts name are
/// wanted as they come.
pub fn start<E, S, R>(context: E, store: Store, handle: Option<Handle>, (sender, receiver): (S, R))
where
    E: Context,
    S: Sender<PublicKey = ValidatorKey>,
    R: Receiver<PublicKey = ValidatorKey>,
{
    let (answers, answered) = mpsc::channel(ANSWERS_MAX);
    let exchange = Exchange(Arc::new(Inner {
        store: store.clone(),
        asks: Mutex::default(),
        asked_here: Bell::default(),
        asked: Mutex::default(),
        sought: Mutex::default(),
        barred: Mutex::default(),
        answers,
    }));
    hear::start(context.child("hear"), exchange.clone(), sender.clone(), receiver);
    serve::start(context.child("serve"), exchange.clone(), sender.clone());
    fetch::start(context.child("fetch"), exchange, sender, answered);
    if let Some(handle) = handle {
        originals::start(context.child("originals"), handle, store);
    }
}
