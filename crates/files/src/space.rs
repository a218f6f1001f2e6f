//! Space: how much may be kept, and what is promised to files that come in.

use crate::{
    chain::CHUNK_BYTES,
    disk::free_bytes,
    error::Error,
    store::{Catalog, Store},
};

/// Files handed in at the same time, at most.
const UPLOADS_MAX: usize = 8;

/// How much may be kept, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Length of one file.
    pub file_bytes_max: u64,
    /// All files. A file under a chunk's length counts as a chunk.
    pub total_bytes_max: u64,
    /// All files that no act names.
    pub unnamed_bytes_max: u64,
    /// Space on the disk that is left for the ledger.
    pub reserve_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        const GIB: u64 = 1 << 30;
        Self {
            file_bytes_max: 4 * GIB,
            total_bytes_max: 256 * GIB,
            unnamed_bytes_max: 16 * GIB,
            reserve_bytes: GIB,
        }
    }
}

/// What a file takes of the limits.
fn charge(bytes: u64) -> u64 {
    bytes.max(CHUNK_BYTES as u64)
}

impl Catalog {
    fn taken(&self, only_unnamed: bool) -> u64 {
        let held = self.held.values().filter(|held| !(only_unnamed && held.named));
        let held: u64 = held.map(|held| charge(held.bytes)).sum();
        let promised = if only_unnamed { self.promised[1] } else { self.promised.iter().sum() };
        held.saturating_add(promised)
    }
}

/// Space that is promised to a file while the value lives.
pub(crate) struct Promise {
    store: Store,
    bytes: u64,
    named: bool,
}

impl Promise {
    /// Bytes promised so far.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Asks for more space.
    pub(crate) fn grow(&mut self, bytes: u64) -> Result<(), Error> {
        self.grow_on_disk(bytes, bytes)
    }

    /// Asks for more space, of which so much must still be free on the disk.
    fn grow_on_disk(&mut self, bytes: u64, free: u64) -> Result<(), Error> {
        self.store.allows(self.bytes + bytes, bytes, free, self.named)?;
        self.store.catalog().promised[usize::from(!self.named)] += bytes;
        self.bytes += bytes;
        Ok(())
    }
}

impl Drop for Promise {
    fn drop(&mut self) {
        self.store.catalog().promised[usize::from(!self.named)] -= self.bytes;
    }
}

/// While it lives, a file counts among those that are handed in.
pub(crate) struct Place(Store);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.catalog().uploads -= 1;
    }
}

impl Store {
    /// Whether so many bytes more may be kept of a file that then has so many, when so many must
    /// still be free on the disk.
    pub(crate) fn allows(
        &self,
        file_bytes: u64,
        more: u64,
        free: u64,
        named: bool,
    ) -> Result<(), Error> {
        let limits = self.limits();
        if file_bytes > limits.file_bytes_max {
            return Err(Error::TooLarge { max: limits.file_bytes_max });
        }
        {
            let catalog = self.catalog();
            if catalog.taken(false).saturating_add(more) > limits.total_bytes_max {
                return Err(Error::Full { max: limits.total_bytes_max });
            }
            if !named && catalog.taken(true).saturating_add(more) > limits.unnamed_bytes_max {
                return Err(Error::FullOfUnnamed { max: limits.unnamed_bytes_max });
            }
        }
        match free_bytes(self.folder())? < free.saturating_add(limits.reserve_bytes) {
            true => Err(Error::DiskFull),
            false => Ok(()),
        }
    }

    /// Promises space to a file that has taken some of it on the disk already.
    pub(crate) fn promise(&self, bytes: u64, taken: u64, named: bool) -> Result<Promise, Error> {
        let mut promise = Promise { store: self.clone(), bytes: 0, named };
        promise.grow_on_disk(bytes, bytes.saturating_sub(taken))?;
        Ok(promise)
    }

    /// A place among the files that are handed in.
    pub(crate) fn place(&self) -> Result<Place, Error> {
        let mut catalog = self.catalog();
        if catalog.uploads >= UPLOADS_MAX {
            return Err(Error::Busy { max: UPLOADS_MAX });
        }
        catalog.uploads += 1;
        Ok(Place(self.clone()))
    }
}
