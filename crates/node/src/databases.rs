//! The two authenticated databases: the ledger (path to record) and the journal of outcomes.

use std::num::{NonZeroU16, NonZeroU64, NonZeroUsize};

use commonware_cryptography::{Sha256, sha256::Digest};
use commonware_glue::stateful::db::{DatabaseSet, Merkleized as _, Shared};
use commonware_parallel::Sequential;
use commonware_runtime::buffer::paged::{CacheRef, page_size};
use commonware_storage::{
    journal::contiguous::fixed::Config as LogConfig,
    mmr::{self, full::Config as TreeConfig},
    qmdb::{
        current::{FixedConfig, ordered},
        keyless,
        sync::Target,
    },
    translator::EightCap,
};
use commonware_utils::{NZU64, NZUsize, non_empty_range};

use pacta_chain::Header;

use crate::types::Context;

/// Bytes of one chunk of the activity bitmap; fixed by the form of proofs (docs/receipt-format.md).
pub const CHUNK_BYTES: usize = 32;
/// Positions in both databases.
pub type Location = mmr::Location;

/// Digest of a path to digest of the record there.
pub type Ledger<E> =
    ordered::fixed::Db<mmr::Family, E, Digest, Digest, Sha256, EightCap, CHUNK_BYTES, Sequential>;
/// Digests of outcomes, in the order of execution.
pub type Journal<E> = keyless::fixed::Db<mmr::Family, E, Digest, Sha256, Sequential>;
/// Both, changed together by each block.
pub type Databases<E> = (Shared<Ledger<E>>, Shared<Journal<E>>);
/// Batches of one block that is being executed.
pub type Unmerkleized<E> = <Databases<E> as DatabaseSet<E>>::Unmerkleized;
/// Batches of one block whose roots are known.
pub type Merkleized<E> = <Databases<E> as DatabaseSet<E>>::Merkleized;
/// Where both databases stand after a block, as its header says.
pub type Targets<E> = <Databases<E> as DatabaseSet<E>>::SyncTargets;

const PAGE_BYTES: NonZeroU16 = page_size(4096);
const CACHED_PAGES: NonZeroUsize = NZUsize!(1024);
const ITEMS_PER_BLOB: NonZeroU64 = NZU64!(1 << 20);
const WRITE_BUFFER_BYTES: NonZeroUsize = NZUsize!(64 * 1024);
/// Bytes read at once when a journal is replayed at the start.
pub const REPLAY_BUFFER_BYTES: NonZeroUsize = NZUsize!(256 * 1024);
/// Bytes kept before a journal of blocks or certificates is written.
pub const JOURNAL_BUFFER_BYTES: NonZeroUsize = WRITE_BUFFER_BYTES;

/// A cache of 4 MiB for pages of all files; the page size cannot change after the first start.
pub fn page_cache() -> CacheRef {
    CacheRef::new(PAGE_BYTES, CACHED_PAGES)
}

fn tree(prefix: &str, name: &str, page_cache: &CacheRef) -> TreeConfig<Sequential> {
    TreeConfig {
        journal_partition: format!("{prefix}-{name}-tree"),
        metadata_partition: format!("{prefix}-{name}-nodes"),
        items_per_blob: ITEMS_PER_BLOB,
        write_buffer: WRITE_BUFFER_BYTES,
        replay_buffer: REPLAY_BUFFER_BYTES,
        strategy: Sequential,
        page_cache: page_cache.clone(),
    }
}

fn log(prefix: &str, name: &str, page_cache: &CacheRef) -> LogConfig {
    LogConfig {
        partition: format!("{prefix}-{name}-log"),
        items_per_blob: ITEMS_PER_BLOB,
        page_cache: page_cache.clone(),
        write_buffer: WRITE_BUFFER_BYTES,
        replay_buffer: REPLAY_BUFFER_BYTES,
    }
}

/// The files of both databases under a prefix.
pub fn config<E: Context>(
    prefix: &str,
    page_cache: &CacheRef,
) -> <Databases<E> as DatabaseSet<E>>::Config {
    let ledger = FixedConfig {
        merkle_config: tree(prefix, "ledger", page_cache),
        journal_config: log(prefix, "ledger", page_cache),
        grafted_metadata_partition: format!("{prefix}-ledger-grafted"),
        translator: EightCap,
        init_cache: Some(NZUsize!(4096)),
        init_buffer: REPLAY_BUFFER_BYTES,
        init_concurrency: (),
    };
    let journal = keyless::Config {
        merkle: tree(prefix, "journal", page_cache),
        log: log(prefix, "journal", page_cache),
    };
    (ledger, journal)
}

/// Roots and ranges of both databases, as a header carries them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roots {
    /// Root that proofs of records lead to.
    pub ledger_root: Digest,
    /// Root of the ledger's operations.
    pub ledger_ops_root: Digest,
    /// First operation that a syncing node needs.
    pub ledger_start: u64,
    /// Number of operations.
    pub ledger_end: u64,
    /// Root that proofs of outcomes lead to.
    pub journal_root: Digest,
    /// First operation that a syncing node needs.
    pub journal_start: u64,
    /// Number of operations: outcomes, and one mark per block.
    pub journal_end: u64,
}

impl Roots {
    /// Reads the roots of executed batches.
    pub fn of<E: Context>(merkleized: &Merkleized<E>) -> Self {
        let (ledger, journal) = merkleized;
        Self {
            ledger_root: ledger.root(),
            ledger_ops_root: ledger.ops_root(),
            ledger_start: *ledger.sync_boundary(),
            ledger_end: *ledger.bounds().tip.size,
            journal_root: journal.root(),
            journal_start: *journal.bounds().inactivity_floor,
            journal_end: *journal.bounds().tip.size,
        }
    }

    /// The roots of databases that hold nothing yet.
    pub fn empty<E: Context>() -> Self {
        let (ledger, journal) = Databases::<E>::initial_sync_targets();
        Self {
            ledger_root: ledger.root,
            ledger_ops_root: ledger.root,
            ledger_start: *ledger.range.start(),
            ledger_end: *ledger.range.end(),
            journal_root: journal.root,
            journal_start: *journal.range.start(),
            journal_end: *journal.range.end(),
        }
    }
}

/// Where a header says the databases stand. Both ranges are checked to be non-empty on decoding.
pub fn targets<E: Context>(header: &Header) -> Targets<E> {
    let range = |start: u64, end: u64| non_empty_range!(Location::new(start), Location::new(end));
    (
        Target::new(
            Digest(header.ledger_ops_root.0),
            range(header.ledger_start, header.ledger_end),
        ),
        Target::new(
            Digest(header.journal_ops_root.0),
            range(header.journal_start, header.journal_end),
        ),
    )
}
