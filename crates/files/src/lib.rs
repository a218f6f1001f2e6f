//! Files beside the ledger: originals of treaties and other documents, by their SHA-256.
//!
//! Acts name a file by the SHA-256 of its bytes and by nothing else. SHA-256 works through a file
//! from its beginning and keeps a state of 32 bytes; [`chain`] uses that: with the state before a
//! chunk and the state after it, the chunk is verified by itself. Sent from its end, a file is
//! therefore verified chunk by chunk from its digest alone, with no list that one would have to
//! trust: what a liar sends is refused before it is kept.
//!
//! A [`Store`] holds files in a directory. An [`Upload`] brings one in from its beginning, an
//! [`Arrival`] from its end, over any interruption; a [`Reader`] verifies what it reads. Nothing in
//! a file is executed, and no name that somebody chose becomes the name of a file.

mod arrival;
pub mod chain;
mod coming;
mod disk;
mod error;
pub mod media;
mod reader;
mod repair;
mod space;
mod store;
#[cfg(test)]
mod tests;
mod upload;

pub use arrival::Arrival;
pub use chain::{CHUNK_BYTES, Shape, State};
pub use error::Error;
pub use pacta_law::Digest;
pub use reader::Reader;
pub use space::{Limits, client_of};
pub use store::{Held, Standing, Store, Wanted};
pub use upload::Upload;
