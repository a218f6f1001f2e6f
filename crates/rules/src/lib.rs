//! Rules of decision: as text, as a tree and in plain words; what came of a vote, and why; and who
//! has how much power under a rule.
//!
//! A rule is data, never code. Everything here is integers and exact fractions, total and
//! deterministic: the law decides with it, and anybody computes the same again.

#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod apply;
pub mod case;
pub mod check;
pub mod condition;
mod condition_json;
pub mod conditional;
pub mod decide;
mod decision_check;
mod decision_json;
pub mod decision_rule;
pub mod electorate;
pub mod error;
pub mod evaluate;
pub mod exact;
pub mod explain;
pub mod flips;
pub mod inequality;
pub mod json;
pub mod library;
mod lines;
pub mod members;
pub mod open;
pub mod power;
#[cfg(test)]
mod random;
mod search;
pub mod strict;
pub mod tally;
#[cfg(test)]
mod testing;
pub mod text;
pub mod tree;
mod words;
mod words_rule;

pub use case::{Case, CaseMembers, NamedOutcome, Question};
pub use condition::Condition;
pub use conditional::{Conditional, Resolved, When, resolve};
pub use decide::{Came, Ruling};
pub use decision_rule::DecisionRule;
pub use electorate::{Ballot, Ballots, Count, Electorate, Member};
pub use error::Error;
pub use evaluate::{Decision, Scrutiny};
pub use exact::Exact;
pub use explain::Explanation;
pub use flips::{Change, Flips};
pub use members::Membership;
pub use open::{Prospect, Verdict};
pub use tally::{Measures, Running};
pub use tree::{Comparison, Linear, Quantity, Rule, Set, Tally, Term, Weight};
