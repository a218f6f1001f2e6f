//! Actors, their keys, and the mandates by which a key acts for one.

mod author;
mod key;
mod mandate;

pub mod end_mandate;
pub mod grant_full_powers;
pub mod grant_office;
pub mod register_actor;
pub mod register_key;
pub mod revoke_key;

use alloc::format;
use alloc::string::String;
use core::fmt;

use serde::{Deserialize, Serialize};

use crate::ids::{ActorId, Digest};
use crate::json::too_long;
use crate::ledger::{Ledger, Path, Stop};
use crate::limits::NAME_BYTES_MAX;
use crate::refusal::Refusal;

pub use author::Author;
pub use key::{Key, Purpose, Sequence, is_weak, possession_message};
pub(crate) use key::{check_new, verifies};
pub use mandate::{Mandate, MandateScope, Office, Power};

/// What an actor is. Only States and organizations conclude treaties (VCLT art. 6; VCLT-IO art. 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActorKind {
    /// A State.
    State,
    /// An international organization.
    Organization,
    /// A part of a State or organization that acts in its own name, such as a ministry.
    Authority,
    /// A company.
    Company,
    /// A natural person, under a handle.
    Person,
    /// Reads everything public and decides nothing.
    Observer,
}

impl ActorKind {
    /// Whether the actor can be bound by treaties.
    #[must_use]
    pub fn concludes_treaties(self) -> bool {
        matches!(self, Self::State | Self::Organization)
    }

    /// Whether the actor may vouch for others.
    #[must_use]
    pub fn vouches(self) -> bool {
        matches!(self, Self::State | Self::Organization | Self::Authority)
    }
}

impl fmt::Display for ActorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::State => "State",
            Self::Organization => "organization",
            Self::Authority => "authority",
            Self::Company => "company",
            Self::Person => "person",
            Self::Observer => "observer",
        })
    }
}

/// The record of an actor, at [`actor_path`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Actor {
    /// What it is.
    pub kind: ActorKind,
    /// Its legal name.
    pub name: String,
    /// Who vouches for it; none for those of the genesis.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<ActorId>,
    /// Version of this form.
    pub v: u8,
}

/// How many keys an actor can sign acts with, at [`signing_keys_path`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SigningKeys {
    /// Keys registered to sign acts and not revoked.
    pub count: u32,
    /// Version of this form.
    pub v: u8,
}

/// Who has a name, at [`name_path`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NameHolder {
    /// The actor with that name.
    pub actor: ActorId,
    /// Version of this form.
    pub v: u8,
}

/// Path of an actor's record.
#[must_use]
pub fn actor_path(actor: ActorId) -> Path {
    format!("actor/{actor}")
}

/// Path of the count of an actor's signing keys.
#[must_use]
pub fn signing_keys_path(actor: ActorId) -> Path {
    format!("actor/{actor}/signing-keys")
}

/// Path of the holder of a name: by digest, so that any name fits.
#[must_use]
pub fn name_path(name: &str) -> Path {
    format!("name/{}", Digest::of(&[name.as_bytes()]))
}

/// Checks that a name can be shown on one line: not empty, within [`NAME_BYTES_MAX`], no space at
/// either end or twice in a row, nothing forbidden, in normalization form C.
///
/// # Errors
/// [`Refusal::BadName`] or [`Refusal::TooLong`].
pub fn check_name(name: &str) -> Result<(), Refusal> {
    check_line("a name", name, NAME_BYTES_MAX)
}

/// Checks a line of text as [`check_name`] does, within a limit of its own.
///
/// # Errors
/// [`Refusal::BadName`] or [`Refusal::TooLong`].
pub(crate) fn check_line(what: &'static str, name: &str, max: usize) -> Result<(), Refusal> {
    let refuse = |problem| Err(Refusal::BadName { problem });
    if name.len() > max {
        return Err(too_long(what, max));
    }
    let mut characters = name.chars();
    let Some(first) = characters.next() else {
        return refuse("is empty");
    };
    if first == ' ' || name.ends_with(' ') || name.contains("  ") {
        return refuse("has a space too many");
    }
    if name.chars().any(|c| (c.is_whitespace() && c != ' ') || crate::json::is_forbidden(c)) {
        return refuse("holds a character that is not shown, or not on one line");
    }
    if unicode_normalization::char::is_combining_mark(first) {
        return refuse("begins with a mark that belongs to a letter before it");
    }
    if !unicode_normalization::is_nfc(name) {
        return refuse("is not in Unicode normalization form C");
    }
    Ok(())
}

impl Ledger {
    /// The record of an actor.
    ///
    /// # Errors
    /// [`Refusal::UnknownActor`], or `Missing`.
    pub fn actor(&self, actor: ActorId) -> Result<Actor, Stop> {
        Ok(self.record(&actor_path(actor))?.ok_or(Refusal::UnknownActor { actor })?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_line_of_visible_text_in_form_c() {
        for right in ["Armenia", "Côte d'Ivoire", "Россия", "a", &"n".repeat(NAME_BYTES_MAX)]
        {
            assert_eq!(check_name(right), Ok(()), "{right}");
        }
        let long = "n".repeat(NAME_BYTES_MAX + 1);
        for wrong in [
            "",
            " a",
            "a ",
            "a  b",
            "a\nb",
            "a\u{a0}b",
            "\u{301}a",
            "e\u{301}",
            "a\u{202e}b",
            "a\u{2028}b",
            &long,
        ] {
            assert!(check_name(wrong).is_err(), "{wrong:?}");
        }
    }
}
