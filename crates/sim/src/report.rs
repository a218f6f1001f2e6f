//! What a simulation found. The same seed gives the same bytes.

use serde::Serialize;

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    faults::Planned,
    hostile::Manners,
    machine::{Harm, Lie},
    properties::Verdict,
    trace::{Accusation, Divergence, Fork, Hex},
};

/// What a simulation found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Version of this form.
    pub v: u32,
    /// The seed.
    pub seed: u64,
    /// The number of validators.
    pub validators: u32,
    /// Whether more validators are faulty than is borne; then only some properties must hold.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub beyond: bool,
    /// Whether all properties held that must.
    pub holds: bool,
    /// The properties in a fixed order.
    pub properties: Vec<Verdict>,
    /// Blocks whose roots a validator computed otherwise than their headers state.
    pub divergences: Vec<Divergence>,
    /// How hostile validators behaved.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub hostile: BTreeMap<u32, Manners>,
    /// Validators whose disks lie, and how.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub lies: BTreeMap<u32, Lie>,
    /// Capitals in which the validators are, if delays follow from distances.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub capitals: Vec<&'static str>,
    /// How often each kind of fault came, or of how many validators it is.
    pub kinds: BTreeMap<&'static str, u64>,
    /// What disks did that good ones do not.
    pub disks: Harm,
    /// How often hostile validators contradicted themselves to all others.
    pub contradictions: u64,
    /// How often honest validators heard hostile ones contradict themselves.
    pub heard: u64,
    /// How often hostile validators voted one way to some and another way to the rest.
    pub splits: u64,
    /// Validators that evidence names, whoever kept it.
    pub named: BTreeSet<u32>,
    /// Evidence that honest validators kept.
    pub accusations: Vec<Accusation>,
    /// The evidence by its digest, as canonical JSON: that of the accusations, and what
    /// certificates of two final blocks of one height give.
    #[serde(skip)]
    pub evidence: BTreeMap<Hex, Vec<u8>>,
    /// Heights of which two blocks are final.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub forks: Vec<Fork>,
    /// Validators that stopped because of their disks, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stopped_by_disk: Vec<(u32, String)>,
    /// Final blocks of the longest chain.
    pub heights: u64,
    /// What became of the acts.
    pub acts: Acts,
    /// The faults, in order of time.
    pub faults: Vec<Planned>,
    /// How often a validator was started again after a crash or a failure of power.
    pub restarts: u64,
    /// Virtual time of the whole simulation.
    pub virtual_ms: u64,
    /// Virtual time from the end of all faults until an act submitted then was final everywhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recovered_in_ms: Option<u64>,
    /// Digest of everything that the runtime did, in order.
    pub trace: Hex,
    /// The command that runs this simulation again.
    pub replay: String,
}

/// What became of the acts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Acts {
    /// Different acts that were submitted.
    pub submitted: u64,
    /// Those that are final.
    pub r#final: u64,
    /// Final ones that were executed.
    pub executed: u64,
    /// Final ones that were refused.
    pub refused: u64,
    /// Those that a node refused when they were submitted, and that reached no block.
    pub turned_away: u64,
}

impl Report {
    /// The report as one line of JSON.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a report has string keys only")
    }
}

/// What many simulations found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Simulations run.
    pub seeds: u64,
    /// Those of which a property did not hold, in order.
    pub failed: Vec<Report>,
    /// Simulations with hostile validators.
    pub with_hostile: u64,
    /// Simulations with each kind of fault.
    pub with: BTreeMap<&'static str, u64>,
    /// What disks did that good ones do not.
    pub disks: Harm,
    /// Simulations in which two blocks of one height were final.
    pub with_forks: u64,
    /// How often hostile validators contradicted themselves to all others.
    pub contradictions: u64,
    /// How often hostile validators voted one way to some and another way to the rest.
    pub splits: u64,
    /// Pieces of evidence that honest validators kept.
    pub accusations: u64,
    /// Final blocks of all.
    pub heights: u64,
    /// Acts of all.
    pub acts: Acts,
    /// Restarts of all.
    pub restarts: u64,
    /// Virtual time of all.
    pub virtual_ms: u64,
    /// The longest recovery.
    pub recovered_in_ms_max: u64,
}

impl Summary {
    /// Whether every property held in every simulation.
    pub fn holds(&self) -> bool {
        self.failed.is_empty()
    }

    /// Counts one more simulation.
    pub fn add(&mut self, report: &Report) {
        self.seeds += 1;
        self.with_hostile += u64::from(!report.hostile.is_empty());
        for kind in report.kinds.keys() {
            *self.with.entry(kind).or_default() += 1;
        }
        self.disks.add(&report.disks);
        self.with_forks += u64::from(!report.forks.is_empty());
        self.contradictions += report.contradictions;
        self.splits += report.splits;
        self.accusations += report.accusations.len() as u64;
        self.heights += report.heights;
        self.acts.submitted += report.acts.submitted;
        self.acts.r#final += report.acts.r#final;
        self.acts.executed += report.acts.executed;
        self.acts.refused += report.acts.refused;
        self.acts.turned_away += report.acts.turned_away;
        self.restarts += report.restarts;
        self.virtual_ms += report.virtual_ms;
        self.recovered_in_ms_max =
            self.recovered_in_ms_max.max(report.recovered_in_ms.unwrap_or_default());
        if !report.holds {
            self.failed.push(report.clone());
        }
    }
}
