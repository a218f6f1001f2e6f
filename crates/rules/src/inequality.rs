//! A comparison multiplied out, so that it is decided in whole numbers.
//!
//! Nothing here overflows 256 bits. A numerator has at most 2^31 and the least common denominator
//! at most 2^62, so a factor is at most 2^93; a tally is below 2^112, a tree has at most 2^11
//! terms: a side is below 2^216 in magnitude, a margin below 2^217.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use ethnum::I256;

use crate::electorate::{Ballot, Ballots};
use crate::error::Error;
use crate::exact::Exact;
use crate::tally::{Contribution, Measure, Measures, Running};
use crate::tree::{Comparison, Linear, Quantity, Tally};

/// Largest least common denominator of the coefficients of one comparison. Two coefficients at
/// their own limit are always within it.
pub const COMMON_DENOMINATOR_MAX: u64 = 1 << 62;

/// A comparison in whole numbers, over the measures of an electorate.
#[derive(Clone, Debug)]
pub(crate) struct Inequality {
    /// Where it stands, such as `outcomes[0].if.args[1]`.
    pub(crate) at: String,
    /// Whether equality does not suffice.
    pub(crate) strict: bool,
    /// The comparison as the rule has it.
    pub(crate) source: Comparison,
    denominator: u64,
    left: Side,
    right: Side,
}

/// One side, times the common denominator.
#[derive(Clone, Debug, Default)]
struct Side {
    constant: I256,
    terms: Vec<Factor>,
}

/// A factor of one tally; at most 2^93 in magnitude.
#[derive(Clone, Debug)]
struct Factor {
    measure: usize,
    ballots: Ballots,
    factor: I256,
}

impl Inequality {
    /// Multiplies out a comparison whose tree has passed its check.
    ///
    /// # Errors
    /// [`Error::Limit`] if the least common denominator is above [`COMMON_DENOMINATOR_MAX`];
    /// [`Error::Form`] if a tally is not of the measures.
    pub(crate) fn new(source: &Comparison, at: String, measures: &Measures) -> Result<Self, Error> {
        let denominator = common_denominator(source)?;
        let side = |linear| Side::new(linear, denominator, measures, &at);
        let (left, right) = (side(&source.left)?, side(&source.right)?);
        Ok(Self { strict: source.strict, source: source.clone(), denominator, left, right, at })
    }

    /// The left side, the right side, and the left less the right, exactly.
    pub(crate) fn sides(&self, running: &Running) -> [Exact; 3] {
        let (left, right) = (self.left.value(running), self.right.value(running));
        [left, right, left - right].map(|value| Exact::new(value, self.denominator))
    }

    /// The left side less the right, times the common denominator.
    pub(crate) fn margin(&self, running: &Running) -> I256 {
        self.left.value(running) - self.right.value(running)
    }

    /// Whether it holds with a margin.
    pub(crate) fn holds(&self, margin: I256) -> bool {
        if self.strict { margin > 0 } else { margin >= 0 }
    }

    /// What one member of a class adds to the margin with each ballot, by [`Ballot`] as number;
    /// below 2^168 in magnitude.
    pub(crate) fn gains(&self, class: &[Contribution]) -> [I256; 6] {
        let (left, right) = (self.left.gains(class), self.right.gains(class));
        core::array::from_fn(|ballot| left[ballot] - right[ballot])
    }
}

impl Side {
    fn new(
        linear: &Linear,
        denominator: u64,
        measures: &Measures,
        at: &str,
    ) -> Result<Self, Error> {
        let mut side = Self::default();
        for term in &linear.0 {
            let scale = denominator / u64::from(term.denominator);
            let factor = I256::from(term.numerator) * I256::from(scale);
            match &term.of {
                Quantity::One => side.constant += factor,
                Quantity::Tally(tally) => {
                    let measure = number(tally, measures, at)?;
                    side.terms.push(Factor { measure, ballots: tally.ballots, factor });
                }
            }
        }
        Ok(side)
    }

    fn value(&self, running: &Running) -> I256 {
        let terms = self.terms.iter();
        let values =
            terms.map(|term| term.factor * I256::from(running.tally(term.measure, term.ballots)));
        values.fold(self.constant, |sum, value| sum + value)
    }

    fn gains(&self, class: &[Contribution]) -> [I256; 6] {
        let mut gains = [I256::ZERO; 6];
        for Factor { measure, ballots, factor } in &self.terms {
            let found = class.binary_search_by_key(measure, |of| of.measure as usize);
            let weight = found.map_or(0, |place| class[place].weight);
            for ballot in ballots.iter() {
                gains[ballot as usize] += factor * I256::from(weight);
            }
        }
        gains
    }
}

fn number(tally: &Tally, measures: &Measures, at: &str) -> Result<usize, Error> {
    let number = measures.number(&Measure::from(tally));
    number.ok_or_else(|| Error::form(at, "a tally was not counted; count all that the rule names"))
}

fn common_denominator(of: &Comparison) -> Result<u64, Error> {
    let mut common: u64 = 1;
    for term in of.left.0.iter().chain(&of.right.0) {
        let next = u64::from(term.denominator);
        // Below 2^93: the product of a number up to 2^62 and one up to 2^31.
        let multiple = u128::from(common / divisor(common, next)) * u128::from(next);
        common = match u64::try_from(multiple) {
            Ok(multiple) if multiple <= COMMON_DENOMINATOR_MAX => multiple,
            _ => {
                let found = u64::try_from(multiple).unwrap_or(u64::MAX);
                let what = "common denominator of a comparison";
                return Err(Error::Limit { what, found, limit: COMMON_DENOMINATOR_MAX });
            }
        };
    }
    Ok(common)
}

