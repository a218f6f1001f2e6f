//! A rule as a tree of exact comparisons between tallies.
//!
//! Every rule of every known organization comes down to one kind of leaf: a linear inequality with
//! fractions as coefficients between tallies, combined by and, or, not, and k of n. Quorum, those
//! present and voting, abstentions, blocking minority and veto are all this leaf.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use crate::electorate::Ballots;

/// Most nodes of one tree: combinations, comparisons and terms.
pub const NODES_MAX: usize = 2_048;
/// Deepest nesting of combinations.
pub const DEPTH_MAX: usize = 16;
/// Largest numerator and denominator of a coefficient.
pub const COEFFICIENT_MAX: u32 = 1 << 31;
/// Most sets, and most columns of weights, that one tree names.
pub const NAMES_MAX: usize = 256;
/// Most bytes of a set's or column's name.
pub const NAME_BYTES_MAX: usize = 64;

/// What must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rule {
    /// All of these.
    And(Vec<Rule>),
    /// At least one of these.
    Or(Vec<Rule>),
    /// The opposite of this.
    Not(Box<Rule>),
    /// At least so many of these.
    KOf {
        /// How many.
        k: u32,
        /// Of what.
        args: Vec<Rule>,
    },
    /// A comparison of tallies.
    Compare(Comparison),
}

/// A linear inequality.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// Whether the left side must be greater; otherwise it may also be equal.
    pub strict: bool,
    /// What must be as great.
    pub left: Linear,
    /// As what.
    pub right: Linear,
}

/// A sum of terms; zero if there are none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Linear(pub Vec<Term>);

/// A fraction of a quantity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// Numerator, at most [`COEFFICIENT_MAX`] in magnitude.
    pub numerator: i64,
    /// Denominator, from 1 to [`COEFFICIENT_MAX`].
    pub denominator: u32,
    /// Of what.
    pub of: Quantity,
}

/// What a term is a fraction of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// The number one.
    One,
    /// A count of ballots.
    Tally(Tally),
}

/// The weight of those members of a set who cast certain ballots.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tally {
    /// How members weigh.
    pub weight: Weight,
    /// Whose ballots.
    pub set: Set,
    /// Which ballots.
    pub ballots: Ballots,
}

/// How members weigh in a tally.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// One each.
    Unit,
    /// By a column of the electorate.
    Column(String),
}

/// Members whose ballots a tally counts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Set {
    /// Everybody.
    All,
    /// Those who belong to a set.
    Named(String),
}
