//! The node: agreement on the order of acts, their execution, and everything kept of them. This
//! is the only library that imports the engine (Commonware).
//!
//! [`start_validator`] runs a validator over TCP in a data directory; [`engine::start`] runs the
//! same code on any runtime and network. Either way one uses it through a [`Handle`].

mod admit;
pub mod application;
mod archives;
pub mod backup;
mod bell;
pub mod block;
mod ceremony;
mod clerk;
pub mod committees;
pub mod contradiction;
mod credit;
pub mod databases;
pub mod dealer;
pub mod dial;
pub mod directory;
pub mod early;
pub mod elastic;
pub mod engine;
pub mod epochs;
mod error;
mod execute;
pub mod fair;
pub mod files;
pub mod gossip;
mod handle;
pub mod intake;
mod keys;
mod members;
pub mod mempool;
pub mod misconduct;
mod network;
mod paced;
mod pacing;
pub mod peers;
pub mod presence;
mod readiness;
mod reading;
mod receipts;
mod records;
mod resolver;
pub mod rollcall;
pub mod scheme;
pub mod secrets;
mod service;
mod shared;
mod sharing;
mod tempo;
mod turns;
pub mod types;
mod vault;
pub mod verify;
pub mod voting;
pub mod work;

pub use ceremony::{Ceremony, Desk, Founder, Made, News, hold};
pub use dealer::{NetworkShare, deal};
pub use error::Error;
pub use handle::{Finalized, Handle, Loaded, Status};
pub use intake::{Admitted, NotTaken};
pub use keys::{DealtTo, deal_to, validator_key, validator_secret};
pub use network::{Config, Node, start_validator};
pub use pacing::Pacing;
pub use shared::Disagreement;
pub use vault::Vault;
