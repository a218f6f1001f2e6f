//! States with and without seats, a ledger in memory, and epochs that pass.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use ed25519_consensus::SigningKey;

use super::consent_to_validator_change::ConsentToValidatorChange;
use super::leave_validators::LeaveValidators;
use super::propose_validator_change::ProposeValidatorChange;
use super::replace_validator_key::ReplaceValidatorKey;
use super::report_ready::ReportReady;
use super::standing::Standing;
use super::withdraw_validator_change::WithdrawValidatorChange;
use super::{Ceremony, Validator, ValidatorChange, epochs, must_report, turn, wanted};
use crate::act::{Data, SignedAct, VerifiedAct};
use crate::actor::register_key::RegisterKey;
use crate::actor::{ActorKind, Office, Purpose, possession_message};
use crate::compose::{Draft, compose, dry_run};
use crate::date::{Date, Instant};
use crate::event::Event;
use crate::execute::{execute_verified, reads};
use crate::genesis::GenesisBuilder;
use crate::ids::{ActId, ActorId, KeyId, MandateId, NetworkKey, PublicKey, Signature};
use crate::ledger::{Ledger, Missing, Stop};
use crate::outcome::Outcome;
use crate::refusal::Refusal;

/// Blocks of an epoch.
pub(super) const LENGTH: u64 = 16;
/// Time between blocks.
const BLOCK_MS: u64 = 300;

struct State {
    actor: ActorId,
    mandate: MandateId,
    minister: PublicKey,
    node: SigningKey,
}

/// A network and the States that know it, by number.
pub(super) struct Net {
    pub(super) ledger: Ledger,
    states: Vec<State>,
    keys: u8,
}

fn secret(seed: u8) -> SigningKey {
    SigningKey::from([seed; 32])
}

fn public(secret: &SigningKey) -> PublicKey {
    PublicKey(secret.verification_key().to_bytes())
}

pub(super) fn address(state: usize) -> String {
    format!("node-{state}.example:7000")
}

impl Net {
    /// So many States, of whom the first hold the seats.
    pub(super) fn new(seats: usize, states: usize) -> Self {
        let day: Date = "2027-01-01".parse().expect("a day");
        let mut builder = GenesisBuilder::new("Test", day).expect("a name");
        let mut all = Vec::new();
        for (number, seed) in (0..states).zip(1..) {
            let (minister, node) = (public(&secret(seed)), secret(seed + 100));
            let (name, office) = (format!("State {number}"), Office::ForeignMinister);
            let (actor, mandate) =
                builder.actor(ActorKind::State, &name, minister, office).expect("an actor");
            if number < seats {
                builder.validator(actor, public(&node), &address(number));
            }
            all.push(State { actor, mandate, minister, node });
        }
        let genesis = builder.found(NetworkKey([7; 96]), true, LENGTH, None).expect("a genesis");
        let records = genesis.records().into_iter();
        let records: BTreeMap<_, _> = records.map(|(path, record)| (path, record.into())).collect();
        let start = day.start().expect("after 1970");
        let ledger = Ledger::in_memory(genesis.network(), 1, start, records);
        Self { ledger, states: all, keys: 200 }
    }

    pub(super) fn actor(&self, state: usize) -> ActorId {
        self.states[state].actor
    }

    /// The key of a State's node.
    pub(super) fn node(&self, state: usize) -> PublicKey {
        public(&self.states[state].node)
    }

    /// The sentence that a State's minister would sign.
    pub(super) fn says(&self, state: usize, data: Data) -> Result<String, Stop> {
        let State { actor, mandate, minister, .. } = self.states[state];
        let (expires, key) = (self.ledger.now(), KeyId::of(&minister));
        let draft = Draft { actor, data, expires, key, mandate: Some(mandate) };
        compose(&self.ledger, draft).map(|act| act.says)
    }

    /// A State's minister acts.
    pub(super) fn does(
        &mut self,
        state: usize,
        data: Data,
    ) -> Result<(ActId, Vec<Event>), Refusal> {
        let State { actor, mandate, minister, .. } = self.states[state];
        self.act(actor, minister, Some(mandate), data)
    }

