//! Final clauses, drawn.

use pacta_law::treaty::condition::{Amount, Condition, Counted, Fraction, Group, Ratio, Weighed};
use pacta_law::treaty::delay::{DayOfYear, Delay};
use pacta_law::treaty::{
    Accession, ConsentClause, ConsentKind, EntryIntoForce, FinalClauses, Floors, LateParty,
    Organizations, Parent, Participant, Participation, ReturningParty, SignatureClause,
    SignatureKind, Withdrawal, WithdrawalClause,
};
use pacta_law::{ActorId, Date};

use super::draw::Draw;

pub const CONSENTS: [ConsentKind; 12] = [
    ConsentKind::Ratification,
    ConsentKind::Acceptance,
    ConsentKind::Accession,
    ConsentKind::FormalConfirmation,
    ConsentKind::Approval,
    ConsentKind::Succession,
    ConsentKind::DeclarationOfContinuedApplication,
    ConsentKind::ConsentToBeBound,
    ConsentKind::SimplifiedProcedure,
    ConsentKind::DefinitiveSignature,
    ConsentKind::NotificationOfCompletion,
    ConsentKind::RatificationOrAccession,
];

/// A day near another.
pub fn near(draw: &mut Draw<'_>, day: Date) -> Date {
    let days = draw.pick(&[0, 1, -1, 30, -30, 400, -400, 40_000, -300_000]);
    Date::from_days_since_1970(day.days_since_1970() + days).unwrap_or(day)
}

/// Somebody who can take part: an actor, or in histories also a name.
pub fn participant(draw: &mut Draw<'_>, actors: &[ActorId], names: bool) -> Participant {
    match draw.below(if names { 10 } else { 8 }) {
        8 => Participant::Name("Atlantis".into()),
        9 => Participant::Name("Côte d'Ivoire / 1".into()),
        at => Participant::Actor(actors[at % actors.len()]),
    }
}

fn participants(draw: &mut Draw<'_>, actors: &[ActorId], names: bool) -> Vec<Participant> {
    let count = draw.below(4) + 1;
    let mut listed: Vec<_> = (0..count).map(|_| participant(draw, actors, names)).collect();
    listed.sort();
    listed.dedup();
    listed
}

fn delay(draw: &mut Draw<'_>) -> Delay {
    let count = draw.pick(&[0, 1, 3, 30, 90, 400, 36_526]);
    match draw.below(10) {
        0 => Delay::None,
        1 => Delay::ClearDays(count),
        2 => Delay::Months(count),
        3 => Delay::Years(count % 100),
        4 => Delay::FirstOfMonthAfterDays(count),
        5 => Delay::FirstOfMonthAfterMonths(count),
        6 => Delay::FirstOfNthMonthAfterMonth(count),
        7 => Delay::FirstOfMonthFollowing,
        8 => {
            let day = |draw: &mut Draw<'_>| DayOfYear::new(draw.below(12) as u8 + 1, 15).unwrap();
            Delay::CutOff { received_by: day(draw), effect: day(draw) }
        }
        _ => Delay::Days(count),
    }
}

fn counted(draw: &mut Draw<'_>, actors: &[ActorId], names: bool) -> Counted {
    match draw.below(6) {
        0 => Counted { signatories: true, ..Counted::default() },
        1 => Counted { kinds: draw.some(&CONSENTS[..4]), ..Counted::default() },
        2 => {
            let members = participants(draw, actors, names);
            let group = Group { name: "riparian States".into(), members };
            Counted { group: Some(group.into()), ..Counted::default() }
        }
        _ => Counted::default(),
    }
}

fn fraction(draw: &mut Draw<'_>) -> Fraction {
    let ratio = draw.pick(&[(1, 1), (1, 2), (2, 3), (55, 100), (1, 1_000_000_000)]);
    let ratio = Ratio::new(ratio.0, ratio.1).unwrap();
    if draw.once_in(2) { Fraction::MoreThan(ratio) } else { Fraction::AtLeast(ratio) }
}

fn condition(draw: &mut Draw<'_>, actors: &[ActorId], names: bool, depth: usize) -> Condition {
    let within = |draw: &mut Draw<'_>| {
        let count = draw.below(3) + 1;
        (0..count).map(|_| condition(draw, actors, names, depth + 1)).collect()
    };
    match draw.below(if depth < 3 { 8 } else { 6 }) {
        6 => Condition::AllOf(within(draw)),
        7 => Condition::AnyOf(within(draw)),
        3 => {
            let participants = participants(draw, actors, names);
            Condition::Named { participants, of: counted(draw, actors, names) }
        }
        4 => {
            let (fraction, base) = (fraction(draw), draw.below(7) as u64);
            Condition::Fraction { fraction, base, of: counted(draw, actors, names) }
        }
        5 => {
            let listed = participants(draw, actors, names).into_iter();
            let weight = |participant| Weighed {
                participant,
                weight: Amount(draw.pick(&[0, 1, 5, 7, 1_000_000_000_000_000_000_000_000])),
            };
            let table: Vec<Weighed> = listed.map(weight).collect();
            let total = Amount(draw.pick(&[1, 10, 13, 1_000_000_000_000_000_000_000_000]));
            let (measure, fraction) = ("per cent of tonnage".into(), fraction(draw));
            let of = counted(draw, actors, names);
            Condition::Weight { measure, fraction, total, table, of }
        }
        at => {
            let at_least = at as u64 + 1;
            Condition::Count { at_least, of: counted(draw, actors, names) }
        }
    }
}

