//! Final clauses as data: who may join, how, from when it binds, and how one leaves.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::condition::{Condition, LISTED_PARTICIPANTS_MAX};
use super::delay::Delay;
use super::kind::ConsentKind;
use super::participant::Participant;
use crate::date::Date;
use crate::refusal::Refusal;

/// Longest reference to an article, in bytes.
pub const ARTICLE_BYTES_MAX: usize = 60;
/// Longest floor of a withdrawal, in years.
pub const FLOOR_YEARS_MAX: u32 = 100;

/// The final clauses of a treaty. They operate from its adoption (VCLT art. 24(4)).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FinalClauses {
    /// Who may become party.
    pub participation: Participation,
    /// When and how to sign.
    pub signature: SignatureClause,
    /// How to express consent to be bound.
    pub consent: ConsentClause,
    /// The condition and day of entry into force.
    pub entry_into_force: EntryIntoForce,
    /// The day for those who consent later.
    pub late_party: LateParty,
    /// How to leave.
    pub withdrawal: Withdrawal,
    /// Whether organizations may join, and whether they count.
    #[serde(default)]
    pub organizations: Organizations,
}

/// Who may become party.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Participation {
    /// Every State.
    AllStates,
    /// The States that took part in drawing up the text.
    NegotiatingStates,
    /// The listed participants.
    Listed(Vec<Participant>),
}

/// When and how to sign (VCLT art. 12, 18).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignatureClause {
    /// First day, inclusive (UTC); without it, the day of authentication.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Date>,
    /// Last day, inclusive (UTC); without it, signature stays open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
    /// Which signatures the treaty allows.
    pub kinds: Vec<SignatureKind>,
}

/// What a signature does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignatureKind {
    /// Subject to ratification, acceptance or approval (VCLT art. 14, 18).
    Simple,
    /// Is itself consent to be bound (VCLT art. 12).
    Definitive,
}

/// How to express consent to be bound by deposit (VCLT art. 11, 14-16).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsentClause {
    /// The instruments that may be deposited, beside accession.
    pub kinds: Vec<ConsentKind>,
    /// Whether ratification, acceptance and approval need an earlier signature (VCLT art. 14).
    pub signature_required: bool,
    /// From when accession is open.
    pub accession: Accession,
    /// Whether other parties may object to an accession within a window, so that its date cannot
    /// be computed from the deposit alone.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub accession_awaits_objections: bool,
}

/// From when accession is open (VCLT art. 15).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Accession {
    /// Never.
    Closed,
    /// From the day of authentication.
    Open,
    /// From a day on.
    From(Date),
    /// From the day after signature closes.
    AfterSignatureCloses,
    /// From the day of entry into force.
    AfterEntryIntoForce,
}

/// From when a treaty binds (VCLT art. 24(1)-(2)).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum EntryIntoForce {
    /// The clauses are unknown; a history states the published dates.
    AsPublished,
    /// The day on which the conditions are met, plus a delay.
    Threshold {
        /// What must hold at the end of the day.
        conditions: Condition,
        /// From that day to entry into force.
        delay: Delay,
        /// What the date is never earlier than.
        #[serde(default, skip_serializing_if = "Floors::are_none")]
        floors: Floors,
        /// Where the treaty says so, such as "art. 21(1)".
        #[serde(default, skip_serializing_if = "Option::is_none")]
        article: Option<String>,
    },
    /// A fixed date if the conditions are met on it or before; else a delay from the day they
    /// are met.
    FixedDateIf {
        /// The fixed date.
        date: Date,
        /// What must hold at the end of the day.
        conditions: Condition,
        /// From the day they are met, if later than the date.
        otherwise: Delay,
        /// What the date is never earlier than.
        #[serde(default, skip_serializing_if = "Floors::are_none")]
        floors: Floors,
        /// Where the treaty says so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        article: Option<String>,
    },
}

impl EntryIntoForce {
    /// The conditions, if they are known.
    #[must_use]
    pub fn conditions(&self) -> Option<&Condition> {
        match self {
            Self::AsPublished => None,
            Self::Threshold { conditions, .. } | Self::FixedDateIf { conditions, .. } => {
                Some(conditions)
            }
        }
    }
}

/// What an entry into force is never earlier than.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Floors {
    /// A date that the treaty names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Date>,
    /// The entry into force of the parent treaty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Parent>,
}

impl Floors {
    fn are_none(&self) -> bool {
        *self == Self::default()
    }
}

/// A treaty on which another depends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parent {
    /// Its slug or title.
    pub treaty: String,
    /// The day on which it entered into force.
    pub entry_into_force: Date,
}

