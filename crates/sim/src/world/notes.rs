//! What is noted of a simulated network while it runs and at the end, and the report made of it.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use commonware_consensus::Viewable as _;
use commonware_runtime::{Clock as _, deterministic::Context};

use super::{TICK, World};
use crate::{
    faults::{Fault, Unsynced},
    machine::{Harm, Lie, Trouble},
    network::Network,
    observe,
    properties::judge,
    report::Report,
    trace::{Accusation, Divergence, Fork, Hex, Recovery, Seen, Sighting},
    votes,
};

/// At the end, each validator has this time to come to the last block that another one has.
const LAST_BLOCKS_MAX: Duration = Duration::from_secs(10);
/// Two blocks of one height are looked at more closely at so many heights.
const FORKS_MAX: usize = 4;

impl World {
    /// Notes nodes that ended by themselves. A panic of any part of a node ends it.
    pub(super) fn note_stopped(&mut self, network: &mut Network) {
        let ended = network.take_stopped().into_iter();
        let mut stopped: BTreeMap<u32, Option<String>> =
            ended.map(|validator| (validator, None)).collect();
        for panic in self.panics.take() {
            match panic.validator {
                // What is left of a node that was killed says nothing more.
                Some(one) if !network.runs(one) && !stopped.contains_key(&one) => {}
                Some(one) => {
                    network.crash(one);
                    // What panics later does so because the first part did.
                    stopped.entry(one).or_default().get_or_insert(panic.message);
                }
                None => self.trace.stopped.push((None, panic.message)),
            }
        }
        for (validator, reason) in stopped {
            self.stopped(validator, reason.unwrap_or_else(|| "its engine ended".into()));
        }
    }

    pub(super) async fn note_shut_out(&mut self, network: &Network) {
        self.trace.shut_out.extend(network.shut_out().await);
    }

    /// Notes what has become final since the last look, and who computed other roots.
    pub(super) async fn look(&mut self, network: &Network) {
        for validator in network.running() {
            self.note_divergences(network, validator);
            self.note_accusations(network, validator);
            loop {
                let height = self.next_height[validator as usize];
                let Some(block) = observe::block(network, validator, height).await else { break };
                self.workload.heard(&block);
                self.note_recovery(validator, &block.acts);
                self.keep_certificate(network, validator, &block).await;
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
                let bytes = evidence.to_bytes();
                self.trace.accusations.push(Accusation {
                    witness: validator,
                    accused: network.position(&evidence.validator().0).unwrap_or(u32::MAX),
                    fault: observe::verify(network, &bytes),
                    evidence: digest.clone(),
                });
                self.evidence.insert(digest, bytes);
            }
        }
    }

    fn note_recovery(&mut self, validator: u32, acts: &[String]) {
        let (Some(healed_ms), Some(act)) = (self.healed_ms, self.workload.measure()) else {
            return;
        };
        let sound = (0..self.options.validators).filter(|one| self.trace.is_sound(*one));
        let all: BTreeMap<_, _> = sound.map(|validator| (validator, None)).collect();
        let recovery = self.trace.recovery.get_or_insert_with(|| Recovery {
            healed_ms,
            act: act.clone(),
            final_ms: all,
        });
        if acts.contains(act) && recovery.final_ms.contains_key(&validator) {
            recovery.final_ms.insert(validator, Some(self.now_ms));
        }
    }

