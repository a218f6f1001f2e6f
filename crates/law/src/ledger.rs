//! The ledger: records by path, the changes of the block, and the overlay of the current run.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::date::{Date, Instant};
use crate::event::Event;
use crate::ids::{ActId, NetworkId};
use crate::json;
use crate::outcome::Outcome;
use crate::refusal::Refusal;

/// The name of a record, such as `key/<key id>`.
pub type Path = String;

/// A record, or its absence.
pub type Record = Option<Arc<[u8]>>;

/// A record must be loaded before the run can go on. This is no refusal: load it and run again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the record {0} is not loaded; load it and run again")]
pub struct Missing(pub Path);

/// Why a handler stopped. Either way its overlay is dropped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Stop {
    /// The act is refused.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A record must be loaded first.
    #[error(transparent)]
    Missing(#[from] Missing),
}

/// Everything held true at a height, as far as it is loaded, and what the block changes of it.
#[derive(Clone, Debug)]
pub struct Ledger {
    network: NetworkId,
    height: u64,
    now: Instant,
    /// Whether a record that is not loaded is absent rather than missing.
    complete: bool,
    loaded: BTreeMap<Path, Record>,
    changes: BTreeMap<Path, Record>,
    overlay: BTreeMap<Path, Record>,
    events: Vec<Event>,
    act: ActId,
    uses_number: bool,
    outcomes: u32,
    /// Outcomes of due items so far, kept while records are loaded for the next one.
    pub(crate) fallen_due: Vec<Outcome>,
}

impl Ledger {
    /// A ledger at the start of the block of this height and instant, with nothing loaded.
    #[must_use]
    pub fn new(network: NetworkId, height: u64, now: Instant) -> Self {
        Self {
            network,
            height,
            now,
            complete: false,
            loaded: BTreeMap::new(),
            changes: BTreeMap::new(),
            overlay: BTreeMap::new(),
            events: Vec::new(),
            act: ActId([0; 32]),
            uses_number: false,
            outcomes: 0,
            fallen_due: Vec::new(),
        }
    }

    /// A ledger that holds all its records in memory, so that nothing is ever missing: for a bare
    /// replay and for tests.
    #[must_use]
    pub fn in_memory(
        network: NetworkId,
        height: u64,
        now: Instant,
        records: BTreeMap<Path, Arc<[u8]>>,
    ) -> Self {
        let loaded = records.into_iter().map(|(path, record)| (path, Some(record))).collect();
        Self { complete: true, loaded, ..Self::new(network, height, now) }
    }

    /// Gives the record of a path, or its absence.
    pub fn load(&mut self, path: Path, record: Record) {
        self.loaded.insert(path, record);
    }

    /// What the block changed: new records, and `None` for removed ones.
    #[must_use]
    pub fn changes(self) -> BTreeMap<Path, Record> {
        self.changes
    }

    /// Ends the block and begins the next one on the same records; returns what changed.
    pub fn advance(&mut self, height: u64, now: Instant) -> BTreeMap<Path, Record> {
        let changes = core::mem::take(&mut self.changes);
        self.loaded.extend(changes.iter().map(|(path, record)| (path.clone(), record.clone())));
        (self.height, self.now, self.outcomes) = (height, now, 0);
        self.fallen_due.clear();
        changes
    }

    /// The network.
    #[must_use]
    pub fn network(&self) -> NetworkId {
        self.network
    }

    /// The height of the block.
    #[must_use]
    pub fn height(&self) -> u64 {
        self.height
    }

