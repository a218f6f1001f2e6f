//! A rule and its electorate as a game: some coalition votes in favour, everyone else against.
//!
//! Each comparison of the rule becomes one linear inequality in whole numbers over how many of each
//! class of members are in the coalition. Members that weigh the same in every inequality are one
//! class, whatever their columns and sets are called.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use num_bigint::{BigInt, BigUint, Sign};

use super::test::Test;
use crate::electorate::{Ballot, Electorate, Member};
use crate::error::Error;
use crate::tree::{Comparison, DEPTH_MAX, Linear, NODES_MAX, Quantity, Rule, Set, Tally, Weight};

/// Most members that an analysis takes.
pub const PLAYERS_MAX: u32 = 1_000;
/// Most bits of the sum of all weights in one comparison, after its common factor is taken out.
pub const WEIGHT_BITS_MAX: u64 = 120;

/// A line of the electorate in the game.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Who.
    pub id: String,
    /// How many identical members.
    pub count: u32,
    /// Which class they belong to.
    pub class: usize,
}

/// Members that can stand in for each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Class {
    /// How many there are.
    pub count: u32,
    /// What each adds to each measure by voting in favour.
    pub gains: Vec<i128>,
}

/// A rule as a game between the members of an electorate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Game {
    pub(crate) entries: Vec<Entry>,
    pub(crate) classes: Vec<Class>,
    pub(crate) measures: usize,
    pub(crate) root: Test,
}

/// A coalition, by how many of each line of the electorate are in it. Lines without any are left
/// out.
pub type Coalition = Vec<(String, u32)>;

impl Game {
    /// The game of a rule: who is in the coalition votes in favour, everyone else against.
    ///
    /// # Errors
    /// [`Error::Limit`] for more than [`PLAYERS_MAX`] members, weights of more than
    /// [`WEIGHT_BITS_MAX`] bits, or a rule beyond the limits of a tree; [`Error::Form`] for a line
    /// of no members and for a coefficient without denominator.
    pub fn new(rule: &Rule, electorate: &Electorate) -> Result<Self, Error> {
        Self::with_ballots(rule, electorate, |_| (Ballot::Yes, Ballot::No))
    }

    /// The game in which each member casts one of two given ballots: the first in the coalition,
    /// the second outside. Two equal ballots take the member's choice away; it remains a player,
    /// without power.
    ///
    /// # Errors
    /// As [`Game::new`].
    pub fn with_ballots(
        rule: &Rule,
        electorate: &Electorate,
        ballots: impl Fn(&Member) -> (Ballot, Ballot),
    ) -> Result<Self, Error> {
        let mut players = 0_u32;
        for member in &electorate.members {
            if member.count == 0 {
                return Err(Error::form(member.id.as_str(), "counts nobody; leave the line out"));
            }
            players = players.saturating_add(member.count);
        }
        limit("members", players.into(), PLAYERS_MAX.into())?;
        let choices: Vec<_> = electorate.members.iter().map(ballots).collect();
        let mut reduction = Reduction { electorate, choices, columns: Vec::new(), nodes: 0 };
        let root = reduction.rule(rule, false, 0)?;

        let columns = &reduction.columns;
        let lines = electorate.members.iter().enumerate().map(|(at, member)| {
            let gains = columns.iter().map(|column| column[at]).collect();
            (member.id.clone(), member.count, gains)
        });
        Ok(Self::of_lines(lines.collect(), columns.len(), root))
    }

    /// The game of lines with their gains: equal gains make one class.
    pub(crate) fn of_lines(
        lines: Vec<(String, u32, Vec<i128>)>,
        measures: usize,
        root: Test,
    ) -> Self {
        let mut known = BTreeMap::new();
        let (mut entries, mut classes) = (Vec::new(), Vec::<Class>::new());
        for (id, count, gains) in lines {
            let class = *known.entry(gains.clone()).or_insert(classes.len());
            if class == classes.len() {
                classes.push(Class { count: 0, gains });
            }
            classes[class].count += count;
            entries.push(Entry { id, count, class });
        }
        Self { entries, classes, measures, root }
    }

    /// The lines of the electorate, in its order.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The classes, in the order in which they appear.
    #[must_use]
    pub fn classes(&self) -> &[Class] {
        &self.classes
    }

    /// How many members there are.
    #[must_use]
    pub fn players(&self) -> u32 {
        self.classes.iter().map(|class| class.count).sum()
    }

