//! A disk that may be full, fail or lie.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use commonware_runtime::{
    Error, Handle, IoBufs, IoBufsMut, ReadOptions, Storage, WriteOptions, deterministic::Context,
};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use serde::Serialize;

use super::Hardware;

/// Keeps the random numbers of disks apart from all others.
const STREAM: u64 = 0x0064_6973_6b73;
/// Of so many reads a disk that misreads gives one with a wrong bit.
const READS_PER_WRONG_ONE: u32 = 50;
/// Of so many requests to make data durable a disk that forgets ignores one.
const SYNCS_PER_FORGOTTEN_ONE: u32 = 3;

type Inner = <Context as Storage>::Blob;

/// What can be the matter with an honest disk for a time: it says so, and loses nothing that it
/// said it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Trouble {
    /// There is room for so many bytes more; of the write that takes the last of it, the beginning
    /// is written.
    Full {
        /// The room.
        left_bytes: u64,
    },
    /// Of each thousand requests so many fail.
    Failing {
        /// How many.
        per_mille: u32,
    },
}

/// How a disk lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Lie {
    /// It says that data is durable that is lost when the process ends.
    Forgets,
    /// It gives data of which a bit is wrong.
    Misreads,
}

/// What a disk did that a good one does not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Harm {
    /// Requests that failed for want of room.
    pub full: u64,
    /// Requests that failed otherwise.
    pub failed: u64,
    /// Requests to make data durable that were ignored.
    pub forgotten: u64,
    /// Reads that gave a wrong bit.
    pub misread: u64,
}

impl Harm {
    /// Adds up.
    pub fn add(&mut self, other: &Self) {
        self.full += other.full;
        self.failed += other.failed;
        self.forgotten += other.forgotten;
        self.misread += other.misread;
    }
}

/// A disk.
pub struct Disk {
    rng: StdRng,
    trouble: Option<Trouble>,
    lie: Option<Lie>,
    harm: Harm,
}

impl Disk {
    /// The disk of a validator.
    pub fn new(seed: u64, validator: u32, lie: Option<Lie>) -> Self {
        let rng = StdRng::seed_from_u64(seed ^ STREAM ^ (u64::from(validator) << 48));
        Self { rng, trouble: None, lie, harm: Harm::default() }
    }

    /// From now on it is in this trouble, or in none.
    pub fn set_trouble(&mut self, trouble: Option<Trouble>) {
        self.trouble = trouble;
    }

    /// Whether it is in trouble.
    pub fn is_in_trouble(&self) -> bool {
        self.trouble.is_some()
    }

    /// How it lies, if it does.
    pub fn lie(&self) -> Option<Lie> {
        self.lie
    }

    /// What it has done so far.
    pub fn harm(&self) -> Harm {
        self.harm
    }

    /// Fails now and then, if it is a failing disk.
    pub fn fail(&mut self) -> io::Result<()> {
        match self.trouble {
            Some(Trouble::Failing { per_mille }) if self.rng.random_range(0..1_000) < per_mille => {
                self.harm.failed += 1;
                Err(io::Error::other("the disk failed"))
            }
            _ => Ok(()),
        }
    }

    /// Whether no room is left.
    pub fn is_full(&self) -> bool {
        matches!(self.trouble, Some(Trouble::Full { left_bytes: 0 }))
    }

    /// Says that no room is left.
    pub fn full(&mut self) -> io::Error {
        self.harm.full += 1;
        io::ErrorKind::StorageFull.into()
    }

    /// Takes room; how many of the bytes do not fit.
    pub fn take(&mut self, bytes: u64) -> u64 {
        let Some(Trouble::Full { left_bytes }) = &mut self.trouble else { return 0 };
        let fits = bytes.min(*left_bytes);
        *left_bytes -= fits;
        bytes - fits
    }

    /// Whether this request to make data durable is ignored.
    pub fn forgets(&mut self) -> bool {
        let forgets = self.lie == Some(Lie::Forgets)
            && self.rng.random_range(0..SYNCS_PER_FORGOTTEN_ONE) == 0;
        self.harm.forgotten += u64::from(forgets);
        forgets
    }

