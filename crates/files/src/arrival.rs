//! A file that comes from others, from its end, over any interruption.
//!
//! What has come is known from the number of states that are kept; on resuming each of its chunks
//! is verified again, so that it does not matter what a crash left behind. The file on the disk has
//! its length from the first chunk on, as a hole: only chunks that have come take space.

use std::{
    fs::{File, OpenOptions},
    io,
    os::unix::fs::{FileExt as _, MetadataExt as _},
    path::{Path, PathBuf},
};

use crate::{
    Digest,
    chain::{CHUNK_BYTES, Shape, State},
    disk::Writing,
    error::Error,
    media::HEAD_BYTES,
    reader::STATE_BYTES,
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
    /// Whether its space is taken.
    roomy: bool,
}

impl Store {
    /// Begins or resumes a wanted file of a length that somebody told.
    ///
    /// Until its last chunk has come, the length is not known to be right, and no space is taken.
    /// From then on no other length is listened to.
    ///
    /// # Errors
    /// [`Error::Busy`] if it comes already, [`Error::OtherLength`], [`Error::TooLarge`],
    /// [`Error::Full`], [`Error::FullOfUnnamed`], [`Error::DiskFull`] or [`Error::Disk`], none of
    /// which loses what has come.
    pub fn arrive(&self, id: Digest, shape: Shape) -> Result<Arrival, Error> {
        let had = self.begin(id, shape)?;
        let room = self.make_room(&id, shape.bytes(), had, false);
        let arrival = room.and_then(|()| Arrival::resume(self.clone(), id, shape));
        if arrival.is_err() {
            self.pause(&id, None);
        }
        arrival
    }
}

impl Arrival {
    /// Verifies what is there, from the end, and forgets the rest.
    fn resume(store: Store, id: Digest, shape: Shape) -> Result<Self, Error> {
        let [path, states_path] = store.arriving_paths(&id);
        let open = |path: &PathBuf| {
            let mut options = OpenOptions::new();
            let file = options.read(true).write(true).create(true).truncate(false).open(path);
            file.map_err(|error| Error::at(path, &error))
        };
        let (file, states) = (open(&path)?, open(&states_path)?);
        let (mut had, mut expected) = (0, State::from(id));
        let mut buffer = vec![0; CHUNK_BYTES];
        while let Some(chunk) = shape.chunks().checked_sub(had + 1) {
            let bytes = &mut buffer[..shape.chunk_bytes(chunk)];
            let mut before = [0; 32];
            let read = read_there(&states, &states_path, &mut before, had * STATE_BYTES)?
                && read_there(&file, &path, bytes, shape.start(chunk))?;
            if !read || !shape.is_genuine(chunk, State(before), bytes, expected) {
                break;
            }
            expected = State(before);
            had += 1;
        }
        let roomy = had > 0;
        if roomy {
            store.make_room(&id, shape.bytes(), shape.end_bytes(had), true)?;
        }
        let cut = states.set_len(had * STATE_BYTES);
        cut.map_err(|error| Error::at(&states_path, &error))?;
        store.progress(&id, shape.end_bytes(had), false);
        let writing = Writing::new(file);
        Ok(Self { store, id, shape, path, states_path, writing, states, had, expected, roomy })
    }

    /// The chunk that is to come next; none when all have come.
    #[must_use]
    pub fn next(&self) -> Option<u64> {
        self.shape.chunks().checked_sub(self.had + 1)
    }

    /// How many bytes have come.
    #[must_use]
    pub fn had_bytes(&self) -> u64 {
        self.shape.end_bytes(self.had)
    }

    /// The file's shape, which is known to be right once a chunk has come.
    #[must_use]
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// Takes the next chunk, if it is genuine.
    ///
    /// # Errors
    /// [`Error::WrongChunk`] if it is not, and nothing is kept of it; [`Error::Full`],
    /// [`Error::FullOfUnnamed`], [`Error::DiskFull`] or [`Error::Disk`], after which the same
    /// chunk can be given again.
    pub fn accept(&mut self, chunk: u64, before: State, bytes: &[u8]) -> Result<(), Error> {
        let genuine = || self.shape.is_genuine(chunk, before, bytes, self.expected);
        if self.next() != Some(chunk) || !genuine() {
            return Err(Error::WrongChunk);
        }
        if !self.roomy {
            self.store.make_room(&self.id, self.shape.bytes(), self.had_bytes(), true)?;
            self.roomy = true;
        }
        if self.had == 0 {
            let length = self.writing.file().set_len(self.shape.bytes());
            length.map_err(|error| Error::at(&self.path, &error))?;
        }
        let written = self.writing.write_at(bytes, self.shape.start(chunk));
        written.map_err(|error| Error::at(&self.path, &error))?;
        let noted = self.states.write_all_at(&before.0, self.had * STATE_BYTES);
        noted.map_err(|error| Error::at(&self.states_path, &error))?;
        self.expected = before;
        self.had += 1;
        self.store.progress(&self.id, self.had_bytes(), true);
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
        if let Some(held) = self.store.held(&self.id) {
            return Ok(held); // it was handed in meanwhile
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
        self.store.pause(&self.id, Some(self.had_bytes()));
    }
}

/// Reads what may end before; whether it was there.
fn read_there(file: &File, path: &Path, bytes: &mut [u8], from: u64) -> Result<bool, Error> {
    match file.read_exact_at(bytes, from) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(Error::at(path, &error)),
    }
}

/// What is left of a file that came in part: its length, how much has come, and what it takes on
/// the disk; none if it cannot be resumed.
pub(crate) fn left(store: &Store, id: &Digest) -> Result<Option<(Shape, u64, u64)>, Error> {
    let [path, states_path] = store.arriving_paths(id);
    let open = |path: &PathBuf| match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        opened => opened.map(Some).map_err(|error| Error::at(path, &error)),
    };
    let (Some(file), Some(states)) = (open(&path)?, open(&states_path)?) else { return Ok(None) };
    let about = |file: &File, path| file.metadata().map_err(|error| Error::at(path, &error));
    let (bytes, noted) = (about(&file, &path)?, about(&states, &states_path)?);
    let Some(shape) = Shape::of(bytes.len()) else { return Ok(None) };
    let mut before = [0; 32];
    let mut last = vec![0; shape.chunk_bytes(shape.last())];
    let genuine = read_there(&states, &states_path, &mut before, 0)?
        && read_there(&file, &path, &mut last, shape.start(shape.last()))?
        && shape.is_genuine(shape.last(), State(before), &last, State::from(*id));
    let had = shape.end_bytes(noted.len() / STATE_BYTES);
    Ok(genuine.then(|| (shape, had, had.max(bytes.blocks() * BLOCK_BYTES))))
}
