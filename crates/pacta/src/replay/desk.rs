//! The law in memory: one organization transcribes, and no network is needed.

use std::collections::BTreeMap;
use std::sync::Arc;

use pacta_law::actor::{ActorKind, Office};
use pacta_law::treaty::{Treaty, treaty_path};
use pacta_law::{
    Act, ActorId, Data, Date, Draft, Event, GenesisBuilder, Instant, KeyId, Ledger, MandateId,
    NetworkKey, Outcome, Purpose, Refusal, Signature, SignedAct, TreatyId, Verdict, VerifiedAct,
    compose, default_epoch_blocks, execute, execute_verified, fall_due, next_due,
};
use serde::de::DeserializeOwned;

use super::compare::Records;
use super::history::History;
use crate::failure::{Failure, Result};
use crate::signer::{Secret, Signer};

/// How long an act may wait: it is executed at once.
const EXPIRES_AFTER_MS: u64 = 60 * 60 * 1_000;

/// A ledger in memory, and who transcribes on it.
pub struct Desk {
    ledger: Ledger,
    secret: Secret,
    actor: ActorId,
    key: KeyId,
    mandate: MandateId,
    came_true: BTreeMap<TreatyId, Date>,
}

/// Replays a history, block by block, on a ledger of its own, from the day of its latest fact
/// until nothing falls due any more.
///
/// # Errors
/// Exit code 65 when the law refuses an act, or a date that it fixed does not come true.
pub fn replay(history: &History) -> Result<Desk> {
    let mut desk = Desk::open(history.latest)?;
    for act in &history.acts {
        desk.act(act.clone())
            .map_err(|failure| Failure::new(failure.exit, format!("{}: {failure}", history.id)))?;
    }
    desk.pass_time()?;
    let head: Option<Treaty> = desk.record(&treaty_path(&history.id))?;
    let (fixed, came) = (head.and_then(|head| head.entry), desk.came_true.get(&history.id));
    match fixed.as_ref() == came {
        true => Ok(desk),
        false => Err(Failure::defective(format!(
            "{} did not enter into force on the day that was fixed; report this",
            history.id
        ))),
    }
}

impl Desk {
    /// An empty ledger at the start of a day, or of 1970 if that is later.
    ///
    /// # Errors
    /// When the system gives no randomness for a key.
    pub fn open(today: Date) -> Result<Self> {
        let refused = |refusal: Refusal| Failure::from(&refusal);
        let secret = Secret::generate(Purpose::SignAct)?;
        let mut builder = GenesisBuilder::new("Replay", Date::MIN).map_err(refused)?;
        let (kind, office) = (ActorKind::Organization, Office::ExecutiveHead);
        let (actor, mandate) =
            builder.actor(kind, "Depositary", secret.public(), office).map_err(refused)?;
        let node = Secret::generate(Purpose::NodeVote)?.public();
        builder.validator(actor, node, "localhost:1");
        let genesis = builder
            .found(NetworkKey([0; 96]), true, default_epoch_blocks(1), None)
            .map_err(refused)?;
        let now = today.start().unwrap_or(Instant::MIN);
        let records =
            genesis.records().into_iter().map(|(path, record)| (path, Arc::from(record))).collect();
        Ok(Self {
            ledger: Ledger::in_memory(genesis.network(), 1, now, records),
            actor,
            key: secret.id(),
            secret,
            mandate,
            came_true: BTreeMap::new(),
        })
    }

    /// Executes an act, signed, in a block of its own.
    ///
    /// # Errors
    /// Exit code 65 when the law refuses it.
    pub fn act(&mut self, data: Data) -> Result<()> {
        let signed = self.sign(data)?;
        let outcome = execute(&mut self.ledger, signed.bytes()).map_err(Failure::failed)?;
        self.note(&outcome)?;
        self.next_block(self.ledger.now())
    }

    /// Decodes and executes an act whose signature counts as verified; its block stays open.
    ///
    /// # Errors
    /// Exit code 65 when the law refuses it.
    pub fn execute_unsigned(&mut self, bytes: &[u8]) -> Result<()> {
        let act = SignedAct::decode(bytes).map_err(|refusal| Failure::from(&refusal))?;
        let act = VerifiedAct::assume_verified(act);
        let outcome = execute_verified(&mut self.ledger, &act).map_err(Failure::failed)?;
        self.note(&outcome)
    }

    /// The bytes of the desk's next act, with a signature that is all zeros.
    ///
    /// # Errors
    /// When the law refuses to compose it.
    pub fn unsigned(&self, data: Data) -> Result<SignedAct> {
        let act = self.compose(data)?;
        let signed = SignedAct::new(&act, self.secret.public(), Signature([0; 64]));
        signed.map_err(|refusal| Failure::from(&refusal))
    }

    /// Ends the block, and begins the next one, at an instant, with what is due by then.
    ///
    /// # Errors
    /// As [`Desk::act`].
    pub fn next_block(&mut self, now: Instant) -> Result<()> {
        loop {
            self.ledger.advance(self.ledger.height() + 1, now);
            let due = fall_due(&mut self.ledger).map_err(Failure::failed)?;
            due.outcomes.iter().try_for_each(|outcome| self.note(outcome))?;
            if !due.more {
                return Ok(());
            }
        }
    }

    /// Instant of the block.
    pub fn now(&self) -> Instant {
        self.ledger.now()
    }

    /// Lets time pass until nothing falls due any more.
    ///
    /// # Errors
    /// As [`Desk::next_block`].
    pub fn pass_time(&mut self) -> Result<()> {
        while let Some(at) = next_due(&mut self.ledger).map_err(Failure::failed)? {
            self.next_block(at)?;
        }
        Ok(())
    }

    fn sign(&self, data: Data) -> Result<SignedAct> {
        let act = self.compose(data)?;
        let signature = self.secret.sign(Purpose::SignAct, &act.message())?;
        let signed = SignedAct::new(&act, self.secret.public(), signature);
        signed.map_err(|refusal| Failure::from(&refusal))
    }

    fn compose(&self, data: Data) -> Result<Act> {
        let expires = Instant::from_ms(self.ledger.now().ms() + EXPIRES_AFTER_MS);
        let expires = expires.map_err(|refusal| Failure::from(&refusal))?;
        let Self { actor, key, mandate, .. } = *self;
        let draft = Draft { actor, data, expires, key, mandate: Some(mandate) };
        compose(&self.ledger, draft).map_err(Failure::defective)
    }

    fn note(&mut self, outcome: &Outcome) -> Result<()> {
        if outcome.result == Verdict::Refused {
            let sentence = outcome.sentence.as_deref().unwrap_or("its form is wrong");
            return Err(Failure::defective(format!("the law refuses an act: {sentence}")));
        }
        for event in &outcome.events {
            if let Event::EnteredIntoForce { on, treaty } = event {
                self.came_true.insert(treaty.clone(), *on);
            }
        }
        Ok(())
    }
}

impl Records for Desk {
    fn record<T: DeserializeOwned>(&mut self, path: &str) -> Result<Option<T>> {
        self.ledger.record(path).map_err(Failure::failed)
    }
}