    /// Turns a bit of what was read, now and then, if it is a disk that misreads.
    pub fn misread(&mut self, bytes: &mut [u8]) {
        if self.lie == Some(Lie::Misreads)
            && !bytes.is_empty()
            && self.rng.random_range(0..READS_PER_WRONG_ONE) == 0
        {
            let place = self.rng.random_range(0..bytes.len());
            bytes[place] ^= 1 << self.rng.random_range(0..8);
            self.harm.misread += 1;
        }
    }
}

/// A file on a disk.
pub struct Blob {
    inner: Inner,
    hardware: Arc<Hardware>,
    bytes: AtomicU64,
}

impl Blob {
    /// A file that was opened, with its length.
    pub fn new(inner: Inner, hardware: Arc<Hardware>, bytes: u64) -> Self {
        Self { inner, hardware, bytes: AtomicU64::new(bytes) }
    }

    fn fail(&self) -> io::Result<()> {
        self.hardware.disk.lock().fail()
    }

    /// Takes room for a file that then has this length; how many bytes do not fit.
    fn grow(&self, bytes: u64) -> u64 {
        let growth = bytes.saturating_sub(self.bytes.load(Ordering::Relaxed));
        self.hardware.disk.lock().take(growth)
    }

    fn full(&self) -> io::Error {
        self.hardware.disk.lock().full()
    }

    fn forgets(&self) -> bool {
        self.hardware.disk.lock().forgets()
    }

    fn misread(&self, mut read: IoBufsMut) -> IoBufsMut {
        if let Some(bytes) = read.as_single_mut() {
            self.hardware.disk.lock().misread(bytes.as_mut());
        }
        read
    }
}

impl commonware_runtime::Blob for Blob {
    async fn read_at_buf(
        &self,
        offset: u64,
        bytes: usize,
        buffers: impl Into<IoBufsMut> + Send,
        options: ReadOptions,
    ) -> Result<IoBufsMut, Error> {
        self.fail()?;
        let read = self.inner.read_at_buf(offset, bytes, buffers, options).await?;
        Ok(self.misread(read))
    }

    async fn read_at(
        &self,
        offset: u64,
        bytes: usize,
        options: ReadOptions,
    ) -> Result<IoBufsMut, Error> {
        self.fail()?;
        let read = self.inner.read_at(offset, bytes, options).await?;
        Ok(self.misread(read))
    }

    async fn write_at(
        &self,
        offset: u64,
        buffers: impl Into<IoBufs> + Send,
        mut options: WriteOptions,
    ) -> Result<(), Error> {
        let mut buffers: IoBufs = buffers.into();
        self.fail()?;
        let end = offset.checked_add(buffers.len() as u64).ok_or(Error::OffsetOverflow)?;
        let lacking = self.grow(end);
        if options.contains(WriteOptions::SYNC) && self.forgets() {
            options = options.without(WriteOptions::SYNC);
        }
        if lacking > 0 {
            let fits = buffers.len() as u64 - lacking.min(buffers.len() as u64);
            let beginning = buffers.split_to(usize::try_from(fits).unwrap_or_default());
            self.inner.write_at(offset, beginning, options).await?;
            self.bytes.fetch_max(offset + fits, Ordering::Relaxed);
            return Err(self.full().into());
        }
        self.inner.write_at(offset, buffers, options).await?;
        self.bytes.fetch_max(end, Ordering::Relaxed);
        Ok(())
    }

    async fn resize(&self, bytes: u64) -> Result<(), Error> {
        self.fail()?;
        if self.grow(bytes) > 0 {
            return Err(self.full().into());
        }
        self.inner.resize(bytes).await?;
        self.bytes.store(bytes, Ordering::Relaxed);
        Ok(())
    }

    async fn sync(&self) -> Result<(), Error> {
        self.fail()?;
        if self.forgets() { Ok(()) } else { self.inner.sync().await }
    }

    async fn start_sync(&self) -> Handle<()> {
        if let Err(error) = self.fail() {
            return Handle::ready(Err(error.into()));
        }
        if self.forgets() { Handle::ready(Ok(())) } else { self.inner.start_sync().await }
    }
}
