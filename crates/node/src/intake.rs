//! Acts that wait for their signatures to be verified.
//!
//! To verify a signature is the most costly thing that a stranger can ask of a node, so who asks
//! for much must not keep others waiting. Acts stand in lanes by where they come from, a client's
//! address or a validator, there by connection, and there by the actor that they name: that much is
//! read without decoding. A source can therefore name any actor without taking anything from the
//! same actor's acts of another source, and who opens ever new connections waits behind itself.
//! What exceeds a lane, or the room that the mempool has for the actor, is turned away before
//! anything is verified.

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use commonware_utils::{channel::oneshot, sync::Mutex};
use pacta_files::client_of;
use pacta_law::{ActorId, Instant, Refusal};

use crate::{bell::Bell, credit::Memory, error::Error, fair::Fair, types::ValidatorKey};

/// Acts of one actor from one source that wait, at most.
pub const LANE_ACTS_MAX: usize = 1_024;
/// Bytes of acts from one address or validator that wait, at most. A connection has at most as much
/// as it leaves to the others.
pub const SENDER_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Bytes of all acts from clients that wait, at most, and of all from validators. A sender has at
/// most as much as it leaves to the others.
pub const KIND_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Acts that are verified together, at most.
pub const BATCH_ACTS_MAX: usize = 64;
/// Bytes of acts that are verified together, at most, but for the last one.
const BATCH_BYTES_MAX: usize = 256 * 1024;
/// What an act costs beside its bytes, in bytes: the verification of its signature.
const ACT_COST: usize = 1_024;

/// Where an act comes from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// A client's connection; none is this program itself.
    Client(Option<SocketAddr>),
    /// A validator.
    Peer(ValidatorKey),
}

/// Who sends: all connections from one address are one client's, so to open many gains nothing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Sender {
    Client(Option<IpAddr>),
    Peer(ValidatorKey),
}

impl Source {
    fn sender(&self) -> Sender {
        match self {
            Self::Client(from) => Sender::Client(from.map(|from| client_of(from.ip()))),
            Self::Peer(key) => Sender::Peer(key.clone()),
        }
    }
}

/// An act that is admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Admitted {
    /// Its id.
    pub act: pacta_law::ActId,
    /// The first instant from which no block may hold it.
    pub expires: Instant,
    /// When it was admitted, by this node's clock.
    pub instant: Instant,
    /// Height of the last final block at that time.
    pub height: u64,
}