fn entry(draw: &mut Draw<'_>, actors: &[ActorId], names: bool, today: Date) -> EntryIntoForce {
    let way = draw.below(if names { 6 } else { 5 });
    if way == 5 {
        return EntryIntoForce::AsPublished;
    }
    let conditions = condition(draw, actors, names, 1);
    let (delay, article) = (delay(draw), Some("art. 9(1)".into()));
    let floors = match draw.below(6) {
        0 => Floors { not_before: Some(near(draw, today)), parent: None },
        1 => {
            let entry_into_force = near(draw, today);
            let parent = Parent { treaty: "the parent".into(), entry_into_force };
            Floors { not_before: None, parent: Some(parent) }
        }
        _ => Floors::default(),
    };
    if way == 4 {
        let date = near(draw, today);
        EntryIntoForce::FixedDateIf { date, conditions, otherwise: delay, floors, article }
    } else {
        EntryIntoForce::Threshold { conditions, delay, floors, article }
    }
}

fn withdrawal(draw: &mut Draw<'_>) -> Withdrawal {
    match draw.below(6) {
        0 => Withdrawal::Unrecorded,
        1 => Withdrawal::Silent { permitted: false },
        2 => Withdrawal::Silent { permitted: true },
        way => Withdrawal::Clause(WithdrawalClause {
            notice: delay(draw),
            not_before_years_in_force_for_party: (way == 4).then(|| draw.below(3) as u32),
            not_before_years_in_force: (way == 5).then(|| draw.below(3) as u32),
            returning_party: draw.pick(&[ReturningParty::First, ReturningParty::Latest]),
            article: None,
        }),
    }
}

/// Clauses by which treaties bind soon and are left again, so that scripts get that far.
fn usual(draw: &mut Draw<'_>) -> FinalClauses {
    let conditions =
        Condition::Count { at_least: draw.below(3) as u64 + 1, of: Counted::default() };
    let delay = draw.pick(&[Delay::None, Delay::Days(1), Delay::Days(30)]);
    FinalClauses {
        entry_into_force: EntryIntoForce::Threshold {
            conditions,
            delay: delay.clone(),
            floors: Floors::default(),
            article: None,
        },
        late_party: LateParty::AfterThreshold { delay, article: None },
        withdrawal: Withdrawal::Silent { permitted: true },
        consent: ConsentClause {
            kinds: vec![ConsentKind::Ratification, ConsentKind::FormalConfirmation],
            signature_required: draw.once_in(4),
            accession: Accession::Open,
            accession_awaits_objections: false,
        },
        organizations: Organizations { may_join: true, count: false, named: Vec::new() },
        ..FinalClauses::as_published()
    }
}

/// Final clauses, of which a few are out of form. `names`: those of a history.
pub fn final_clauses(
    draw: &mut Draw<'_>,
    actors: &[ActorId],
    names: bool,
    today: Date,
) -> FinalClauses {
    if draw.once_in(2) {
        return usual(draw);
    }
    let participation = match draw.below(4) {
        0 => Participation::NegotiatingStates,
        1 => Participation::Listed(participants(draw, actors, names)),
        _ => Participation::AllStates,
    };
    let until = draw.once_in(4).then(|| near(draw, today));
    let from = draw.once_in(6).then(|| near(draw, today));
    let accession = match draw.below(6) {
        0 => Accession::Closed,
        1 => Accession::From(near(draw, today)),
        2 => Accession::AfterSignatureCloses,
        3 => Accession::AfterEntryIntoForce,
        _ => Accession::Open,
    };
    let kinds = match draw.below(4) {
        0 => draw.some(&CONSENTS),
        _ => vec![ConsentKind::Ratification, ConsentKind::FormalConfirmation],
    };
    let late_party = match draw.below(3) {
        0 => LateParty::Silent,
        1 => LateParty::AfterThreshold { delay: delay(draw), article: None },
        _ => LateParty::AfterEntryIntoForce { delay: delay(draw), article: None },
    };
    let flags = draw.below(16);
    let named = if names { vec![Participant::Name("Atlantis".into())] } else { Vec::new() };
    FinalClauses {
        participation,
        signature: SignatureClause {
            from,
            until,
            kinds: vec![SignatureKind::Simple, SignatureKind::Definitive],
        },
        consent: ConsentClause {
            kinds,
            signature_required: flags & 1 == 1,
            accession,
            accession_awaits_objections: flags & 2 == 2,
        },
        entry_into_force: entry(draw, actors, names, today),
        late_party,
        withdrawal: withdrawal(draw),
        organizations: Organizations { may_join: flags & 4 == 4, count: flags & 8 == 8, named },
    }
}
