//! The index: final blocks as a disposable SQLite database, and the queries of pages and API.
//!
//! Everything in it follows from the genesis and the final blocks, so it may be deleted at any time
//! and is rebuilt. It is written by one [`Index`] and read by any number of [`Reader`]s, which wait
//! for no writer.

mod error;
mod pool;
mod position;
mod project;
mod read;
mod rows;
mod tip;
mod treaties;
mod write;

pub use error::Error;
pub use position::{BadPosition, Position};
pub use read::{ROWS_MAX, Reader};
pub use rows::{Block, Entry};
pub use treaties::{ActorRow, TreatyRow};
pub use write::{EMPTY_BLOCKS_MAX, Index};
