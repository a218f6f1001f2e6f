//! Final blocks as a backup holds them: taken from a node, checked, and put into a new directory.
//!
//! A backup holds no databases, since they follow from the blocks: who starts on it executes them
//! all, as one does who joins, and takes over nothing that was not executed. So it is consistent
//! whenever it is taken, and does not depend on how a node stores things.

use std::{num::NonZeroU64, path::Path, sync::Arc};

use bytes::{Buf as _, Bytes};
use commonware_codec::{DecodeExt as _, Encode as _, Read as _};
use commonware_consensus::{
    Epochable as _,
    types::{Epoch, Epocher as _, FixedEpocher, Height},
};
use commonware_cryptography::{Digestible as _, certificate::Verifier as _};
use commonware_parallel::Sequential;
use commonware_runtime::{Runner as _, Supervisor as _, tokio};
use commonware_storage::archive::{Archive as _, Identifier};
use pacta_chain::Header;
use pacta_law::{Digest, Genesis, Instant};

use crate::{
    application::Application,
    archives,
    block::Block,
    databases,
    directory::Directory,
    engine::committee,
    error::Error,
    network::PREFIX,
    service::Sources,
    sharing,
    types::{Ceremony, Context, Finalization, Scheme},
};

/// Entries are made durable together when so many have come.
const ENTRIES_PER_SYNC: u64 = 1024;

/// A final block, with its certificate where it has one of its own.
#[derive(Clone, Debug)]
pub struct Entry {
    block: Arc<Block>,
    certificate: Option<Finalization>,
}

impl Entry {
    /// The header of the block.
    pub fn header(&self) -> &Header {
        self.block.header()
    }

    /// Appends the length and bytes of the block, then of the certificate: no bytes if there is
    /// none. Lengths are four bytes, big-endian.
    fn write(&self, bytes: &mut Vec<u8>) {
        let block = self.block.encode();
        let certificate = self.certificate.as_ref().map(|one| one.encode()).unwrap_or_default();
        for part in [block.as_ref(), certificate.as_ref()] {
            bytes.extend_from_slice(&(part.len() as u32).to_be_bytes());
            bytes.extend_from_slice(part);
        }
    }
}

/// Reads entries, one after another, from the bytes of whole entries.
///
/// # Errors
/// [`Error::Backup`] if the bytes are no entries.
pub fn read(bytes: impl Into<Bytes>) -> Result<Vec<Entry>, Error> {
    let mut bytes = bytes.into();
    let mut entries = Vec::new();
    while bytes.has_remaining() {
        let block = Block::decode(part(&mut bytes)?);
        let block = block.map_err(|error| malformed(&format!("a block: {error}")))?;
        let mut rest = part(&mut bytes)?;
        let certificate = match rest.is_empty() {
            true => None,
            false => {
                let validators = Scheme::certificate_codec_config_unbounded();
                let read = Finalization::read_cfg(&mut rest, &validators);
                Some(read.map_err(|error| malformed(&format!("a certificate: {error}")))?)
            }
        };
        if rest.has_remaining() {
            return Err(malformed("a certificate is followed by other bytes"));
        }
        entries.push(Entry { block: Arc::new(block), certificate });
    }
    Ok(entries)
}

fn part(bytes: &mut Bytes) -> Result<Bytes, Error> {
    let cut = |_| malformed("it ends within an entry");
    let length = bytes.try_get_u32().map_err(cut)? as usize;
    match length <= bytes.len() {
        true => Ok(bytes.split_to(length)),
        false => Err(malformed("it ends within an entry")),
    }
}

fn malformed(reason: &str) -> Error {
    Error::Backup(reason.into())
}

/// Checks that entries are the chain of a network: each block follows the one before, each
/// certificate is of its block, of the network key and of validators of its epoch, and the last
/// block has one, as has the last of each epoch, which says who signs in the next.
pub struct Checker {
    namespace: Vec<u8>,
    epocher: FixedEpocher,
    epoch: Epoch,
    committee: Scheme,
    last: Header,
    certified: bool,
}

