//! SHA-256 of a file, chunk by chunk, in either direction.
//!
//! SHA-256 (FIPS 180-4) takes a message block by block: each turns a state of 256 bits into the
//! next, the first state is a constant, and the last, after a padding that holds the length, is the
//! digest. The states at the ends of chunks are the proof of each chunk: a chunk is genuine if it
//! turns the state before it into the state after it. Since nobody can find another chunk and state
//! that give the same state after, whoever knows the digest can verify the last chunk together with
//! the state before it; with that state, the chunk before; and so on to the first, before which
//! the state must be the constant. Then the digest of the whole is the one asked for, whatever one
//! believes of the steps.

use pacta_law::Digest;
use sha2::block_api::compress256;

/// Bytes of each chunk of a file but the last, which may have fewer. What two nodes send each other
/// depends on it.
pub const CHUNK_BYTES: usize = 256 * 1024;

/// Bytes that SHA-256 takes at a time.
const BLOCK_BYTES: usize = 64;

/// The state of SHA-256 between two chunks, as 32 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State(pub [u8; 32]);

impl State {
    /// The state before the first chunk of any file (FIPS 180-4, 5.3.3).
    pub const FIRST: Self = Self([
        0x6a, 0x09, 0xe6, 0x67, 0xbb, 0x67, 0xae, 0x85, 0x3c, 0x6e, 0xf3, 0x72, 0xa5, 0x4f, 0xf5,
        0x3a, 0x51, 0x0e, 0x52, 0x7f, 0x9b, 0x05, 0x68, 0x8c, 0x1f, 0x83, 0xd9, 0xab, 0x5b, 0xe0,
        0xcd, 0x19,
    ]);

    fn words(self) -> [u32; 8] {
        let (words, _) = self.0.as_chunks::<4>();
        std::array::from_fn(|place| u32::from_be_bytes(words[place]))
    }

    fn from_words(words: [u32; 8]) -> Self {
        let mut bytes = [0; 32];
        for (bytes, word) in bytes.as_chunks_mut::<4>().0.iter_mut().zip(words) {
            *bytes = word.to_be_bytes();
        }
        Self(bytes)
    }
}

impl From<Digest> for State {
    fn from(digest: Digest) -> Self {
        Self(digest.0)
    }
}

/// The length of a file, and with it the number and lengths of its chunks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    bytes: u64,
}

impl Shape {
    /// The shape of a file of so many bytes; none of an empty file, which is no document, nor of
    /// one whose length in bits SHA-256 cannot count.
    #[must_use]
    pub fn of(bytes: u64) -> Option<Self> {
        (bytes > 0 && bytes <= u64::MAX / 8).then_some(Self { bytes })
    }

    /// Length of the file, in bytes.
    #[must_use]
    pub fn bytes(self) -> u64 {
        self.bytes
    }

    /// How many chunks it has: at least one.
    #[must_use]
    pub fn chunks(self) -> u64 {
        self.bytes.div_ceil(CHUNK_BYTES as u64)
    }

    /// The last chunk.
    #[must_use]
    pub fn last(self) -> u64 {
        self.chunks() - 1
    }

    /// Where a chunk begins.
    #[must_use]
    pub fn start(self, chunk: u64) -> u64 {
        chunk.saturating_mul(CHUNK_BYTES as u64)
    }

    /// Length of a chunk, in bytes; 0 of one that the file does not have.
    #[must_use]
    pub fn chunk_bytes(self, chunk: u64) -> usize {
        let rest = self.bytes.saturating_sub(self.start(chunk));
        usize::try_from(rest).map_or(CHUNK_BYTES, |rest| rest.min(CHUNK_BYTES))
    }

    /// How many bytes the last so many chunks have.
    #[must_use]
    pub fn end_bytes(self, chunks: u64) -> u64 {
        self.bytes.saturating_sub(self.start(self.chunks().saturating_sub(chunks)))
    }

    /// Whether a chunk leads from the state before it to the state after it, and the first chunk
    /// from the constant.
    pub(crate) fn is_genuine(self, chunk: u64, before: State, bytes: &[u8], after: State) -> bool {
        (chunk > 0 || before == State::FIRST) && self.after(chunk, before, bytes) == Some(after)
    }

    /// The state after a chunk, from the state before it; none if the chunk has not the length that
    /// it must have. After the last chunk it is the digest of the file.
    #[must_use]
    pub fn after(self, chunk: u64, before: State, bytes: &[u8]) -> Option<State> {
        if bytes.is_empty() || bytes.len() != self.chunk_bytes(chunk) {
            return None;
        }
        let mut words = before.words();
        let (blocks, rest) = bytes.as_chunks::<BLOCK_BYTES>();
        compress256(&mut words, blocks);
        if chunk == self.last() {
            let mut end = [0; 2 * BLOCK_BYTES];
            end[..rest.len()].copy_from_slice(rest);
            end[rest.len()] = 0x80;
            let length = if rest.len() < BLOCK_BYTES - 8 { BLOCK_BYTES } else { 2 * BLOCK_BYTES };
            end[length - 8..length].copy_from_slice(&(self.bytes * 8).to_be_bytes());
            compress256(&mut words, end[..length].as_chunks::<BLOCK_BYTES>().0);
        }
        Some(State::from_words(words))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The digest by chunks, and by the law's own SHA-256.
    fn both(bytes: usize) -> (State, State) {
        let file: Vec<u8> = (0..bytes).map(|place| (place % 251) as u8).collect();
        let shape = Shape::of(bytes as u64).expect("not empty");
        let mut state = State::FIRST;
        for (chunk, bytes) in (0..).zip(file.chunks(CHUNK_BYTES)) {
            state = shape.after(chunk, state, bytes).expect("it has its length");
        }
        (state, Digest::of(&[&file]).into())
    }

    #[test]
    fn the_state_after_the_last_chunk_is_the_digest() {
        for bytes in [1, 55, 56, 63, 64, 65, 119, 120, 1000] {
            let (state, digest) = both(bytes);
            assert_eq!(state, digest, "{bytes}");
        }
        for around in [CHUNK_BYTES, 2 * CHUNK_BYTES, 3 * CHUNK_BYTES] {
            for bytes in [around - 1, around, around + 1, around + 56] {
                let (state, digest) = both(bytes);
                assert_eq!(state, digest, "{bytes}");
            }
        }
    }

    #[test]
    fn a_chunk_of_another_length_gives_no_state() {
        let shape = Shape::of(CHUNK_BYTES as u64 + 10).expect("not empty");
        assert_eq!((shape.chunks(), shape.last(), shape.start(1)), (2, 1, CHUNK_BYTES as u64));
        assert_eq!((shape.chunk_bytes(0), shape.chunk_bytes(1)), (CHUNK_BYTES, 10));
        assert_eq!((shape.chunk_bytes(2), shape.chunk_bytes(u64::MAX)), (0, 0));
        for (chunk, bytes) in [(0, 10), (0, CHUNK_BYTES - 1), (1, 9), (1, 11), (2, 0), (9, 1)] {
            assert!(shape.after(chunk, State::FIRST, &vec![0; bytes]).is_none(), "{chunk} {bytes}");
        }
        let ends = [0, 1, 2, 3].map(|chunks| shape.end_bytes(chunks));
        assert_eq!(ends, [0, 10, shape.bytes(), shape.bytes()]);
        assert!(Shape::of(0).is_none() && Shape::of(u64::MAX).is_none());
    }
}
