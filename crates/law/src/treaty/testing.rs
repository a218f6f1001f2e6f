//! A small world for the tests of treaty acts: some actors, a ledger in memory, a day.

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use ed25519_consensus::SigningKey;

use super::adopt::Adopt;
use super::authenticate::Authenticate;
use super::clauses::{
    Accession, ConsentClause, EntryIntoForce, FinalClauses, Floors, LateParty, Organizations,
    Participation, ReturningParty, SignatureClause, SignatureKind, Withdrawal, WithdrawalClause,
};
use super::condition::{Condition, Counted};
use super::delay::Delay;
use super::deposit::Deposit;
use super::draft_treaty::DraftTreaty;
use super::kind::{ConsentKind, FactKind};
use super::participant::Participant;
use super::record::{Party, Text, Treaty, TreatyStatus, party_path, treaty_path};
use super::sign::Sign;
use super::transcribe::{Fact, Transcribe};
use super::transcribe_treaty::TranscribeTreaty;
use crate::act::{Data, SignedAct, VerifiedAct};
use crate::actor::grant_full_powers::GrantFullPowers;
use crate::actor::{ActorKind, Office, Power};
use crate::compose::{Draft, compose, dry_run};
use crate::date::{Date, Instant};
use crate::due::fall_due;
use crate::event::Event;
use crate::execute::{execute_verified, reads};
use crate::genesis::GenesisBuilder;
use crate::ids::{ActorId, Digest, KeyId, MandateId, NetworkKey, PublicKey, Signature, TreatyId};
use crate::ledger::{Ledger, Stop};
use crate::outcome::Verdict;
use crate::refusal::Refusal;

/// Who acts: an actor by one of its keys and a mandate.
#[derive(Clone, Copy)]
pub(crate) struct Hand {
    pub(crate) actor: ActorId,
    pub(crate) key: KeyId,
    public: PublicKey,
    pub(crate) mandate: Option<MandateId>,
}

/// Four States and an organization, and the ledger that they keep.
pub(crate) struct World {
    pub(crate) ledger: Ledger,
    hands: BTreeMap<&'static str, Hand>,
}

/// The treaty of the tests.
pub(crate) fn rivers() -> TreatyId {
    "rivers".parse().expect("a slug")
}

pub(crate) fn date(text: &str) -> Date {
    text.parse().expect("a date of the test")
}

fn public(seed: u8) -> PublicKey {
    PublicKey(SigningKey::from([seed; 32]).verification_key().to_bytes())
}

impl World {
    /// On 2027-01-01, with no treaty.
    pub(crate) fn new() -> Self {
        let mut builder = GenesisBuilder::new("Test", date("2027-01-01")).expect("a name");
        let mut hands = BTreeMap::new();
        for (seed, name) in (1..).zip(["Norland", "Sudmark", "Ostia", "Westria", "Union"]) {
            let (kind, office) = match name {
                "Union" => (ActorKind::Organization, Office::ExecutiveHead),
                _ => (ActorKind::State, Office::ForeignMinister),
            };
            let public = public(seed);
            let (actor, mandate) = builder.actor(kind, name, public, office).expect("an actor");
            let key = KeyId::of(&public);
            hands.insert(name, Hand { actor, key, public, mandate: Some(mandate) });
        }
        let (norland, public) = (hands["Norland"], public(100));
        let key = builder.key(norland.actor, public).expect("a key");
        hands.insert("envoy", Hand { key, public, mandate: None, ..norland });
        builder.validator(norland.actor, self::public(101), "norland.example:7000");
        let genesis = builder.found(NetworkKey([7; 96]), true, 16, None).expect("a genesis");
        let records = genesis.records().into_iter();
        let records = records.map(|(path, record)| (path, record.into())).collect();
        let start = date("2027-01-01").start().expect("after 1970");
        let ledger = Ledger::in_memory(genesis.network(), 1, start, records);
        Self { ledger, hands }
    }

    /// With a treaty that Norland and Sudmark drew up, adopted and authenticated.
    pub(crate) fn concluded(clauses: FinalClauses) -> Self {
        let mut world = Self::new();
        let draft = world.draft(clauses);
        world.must("Norland", Data::DraftTreaty(draft.clone()));
        for who in ["Norland", "Sudmark"] {
            world.must(who, Data::Adopt(Adopt { draft: draft.digest(), treaty: rivers() }));
        }
        for who in ["Norland", "Sudmark"] {
            let texts = draft.texts_digest();
            world.must(who, Data::Authenticate(Authenticate { texts, treaty: rivers() }));
        }
        world
    }

