//! Sends chunks to those who ask, one to each in turn.
//!
//! A chunk is verified by whoever gets it, and here only if he says that it is wrong: what he then
//! costs is what any request costs.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound::{Excluded, Unbounded};

use commonware_p2p::{CheckedSender as _, Recipients, Sender};
use pacta_files::{Digest, Error, Reader};

use crate::{
    files::{
        Exchange,
        wire::{CHUNK_HEADER_BYTES, Message, write_header},
    },
    types::{Context, ValidatorKey},
};

/// Chunks that one validator may wait for here; what it asks for beyond is not answered.
const ASKS_MAX: usize = 64;
/// Files that are kept open.
const OPEN_MAX: usize = 8;
/// How often a place in the quota of a channel is waited for.
const ATTEMPTS_MAX: usize = 64;

/// A chunk of a file of so many bytes that somebody asks for, or says to be wrong.
#[derive(Clone, Copy)]
struct Ask {
    id: Digest,
    bytes: u64,
    chunk: u64,
    doubted: bool,
}

/// Chunks that others ask for or doubt, by who does.
#[derive(Default)]
pub(super) struct Asks {
    waiting: BTreeMap<ValidatorKey, VecDeque<Ask>>,
    last: Option<ValidatorKey>,
}

impl Asks {
    /// Notes a request.
    pub(super) fn push(
        &mut self,
        peer: ValidatorKey,
        id: Digest,
        bytes: u64,
        from: u64,
        count: u8,
    ) {
        let waiting = self.waiting.entry(peer).or_default();
        let room = ASKS_MAX.saturating_sub(waiting.len());
        let chunks = (0..u64::from(count)).map_while(|down| from.checked_sub(down));
        let ask = |chunk| Ask { id, bytes, chunk, doubted: false };
        waiting.extend(chunks.take(room).map(ask));
    }

    /// Notes that somebody was sent a wrong chunk.
    pub(super) fn push_doubt(&mut self, peer: ValidatorKey, id: Digest, bytes: u64, chunk: u64) {
        let waiting = self.waiting.entry(peer).or_default();
        if waiting.len() < ASKS_MAX {
            waiting.push_back(Ask { id, bytes, chunk, doubted: true });
        }
    }

    /// The next chunk to send: of whoever comes after the one that was served last.
    fn pop(&mut self) -> Option<(ValidatorKey, Ask)> {
        let from = self.last.take().map_or(Unbounded, Excluded);
        let after = self.waiting.range((from, Unbounded)).next();
        let peer = after.or_else(|| self.waiting.iter().next())?.0.clone();
        let waiting = self.waiting.get_mut(&peer)?;
        let ask = waiting.pop_front();
        if waiting.is_empty() {
            self.waiting.remove(&peer);
        }
        self.last = Some(peer.clone());
        ask.map(|ask| (peer, ask))
    }
}

/// Starts to serve, on a thread of its own, since it waits for the disk.
pub(super) fn start<E, S>(context: E, exchange: Exchange, mut sender: S)
where
    E: Context,
    S: Sender<PublicKey = ValidatorKey>,
{
    context.dedicated().spawn(move |context| async move {
        let mut open = BTreeMap::new();
        loop {
            let rung = exchange.0.asked_here.next();
            let next = exchange.asks().pop();
            match next {
                Some((peer, ask)) => {
                    if let Some(message) = answer(&exchange, &mut open, ask) {
                        send(&context, &mut sender, peer, message).await;
                    }
                }
                None => {
                    open.clear();
                    rung.await;
                }
            }
        }
    });
}

/// The chunk, or that it is not here; nothing to one that was doubted.
fn answer(exchange: &Exchange, open: &mut BTreeMap<Digest, Reader>, ask: Ask) -> Option<Vec<u8>> {
    let Ask { id, bytes, chunk, doubted } = ask;
    let error = match read(exchange, open, ask) {
        Ok(message) => return message,
        Err(error) => error,
    };
    open.remove(&id);
    match error {
        Error::NotHeld(_) => {}
        Error::Damaged(_) => {
            // A reader that was opened before a repair finds the old states.
            if let Err(error) = exchange.store().repair(&id) {
                tracing::warn!(%id, %error, "a damaged file cannot be repaired");
            }
        }
        error => tracing::warn!(%id, %error, "a file cannot be sent"),
    }
    (!doubted).then(|| Message::Gone(id, bytes, chunk).to_bytes())
}

fn read(
    exchange: &Exchange,
    open: &mut BTreeMap<Digest, Reader>,
    Ask { id, bytes, chunk, doubted }: Ask,
) -> Result<Option<Vec<u8>>, Error> {
    if open.len() >= OPEN_MAX && !open.contains_key(&id) {
        open.clear();
    }
    let reader = match open.remove(&id) {
        Some(reader) => reader,
        None => exchange.store().read(&id)?,
    };
    if reader.shape().bytes() != bytes || chunk > reader.shape().last() {
        return Err(Error::NotHeld(id));
    }
    let message = match doubted {
        true => reader.chunk(chunk, 0).map(|_| None)?,
        false => {
            let (before, mut message) = reader.unverified_chunk(chunk, CHUNK_HEADER_BYTES)?;
            write_header(&mut message, &id, bytes, chunk, before);
            Some(message)
        }
    };
    open.insert(id, reader);
    Ok(message)
}

/// Sends as soon as the channel's quota allows it.
pub(super) async fn send<E, S>(context: &E, sender: &mut S, peer: ValidatorKey, message: Vec<u8>)
where
    E: Context,
    S: Sender<PublicKey = ValidatorKey>,
{
    for _ in 0..ATTEMPTS_MAX {
        let until = match sender.check(Recipients::One(peer.clone())) {
            Ok(checked) => {
                let _ = checked.send(message, false); // lost: it is asked for again
                return;
            }
            Err(until) => until,
        };
        context.sleep_until(until).await;
    }
}
