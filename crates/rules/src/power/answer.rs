//! Answers: what was found, by which method, and how exact it is.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::cmp::Ordering;
use core::fmt;
use core::str::FromStr;

use num_bigint::{BigInt, BigUint, Sign};

use super::game::{Game, greatest_common_divisor};
use super::natural::{binomials, factorials};
use crate::error::Error;

/// An exact fraction in lowest terms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fraction {
    numerator: BigInt,
    denominator: BigUint,
}

impl Fraction {
    /// The fraction of two whole numbers.
    ///
    /// # Panics
    /// If the denominator is zero.
    #[must_use]
    pub fn new(numerator: impl Into<BigInt>, denominator: impl Into<BigUint>) -> Self {
        let (numerator, denominator) = (numerator.into(), denominator.into());
        assert!(denominator != BigUint::ZERO, "a fraction has a denominator above zero");
        let common = greatest_common_divisor(&denominator, numerator.magnitude());
        Self {
            numerator: numerator / BigInt::from(common.clone()),
            denominator: denominator / common,
        }
    }

    /// Zero.
    #[must_use]
    pub fn zero() -> Self {
        Self::new(0, 1_u32)
    }

    /// What is divided.
    #[must_use]
    pub const fn numerator(&self) -> &BigInt {
        &self.numerator
    }

    /// By what it is divided; above zero.
    #[must_use]
    pub const fn denominator(&self) -> &BigUint {
        &self.denominator
    }

    /// The sum.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        let (left, right) = (other.scale(&self.numerator), self.scale(&other.numerator));
        Self::new(left + right, &self.denominator * &other.denominator)
    }

    /// The difference.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        let (left, right) = (other.scale(&self.numerator), self.scale(&other.numerator));
        Self::new(left - right, &self.denominator * &other.denominator)
    }

    /// So many times as much.
    #[must_use]
    pub fn times(&self, factor: u32) -> Self {
        Self::new(&self.numerator * factor, self.denominator.clone())
    }

    /// As a decimal with so many places, rounded half away from zero: for reading only.
    #[must_use]
    pub fn decimal(&self, places: u32) -> String {
        let scaled = self.numerator.magnitude() * BigUint::from(10_u32).pow(places);
        let rounded = (scaled * 2_u32 + &self.denominator) / (&self.denominator * 2_u32);
        let sign =
            if self.numerator.sign() == Sign::Minus && rounded != BigUint::ZERO { "-" } else { "" };
        let places = places as usize;
        let digits = format!("{rounded:0>width$}", width = places + 1);
        let (whole, rest) = digits.split_at(digits.len() - places);
        if places == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{rest}") }
    }

    fn scale(&self, numerator: &BigInt) -> BigInt {
        numerator * BigInt::from(self.denominator.clone())
    }
}

impl Ord for Fraction {
    fn cmp(&self, other: &Self) -> Ordering {
        other.scale(&self.numerator).cmp(&self.scale(&other.numerator))
    }
}

impl PartialOrd for Fraction {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Fraction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.denominator == BigUint::from(1_u32) {
            return write!(f, "{}", self.numerator);
        }
        write!(f, "{}/{}", self.numerator, self.denominator)
    }
}

impl FromStr for Fraction {
    type Err = Error;

    /// Reads a whole number, a fraction such as `106/635`, which need not be in lowest terms, or a
    /// decimal such as `0.1667`.
    fn from_str(text: &str) -> Result<Self, Error> {
        let problem = || Error::form(text, "is no fraction; write it as 1, 1/2 or 0.5");
        if let Some((whole, places)) = text.split_once('.') {
            let digits = format!("{whole}{places}").parse::<BigInt>().map_err(|_| problem())?;
            let places = u32::try_from(places.len()).map_err(|_| problem())?;
            return Ok(Self::new(digits, BigUint::from(10_u32).pow(places)));
        }
        let (above, below) = text.split_once('/').unwrap_or((text, "1"));
        let above = above.parse::<BigInt>().map_err(|_| problem())?;
        let below = below.parse::<BigUint>().ok().filter(|below| *below != BigUint::ZERO);
        Ok(Self::new(above, below.ok_or_else(problem)?))
    }
}

