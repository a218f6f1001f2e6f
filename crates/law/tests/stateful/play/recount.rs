//! The counts of a treaty, counted again from the records of its participants.

use pacta_law::treaty::record::SPELLS_MAX;
use pacta_law::treaty::tally::Counter;
use pacta_law::treaty::{
    Condition, ConsentKind, Counted, Counts, Fraction, Participant, Party, Stage, Treaty,
};
use pacta_law::{Date, TreatyId};

use super::records::Whole;

/// Holds the counts, the tally and the dates of a treaty against its participants.
pub fn hold(id: &TreatyId, whole: &Whole, today: Date) {
    let head = whole.head.as_ref().unwrap();
    let clauses = &whole.clauses.as_ref().unwrap().clauses;
    let count = |of: usize| u32::try_from(of).unwrap();
    let negotiating = whole.negotiating.values();
    let counts = Counts {
        adopted: count(negotiating.clone().filter(|one| one.adopted.is_some()).count()),
        authenticated: count(negotiating.clone().filter(|one| one.authenticated.is_some()).count()),
        consents: count(whole.parties.iter().filter(|party| consent(party).is_some()).count()),
        negotiating: count(negotiating.count()),
        signatures: count(whole.parties.iter().filter(|party| party.signature.is_some()).count()),
    };
    assert_eq!(head.counts, counts, "{id}");
    assert_eq!(head.register.count, count(whole.parties.len()), "{id}");

    let counted = |party: &&Party| !party.organization || clauses.organizations.count;
    let contributions: Vec<_> = whole
        .parties
        .iter()
        .filter(counted)
        .filter_map(|party| Some((&party.participant, consent(party)?, party.signature.is_some())))
        .collect();
    match clauses.entry_into_force.conditions() {
        Some(condition) => {
            let mut counters = Vec::new();
            let holds = recount(condition, &contributions, &mut counters);
            assert_eq!(whole.tally.as_ref().unwrap().tests, counters, "{id}");
            hold_trigger(id, head, holds, today);
        }
        None => {
            assert!(whole.tally.is_none() && head.trigger.is_none());
            let spells = whole.parties.iter().flat_map(|party| &party.spells);
            let earliest = spells.filter_map(|spell| spell.published_entry).min();
            assert_eq!(head.entry, earliest, "{id}: the earliest published date is the treaty's");
        }
    }
    for party in &whole.parties {
        hold_party(id, head, whole, party, today);
    }
}

/// The consent that counts: the first that is not void.
fn consent(party: &Party) -> Option<ConsentKind> {
    let standing = party.spells.iter().filter(|spell| spell.voided.is_none());
    standing.filter_map(|spell| spell.consent).map(|consent| consent.kind).next()
}

/// Counts a tree of conditions, in the order of reading, and says whether it holds.
fn recount(
    condition: &Condition,
    contributions: &[(&Participant, ConsentKind, bool)],
    counters: &mut Vec<Counter>,
) -> bool {
    let counted = |of: &Counted| {
        let of = of.clone();
        let is_counted = move |one: &(&Participant, ConsentKind, bool)| {
            (of.kinds.is_empty() || of.kinds.contains(&one.1))
                && (one.2 || !of.signatories)
                && of.group.as_ref().is_none_or(|group| group.members.contains(one.0))
        };
        contributions.iter().copied().filter(is_counted).collect::<Vec<_>>()
    };
    let sum = |amount: u128| Counter::Sum(pacta_law::treaty::Amount(amount));
    match condition {
        Condition::AllOf(all) => {
            let each = all.iter().map(|each| recount(each, contributions, counters));
            each.collect::<Vec<_>>().into_iter().all(|holds| holds) // every counter is pushed
        }
        Condition::AnyOf(any) => {
            let each = any.iter().map(|each| recount(each, contributions, counters));
            each.collect::<Vec<_>>().into_iter().any(|holds| holds)
        }
        Condition::Count { at_least, of } => {
            let have = counted(of).len() as u128;
            counters.push(sum(have));
            have >= u128::from(*at_least)
        }
        Condition::Fraction { fraction, base, of } => {
            let have = counted(of).len() as u128;
            counters.push(sum(have));
            reaches(*fraction, have, u128::from(*base))
        }
        Condition::Weight { fraction, total, table, of, .. } => {
            let counted = counted(of);
            let is_in = |who: &Participant| counted.iter().any(|one| one.0 == who);
            let weights = table.iter().filter(|row| is_in(&row.participant));
            let have = weights.map(|row| row.weight.0).sum();
            counters.push(sum(have));
            reaches(*fraction, have, total.0)
        }
        Condition::Named { participants, of } => {
            let counted = counted(of);
            let is_in = |who: &Participant| counted.iter().any(|one| one.0 == who);
            let places = (0_u32..).zip(participants).filter(|(_, who)| is_in(who));
            let places: Vec<u32> = places.map(|(place, _)| place).collect();
            let all = places.len() == participants.len();
            counters.push(Counter::Present(places));
            all
        }
    }
}

