//! A file that is handed in, from its beginning.

use std::{
    fs::{self, File},
    io,
    net::IpAddr,
    path::PathBuf,
    sync::atomic::{AtomicU64, Ordering},
};

use crate::{
    Digest,
    chain::{CHUNK_BYTES, Shape, State},
    disk::{Writing, remove},
    error::Error,
    media::{self, HEAD_BYTES},
    space::{Place, Promise},
    store::{Held, Store},
};

static NEXT: AtomicU64 = AtomicU64::new(0);

/// A file that is being handed in. Dropping it leaves nothing.
pub struct Upload {
    store: Store,
    announced: Option<Digest>,
    media_type: Option<String>,
    path: PathBuf,
    states_path: PathBuf,
    writing: Writing,
    /// Bytes of the chunk that is not full yet.
    chunk: Vec<u8>,
    head: Vec<u8>,
    state: State,
    /// States before each chunk that was written.
    states: Vec<State>,
    bytes: u64,
    promise: Promise,
    place: Place,
}

impl Store {
    /// Begins to take a file in. Whoever says its digest beforehand may use the space that is for
    /// files that acts name.
    ///
    /// # Errors
    /// [`Error::Busy`], [`Error::BadMediaType`], [`Error::Full`], [`Error::FullOfUnnamed`],
    /// [`Error::DiskFull`] or [`Error::Disk`].
    pub fn upload(
        &self,
        announced: Option<Digest>,
        media_type: Option<&str>,
    ) -> Result<Upload, Error> {
        self.upload_of(None, announced, media_type)
    }

    /// As [`Store::upload`], for a client that may hand in only so much at a time.
    ///
    /// # Errors
    /// Those of [`Store::upload`].
    pub fn upload_of(
        &self,
        client: Option<IpAddr>,
        announced: Option<Digest>,
        media_type: Option<&str>,
    ) -> Result<Upload, Error> {
        let media_type = media_type.map(media::read).transpose()?;
        let place = self.place(client)?;
        let is_named = |id| self.wants(&id).is_some_and(|wanted| wanted.named);
        let promise = self.promise(CHUNK_BYTES as u64, announced.is_some_and(is_named))?;
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = self.path("uploading", &number.to_string());
        let states_path = self.path("uploading", &format!("{number}.states"));
        let file = File::create(&path).map_err(|error| Error::at(&path, &error))?;
        Ok(Upload {
            store: self.clone(),
            announced,
            media_type,
            path,
            states_path,
            writing: Writing::new(file),
            chunk: Vec::with_capacity(CHUNK_BYTES),
            head: Vec::with_capacity(HEAD_BYTES),
            state: State::FIRST,
            states: Vec::new(),
            bytes: 0,
            promise,
            place,
        })
    }
}

impl Upload {
    /// Takes the next bytes.
    ///
    /// # Errors
    /// [`Error::TooLarge`], [`Error::BusyBytes`], [`Error::Full`], [`Error::FullOfUnnamed`],
    /// [`Error::DiskFull`] or [`Error::Disk`].
    pub fn write(&mut self, mut bytes: &[u8]) -> Result<(), Error> {
        let max = self.store.limits().file_bytes_max;
        if self.bytes() + bytes.len() as u64 > max {
            return Err(Error::TooLarge { max });
        }
        let head = bytes.len().min(HEAD_BYTES - self.head.len());
        self.head.extend_from_slice(&bytes[..head]);
        while !bytes.is_empty() {
            if self.chunk.len() == CHUNK_BYTES {
                self.put(None)?;
            }
            let part = bytes.len().min(CHUNK_BYTES - self.chunk.len());
            self.chunk.extend_from_slice(&bytes[..part]);
            bytes = &bytes[part..];
        }
        Ok(())
    }

    /// Writes the chunk that is full, or the last one of a file of a known shape.
    fn put(&mut self, shape: Option<Shape>) -> Result<(), Error> {
        let index = self.states.len() as u64;
        // The shape matters for the last chunk only: until then, any longer file will do.
        let longer = self.bytes + CHUNK_BYTES as u64 + 1;
        let shape = shape.or(Shape::of(longer)).ok_or(Error::Empty)?;
        let after = shape.after(index, self.state, &self.chunk).ok_or(Error::Empty)?;
        let needed = self.bytes + self.chunk.len() as u64;
        self.place.grow(self.chunk.len() as u64)?;
        let more = needed.saturating_sub(self.promise.bytes());
        if more > 0 {
            self.promise.grow(more)?;
        }
        let at = |error: io::Error| Error::at(&self.path, &error);
        self.writing.write_at(&self.chunk, self.bytes).map_err(at)?;
        self.bytes = needed;
        self.states.push(self.state);
        self.state = after;
        self.chunk.clear();
        Ok(())
    }

    /// Ends the file: it is held when this returns.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::OtherDigest`], [`Error::OtherMediaType`], and those of
    /// [`Upload::write`].
    pub fn finish(mut self) -> Result<Held, Error> {
        let shape = Shape::of(self.bytes + self.chunk.len() as u64).ok_or(Error::Empty)?;
        self.put(Some(shape))?;
        let id = Digest(self.state.0);
        if let Some(announced) = self.announced.filter(|announced| *announced != id) {
            return Err(Error::OtherDigest { announced, found: id });
        }
        if let Some(declared) = &self.media_type {
            media::check(declared, &self.head)?;
        }
        if let Some(held) = self.store.held(&id) {
            return Ok(held);
        }
        let states: Vec<u8> = self.states.iter().rev().flat_map(|state| state.0).collect();
        crate::disk::write_whole(&self.states_path, &states)?;
        self.writing.sync().map_err(|error| Error::at(&self.path, &error))?;
        let held = self.store.as_held(id, self.bytes, self.media_type.clone(), &self.head);
        self.store.publish(held, &self.path, &self.states_path)
    }

    /// How many bytes have come.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes + self.chunk.len() as u64
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        // After it was published there is nothing left here.
        if fs::exists(&self.path).unwrap_or(true) {
            remove(&self.path);
        }
        remove(&self.states_path);
    }
}
