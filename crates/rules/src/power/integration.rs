//! The Shapley index of one weight and one quota, between proved bounds, in whole numbers only.
//!
//! Let each member vote in favour with probability t, independently. The index of a member is the
//! integral over t from 0 to 1 of the probability that it turns the outcome (Owen 1972): a
//! polynomial in t, which a quadrature integrates with a proved error. For t above one half the
//! votes against are counted instead, with the dual quota; points t and 1 - t share one table.
//!
//! Let P(x) be the probability that the weight in favour is at most x, and A(x) the same without
//! one member of weight w. Then `P(x) = (1 - t) A(x) + t A(x - w)`, which gives A from the lightest
//! x upwards, and the member turns the outcome with
//! `A(quota - 1) - A(quota - 1 - w) = (P(quota - 1) - A(quota - 1 - w)) / (1 - t)`.
//!
//! # Errors
//!
//! Every product is rounded down, so no cell of the table is ever too large: what P lacks is never
//! negative and never falls as x rises. Let `loss` be one, less the table and what was moved beyond
//! its end: P lacks at most that. What A lacks is the sum of what P lacks at x, x - w, x - 2w, …,
//! with changing signs and factors that fall, as t is at most one half: so it lies between zero and
//! its first term, `loss / (1 - t)`. Errors do not build up.

use alloc::vec;
use alloc::vec::Vec;

use num_bigint::{BigInt, BigUint};

use super::answer::{Answer, Exactness, Fraction, Method};
use super::game::{Game, ceiling};
use super::quadrature::{ERROR_BITS, Quadrature};
use super::weighted::Weighted;

/// Probabilities are in units of `2^-UNIT_BITS`.
const UNIT_BITS: u32 = 62;
const ONE: u64 = 1 << UNIT_BITS;
/// Most members whose index is found by integration.
pub const INTEGRATION_PLAYERS_MAX: usize = 256;
/// Largest total weight of a game whose index is found by integration.
pub const INTEGRATION_WEIGHT_MAX: usize = 1 << 23;

/// The Shapley index of one weight and one quota, as work that may be divided.
///
/// The parts of all [`points`](Integration::points) may be found in any order and by any number of
/// workers; [`finish`](Integration::finish) puts them together.
pub struct Integration {
    quadrature: Quadrature,
    ascending: Vec<usize>,
    quota: usize,
    dual: usize,
}

/// What was found at one point and its mirror image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// By distinct weight, the probability to turn the outcome, in units of `2^-UNIT_BITS`.
    swings: Vec<i128>,
    /// How much more or less it may be.
    error: i128,
}

impl Integration {
    /// The work for a game, if it is of one weight and one quota and not too large.
    #[must_use]
    pub fn of(game: &Game) -> Option<Self> {
        Self::of_weighted(&Weighted::of(game)?)
    }

    pub(crate) fn of_weighted(weighted: &Weighted) -> Option<Self> {
        let ascending = weighted.ascending.clone();
        if ascending.len() > INTEGRATION_PLAYERS_MAX || weighted.total > INTEGRATION_WEIGHT_MAX {
            return None;
        }
        let degree = ascending.len() as u32 - 1; // a quota above zero means a member with weight
        let quadrature = Quadrature::of_degree(degree);
        let (quota, dual) = (weighted.quota, weighted.total - weighted.quota + 1);
        Some(Self { quadrature, ascending, quota, dual })
    }

    /// How many points there are.
    #[must_use]
    pub fn points(&self) -> usize {
        self.quadrature.points.len()
    }

    /// The part of one point.
    ///
    /// # Panics
    /// If there is no such point.
    #[must_use]
    pub fn part(&self, point: usize) -> Part {
        let inclination = Inclination::of(self.quadrature.points[point].0);
        let length = self.quota.max(self.dual);
        let (lighter, loss) = inclination.lighter(&self.ascending, length);
        let mut weights = self.ascending.clone();
        weights.dedup();
        // At one half both quotas give the same, so that either may stand for both.
        let swings = weights.into_iter().map(|weight| {
            inclination.turns(&lighter, self.quota, weight)
                + inclination.turns(&lighter, self.dual, weight)
        });
        // In each of two: twice what P lacks, or four times what A lacks instead of it; and what is
        // rounded in each step of A, which the next step makes smaller.
        let error = 2 * (4 * i128::from(loss) + 2 * length as i128 + 3);
        Part { swings: swings.collect(), error }
    }

