//! What all parts of one validator share, whatever the runtime.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use commonware_cryptography::sha256::Digest;
use commonware_utils::{
    channel::watch,
    ordered::Set,
    sync::{Mutex, MutexGuard},
};
use pacta_chain::{Evidence, Header, Proven};
use pacta_law::{ActId, ActorId, Genesis, NetworkId, Path};

use crate::{
    bell::Bell,
    engine::Errs,
    error::Error,
    fair::Fair,
    intake::Intake,
    mempool::Mempool,
    misconduct::{Kept, Suspicions},
    pacing::Pacing,
    presence::Presence,
    turns::Turns,
    types::ValidatorKey,
    voting::Voting,
    work::WorkPace,
};

/// Acts to send to all peers: actors take turns.
pub type Outbox = Fair<ActorId, Arc<[u8]>>;

/// The last final block that has been executed.
#[derive(Clone, Debug)]
pub struct LastFinal {
    /// Its digest.
    pub digest: Digest,
    /// Its header.
    pub header: Header,
    /// When something next falls due after it, in milliseconds, if that is known.
    pub next_due: Option<u64>,
    /// Whether somebody waits for the next epochs, so that blocks are made without other need.
    pub urgent: bool,
}

/// Disagreements that are kept, at most.
const DISAGREEMENTS_MAX: usize = 16;

/// Records by path, as a block writes them; none where it removes one.
pub type Changes = Vec<(Path, Option<Arc<[u8]>>)>;

/// A block whose roots this node computed otherwise than its header states. Either its leader or
/// this node is in error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disagreement {
    /// The header of the block.
    pub header: Header,
    /// Its acts.
    pub acts: Vec<ActId>,
    /// Root of the ledger by this node.
    pub ledger_root: pacta_law::Digest,
    /// Root of the journal by this node.
    pub journal_root: pacta_law::Digest,
    /// The outcomes by this node, in order, as canonical JSON.
    pub outcomes: Vec<Arc<[u8]>>,
    /// The records that this node wrote, by path; none where it removed one.
    pub changes: Changes,
}

/// Where agreement is, as far as it is known here.
#[derive(Default)]
struct Place {
    epoch: u64,
    view: u64,
    committee: Set<ValidatorKey>,
    can_vote: bool,
    /// Who has voted to leave the view.
    leaving: BTreeSet<usize>,
}

struct Inner {
    genesis: Genesis,
    network: NetworkId,
    records: BTreeMap<Path, Arc<[u8]>>,
    pacing: Pacing,
    errs: Errs,
    voting: Voting,
    disagreements: Mutex<Vec<Disagreement>>,
    mempool: Mutex<Mempool>,
    /// Rings when there may be something to do for a leader.
    changes: Bell,
    last_final: watch::Sender<LastFinal>,
    /// Acts to verify.
    intake: Intake,
    /// How fast acts are executed here.
    work: WorkPace,
    /// Acts to send to all peers, by actor.
    outbox: Mutex<Outbox>,
    outbox_filled: watch::Sender<u64>,
    presence: Mutex<Presence>,
    misconduct: Mutex<Kept>,
    place: Mutex<Place>,
    /// Votes that are withheld.
    withheld: AtomicU64,
    /// Rings when there is new evidence.
    accusations: Bell,
    /// Evidence against validators that the founding does not name.
    suspicions: Mutex<Suspicions>,
    /// Rings when there may be more to prove.
    more_suspicions: Bell,
    /// Whether shares were renewed since the founding.
    renewed: watch::Sender<bool>,
}

/// While it lives, a vote is withheld.
pub struct Withheld(Shared);

impl Drop for Withheld {
    fn drop(&mut self) {
        self.0.0.withheld.fetch_sub(1, Ordering::Relaxed);
        self.0.changed();
    }
}

/// What all parts share. Clones are the same.
#[derive(Clone)]
pub struct Shared(Arc<Inner>);

impl Shared {
    /// State before anything has happened.
    ///
    /// # Errors
    /// [`Error::Genesis`] if its records cannot be read.
    pub fn new(
        genesis: Genesis,
        pacing: Pacing,
        errs: Errs,
        voting: Voting,
        presence: Presence,
        first: LastFinal,
    ) -> Result<Self, Error> {
        let records =
            genesis.records().into_iter().map(|(path, bytes)| (path, bytes.into())).collect();
        Ok(Self(Arc::new(Inner {
            network: genesis.network(),
            genesis,
            records,
            pacing,
            errs,
            voting,
            disagreements: Mutex::default(),
            mempool: Mutex::default(),
            changes: Bell::default(),
            last_final: watch::Sender::new(first),
            intake: Intake::default(),
            work: WorkPace::default(),
            outbox: Mutex::default(),
            outbox_filled: watch::Sender::new(0),
            presence: Mutex::new(presence),
            misconduct: Mutex::default(),
            place: Mutex::default(),
            withheld: AtomicU64::new(0),
            accusations: Bell::default(),
            suspicions: Mutex::default(),
            more_suspicions: Bell::default(),
            renewed: watch::Sender::new(false),
        })))
    }

