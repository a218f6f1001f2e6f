//! What the States of a simulation do: acts that conclude treaties, some of which the law refuses,
//! and some whose signature is bad.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use pacta_law::{
    Act, Data, Digest, Draft, Instant, Ledger, Outcome, Purpose, Refusal, SignedAct, Stop,
    TreatyId, VerifiedAct,
    actor::register_key::RegisterKey,
    compose, dry_run, execute, execute_verified, fall_due, possession_message,
    treaty::{
        ConsentKind, SignatureKind, Text, adopt::Adopt, authenticate::Authenticate,
        deposit::Deposit, draft_treaty::DraftTreaty, sign::Sign,
    },
    turn,
};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use serde_json::json;

use crate::{
    founding::{Founded, Signer, secret},
    network::Network,
    options::Options,
    properties::RECOVERY_MS_MAX,
    report::Acts,
    trace::{Hex, Seen},
};

/// Keeps the acts' random numbers apart from those of faults and of the runtime.
const STREAM: u64 = 0x6163_7473;
/// Treaties that the States try to conclude.
const TREATIES: u32 = 2;
/// Virtual time between two acts, in milliseconds.
const PAUSE_MS: std::ops::Range<u64> = 50..500;
/// A pending act is submitted again after this virtual time, in milliseconds, perhaps elsewhere.
const AGAIN_MS: u64 = 1_500;
/// Acts are valid for this virtual time, in milliseconds: longer than any simulation.
const VALID_MS: u64 = 600_000;
/// Of so many acts one is also sent with a bad signature.
const BAD_SIGNATURES: u32 = 8;

/// An act that is not final yet.
struct Pending {
    act: SignedAct,
    sent_ms: u64,
}

/// The States, and the law as a bare replay knows it.
pub struct Workload {
    rng: StdRng,
    signers: Vec<Signer>,
    /// By signer, the act that is not final yet.
    pending: Vec<Option<Pending>>,
    /// The chain so far, executed once more without any node.
    law: Ledger,
    /// Outcomes by that execution, by height.
    lawful: BTreeMap<u64, Vec<String>>,
    heard: u64,
    /// All acts that were heard to be final.
    final_acts: BTreeSet<Hex>,
    left: u32,
    next_ms: u64,
    /// The States' clocks, by which they date their acts: the ledger's may be far behind.
    now: Instant,
    /// When all faults were over, so that the last signer measures how soon finality resumes.
    healed_ms: Option<u64>,
    measure: Option<Hex>,
    acts: Acts,
    /// The act that the first State begins with, until a node has taken it.
    first: Option<SignedAct>,
}

impl Workload {
    /// Before any act.
    pub fn new(options: &Options, founded: &Founded) -> Self {
        Self {
            rng: StdRng::seed_from_u64(options.seed ^ STREAM),
            signers: founded.signers.clone(),
            pending: founded.signers.iter().map(|_| None).collect(),
            law: first_ledger(founded),
            lawful: BTreeMap::new(),
            heard: 0,
            final_acts: BTreeSet::new(),
            left: options.acts,
            next_ms: 0,
            now: Instant::MAX,
            healed_ms: None,
            measure: None,
            acts: Acts::default(),
            first: first_act(founded).ok(),
        }
    }

    /// Does what there is to do at this moment, so long after the beginning.
    pub async fn act(&mut self, network: &Network, began_ms: u64, now_ms: u64) {
        self.now = Instant::from_ms(began_ms + now_ms).unwrap_or(Instant::MAX);
        self.send_again(network, now_ms).await;
        if self.healed_ms.is_some_and(|healed_ms| self.may_measure(healed_ms, now_ms)) {
            self.submit_measure(network, now_ms).await;
        }
        if self.left > 0 && now_ms >= self.next_ms {
            self.left -= 1;
            self.next_ms = now_ms + self.rng.random_range(PAUSE_MS);
            self.attempt(network, now_ms).await;
        }
    }