/// How an answer was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// All numbers of members of each class were gone through.
    ClassCounts,
    /// The coalitions of two halves of the members were sorted and matched.
    Halves,
    /// Coalitions were counted by size and weight.
    SizesAndWeights,
    /// Coalitions were counted by weight.
    Weights,
    /// Integration over the inclination to vote in favour, with a proved bound of its error.
    Integration,
    /// A decision diagram of the rule.
    Diagram,
    /// Random orders of the members.
    Sampling,
}

impl Method {
    /// What the method does, in the words of a report.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ClassCounts => "counts of members by class",
            Self::Halves => "matching of two halves",
            Self::SizesAndWeights => "table of sizes and weights",
            Self::Weights => "table of weights",
            Self::Integration => "integration with a proved bound",
            Self::Diagram => "decision diagram",
            Self::Sampling => "sampling",
        }
    }
}

/// How exact an answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exactness {
    /// The two bounds are the value.
    Exact,
    /// The value lies between the bounds, both included: proved.
    Proved,
    /// All values lie between their bounds but for a chance of less than one in a thousand million.
    Sampled {
        /// The seed that repeats the draws.
        seed: u64,
        /// How many orders of the members were drawn.
        draws: u32,
    },
}

/// A value, or the bounds between which it lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer<T> {
    /// How it was found.
    pub method: Method,
    /// How exact it is.
    pub exactness: Exactness,
    /// Not more than the value.
    pub low: T,
    /// Not less than the value.
    pub high: T,
}

impl<T: Clone> Answer<T> {
    /// An exact value.
    pub fn exact(method: Method, value: T) -> Self {
        Self { method, exactness: Exactness::Exact, low: value.clone(), high: value }
    }

    /// The value, if it is known exactly.
    #[must_use]
    pub fn value(&self) -> Option<&T> {
        (self.exactness == Exactness::Exact).then_some(&self.low)
    }
}

/// The power of one line of the electorate. Every number is that of a single member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Power {
    /// Who.
    pub id: String,
    /// How many identical members.
    pub count: u32,
    /// In how many coalitions of the others its vote in favour turns a loss into a win.
    pub swings: Answer<BigUint>,
    /// Its share of all swings (normalized Banzhaf index); zero if there are none.
    pub banzhaf: Answer<Fraction>,
    /// The share of orders of all members in which it is the one who turns the outcome
    /// (Shapley-Shubik index).
    pub shapley: Answer<Fraction>,
}

/// Who has how much power under a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Indices {
    /// How many members there are.
    pub players: u32,
    /// How many of the `2^players` coalitions win.
    pub winning: Answer<BigUint>,
    /// The lines of the electorate, in its order.
    pub members: Vec<Power>,
}

impl Indices {
    /// The line of an id.
    #[must_use]
    pub fn of(&self, id: &str) -> Option<&Power> {
        self.members.iter().find(|member| member.id == id)
    }

    /// The share of coalitions that win: how easily the rule comes to an act.
    #[must_use]
    pub fn winning_share(&self) -> Answer<Fraction> {
        let of =
            |count: &BigUint| Fraction::new(count.clone(), BigUint::from(1_u32) << self.players);
        let Answer { method, exactness, low, high } = &self.winning;
        Answer { method: *method, exactness: *exactness, low: of(low), high: of(high) }
    }

    /// The swings of all members together.
    #[must_use]
    pub fn swings(&self) -> Answer<BigUint> {
        let sum = |bound: fn(&Answer<BigUint>) -> &BigUint| -> BigUint {
            self.members.iter().map(|power| bound(&power.swings) * power.count).sum()
        };
        let (low, high) = (sum(|swings| &swings.low), sum(|swings| &swings.high));
        let first = self.members.first().map_or(&self.winning, |power| &power.swings);
        Answer { method: first.method, exactness: first.exactness, low, high }
    }

    /// Those who never turn an outcome; nobody of whom that is not certain.
    pub fn dummies(&self) -> impl Iterator<Item = &str> {
        let without = |power: &&Power| power.swings.value() == Some(&BigUint::ZERO);
        self.members.iter().filter(without).map(|power| power.id.as_str())
    }

