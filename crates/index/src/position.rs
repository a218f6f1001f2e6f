//! Where an entry stands in the journal: the height of its block and its index in it.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// A place in the journal, in the order in which everything became final. Written `height-index`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The height of the block.
    pub height: u64,
    /// The index of the entry within the block, due items first.
    pub index: u64,
}

/// A position that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a position is written height-index, for example 4812-0; take it from an answer")]
pub struct BadPosition;

impl fmt::Display for Position {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}-{}", self.height, self.index)
    }
}

impl FromStr for Position {
    type Err = BadPosition;

    fn from_str(text: &str) -> Result<Self, BadPosition> {
        let (height, index) = text.split_once('-').ok_or(BadPosition)?;
        Ok(Self { height: number(height)?, index: number(index)? })
    }
}

impl Serialize for Position {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Digits only, within the range that the database holds.
fn number(text: &str) -> Result<u64, BadPosition> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number: i64 = digits.then(|| text.parse().ok()).flatten().ok_or(BadPosition)?;
    u64::try_from(number).map_err(|_| BadPosition)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_read_as_it_is_written() {
        let position = Position { height: 4812, index: 7 };
        assert_eq!("4812-7".parse(), Ok(position));
        assert_eq!(position.to_string(), "4812-7");
        assert!(Position { height: 9, index: 0 } < Position { height: 10, index: 0 });
    }

    #[test]
    fn what_is_no_position_is_refused() {
        for text in ["", "-", "1", "1-", "-1", "+1-0", "1--1", "1-0-0", "a-b", " 1-0", "1.0-0"] {
            assert_eq!(text.parse::<Position>(), Err(BadPosition), "{text:?}");
        }
        let (at, above) = ("9223372036854775807-0", "9223372036854775808-0");
        assert!(at.parse::<Position>().is_ok());
        assert_eq!(above.parse::<Position>(), Err(BadPosition));
    }
}
