//! Reading of held files, each chunk verified: a disk is not believed either.

use std::{
    fs::File,
    io,
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
};

use crate::{
    chain::{CHUNK_BYTES, Shape, State},
    error::Error,
    store::Held,
};

pub(crate) const STATE_BYTES: u64 = 32;

/// A held file, open for reading.
pub struct Reader {
    held: Held,
    shape: Shape,
    bytes: File,
    states: File,
    path: PathBuf,
}

impl Reader {
    pub(crate) fn open(held: Held, path: &Path, states: &Path) -> Result<Self, Error> {
        let damaged = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound => Error::Damaged(held.id),
            _ => Error::at(path, &error),
        };
        let shape = Shape::of(held.bytes).ok_or(Error::Damaged(held.id))?;
        let bytes = File::open(path).map_err(damaged)?;
        let states = File::open(states).map_err(damaged)?;
        Ok(Self { held, shape, bytes, states, path: path.into() })
    }

    /// The file.
    #[must_use]
    pub fn held(&self) -> &Held {
        &self.held
    }

    /// Its shape.
    #[must_use]
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// A chunk after so many bytes of room for others to fill, and the state before it.
    ///
    /// # Errors
    /// [`Error::Damaged`] if it is not what it was or the file has no such chunk, [`Error::Disk`].
    pub fn chunk(&self, chunk: u64, room: usize) -> Result<(State, Vec<u8>), Error> {
        let (before, bytes) = self.unverified_chunk(chunk, room)?;
        let expected = match chunk == self.shape.last() {
            true => State::from(self.held.id),
            false => self.state_before(chunk + 1)?,
        };
        match self.shape.is_genuine(chunk, before, &bytes[room..], expected) {
            true => Ok((before, bytes)),
            false => Err(Error::Damaged(self.held.id)),
        }
    }

    /// As [`Reader::chunk`], for somebody who verifies it himself.
    ///
    /// # Errors
    /// [`Error::Damaged`] if the file ends before it, [`Error::Disk`].
    pub fn unverified_chunk(&self, chunk: u64, room: usize) -> Result<(State, Vec<u8>), Error> {
        if chunk > self.shape.last() {
            return Err(Error::Damaged(self.held.id));
        }
        let mut bytes = vec![0; room + self.shape.chunk_bytes(chunk)];
        let read = self.bytes.read_exact_at(&mut bytes[room..], self.shape.start(chunk));
        read.map_err(|error| self.unread(&error))?;
        Ok((self.state_before(chunk)?, bytes))
    }

    fn state_before(&self, chunk: u64) -> Result<State, Error> {
        let mut state = [0; 32];
        let place = (self.shape.last() - chunk) * STATE_BYTES;
        let read = self.states.read_exact_at(&mut state, place);
        read.map_err(|error| self.unread(&error))?;
        Ok(State(state))
    }

    fn unread(&self, error: &io::Error) -> Error {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Error::Damaged(self.held.id),
            _ => Error::at(&self.path, error),
        }
    }
}

/// The states of a file, made from its bytes; none if its digest is another or it ends early. What
/// cannot be read is an error: a disk that fails to answer says nothing of the bytes.
pub(crate) fn states_of(path: &Path, held: &Held) -> Result<Option<Vec<u8>>, Error> {
    let Some(shape) = Shape::of(held.bytes) else { return Ok(None) };
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(|error| Error::at(path, &error))?,
    };
    let (mut state, mut states) = (State::FIRST, Vec::new());
    let mut buffer = vec![0; CHUNK_BYTES];
    for chunk in 0..shape.chunks() {
        let bytes = &mut buffer[..shape.chunk_bytes(chunk)];
        match file.read_exact_at(bytes, shape.start(chunk)) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            read => read.map_err(|error| Error::at(path, &error))?,
        }
        let Some(after) = shape.after(chunk, state, bytes) else { return Ok(None) };
        states.push(state);
        state = after;
    }
    let states = states.iter().rev().flat_map(|state| state.0).collect();
    Ok((state == State::from(held.id)).then_some(states))
}
