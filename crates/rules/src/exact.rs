//! Exact numbers: the sides and margins of comparisons.

use alloc::string::ToString;
use core::fmt;

use ethnum::I256;
use serde::{Serialize, Serializer};

/// A whole number over a positive denominator, in lowest terms. Written `88`, `286/3` or `-1/2`,
/// also in JSON, where it is a string since it may exceed the integers there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exact {
    numerator: I256,
    denominator: u64,
}

impl Exact {
    /// The fraction in lowest terms; a denominator of zero is taken as one.
    #[must_use]
    pub fn new(numerator: I256, denominator: u64) -> Self {
        let denominator = denominator.max(1);
        let common = common_divisor(numerator, denominator);
        Self { numerator: numerator / I256::from(common), denominator: denominator / common }
    }

    /// Above the line; its sign is that of the value.
    #[must_use]
    pub const fn numerator(&self) -> I256 {
        self.numerator
    }

    /// Below the line; at least one.
    #[must_use]
    pub const fn denominator(&self) -> u64 {
        self.denominator
    }

    /// Whether it is zero.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.numerator == I256::ZERO
    }

    /// Without its sign. The bounds of evaluation keep clear of the one number that has no
    /// opposite.
    #[must_use]
    pub fn magnitude(&self) -> Self {
        Self { numerator: self.numerator.saturating_abs(), denominator: self.denominator }
    }
}

/// The greatest common divisor; at least one, since the denominator is.
fn common_divisor(numerator: I256, denominator: u64) -> u64 {
    // The magnitude of a remainder is below the denominator, so it has 64 bits.
    let remainder = (numerator % I256::from(denominator)).unsigned_abs().as_u64();
    let (mut large, mut small) = (denominator, remainder);
    while small != 0 {
        (large, small) = (small, large % small);
    }
    large
}

impl fmt::Display for Exact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.numerator)?;
        if self.denominator == 1 { Ok(()) } else { write!(f, "/{}", self.denominator) }
    }
}

impl Serialize for Exact {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exact_number_is_written_in_lowest_terms() {
        let text = |numerator: i64, denominator| {
            Exact::new(I256::from(numerator), denominator).to_string()
        };
        assert_eq!(text(286, 3), "286/3");
        assert_eq!(text(-4, 8), "-1/2");
        assert_eq!(text(0, 7), "0");
        assert_eq!(text(12, 4), "3");
        assert_eq!(text(5, 0), "5");
        assert_eq!(Exact::new(I256::MIN, u64::MAX).denominator(), u64::MAX);
        assert_eq!(Exact::new(I256::MIN, 1).magnitude().numerator(), I256::MAX);
    }
}
