//! Natural numbers of two sizes: 128 bits where they suffice, any length elsewhere.

use alloc::vec;
use alloc::vec::Vec;

use num_bigint::BigUint;

/// Most players whose swings can be counted in 128 bits. A coalition of others and a member that
/// joins it are one of at most `n * 2^(n - 1)` pairs, and `122 * 2^121` is less than `2^128`.
pub(crate) const SHORT_PLAYERS_MAX: u32 = 122;

const _: () = assert!(SHORT_PLAYERS_MAX.ilog2() + 1 + (SHORT_PLAYERS_MAX - 1) <= 128);

/// A natural number. The callers bound it: each counts coalitions, or pairs of a coalition and one
/// who joins it, so that the short form cannot overflow for [`SHORT_PLAYERS_MAX`] players.
pub(crate) trait Natural: Clone {
    /// A small number.
    fn small(value: u32) -> Self;
    /// Adds another.
    fn add(&mut self, other: &Self);
    /// Takes off another, which is not greater.
    fn take(&mut self, other: &Self);
    /// The product.
    fn times(&self, other: &Self) -> Self;
    /// Whether it is zero.
    fn is_zero(&self) -> bool;
    /// The same in any length.
    fn big(&self) -> BigUint;
}

impl Natural for u128 {
    fn small(value: u32) -> Self {
        value.into()
    }
    fn add(&mut self, other: &Self) {
        *self += other;
    }
    fn take(&mut self, other: &Self) {
        *self -= other;
    }
    fn times(&self, other: &Self) -> Self {
        self * other
    }
    fn is_zero(&self) -> bool {
        *self == 0
    }
    fn big(&self) -> BigUint {
        (*self).into()
    }
}

impl Natural for BigUint {
    fn small(value: u32) -> Self {
        value.into()
    }
    fn add(&mut self, other: &Self) {
        *self += other;
    }
    fn take(&mut self, other: &Self) {
        *self -= other;
    }
    fn times(&self, other: &Self) -> Self {
        self * other
    }
    fn is_zero(&self) -> bool {
        *self == Self::ZERO
    }
    fn big(&self) -> BigUint {
        self.clone()
    }
}

/// The rows 0 to `n` of Pascal's triangle.
pub(crate) fn binomials<T: Natural>(n: u32) -> Vec<Vec<T>> {
    let mut rows: Vec<Vec<T>> = vec![vec![T::small(1)]];
    for _ in 0..n {
        let above = &rows[rows.len() - 1];
        let mut row = vec![T::small(1)];
        for pair in above.windows(2) {
            let mut sum = pair[0].clone();
            sum.add(&pair[1]);
            row.push(sum);
        }
        row.push(T::small(1));
        rows.push(row);
    }
    rows
}

/// The factorials of 0 to `n`.
pub(crate) fn factorials(n: u32) -> Vec<BigUint> {
    let mut all = vec![BigUint::from(1_u32)];
    for factor in 1..=n {
        let next = &all[all.len() - 1] * factor;
        all.push(next);
    }
    all
}
