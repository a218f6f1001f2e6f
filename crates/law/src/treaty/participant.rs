//! Who takes part in a treaty: an actor of the network, or a name in a transcribed history.

use alloc::format;
use alloc::string::String;
use core::fmt;

use serde::{Deserialize, Serialize};

use crate::ids::ActorId;
use crate::refusal::Refusal;

/// Longest name of a participant, in bytes of UTF-8.
pub const PARTICIPANT_NAME_BYTES_MAX: usize = 120;

/// Who signs, consents or withdraws.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Participant {
    /// An actor of this network.
    Actor(ActorId),
    /// A participant of a history that is no actor here, such as a State since dissolved. Names
    /// are compared exactly.
    Name(String),
}

impl Participant {
    /// The last part of the participant's path: the actor's id; or `~` and the name, with every
    /// byte but letters, digits, `-`, `.` and `_` as `%XX`.
    #[must_use]
    pub fn segment(&self) -> String {
        let name = match self {
            Self::Actor(id) => return format!("{id}"),
            Self::Name(name) => name,
        };
        let mut segment = String::with_capacity(name.len() + 9);
        segment.push('~');
        for byte in name.bytes() {
            if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_') {
                segment.push(char::from(byte));
            } else {
                segment.push_str(&format!("%{byte:02X}"));
            }
        }
        segment
    }

    /// Checks the length of a name.
    ///
    /// # Errors
    /// [`Refusal::ClauseOutOfForm`] for an empty name or one above [`PARTICIPANT_NAME_BYTES_MAX`].
    pub fn check(&self) -> Result<(), Refusal> {
        match self {
            Self::Name(name) if name.is_empty() || name.len() > PARTICIPANT_NAME_BYTES_MAX => {
                Err(Refusal::ClauseOutOfForm {
                    clause: "participant".into(),
                    problem: format!("has a name of no or over {PARTICIPANT_NAME_BYTES_MAX} bytes"),
                })
            }
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Participant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Actor(id) => write!(f, "{id}"),
            Self::Name(name) => f.write_str(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_of_a_name_is_ascii_and_its_own() {
        let segment = |name: &str| Participant::Name(name.into()).segment();
        assert_eq!(segment("Côte d'Ivoire"), "~C%C3%B4te%20d%27Ivoire");
        assert_eq!(segment("SWA - SWZ"), "~SWA%20-%20SWZ");
        assert_ne!(segment("a/b"), segment("a%2Fb"));
    }

    #[test]
    fn a_name_of_the_longest_length_passes_and_one_byte_more_does_not() {
        let name = |bytes: usize| Participant::Name("n".repeat(bytes));
        assert!(name(PARTICIPANT_NAME_BYTES_MAX).check().is_ok());
        assert!(name(PARTICIPANT_NAME_BYTES_MAX + 1).check().is_err());
        assert!(name(0).check().is_err());
    }
}
