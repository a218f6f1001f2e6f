//! A file that comes from others, from its end, over any interruption.
//!
//! What has come is known from the number of states that are kept; on resuming each of its chunks
//! is verified again, so that it does not matter what a crash left behind.

use std::{
    fs::{File, OpenOptions},
    io,
    os::unix::fs::{FileExt as _, MetadataExt as _},
    path::PathBuf,
};

use crate::{
    Digest,
    chain::{CHUNK_BYTES, Shape, State},
    disk::{self, Writing},
    error::Error,
    media::HEAD_BYTES,
    reader::STATE_BYTES,
    space::Promise,
    store::{Held, Store},
};

/// The unit in which the system tells the space that a file takes.
const BLOCK_BYTES: u64 = 512;

/// A file that is coming. Dropping it keeps what has come, for the next time.
pub struct Arrival {
    store: Store,
    id: Digest,
    shape: Shape,
    path: PathBuf,
    states_path: PathBuf,
    writing: Writing,
    states: File,
    /// How many chunks have come, from the last on.
    had: u64,
    /// The state after the next chunk.
    expected: State,
    named: bool,
    promise: Option<Promise>,
}

impl Store {
    /// Begins or resumes a wanted file of a length that somebody told.
    ///
    /// Until its last chunk has come, the length is not known to be right, and no space is taken.
    ///
    /// # Errors
    /// [`Error::Busy`] if it comes already, [`Error::TooLarge`], [`Error::Full`],
    /// [`Error::FullOfUnnamed`], [`Error::DiskFull`] or [`Error::Disk`].
    pub fn arrive(&self, id: Digest, shape: Shape) -> Result<Arrival, Error> {
        let named = self.wants(&id).is_some_and(|wanted| wanted.named);
        self.allows(shape.bytes(), shape.bytes(), 0, named)?;
        self.begin(id, shape)?;
        let arrival = Arrival::open(self.clone(), id, shape, named);
        if arrival.is_err() {
            self.progress(&id, None);
        }
        arrival
    }
}

impl Arrival {
    fn open(store: Store, id: Digest, shape: Shape, named: bool) -> Result<Self, Error> {
        let path = store.path("arriving", &id.to_string());
        let states_path = store.path("arriving", &format!("{id}.states"));
        let open = |path: &PathBuf| {
            let mut options = OpenOptions::new();
            let file = options.read(true).write(true).create(true).truncate(false).open(path);
            file.map_err(|error| Error::at(path, &error))
        };
        let (file, states) = (open(&path)?, open(&states_path)?);
        let mut arrival = Self {
            store,
            id,
            shape,
            path,
            states_path,
            writing: Writing::new(file),
            states,
            had: 0,
            expected: id.into(),
            named,
            promise: None,
        };
        arrival.resume()?;
        Ok(arrival)
    }

    /// Verifies what is there, from the end, and forgets the rest.
    fn resume(&mut self) -> Result<(), Error> {
        let mut buffer = vec![0; CHUNK_BYTES];
        while let Some(chunk) = self.next() {
            let bytes = &mut buffer[..self.shape.chunk_bytes(chunk)];
            let mut before = [0; 32];
            let read = self.states.read_exact_at(&mut before, self.had * STATE_BYTES);
            let read = read
                .and_then(|()| self.writing.file().read_exact_at(bytes, self.shape.start(chunk)));
            if read.is_err() || !self.is_next(chunk, State(before), bytes) {
                break;
            }
            self.expected = State(before);
            self.had += 1;
        }
        if self.had > 0 {
            self.take_space()?;
        }
        let states = self.states.set_len(self.had * STATE_BYTES);
        states.map_err(|error| Error::at(&self.states_path, &error))?;
        self.store.progress(&self.id, Some(self.had_bytes()));
        Ok(())
    }

    /// The chunk that is to come next; none when all have come.
    #[must_use]
    pub fn next(&self) -> Option<u64> {
        self.shape.chunks().checked_sub(self.had + 1)
    }

    /// How many bytes have come.
    #[must_use]
    pub fn had_bytes(&self) -> u64 {
        match self.next() {
            Some(next) => self.shape.bytes() - self.shape.start(next + 1).min(self.shape.bytes()),
            None => self.shape.bytes(),
        }
    }

    /// The file's shape, which is known to be right once a chunk has come.
    #[must_use]
    pub fn shape(&self) -> Shape {
        self.shape
    }

    fn is_next(&self, chunk: u64, before: State, bytes: &[u8]) -> bool {
        self.next() == Some(chunk)
            && (chunk > 0 || before == State::FIRST)
            && self.shape.after(chunk, before, bytes) == Some(self.expected)
    }

    /// Takes the next chunk, if it is genuine.
    ///
    /// # Errors
    /// [`Error::WrongChunk`] if it is not, and nothing is kept of it; [`Error::Full`],
    /// [`Error::FullOfUnnamed`], [`Error::DiskFull`] or [`Error::Disk`], after which the same
    /// chunk can be given again.
    pub fn accept(&mut self, chunk: u64, before: State, bytes: &[u8]) -> Result<(), Error> {
        if !self.is_next(chunk, before, bytes) {
            return Err(Error::WrongChunk);
        }
        self.take_space()?;
        let written = self.writing.write_at(bytes, self.shape.start(chunk));
        written.map_err(|error| Error::at(&self.path, &error))?;
        let noted = self.states.write_all_at(&before.0, self.had * STATE_BYTES);
        noted.map_err(|error| Error::at(&self.states_path, &error))?;
        self.expected = before;
        self.had += 1;
        self.store.progress(&self.id, Some(self.had_bytes()));
        Ok(())
    }

    /// Takes space for the whole file, once its length is known to be right.
    fn take_space(&mut self) -> Result<(), Error> {
        if self.promise.is_none() {
            let file = self.writing.file().metadata();
            let taken = file.map_err(|error| Error::at(&self.path, &error))?.blocks() * BLOCK_BYTES;
            let promise = self.store.promise(self.shape.bytes(), taken, self.named)?;
            disk::reserve(self.writing.file(), &self.path, self.shape.bytes())?;
            let length = self.writing.file().set_len(self.shape.bytes());
            length.map_err(|error| Error::at(&self.path, &error))?;
            self.promise = Some(promise);
        }
        Ok(())
    }

    /// Makes a file of which all chunks have come durable, and holds it.
    ///
    /// # Errors
    /// [`Error::WrongChunk`] if chunks are missing, [`Error::DiskFull`] or [`Error::Disk`].
    pub fn finish(mut self) -> Result<Held, Error> {
        if self.next().is_some() {
            return Err(Error::WrongChunk);
        }
        let at = |path: &PathBuf| {
            let path = path.clone();
            move |error: io::Error| Error::at(&path, &error)
        };
        self.writing.sync().map_err(at(&self.path))?;
        self.states.sync_all().map_err(at(&self.states_path))?;
        let head =
            usize::try_from(self.shape.bytes()).map_or(HEAD_BYTES, |all| all.min(HEAD_BYTES));
        let mut head = vec![0; head];
        self.writing.file().read_exact_at(&mut head, 0).map_err(at(&self.path))?;
        let held = self.store.as_held(self.id, self.shape.bytes(), None, &head);
        self.store.publish(held, &self.path, &self.states_path)
    }
}

impl Drop for Arrival {
    fn drop(&mut self) {
        self.store.progress(&self.id, None);
    }
}
