//! A simulation from its first life to its report.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, SystemTime},
};

use commonware_runtime::{
    Clock as _, Supervisor as _,
    deterministic::{Context, FaultConfig, PartialWriteMode, WriteConfig},
};
use commonware_utils::Probability;

use crate::{
    error::Error,
    faults::{Fault, Links, Planned, Unsynced, plan},
    founding::Founded,
    hostile::Manners,
    network::Network,
    observe,
    options::Options,
    panics::Keeper,
    properties::judge,
    report::Report,
    trace::{Accusation, Divergence, Recovery, Seen, Sighting, Trace},
    workload::Workload,
};

/// How often nodes are looked at, faults come and acts are submitted.
const TICK: Duration = Duration::from_millis(25);
/// After this time without faults the simulation ends, whatever is still missing.
const PATIENCE_MS: u64 = 60_000;
/// At the end, each validator has this time to come to the last block that another one has.
const LAST_BLOCKS_MAX: Duration = Duration::from_secs(10);

/// How a life ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// By a failure of power.
    PowerFailure,
    /// By the end of the simulation.
    Finished,
}

/// What lasts from life to life.
pub struct World {
    options: Options,
    founded: Founded,
    plan: Vec<Planned>,
    /// How many faults of the plan have come.
    come: usize,
    workload: Workload,
    trace: Trace,
    links: Links,
    /// By validator, the next height to look for.
    next_height: Vec<u64>,
    /// By validator, how often it was started.
    starts: Vec<u64>,
    began: Option<SystemTime>,
    healed_ms: Option<u64>,
    now_ms: u64,
    /// Validators that ended by themselves and are not started again.
    given_up: BTreeSet<u32>,
    panics: Keeper,
}

impl World {
    /// A world in which nothing has happened.
    ///
    /// # Errors
    /// [`Error::Setup`] if the network cannot be founded.
    pub fn new(options: &Options) -> Result<Self, Error> {
        let founded = Founded::new(options)?;
        let validators = options.validators as usize;
        let trace =
            Trace { hostile: hostile(&founded), faults: options.faults, ..Trace::default() };
        Ok(Self {
            workload: Workload::new(options, &founded),
            founded,
            plan: plan(options),
            come: 0,
            trace,
            links: Links::HEALED,
            next_height: vec![1; validators],
            starts: vec![0; validators],
            began: None,
            healed_ms: None,
            now_ms: 0,
            given_up: BTreeSet::new(),
            panics: Keeper::begin(),
            options: options.clone(),
        })
    }

    /// When the runtime's clock begins: a little after the network was founded.
    pub fn start_time(&self) -> SystemTime {
        self.founded.instant() + Duration::from_secs(1)
    }

    /// One life: from the start of all machines to a failure of power, or to the end.
    pub async fn live(&mut self, context: Context) -> Ended {
        *context.storage_fault_config().write() = self.coming_loss();
        self.began.get_or_insert(context.current());
        let mut network = Network::open(context.child("life"), &self.founded, self.links).await;
        for validator in 0..self.options.validators {
            self.start(&mut network, validator).await;
        }
        loop {
            context.sleep(TICK).await;
            self.read_clock(&context);
            self.look(&network).await;
            self.note_stopped(&mut network);
            if self.apply_faults(&mut network).await == Some(Ended::PowerFailure) {
                return Ended::PowerFailure;
            }
            self.workload.act(&network, self.now_ms).await;
            if self.is_over() {
                break;
            }
        }
        self.gather(&context, &network).await;
        Ended::Finished
    }

    fn read_clock(&mut self, context: &Context) {
        let began = self.began.unwrap_or_else(|| context.current());
        let since = context.current().duration_since(began).unwrap_or_default();
        self.now_ms = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
    }

    /// What becomes of data that is written in this life but not synced when it ends.
    fn coming_loss(&self) -> FaultConfig {
        let next = self.plan[self.come..].iter().find_map(|planned| match planned.fault {
            Fault::PowerFailure { unsynced } => Some(unsynced),
            _ => None,
        });
        let (retained, mode) = match next {
            None | Some(Unsynced::Lost) => return FaultConfig::default(),
            Some(Unsynced::Beginnings) => ((199, 200), PartialWriteMode::Prefix),
            Some(Unsynced::Scattered) => ((1, 2), PartialWriteMode::Subset),
        };
        let rate = |(part, of)| Probability::new(part, of).expect("a part of one");
        FaultConfig::default().write(WriteConfig {
            failure_rate: rate((0, 1)),
            retention_rate: rate(retained),
            mode,
        })
    }