    /// The instant of the block.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.now
    }

    /// The UTC day of the block.
    #[must_use]
    pub fn today(&self) -> Date {
        self.now.date()
    }

    /// The act that is being executed; zeros for a due item or before signing.
    #[must_use]
    pub fn act(&self) -> ActId {
        self.act
    }

    /// Whether the act that was tried or executed last has the right network, key, expiry and
    /// number, so that it uses its number up even if it is refused. Any other act tells nobody
    /// anything, and an honest leader leaves it out.
    #[must_use]
    pub fn uses_number(&self) -> bool {
        self.uses_number
    }

    /// The record of a path, parsed, or none when it is absent.
    ///
    /// # Errors
    /// [`Missing`] when the record is not loaded.
    ///
    /// # Panics
    /// When the record is not of the type: the ledger is then corrupt, and halting is right.
    pub fn record<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>, Missing> {
        Ok(self.bytes(path)?.map(|bytes| match serde_json::from_slice(bytes) {
            Ok(record) => record,
            Err(error) => panic!("record {path} is corrupt ({error}); restore the node's data"),
        }))
    }

    /// Whether a record exists.
    ///
    /// # Errors
    /// [`Missing`] when the record is not loaded.
    pub fn has(&self, path: &str) -> Result<bool, Missing> {
        Ok(self.bytes(path)?.is_some())
    }

    /// The bytes of a record.
    ///
    /// # Errors
    /// [`Missing`] when the record is not loaded.
    pub fn bytes(&self, path: &str) -> Result<Option<&[u8]>, Missing> {
        let found = self
            .overlay
            .get(path)
            .or_else(|| self.changes.get(path))
            .or_else(|| self.loaded.get(path));
        match found {
            Some(record) => Ok(record.as_deref()),
            None if self.complete => Ok(None),
            None => Err(Missing(path.into())),
        }
    }

    /// Whether a path need not be loaded any more.
    #[must_use]
    pub fn is_loaded(&self, path: &str) -> bool {
        self.complete || self.loaded.contains_key(path) || self.changes.contains_key(path)
    }

    /// Writes a record in the current run.
    pub fn put<T: Serialize + ?Sized>(&mut self, path: Path, record: &T) {
        self.overlay.insert(path, Some(json::to_bytes(record).into()));
    }

    /// Removes a record in the current run.
    pub fn remove(&mut self, path: Path) {
        self.overlay.insert(path, None);
    }

    /// Tells what the current run brought about.
    pub fn emit(&mut self, event: Event) {
        self.events.push(event);
    }

    /// Begins a run: its changes and events can be dropped.
    pub(crate) fn begin(&mut self, act: ActId) {
        self.discard();
        self.act = act;
        self.uses_number = false;
    }

    /// Notes that the act of the run uses its number up.
    pub(crate) fn admit(&mut self) {
        self.uses_number = true;
    }

    /// Drops the changes and events of the run.
    pub(crate) fn discard(&mut self) {
        self.overlay.clear();
        self.events.clear();
    }

    /// Keeps the changes of the run in the block; returns its events.
    pub(crate) fn keep(&mut self) -> Vec<Event> {
        // Not `append`, which builds the whole map of the block anew.
        self.changes.extend(core::mem::take(&mut self.overlay));
        core::mem::take(&mut self.events)
    }

    /// Takes the events of the run and drops its changes.
    pub(crate) fn take_events(&mut self) -> Vec<Event> {
        let events = core::mem::take(&mut self.events);
        self.discard();
        events
    }

    /// Number of the next outcome in the block, counted from 0.
    pub(crate) fn next_index(&mut self) -> u32 {
        let index = self.outcomes;
        self.outcomes += 1;
        index
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ledger() -> Ledger {
        Ledger::new(NetworkId([1; 32]), 1, Instant::MIN)
    }

    #[test]
    fn what_is_not_loaded_is_missing_and_absence_is_remembered() {
        let mut ledger = ledger();
        assert_eq!(ledger.record::<u64>("a"), Err(Missing("a".into())));
        ledger.load("a".into(), None);
        assert_eq!(ledger.record::<u64>("a"), Ok(None));
        ledger.load("a".into(), Some(Arc::from(*b"7")));
        assert_eq!(ledger.record::<u64>("a"), Ok(Some(7)));
    }

    #[test]
    fn a_run_is_dropped_whole_or_kept_whole() {
        let mut ledger = Ledger::in_memory(
            NetworkId([1; 32]),
            1,
            Instant::MIN,
            BTreeMap::from([("a".into(), Arc::from(*b"1"))]),
        );
        ledger.begin(ActId([0; 32]));
        ledger.put("a".into(), &2);
        ledger.put("b".into(), &3);
        assert_eq!(ledger.record::<u64>("a"), Ok(Some(2)));
        ledger.discard();
        assert_eq!(ledger.record::<u64>("a"), Ok(Some(1)));
        assert_eq!(ledger.has("b"), Ok(false));
        ledger.remove("a".into());
        ledger.keep();
        assert_eq!(ledger.has("a"), Ok(false));
        let changes = ledger.advance(2, Instant::MIN);
        assert_eq!(changes, BTreeMap::from([("a".into(), None)]));
        assert_eq!(ledger.has("a"), Ok(false));
        assert!(ledger.changes().is_empty());
    }
}
