//! A ledger, kept three times: whole in memory over all blocks; for each act anew, with nothing
//! loaded but what it asks for; and for each block anew. All three must agree.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use pacta_law::act::Data;
use pacta_law::actor::{ActorKind, Office, Sequence};
use pacta_law::treaty::{Participant, Register, Treaty, treaty_path};
use pacta_law::{
    ActorId, Ceremony, Date, Event, GenesisBuilder, Instant, KeyId, Ledger, MandateId, Missing,
    NetworkId, NetworkKey, Outcome, Path, PublicKey, Record, Refusal, TreatyId, Verdict,
    VerifiedAct, check, dry_run, execute, execute_verified, fall_due, json, reads, turn,
};
use serde_json::Value;

use super::acts::public;
use super::records::Records;
use super::{Reached, changes, network, records};

/// 2027-01-01.
const FIRST_MS: u64 = 1_798_761_600_000;
/// Blocks of an epoch.
pub const EPOCH_BLOCKS: u64 = 12;
/// Validators at the founding: the States.
const SEATS: usize = 4;
const STATES: [&str; 5] = ["Norland", "Sudmark", "Ostia", "Westria", "Union"];

/// Who acts: an actor by one of its keys and a mandate.
#[derive(Clone, Copy)]
pub struct Hand {
    pub actor: ActorId,
    pub key: KeyId,
    pub public: PublicKey,
    pub mandate: Option<MandateId>,
}

/// What is handed in.
#[derive(Clone)]
pub enum Handed {
    Act(Box<VerifiedAct>),
    Bytes(Vec<u8>),
}

/// The ledger, and what is known of it from outside.
pub struct World {
    pub ledger: Ledger,
    /// All records as they are now, and as they were before the block.
    pub records: Records,
    before: Records,
    handed: Vec<Handed>,
    outcomes: Vec<Outcome>,
    pub actors: Vec<ActorId>,
    pub hands: Vec<Hand>,
    pub mandates: Vec<(MandateId, KeyId)>,
    /// The last number that each key used.
    pub used: BTreeMap<KeyId, u64>,
    told: Told,
    turn: usize,
    /// How the ceremony that ends next ends.
    pub ceremony: Ceremony,
    /// How one ended with this block, if one did.
    ended: Ceremony,
    pub reached: Reached,
}

/// What whoever hears the events knows.
#[derive(Default)]
struct Told {
    registers: BTreeMap<TreatyId, (BTreeSet<Participant>, Option<Register>)>,
    in_force: BTreeMap<(TreatyId, Date), u32>,
}

/// The network at its founding.
#[derive(Clone)]
struct Founded {
    network: NetworkId,
    records: Records,
    hands: Vec<Hand>,
    mandates: Vec<(MandateId, KeyId)>,
}

/// Four States and an organization, each with a minister, and an envoy of the first.
fn found() -> Founded {
    let mut builder = GenesisBuilder::new("Test", Date::MIN).unwrap();
    let (mut hands, mut mandates) = (Vec::new(), Vec::new());
    for (seed, name) in (100..).zip(STATES) {
        let (kind, office) = match name {
            "Union" => (ActorKind::Organization, Office::ExecutiveHead),
            _ => (ActorKind::State, Office::ForeignMinister),
        };
        let (actor, mandate) = builder.actor(kind, name, public(seed), office).unwrap();
        let key = KeyId::of(&public(seed));
        mandates.push((mandate, key));
        hands.push(Hand { actor, key, public: public(seed), mandate: Some(mandate) });
    }
    let envoy = public(99);
    let key = builder.key(hands[0].actor, envoy).unwrap();
    hands.push(Hand { key, public: envoy, mandate: None, ..hands[0] });
    for (seed, place) in (120..).zip(0..SEATS) {
        let (actor, public) = (hands[place].actor, public(seed));
        builder.validator(actor, public, "node.example:7000");
        hands.push(Hand { actor, key: KeyId::of(&public), public, mandate: None });
    }
    let genesis = builder.found(NetworkKey([7; 96]), true, EPOCH_BLOCKS, None).unwrap();
    let records = genesis.records().into_iter();
    let records = records.map(|(path, record)| (path, record.into())).collect();
    Founded { network: genesis.network(), records, hands, mandates }
}

