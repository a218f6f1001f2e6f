//! Space: how much may be kept, and what is promised to files that come in.

use std::net::IpAddr;

use crate::{
    Digest,
    chain::CHUNK_BYTES,
    disk::free_bytes,
    error::Error,
    store::{Catalog, Store},
};

/// Files handed in at the same time, at most: in all, and by one client.
pub(crate) const UPLOADS_MAX: usize = 8;
pub(crate) const UPLOADS_OF_ONE_MAX: usize = 4;
/// Files of the greatest length that all uploads of one time may amount to.
const UPLOADS_WHOLE: u64 = 2;

/// How much may be kept, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Length of one file, and of all that one client hands in at a time.
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
pub(crate) fn charge(bytes: u64) -> u64 {
    bytes.max(CHUNK_BYTES as u64)
}

impl Catalog {
    /// What is taken by files that are held, that have come in part, and that are handed in.
    pub(crate) fn taken(&self, only_unnamed: bool) -> u64 {
        let is_named = |id| self.wanted.get(id).is_some_and(|want| want.wanted.named);
        let held = self.held.values().filter(|held| !(only_unnamed && held.named));
        let held: u64 = held.map(|held| charge(held.bytes)).sum();
        let coming = self.arriving.iter().filter(|(id, _)| !(only_unnamed && is_named(id)));
        let coming: u64 = coming.map(|(_, coming)| coming.charge).sum();
        let promised = if only_unnamed { self.promised[1] } else { self.promised.iter().sum() };
        held.saturating_add(coming).saturating_add(promised)
    }

    /// Whether so many bytes more may be kept.
    fn allows(&self, limits: &Limits, more: u64, named: bool) -> Result<(), Error> {
        if self.taken(false).saturating_add(more) > limits.total_bytes_max {
            return Err(Error::Full { max: limits.total_bytes_max });
        }
        if !named && self.taken(true).saturating_add(more) > limits.unnamed_bytes_max {
            return Err(Error::FullOfUnnamed { max: limits.unnamed_bytes_max });
        }
        Ok(())
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
        self.store.fits(self.bytes + bytes, bytes)?;
        let mut catalog = self.store.catalog();
        catalog.allows(&self.store.limits(), bytes, self.named)?;
        catalog.promised[usize::from(!self.named)] += bytes;
        self.bytes += bytes;
        Ok(())
    }
}

impl Drop for Promise {
    fn drop(&mut self) {
        self.store.catalog().promised[usize::from(!self.named)] -= self.bytes;
    }
}

/// What one client hands in now.
#[derive(Default)]
pub(crate) struct Uploads {
    count: usize,
    bytes: u64,
}

/// While it lives, a file counts among those that are handed in.
pub(crate) struct Place {
    store: Store,
    client: Option<IpAddr>,
    bytes: u64,
}

impl Place {
    /// Counts so many bytes more.
    pub(crate) fn grow(&mut self, bytes: u64) -> Result<(), Error> {
        let each = self.store.limits().file_bytes_max;
        let all = each.saturating_mul(UPLOADS_WHOLE);
        let mut catalog = self.store.catalog();
        let now: u64 = catalog.uploads.values().map(|uploads| uploads.bytes).sum();
        if now.saturating_add(bytes) > all {
            return Err(Error::BusyBytes { max: all });
        }
        let uploads = catalog.uploads.entry(self.client).or_default();
        if self.client.is_some() && uploads.bytes.saturating_add(bytes) > each {
            return Err(Error::BusyBytes { max: each });
        }
        uploads.bytes += bytes;
        self.bytes += bytes;
        Ok(())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut catalog = self.store.catalog();
        if let Some(uploads) = catalog.uploads.get_mut(&self.client) {
            uploads.count -= 1;
            uploads.bytes -= self.bytes;
            if uploads.count == 0 {
                catalog.uploads.remove(&self.client);
            }
        }
    }
}

/// Those who count as one client: a line of IPv6 has a whole /64 of addresses.
pub(crate) fn client_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::from([a, b, c, d, 0, 0, 0, 0])
        }
        address => address,
    }
}

impl Store {
    /// Whether a file may have this length, and so much is free on the disk.
    fn fits(&self, file_bytes: u64, free: u64) -> Result<(), Error> {
        let limits = self.limits();
        if file_bytes > limits.file_bytes_max {
            return Err(Error::TooLarge { max: limits.file_bytes_max });
        }
        match free_bytes(self.folder())? < free.saturating_add(limits.reserve_bytes) {
            true => Err(Error::DiskFull),
            false => Ok(()),
        }
    }

    /// Promises space to a file.
    pub(crate) fn promise(&self, bytes: u64, named: bool) -> Result<Promise, Error> {
        let mut promise = Promise { store: self.clone(), bytes: 0, named };
        promise.grow(bytes)?;
        Ok(promise)
    }

    /// Whether a file that comes, of which so much is here, fits as a whole. With `take`, it
    /// counts as a whole from now on, until its transfer pauses.
    pub(crate) fn make_room(
        &self,
        id: &Digest,
        bytes: u64,
        had: u64,
        take: bool,
    ) -> Result<(), Error> {
        self.fits(bytes, bytes.saturating_sub(had))?;
        let mut catalog = self.catalog();
        let named = catalog.wanted.get(id).is_some_and(|want| want.wanted.named);
        let charged = catalog.arriving.get(id).map_or(0, |coming| coming.charge);
        catalog.allows(&self.limits(), charge(bytes).saturating_sub(charged), named)?;
        if let Some(coming) = catalog.arriving.get_mut(id).filter(|_| take) {
            coming.charge = coming.charge.max(charge(bytes));
        }
        Ok(())
    }

    /// A place among the files that are handed in.
    pub(crate) fn place(&self, client: Option<IpAddr>) -> Result<Place, Error> {
        let client = client.map(client_of);
        let mut catalog = self.catalog();
        let all: usize = catalog.uploads.values().map(|uploads| uploads.count).sum();
        if all >= UPLOADS_MAX {
            return Err(Error::Busy { max: UPLOADS_MAX });
        }
        let uploads = catalog.uploads.entry(client).or_default();
        if client.is_some() && uploads.count >= UPLOADS_OF_ONE_MAX {
            return Err(Error::Busy { max: UPLOADS_OF_ONE_MAX });
        }
        uploads.count += 1;
        Ok(Place { store: self.clone(), client, bytes: 0 })
    }
}