    /// The founding act and the first records.
    pub fn genesis(&self) -> &Genesis {
        &self.0.genesis
    }

    /// The network's name.
    pub fn network(&self) -> NetworkId {
        self.0.network
    }

    /// The first records, which enter the ledger with block 1.
    pub fn genesis_records(&self) -> &BTreeMap<Path, Arc<[u8]>> {
        &self.0.records
    }

    /// Time limits.
    pub fn pacing(&self) -> &Pacing {
        &self.0.pacing
    }

    /// Whether this validator may vote.
    pub fn voting(&self) -> &Voting {
        &self.0.voting
    }

    /// How a test wants this node to err or lie.
    pub fn errs(&self) -> Errs {
        self.0.errs
    }

    /// Whether a test wants this node to execute one of these acts differently from the law.
    pub fn executes_differently(&self, mut acts: impl Iterator<Item = ActId>) -> bool {
        self.0.errs.executes_differently.is_some_and(|wanted| acts.any(|act| act == wanted))
    }

    /// Notes a block whose roots were computed otherwise here.
    pub fn disagree(&self, disagreement: Disagreement) {
        let mut disagreements = self.0.disagreements.lock();
        if disagreements.len() < DISAGREEMENTS_MAX {
            disagreements.push(disagreement);
        }
    }

    /// The first blocks since the start whose roots were computed otherwise here.
    pub fn disagreements(&self) -> Vec<Disagreement> {
        self.0.disagreements.lock().clone()
    }

