//! The engine's databases on its deterministic runtime, as the node uses them.

use std::num::{NonZeroU16, NonZeroUsize};

use commonware_cryptography::{Sha256, sha256};
use commonware_parallel::Sequential;
use commonware_runtime::{
    Supervisor as _,
    buffer::paged::{CacheRef, page_size},
    deterministic::Context,
};
use commonware_storage::{
    journal::contiguous::fixed::Config as LogConfig,
    mmr::{self, full::Config as TreeConfig},
    qmdb::{
        current::{FixedConfig, ordered},
        floor::Proportional,
        keyless,
    },
    translator::EightCap,
};
use commonware_utils::{NZU64, NZUsize};
use pacta_law::Digest;

pub type Location = mmr::Location;
pub type Ledger = ordered::fixed::Db<mmr::Family, Context, D, D, Sha256, EightCap, 32, Sequential>;
pub type Journal = keyless::fixed::Db<mmr::Family, Context, D, Sha256, Sequential>;
type D = sha256::Digest;

const PAGE_BYTES: NonZeroU16 = page_size(4096);
const BUFFER_BYTES: NonZeroUsize = NZUsize!(65_536);

/// What a block adds to its header, of the databases.
#[derive(Clone, Debug)]
pub struct Roots {
    pub ledger: Digest,
    pub ledger_ops: Digest,
    pub ledger_start: u64,
    pub ledger_end: u64,
    pub journal: Digest,
    pub journal_start: u64,
    pub journal_end: u64,
}

pub struct Databases {
    pub ledger: Ledger,
    pub journal: Journal,
}

impl Databases {
    pub async fn open(context: &Context) -> Self {
        let cache = CacheRef::new(PAGE_BYTES, NZUsize!(64));
        let tree = |name: &str| TreeConfig {
            journal_partition: format!("{name}-tree"),
            metadata_partition: format!("{name}-nodes"),
            items_per_blob: NZU64!(4096),
            write_buffer: BUFFER_BYTES,
            replay_buffer: BUFFER_BYTES,
            strategy: Sequential,
            page_cache: cache.clone(),
        };
        let log = |name: &str| LogConfig {
            partition: format!("{name}-log"),
            items_per_blob: NZU64!(4096),
            page_cache: cache.clone(),
            write_buffer: BUFFER_BYTES,
            replay_buffer: BUFFER_BYTES,
        };
        let ledger = FixedConfig {
            merkle_config: tree("ledger"),
            journal_config: log("ledger"),
            grafted_metadata_partition: "ledger-grafted".into(),
            translator: EightCap,
            init_cache: Some(NZUsize!(64)),
            init_buffer: BUFFER_BYTES,
            init_concurrency: (),
        };
        let journal = keyless::Config { merkle: tree("journal"), log: log("journal") };
        Self {
            ledger: Ledger::init(context.child("ledger"), ledger, None).await.unwrap(),
            journal: Journal::init(context.child("journal"), journal, None).await.unwrap(),
        }
    }

    /// Applies a block. Returns its roots, and the place of its first outcome.
    pub async fn apply(
        self,
        changes: &[(Digest, Option<Digest>)],
        outcomes: &[Digest],
    ) -> (Self, Roots, u64) {
        let mut batch = self.ledger.new_batch();
        for (key, value) in changes {
            batch = batch.write(to_engine(key), value.as_ref().map(to_engine));
        }
        let batch = batch.merkleize(&self.ledger, None, &mut Proportional).await.unwrap();
        let ledger = self.ledger.apply_batch(batch).await.unwrap().commit().await.unwrap();
        let first = *self.journal.bounds().end;
        let mut batch = self.journal.new_batch();
        for outcome in outcomes {
            batch = batch.append(to_engine(outcome));
        }
        let batch = batch.merkleize(&self.journal, None, Location::new(0)).await.unwrap();
        let journal = self.journal.apply_batch(batch).await.unwrap().commit().await.unwrap();
        let roots = Roots {
            ledger: Digest(ledger.root().0),
            ledger_ops: Digest(ledger.ops_root().0),
            ledger_start: *ledger.sync_boundary(),
            ledger_end: *ledger.bounds().end,
            journal: Digest(journal.root().0),
            journal_start: *journal.inactivity_floor_loc(),
            journal_end: *journal.bounds().end,
        };
        (Self { ledger, journal }, roots, first)
    }
}

pub fn to_engine(digest: &Digest) -> D {
    sha256::Digest(digest.0)
}