/// Whether `have` of `total` satisfies a fraction, without dividing.
fn reaches(fraction: Fraction, have: u128, total: u128) -> bool {
    let (Fraction::AtLeast(ratio) | Fraction::MoreThan(ratio)) = fraction;
    let text = ratio.to_string();
    let (numerator, denominator) = text.split_once('/').unwrap();
    let share = total * numerator.parse::<u128>().unwrap();
    let have = have * denominator.parse::<u128>().unwrap();
    match fraction {
        Fraction::AtLeast(_) => have >= share,
        Fraction::MoreThan(_) => have > share,
    }
}

fn hold_trigger(id: &TreatyId, head: &Treaty, holds: bool, today: Date) {
    match head.trigger {
        None => assert!(!holds && head.entry.is_none(), "{id}: the conditions hold, unnoticed"),
        Some(trigger) => {
            assert!(head.entry.is_some_and(|entry| entry >= trigger), "{id}: {head:?}");
            // In a history the day may have passed in the same act that undid the conditions.
            let open = trigger == today && head.stage != Stage::Transcribed;
            assert!(holds || !open, "{id}: the conditions do not hold any more");
        }
    }
}

fn hold_party(id: &TreatyId, head: &Treaty, whole: &Whole, party: &Party, today: Date) {
    let clauses = &whole.clauses.as_ref().unwrap().clauses;
    let transcribed = head.stage == Stage::Transcribed;
    assert!(party.spells.len() <= SPELLS_MAX, "{id}");
    assert!(transcribed || matches!(party.participant, Participant::Actor(_)));
    let dates = head.dates();
    let mut days = vec![today];
    for spell in &party.spells {
        let entry = spell.entry(clauses, dates);
        let entry = entry.unwrap_or_else(|refusal| panic!("{id}: {party:?}: {refusal}"));
        if let Some(entry) = entry {
            assert!(head.entry.is_some_and(|treaty| treaty <= entry.date), "{id}: {party:?}");
            days.extend([Some(entry.date), previous(entry.date)].into_iter().flatten());
        }
        days.extend(spell.end());
        let Some(consent) = spell.consent else { continue };
        assert!(consent.on <= today, "{id}: {party:?}");
        assert!(spell.voided.is_none_or(|voided| voided >= consent.on), "{id}: {party:?}");
        if let Some(notice) = spell.notice {
            assert!(notice.effect.is_none_or(|effect| effect >= notice.on), "{id}: {party:?}");
        }
    }
    days.extend(head.entry.and_then(previous));
    for day in days {
        let bound = party.is_bound(clauses, dates, day).unwrap();
        assert!(!bound || head.is_in_force(day), "{id}: {party:?} is bound on {day}");
        assert!(!bound || !party.spells.iter().all(|spell| spell.voided.is_some()));
    }
    // One consent stands at a time: each began when the one before was void or over.
    for pair in party.spells.windows(2) {
        let Some(consent) = pair[1].consent else { continue };
        let over = pair[0].end().is_some_and(|end| end <= consent.on);
        assert!(over || pair[0].voided.is_some(), "{id}: {party:?}");
    }
}

fn previous(day: Date) -> Option<Date> {
    Date::from_days_since_1970(day.days_since_1970() - 1).ok()
}