/// The greatest common divisor of two numbers above zero.
fn divisor(mut large: u64, mut small: u64) -> u64 {
    while small != 0 {
        (large, small) = (small, large % small);
    }
    large.max(1)
}

/// The tallies that a comparison names, left side first.
pub(crate) fn tallies(of: &Comparison) -> impl Iterator<Item = &Tally> {
    of.left.0.iter().chain(&of.right.0).filter_map(|term| match &term.of {
        Quantity::Tally(tally) => Some(tally),
        Quantity::One => None,
    })
}

/// The ballot among these with the greatest gain; of equal ones the first as written.
pub(crate) fn best(gains: &[I256; 6], among: Ballots) -> Option<Ballot> {
    let mut best: Option<Ballot> = None;
    for ballot in among.iter() {
        if best.is_none_or(|found| gains[ballot as usize] > gains[found as usize]) {
            best = Some(ballot);
        }
    }
    best
}

/// The place of a part of a tree.
pub(crate) fn place(at: &str, arg: usize) -> String {
    format!("{at}.args[{arg}]")
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;
    use crate::electorate::{Electorate, Member};
    use crate::tally::MEMBERS_MAX;
    use crate::tree::{COEFFICIENT_MAX, NODES_MAX, Set, Term, Weight};

    fn stake(ballots: Ballots) -> Quantity {
        Quantity::Tally(Tally { weight: Weight::Column("stake".into()), set: Set::All, ballots })
    }

    fn heaviest() -> Electorate {
        let weights = [("stake".into(), u64::MAX)].into_iter().collect();
        let one = Member { id: String::new(), count: u32::MAX, sets: [].into(), weights };
        let members = (0..MEMBERS_MAX).map(|n| Member { id: format!("{n}"), ..one.clone() });
        Electorate { members: members.collect() }
    }

    #[test]
    fn nothing_overflows_with_every_number_at_its_limit() {
        // Largest tally, largest numerator, largest scale (a denominator of 1 where the common
        // one is nearly 2^62), most terms, and both sides far apart.
        let largest = i64::from(COEFFICIENT_MAX);
        let term =
            |numerator, denominator| Term { numerator, denominator, of: stake(Ballots::ELIGIBLE) };
        let mut left = vec![term(largest, COEFFICIENT_MAX), term(largest, COEFFICIENT_MAX - 1)];
        let half = (NODES_MAX - 1) / 2;
        left.resize(half, term(largest, 1));
        let right = vec![term(-largest, 1); half];
        let comparison = Comparison { strict: true, left: Linear(left), right: Linear(right) };
        let tallies: Vec<Tally> = tallies(&comparison).cloned().collect();

        let measures = Measures::new(&tallies, &heaviest()).expect("at the limits");
        let inequality = Inequality::new(&comparison, "rule".into(), &measures).expect("at them");
        let running = measures.nobody_voted();

        // The same again with checked arithmetic.
        let tally = I256::from(u64::MAX)
            .checked_mul(I256::from(u32::MAX))
            .and_then(|of_one| of_one.checked_mul(I256::from(MEMBERS_MAX as u64)))
            .expect("below 2^112");
        let common = I256::from(inequality.denominator);
        assert!(common > I256::ONE << 61);
        let mut margin = I256::ZERO;
        for (terms, sign) in [(&comparison.left.0, 1), (&comparison.right.0, -1)] {
            for term in terms {
                let scaled = common / I256::from(term.denominator) * I256::from(term.numerator);
                let value =
                    scaled.checked_mul(tally).and_then(|value| value.checked_mul(sign.into()));
                margin =
                    value.and_then(|value| margin.checked_add(value)).expect("256 bits hold it");
            }
        }
        assert_eq!(inequality.margin(&running), margin);
        assert!(margin > I256::ONE << 210 && margin < I256::ONE << 217);
        assert!(inequality.holds(margin));
        let [left, right, difference] = inequality.sides(&running);
        assert!(left.numerator() > 0 && right.numerator() < 0 && difference.numerator() > 0);
    }

    #[test]
    fn a_common_denominator_above_the_limit_is_refused() {
        let measures = Measures::new(&[], &Electorate::default()).expect("nothing is named");
        let of = |denominators: &[u32]| {
            let terms = denominators.iter().map(|denominator| Term {
                numerator: 1,
                denominator: *denominator,
                of: Quantity::One,
            });
            let comparison = Comparison {
                strict: false,
                left: Linear(terms.collect()),
                right: Linear::default(),
            };
            Inequality::new(&comparison, "rule".into(), &measures).map(|of| of.denominator)
        };
        assert_eq!(of(&[1 << 31, 1 << 31]), Ok(1 << 31));
        assert_eq!(of(&[1 << 31, (1 << 31) - 1]), Ok(((1 << 31) - 1) << 31));
        assert!(of(&[1 << 31, (1 << 31) - 1, 3]).is_err(), "2^31 - 1 is prime");
    }
}
