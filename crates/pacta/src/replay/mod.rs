//! Replay of histories: the facts that an earlier depositary published go through the law again,
//! and every date that it computes is compared with the published one.
//!
//! A file of data becomes a [`History`]; its acts run in memory (`desk`) or on a network
//! ([`network`]); [`compare()`] reads the records that came of them. [`bulk`] measures the law
//! alone.

pub mod bulk;
mod clauses;
mod compare;
mod conditions;
mod data;
mod desk;
mod facts;
mod history;
pub mod network;

pub use compare::{Comparison, compare};
pub use desk::replay;
pub use history::History;