impl World {
    pub fn new() -> Self {
        static FOUNDED: OnceLock<Founded> = OnceLock::new();
        let Founded { network, records, hands, mandates } = FOUNDED.get_or_init(found).clone();
        let now = Instant::from_ms(FIRST_MS).unwrap();
        Self {
            ledger: Ledger::in_memory(network, 1, now, records.clone()),
            before: records.clone(),
            records,
            handed: Vec::new(),
            outcomes: Vec::new(),
            actors: hands[..STATES.len()].iter().map(|hand| hand.actor).collect(),
            hands,
            mandates,
            used: BTreeMap::new(),
            told: Told::default(),
            turn: 0,
            ceremony: Ceremony { succeeded: true, revealed: Vec::new() },
            ended: Ceremony { succeeded: true, revealed: Vec::new() },
            reached: Reached::default(),
        }
    }

    pub fn now(&self) -> Instant {
        self.ledger.now()
    }

    /// Executes an act in the block, everywhere.
    pub fn hand_in(&mut self, handed: Handed) {
        let expected = match &handed {
            Handed::Act(act) => {
                let checked = check(&mut self.ledger, act).unwrap();
                let tried = dry_run(&mut self.ledger, act.act()).unwrap();
                assert_eq!(checked.as_ref().err(), tried.as_ref().err());
                Some(tried)
            }
            Handed::Bytes(_) => None,
        };
        let outcome = run(&mut self.ledger, &handed).unwrap();
        let used = self.ledger.uses_number();
        if let Some(tried) = expected {
            match tried {
                Ok(events) => assert_eq!(outcome.events, events),
                Err(refusal) => assert_eq!(outcome.code, Some(refusal.code())),
            }
        }
        self.turn += 1;
        let mut alone = self.fresh();
        if let Handed::Act(act) = &handed {
            self.preload(&mut alone, act);
        }
        let again = load_and(&mut alone, &self.records, |ledger| run(ledger, &handed));
        assert_eq!(alone.uses_number(), used);
        assert_eq!(Outcome { index: outcome.index, ..again }, outcome);
        self.judge(&handed, &outcome, used, alone.changes());
        self.handed.push(handed);
    }

    /// Ends the block, and begins the next one, some time later.
    pub fn next_block(&mut self, ms: u64) {
        self.end_block();
        let now = Instant::from_ms(self.now().ms() + ms).unwrap_or(self.now());
        let height = self.ledger.height() + 1;
        let changed = self.ledger.advance(height, now);
        let mut expected = self.before.clone();
        apply(&mut expected, changed);
        assert!(expected == self.records, "the acts' changes are those of the block");
        self.before = self.records.clone();
        self.ended = self.ceremony.clone();
        let mut alone = self.fresh();
        let outcomes = begin(&mut self.ledger, &self.records, &self.ended);
        assert_eq!(begin(&mut alone, &self.records, &self.ended), outcomes);
        for outcome in outcomes {
            assert!(outcome.due.is_some() && outcome.act.is_none());
            self.take(&outcome);
            self.outcomes.push(outcome);
        }
        let changes = alone.changes();
        changes::are_allowed(&self.records, &changes, self.now());
        if !changes.is_empty() {
            apply(&mut self.records, changes);
            records::hold(&self.records, self.now(), height);
        }
        self.hold_what_was_told();
    }