/// The day for those who consent after others (VCLT art. 24(3)).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum LateParty {
    /// Who consents after the day on which the conditions were met has its own full delay.
    AfterThreshold {
        /// From the consent.
        delay: Delay,
        /// Where the treaty says so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        article: Option<String>,
    },
    /// Who consents after the treaty's entry into force has its own delay.
    AfterEntryIntoForce {
        /// From the consent.
        delay: Delay,
        /// Where the treaty says so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        article: Option<String>,
    },
    /// The treaty is silent: the day on which consent is established (VCLT art. 24(3)).
    Silent,
}

/// How a party leaves (VCLT art. 54, 56).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Withdrawal {
    /// A history does not say.
    Unrecorded,
    /// The treaty has no clause.
    Silent {
        /// Whether the parties intended, or the nature of the treaty implies, that one may leave
        /// on twelve months' notice (VCLT art. 56).
        permitted: bool,
    },
    /// By a clause.
    Clause(WithdrawalClause),
}

/// A clause on withdrawal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WithdrawalClause {
    /// From the receipt of the notice by the depositary to its effect.
    pub notice: Delay,
    /// No notice earlier than so many years after entry into force for its author.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before_years_in_force_for_party: Option<u32>,
    /// No notice earlier than so many years after the treaty's entry into force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before_years_in_force: Option<u32>,
    /// From which entry into force the years of a returning party run.
    #[serde(default, skip_serializing_if = "ReturningParty::is_default")]
    pub returning_party: ReturningParty,
    /// Where the treaty says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub article: Option<String>,
}

/// From which entry into force the floor of a party that left and came back runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReturningParty {
    /// The first.
    #[default]
    First,
    /// The latest.
    Latest,
}

impl ReturningParty {
    #[allow(clippy::trivially_copy_pass_by_ref)] // the form that serde asks for
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// Organizations among the participants.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Organizations {
    /// Whether they may become party.
    #[serde(default)]
    pub may_join: bool,
    /// Whether their instruments count in addition to those of their members.
    #[serde(default)]
    pub count: bool,
    /// Which names of a history are organizations. Actors say so themselves.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub named: Vec<Participant>,
}

impl FinalClauses {
    /// The clauses of a treaty of which only published dates are known.
    #[must_use]
    pub fn as_published() -> Self {
        Self {
            participation: Participation::AllStates,
            signature: SignatureClause {
                from: None,
                until: None,
                kinds: alloc::vec![SignatureKind::Simple, SignatureKind::Definitive],
            },
            consent: ConsentClause {
                kinds: Vec::new(),
                signature_required: false,
                accession: Accession::Closed,
                accession_awaits_objections: false,
            },
            entry_into_force: EntryIntoForce::AsPublished,
            late_party: LateParty::Silent,
            withdrawal: Withdrawal::Unrecorded,
            organizations: Organizations::default(),
        }
    }

    /// Checks that the clauses are in form and agree with each other.
    ///
    /// # Errors
    /// [`Refusal::ClauseOutOfForm`], naming the clause and the problem.
    pub fn check(&self) -> Result<(), Refusal> {
        self.check_lists()?;
        if let (Some(from), Some(until)) = (self.signature.from, self.signature.until)
            && until < from
        {
            return Err(problem("signature", format!("closes on {until}, before {from}")));
        }
        if self.consent.accession == Accession::AfterSignatureCloses
            && self.signature.until.is_none()
        {
            return Err(problem("accession", "opens when signature closes, which has no end"));
        }
        self.check_entry()?;
        match &self.late_party {
            LateParty::AfterThreshold { delay, article }
            | LateParty::AfterEntryIntoForce { delay, article } => {
                delay.check()?;
                check_article(article.as_ref())?;
            }
            LateParty::Silent => {}
        }
        self.check_withdrawal()
    }

    fn check_lists(&self) -> Result<(), Refusal> {
        let listed: &[Participant] = match &self.participation {
            Participation::Listed(listed) if listed.is_empty() => {
                return Err(problem("participation", "lists nobody"));
            }
            Participation::Listed(listed) => listed,
            _ => &[],
        };
        for list in [listed, &self.organizations.named] {
            if list.len() > LISTED_PARTICIPANTS_MAX {
                let limit = format!("lists over {LISTED_PARTICIPANTS_MAX} participants");
                return Err(problem("participation", limit));
            }
            list.iter().try_for_each(Participant::check)?;
        }
        if !is_a_set(&self.signature.kinds) || !is_a_set(&self.consent.kinds) {
            return Err(problem("consent", "names a kind twice"));
        }
        if self.consent.kinds.contains(&ConsentKind::Accession) {
            return Err(problem("consent", "lists accession, which has a clause of its own"));
        }
        let definitive = self.signature.kinds.contains(&SignatureKind::Definitive);
        let accession = self.consent.accession != Accession::Closed;
        if !definitive && !accession && self.consent.kinds.is_empty() {
            return Err(problem("consent", "leaves no way to become party"));
        }
        Ok(())
    }