    async fn start(&mut self, network: &mut Network, validator: u32) {
        if self.given_up.contains(&validator) {
            return;
        }
        let starts = &mut self.starts[validator as usize];
        let setup = self.founded.setup(validator);
        let mind = self.founded.mind(validator);
        let started = network.start(validator, *starts, setup, mind).await;
        *starts += 1;
        if let Err(reason) = started {
            self.given_up.insert(validator);
            self.trace.stopped.push((Some(validator), reason));
        }
    }

    /// Notes nodes that ended by themselves. A panic is that of the node which computed other
    /// roots than the final ones, if there is one; else it is not known whose it is.
    fn note_stopped(&mut self, network: &mut Network) {
        let panics = self.panics.take();
        let mut stopped: BTreeSet<u32> = network.take_stopped().into_iter().collect();
        if !panics.is_empty() {
            let diverged = self.diverged_from_final();
            stopped.extend(network.running().into_iter().filter(|one| diverged.contains(one)));
        }
        let mut reasons = panics.into_iter();
        for validator in stopped {
            network.crash(validator);
            self.given_up.insert(validator);
            let reason = reasons.next().unwrap_or_else(|| "its engine ended".into());
            self.trace.stopped.push((Some(validator), reason));
        }
        self.trace.stopped.extend(reasons.map(|reason| (None, reason)));
    }

    fn diverged_from_final(&self) -> BTreeSet<u32> {
        let sightings = &self.trace.sightings;
        let is_final = |digest: &String| sightings.iter().any(|seen| seen.block.digest == *digest);
        let diverged =
            self.trace.divergences.iter().filter(|divergence| is_final(&divergence.block));
        diverged.map(|divergence| divergence.validator).collect()
    }

    async fn apply_faults(&mut self, network: &mut Network) -> Option<Ended> {
        while let Some(planned) = self.plan.get(self.come)
            && planned.at_ms <= self.now_ms
        {
            let fault = planned.fault.clone();
            self.come += 1;
            match fault {
                Fault::Links(links) => {
                    self.links = links;
                    network.set_links(links).await;
                }
                Fault::Partition { groups } => network.part(groups).await,
                Fault::Rejoin => network.part(Vec::new()).await,
                Fault::Crash { validator } => network.crash(validator),
                Fault::Restart { validator } => self.start(network, validator).await,
                Fault::PowerFailure { .. } => return Some(Ended::PowerFailure),
                Fault::Heal => {
                    network.set_links(Links::HEALED).await;
                    self.healed_ms = Some(self.now_ms);
                    self.workload.measure_recovery();
                }
            }
        }
        None
    }

    /// Notes what has become final since the last look, and who computed other roots.
    async fn look(&mut self, network: &Network) {
        for validator in network.running() {
            self.note_divergences(network, validator);
            self.note_accusations(network, validator);
            loop {
                let height = self.next_height[validator as usize];
                let Some(block) = observe::block(network, validator, height).await else { break };
                self.workload.heard(&block);
                self.note_recovery(validator, &block.acts);
                let at_ms = self.now_ms;
                self.trace.sightings.push(Sighting { validator, at_ms, block });
                self.next_height[validator as usize] += 1;
            }
        }
    }

    fn note_divergences(&mut self, network: &Network, validator: u32) {
        let Some(handle) = network.handle(validator) else { return };
        for found in handle.disagreements() {
            let stated = &found.header;
            let divergence = Divergence {
                validator,
                height: stated.height,
                block: stated.digest().to_string(),
                leader: network.position(&stated.leader).unwrap_or(u32::MAX),
                acts: found.acts.iter().map(ToString::to_string).collect(),
                stated: [stated.ledger_root.to_string(), stated.journal_root.to_string()],
                found: [found.ledger_root.to_string(), found.journal_root.to_string()],
            };
            if !self.trace.divergences.contains(&divergence) {
                self.trace.divergences.push(divergence);
            }
        }
    }

    fn note_accusations(&mut self, network: &Network, validator: u32) {
        let Some(handle) = network.handle(validator) else { return };
        if self.is_hostile(validator) {
            return;
        }
        for evidence in handle.evidence() {
            let digest = evidence.digest().to_string();
            let known = |one: &Accusation| one.witness == validator && one.evidence == digest;
            if !self.trace.accusations.iter().any(known) {
                self.trace.accusations.push(Accusation {
                    witness: validator,
                    accused: network.position(&evidence.validator().0).unwrap_or(u32::MAX),
                    fault: observe::verify(network, &evidence.to_bytes()),
                    evidence: digest,
                });
            }
        }
    }

    fn is_hostile(&self, validator: u32) -> bool {
        self.trace.hostile.contains_key(&validator)
    }

