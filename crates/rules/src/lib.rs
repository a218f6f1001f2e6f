//! Rules of decision: as text, as a tree and in plain words; what came of a vote, and why; and who
//! has how much power under a rule.
//!
//! A rule is data, never code. Everything here is integers and exact fractions, total and
//! deterministic: the law decides with it, and anybody computes the same again.

#![no_std]

extern crate alloc;

pub mod case;
pub mod check;
pub mod electorate;
pub mod error;
pub mod json;
pub mod power;
pub mod tree;

pub use case::{Case, CaseMembers, NamedOutcome, Question};
pub use electorate::{Ballot, Ballots, Count, Electorate, Member};
pub use error::Error;
pub use tree::{Comparison, Linear, Quantity, Rule, Set, Tally, Term, Weight};