    /// The index of each distinct weight, ascending, between its bounds, from the parts of all
    /// points in their order.
    ///
    /// # Panics
    /// If there are not as many parts as points.
    #[must_use]
    pub fn finish(&self, parts: &[Part]) -> Vec<(usize, Answer<Fraction>)> {
        assert_eq!(parts.len(), self.points(), "each point has its part");
        let mut weights = self.ascending.clone();
        weights.dedup();
        // Sums are in units of 2^-(UNIT_BITS + 64), bounds in units of 2^-64.
        let error = &self.quadrature.error << (UNIT_BITS + 64 - ERROR_BITS);
        let mut width: BigInt = BigInt::from(error) + 1;
        for (part, (_, weight)) in parts.iter().zip(&self.quadrature.points) {
            width += BigInt::from(part.error) * *weight;
        }
        let (divisor, one) = (BigInt::from(ONE), BigInt::from(1_u128 << 64));
        let unit: BigUint = BigUint::from(1_u32) << 64;
        let index = |at: usize| -> Answer<Fraction> {
            let products = parts.iter().zip(&self.quadrature.points);
            let sum = products.map(|(part, (_, weight))| BigInt::from(part.swings[at]) * *weight);
            let sum: BigInt = sum.sum();
            let low: BigInt = &sum - &width;
            let low = low.max(BigInt::ZERO) / &divisor;
            let high = ceiling(&(sum + &width), &divisor).min(one.clone());
            Answer {
                method: Method::Integration,
                exactness: Exactness::Proved,
                low: Fraction::new(low, unit.clone()),
                high: Fraction::new(high, unit.clone()),
            }
        };
        weights.iter().enumerate().map(|(at, weight)| (*weight, index(at))).collect()
    }
}

/// The probability of a vote, at most one half, and that of the other vote, in units of `2^-64`.
struct Inclination {
    vote: u64,
    other: u64,
}

impl Inclination {
    fn of(vote: u64) -> Self {
        Self { vote, other: vote.wrapping_neg() } // 2^64 less the first
    }

    /// By weight below a length, the probability that those who cast the vote have at most that
    /// weight; and how much it may lack.
    fn lighter(&self, ascending: &[usize], length: usize) -> (Vec<u64>, u64) {
        let mut cells = vec![0; length];
        cells[0] = ONE;
        // All cells outside are zero.
        let mut window = 0..1;
        let mut beyond = 0;
        for &weight in ascending {
            let first_out = length.saturating_sub(weight).clamp(window.start, window.end);
            let moved = cells[first_out..window.end].iter();
            beyond += moved.map(|cell| share(*cell, self.vote)).sum::<u64>();
            let end = length.min(window.end + weight);
            self.step(&mut cells[window.start..end], weight);
            let kept = &cells[window.start..end];
            let heavy = kept.iter().rev().take_while(|cell| **cell == 0).count();
            let light = kept.iter().take_while(|cell| **cell == 0).count();
            window = (window.start + light).min(end - heavy)..end - heavy;
        }
        let mut sum = 0;
        for cell in &mut cells {
            sum += *cell;
            *cell = sum;
        }
        (cells, ONE - beyond - sum)
    }

    /// One more member votes. From the heaviest cells down, in blocks that do not overlap the cells
    /// from which they draw.
    fn step(&self, cells: &mut [u64], weight: usize) {
        let mut end = cells.len();
        while end > weight {
            let start = weight.max(end.saturating_sub(weight));
            let (from, into) = cells[..end].split_at_mut(start);
            for (cell, lighter) in into.iter_mut().zip(&from[start - weight..]) {
                *cell = share(*cell, self.other) + share(*lighter, self.vote);
            }
            end = start;
        }
        for cell in &mut cells[..end] {
            *cell = share(*cell, self.other);
        }
    }

    /// The probability that a member of a weight turns the outcome.
    fn turns(&self, lighter: &[u64], quota: usize, weight: usize) -> i128 {
        let last = quota - 1;
        let mut without = 0;
        if let Some(highest) = last.checked_sub(weight) {
            for at in (highest % weight..=highest).step_by(weight) {
                let with = i128::from(self.vote) * without;
                without = self.divided((i128::from(lighter[at]) << 64) - with);
            }
        }
        self.divided((i128::from(lighter[last]) - without) << 64)
    }

    /// The quotient by the probability of the other vote. Dividends are products of a probability
    /// and a number up to 2^64, or differences of two: less than 2^127.
    fn divided(&self, dividend: i128) -> i128 {
        dividend.div_euclid(self.other.into())
    }
}

/// The upper half of a product: a probability times another in units of `2^-64`, rounded down.
#[inline]
fn share(value: u64, of: u64) -> u64 {
    value.carrying_mul(of, 0).1
}
