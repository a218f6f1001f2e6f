//! Acts that wait for their signatures to be verified.
//!
//! To verify a signature is the most costly thing that a stranger can ask of a node, so who asks
//! for much must not keep others waiting. Acts stand in lanes by where they come from, a connection
//! or a validator, and there by the actor that they name: that much is read without decoding. A
//! source can therefore name any actor without taking anything from the same actor's acts of
//! another source. What exceeds a lane, or the room that the mempool has for the actor, is turned
//! away before anything is verified.

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc};

use commonware_utils::{channel::oneshot, sync::Mutex};
use pacta_law::{ActorId, Instant, Refusal};

use crate::{bell::Bell, credit::Memory, fair::Fair, types::ValidatorKey};

/// Acts of one actor from one source that wait, at most.
pub const LANE_ACTS_MAX: usize = 1_024;
/// Bytes of acts from one source that wait, at most.
pub const SOURCE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Bytes of all acts that wait, at most. A source has at most as much as it leaves to the others.
pub const INTAKE_BYTES_MAX: usize = 32 * 1024 * 1024;
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

impl Source {
    fn is_peer(&self) -> bool {
        matches!(self, Self::Peer(_))
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

/// Takes what became of a client's act.
pub type Reply = oneshot::Sender<Result<Admitted, Refusal>>;

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

/// Acts that wait, of all sources. Clients and validators take turns, so do the sources of each,
/// and so do the actors that a source names.
#[derive(Default)]
pub struct Lanes {
    kinds: Fair<bool, ()>,
    clients: Fair<Source, ()>,
    peers: Fair<Source, ()>,
    acts: BTreeMap<Source, Fair<Option<ActorId>, Waiting>>,
    bytes: usize,
}

impl Lanes {
    /// Acts that wait.
    pub fn count(&self) -> usize {
        self.kinds.len()
    }

    /// Puts an act in its lane, or drops it if there is no room; whether there was.
    pub fn push(&mut self, act: Waiting) -> bool {
        let (actor, bytes) = (claimed_actor(&act.bytes), act.bytes.len());
        let own = self.acts.get(&act.source);
        let (in_lane, of_source) =
            own.map_or((0, 0), |own| (own.of(&actor).0, own.cost() - own.len() * ACT_COST));
        let room = SOURCE_BYTES_MAX.min(INTAKE_BYTES_MAX.saturating_sub(self.bytes));
        if in_lane >= LANE_ACTS_MAX || of_source + bytes > room {
            return false;
        }
        let (source, cost) = (act.source.clone(), bytes + ACT_COST);
        self.kinds.push(source.is_peer(), cost, ());
        let sources = if source.is_peer() { &mut self.peers } else { &mut self.clients };
        sources.push(source.clone(), cost, ());
        self.acts.entry(source).or_default().push(actor, cost, act);
        self.bytes += bytes;
        true
    }

    /// Takes the next act.
    pub fn pop(&mut self) -> Option<Waiting> {
        let (is_peer, ()) = self.kinds.pop()?;
        let sources = if is_peer { &mut self.peers } else { &mut self.clients };
        let (source, ()) = sources.pop()?;
        let own = self.acts.get_mut(&source)?;
        let (_, act) = own.pop()?;
        if own.is_empty() {
            self.acts.remove(&source);
        }
        self.bytes -= act.bytes.len();
        Some(act)
    }
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
