//! Final clauses of a file of data, as the law's.

use pacta_law::treaty::condition::{Condition, Counted};
use pacta_law::treaty::{
    Accession, ConsentClause, ConsentKind, Delay, EntryIntoForce, FinalClauses, Floors, LateParty,
    Organizations, Parent, Withdrawal, WithdrawalClause,
};

use super::conditions::{condition, named};
use super::data::{
    AccessionKind, ClausesData, Cut, DelayData, DelayKind, EntryData, EntryKind, Others,
    WithdrawalData,
};

/// What a file tells of its treaty beside, and what decides no date.
const INFORMATION: [&str; 14] = [
    "adopted",
    "authentic_languages",
    "depositary",
    "expiry",
    "parent_participation_required",
    "parent_treaty",
    "participation",
    "place_of_signature",
    "prevailing_language",
    "provisions",
    "reservations",
    "review",
    "signed",
    "succession",
];
const ENTRY_INFORMATION: [&str; 4] = ["action", "binds", "parties_counted", "scope"];
const ACCESSION_INFORMATION: [&str; 3] = ["effect", "objection_window", "then_delay"];
const WITHDRAWAL_INFORMATION: [&str; 5] = [
    "collapse_below_parties",
    "extraordinary_events",
    "fixed_terms",
    "no_effect_if_in_armed_conflict",
    "notify",
];

/// The clauses, and the conditions that the file's data do not suffice to test.
///
/// # Errors
/// Which member is out of form, and how.
pub fn final_clauses(data: &ClausesData) -> Result<(FinalClauses, Vec<String>), String> {
    require_known("final_clauses", &data.others, &INFORMATION)?;
    let mut untested = Vec::new();
    let mut clauses = FinalClauses::as_published();
    clauses.signature.from = data.open_for_signature_from;
    clauses.signature.until = data.open_for_signature_until;
    clauses.consent = consent(data)?;
    clauses.entry_into_force = entry_into_force(data, &mut untested)?;
    clauses.late_party = match &data.late_party {
        None => LateParty::Silent,
        Some(late) => match late.trigger {
            Cut::AfterThreshold => {
                LateParty::AfterThreshold { delay: delay(late.delay), article: None }
            }
            Cut::AfterEntryIntoForce => {
                LateParty::AfterEntryIntoForce { delay: delay(late.delay), article: None }
            }
        },
    };
    clauses.withdrawal = withdrawal(&data.withdrawal)?;
    clauses.organizations = Organizations {
        may_join: !data.counting.organisations.is_empty(),
        count: data.counting.regional_organisations_count,
        named: named(&data.counting.organisations),
    };
    Ok((clauses, untested))
}

/// Refuses a member that is neither read nor known to be for information.
///
/// # Errors
/// The member's name.
pub fn require_known(place: &str, others: &Others, known: &[&str]) -> Result<(), String> {
    match others.keys().find(|member| !known.contains(&member.as_str())) {
        None => Ok(()),
        Some(member) => Err(format!("{place}.{member}: this version does not know the member")),
    }
}

/// A history tells how each consented, so the clause only says what is usual.
fn consent(data: &ClausesData) -> Result<ConsentClause, String> {
    let kind = data.accession.as_ref().map(|accession| accession.kind);
    if let Some(accession) = &data.accession {
        require_known("accession", &accession.others, &ACCESSION_INFORMATION)?;
    }
    Ok(ConsentClause {
        kinds: vec![ConsentKind::Ratification, ConsentKind::Acceptance, ConsentKind::Approval],
        signature_required: false,
        accession: match kind {
            Some(AccessionKind::AccessionTreatyBetweenMembersAndAccedingState) => Accession::Closed,
            _ => Accession::Open,
        },
        accession_awaits_objections: kind == Some(AccessionKind::BilateralisedWithObjection),
    })
}

fn entry_into_force(
    data: &ClausesData,
    untested: &mut Vec<String>,
) -> Result<EntryIntoForce, String> {
    let entry = &data.entry_into_force;
    require_known("entry_into_force", &entry.others, &ENTRY_INFORMATION)?;
    let missing = |member: &str| format!("entry_into_force.{member}: is missing");
    let floors = floors(entry)?;
    let conditions = match entry.kind {
        EntryKind::AllOfList => listed(data)?,
        _ => {
            let conditions = entry.conditions.as_ref().ok_or_else(|| missing("conditions"))?;
            condition(conditions, data, untested)?
        }
    };
    Ok(match entry.kind {
        EntryKind::Threshold | EntryKind::AllOfList => EntryIntoForce::Threshold {
            conditions,
            delay: delay(entry.delay.ok_or_else(|| missing("delay"))?),
            floors,
            article: None,
        },
        EntryKind::FixedDateIf => EntryIntoForce::FixedDateIf {
            date: entry.date.ok_or_else(|| missing("date"))?,
            conditions,
            otherwise: delay(entry.otherwise.as_ref().ok_or_else(|| missing("otherwise"))?.delay),
            floors,
            article: None,
        },
    })
}

fn listed(data: &ClausesData) -> Result<Condition, String> {
    match data.entry_into_force.list.as_deref() {
        Some("required_states") if !data.required_states.is_empty() => Ok(Condition::Named {
            participants: named(&data.required_states),
            of: Counted::default(),
        }),
        Some(list) => Err(format!("entry_into_force.list: the file has no list \"{list}\"")),
        None => Err("entry_into_force.list: is missing".to_owned()),
    }
}

fn floors(entry: &EntryData) -> Result<Floors, String> {
    let parent = match (&entry.parent_in_force, entry.parent_entry_into_force) {
        (Some(treaty), Some(entry_into_force)) => {
            Some(Parent { treaty: treaty.clone(), entry_into_force })
        }
        (None, None) => None,
        _ => {
            return Err(
                "entry_into_force.parent_in_force: needs parent_entry_into_force, and the other \
                 way round"
                    .to_owned(),
            );
        }
    };
    Ok(Floors { not_before: entry.not_before, parent })
}

fn withdrawal(data: &WithdrawalData) -> Result<Withdrawal, String> {
    Ok(match data {
        WithdrawalData::Unrecorded => Withdrawal::Unrecorded,
        WithdrawalData::None(_) => Withdrawal::Silent { permitted: false },
        WithdrawalData::Clause(clause) => {
            require_known("withdrawal", &clause.others, &WITHDRAWAL_INFORMATION)?;
            let Some(notice) = clause.notice else { return Ok(Withdrawal::Unrecorded) };
            Withdrawal::Clause(WithdrawalClause {
                notice: delay(notice),
                not_before_years_in_force_for_party: clause.not_before_years_in_force_for_party,
                not_before_years_in_force: clause.not_before_years_in_force,
                returning_party: Default::default(),
                article: None,
            })
        }
    })
}

fn delay(DelayData { kind, n }: DelayData) -> Delay {
    match kind {
        DelayKind::Days if n == 0 => Delay::None,
        DelayKind::Days => Delay::Days(n),
        DelayKind::ClearDays => Delay::ClearDays(n),
        DelayKind::Months => Delay::Months(n),
        DelayKind::Years => Delay::Years(n),
        DelayKind::FirstOfMonthAfterDays => Delay::FirstOfMonthAfterDays(n),
        DelayKind::FirstOfMonthAfterMonths => Delay::FirstOfMonthAfterMonths(n),
        DelayKind::FirstOfNthMonthAfterMonth => Delay::FirstOfNthMonthAfterMonth(n),
        DelayKind::FirstOfMonthFollowing => Delay::FirstOfMonthFollowing,
    }
}
