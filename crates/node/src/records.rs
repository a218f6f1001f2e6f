//! Records by digest, and what each final block brought about.
//!
//! The ledger database maps digests of paths to digests of records; the bytes are here. What an
//! unfinalized block writes stays in memory until the block is final ([`Store::hold`]); then it
//! is appended ([`Store::keep`]) and made durable before the block is acknowledged. Databases
//! that are ahead of the last acknowledged block are rewound at the start, so a crash can leave
//! extra records, never missing ones.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    num::NonZeroU64,
    sync::Arc,
};

use bytes::{Bytes, BytesMut};
use commonware_codec::RangeCfg;
use commonware_cryptography::sha256::Digest;
use commonware_runtime::{Handle, buffer::paged::CacheRef};
use commonware_storage::{
    archive::{Archive as _, Identifier, MultiArchive as _, prunable},
    translator::EightCap,
};
use commonware_utils::{
    NZU64,
    sync::{AsyncRwLock, Mutex},
};

use crate::{
    block::{list_bytes, read_list, write_list},
    databases::{JOURNAL_BUFFER_BYTES, REPLAY_BUFFER_BYTES},
    error::Error,
    mempool::Used,
    types::Context,
};

const HEIGHTS_PER_SECTION: NonZeroU64 = NZU64!(1 << 16);
const ITEM_BYTES_MAX: usize = 256 * 1024 * 1024;
/// Bytes of recently used records kept in memory, in each of two generations.
const CACHE_BYTES: usize = 4 * 1024 * 1024;

type Archive<E> = prunable::Archive<EightCap, E, Digest, Bytes>;

/// What the execution of a block brought about, besides the roots.
#[derive(Clone, Debug)]
pub struct Brought {
    /// Height of the block.
    pub height: u64,
    /// Digest of the parent block.
    pub parent: Digest,
    /// Records that the block wrote, with their digests.
    pub records: Vec<(Digest, Arc<[u8]>)>,
    /// Outcomes in order, as canonical JSON.
    pub outcomes: Vec<Arc<[u8]>>,
    /// Its acts, each of which has used a number of its key.
    pub used: Vec<Used>,
    /// When something next falls due, in milliseconds, as known after this block.
    pub next_due: Option<u64>,
    /// Whether somebody waits for the next epochs after this block.
    pub urgent: bool,
}

#[derive(Default)]
struct Held {
    blocks: HashMap<Digest, Arc<Brought>>,
    by_height: BTreeMap<u64, Vec<Digest>>,
    /// Records of held blocks, with the number of blocks that hold them.
    records: HashMap<Digest, (Arc<[u8]>, usize)>,
}

/// Keeps the records used last; the older generation is dropped as a whole.
#[derive(Default)]
struct Cache {
    young: HashMap<Digest, Arc<[u8]>>,
    old: HashMap<Digest, Arc<[u8]>>,
    young_bytes: usize,
}

/// The store of records and outcomes. Clones share it.
pub struct Store<E: Context> {
    archive: Arc<AsyncRwLock<Option<Archive<E>>>>,
    held: Arc<Mutex<Held>>,
    cache: Arc<Mutex<Cache>>,
}

impl<E: Context> Clone for Store<E> {
    fn clone(&self) -> Self {
        Self { archive: self.archive.clone(), held: self.held.clone(), cache: self.cache.clone() }
    }
}

impl<E: Context> Store<E> {
    /// Opens the store under a prefix, or makes it.
    ///
    /// # Errors
    /// [`Error::Damaged`] if the files cannot be read as this store.
    pub async fn open(context: E, prefix: &str, page_cache: CacheRef) -> Result<Self, Error> {
        let config = prunable::Config {
            translator: EightCap,
            metadata_partition: format!("{prefix}-records-metadata"),
            key_partition: format!("{prefix}-records-keys"),
            key_page_cache: page_cache,
            value_partition: format!("{prefix}-records-values"),
            compression: None,
            codec_config: RangeCfg::from(..=ITEM_BYTES_MAX),
            items_per_section: HEIGHTS_PER_SECTION,
            key_write_buffer: JOURNAL_BUFFER_BYTES,
            value_write_buffer: JOURNAL_BUFFER_BYTES,
            replay_buffer: REPLAY_BUFFER_BYTES,
        };
        let archive = Archive::init(context, config)
            .await
            .map_err(|error| Error::Damaged(format!("records: {error}")))?;
        Ok(Self {
            archive: Arc::new(AsyncRwLock::new(Some(archive))),
            held: Arc::default(),
            cache: Arc::default(),
        })
    }

    /// Holds in memory what an unfinalized block brought about. Repeating it changes nothing.
    pub fn hold(&self, block: Digest, brought: Arc<Brought>) {
        let mut held = self.held.lock();
        if held.blocks.insert(block, brought.clone()).is_some() {
            return;
        }
        held.by_height.entry(brought.height).or_default().push(block);
        for (digest, bytes) in &brought.records {
            held.records.entry(*digest).or_insert_with(|| (bytes.clone(), 0)).1 += 1;
        }
    }

    /// What a held block brought about.
    pub fn held(&self, block: &Digest) -> Option<Arc<Brought>> {
        self.held.lock().blocks.get(block).cloned()
    }