    /// With a treaty of an earlier depositary, transcribed by Norland.
    pub(crate) fn transcribed(clauses: FinalClauses) -> Self {
        let mut world = Self::new();
        let titles = BTreeMap::from([("en".into(), "Treaty on Rivers".into())]);
        let source = "the gazette, read on 2026-12-31".into();
        let act = TranscribeTreaty { clauses, source, titles, treaty: rivers() };
        world.must("Norland", Data::TranscribeTreaty(act));
        world
    }

    pub(crate) fn draft(&self, clauses: FinalClauses) -> DraftTreaty {
        let mut negotiating = vec![self.actor("Norland"), self.actor("Sudmark")];
        negotiating.sort_unstable();
        let text = |byte| Text {
            bytes: 1_000,
            document: Digest([byte; 32]),
            media_type: "text/plain".into(),
        };
        let texts = BTreeMap::from([("en".into(), text(1)), ("ru".into(), text(2))]);
        let titles = BTreeMap::from([
            ("en".into(), "Treaty on Rivers".into()),
            ("ru".into(), "Договор о реках".into()),
        ]);
        DraftTreaty { clauses, negotiating, texts, titles, treaty: rivers() }
    }

    pub(crate) fn hand(&self, who: &str) -> Hand {
        self.hands[who]
    }

    pub(crate) fn actor(&self, who: &str) -> ActorId {
        self.hand(who).actor
    }

    pub(crate) fn participant(&self, who: &str) -> Participant {
        Participant::Actor(self.actor(who))
    }

    /// Gives Norland's envoy full powers for the treaty of the tests.
    pub(crate) fn empower_envoy(&mut self, powers: &[Power]) {
        let act = GrantFullPowers {
            from: self.ledger.today(),
            holder: None,
            key: self.hand("envoy").key,
            powers: powers.to_vec(),
            treaty: rivers(),
            until: None,
        };
        let events = self.must("Norland", Data::GrantFullPowers(act));
        let [Event::FullPowersGranted { mandate, .. }] = events[..] else {
            panic!("no full powers: {events:?}");
        };
        self.hands.get_mut("envoy").expect("an envoy").mandate = Some(mandate);
    }

    /// The day comes: returns what fell due on it.
    pub(crate) fn day(&mut self, day: &str) -> Vec<Event> {
        let now = date(day).start().expect("after 1970");
        self.ledger.advance(self.ledger.height() + 1, now);
        let due = fall_due(&mut self.ledger).expect("nothing is missing");
        due.outcomes.into_iter().flat_map(|outcome| outcome.events).collect()
    }

    /// The sentence that someone would sign.
    pub(crate) fn says(&self, who: &str, data: Data) -> String {
        let Hand { actor, key, mandate, .. } = self.hand(who);
        let expires = self.ledger.now();
        let draft = Draft { actor, data, expires, key, mandate };
        compose(&self.ledger, draft).expect("a sentence").says
    }

    /// Someone acts; a refusal changes nothing but the number.
    pub(crate) fn does(&mut self, who: &str, data: Data) -> Result<Vec<Event>, Refusal> {
        let Hand { actor, key, public, mandate } = self.hand(who);
        let expires = Instant::from_ms(self.ledger.now().ms() + 60_000).expect("in range");
        let act = match compose(&self.ledger, Draft { actor, data, expires, key, mandate }) {
            Ok(act) => act,
            Err(Stop::Refused(refusal)) => return Err(refusal),
            Err(Stop::Missing(missing)) => panic!("{missing}"),
        };
        let tried = dry_run(&mut self.ledger, &act).expect("nothing is missing");
        let signed = SignedAct::sign_with(&act, public, |_| Signature([0; 64])).expect("in form");
        let signed = VerifiedAct::assume_verified(signed);
        self.assert_reads_suffice(&signed);
        let outcome = execute_verified(&mut self.ledger, &signed).expect("nothing is missing");
        match &tried {
            Ok(events) => {
                assert_eq!((outcome.result, &outcome.events), (Verdict::Executed, events))
            }
            Err(refusal) => assert_eq!(outcome.code, Some(refusal.code())),
        }
        tried
    }

    /// The records that an act names in advance are all that it reads, save the queue's.
    fn assert_reads_suffice(&self, act: &VerifiedAct) {
        let (network, height) = (self.ledger.network(), self.ledger.height());
        let mut part = Ledger::new(network, height, self.ledger.now());
        let mut paths = reads(act.act());
        while let Some(path) = paths.pop() {
            let record = self.ledger.bytes(&path).expect("nothing is missing");
            part.load(path, record.map(Into::into));
            if !paths.is_empty() {
                continue;
            }
            if let Err(missing) = execute_verified(&mut part, act) {
                assert!(missing.0.starts_with("due/heap/"), "not read in advance: {}", missing.0);
                paths.push(missing.0);
            }
        }
    }

