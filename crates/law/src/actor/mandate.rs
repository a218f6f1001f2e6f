//! Mandates: an office, or full powers for one treaty.

use alloc::format;
use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Serialize};

use super::ActorKind;
use crate::date::{Date, Instant};
use crate::ids::{ActorId, Digest, KeyId, MandateId, TreatyId};
use crate::ledger::{Ledger, Path, Stop};
use crate::refusal::Refusal;

/// An office, by which its holder represents a State or organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Office {
    /// Head of State: all acts, without full powers (VCLT art. 7(2)(a)).
    HeadOfState,
    /// Head of government: likewise.
    HeadOfGovernment,
    /// Minister for foreign affairs: likewise.
    ForeignMinister,
    /// Executive head of an organization: all its acts (VCLT-IO art. 7(3)).
    ExecutiveHead,
    /// Head of a diplomatic mission: adoption of a text (VCLT art. 7(2)(b)).
    HeadOfMission,
    /// Accredited to a conference or organization: adoption of a text (VCLT art. 7(2)(c)).
    Representative,
    /// Keeps treaties for the actor: drafts and transcribes, and binds it to nothing.
    TreatyOfficer,
}

impl Office {
    /// Whether the holder represents the actor for all acts without full powers.
    #[must_use]
    pub fn represents(self) -> bool {
        matches!(
            self,
            Self::HeadOfState
                | Self::HeadOfGovernment
                | Self::ForeignMinister
                | Self::ExecutiveHead
        )
    }

    /// Whether an actor of this kind has such an office.
    #[must_use]
    pub fn is_of(self, kind: ActorKind) -> bool {
        match self {
            Self::HeadOfState
            | Self::HeadOfGovernment
            | Self::ForeignMinister
            | Self::HeadOfMission => kind == ActorKind::State,
            Self::ExecutiveHead => kind == ActorKind::Organization,
            Self::Representative | Self::TreatyOfficer => kind.concludes_treaties(),
        }
    }
}

impl fmt::Display for Office {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::HeadOfState => "head of State",
            Self::HeadOfGovernment => "head of government",
            Self::ForeignMinister => "minister for foreign affairs",
            Self::ExecutiveHead => "executive head",
            Self::HeadOfMission => "head of mission",
            Self::Representative => "representative",
            Self::TreatyOfficer => "treaty officer",
        })
    }
}

/// What full powers may extend to (VCLT art. 2(1)(c)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Power {
    /// Adopt the text.
    Adopt,
    /// Authenticate the text.
    Authenticate,
    /// Sign.
    Sign,
    /// Deposit an instrument of consent, or withdraw it before it takes effect.
    Deposit,
    /// Give notice of withdrawal, or revoke it.
    Withdraw,
}

impl fmt::Display for Power {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Adopt => "adopt",
            Self::Authenticate => "authenticate",
            Self::Sign => "sign",
            Self::Deposit => "deposit an instrument of",
            Self::Withdraw => "withdraw from",
        })
    }
}

/// What a mandate extends to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum MandateScope {
    /// What the office extends to.
    Office(Office),
    /// The named acts on one treaty.
    FullPowers {
        /// The acts.
        powers: Vec<Power>,
        /// The treaty.
        treaty: TreatyId,
    },
}

/// The record of a mandate, at [`Mandate::path`]. It names a key and no person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mandate {
    /// For whom the key acts.
    pub actor: ActorId,
    /// When it was ended before its time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Instant>,
    /// First day (UTC).
    pub from: Date,
    /// The key that granted it; none in the genesis.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub granted_by: Option<KeyId>,
    /// Salted digest of the holder's particulars, which are kept elsewhere and can be erased.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holder: Option<Digest>,
    /// The key that holds it.
    pub key: KeyId,
    /// What it extends to.
    pub scope: MandateScope,
    /// Last day, inclusive (UTC); without it, until ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
    /// Version of this form.
    pub v: u8,
}

impl Mandate {
    /// Path of the record.
    #[must_use]
    pub fn path(mandate: MandateId) -> Path {
        format!("mandate/{mandate}")
    }

    /// Whether it is an office that represents the actor for all acts.
    #[must_use]
    pub fn represents(&self) -> bool {
        matches!(self.scope, MandateScope::Office(office) if office.represents())
    }

    /// Checks that the mandate is in force on a day.
    ///
    /// # Errors
    /// [`Refusal::MandateEnded`], [`Refusal::MandateNotBegun`] or [`Refusal::MandateOver`].
    pub fn require_in_time(&self, mandate: MandateId, today: Date) -> Result<(), Refusal> {
        if let Some(on) = self.ended {
            return Err(Refusal::MandateEnded { mandate, on });
        }
        if today < self.from {
            return Err(Refusal::MandateNotBegun { mandate, from: self.from });
        }
        match self.until {
            Some(until) if until < today => Err(Refusal::MandateOver { mandate, until }),
            _ => Ok(()),
        }
    }
}

impl Ledger {
    /// The record of a mandate.
    ///
    /// # Errors
    /// [`Refusal::UnknownMandate`], or `Missing`.
    pub fn mandate(&self, mandate: MandateId) -> Result<Mandate, Stop> {
        Ok(self.record(&Mandate::path(mandate))?.ok_or(Refusal::UnknownMandate { mandate })?)
    }
}