    /// Executes the whole block again, as another node does, and checks the ledger after it.
    fn end_block(&mut self) {
        let mut again = self.fresh();
        let mut outcomes = begin(&mut again, &self.before, &self.ended);
        let acts = !self.handed.is_empty();
        for handed in std::mem::take(&mut self.handed) {
            outcomes.push(load_and(&mut again, &self.before, |ledger| run(ledger, &handed)));
        }
        assert_eq!(outcomes, self.outcomes, "the journal is the same on every node");
        for (index, outcome) in std::mem::take(&mut self.outcomes).iter().enumerate() {
            assert_eq!(usize::try_from(outcome.index).unwrap(), index);
        }
        let mut after = self.before.clone();
        apply(&mut after, again.changes());
        assert!(after == self.records, "the ledger is the same on every node");
        if acts {
            records::hold(&self.records, self.now(), self.ledger.height());
            self.hold_what_was_told();
        }
    }

    fn fresh(&self) -> Ledger {
        Ledger::new(self.ledger.network(), self.ledger.height(), self.now())
    }

    /// Loads nothing, or what the act names beforehand, or much that it does not ask for.
    fn preload(&self, ledger: &mut Ledger, act: &VerifiedAct) {
        let mut load = |path: Path| ledger.load(path.clone(), self.records.get(&path).cloned());
        match self.turn % 3 {
            0 => {}
            1 => {
                reads(act.act()).into_iter().for_each(&mut load);
                let mut part = ledger.clone();
                while let Err(Missing(path)) = execute_verified(&mut part, act) {
                    let queue = path.starts_with("due/heap/");
                    let known = !queue && !network::concerns(&act.act().data);
                    assert!(!known, "not read beforehand: {path}");
                    part.load(path.clone(), self.records.get(&path).cloned());
                }
            }
            _ => self.records.keys().rev().step_by(2).cloned().for_each(&mut load),
        }
    }

    /// Holds what an act did against what it may do.
    fn judge(
        &mut self,
        handed: &Handed,
        outcome: &Outcome,
        used: bool,
        changed: BTreeMap<Path, Record>,
    ) {
        assert_eq!(Outcome::from_bytes(&outcome.to_bytes()).as_ref(), Ok(outcome));
        assert_eq!((outcome.height, outcome.instant), (self.ledger.height(), self.now()));
        let known = |code| Refusal::ALL.iter().find(|known| known.0 == code);
        let refusal = outcome.code.map(|code| known(code).unwrap().1.to_string());
        assert_eq!(outcome.refusal, refusal);
        let executed = outcome.result == Verdict::Executed;
        assert_eq!(executed, outcome.code.is_none());
        assert!(executed || outcome.events.is_empty());
        assert!(used || !executed && changed.is_empty(), "what uses no number does nothing");
        if let Handed::Act(signed) = handed {
            let act = signed.act();
            let reached = &mut self.reached;
            let examples = if executed { &mut reached.executed } else { &mut reached.refused };
            examples.entry(act.data.kind()).or_insert_with(|| signed.bytes().to_vec());
            let expected = self.used.get(&act.key).map_or(1, |used| used + 1);
            let path = Sequence::path(act.key);
            if used {
                assert_eq!(act.sequence, expected);
                let number = Sequence { last: expected, v: 1 };
                assert_eq!(changed[&path].as_deref(), Some(json::to_bytes(&number).as_slice()));
                self.used.insert(act.key, expected);
            }
            assert!(executed || changed.keys().all(|changed| *changed == path));
            assert!(!executed || act.says != "something", "the law does what it cannot say");
            if let (true, Data::RegisterActor(_)) = (executed, &act.data) {
                self.actors.push(outcome.act.unwrap().actor());
            }
        } else {
            assert!(!executed, "bytes with a bad signature were executed");
        }
        changes::are_allowed(&self.records, &changed, self.now());
        apply(&mut self.records, changed);
        self.take(outcome);
        self.outcomes.push(outcome.clone());
    }