/// Why an act is not taken.
#[derive(Debug, thiserror::Error)]
pub enum NotTaken {
    /// The law refuses it; or [`Refusal::NodeBusy`], if so many acts of its actor wait, or of who
    /// sends it, that another one would be at the cost of others.
    #[error("{0}")]
    Refused(#[from] Refusal),
    /// The node cannot read its ledger, or stops.
    #[error("{0}")]
    Failed(#[from] Error),
}

/// Takes what became of a client's act.
pub type Reply = oneshot::Sender<Result<Admitted, NotTaken>>;

/// An act that waits.
pub struct Waiting {
    /// Where it comes from.
    pub source: Source,
    /// The signed act, not decoded.
    pub bytes: Arc<[u8]>,
    /// Whether it is admitted even if the ledger would refuse it.
    pub on_record: bool,
    /// Who waits for the answer; nobody for an act from a validator.
    pub reply: Option<Reply>,
}

/// Acts that wait, of all sources. Clients and validators take turns, so do the senders of each,
/// the connections of a sender, and the actors that are named on one.
#[derive(Default)]
pub struct Lanes {
    kinds: Fair<bool, ()>,
    senders: [Fair<Sender, ()>; 2],
    sources: BTreeMap<Sender, Fair<Source, ()>>,
    acts: BTreeMap<Source, Fair<Option<ActorId>, Waiting>>,
}

impl Lanes {
    /// Acts that wait.
    pub fn count(&self) -> usize {
        self.kinds.len()
    }

    /// Puts an act in its lane, or drops it if there is no room; whether there was.
    pub fn push(&mut self, act: Waiting) -> bool {
        let (actor, bytes) = (claimed_actor(&act.bytes), act.bytes.len());
        let (source, sender) = (act.source.clone(), act.source.sender());
        let is_peer = matches!(sender, Sender::Peer(_));
        let (of_kind, own) = (bytes_of(self.kinds.of(&is_peer)), self.acts.get(&source));
        let of_sender = self.sources.get(&sender).map_or(0, |own| bytes_of(own.total()));
        let of_source = own.map_or(0, |own| bytes_of(own.total()));
        let in_lane = own.map_or(0, |own| own.of(&actor).0);
        let room_of_sender = SENDER_BYTES_MAX.min(KIND_BYTES_MAX.saturating_sub(of_kind));
        let room_of_source = match is_peer {
            true => room_of_sender,
            false => room_of_sender.saturating_sub(of_sender),
        };
        if in_lane >= LANE_ACTS_MAX
            || of_sender + bytes > room_of_sender
            || of_source + bytes > room_of_source
        {
            return false;
        }
        let cost = bytes + ACT_COST;
        self.kinds.push(is_peer, cost, ());
        self.senders[usize::from(is_peer)].push(sender.clone(), cost, ());
        self.sources.entry(sender).or_default().push(source.clone(), cost, ());
        self.acts.entry(source).or_default().push(actor, cost, act);
        true
    }

    /// Takes the next act.
    pub fn pop(&mut self) -> Option<Waiting> {
        let (is_peer, ()) = self.kinds.pop()?;
        let (sender, ()) = self.senders[usize::from(is_peer)].pop()?;
        let (source, ()) = take(&mut self.sources, &sender)?;
        take(&mut self.acts, &source).map(|(_, act)| act)
    }
}

/// Takes the next item of the lanes at a key; lanes that are empty then are removed.
fn take<K: Ord, L: Ord + Clone, T>(all: &mut BTreeMap<K, Fair<L, T>>, key: &K) -> Option<(L, T)> {
    let own = all.get_mut(key)?;
    let item = own.pop();
    if own.is_empty() {
        all.remove(key);
    }
    item
}

/// The bytes of so many acts that cost so much together.
fn bytes_of((acts, cost): (usize, usize)) -> usize {
    cost - acts * ACT_COST
}

/// The actor that a signed act names. Canonical JSON has it at a fixed place; bytes that have none
/// there are no act.
pub fn claimed_actor(bytes: &[u8]) -> Option<ActorId> {
    const BEFORE: &[u8] = br#"{"act":{"actor":""#;
    let rest = bytes.strip_prefix(BEFORE)?;
    let name = rest.get(..2 * size_of::<ActorId>())?;
    std::str::from_utf8(name).ok()?.parse().ok()
}

/// The lanes of a node, and what it remembers of those who send.
#[derive(Default)]
pub struct Intake {
    lanes: Mutex<Lanes>,
    /// Rings when an act came.
    pub(crate) filled: Bell,
    /// What is remembered of keys and validators.
    pub(crate) memory: Mutex<Memory>,
}

impl Intake {
    /// Lets acts wait. Those that find no room are dropped; how many found some.
    pub fn put(&self, acts: impl IntoIterator<Item = Waiting>) -> usize {
        let mut lanes = self.lanes.lock();
        let taken = acts.into_iter().map(|act| lanes.push(act)).filter(|taken| *taken).count();
        drop(lanes);
        if taken > 0 {
            self.filled.ring();
        }
        taken
    }

    /// Acts to verify next, together.
    pub fn take(&self) -> Vec<Waiting> {
        let mut lanes = self.lanes.lock();
        let (mut batch, mut bytes) = (Vec::new(), 0);
        while batch.len() < BATCH_ACTS_MAX && bytes < BATCH_BYTES_MAX {
            let Some(act) = lanes.pop() else { break };
            bytes += act.bytes.len();
            batch.push(act);
        }
        batch
    }
}