    /// The indices from what was found for each class.
    pub(crate) fn of_classes(game: &Game, winning: Answer<BigUint>, found: &[ClassPower]) -> Self {
        let sum = |bound: fn(&Answer<BigUint>) -> &BigUint| -> BigUint {
            let all = game.classes.iter().zip(found);
            all.map(|(class, power)| bound(&power.swings) * class.count).sum()
        };
        let (low, high) = (sum(|swings| &swings.low), sum(|swings| &swings.high));
        // Of a sum that may be zero, a share may be everything; if there are no swings, it is none.
        let share = |swings: &BigUint, of: &BigUint| match (swings, of) {
            (swings, _) if *swings == BigUint::ZERO => Fraction::zero(),
            (swings, of) if of <= swings => Fraction::new(1, 1_u32),
            (swings, of) => Fraction::new(swings.clone(), of.clone()),
        };
        let banzhaf = |swings: &Answer<BigUint>| Answer {
            method: swings.method,
            exactness: swings.exactness,
            low: share(&swings.low, &high),
            high: share(&swings.high, &low),
        };
        let shares: Vec<_> = found.iter().map(|power| banzhaf(&power.swings)).collect();
        let members = game.entries.iter().map(|entry| Power {
            id: entry.id.clone(),
            count: entry.count,
            swings: found[entry.class].swings.clone(),
            banzhaf: shares[entry.class].clone(),
            shapley: found[entry.class].shapley.clone(),
        });
        Self { players: game.players(), winning, members: members.collect() }
    }
}

/// What was found for a member of one class.
#[derive(Clone, Debug)]
pub(crate) struct ClassPower {
    pub(crate) swings: Answer<BigUint>,
    pub(crate) shapley: Answer<Fraction>,
}

/// Winning coalitions, and by class the swings of one member, by the size of the coalition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) winning: BigUint,
    pub(crate) swings: Vec<Vec<BigUint>>,
}

impl Counts {
    /// Both indices, exactly.
    pub(crate) fn indices(&self, game: &Game, method: Method) -> Indices {
        let players = game.players();
        let orders = factorials(players);
        let all = &orders[players as usize];
        let found = self.swings.iter().map(|by_size| {
            let favourable: BigUint = by_size
                .iter()
                .enumerate()
                .map(|(size, swings)| swings * &orders[size] * &orders[players as usize - 1 - size])
                .sum();
            ClassPower {
                swings: Answer::exact(method, by_size.iter().sum()),
                shapley: Answer::exact(method, Fraction::new(favourable, all.clone())),
            }
        });
        let found: Vec<_> = found.collect();
        Indices::of_classes(game, Answer::exact(method, self.winning.clone()), &found)
    }

    /// The swings of each class from how many winning coalitions of each size there are, and how
    /// many of them hold one given member. That is enough where one more vote in favour never
    /// hurts.
    pub(crate) fn of_monotone(game: &Game, winning: &[BigUint], with: &[Vec<BigUint>]) -> Self {
        debug_assert_eq!(winning.len(), game.players() as usize + 1);
        let swings = with.iter().map(|with| {
            let sizes = 0..winning.len() - 1;
            sizes.map(|size| &with[size + 1] + &with[size] - &winning[size]).collect()
        });
        Self { winning: winning.iter().sum(), swings: swings.collect() }
    }
}

/// The number of coalitions of each size.
pub(crate) fn coalitions_by_size(players: u32) -> Vec<BigUint> {
    binomials(players).pop().expect("the triangle has a first row")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fraction_is_read_and_written_as_a_decimal() {
        let decimal = |text: &str, places| Fraction::from_str(text).unwrap().decimal(places);
        assert_eq!(decimal("106/635", 4), "0.1669");
        assert_eq!(decimal("-1/2000", 4), "-0.0005");
        assert_eq!(decimal("-1/30000", 4), "0.0000");
        assert_eq!(decimal("1999/2000", 2), "1.00");
        assert_eq!(decimal("5/2", 0), "3");
        assert_eq!(Fraction::from_str("2/4"), Ok(Fraction::new(1, 2_u32)));
        assert_eq!(Fraction::from_str("0.05"), Ok(Fraction::new(1, 20_u32)));
        assert_eq!(Fraction::new(1, 6_u32).times(3), Fraction::new(1, 2_u32));
        for text in ["", "1/0", "a/2", "1/-2", "1.x"] {
            assert!(Fraction::from_str(text).is_err(), "{text}");
        }
    }
}