    /// Whether an act is in a held block, or in one of its held ancestors.
    pub fn acts_since_final(&self, block: Digest) -> HashSet<Digest> {
        let held = self.held.lock();
        let mut acts = HashSet::new();
        let mut next = block;
        while let Some(brought) = held.blocks.get(&next) {
            acts.extend(brought.used.iter().map(|used| used.act));
            next = brought.parent;
        }
        acts
    }

    /// Forgets all held blocks up to a height, which are kept by now or will never be final.
    pub fn release(&self, height: u64) {
        let mut held = self.held.lock();
        let later = held.by_height.split_off(&(height + 1));
        let released = std::mem::replace(&mut held.by_height, later);
        for block in released.into_values().flatten() {
            let Some(brought) = held.blocks.remove(&block) else { continue };
            for (digest, _) in &brought.records {
                if let Some((_, holders)) = held.records.get_mut(digest) {
                    *holders -= 1;
                    if *holders == 0 {
                        held.records.remove(digest);
                    }
                }
            }
        }
    }

    /// A record's bytes.
    ///
    /// # Errors
    /// [`Error::Damaged`] if the store cannot be read. `None` means that no block wrote it.
    pub async fn record(&self, digest: &Digest) -> Result<Option<Arc<[u8]>>, Error> {
        if let Some(bytes) = self.cache.lock().get(digest) {
            return Ok(Some(bytes));
        }
        if let Some((bytes, _)) = self.held.lock().records.get(digest) {
            return Ok(Some(bytes.clone()));
        }
        let found = self.get(Identifier::Key(digest)).await?;
        Ok(found.map(|bytes| {
            let bytes: Arc<[u8]> = Arc::from(bytes.as_ref());
            self.cache.lock().put(*digest, bytes.clone());
            bytes
        }))
    }

    /// Outcomes of the final block at a height, in order, as canonical JSON.
    ///
    /// # Errors
    /// [`Error::Damaged`] if the store cannot be read.
    pub async fn outcomes(&self, height: u64) -> Result<Option<Vec<Arc<[u8]>>>, Error> {
        let Some(bytes) = self.get(Identifier::Index(height)).await? else { return Ok(None) };
        read_list(&mut bytes.as_ref(), usize::MAX, ITEM_BYTES_MAX, ITEM_BYTES_MAX)
            .map(Some)
            .map_err(|error| Error::Damaged(format!("outcomes of block {height}: {error}")))
    }

    async fn get(&self, identifier: Identifier<'_, Digest>) -> Result<Option<Bytes>, Error> {
        let archive = self.archive.read().await;
        let archive = archive.as_ref().ok_or_else(lost)?;
        archive.get(identifier).await.map_err(damaged)
    }

    /// Appends what a final block brought about, and starts to make it durable. Repeating it, as
    /// after a crash, changes nothing.
    ///
    /// # Errors
    /// [`Error::Damaged`] if the store cannot be written, as on a full disk; it is lost then.
    pub async fn keep(&self, block: Digest, brought: &Brought) -> Result<Handle<()>, Error> {
        let mut slot = self.archive.write().await;
        let mut archive = slot.take().ok_or_else(lost)?;
        let repeated = archive.has(Identifier::Index(brought.height)).await.map_err(damaged)?;
        // Equal records have equal digests, and one copy serves all of them.
        let records: HashSet<Digest> = brought.records.iter().map(|(digest, _)| *digest).collect();
        let mut kept = HashSet::new();
        for (key, value) in items(block, brought) {
            if records.contains(&key)
                && (!kept.insert(key)
                    || archive.has(Identifier::Key(&key)).await.map_err(damaged)?)
            {
                continue;
            }
            if repeated && archive.has_at(brought.height, &key).await.map_err(damaged)? {
                continue;
            }
            archive = archive.put_multi(brought.height, key, &value).await.map_err(damaged)?;
        }
        let (archive, durable) = archive.start_sync().await.map_err(damaged)?;
        *slot = Some(archive);
        drop(slot);
        let mut cache = self.cache.lock();
        for (digest, bytes) in &brought.records {
            cache.put(*digest, bytes.clone());
        }
        Ok(durable)
    }
}

/// The items of one block; its outcomes are first, so that they are found by height.
fn items(block: Digest, brought: &Brought) -> impl Iterator<Item = (Digest, Bytes)> {
    let mut outcomes = BytesMut::with_capacity(list_bytes(&brought.outcomes));
    write_list(&brought.outcomes, &mut outcomes);
    let records =
        brought.records.iter().map(|(digest, bytes)| (*digest, Bytes::from_owner(bytes.clone())));
    std::iter::once((block, outcomes.freeze())).chain(records)
}

fn damaged(error: commonware_storage::archive::Error) -> Error {
    Error::Damaged(format!("records: {error}"))
}

fn lost() -> Error {
    Error::Damaged("records: an earlier write failed".into())
}

impl Cache {
    fn get(&mut self, digest: &Digest) -> Option<Arc<[u8]>> {
        if let Some(bytes) = self.young.get(digest) {
            return Some(bytes.clone());
        }
        let bytes = self.old.remove(digest)?;
        self.put(*digest, bytes.clone());
        Some(bytes)
    }

    fn put(&mut self, digest: Digest, bytes: Arc<[u8]>) {
        if self.young_bytes > CACHE_BYTES {
            self.old = std::mem::take(&mut self.young);
            self.young_bytes = 0;
        }
        let length = bytes.len();
        if self.young.insert(digest, bytes).is_none() {
            self.young_bytes += length + size_of::<Digest>();
        }
    }
}