    pub(super) fn act(
        &mut self,
        actor: ActorId,
        public: PublicKey,
        mandate: Option<MandateId>,
        data: Data,
    ) -> Result<(ActId, Vec<Event>), Refusal> {
        let expires = Instant::from_ms(self.ledger.now().ms() + 60_000).expect("in range");
        let draft = Draft { actor, data, expires, key: KeyId::of(&public), mandate };
        let act = match compose(&self.ledger, draft) {
            Ok(act) => act,
            Err(Stop::Refused(refusal)) => return Err(refusal),
            Err(Stop::Missing(missing)) => panic!("{missing}"),
        };
        let tried = dry_run(&mut self.ledger, &act).expect("nothing is missing");
        let signed = SignedAct::sign_with(&act, public, |_| Signature([0; 64])).expect("in form");
        let signed = VerifiedAct::assume_verified(signed);
        let mut part = self.part();
        for path in reads(signed.act()) {
            let record = self.ledger.bytes(&path).expect("nothing is missing");
            part.load(path, record.map(Into::into));
        }
        let loaded = self.run(&mut part, |part| execute_verified(part, &signed));
        let outcome = execute_verified(&mut self.ledger, &signed).expect("nothing is missing");
        assert_eq!(outcome.events, loaded.events, "the same with records loaded one by one");
        if let Err(refusal) = &tried {
            assert_eq!((outcome.code, loaded.code), (Some(refusal.code()), Some(refusal.code())));
        }
        self.check();
        tried.map(|events| (signed.id(), events))
    }

    /// A ledger of the same block with nothing loaded.
    fn part(&self) -> Ledger {
        Ledger::new(self.ledger.network(), self.ledger.height(), self.ledger.now())
    }

    fn run<T>(&self, part: &mut Ledger, f: impl Fn(&mut Ledger) -> Result<T, Missing>) -> T {
        loop {
            match f(part) {
                Ok(value) => return value,
                Err(Missing(path)) => {
                    let record = self.ledger.bytes(&path).expect("nothing is missing");
                    part.load(path, record.map(Into::into));
                }
            }
        }
    }

    /// The next block, after `ms`.
    pub(super) fn block_after(&mut self, ms: u64, ceremony: &Ceremony) -> Vec<Event> {
        let now = Instant::from_ms(self.ledger.now().ms() + ms).expect("in range");
        self.ledger.advance(self.ledger.height() + 1, now);
        let mut part = self.part();
        let loaded = self.run(&mut part, |part| turn(part, Some(ceremony)));
        let outcomes = turn(&mut self.ledger, Some(ceremony)).expect("nothing is missing");
        assert_eq!(outcomes, loaded, "the same with records loaded one by one");
        assert_eq!(turn(&mut self.ledger, Some(ceremony)), Ok(Vec::new()), "nothing twice");
        for (path, record) in part.changes() {
            let bytes = self.ledger.bytes(&path).expect("nothing is missing");
            assert_eq!(bytes, record.as_deref(), "{path}");
        }
        self.check();
        outcomes.into_iter().flat_map(|Outcome { events, .. }| events).collect()
    }

    /// Blocks up to the first of the next epoch, whose ceremony ends so; what they brought about.
    pub(super) fn epoch(&mut self, ceremony: &Ceremony) -> Vec<Event> {
        let epoch = epochs(&self.ledger).expect("loaded").current;
        let mut events = Vec::new();
        while epochs(&self.ledger).expect("loaded").current == epoch {
            events.extend(self.block_after(BLOCK_MS, ceremony));
        }
        events
    }

    /// Blocks up to a height, with no final block of an epoch among them.
    pub(super) fn reach(&mut self, height: u64) {
        while self.ledger.height() < height {
            self.block_after(BLOCK_MS, &failed());
        }
    }

    /// An epoch in whose ceremony those States were away.
    pub(super) fn epoch_without(&mut self, away: &[usize]) -> Vec<Event> {
        let revealed = away.iter().map(|state| self.node(*state)).collect();
        self.epoch(&Ceremony { succeeded: true, revealed })
    }

    pub(super) fn offer(&mut self, state: usize) {
        let (key, actor) = (self.states[state].node.clone(), self.actor(state));
        let message = possession_message(self.ledger.network(), actor, Purpose::NodeVote);
        let possession = Signature(key.sign(&message).to_bytes());
        let (public, purpose) = (public(&key), Purpose::NodeVote);
        let data = Data::RegisterKey(RegisterKey { possession, public, purpose });
        self.does(state, data).expect("a new key");
    }

    pub(super) fn admit(&self, state: usize) -> ValidatorChange {
        let (actor, key) = (self.actor(state), self.node(state));
        ValidatorChange::Admit(Validator { actor, address: address(state), key })
    }

    pub(super) fn remove(&self, state: usize) -> ValidatorChange {
        ValidatorChange::Remove { actor: self.actor(state) }
    }

    pub(super) fn propose(&mut self, by: usize, change: ValidatorChange) -> Result<ActId, Refusal> {
        let data = Data::ProposeValidatorChange(ProposeValidatorChange { change });
        self.does(by, data).map(|(act, _)| act)
    }

