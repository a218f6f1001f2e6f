//! All records of a ledger, held against each other. Nothing is taken from the law's own counts.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use pacta_law::actor::{
    Actor, Key, Mandate, MandateScope, NameHolder, Purpose, Sequence, SigningKeys, name_path,
};
use pacta_law::due::DueItem;
use pacta_law::treaty::draft_treaty::DraftTreaty;
use pacta_law::treaty::{Clauses, Negotiating, Party, Stage, Tally, Texts, Treaty};
use pacta_law::{ActorId, Date, Instant, KeyId, Path, TreatyId, json};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{recount, seats};

/// Records by path.
pub type Records = BTreeMap<Path, Arc<[u8]>>;

/// A node of the queue of what falls due.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Node {
    at: Instant,
    item: DueItem,
    v: u8,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Size {
    count: u64,
    v: u8,
}

/// Everything of one treaty.
#[derive(Default)]
pub struct Whole {
    pub head: Option<Treaty>,
    pub clauses: Option<Clauses>,
    pub texts: Option<Texts>,
    pub tally: Option<Tally>,
    pub negotiating: BTreeMap<ActorId, Negotiating>,
    pub parties: Vec<Party>,
}

#[derive(Default)]
struct All {
    actors: BTreeMap<ActorId, Actor>,
    names: BTreeMap<Path, ActorId>,
    signing_keys: BTreeMap<ActorId, u32>,
    keys: BTreeMap<KeyId, Key>,
    mandates: Vec<Mandate>,
    sequences: BTreeSet<KeyId>,
    treaties: BTreeMap<TreatyId, Whole>,
    due: BTreeMap<u64, Node>,
    due_count: u64,
    seats: seats::Seats,
}

/// Holds all records against each other.
///
/// # Panics
/// When an invariant of the ledger is broken.
pub fn hold(records: &Records, now: Instant, height: u64) {
    let mut all = All::default();
    for (path, bytes) in records {
        assert_eq!(json::check(bytes), Ok(()), "{path} is not canonical");
        all.take(path, bytes);
    }
    all.hold_actors(now);
    all.hold_mandates(now);
    all.hold_due(now);
    all.seats.hold(&all.keys, height);
    for (id, whole) in &all.treaties {
        hold_treaty(id, whole, now.date());
        recount::hold(id, whole, now.date());
    }
}

/// Reads a record, and checks that its bytes are the only ones that say what it says.
pub fn read<T: DeserializeOwned + Serialize>(path: &str, bytes: &[u8]) -> T {
    let record: T = json::from_bytes(bytes).unwrap();
    assert_eq!(json::to_bytes(&record), bytes, "{path} has another form");
    record
}

impl All {
    fn take(&mut self, path: &str, bytes: &[u8]) {
        let parts: Vec<&str> = path.split('/').collect();
        match parts.as_slice() {
            ["actor", id] => {
                self.actors.insert(id.parse().unwrap(), read(path, bytes));
            }
            ["actor", id, "signing-keys"] => {
                let keys: SigningKeys = read(path, bytes);
                self.signing_keys.insert(id.parse().unwrap(), keys.count);
            }
            ["name", _] => {
                let holder: NameHolder = read(path, bytes);
                self.names.insert(path.into(), holder.actor);
            }
            ["key", id] => {
                self.keys.insert(id.parse().unwrap(), read(path, bytes));
            }
            ["sequence", id] => {
                assert!(read::<Sequence>(path, bytes).last >= 1);
                self.sequences.insert(id.parse().unwrap());
            }
            ["mandate", _] => self.mandates.push(read(path, bytes)),
            ["due", "size"] => self.due_count = read::<Size>(path, bytes).count,
            ["due", "heap", place] => {
                self.due.insert(place.parse().unwrap(), read(path, bytes));
            }
            ["treaty", slug, rest @ ..] => {
                let whole = self.treaties.entry(slug.parse().unwrap()).or_default();
                whole.take(path, rest, bytes);
            }
            ["network", rest @ ..] => self.seats.take(path, rest, bytes),
            _ => panic!("no record is known at {path}; extend these checks"),
        }
    }

    fn hold_actors(&self, now: Instant) {
        for (id, actor) in &self.actors {
            assert_eq!(self.names[&name_path(&actor.name)], *id, "the name is held");
            let signs = |key: &&Key| {
                key.actor == *id && key.purpose == Purpose::SignAct && key.revoked.is_none()
            };
            let count = self.keys.values().filter(signs).count();
            assert!(count >= 1, "{id} cannot act any more");
            assert_eq!(usize::try_from(self.signing_keys[id]).unwrap(), count, "{id}");
            assert!(actor.parent.is_none_or(|parent| self.actors.contains_key(&parent)));
        }
        assert_eq!(self.names.len(), self.actors.len());
        assert_eq!(self.signing_keys.len(), self.actors.len());
        for (id, key) in &self.keys {
            assert_eq!(KeyId::of(&key.public), *id);
            assert!(self.actors.contains_key(&key.actor));
            assert!(key.revoked.is_none_or(|revoked| revoked <= now));
        }
        for key in &self.sequences {
            let purpose = self.keys[key].purpose;
            assert!(matches!(purpose, Purpose::SignAct | Purpose::NodeVote), "{purpose} signed");
        }
    }