    /// Whether a coalition wins, given how many of each class are in it.
    ///
    /// # Panics
    /// If there are fewer numbers than classes, or a number exceeds its class.
    #[must_use]
    pub fn wins(&self, counts: &[u32]) -> bool {
        let mut values = vec![0; self.measures];
        for (class, &count) in self.classes.iter().zip(counts) {
            assert!(count <= class.count, "no more can be in the coalition than there are");
            for (value, gain) in values.iter_mut().zip(&class.gains) {
                *value += gain * i128::from(count); // within the bits proved at reduction
            }
        }
        self.root.holds(&values)
    }

    /// Everyone, by class.
    pub(crate) fn everyone(&self) -> Vec<u32> {
        self.classes.iter().map(|class| class.count).collect()
    }

    /// A coalition given by class, with names: of equal lines the first are in it.
    pub(crate) fn named(&self, counts: &[u32]) -> Coalition {
        let mut left = counts.to_vec();
        let mut named = Vec::new();
        for entry in &self.entries {
            let taken = entry.count.min(left[entry.class]);
            left[entry.class] -= taken;
            if taken > 0 {
                named.push((entry.id.clone(), taken));
            }
        }
        named
    }

    /// A coalition given by class, with names: of equal lines the last are in it, so that it has
    /// nobody in common with the first of the same number of others.
    pub(crate) fn named_from_last(&self, counts: &[u32]) -> Coalition {
        let mut left = self.everyone();
        left.iter_mut().zip(counts).for_each(|(all, count)| *all -= count);
        let mut named = Vec::new();
        for entry in &self.entries {
            let passed = entry.count.min(left[entry.class]);
            left[entry.class] -= passed;
            if passed < entry.count {
                named.push((entry.id.clone(), entry.count - passed));
            }
        }
        named
    }

    /// The same game with another test over the same measures.
    pub(crate) fn with_test(&self, root: Test) -> Self {
        Self { root, ..self.clone() }
    }

    /// The value of a measure if everyone is in the coalition.
    pub(crate) fn total(&self, measure: usize) -> i128 {
        self.classes.iter().map(|class| class.gains[measure] * i128::from(class.count)).sum()
    }

    /// Whether one more vote in favour can never hurt, as seen from the signs of the gains alone:
    /// `true` is certain, `false` is not.
    pub(crate) fn plainly_monotone(&self) -> bool {
        let mut signs = vec![(true, true); self.measures];
        for class in &self.classes {
            for (sign, gain) in signs.iter_mut().zip(&class.gains) {
                *sign = (sign.0 && *gain >= 0, sign.1 && *gain <= 0);
            }
        }
        self.root.all_leaves(&|reaches, measure| {
            if reaches { signs[measure].0 } else { signs[measure].1 }
        })
    }
}

fn limit(what: &'static str, found: u64, limit: u64) -> Result<(), Error> {
    if found > limit { Err(Error::Limit { what, found, limit }) } else { Ok(()) }
}

/// The work of turning a tree into tests over measures.
struct Reduction<'a> {
    electorate: &'a Electorate,
    choices: Vec<(Ballot, Ballot)>,
    /// By measure, the gain of each line.
    columns: Vec<Vec<i128>>,
    nodes: usize,
}

