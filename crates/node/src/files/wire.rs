//! What validators send each other about files. Numbers are big-endian; each form has one length,
//! but for a chunk, which ends the message.

use commonware_runtime::IoBuf;
use pacta_files::{CHUNK_BYTES, Digest, State};

/// Bytes before those of a chunk.
pub const CHUNK_HEADER_BYTES: usize = 1 + 32 + 8 + 8 + 32;
/// Bytes of one message, at most.
pub const MESSAGE_BYTES_MAX: u32 = (CHUNK_HEADER_BYTES + CHUNK_BYTES) as u32;
const WHO: u8 = 1;
const HAS: u8 = 2;
const ASK: u8 = 3;
const CHUNK: u8 = 4;
const GONE: u8 = 5;
const WRONG: u8 = 6;

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// Who holds this file?
    Who(Digest),
    /// The sender holds this file of so many bytes.
    Has(Digest, u64),
    /// The receiver is to send these chunks.
    Ask {
        /// The file.
        id: Digest,
        /// Its length.
        bytes: u64,
        /// The last of the chunks, which is sent first.
        from: u64,
        /// How many, down from there.
        count: u8,
    },
    /// A chunk.
    Chunk {
        /// The file.
        id: Digest,
        /// Its length.
        bytes: u64,
        /// The chunk.
        chunk: u64,
        /// The state of SHA-256 before it.
        before: State,
        /// Its bytes.
        data: IoBuf,
    },
    /// The sender does not hold this file of so many bytes, or no such chunk.
    Gone(Digest, u64, u64),
    /// The chunk of this file of so many bytes that the receiver sent is wrong.
    Wrong(Digest, u64, u64),
}

impl Message {
    /// The bytes of a message that is no chunk; those of chunks are written by [`write_header`].
    pub fn to_bytes(&self) -> Vec<u8> {
        let parts = |kind: u8, id: &Digest, numbers: &[u64]| {
            let mut bytes = vec![kind];
            bytes.extend_from_slice(&id.0);
            numbers.iter().for_each(|number| bytes.extend_from_slice(&number.to_be_bytes()));
            bytes
        };
        match self {
            Self::Who(id) => parts(WHO, id, &[]),
            Self::Has(id, bytes) => parts(HAS, id, &[*bytes]),
            Self::Ask { id, bytes, from, count } => {
                let mut message = parts(ASK, id, &[*bytes, *from]);
                message.push(*count);
                message
            }
            Self::Gone(id, bytes, chunk) => parts(GONE, id, &[*bytes, *chunk]),
            Self::Wrong(id, bytes, chunk) => parts(WRONG, id, &[*bytes, *chunk]),
            Self::Chunk { id, bytes, chunk, before, data } => {
                let mut message = vec![0; CHUNK_HEADER_BYTES];
                write_header(&mut message, id, *bytes, *chunk, *before);
                message.extend_from_slice(data.as_ref());
                message
            }
        }
    }

    /// Reads a message; none if it is malformed.
    pub fn read(message: &IoBuf) -> Option<Self> {
        let bytes: &[u8] = message.as_ref();
        let (kind, rest) = bytes.split_first()?;
        let (id, rest) = rest.split_first_chunk::<32>()?;
        let id = Digest(*id);
        let (numbers, odd) = rest.as_chunks::<8>();
        let number = |place: usize| numbers.get(place).map(|number| u64::from_be_bytes(*number));
        match (*kind, rest.len()) {
            (WHO, 0) => Some(Self::Who(id)),
            (HAS, 8) => Some(Self::Has(id, number(0)?)),
            (ASK, 17) => Some(Self::Ask { id, bytes: number(0)?, from: number(1)?, count: odd[0] }),
            (GONE, 16) => Some(Self::Gone(id, number(0)?, number(1)?)),
            (WRONG, 16) => Some(Self::Wrong(id, number(0)?, number(1)?)),
            (CHUNK, 49..) if bytes.len() <= MESSAGE_BYTES_MAX as usize => Some(Self::Chunk {
                id,
                bytes: number(0)?,
                chunk: number(1)?,
                before: State(*rest.get(16..)?.first_chunk()?),
                data: message.slice(CHUNK_HEADER_BYTES..),
            }),
            _ => None,
        }
    }
}

/// Writes what precedes the bytes of a chunk into the first [`CHUNK_HEADER_BYTES`] of a message.
pub fn write_header(message: &mut [u8], id: &Digest, bytes: u64, chunk: u64, before: State) {
    message[0] = CHUNK;
    message[1..33].copy_from_slice(&id.0);
    message[33..41].copy_from_slice(&bytes.to_be_bytes());
    message[41..49].copy_from_slice(&chunk.to_be_bytes());
    message[49..CHUNK_HEADER_BYTES].copy_from_slice(&before.0);
}
