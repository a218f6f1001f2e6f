//! The records of a treaty, small on the way of every act.
//!
//! | path | record |
//! |---|---|
//! | `treaty/<slug>` | [`Treaty`]: titles, stage, trigger, entry into force, counts, register |
//! | `treaty/<slug>/clauses` | [`Clauses`] |
//! | `treaty/<slug>/texts` | [`Texts`] |
//! | `treaty/<slug>/tally` | [`super::tally::Tally`], where the conditions are known |
//! | `treaty/<slug>/negotiating/<actor>` | [`Negotiating`] |
//! | `treaty/<slug>/party/<participant>` | [`Party`] |

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::clauses::{FinalClauses, SignatureKind};
use super::dates::{self, TreatyDates};
use super::explain::{Explanation, Rule};
use super::kind::ConsentKind;
use super::participant::Participant;
use crate::date::Date;
use crate::ids::{ActorId, Digest, TreatyId};
use crate::refusal::Refusal;

/// Most spells of one participant.
pub const SPELLS_MAX: usize = 16;

/// Titles by language: two or three lower-case letters such as `en` (ISO 639).
pub type Titles = BTreeMap<String, String>;

/// The head record of a treaty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Treaty {
    /// How many did what.
    pub counts: Counts,
    /// The digest of the draft, which those who drew it up adopt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draft: Option<Digest>,
    /// Who drafted or transcribed it.
    pub drafted_by: ActorId,
    /// The day for which its entry into force was last entered in the queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Date>,
    /// The day from which the treaty is in force; it may lie ahead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<Date>,
    /// The latest date among the instruments, before which none may be entered any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latest: Option<Date>,
    /// The register of its participants.
    pub register: Register,
    /// How far it has come.
    pub stage: Stage,
    /// Its titles.
    pub titles: Titles,
    /// The day on which the conditions for entry into force were met.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trigger: Option<Date>,
    /// Version of this record's form.
    pub v: u8,
}

/// How far a treaty has come, as far as acts have brought it. Whether it is in force depends on
/// the day: see [`Treaty::status`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Stage {
    /// Drafted, not yet adopted by all who drew it up.
    UnderNegotiation,
    /// Its form and content are established (VCLT art. 9).
    Adopted {
        /// Since when.
        on: Date,
    },
    /// Its texts are definitive (VCLT art. 10).
    Authenticated {
        /// Since when.
        on: Date,
    },
    /// Entered from an earlier depositary, with its history.
    Transcribed,
}

/// The stage of a treaty's life on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TreatyStatus {
    /// Its text is being drawn up.
    UnderNegotiation,
    /// Its text is adopted.
    Adopted,
    /// Its texts are definitive.
    Authenticated,
    /// It binds its parties.
    InForce,
}

/// Counts that stand for walks over the participants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// Negotiating States that adopted the draft.
    pub adopted: u32,
    /// Negotiating States that authenticated the texts.
    pub authenticated: u32,
    /// Participants with a consent that was not voided.
    pub consents: u32,
    /// States that took part in drawing up the text.
    pub negotiating: u32,
    /// Participants that signed.
    pub signatures: u32,
}

/// A count and running digest of the participants, in the order in which they came: whoever
/// holds the whole list proves with them that it is complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Register {
    /// How many.
    pub count: u32,
    /// SHA-256 of a prefix, the digest before, and the participant's last part of the path.
    pub digest: Digest,
}

impl Register {
    /// The empty register.
    #[must_use]
    pub fn empty() -> Self {
        Self { count: 0, digest: Digest([0; 32]) }
    }

    /// Enters a participant.
    pub fn enter(&mut self, participant: &Participant) {
        self.count += 1;
        let segment = participant.segment();
        self.digest = Digest::of(&[b"pacta/register/v1", &self.digest.0, segment.as_bytes()]);
    }
}

/// `treaty/<slug>/clauses`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clauses {
    /// The final clauses.
    pub clauses: FinalClauses,
    /// Version of this record's form.
    pub v: u8,
}

/// `treaty/<slug>/texts`: the authentic texts, by digest (VCLT art. 10, 33).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Texts {
    /// The digest of the set of texts, which is authenticated.
    pub digest: Digest,
    /// The texts by language.
    pub texts: BTreeMap<String, Text>,
    /// Version of this record's form.
    pub v: u8,
}

/// One text, kept as a document beside the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// Length in bytes.
    pub bytes: u64,
    /// SHA-256 of the document.
    pub document: Digest,
    /// Such as `application/pdf`.
    pub media_type: String,
}

/// `treaty/<slug>/negotiating/<actor>`: a State that took part in drawing up the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Negotiating {
    /// The day on which it adopted the draft.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adopted: Option<Date>,
    /// The day on which it authenticated the texts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authenticated: Option<Date>,
    /// Version of this record's form.
    pub v: u8,
}

/// `treaty/<slug>/party/<participant>`: what one participant did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Party {
    /// Whether it is an organization.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub organization: bool,
    /// Who.
    pub participant: Participant,
    /// Its signature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<Signed>,
    /// Its spells, in order of time; also those that a void ended before they began.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub spells: Vec<Spell>,
    /// Version of this record's form.
    pub v: u8,
}

/// A signature of a treaty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signed {
    /// Simple or definitive.
    pub kind: SignatureKind,
    /// When.
    pub on: Date,
}

