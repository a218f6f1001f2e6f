//! The law: acts in, ledger changes and events out.
//!
//! A pure function. It reads no clock, no file and no network, knows no floating point and no
//! unordered map, and gives the same bytes on every machine. Whoever calls it loads the records it
//! asks for ([`Missing`]), so that the ledger is bounded by the disk and not by memory.
//!
//! Start with [`execute()`], then read a handler such as [`treaty::deposit`].

#![no_std]

extern crate alloc;

pub mod act;
pub mod actor;
pub mod compose;
pub mod date;
pub mod due;
pub mod event;
pub mod execute;
pub mod genesis;
pub mod ids;
pub mod json;
pub mod ledger;
pub mod limits;
pub mod network;
pub mod outcome;
pub mod refusal;
pub mod treaty;

pub use act::{Act, Data, SignedAct, VerifiedAct, act_message};
pub use actor::{Purpose, possession_message};
pub use compose::{Draft, compose, dry_run};
pub use date::{Date, Instant};
pub use due::{Due, DueItem, fall_due, next_due};
pub use event::Event;
pub use execute::{check, execute, execute_verified, reads};
pub use genesis::{Founding, Genesis, GenesisBuilder};
pub use ids::{
    ActId, ActorId, BadId, Digest, KeyId, MandateId, NetworkId, NetworkKey, PublicKey, Signature,
    TreatyId,
};
pub use ledger::{Ledger, Missing, Path, Record, Stop};
pub use network::{Ceremony, Validator, default_epoch_blocks, seats_max, turn, wants_change};
pub use outcome::{Outcome, Verdict};
pub use refusal::Refusal;

/// Version of the law. A block names the version by which it was executed.
pub const LAW_VERSION: u32 = 1;