    async fn send_again(&mut self, network: &Network, now_ms: u64) {
        for signer in 0..self.pending.len() {
            let Some(pending) = &mut self.pending[signer] else { continue };
            if pending.sent_ms + AGAIN_MS > now_ms {
                continue;
            }
            pending.sent_ms = now_ms;
            let bytes = pending.act.bytes().to_vec();
            if let Some(validator) = self.any(network) {
                submit(network, validator, bytes).await;
            }
        }
    }

    fn any(&mut self, network: &Network) -> Option<u32> {
        let running = network.running();
        (!running.is_empty()).then(|| running[self.rng.random_range(0..running.len())])
    }

    async fn attempt(&mut self, network: &Network, now_ms: u64) {
        if let Some(act) = self.first.clone() {
            if let Some(validator) = self.any(network)
                && self.send(network, validator, 0, act, now_ms).await
            {
                self.first = None;
            }
            return;
        }
        let signer = self.rng.random_range(0..self.signers.len() - 1);
        if self.pending[signer].is_some() {
            return;
        }
        let Some(act) = self.choose(signer) else { return };
        let Some(validator) = self.any(network) else { return };
        if self.rng.random_range(0..BAD_SIGNATURES) == 0
            && submit(network, validator, with_bad_signature(&act)).await == Some(Err(()))
        {
            self.acts.turned_away += 1;
        }
        self.send(network, validator, signer, act, now_ms).await;
    }

    async fn send(
        &mut self,
        network: &Network,
        validator: u32,
        signer: usize,
        act: SignedAct,
        now_ms: u64,
    ) -> bool {
        if submit(network, validator, act.bytes().to_vec()).await != Some(Ok(())) {
            return false;
        }
        self.acts.submitted += 1;
        self.pending[signer] = Some(Pending { act, sent_ms: now_ms });
        true
    }

    /// Mostly what leads on to a treaty in force; sometimes anything, which the law then refuses.
    fn choose(&mut self, signer: usize) -> Option<SignedAct> {
        let number = self.rng.random_range(0..TREATIES);
        let mut kinds = self.kinds(signer, number);
        if self.rng.random_range(0..4) == 0 {
            kinds.rotate_left(self.rng.random_range(0..5));
        } else {
            let signer = &self.signers[signer];
            let law = &self.law;
            kinds.retain(|data| would_be_executed(law, signer, data));
        }
        let data = kinds.into_iter().next()?;
        sign(&self.law, self.now, &self.signers[signer], data).ok()
    }

    fn kinds(&mut self, signer: usize, number: u32) -> Vec<Data> {
        let draft = draft(&self.signers, number);
        let treaty = draft.treaty.clone();
        let adopt = Adopt { draft: draft.digest(), treaty: treaty.clone() };
        let authenticate = Authenticate { texts: draft.texts_digest(), treaty: treaty.clone() };
        let deposit = Deposit {
            consent: ConsentKind::Ratification,
            instrument: None,
            succession: None,
            treaty: treaty.clone(),
        };
        let new_key = secret(&mut self.rng);
        vec![
            Data::DraftTreaty(draft),
            Data::Adopt(adopt),
            Data::Authenticate(authenticate),
            Data::Sign(Sign { signature: SignatureKind::Simple, treaty }),
            Data::Deposit(deposit),
            register_key(&self.law, &self.signers[signer], &new_key),
        ]
    }

    /// From this moment on faults are over.
    pub fn measure_recovery(&mut self, now_ms: u64) {
        self.healed_ms = Some(now_ms);
    }

    /// Whether it is time to measure. What waits must become final without any further act, for
    /// a new one might only push on what had stopped.
    fn may_measure(&self, healed_ms: u64, now_ms: u64) -> bool {
        let waits = self.pending.iter().any(Option::is_some);
        self.measure.is_none() && (!waits || now_ms > healed_ms + RECOVERY_MS_MAX)
    }

    /// The act by which recovery is measured, once a node has taken it.
    pub fn measure(&self) -> Option<&Hex> {
        self.measure.as_ref()
    }