    /// Learns from events, as everything outside the law does.
    fn take(&mut self, outcome: &Outcome) {
        for event in &outcome.events {
            let value = serde_json::to_value(event).unwrap();
            let name = value["event"].as_str().unwrap().to_string();
            self.reached.events.entry(name).or_insert_with(|| outcome.to_bytes());
            let read = |member: &str| value.get(member).cloned().unwrap_or(Value::Null);
            let participant: Option<Participant> = serde_json::from_value(read("participant")).ok();
            let treaty: Option<TreatyId> = serde_json::from_value(read("treaty")).ok();
            if let (Some(treaty), Some(participant)) = (treaty, participant) {
                let (known, register) = self.told.registers.entry(treaty).or_default();
                if known.insert(participant.clone()) {
                    register.get_or_insert_with(Register::empty).enter(&participant);
                }
            }
            match event {
                Event::KeyRegistered { actor, key, public, .. } => {
                    let (actor, key, public) = (*actor, *key, *public);
                    self.hands.push(Hand { actor, key, public, mandate: None });
                }
                Event::OfficeGranted { key, mandate, .. }
                | Event::FullPowersGranted { key, mandate, .. } => {
                    self.mandates.push((*mandate, *key));
                }
                Event::ValidatorKeyReplaced { actor, key: public, .. } => {
                    let (actor, public, key) = (*actor, *public, KeyId::of(public));
                    self.hands.push(Hand { actor, key, public, mandate: None });
                }
                Event::EnteredIntoForce { on, treaty } => {
                    let told = self.told.in_force.entry((treaty.clone(), *on)).or_default();
                    *told += 1;
                    assert_eq!(*told, 1, "{treaty} enters into force on {on} twice");
                }
                _ => {}
            }
        }
    }

    /// Whoever heard all events knows every participant, and when each treaty came into force.
    fn hold_what_was_told(&self) {
        let heads = self.records.iter().filter_map(|(path, record)| {
            let slug = path.strip_prefix("treaty/").filter(|slug| !slug.contains('/'))?;
            let head: Treaty = serde_json::from_slice(record).unwrap();
            Some((slug.parse::<TreatyId>().unwrap(), head))
        });
        for (id, head) in heads {
            let told = self.told.registers.get(&id).and_then(|(_, register)| *register);
            assert_eq!(head.register, told.unwrap_or(Register::empty()), "{}", treaty_path(&id));
            if let Some(entry) = head.entry.filter(|entry| *entry <= self.now().date()) {
                assert!(self.told.in_force.contains_key(&(id.clone(), entry)), "{id}: {entry}");
            }
        }
    }
}

/// What the height brings about, then what falls due.
fn begin(ledger: &mut Ledger, records: &Records, ceremony: &Ceremony) -> Vec<Outcome> {
    let mut outcomes = load_and(ledger, records, |ledger| turn(ledger, Some(ceremony)));
    let due = load_and(ledger, records, fall_due);
    assert!(!due.more, "a few treaties do not fill a block");
    outcomes.extend(due.outcomes);
    outcomes
}

fn run(ledger: &mut Ledger, handed: &Handed) -> Result<Outcome, Missing> {
    match handed {
        Handed::Act(act) => execute_verified(ledger, act),
        Handed::Bytes(bytes) => execute(ledger, bytes),
    }
}

/// Runs a function of the law, loading what it misses, until it succeeds.
fn load_and<T>(
    ledger: &mut Ledger,
    records: &BTreeMap<Path, Arc<[u8]>>,
    mut run: impl FnMut(&mut Ledger) -> Result<T, Missing>,
) -> T {
    loop {
        match run(ledger) {
            Ok(value) => return value,
            Err(Missing(path)) => {
                assert!(!ledger.is_loaded(&path), "{path} is loaded, and missed again");
                let record = records.get(&path).cloned();
                ledger.load(path, record);
            }
        }
    }
}

fn apply(records: &mut Records, changes: BTreeMap<Path, Record>) {
    for (path, record) in changes {
        match record {
            Some(record) => records.insert(path, record),
            None => records.remove(&path),
        };
    }
}