    /// The acts that wait. Never hold the guard while waiting for anything.
    pub fn mempool(&self) -> MutexGuard<'_, Mempool> {
        self.0.mempool.lock()
    }

    /// Tells a leader that waits to look again.
    pub fn changed(&self) {
        self.0.changes.ring();
    }

    /// Hears when there may be something to do.
    pub fn changes(&self) -> &Bell {
        &self.0.changes
    }

    /// Keeps evidence against a validator; whether it is new.
    pub fn accuse(&self, evidence: Evidence) -> bool {
        let new = !self.0.errs.forgives && self.0.misconduct.lock().keep(evidence);
        if new {
            self.0.accusations.ring();
        }
        new
    }

    /// Notes that shares were renewed since the founding, whose are needed no more.
    pub fn set_renewed(&self) {
        self.0.renewed.send_replace(true);
    }

    /// Hears when shares were renewed since the founding.
    pub fn renewed(&self) -> watch::Receiver<bool> {
        self.0.renewed.subscribe()
    }

    /// Rings when there is new evidence.
    pub fn accusations(&self) -> &Bell {
        &self.0.accusations
    }

    /// Evidence since the start, against any validator.
    pub fn evidence(&self) -> Vec<Evidence> {
        self.0.misconduct.lock().all()
    }

    /// Takes evidence against a validator that the founding does not name; given back with what
    /// proves it, if that is here. Else it waits for that.
    pub fn suspect(&self, evidence: Evidence) -> Option<(Evidence, Proven)> {
        if self.0.errs.forgives {
            return None;
        }
        let proven = self.suspicions().suspect(evidence);
        if proven.is_none() {
            self.0.more_suspicions.ring();
        }
        proven
    }

    /// Evidence against such validators. Never hold the guard while waiting for anything.
    pub fn suspicions(&self) -> MutexGuard<'_, Suspicions> {
        self.0.suspicions.lock()
    }

    /// Rings when there may be more of it to prove.
    pub fn more_suspicions(&self) -> &Bell {
        &self.0.more_suspicions
    }

    /// What is known of the other validators. Never hold the guard while waiting for anything.
    pub fn presence(&self) -> MutexGuard<'_, Presence> {
        self.0.presence.lock()
    }

    /// Notes that a vote is withheld, until the value is dropped.
    pub fn withhold(&self) -> Withheld {
        self.0.withheld.fetch_add(1, Ordering::Relaxed);
        self.changed();
        Withheld(self.clone())
    }

    /// Notes that an epoch has begun, with its committee, and whether this node has a share in it.
    pub fn enter_epoch(&self, epoch: u64, committee: Set<ValidatorKey>, can_vote: bool) {
        let founders = &self.0.genesis.founding.validators;
        let is_founder = |key: &ValidatorKey| {
            let key: &[u8] = key.as_ref();
            founders.iter().any(|one| one.key.0 == *key)
        };
        let joined = !committee.iter().all(is_founder);
        self.suspicions().enter(epoch, joined);
        if joined {
            self.0.more_suspicions.ring();
        }
        let leaving = BTreeSet::new();
        *self.0.place.lock() = Place { epoch, view: 1, committee, can_vote, leaving };
        self.changed();
    }

    /// Whether this node has a share of the network key in the epoch that has begun last.
    pub fn can_vote(&self) -> bool {
        self.0.place.lock().can_vote
    }

    /// The validators that agree on the epoch that has begun last; none before the first.
    pub fn signing(&self) -> Set<ValidatorKey> {
        self.0.place.lock().committee.clone()
    }

    /// Notes that a validator, by its place in the committee, has voted to leave a view.
    pub fn note_leaving(&self, epoch: u64, view: u64, validator: usize) {
        let mut place = self.0.place.lock();
        let new = (place.epoch, place.view) == (epoch, view) && place.leaving.insert(validator);
        drop(place);
        if new {
            self.changed();
        }
    }

    /// Whether more validators have voted to leave the view than can be faulty, so that it will
    /// hardly come to a block.
    pub fn is_given_up(&self) -> bool {
        let place = self.0.place.lock();
        place.leaving.len() > place.committee.len().saturating_sub(1) / 3
    }

    /// Notes that the engine has entered a view of an epoch.
    pub fn enter(&self, epoch: u64, view: u64) {
        let mut place = self.0.place.lock();
        if place.epoch == epoch && place.view < view {
            place.view = view;
            place.leaving.clear();
            drop(place);
            self.changed();
        }
    }

    /// The leader of the view that the engine has entered, as far as it is known.
    pub fn leader(&self) -> Option<ValidatorKey> {
        let (epoch, view) = {
            let last = self.0.last_final.borrow();
            (last.header.epoch, last.header.view + 1)
        };
        let place = self.0.place.lock();
        let view = if place.epoch == epoch { place.view.max(view) } else { place.view };
        let leader = Turns::of(place.committee.len()).leader(place.epoch, view);
        place.committee.get(leader).cloned()
    }

    /// Whether this node knows of something that wants a block, or that others have one.
    pub fn is_busy(&self, now_ms: u64) -> bool {
        let last = self.last_final();
        let somebody_is_lost = {
            let presence = self.presence();
            presence.wants(last.header.height + 1) || presence.lags()
        };
        last.header.height == 0
            || last.urgent
            || last.next_due.is_some_and(|due| due <= now_ms)
            || somebody_is_lost
            || self.0.withheld.load(Ordering::Relaxed) > 0
            || self.mempool().is_ready(&HashSet::new())
    }

    /// The last final block that has been executed.
    pub fn last_final(&self) -> LastFinal {
        self.0.last_final.borrow().clone()
    }

    /// Hears of each final block, or of the latest if several came at once.
    pub fn finals(&self) -> watch::Receiver<LastFinal> {
        self.0.last_final.subscribe()
    }

    /// Notes a final block, unless a later one is known.
    pub fn set_last_final(&self, last: LastFinal) {
        self.0.last_final.send_if_modified(|known| {
            let later = last.header.height >= known.header.height;
            if later {
                *known = last;
            }
            later
        });
        self.changed();
    }

    /// Acts that wait to be verified.
    pub fn intake(&self) -> &Intake {
        &self.0.intake
    }

    /// How fast acts are executed here.
    pub fn work(&self) -> &WorkPace {
        &self.0.work
    }

    /// Puts an act of an actor in the box of those to send.
    pub fn send(&self, actor: ActorId, act: Arc<[u8]>) {
        self.outbox().push(actor, act.len(), act);
        self.0.outbox_filled.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// The acts that are to be sent. Never hold the guard while waiting for anything.
    pub fn outbox(&self) -> MutexGuard<'_, Outbox> {
        self.0.outbox.lock()
    }

    /// Hears when acts are to be sent.
    pub fn outbox_filled(&self) -> watch::Receiver<u64> {
        self.0.outbox_filled.subscribe()
    }
}