    async fn submit_measure(&mut self, network: &Network, now_ms: u64) {
        let signer = self.signers.len() - 1;
        let new_key = secret(&mut self.rng);
        let data = register_key(&self.law, &self.signers[signer], &new_key);
        let signed = sign(&self.law, self.now, &self.signers[signer], data);
        let Ok(act) = signed else { return };
        let Some(validator) = self.any(network) else { return };
        let id = act.id().to_string();
        if self.send(network, validator, signer, act, now_ms).await {
            self.measure = Some(id);
        }
    }

    /// Executes a final block that was seen first, and forgets acts that are no longer pending.
    pub fn heard(&mut self, block: &Seen) {
        if block.height != self.heard + 1 {
            return;
        }
        let Ok(now) = Instant::from_ms(block.instant) else { return };
        self.law.advance(block.height, now);
        self.heard = block.height;
        self.final_acts.extend(block.acts.iter().cloned());
        let outcomes = replay(&mut self.law, block);
        for outcome in outcomes.iter().filter(|outcome| outcome.act.is_some()) {
            self.acts.r#final += 1;
            match outcome.refusal {
                None => self.acts.executed += 1,
                Some(_) => self.acts.refused += 1,
            }
        }
        let text = |outcome: &Outcome| String::from_utf8_lossy(&outcome.to_bytes()).into_owned();
        self.lawful.insert(block.height, outcomes.iter().map(text).collect());
        for pending in &mut self.pending {
            let id = pending.as_ref().map(|pending| pending.act.id().to_string());
            if id.is_some_and(|id| block.acts.contains(&id)) {
                *pending = None;
            }
        }
    }

    /// An act of the last State at this moment, in milliseconds UTC.
    pub fn one_more(&mut self, now_ms: u64) -> Option<SignedAct> {
        let new_key = secret(&mut self.rng);
        let signer = self.signers.last()?;
        let data = register_key(&self.law, signer, &new_key);
        let now = Instant::from_ms(now_ms).ok()?;
        sign(&self.law, now, signer, data).ok()
    }

    /// Whether an act was heard to be final.
    pub fn is_final(&self, act: &str) -> bool {
        self.final_acts.contains(act)
    }

    /// Whether nothing is left to do or to wait for.
    pub fn is_done(&self) -> bool {
        self.left == 0 && self.pending.iter().all(Option::is_none)
    }

    /// Outcomes by height, as a bare replay of the blocks gives them.
    pub fn lawful(&self) -> &BTreeMap<u64, Vec<String>> {
        &self.lawful
    }

    /// What became of the acts.
    pub fn acts(&self) -> Acts {
        self.acts
    }
}

/// The act that the first State begins with in every simulation of a seed.
///
/// # Errors
/// Why the law refuses it.
pub fn first_act(founded: &Founded) -> Result<SignedAct, Refusal> {
    let (law, signer) = (first_ledger(founded), &founded.signers[0]);
    let new_key = secret(&mut StdRng::seed_from_u64(STREAM));
    sign(&law, law.now(), signer, register_key(&law, signer, &new_key))
}

fn first_ledger(founded: &Founded) -> Ledger {
    let records = founded.genesis.records();
    let records = records.into_iter().map(|(path, record)| (path, Arc::from(record))).collect();
    let since = founded.instant().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let ms = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
    let now = Instant::from_ms(ms).unwrap_or(Instant::MAX);
    Ledger::in_memory(founded.genesis.network(), 0, now, records)
}

/// Executes a block's acts on the records of its parent.
fn replay(law: &mut Ledger, block: &Seen) -> Vec<Outcome> {
    let never = "the ledger is in memory, so nothing is missing";
    let mut outcomes = turn(law, block.ceremony.as_ref()).expect(never);
    outcomes.extend(fall_due(law).expect(never).outcomes);
    for bytes in &block.signed {
        let verified = SignedAct::decode(bytes).and_then(SignedAct::verify);
        let outcome = match verified {
            Ok(act) => execute_verified(law, &VerifiedAct::assume_verified(act.signed().clone())),
            Err(_) => execute(law, bytes),
        };
        outcomes.push(outcome.expect(never));
    }
    for (index, outcome) in (0..).zip(&mut outcomes) {
        outcome.index = index;
    }
    outcomes
}