impl Checker {
    /// Before the first block.
    ///
    /// # Errors
    /// [`Error::Genesis`] if the genesis has no first block.
    pub fn new(genesis: &Genesis) -> Result<Self, Error> {
        let first = first_block(genesis)?;
        let namespace = pacta_chain::namespace(genesis.network());
        let blocks = NonZeroU64::new(genesis.founding.epoch_blocks)
            .ok_or_else(|| Error::Genesis("it does not say how long epochs are".into()))?;
        let committee = committee_of(&first, Epoch::zero(), &namespace)
            .ok_or_else(|| Error::Genesis("it does not say who signs first".into()))?;
        Ok(Self {
            namespace,
            epocher: FixedEpocher::new(blocks),
            epoch: Epoch::zero(),
            committee,
            last: first.header().clone(),
            certified: true,
        })
    }

    /// Checks the next entry.
    ///
    /// # Errors
    /// [`Error::Backup`] with what is wrong with it.
    pub fn check(&mut self, entry: &Entry) -> Result<(), Error> {
        let header = entry.header();
        let height = header.height;
        let wrong = |reason: &str| Err(Error::Backup(format!("block {height}: {reason}")));
        if height != self.last.height + 1 || header.parent_digest != self.last.digest() {
            return wrong("it does not follow the block before it");
        }
        if header.instant <= self.last.instant {
            return wrong("it is not later than the block before it");
        }
        self.certified = entry.certificate.is_some();
        if let Some(finalization) = &entry.certificate {
            if finalization.proposal.payload != entry.block.digest() {
                return wrong("its certificate is of another block");
            }
            let known = finalization.epoch() == self.epoch;
            if !known || !finalization.verify(&mut rand::rng(), &self.committee, &Sequential) {
                return wrong("its certificate is not of this network's validators of its epoch");
            }
        }
        if self.epocher.last(self.epoch) == Some(Height::new(height)) {
            if !self.certified {
                return wrong("it is the last of its epoch and has no certificate");
            }
            self.epoch = self.epoch.next();
            match committee_of(&entry.block, self.epoch, &self.namespace) {
                Some(committee) => self.committee = committee,
                None => return wrong("it does not say who signs in the next epoch"),
            }
        }
        self.last = header.clone();
        Ok(())
    }

    /// The last block, which its certificate proves final, and with it all before it; block 0 if
    /// there was none.
    ///
    /// # Errors
    /// [`Error::Backup`] if the last block has no certificate.
    pub fn finish(self) -> Result<Standing, Error> {
        if !self.certified {
            return Err(malformed("the last block has no certificate"));
        }
        let Header { height, instant, ledger_root, journal_root, .. } = self.last;
        Ok(Standing { height, digest: self.last.digest(), instant, ledger_root, journal_root })
    }
}

/// What checks the certificates of an epoch, by the block that begins it.
fn committee_of(block: &Block, epoch: Epoch, namespace: &[u8]) -> Option<Scheme> {
    let Some(Ceremony::EpochInfo(info)) = block.ceremony() else { return None };
    let (players, sharing) = (info.output.players().clone(), info.output.public().clone());
    (info.epoch == epoch).then(|| Scheme::verifier(namespace, players, sharing))
}

/// Where a chain ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Height of the last block.
    pub height: u64,
    /// Its digest.
    pub digest: Digest,
    /// Its instant.
    pub instant: Instant,
    /// Root of the ledger after it.
    pub ledger_root: Digest,
    /// Root of the journal after it.
    pub journal_root: Digest,
}

/// The bytes of entries of a running node from a height on, until about `bytes_max`; none if no
/// block from there on has a certificate. They end at the latest with the last block that has one.
pub(crate) async fn entries<E: Context>(
    sources: &Sources<E>,
    from: u64,
    bytes_max: usize,
) -> Result<Vec<u8>, Error> {
    let marshal = &sources.marshal;
    let from = from.max(1);
    let mut last = sources.shared.last_final().header.height;
    while last >= from && marshal.get_finalization(Height::new(last)).await.is_none() {
        last -= 1;
    }
    let mut bytes = Vec::new();
    for height in from..=last {
        let height = Height::new(height);
        let block = marshal.get_block(height).await;
        let block = block.ok_or_else(|| Error::Damaged(format!("block {height} is missing")))?;
        let certificate = marshal.get_finalization(height).await;
        Entry { block: Arc::new(block.inner().clone()), certificate }.write(&mut bytes);
        if bytes.len() >= bytes_max {
            break;
        }
    }
    Ok(bytes)
}

