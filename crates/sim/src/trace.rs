//! What was seen of a simulated network, from outside its nodes: all that properties judge.

use std::collections::{BTreeMap, BTreeSet};

use pacta_law::Ceremony;
use serde::Serialize;

use crate::{hostile::Manners, machine::Lie};

/// Bytes in lower-case hexadecimal digits.
pub type Hex = String;

/// A block that a validator held to be final.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Its height.
    pub height: u64,
    /// The digest of its header.
    pub digest: Hex,
    /// The digest of its parent's header.
    pub parent: Hex,
    /// Its instant, in milliseconds UTC.
    pub instant: u64,
    /// The root of the ledger after it.
    pub ledger_root: Hex,
    /// The root of the journal after it.
    pub journal_root: Hex,
    /// Ids of its acts, in order.
    pub acts: Vec<Hex>,
    /// Its outcomes as canonical JSON, in order, as the validator computed them.
    pub outcomes: Vec<String>,
    /// The signed acts.
    pub signed: Vec<Vec<u8>>,
    /// How the ceremony of an epoch ended, in its last block.
    pub ceremony: Option<Ceremony>,
}

/// A moment at which a validator said that a block is final.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// The validator, counted from 0.
    pub validator: u32,
    /// Virtual milliseconds since the simulation began.
    pub at_ms: u64,
    /// The block.
    pub block: Seen,
}

/// A receipt that a validator gave, and what offline verification made of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The validator, counted from 0.
    pub validator: u32,
    /// What the receipt is about: the id of an act, or the path of a record.
    pub about: Hex,
    /// Nothing if it is genuine, or why it is not.
    pub fault: Option<String>,
}

/// An act submitted when all faults had ended, to see how soon it is final everywhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovery {
    /// When all faults had ended, in virtual milliseconds.
    pub healed_ms: u64,
    /// The id of the act.
    pub act: Hex,
    /// When each validator held it to be final; nothing if it never did.
    pub final_ms: BTreeMap<u32, Option<u64>>,
}

/// A block whose roots a validator computed otherwise than its header states.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Divergence {
    /// The validator, counted from 0.
    pub validator: u32,
    /// The height of the block.
    pub height: u64,
    /// The digest of the block.
    pub block: Hex,
    /// The validator that proposed the block, counted from 0.
    pub leader: u32,
    /// The acts of the block.
    pub acts: Vec<Hex>,
    /// The roots of ledger and journal by the header.
    pub stated: [Hex; 2],
    /// The roots of ledger and journal that the validator computed.
    pub found: [Hex; 2],
}

/// Evidence that a validator kept, and what offline verification made of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Accusation {
    /// Who kept it.
    pub witness: u32,
    /// Who is accused, counted from 0.
    pub accused: u32,
    /// The digest of the evidence.
    pub evidence: Hex,
    /// Nothing if it is genuine, or why it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
}

/// Everything that was seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// In order of time, also from before crashes.
    pub sightings: Vec<Sighting>,
    /// At the end, the chain of each validator that runs, from height 1.
    pub chains: BTreeMap<u32, Vec<Seen>>,
    /// At the end, the receipts of all final acts and of some records.
    pub receipts: Vec<Verified>,
    /// The measure of recovery.
    pub recovery: Option<Recovery>,
    /// Blocks whose roots a validator computed otherwise, in order of time.
    pub divergences: Vec<Divergence>,
    /// Outcomes by height, as a bare replay of the final blocks by the law gives them.
    pub lawful: BTreeMap<u64, Vec<String>>,
    /// When the simulation began, in milliseconds UTC by the true time.
    pub began_ms: u64,
    /// Whether links lost messages and parted, and validators crashed.
    pub faults: bool,
    /// Whether more validators are faulty than is borne.
    pub beyond: bool,
    /// How hostile validators behave, by validator.
    pub hostile: BTreeMap<u32, Manners>,
    /// Validators whose disks lie, and how.
    pub lies: BTreeMap<u32, Lie>,
    /// By hostile validator, how often it contradicted itself to all others.
    pub contradictions: BTreeMap<u32, u64>,
    /// By hostile validator, how often an honest one heard it contradict itself.
    pub heard: BTreeMap<u32, u64>,
    /// How often hostile validators voted one way to some and another way to the rest.
    pub splits: u64,
    /// Evidence that validators kept.
    pub accusations: Vec<Accusation>,
    /// Heights of which two blocks are final.
    pub forks: Vec<Fork>,
    /// Validators that stopped by themselves, if it is known which, and why, in order of time.
    pub stopped: Vec<(Option<u32>, String)>,
    /// Validators that stopped because of their disks, and why, in order of time.
    pub stopped_by_disk: Vec<(u32, String)>,
    /// Who did not listen to whom any more, because of what it said.
    pub shut_out: BTreeSet<(u32, u32)>,
}

impl Trace {
    /// Whether nothing is known against a validator: it is not hostile, and its disk does not lie.
    pub fn is_sound(&self, validator: u32) -> bool {
        !self.hostile.contains_key(&validator) && !self.lies.contains_key(&validator)
    }
}

/// Two blocks of one height that are both final.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fork {
    /// The height.
    pub height: u64,
    /// The digests of the blocks.
    pub blocks: [Hex; 2],
    /// Two validators of which each has one of them.
    pub validators: [u32; 2],
    /// Whether both became final in the same view, so that their certificates convict somebody.
    pub in_one_view: bool,
    /// Whom the two certificates convict; evidence against each of them is genuine.
    pub accused: BTreeSet<u32>,
}