fn unsigned(law: &Ledger, now: Instant, signer: &Signer, data: Data) -> Result<Act, Refusal> {
    let ms = now.ms() + VALID_MS;
    let draft = Draft {
        actor: signer.actor,
        data,
        expires: Instant::from_ms(ms)?,
        key: signer.key,
        mandate: Some(signer.mandate),
    };
    compose(law, draft).map_err(|stop| match stop {
        Stop::Refused(refusal) => refusal,
        Stop::Missing(_) => Refusal::NodeBusy,
    })
}

fn sign(law: &Ledger, now: Instant, signer: &Signer, data: Data) -> Result<SignedAct, Refusal> {
    let act = unsigned(law, now, signer, data)?;
    SignedAct::sign_with(&act, signer.public(), |message| signer.sign(message))
}

fn would_be_executed(law: &Ledger, signer: &Signer, data: &Data) -> bool {
    let act = unsigned(law, law.now(), signer, data.clone());
    act.is_ok_and(|act| matches!(dry_run(&mut law.clone(), &act), Ok(Ok(_))))
}

fn register_key(law: &Ledger, signer: &Signer, new_key: &ed25519_consensus::SigningKey) -> Data {
    let purpose = Purpose::Encrypt;
    let message = possession_message(law.network(), signer.actor, purpose);
    let possession = pacta_law::Signature(new_key.sign(&message).to_bytes());
    let public =
        pacta_law::PublicKey(ed25519_consensus::VerificationKeyBytes::from(new_key).to_bytes());
    Data::RegisterKey(RegisterKey { possession, public, purpose })
}

/// A treaty between all States that operate validators, in force when half of them consent.
fn draft(signers: &[Signer], number: u32) -> DraftTreaty {
    let states = &signers[..signers.len() - 1];
    let clauses = json!({
        "participation": "negotiating_states",
        "signature": { "kinds": ["simple"] },
        "consent": { "kinds": ["ratification"], "signature_required": true, "accession": "closed" },
        "entry_into_force": { "threshold": {
            "conditions": { "count": { "at_least": states.len().div_ceil(2) } }, "delay": "none",
        }},
        "late_party": "silent",
        "withdrawal": { "silent": { "permitted": false } },
    });
    let text = Text {
        bytes: 1_000 + u64::from(number),
        document: Digest::of(&[b"text", &number.to_be_bytes()]),
        media_type: "text/plain".into(),
    };
    let mut negotiating: Vec<_> = states.iter().map(|state| state.actor).collect();
    negotiating.sort_unstable();
    let slug = format!("treaty-{number}");
    let treaty: TreatyId = slug.parse().expect("a slug");
    DraftTreaty {
        clauses: serde_json::from_value(clauses).expect("clauses in form"),
        negotiating,
        texts: [("en".to_owned(), text)].into(),
        titles: [("en".to_owned(), format!("Treaty number {number}"))].into_iter().collect(),
        treaty,
    }
}

/// The same act, with one bit of its signature turned.
fn with_bad_signature(act: &SignedAct) -> Vec<u8> {
    let mut signature = act.signature();
    signature.0[40] ^= 1;
    SignedAct::new(act.act(), act.public(), signature)
        .map_or_else(|_| act.bytes().to_vec(), |act| act.bytes().to_vec())
}

/// Whether a node took an act; nothing if it did not answer.
async fn submit(network: &Network, validator: u32, bytes: Vec<u8>) -> Option<Result<(), ()>> {
    let handle = network.handle(validator)?;
    let answer = network.ask(handle.submit_on_record(bytes)).await?;
    Some(answer.map(|_| ()).map_err(|_| ()))
}
