//! Executes a block on the ledger of its parent.

use std::{collections::BTreeSet, sync::Arc};

use commonware_cryptography::{Hasher as _, Sha256, sha256::Digest};
use commonware_glue::stateful::db::Unmerkleized as _;
use pacta_law::{
    ActId, Ceremony, Instant, Ledger, Missing, Outcome, Path, VerifiedAct, execute,
    execute_verified, fall_due, next_due, reads, turn, wants_change,
};

use crate::{
    block::{BLOCK_ACTS_MAX, BLOCK_BYTES_MAX, act_bytes_in_block},
    databases::{Merkleized, Roots, Unmerkleized},
    error::Error,
    mempool::Used,
    records::{Brought, Store},
    shared::{Changes, Shared},
    types::Context,
};

/// An act to execute.
#[derive(Clone)]
pub enum Candidate {
    /// Its signature is known to be good.
    Verified(Arc<VerifiedAct>),
    /// Its form or signature is bad; the law refuses it.
    Raw(Arc<[u8]>),
}

impl Candidate {
    /// The signed act's bytes.
    pub fn bytes(&self) -> Arc<[u8]> {
        match self {
            Self::Verified(act) => act.shared_bytes(),
            Self::Raw(bytes) => bytes.clone(),
        }
    }
}

/// Whether every act must be executed, or acts that do not fit may be left for later.
pub enum Work {
    /// The acts of an existing block.
    All(Vec<Candidate>),
    /// Acts to choose from, for a block that is being made.
    Choice(Vec<Candidate>),
}

/// An executed block.
pub struct Executed<E: Context> {
    /// The acts that the block holds.
    pub acts: Vec<Arc<[u8]>>,
    /// Acts that were passed over since their turn has not come.
    pub early: Vec<ActId>,
    /// Acts that were passed over since no block can hold them.
    pub useless: Vec<ActId>,
    /// Whether an honest leader would have left some of the acts out: they were refused before
    /// their numbers were found right, or met a ledger on which something is overdue.
    pub unfit: bool,
    /// What the block brought about.
    pub brought: Brought,
    /// The records that it wrote, by path.
    pub changes: Changes,
    /// Roots after the block.
    pub roots: Roots,
    /// The databases' batches.
    pub merkleized: Merkleized<E>,
}

/// Reads records as a block sees them: its parent's ledger, and the genesis before the first block.
struct Loader<'a, E: Context> {
    height: u64,
    batches: &'a Unmerkleized<E>,
    store: &'a Store<E>,
    shared: &'a Shared,
}

impl<E: Context> Loader<'_, E> {
    async fn load(&self, ledger: &mut Ledger, paths: Vec<Path>) -> Result<(), Error> {
        let keys: Vec<Digest> = paths.iter().map(|path| path_digest(path)).collect();
        let values = self
            .batches
            .0
            .get_many(&keys.iter().collect::<Vec<_>>())
            .await
            .map_err(|error| Error::Damaged(format!("ledger: {error}")))?;
        for (path, value) in paths.into_iter().zip(values) {
            let record =
                match value {
                    Some(digest) => Some(self.store.record(&digest).await?.ok_or_else(|| {
                        Error::Damaged(format!("the record at {path} is missing"))
                    })?),
                    None if self.height == 1 => self.shared.genesis_records().get(&path).cloned(),
                    None => None,
                };
            ledger.load(path, record);
        }
        Ok(())
    }

    /// Runs a function of the law, loading what it misses, until it succeeds.
    async fn run<T>(
        &self,
        ledger: &mut Ledger,
        mut function: impl FnMut(&mut Ledger) -> Result<T, Missing>,
    ) -> Result<T, Error> {
        loop {
            match function(ledger) {
                Ok(value) => return Ok(value),
                Err(Missing(path)) => self.load(ledger, vec![path]).await?,
            }
        }
    }
}

/// Digest under which the ledger keeps a path.
pub fn path_digest(path: &str) -> Digest {
    Sha256::hash(&[path.as_bytes()])
}

/// A block to execute.
pub struct Task {
    /// Digest of the parent block.
    pub parent: Digest,
    /// Height of the block.
    pub height: u64,
    /// Instant of the block.
    pub now: Instant,
    /// Its acts.
    pub work: Work,
    /// How the ceremony of an epoch ended, in that epoch's last block.
    pub ceremony: Option<Ceremony>,
}