    fn hold_mandates(&self, now: Instant) {
        for mandate in &self.mandates {
            assert_eq!(self.keys[&mandate.key].actor, mandate.actor);
            assert_eq!(self.keys[&mandate.key].purpose, Purpose::SignAct);
            assert!(mandate.until.is_none_or(|until| mandate.from <= until));
            assert!(mandate.ended.is_none_or(|ended| ended <= now));
            let kind = self.actors[&mandate.actor].kind;
            match &mandate.scope {
                MandateScope::Office(office) => assert!(office.is_of(kind)),
                MandateScope::FullPowers { powers, .. } => {
                    let once: BTreeSet<_> = powers.iter().collect();
                    assert!(kind.concludes_treaties() && once.len() == powers.len());
                }
            }
            if let Some(by) = mandate.granted_by {
                assert_eq!(self.keys[&by].actor, mandate.actor, "granted from outside");
            }
        }
    }

    fn hold_due(&self, now: Instant) {
        assert!((0..self.due_count).eq(self.due.keys().copied()), "the queue has no holes");
        for (place, node) in &self.due {
            let DueItem::EntryIntoForce { on, treaty } = &node.item else {
                panic!("heights bring about {:?}, and not the queue", node.item);
            };
            assert_eq!(on.start(), Some(node.at));
            assert!(node.at > now, "{treaty} is overdue");
            assert!(self.treaties.contains_key(treaty));
            if let Some(above) = place.checked_sub(1).map(|place| &self.due[&(place / 2)]) {
                assert!(above <= node, "the earliest is not first");
            }
        }
        for (id, whole) in &self.treaties {
            let Some(entry) = whole.head.as_ref().and_then(|head| head.entry) else { continue };
            let item = DueItem::EntryIntoForce { on: entry, treaty: id.clone() };
            let waiting = self.due.values().filter(|node| node.item == item).count();
            let ahead = entry.start().is_some_and(|start| start > now);
            assert_eq!(waiting, usize::from(ahead), "{id} waits once for {entry}");
        }
    }
}

impl Whole {
    fn take(&mut self, path: &str, rest: &[&str], bytes: &[u8]) {
        match rest {
            [] => self.head = Some(read(path, bytes)),
            ["clauses"] => self.clauses = Some(read(path, bytes)),
            ["texts"] => self.texts = Some(read(path, bytes)),
            ["tally"] => self.tally = Some(read(path, bytes)),
            ["negotiating", actor] => {
                self.negotiating.insert(actor.parse().unwrap(), read(path, bytes));
            }
            ["party", segment] => {
                let party: Party = read(path, bytes);
                assert_eq!(party.participant.segment(), *segment);
                self.parties.push(party);
            }
            _ => panic!("a treaty has no record {path}"),
        }
    }
}

fn hold_treaty(id: &TreatyId, whole: &Whole, today: Date) {
    let head = whole.head.as_ref().unwrap();
    let clauses = &whole.clauses.as_ref().unwrap().clauses;
    assert_eq!(clauses.check(), Ok(()));
    let all = whole.negotiating.len();
    let adopted = whole.negotiating.values().filter(|one| one.adopted.is_some()).count();
    let authenticated =
        whole.negotiating.values().filter(|one| one.authenticated.is_some()).count();
    match head.stage {
        Stage::UnderNegotiation => assert!(adopted < all && authenticated == 0),
        Stage::Adopted { on } => assert!(adopted == all && authenticated < all && on <= today),
        Stage::Authenticated { on } => {
            assert!(adopted == all && authenticated == all && on <= today);
        }
        Stage::Transcribed => assert!(all == 0 && head.draft.is_none() && whole.texts.is_none()),
    }
    if !matches!(head.stage, Stage::Authenticated { .. } | Stage::Transcribed) {
        assert!(whole.parties.is_empty() && head.entry.is_none(), "{id} binds before its texts");
    }
    assert!(head.trigger.is_none_or(|trigger| trigger <= today && head.entry.is_some()));
    if let Some(texts) = &whole.texts {
        let draft = DraftTreaty {
            clauses: clauses.clone(),
            negotiating: whole.negotiating.keys().copied().collect(),
            texts: texts.texts.clone(),
            titles: head.titles.clone(),
            treaty: id.clone(),
        };
        assert_eq!((head.draft, texts.digest), (Some(draft.digest()), draft.texts_digest()));
    }
}