    fn note_recovery(&mut self, validator: u32, acts: &[String]) {
        let (Some(healed_ms), Some(act)) = (self.healed_ms, self.workload.measure()) else {
            return;
        };
        let honest =
            (0..self.options.validators).filter(|one| !self.trace.hostile.contains_key(one));
        let all = honest.map(|validator| (validator, None));
        let recovery = self.trace.recovery.get_or_insert_with(|| Recovery {
            healed_ms,
            act: act.clone(),
            final_ms: all.collect(),
        });
        if acts.contains(act) && recovery.final_ms.contains_key(&validator) {
            recovery.final_ms.insert(validator, Some(self.now_ms));
        }
    }

    /// Whether all is final everywhere, or is not after a long time without faults.
    fn is_over(&self) -> bool {
        let Some(healed_ms) = self.healed_ms else { return false };
        if self.now_ms > healed_ms + PATIENCE_MS || self.given_up.len() * 3 >= self.starts.len() {
            return true;
        }
        let recovered = self.trace.recovery.as_ref().is_some_and(|recovery| {
            let given_up = |validator| self.given_up.contains(validator);
            recovery.final_ms.iter().all(|(validator, at)| at.is_some() || given_up(validator))
        });
        recovered && self.workload.is_done()
    }

    /// What every validator has at the end: its chain up to the last block that was seen, and
    /// receipts of all acts and some records.
    async fn gather(&mut self, context: &Context, network: &Network) {
        let mut acts = BTreeMap::new();
        let mut running = network.running();
        running.retain(|validator| !self.is_hostile(*validator));
        let last = self.next_height.iter().max().map_or(0, |next| next - 1);
        let end = context.current() + LAST_BLOCKS_MAX;
        for validator in running.iter().copied() {
            let mut chain = Vec::new();
            while chain.len() as u64 != last {
                let next = chain.len() as u64 + 1;
                match observe::block(network, validator, next).await {
                    Some(block) => {
                        acts.extend(places(&block));
                        chain.push(block);
                    }
                    None if context.current() < end => context.sleep(TICK).await,
                    None => break,
                }
            }
            self.trace.chains.insert(validator, chain);
        }
        for ((act, place), validator) in acts.iter().zip(running.iter().cycle()) {
            let receipt = observe::act_receipt(network, *validator, act, *place).await;
            self.trace.receipts.extend(receipt);
        }
        for validator in running {
            for path in ["treaty/treaty-0", "treaty/treaty-none"] {
                let receipt = observe::record_receipt(network, validator, path).await;
                self.trace.receipts.extend(receipt);
            }
        }
    }

    /// The report at the end. `runtime` is the runtime's digest of all that it did.
    pub fn report(mut self, runtime: &str) -> Report {
        self.trace.lawful = self.workload.lawful().clone();
        for validator in 0..self.options.validators {
            if let Some(mind) = self.founded.mind(validator) {
                self.trace.contradictions.insert(validator, mind.contradictions());
                self.trace.splits += mind.splits();
            }
        }
        let properties = judge(&self.trace);
        let recovered_in_ms = self.trace.recovery.as_ref().and_then(|recovery| {
            let last = recovery.final_ms.values().flatten().max()?;
            Some(last - recovery.healed_ms)
        });
        Report {
            v: 1,
            seed: self.options.seed,
            validators: self.options.validators,
            holds: properties.iter().all(|verdict| verdict.holds),
            properties,
            divergences: self.trace.divergences,
            hostile: self.trace.hostile,
            contradictions: self.trace.contradictions.values().sum(),
            splits: self.trace.splits,
            accusations: self.trace.accusations,
            heights: self.trace.chains.values().map(|chain| chain.len() as u64).max().unwrap_or(0),
            acts: self.workload.acts(),
            faults: self.plan,
            restarts: self.starts.iter().map(|starts| starts.saturating_sub(1)).sum(),
            virtual_ms: self.now_ms,
            recovered_in_ms,
            trace: runtime.to_owned(),
            replay: self.options.replay(),
        }
    }
}

/// Hostile validators, with how they behave.
fn hostile(founded: &Founded) -> BTreeMap<u32, Manners> {
    let all = (0..).zip(founded.manners().iter().copied());
    all.filter(|(_, manners)| *manners != Manners::default()).collect()
}

/// The acts of a block, each with the height and the index of its outcome: what fell due comes
/// before the acts.
fn places(block: &Seen) -> impl Iterator<Item = (String, (u64, u32))> + '_ {
    let first = block.outcomes.len().saturating_sub(block.acts.len()) as u32;
    (first..).zip(&block.acts).map(|(index, act)| (act.clone(), (block.height, index)))
}
