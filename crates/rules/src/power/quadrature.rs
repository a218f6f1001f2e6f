//! Points and weights by which polynomials on [0, 1] are integrated, with a proved error.
//!
//! The points are roots of a Legendre polynomial (Gauss). They are found by bisection in fixed
//! point, without any claim of accuracy; the proof comes afterwards, and is exact: the rule is
//! applied to every Legendre polynomial up to the degree in question, whose integrals are known.

use alloc::vec;
use alloc::vec::Vec;

use num_bigint::{BigInt, BigUint};

use super::game::ceiling;
use super::natural::factorials;

/// One in the fixed point of bisection.
const ONE: i128 = 1 << 62;
/// The unit of [`Quadrature::error`] is `2^-ERROR_BITS`.
pub(crate) const ERROR_BITS: u32 = 96;

/// Points up to one half and their weights, both in units of `2^-64`. Each stands for its mirror
/// image as well, and the middle for itself twice, with half its weight.
pub(crate) struct Quadrature {
    pub(crate) points: Vec<(u64, u64)>,
    /// For a polynomial of the degree with values from 0 to 1, how far the sum may be from the
    /// integral, in units of `2^-ERROR_BITS`.
    pub(crate) error: BigUint,
}

impl Quadrature {
    /// The rule for polynomials of a degree.
    pub(crate) fn of_degree(degree: u32) -> Self {
        let points = gauss_points(degree / 2 + 1);
        let error = error(&points, degree);
        Self { points, error }
    }
}

/// The last two Legendre polynomials up to a degree at a point of [-1, 1], in fixed point.
fn legendre(degree: u32, x: i128) -> (i128, i128) {
    let (mut before, mut value) = (0, ONE);
    for k in 0..i128::from(degree) {
        let next = ((2 * k + 1) * ((x * value) >> 62) - k * before) / (k + 1);
        (before, value) = (value, next);
    }
    (before, value)
}

fn gauss_points(count: u32) -> Vec<(u64, u64)> {
    let steps = i128::from(4 * count);
    // Roots crowd towards the ends like the projections of even steps on a circle.
    let grid = |step: i128| ONE - ONE * step * step / (steps * steps);
    let value = |x| legendre(count, x).1;
    let mut positive = Vec::new();
    for step in 0..steps {
        let (mut low, mut high) = (grid(step + 1), grid(step));
        let above = value(high) > 0;
        if (value(low) > 0) == above {
            continue;
        }
        while high - low > 1 {
            let middle = (low + high) / 2;
            let bound = if (value(middle) > 0) == above { &mut high } else { &mut low };
            *bound = middle;
        }
        positive.push(high);
    }
    if count % 2 == 1 {
        positive.retain(|x| *x > 1);
        positive.push(0);
    }
    let unsigned = |value: i128| u64::try_from(value).unwrap_or(u64::MAX);
    let point = |x: i128| {
        let weight = weight(count, x);
        (unsigned(2 * (ONE - x)), unsigned(if x == 0 { weight / 2 } else { weight }))
    };
    positive.into_iter().map(point).collect()
}

/// `(1 - x^2) / (count * P(x))^2` for the polynomial before the last, in units of `2^-64`.
fn weight(count: u32, x: i128) -> i128 {
    let scaled = legendre(count, x).0 * i128::from(count);
    let square = ((scaled >> 6) * (scaled >> 6)) >> 50;
    (((ONE - ((x * x) >> 62)) << 62) / square.max(1)) << 2
}

/// The sum over the Legendre polynomials up to the degree of what the rule gets wrong about each,
/// times the largest part it can have in a polynomial with values from 0 to 1: `2k + 1`, since its
/// own values lie between -1 and 1.
fn error(points: &[(u64, u64)], degree: u32) -> BigUint {
    let factorials = factorials(degree);
    // With X = 2^64 x: S(k) = 2^(64k) k! P(k) follows S(k+1) = (2k+1) X S(k) - k^2 2^128 S(k-1).
    let xs: Vec<BigInt> = points
        .iter()
        .map(|(point, _)| BigInt::from(*point) * 2 - (BigInt::from(1) << 64))
        .collect();
    let mut before = vec![BigInt::ZERO; xs.len()];
    let mut values = vec![BigInt::from(1); xs.len()];
    let mut total = BigUint::ZERO;
    for k in 0..=degree {
        // Polynomials of an odd degree are opposite at a point and its mirror image.
        let even = u32::from(k % 2 == 0);
        let unit = BigInt::from(factorials[k as usize].clone()) << (64 * (k + 1));
        let sum: BigInt = values.iter().zip(points).map(|(value, point)| value * point.1).sum();
        let sum = sum * (2 * even);
        let wrong = if k == 0 { sum - &unit } else { sum };
        let part = (BigInt::from(wrong.magnitude().clone()) * (2 * k + 1)) << ERROR_BITS;
        total += ceiling(&part, &unit).magnitude();
        for ((before, value), x) in before.iter_mut().zip(&mut values).zip(&xs) {
            let next = x * &*value * (2 * k + 1) - ((&*before * k * k) << 128);
            *before = core::mem::replace(value, next);
        }
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rule_for_190_members_is_wrong_by_less_than_a_hundredth_of_a_thousand_millionth() {
        let quadrature = Quadrature::of_degree(189);
        assert_eq!(quadrature.points.len(), 48);
        assert!(quadrature.error < (BigUint::from(1_u32) << ERROR_BITS) / 100_000_000_000_u64);
    }

    #[test]
    fn every_degree_up_to_sixty_is_integrated() {
        for degree in 0..=60 {
            let quadrature = Quadrature::of_degree(degree);
            let bound = (BigUint::from(1_u32) << ERROR_BITS) / 1_000_000_000_000_u64;
            assert!(quadrature.error < bound, "degree {degree}");
        }
    }
}