/// Block 0, as every validator computes it.
fn first_block(genesis: &Genesis) -> Result<Block, Error> {
    let committee = committee(genesis)?;
    let output = sharing::of_founding(genesis, &committee)?;
    let first = sharing::first_epoch(output, &committee);
    Application::<tokio::Context>::genesis_block(genesis, first)
}

/// Runs a task on the store of a directory that no node uses.
fn on_store<T: Send + 'static, F>(
    data: &Path,
    genesis: &Genesis,
    task: impl FnOnce(tokio::Context) -> F,
) -> Result<T, Error>
where
    F: Future<Output = Result<T, Error>>,
{
    let directory = Directory::open(data, &genesis.network().to_string())?;
    let runtime =
        tokio::Config::new().with_worker_threads(1).with_storage_directory(directory.store());
    match tokio::Runner::new(runtime).start(task) {
        Err(Error::Damaged(reason)) => Err(directory.explain(&reason)),
        done => done,
    }
}

/// Reads the entries of a directory that no node uses, up to the last block that has a certificate,
/// and gives the bytes of each to `take`, which says whether to go on.
///
/// # Errors
/// [`Error::Locked`] if a node uses it; others if it cannot be read.
pub fn export(
    data: &Path,
    genesis: &Genesis,
    mut take: impl FnMut(&[u8]) -> bool,
) -> Result<(), Error> {
    on_store(data, genesis, async |context| {
        let cache = databases::page_cache();
        let blocks = archives::blocks(context.child("blocks"), PREFIX, &cache).await?;
        let certificates = context.child("certificates");
        let certificates = archives::certificates(certificates, PREFIX, &cache).await?;
        let damaged = |error| Error::Damaged(format!("blocks: {error}"));
        // Blocks are whole up to the first gap: a node that caught up may have later ones.
        let whole = blocks.next_gap(1).0.unwrap_or(0);
        let certified = certificates.ranges().filter(|(start, _)| *start <= whole);
        let last = certified.last().map_or(0, |(_, end)| end.min(whole));
        let mut bytes = Vec::new();
        for height in 1..=last {
            let block = blocks.get(Identifier::Index(height)).await.map_err(damaged)?;
            let block =
                block.ok_or_else(|| Error::Damaged(format!("block {height} is missing")))?;
            let certificate = certificates.get(Identifier::Index(height)).await.map_err(damaged)?;
            bytes.clear();
            Entry { block, certificate }.write(&mut bytes);
            if !take(&bytes) {
                break;
            }
        }
        Ok(())
    })
}

/// Puts entries into a new directory, so that a node that starts there executes them and needs no
/// other for them. `next` gives them in order, then `None`; they must have been checked.
///
/// # Errors
/// [`Error::Directory`] or [`Error::Damaged`] if the directory cannot be written.
pub fn import(
    data: &Path,
    genesis: &Genesis,
    mut next: impl FnMut() -> Option<Entry>,
) -> Result<(), Error> {
    let first = first_block(genesis)?;
    on_store(data, genesis, async |context| {
        let cache = databases::page_cache();
        let damaged = |error| Error::Damaged(format!("blocks: {error}"));
        let mut blocks = archives::blocks(context.child("blocks"), PREFIX, &cache).await?;
        let certificates = context.child("certificates");
        let mut certificates = archives::certificates(certificates, PREFIX, &cache).await?;
        blocks = blocks.put(0, first.digest(), &Arc::new(first)).await.map_err(damaged)?;
        while let Some(Entry { block, certificate }) = next() {
            let (height, digest) = (block.header().height, block.digest());
            blocks = blocks.put(height, digest, &block).await.map_err(damaged)?;
            if let Some(certificate) = certificate {
                let put = certificates.put(height, digest, &certificate).await;
                certificates = put.map_err(damaged)?;
            }
            if height.is_multiple_of(ENTRIES_PER_SYNC) {
                blocks = blocks.sync().await.map_err(damaged)?;
                certificates = certificates.sync().await.map_err(damaged)?;
            }
        }
        blocks.sync().await.map_err(damaged)?;
        certificates.sync().await.map_err(damaged)?;
        Ok(())
    })
}
