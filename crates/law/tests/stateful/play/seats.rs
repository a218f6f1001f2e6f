//! The records of validators, held against each other.

use std::collections::{BTreeMap, BTreeSet};

use pacta_law::actor::{Key, Purpose};
use pacta_law::limits::SEATS_MIN;
use pacta_law::network::{
    Attendance, Epochs, LastCeremony, PendingChange, PendingChanges, Validators, seats_max,
};
use pacta_law::{ActId, KeyId, Validator};

use super::records::read;
use super::world::EPOCH_BLOCKS;

/// All records below `network/`.
#[derive(Default)]
pub struct Seats {
    wanted: Vec<Validator>,
    committees: BTreeMap<u64, Vec<Validator>>,
    signing: BTreeMap<u64, Vec<Validator>>,
    epochs: Option<Epochs>,
    ceremony: Option<LastCeremony>,
    attendance: Option<Attendance>,
    listed: Vec<ActId>,
    pending: BTreeMap<ActId, PendingChange>,
}

impl Seats {
    pub fn take(&mut self, path: &str, rest: &[&str], bytes: &[u8]) {
        let set = || read::<Validators>(path, bytes).validators;
        match rest {
            ["validators"] => self.wanted = set(),
            ["committee", epoch] => {
                self.committees.insert(epoch.parse().unwrap(), set());
            }
            ["signing", epoch] => {
                self.signing.insert(epoch.parse().unwrap(), set());
            }
            ["epochs"] => self.epochs = Some(read(path, bytes)),
            ["ceremony"] => self.ceremony = Some(read(path, bytes)),
            ["attendance"] => self.attendance = Some(read(path, bytes)),
            ["changes"] => self.listed = read::<PendingChanges>(path, bytes).changes,
            ["change", act] => {
                self.pending.insert(act.parse().unwrap(), read(path, bytes));
            }
            _ => panic!("the network has no record {path}"),
        }
    }

    /// Holds them after what a height brought about, or after the acts of its block.
    pub fn hold(&self, keys: &BTreeMap<KeyId, Key>, height: u64) {
        let sets = self.committees.values().chain(self.signing.values());
        for set in sets.chain([&self.wanted]) {
            let actors: BTreeSet<_> = set.iter().map(|validator| validator.actor).collect();
            assert_eq!(actors.len(), set.len(), "one actor, one seat: {set:?}");
            assert!(set.is_sorted_by(|one, next| one.key < next.key), "{set:?}");
            assert!((SEATS_MIN..=seats_max(EPOCH_BLOCKS)).contains(&set.len()), "{set:?}");
            for validator in set {
                let key = &keys[&KeyId::of(&validator.key)];
                assert_eq!((key.actor, key.purpose), (validator.actor, Purpose::NodeVote));
            }
        }
        self.hold_epochs(height);
        self.hold_pending();
        let attended = self.attendance.iter().flat_map(|all| &all.validators);
        let attended: Vec<_> = attended.collect();
        assert!(attended.is_sorted_by(|one, next| one.key < next.key), "{attended:?}");
        for one in attended {
            assert!(one.ready.is_none_or(|ready| ready.height <= height));
            assert!(one.ready.is_some() || one.reveals > 0 || one.suspended, "{one:?}");
        }
    }

    fn hold_epochs(&self, height: u64) {
        let epochs = self.epochs.unwrap();
        assert_eq!(epochs.length, EPOCH_BLOCKS);
        // Those of the next block: what its height brings about has been brought about before.
        let (epoch, place) = ((height + 1) / EPOCH_BLOCKS, (height + 1) % EPOCH_BLOCKS);
        let frozen = epoch + 1 + u64::from(place >= EPOCH_BLOCKS / 2);
        assert_eq!((epochs.current, epochs.frozen), (epoch, frozen), "at {height}");
        assert_eq!(self.committees.keys().last(), Some(&frozen));
        assert_eq!(self.signing.keys().last(), Some(&epoch));
        let last = self.ceremony.as_ref().unwrap();
        let ended = epoch.checked_sub(1);
        assert_eq!(last.epoch, ended);
        // Who received shares signs next; if the ceremony failed, whoever signed before.
        let Some(ended) = ended else { return };
        let sets = if last.failures == 0 { &self.committees } else { &self.signing };
        assert_eq!(sets[&ended], self.signing[&epoch], "who signs in {epoch}");
    }

    fn hold_pending(&self) {
        let listed: BTreeSet<_> = self.listed.iter().collect();
        assert_eq!(listed.len(), self.listed.len());
        assert!(listed.into_iter().eq(self.pending.keys()), "each proposal is on the list");
        let by: BTreeSet<_> = self.pending.values().map(|pending| pending.by).collect();
        assert_eq!(by.len(), self.pending.len(), "a member proposes one change at a time");
        for pending in self.pending.values() {
            assert!(self.wanted.iter().any(|validator| validator.actor == pending.by));
            assert!(pending.consents.is_sorted_by(|one, next| one < next), "{pending:?}");
            assert!(pending.consents.contains(&pending.by));
            assert!(!pending.awaits(&self.wanted).is_empty(), "{pending:?} waits for nobody");
        }
    }
}