/// One interval as contracting State and party. It is closed at its start and open at its end:
/// who withdraws with effect on a day is not bound on that day.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spell {
    /// The consent that began it; none where a history states only published dates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consent: Option<Consent>,
    /// The notice of withdrawal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<Notice>,
    /// The published day from which the participant is no longer bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published_end: Option<Date>,
    /// The published day from which it is bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published_entry: Option<Date>,
    /// The day on which its consent was withdrawn before it took effect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voided: Option<Date>,
}

/// A consent to be bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Consent {
    /// How it was expressed.
    pub kind: ConsentKind,
    /// The day of deposit, signature or receipt.
    pub on: Date,
    /// Of a successor State: the day of succession.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub succession: Option<Date>,
}

/// A notice of withdrawal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notice {
    /// The day from which its author is not bound; none while suspended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effect: Option<Date>,
    /// The day of receipt.
    pub on: Date,
}

impl Treaty {
    /// The stage of the treaty's life on a day.
    #[must_use]
    pub fn status(&self, today: Date) -> TreatyStatus {
        match self.stage {
            _ if self.is_in_force(today) => TreatyStatus::InForce,
            Stage::UnderNegotiation => TreatyStatus::UnderNegotiation,
            Stage::Adopted { .. } => TreatyStatus::Adopted,
            Stage::Authenticated { .. } | Stage::Transcribed => TreatyStatus::Authenticated,
        }
    }

    /// Whether the treaty is in force on a day.
    #[must_use]
    pub fn is_in_force(&self, today: Date) -> bool {
        self.entry.is_some_and(|entry| entry <= today)
    }

    /// The dates from which those of the parties follow.
    #[must_use]
    pub fn dates(&self) -> TreatyDates {
        TreatyDates { trigger: self.trigger, entry: self.entry }
    }

    /// The title in a language, else in English, else in the first language.
    #[must_use]
    pub fn title(&self, language: &str) -> &str {
        let title = self.titles.get(language).or_else(|| self.titles.get("en"));
        title.or_else(|| self.titles.values().next()).map_or("", String::as_str)
    }
}

impl Party {
    /// A participant that has done nothing yet.
    #[must_use]
    pub fn new(participant: Participant, organization: bool) -> Self {
        Self { organization, participant, signature: None, spells: Vec::new(), v: 1 }
    }

    /// The consent that counts towards the conditions: the first that was not voided.
    #[must_use]
    pub fn counted(&self) -> Option<ConsentKind> {
        let standing = self.spells.iter().filter(|spell| spell.voided.is_none());
        standing.filter_map(|spell| spell.consent.as_ref()).next().map(|consent| consent.kind)
    }

    /// The spell that stands on a day: not voided, and not ended on that day or before.
    #[must_use]
    pub fn standing(&self, on: Date) -> Option<&Spell> {
        self.spells.last().filter(|spell| spell.stands(on))
    }

    /// Whether the treaty binds the participant on a day.
    ///
    /// # Errors
    /// [`Refusal::DateOutOfRange`] past the year 9999.
    pub fn is_bound(
        &self,
        clauses: &FinalClauses,
        treaty: TreatyDates,
        on: Date,
    ) -> Result<bool, Refusal> {
        for spell in &self.spells {
            let entry = spell.entry(clauses, treaty)?;
            if spell.stands(on) && entry.is_some_and(|entry| entry.date <= on) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl Spell {
    /// Whether the spell is neither voided nor over on a day.
    #[must_use]
    pub fn stands(&self, on: Date) -> bool {
        self.voided.is_none() && self.end().is_none_or(|end| on < end)
    }

    /// The day from which the participant is not bound any more.
    #[must_use]
    pub fn end(&self) -> Option<Date> {
        self.published_end.or_else(|| self.notice.and_then(|notice| notice.effect))
    }

    /// The entry into force for the participant; none while there is no date.
    ///
    /// # Errors
    /// [`Refusal::DateOutOfRange`] past the year 9999.
    pub fn entry(
        &self,
        clauses: &FinalClauses,
        treaty: TreatyDates,
    ) -> Result<Option<Explanation>, Refusal> {
        if self.voided.is_some() {
            return Ok(None);
        }
        if let Some(published) = self.published_entry {
            return Ok(Some(Explanation::plain(Rule::Published, published)));
        }
        match &self.consent {
            Some(consent) => dates::party_entry_into_force(clauses, treaty, consent),
            None => Ok(None),
        }
    }
}

/// `treaty/<slug>`.
#[must_use]
pub fn treaty_path(treaty: &TreatyId) -> String {
    format!("treaty/{treaty}")
}

/// `treaty/<slug>/clauses`.
#[must_use]
pub fn clauses_path(treaty: &TreatyId) -> String {
    format!("treaty/{treaty}/clauses")
}

/// `treaty/<slug>/texts`.
#[must_use]
pub fn texts_path(treaty: &TreatyId) -> String {
    format!("treaty/{treaty}/texts")
}

/// `treaty/<slug>/tally`.
#[must_use]
pub fn tally_path(treaty: &TreatyId) -> String {
    format!("treaty/{treaty}/tally")
}

/// `treaty/<slug>/negotiating/<actor>`.
#[must_use]
pub fn negotiating_path(treaty: &TreatyId, actor: ActorId) -> String {
    format!("treaty/{treaty}/negotiating/{actor}")
}

/// `treaty/<slug>/party/<participant>`.
#[must_use]
pub fn party_path(treaty: &TreatyId, participant: &Participant) -> String {
    format!("treaty/{treaty}/party/{}", participant.segment())
}