    pub(super) fn consent(&mut self, by: usize, change: ActId) -> Result<Vec<Event>, Refusal> {
        let data = Data::ConsentToValidatorChange(ConsentToValidatorChange { change });
        self.does(by, data).map(|(_, events)| events)
    }

    pub(super) fn withdraw(&mut self, by: usize, change: ActId) -> Result<Vec<Event>, Refusal> {
        let data = Data::WithdrawValidatorChange(WithdrawValidatorChange { change });
        self.does(by, data).map(|(_, events)| events)
    }

    pub(super) fn leave(&mut self, state: usize) -> Result<Vec<Event>, Refusal> {
        self.does(state, Data::LeaveValidators(LeaveValidators {})).map(|(_, events)| events)
    }

    /// A State replaces the key of its node by a fresh one, whose holder signs for itself or not.
    pub(super) fn replace(&mut self, state: usize, honest: bool) -> Result<Vec<Event>, Refusal> {
        self.keys += 1;
        let new = secret(self.keys);
        let (actor, purpose) = (self.actor(state), Purpose::NodeVote);
        let message = possession_message(self.ledger.network(), actor, purpose);
        let signer = if honest { new.clone() } else { secret(0) };
        let possession = Signature(signer.sign(&message).to_bytes());
        let data = ReplaceValidatorKey { address: None, key: public(&new), possession };
        let (_, events) = self.does(state, Data::ReplaceValidatorKey(data))?;
        self.states[state].node = new;
        Ok(events)
    }

    /// A State's node reports that it is synchronised to the last block.
    pub(super) fn report(&mut self, state: usize) -> Result<Vec<Event>, Refusal> {
        let height = self.ledger.height() - 1;
        self.report_height(state, height)
    }

    pub(super) fn report_height(
        &mut self,
        state: usize,
        height: u64,
    ) -> Result<Vec<Event>, Refusal> {
        let data = Data::ReportReady(ReportReady { height });
        let must = must_report(&self.ledger, &self.node(state)).expect("loaded");
        let reported = self.act(self.actor(state), self.node(state), None, data);
        assert!(must || reported.is_err());
        reported.map(|(_, events)| events)
    }

    /// All members but the one concerned consent.
    pub(super) fn agree(&mut self, change: ValidatorChange) {
        let by = self.wanted().into_iter().find(|state| self.remove(*state) != change);
        self.agree_by(by.expect("a member"), change);
    }

    /// As [`Self::agree`], by the proposal of one of them.
    pub(super) fn agree_by(&mut self, proposer: usize, change: ValidatorChange) {
        let asked = self.wanted().into_iter().filter(|state| self.remove(*state) != change);
        let asked: Vec<_> = asked.filter(|state| *state != proposer).collect();
        let act = self.propose(proposer, change).expect("possible");
        for by in asked {
            self.consent(by, act).expect("asked");
        }
    }

    fn numbers(&self, validators: &[Validator]) -> Vec<usize> {
        let number = |validator: &Validator| {
            let found = self.states.iter().position(|state| state.actor == validator.actor);
            found.expect("a State of the test")
        };
        let mut numbers: Vec<_> = validators.iter().map(number).collect();
        numbers.sort_unstable();
        numbers
    }

    pub(super) fn standing(&self) -> Standing {
        Standing::read(&self.ledger).expect("loaded")
    }

    /// The States that are wanted.
    pub(super) fn wanted(&self) -> Vec<usize> {
        self.numbers(&wanted(&self.ledger).expect("loaded"))
    }

    /// The States that sign.
    pub(super) fn signing(&self) -> Vec<usize> {
        self.numbers(&self.standing().signing)
    }

    /// The States of the committee that was frozen last.
    pub(super) fn frozen(&self) -> Vec<usize> {
        self.numbers(&self.standing().frozen)
    }

    /// What holds after everything: one actor, one seat; never fewer than four; order.
    fn check(&self) {
        let Standing { wanted, signing, frozen, .. } = self.standing();
        for set in [&wanted, &signing, &frozen] {
            let mut actors: Vec<_> = set.iter().map(|validator| validator.actor).collect();
            actors.sort_unstable();
            actors.dedup();
            assert_eq!(actors.len(), set.len(), "one actor, one seat: {set:?}");
            assert!(set.is_sorted_by_key(|validator| validator.key));
            assert!(set.len() == 1 || set.len() >= 4, "{set:?}");
        }
    }
}

/// A ceremony that failed.
pub(super) fn failed() -> Ceremony {
    Ceremony { succeeded: false, revealed: Vec::new() }
}