impl Reduction<'_> {
    fn rule(&mut self, rule: &Rule, negated: bool, depth: usize) -> Result<Test, Error> {
        limit("depth of the rule", depth as u64, DEPTH_MAX as u64)?;
        self.nodes += 1;
        limit("nodes of the rule", self.nodes as u64, NODES_MAX as u64)?;
        let (k, args) = match rule {
            Rule::Compare(comparison) => return self.comparison(comparison, negated),
            Rule::Not(arg) => return self.rule(arg, !negated, depth + 1),
            Rule::And(args) => (args.len(), args),
            Rule::Or(args) => (1, args),
            Rule::KOf { k, args } => (*k as usize, args),
        };
        let tests = args.iter().map(|arg| self.rule(arg, negated, depth + 1));
        let tests = tests.collect::<Result<Vec<_>, _>>()?;
        // Not k of n: at least n - k + 1 do not hold.
        let k = if negated { (args.len() + 1).saturating_sub(k) } else { k };
        Ok(Test::at_least(k, tests))
    }

    fn comparison(&mut self, comparison: &Comparison, negated: bool) -> Result<Test, Error> {
        self.nodes += comparison.left.0.len() + comparison.right.0.len();
        limit("nodes of the rule", self.nodes as u64, NODES_MAX as u64)?;
        let (gains, least) = self.whole(comparison)?;
        let (mut low, mut high) = (BigInt::ZERO, BigInt::ZERO);
        for (gain, member) in gains.iter().zip(&self.electorate.members) {
            let bound = if gain.sign() == Sign::Minus { &mut low } else { &mut high };
            *bound += gain * member.count;
        }
        if least <= low || least > high {
            return Ok(Test::constant((least <= low) != negated));
        }
        limit("bits of the weights", (&high - &low).bits(), WEIGHT_BITS_MAX)?;
        let fits = |value: &BigInt| i128::try_from(value).expect("its bits were just bounded");
        let mut column: Vec<i128> = gains.iter().map(fits).collect();
        let mut least = fits(&least);
        let mut reaches = true;
        // One direction for each measure, so that opposite comparisons share it.
        if column.iter().find(|gain| **gain != 0).is_some_and(|gain| *gain < 0) {
            column.iter_mut().for_each(|gain| *gain = -*gain);
            (least, reaches) = (1 - least, false);
        }
        let known = self.columns.iter().position(|known| *known == column);
        let measure = known.unwrap_or_else(|| {
            self.columns.push(column);
            self.columns.len() - 1
        });
        Ok(if reaches == negated {
            Test::Under { measure, limit: least }
        } else {
            Test::Reaches { measure, least }
        })
    }

    /// The comparison as `sum of gains >= least`, in whole numbers without a common factor.
    fn whole(&self, comparison: &Comparison) -> Result<(Vec<BigInt>, BigInt), Error> {
        let mut denominator = BigUint::from(1_u32);
        let sides = [(&comparison.left, false), (&comparison.right, true)];
        for term in sides.iter().flat_map(|(side, _)| &side.0) {
            if term.denominator == 0 {
                return Err(Error::form("rule", "has a denominator of zero; give at least one"));
            }
            let common = greatest_common_divisor(&denominator, &term.denominator.into());
            denominator *= BigUint::from(term.denominator) / common;
        }
        let mut gains = vec![BigInt::ZERO; self.electorate.members.len()];
        let mut constant = BigInt::ZERO;
        for (side, taken) in sides {
            self.add(side, taken, &denominator, &mut gains, &mut constant);
        }
        let least = BigInt::from(comparison.strict) - constant;
        let common = gains
            .iter()
            .fold(BigUint::ZERO, |common, gain| greatest_common_divisor(&common, gain.magnitude()));
        if common == BigUint::ZERO {
            return Ok((gains, least));
        }
        let common = BigInt::from(common);
        gains.iter_mut().for_each(|gain| *gain /= &common);
        Ok((gains, ceiling(&least, &common)))
    }

    fn add(
        &self,
        side: &Linear,
        taken: bool,
        denominator: &BigUint,
        gains: &mut [BigInt],
        constant: &mut BigInt,
    ) {
        for term in &side.0 {
            let whole = BigInt::from(denominator / term.denominator) * term.numerator;
            let factor = if taken { -whole } else { whole };
            let tally = match &term.of {
                Quantity::One => {
                    *constant += factor;
                    continue;
                }
                Quantity::Tally(tally) => tally,
            };
            for (at, member) in self.electorate.members.iter().enumerate() {
                let weight = weight(tally, member);
                let counts = |ballot| i8::from(tally.ballots.contains(ballot));
                let (inside, outside) = self.choices[at];
                let (inside, outside) = (counts(inside), counts(outside));
                gains[at] += &factor * weight * (inside - outside);
                *constant += &factor * weight * member.count * outside;
            }
        }
    }
}

/// What one member weighs in a tally. A member without the column weighs nothing.
fn weight(tally: &Tally, member: &Member) -> u64 {
    if let Set::Named(set) = &tally.set
        && !member.sets.contains(set)
    {
        return 0;
    }
    match &tally.weight {
        Weight::Unit => 1,
        Weight::Column(column) => member.weights.get(column).copied().unwrap_or(0),
    }
}

/// The greatest number that divides both; the other if one is zero.
pub(crate) fn greatest_common_divisor(one: &BigUint, other: &BigUint) -> BigUint {
    let (mut one, mut other) = (one.clone(), other.clone());
    while other != BigUint::ZERO {
        (one, other) = (other.clone(), one % other);
    }
    one
}

/// The quotient by a positive number, rounded up.
pub(crate) fn ceiling(value: &BigInt, divisor: &BigInt) -> BigInt {
    let quotient = value / divisor;
    // Division cuts off towards zero: that is up for negative values, and down for positive ones.
    if value.sign() == Sign::Plus && value % divisor != BigInt::ZERO {
        quotient + 1
    } else {
        quotient
    }
}