    /// What every sound validator has at the end: its chain up to the last block that was seen, and
    /// receipts of all acts and some records.
    pub(super) async fn gather(&mut self, context: &Context, network: &Network) {
        let mut acts = BTreeMap::new();
        let mut running = network.running();
        running.retain(|validator| self.trace.is_sound(*validator));
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
        self.note_forks();
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

    /// Keeps the certificate of a block that is seen for the first time.
    async fn keep_certificate(&mut self, network: &Network, validator: u32, block: &Seen) {
        let key = (block.height, block.digest.clone());
        if !self.options.beyond || self.certificates.contains_key(&key) {
            return;
        }
        if let Some(certificate) = network.certificate(validator, block.height).await {
            self.certificates.insert(key, certificate);
        }
    }

    /// Compares the certificates of blocks that are both final at one height, also of validators
    /// that stopped because of it.
    fn note_forks(&mut self) {
        let mut first: BTreeMap<u64, (u32, &Seen)> = BTreeMap::new();
        let mut two_final: BTreeMap<u64, ([u32; 2], [Hex; 2])> = BTreeMap::new();
        for Sighting { validator, block, .. } in &self.trace.sightings {
            if !self.trace.is_sound(*validator) {
                continue;
            }
            let (other, known) = *first.entry(block.height).or_insert((*validator, block));
            if known.digest != block.digest && two_final.len() < FORKS_MAX {
                let blocks = [known.digest.clone(), block.digest.clone()];
                two_final.entry(block.height).or_insert(([other, *validator], blocks));
            }
        }
        let committee = self.founded.validator_keys();
        let position = |key: &[u8]| (0..).zip(&committee).find(|(_, one)| one.as_ref() == key);
        for (height, (validators, blocks)) in two_final {
            let certificate = |block: &Hex| self.certificates.get(&(height, block.clone()));
            let (mut accused, mut in_one_view) = (BTreeSet::new(), false);
            if let [Some(one), Some(other)] = [&blocks[0], &blocks[1]].map(certificate) {
                in_one_view = one.view() == other.view();
                let votes = votes::listed(other);
                for (place, vote) in votes::listed(one) {
                    let second = votes.iter().find(|(signer, _)| *signer == place);
                    let evidence =
                        second.and_then(|two| self.hearings.convict(place, [&vote, &two.1]));
                    let Some(evidence) = evidence else { continue };
                    accused.extend(position(&evidence.validator().0).map(|(index, _)| index));
                    self.evidence.insert(evidence.digest().to_string(), evidence.to_bytes());
                }
            }
            self.trace.forks.push(Fork { height, blocks, validators, in_one_view, accused });
        }
    }

    /// How often each kind of fault came, or of how many validators it is.
    fn kinds(&self) -> BTreeMap<&'static str, u64> {
        let mut kinds = BTreeMap::new();
        let mut count = |kind| *kinds.entry(kind).or_default() += 1;
        for planned in &self.plan {
            match &planned.fault {
                Fault::Links(links) if links.lost_per_mille > 0 => count("lossy_links"),
                Fault::Partition { .. } => count("partitions"),
                Fault::Crash { .. } => count("crashes"),
                Fault::PowerFailure { unsynced } => count(match unsynced {
                    Unsynced::Lost => "power_failures_all_unsynced_lost",
                    Unsynced::Beginnings => "power_failures_beginnings_left",
                    Unsynced::Scattered => "power_failures_scattered_bytes_left",
                }),
                Fault::Clock { .. } => count("clocks_set"),
                Fault::Disk { trouble: Trouble::Full { .. }, .. } => count("full_disks"),
                Fault::Disk { trouble: Trouble::Failing { .. }, .. } => count("failing_disks"),
                _ => {}
            }
        }
        for lie in self.trace.lies.values() {
            count(match lie {
                Lie::Forgets => "forgetful_disks",
                Lie::Misreads => "misreading_disks",
            });
        }
        self.trace.hostile.values().flat_map(|manners| manners.names()).for_each(&mut count);
        if self.options.is_between_capitals() {
            count("between_capitals");
        }
        kinds
    }

    /// The report at the end. `runtime` is the runtime's digest of all that it did.
    pub fn report(mut self, runtime: &str) -> Report {
        self.trace.lawful = self.workload.lawful().clone();
        for validator in 0..self.options.validators {
            if let Some(mind) = self.founded.mind(validator) {
                self.trace.contradictions.insert(validator, mind.contradictions());
                self.trace.heard.insert(validator, self.hearings.contradictions(validator));
                self.trace.splits += mind.splits();
            }
        }
        let properties = judge(&self.trace);
        let recovered_in_ms = self.trace.recovery.as_ref().and_then(|recovery| {
            let last = recovery.final_ms.values().flatten().max()?;
            Some(last - recovery.healed_ms)
        });
        let mut disks = Harm::default();
        self.hardware.iter().for_each(|hardware| disks.add(&hardware.harm()));
        let accused = self.trace.accusations.iter().map(|one| one.accused);
        let named = accused.chain(self.trace.forks.iter().flat_map(|fork| fork.accused.clone()));
        Report {
            v: 2,
            seed: self.options.seed,
            validators: self.options.validators,
            beyond: self.options.beyond,
            holds: properties.iter().all(|verdict| verdict.holds || !verdict.required),
            properties,
            lies: self.trace.lies.clone(),
            capitals: self.capitals().iter().map(|capital| capital.name).collect(),
            kinds: self.kinds(),
            disks,
            contradictions: self.trace.contradictions.values().sum(),
            heard: self.trace.heard.values().sum(),
            splits: self.trace.splits,
            named: named.collect(),
            heights: self.trace.chains.values().map(|chain| chain.len() as u64).max().unwrap_or(0),
            divergences: self.trace.divergences,
            hostile: self.trace.hostile,
            accusations: self.trace.accusations,
            evidence: self.evidence,
            forks: self.trace.forks,
            stopped_by_disk: self.trace.stopped_by_disk,
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

/// The acts of a block, each with the height and the index of its outcome: what fell due comes
/// before the acts.
fn places(block: &Seen) -> impl Iterator<Item = (String, (u64, u32))> + '_ {
    let first = block.outcomes.len().saturating_sub(block.acts.len()) as u32;
    (first..).zip(&block.acts).map(|(index, act)| (act.clone(), (block.height, index)))
}
