//! Whole numbers of a fixed length that wrap around.
//!
//! Counts of coalitions are sums with changing signs whose end result is known to fit; what wraps
//! around on the way cancels out.

use alloc::vec::Vec;

use num_bigint::BigUint;

/// A number modulo `2^(64 * L)`, least significant part first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limbs<const L: usize>([u64; L]);

impl<const L: usize> Limbs<L> {
    pub(crate) const ZERO: Self = Self([0; L]);

    pub(crate) const fn one() -> Self {
        let mut limbs = [0; L];
        limbs[0] = 1;
        Self(limbs)
    }

    #[inline]
    pub(crate) fn plus(mut self, other: Self) -> Self {
        let mut carry = false;
        for (limb, added) in self.0.iter_mut().zip(other.0) {
            (*limb, carry) = limb.carrying_add(added, carry);
        }
        self
    }

    #[inline]
    pub(crate) fn minus(mut self, other: Self) -> Self {
        let mut borrow = false;
        for (limb, taken) in self.0.iter_mut().zip(other.0) {
            (*limb, borrow) = limb.borrowing_sub(taken, borrow);
        }
        self
    }

    pub(crate) fn big(self) -> BigUint {
        let halves = self.0.iter().flat_map(|limb| [*limb as u32, (*limb >> 32) as u32]);
        BigUint::new(halves.collect::<Vec<_>>())
    }
}
