//! Dates that follow from the clauses: of the treaty, of a party, of a withdrawal.

use super::clauses::{
    EntryIntoForce, FinalClauses, Floors, LateParty, ReturningParty, Withdrawal, WithdrawalClause,
};
use super::delay::Delay;
use super::explain::{Explanation, Rule};
use super::kind::ConsentKind;
use super::record::Consent;
use crate::date::Date;
use crate::refusal::Refusal;

/// Why a date for a party is never earlier.
const TREATY_IN_FORCE: &str = "the treaty's entry into force";

/// The two dates of a treaty from which the dates of its parties follow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TreatyDates {
    /// The day on which the conditions were met.
    pub trigger: Option<Date>,
    /// The day from which the treaty is in force.
    pub entry: Option<Date>,
}

/// The entry into force of a treaty whose conditions were met on a day; none if the clauses are
/// unknown (VCLT art. 24(1)).
///
/// # Errors
/// [`Refusal::DateOutOfRange`] past the year 9999.
pub fn entry_into_force(
    clauses: &FinalClauses,
    met_on: Date,
) -> Result<Option<Explanation>, Refusal> {
    Ok(match &clauses.entry_into_force {
        EntryIntoForce::AsPublished => None,
        EntryIntoForce::Threshold { delay, floors, article, .. } => {
            let own = Explanation::delayed(Rule::Threshold, met_on, delay, article.as_ref())?;
            Some(above(floors, own))
        }
        EntryIntoForce::FixedDateIf { date, otherwise, floors, article, .. } => {
            let own = if met_on <= *date {
                let fixed = Explanation::plain(Rule::FixedDate, *date);
                Explanation { article: article.clone(), ..fixed }
            } else {
                let rule = Rule::FixedDateMissed;
                Explanation::delayed(rule, met_on, otherwise, article.as_ref())?
            };
            Some(above(floors, own))
        }
    })
}

fn above(floors: &Floors, mut own: Explanation) -> Explanation {
    if let Some(date) = floors.not_before {
        own = own.not_before(date, "the date that the treaty names");
    }
    if let Some(parent) = &floors.parent {
        let why = alloc::format!("the entry into force of {}", parent.treaty);
        own = own.not_before(parent.entry_into_force, &why);
    }
    own
}

/// The entry into force for one party (VCLT art. 24(3)); none while the treaty has no date, or
/// where the date does not follow from the deposit alone.
///
/// # Errors
/// [`Refusal::DateOutOfRange`] past the year 9999.
pub fn party_entry_into_force(
    clauses: &FinalClauses,
    treaty: TreatyDates,
    consent: &Consent,
) -> Result<Option<Explanation>, Refusal> {
    let TreatyDates { trigger: Some(trigger), entry: Some(entry) } = treaty else {
        return Ok(None);
    };
    if consent.kind == ConsentKind::Accession && clauses.consent.accession_awaits_objections {
        return Ok(None);
    }
    if consent.kind.is_succession() {
        let own = consent.succession.map(|on| Explanation::plain(Rule::Succession, on));
        return Ok(own.map(|own| own.not_before(entry, TREATY_IN_FORCE)));
    }
    let (cut, delay, article) = match &clauses.late_party {
        LateParty::AfterThreshold { delay, article } => (trigger, delay, article),
        LateParty::AfterEntryIntoForce { delay, article } => (entry, delay, article),
        LateParty::Silent => {
            let own = Explanation::plain(Rule::ConsentEstablished, consent.on);
            return Ok(Some(own.not_before(entry, TREATY_IN_FORCE)));
        }
    };
    if consent.on <= cut {
        return Ok(Some(Explanation::plain(Rule::WithTheTreaty, entry)));
    }
    let own = Explanation::delayed(Rule::LateParty, consent.on, delay, article.as_ref())?;
    Ok(Some(own.not_before(entry, TREATY_IN_FORCE)))
}

/// What a notice of withdrawal leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoticeEffect {
    /// The author is not bound from that day on.
    Effective(Explanation),
    /// The notice is earlier than the clause allows; the earliest day, where it is known.
    TooEarly(Option<Date>),
    /// The treaty has no clause, or the history does not state it.
    NoClause,
}

/// What a notice of a party, received on a day, leads to (VCLT art. 54, 56).
///
/// `first` and `latest` are the entries into force for the author, of its first and its latest
/// spell.
///
/// # Errors
/// [`Refusal::DateOutOfRange`] past the year 9999.
pub fn withdrawal(
    clauses: &FinalClauses,
    treaty: TreatyDates,
    (first, latest): (Option<Date>, Option<Date>),
    received: Date,
) -> Result<NoticeEffect, Refusal> {
    let clause = match &clauses.withdrawal {
        Withdrawal::Clause(clause) => clause,
        Withdrawal::Silent { permitted: true } => {
            let rule = Rule::WithdrawalFromSilentTreaty; // VCLT art. 56(2)
            let effect = Explanation::delayed(rule, received, &Delay::Months(12), None)?;
            return Ok(NoticeEffect::Effective(effect));
        }
        Withdrawal::Silent { permitted: false } | Withdrawal::Unrecorded => {
            return Ok(NoticeEffect::NoClause);
        }
    };
    let for_party = match clause.returning_party {
        ReturningParty::First => first,
        ReturningParty::Latest => latest,
    };
    for (years, in_force) in [
        (clause.not_before_years_in_force_for_party, for_party),
        (clause.not_before_years_in_force, treaty.entry),
    ] {
        let Some(years) = years else { continue };
        let earliest = in_force.map(|date| Delay::Years(years).after(date)).transpose()?;
        if earliest.is_none_or(|earliest| received < earliest) {
            return Ok(NoticeEffect::TooEarly(earliest_of(clause, treaty, for_party)?));
        }
    }
    let rule = Rule::WithdrawalNotice;
    let effect = Explanation::delayed(rule, received, &clause.notice, clause.article.as_ref())?;
    Ok(NoticeEffect::Effective(effect))
}

/// The first day on which all floors allow a notice; none while one of them has no date.
fn earliest_of(
    clause: &WithdrawalClause,
    treaty: TreatyDates,
    for_party: Option<Date>,
) -> Result<Option<Date>, Refusal> {
    let mut earliest = None;
    for (years, in_force) in [
        (clause.not_before_years_in_force_for_party, for_party),
        (clause.not_before_years_in_force, treaty.entry),
    ] {
        let Some(years) = years else { continue };
        let Some(in_force) = in_force else { return Ok(None) };
        earliest = earliest.max(Some(Delay::Years(years).after(in_force)?));
    }
    Ok(earliest)
}
