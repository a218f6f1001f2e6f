//! Sends chunks to those who ask, one to each in turn.

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

type Ask = (Digest, u64, u64);

/// Chunks that others ask for, by who asks.
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
        waiting.extend(chunks.take(room).map(|chunk| (id, bytes, chunk)));
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
                    let message = answer(&exchange, &mut open, ask);
                    send(&context, &mut sender, peer, message).await;
                }
                None => {
                    open.clear();
                    rung.await;
                }
            }
        }
    });
}

/// The chunk, or that it is not here.
fn answer(exchange: &Exchange, open: &mut BTreeMap<Digest, Reader>, ask: Ask) -> Vec<u8> {
    let (id, bytes, chunk) = ask;
    match read(exchange, open, ask) {
        Ok(message) => message,
        Err(error) => {
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
            Message::Gone(id, bytes, chunk).to_bytes()
        }
    }
}

fn read(
    exchange: &Exchange,
    open: &mut BTreeMap<Digest, Reader>,
    (id, bytes, chunk): Ask,
) -> Result<Vec<u8>, Error> {
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
    let (before, mut message) = reader.chunk(chunk, CHUNK_HEADER_BYTES)?;
    write_header(&mut message, &id, bytes, chunk, before);
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