    /// Someone acts, and it must go through.
    pub(crate) fn must(&mut self, who: &str, data: Data) -> Vec<Event> {
        let kind = data.kind();
        self.does(who, data).unwrap_or_else(|refusal| panic!("{who}: {kind}: {refusal}"))
    }

    pub(crate) fn sign(
        &mut self,
        who: &str,
        signature: SignatureKind,
    ) -> Result<Vec<Event>, Refusal> {
        self.does(who, Data::Sign(Sign { signature, treaty: rivers() }))
    }

    pub(crate) fn deposit(
        &mut self,
        who: &str,
        consent: ConsentKind,
    ) -> Result<Vec<Event>, Refusal> {
        let act = Deposit { consent, instrument: None, succession: None, treaty: rivers() };
        self.does(who, Data::Deposit(act))
    }

    /// Norland transcribes facts, each written "date participant kind".
    pub(crate) fn transcribe(&mut self, facts: &[&str]) -> Result<Vec<Event>, Refusal> {
        let facts = facts.iter().map(|fact| self.fact(fact)).collect();
        self.does("Norland", Data::Transcribe(Transcribe { facts, treaty: rivers() }))
    }

    pub(crate) fn fact(&self, text: &str) -> Fact {
        let mut words = text.split(' ');
        let mut word = || words.next().expect("date participant kind");
        let on = date(word());
        let name = word();
        let participant = match self.hands.contains_key(name) {
            true => self.participant(name),
            false => Participant::Name(name.into()),
        };
        let fact: FactKind =
            serde_json::from_value(serde_json::Value::String(word().into())).expect("a kind");
        Fact { fact, on, participant, succession: None }
    }

    pub(crate) fn treaty(&self) -> Treaty {
        let found = self.ledger.record(&treaty_path(&rivers()));
        found.expect("nothing is missing").expect("a treaty")
    }

    pub(crate) fn status(&self) -> TreatyStatus {
        self.treaty().status(self.ledger.today())
    }

    pub(crate) fn party(&self, participant: &Participant) -> Option<Party> {
        self.ledger.record(&party_path(&rivers(), participant)).expect("nothing is missing")
    }
}

/// Events by name, with the day that matters, in one line each.
pub(crate) fn told(events: &[Event]) -> Vec<String> {
    let tell = |event: &Event| match event {
        Event::EntryDateFixed { date, trigger, .. } => alloc::format!("fixed {date} by {trigger}"),
        Event::EntryDateUnset { trigger, .. } => alloc::format!("unset {trigger}"),
        Event::EnteredIntoForce { on, .. } => alloc::format!("in force {on}"),
        Event::ConsentEstablished { entry: Some(entry), .. } => alloc::format!("consent {entry}"),
        Event::ConsentEstablished { .. } => "consent".to_string(),
        Event::WithdrawalNotified { effect, .. } => alloc::format!("notice {effect}"),
        Event::FactRecorded { reason, .. } => reason.clone(),
        other => {
            serde_json::to_value(other).expect("JSON")["event"].as_str().expect("a tag").into()
        }
    };
    events.iter().map(tell).collect()
}

/// Two instruments, thirty days; ratification after signature, open accession; withdrawal on a
/// year's notice, one year after entry into force for its author.
pub(crate) fn usual() -> FinalClauses {
    FinalClauses {
        participation: Participation::AllStates,
        signature: SignatureClause {
            from: None,
            until: None,
            kinds: vec![SignatureKind::Simple, SignatureKind::Definitive],
        },
        consent: ConsentClause {
            kinds: vec![
                ConsentKind::Ratification,
                ConsentKind::Acceptance,
                ConsentKind::FormalConfirmation,
            ],
            signature_required: true,
            accession: Accession::Open,
            accession_awaits_objections: false,
        },
        entry_into_force: EntryIntoForce::Threshold {
            conditions: Condition::Count { at_least: 2, of: Counted::default() },
            delay: Delay::Days(30),
            floors: Floors::default(),
            article: Some("art. 9(1)".into()),
        },
        late_party: LateParty::AfterThreshold { delay: Delay::Days(30), article: None },
        withdrawal: Withdrawal::Clause(WithdrawalClause {
            notice: Delay::Months(12),
            not_before_years_in_force_for_party: Some(1),
            not_before_years_in_force: None,
            returning_party: ReturningParty::First,
            article: None,
        }),
        organizations: Organizations::default(),
    }
}