    fn check_entry(&self) -> Result<(), Refusal> {
        match &self.entry_into_force {
            EntryIntoForce::AsPublished => Ok(()),
            EntryIntoForce::Threshold { conditions, delay, floors, article } => {
                conditions.check()?;
                delay.check()?;
                check_floors(floors)?;
                check_article(article.as_ref())
            }
            EntryIntoForce::FixedDateIf { conditions, otherwise, floors, article, .. } => {
                conditions.check()?;
                otherwise.check()?;
                check_floors(floors)?;
                check_article(article.as_ref())
            }
        }
    }

    fn check_withdrawal(&self) -> Result<(), Refusal> {
        let Withdrawal::Clause(clause) = &self.withdrawal else { return Ok(()) };
        clause.notice.check()?;
        check_article(clause.article.as_ref())?;
        let floors = [clause.not_before_years_in_force_for_party, clause.not_before_years_in_force];
        if floors.into_iter().flatten().any(|years| years > FLOOR_YEARS_MAX) {
            let limit = format!("has a floor of over {FLOOR_YEARS_MAX} years");
            return Err(problem("withdrawal", limit));
        }
        Ok(())
    }
}

fn check_floors(floors: &Floors) -> Result<(), Refusal> {
    match &floors.parent {
        Some(parent) if parent.treaty.is_empty() || parent.treaty.len() > 200 => {
            Err(problem("entry_into_force", "names a parent in no or over 200 bytes"))
        }
        _ => Ok(()),
    }
}

fn check_article(article: Option<&String>) -> Result<(), Refusal> {
    match article {
        Some(article) if article.is_empty() || article.len() > ARTICLE_BYTES_MAX => {
            let limit = format!("is in no or over {ARTICLE_BYTES_MAX} bytes");
            Err(problem("article", limit))
        }
        _ => Ok(()),
    }
}

fn is_a_set<T: Ord + Clone>(list: &[T]) -> bool {
    let mut sorted = list.to_vec();
    sorted.sort();
    sorted.dedup();
    sorted.len() == list.len()
}

fn problem(clause: &str, problem: impl Into<String>) -> Refusal {
    Refusal::ClauseOutOfForm { clause: clause.into(), problem: problem.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_that_closes_before_it_opens_is_refused() {
        let mut clauses = FinalClauses::as_published();
        clauses.signature.from = "2027-03-02".parse().ok();
        clauses.signature.until = "2027-03-02".parse().ok();
        assert!(clauses.check().is_ok());
        clauses.signature.until = "2027-03-01".parse().ok();
        assert!(clauses.check().is_err());
    }

    #[test]
    fn accession_after_a_signature_without_end_is_refused() {
        let mut clauses = FinalClauses::as_published();
        clauses.consent.accession = Accession::AfterSignatureCloses;
        assert!(clauses.check().is_err());
        clauses.signature.until = "2027-03-01".parse().ok();
        assert!(clauses.check().is_ok());
    }

    #[test]
    fn articles_and_floors_have_limits() {
        let with = |article: usize, years: u32| {
            let mut clauses = FinalClauses::as_published();
            clauses.withdrawal = Withdrawal::Clause(WithdrawalClause {
                notice: Delay::Months(12),
                not_before_years_in_force_for_party: Some(years),
                not_before_years_in_force: None,
                returning_party: ReturningParty::First,
                article: Some("a".repeat(article)),
            });
            clauses.check()
        };
        assert!(with(ARTICLE_BYTES_MAX, FLOOR_YEARS_MAX).is_ok());
        assert!(with(ARTICLE_BYTES_MAX + 1, FLOOR_YEARS_MAX).is_err());
        assert!(with(ARTICLE_BYTES_MAX, FLOOR_YEARS_MAX + 1).is_err());
        assert!(with(0, 1).is_err());
    }

    #[test]
    fn clauses_that_leave_no_way_to_become_party_are_refused() {
        let mut clauses = FinalClauses::as_published();
        clauses.signature.kinds = alloc::vec![SignatureKind::Simple];
        assert!(clauses.check().is_err());
        clauses.consent.kinds.push(ConsentKind::Accession);
        assert!(clauses.check().is_err());
        clauses.consent.kinds = alloc::vec![ConsentKind::Acceptance];
        assert!(clauses.check().is_ok());
    }
}