/// Executes what the height brings about and what falls due, then acts.
///
/// # Errors
/// [`Error::Damaged`] if stored data cannot be read.
pub async fn execute_block<E: Context>(
    shared: &Shared,
    store: &Store<E>,
    task: Task,
    batches: Unmerkleized<E>,
) -> Result<Executed<E>, Error> {
    let Task { parent, height, now, work, ceremony } = task;
    let mut ledger = Ledger::new(shared.network(), height, now);
    let loader = Loader { height, batches: &batches, store, shared };
    let mut run = Run::default();

    let turned = loader.run(&mut ledger, |ledger| turn(ledger, ceremony.as_ref())).await?;
    for outcome in turned {
        run.push(outcome);
    }
    let due = loader.run(&mut ledger, fall_due).await?;
    for outcome in due.outcomes {
        run.push(outcome);
    }
    let (candidates, choose) = match work {
        Work::All(acts) => {
            run.unfit = due.more && !acts.is_empty();
            (acts, false)
        }
        Work::Choice(acts) => (if due.more { Vec::new() } else { acts }, true),
    };
    preload(&loader, &mut ledger, &candidates).await?;
    for candidate in candidates {
        if choose && !run.has_room(&candidate) {
            break;
        }
        let outcome = match &candidate {
            Candidate::Verified(act) => {
                loader.run(&mut ledger, |ledger| execute_verified(ledger, act)).await?
            }
            Candidate::Raw(bytes) => {
                loader.run(&mut ledger, |ledger| execute(ledger, bytes)).await?
            }
        };
        run.act(candidate, outcome, ledger.uses_number(), choose);
    }
    let next_due = loader.run(&mut ledger, next_due).await?;
    run.urgent = loader.run(&mut ledger, |ledger| wants_change(ledger)).await?;
    finish(shared, run, ledger, batches, parent, height, next_due).await
}

/// Loads at once what the acts will surely read.
async fn preload<E: Context>(
    loader: &Loader<'_, E>,
    ledger: &mut Ledger,
    candidates: &[Candidate],
) -> Result<(), Error> {
    let mut paths = BTreeSet::new();
    for candidate in candidates {
        if let Candidate::Verified(act) = candidate {
            paths.extend(reads(act.act()).into_iter().filter(|path| !ledger.is_loaded(path)));
        }
    }
    loader.load(ledger, paths.into_iter().collect()).await
}

/// What a run has produced so far.
#[derive(Default)]
struct Run {
    outcomes: Vec<Arc<[u8]>>,
    digests: Vec<Digest>,
    used: Vec<Used>,
    acts: Vec<Arc<[u8]>>,
    bytes: usize,
    early: Vec<ActId>,
    useless: Vec<ActId>,
    unfit: bool,
    urgent: bool,
}

impl Run {
    fn has_room(&self, candidate: &Candidate) -> bool {
        let bytes = self.bytes + act_bytes_in_block(&candidate.bytes());
        self.acts.len() < BLOCK_ACTS_MAX && bytes <= BLOCK_BYTES_MAX
    }

    fn push(&mut self, mut outcome: Outcome) {
        outcome.index = self.outcomes.len() as u32;
        let bytes: Arc<[u8]> = outcome.to_bytes().into();
        self.digests.push(Sha256::hash(&[&bytes]));
        self.outcomes.push(bytes);
    }

    /// Takes an act and its outcome. Of acts to choose from, those are passed over that did not use
    /// their number: such a refusal tells nobody anything, and the ledger is as it was.
    fn act(&mut self, candidate: Candidate, outcome: Outcome, uses_number: bool, choose: bool) {
        if let Candidate::Verified(act) = &candidate {
            let id = act.signed().id();
            if choose && outcome.is_early() {
                return self.early.push(id);
            }
            if choose && !uses_number {
                return self.useless.push(id);
            }
            let content = act.act();
            let (key, sequence) = (content.key, content.sequence);
            self.used.push(Used { act: Digest(id.0), key, sequence });
        }
        self.unfit |= !uses_number;
        let bytes = candidate.bytes();
        self.bytes += act_bytes_in_block(&bytes);
        self.acts.push(bytes);
        self.push(outcome);
    }
}

async fn finish<E: Context>(
    shared: &Shared,
    run: Run,
    ledger: Ledger,
    batches: Unmerkleized<E>,
    parent: Digest,
    height: u64,
    next_due: Option<Instant>,
) -> Result<Executed<E>, Error> {
    let mut changes = ledger.changes();
    if height == 1 {
        for (path, record) in shared.genesis_records() {
            changes.entry(path.clone()).or_insert_with(|| Some(record.clone()));
        }
    }
    if shared.executes_differently(run.used.iter().map(|used| ActId(used.act.0))) {
        changes.insert("fault".into(), Some(Arc::from(b"{}".as_slice())));
    }
    let (mut ledger, mut journal) = batches;
    let mut records = Vec::with_capacity(changes.len());
    let changes: Changes = changes.into_iter().collect();
    for (path, record) in &changes {
        let value = record.clone().map(|bytes| {
            let digest = Sha256::hash(&[&bytes]);
            records.push((digest, bytes));
            digest
        });
        ledger = ledger.write(path_digest(path), value);
    }
    for digest in run.digests {
        journal = journal.append(digest);
    }
    let damaged = |error: &dyn std::fmt::Display| Error::Damaged(format!("databases: {error}"));
    let merkleized = (
        ledger.merkleize().await.map_err(|error| damaged(&error))?,
        journal.merkleize().await.map_err(|error| damaged(&error))?,
    );
    Ok(Executed {
        acts: run.acts,
        early: run.early,
        useless: run.useless,
        unfit: run.unfit,
        brought: Brought {
            height,
            parent,
            records,
            outcomes: run.outcomes,
            used: run.used,
            next_due: next_due.map(|instant| instant.ms()),
            urgent: run.urgent,
        },
        changes,
        roots: Roots::of::<E>(&merkleized),
        merkleized,
    })
}
