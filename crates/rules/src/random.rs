//! Random rules and ballots for properties.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use proptest::collection::vec as several;
use proptest::prelude::*;
use proptest::sample::select;

use crate::case::NamedOutcome;
use crate::electorate::{Ballot, Ballots, Count, Electorate, Member};
use crate::evaluate::Scrutiny;
use crate::tree::{Comparison, Linear, Quantity, Rule, Set, Tally, Term, Weight};

/// Most members of a random electorate.
const MEMBERS: u32 = 12;

pub(crate) fn member(id: &str, count: u32) -> Member {
    let sets = ["a".into(), "b".into()].into();
    let weights = [("stake".into(), 1)].into_iter().collect();
    Member { id: id.into(), count, sets, weights }
}

/// An electorate of at most six members, and their ballots.
pub(crate) fn few_ballots() -> impl Strategy<Value = (Electorate, Vec<Count>)> {
    ballots_of(0, 6)
}

/// An electorate and ballots of it, of which at most so many are absent.
pub(crate) fn ballots(absent_max: u32) -> impl Strategy<Value = (Electorate, Vec<Count>)> {
    ballots_of(absent_max, MEMBERS)
}

fn ballots_of(
    absent_max: u32,
    members_max: u32,
) -> impl Strategy<Value = (Electorate, Vec<Count>)> {
    // Where ballots may be open, half of them are.
    let mut cast = Ballot::ALL.to_vec();
    cast.extend([Ballot::Absent; 4].into_iter().filter(|_| absent_max > 0));
    let entry = (1..=3_u32, any::<[bool; 2]>(), 0..6_u64, several(select(cast), 3));
    several(entry, 1..=6).prop_map(move |entries| {
        let mut electorate = Electorate::default();
        let (mut counts, mut absent, mut members) = (Vec::new(), 0, 0);
        for (number, (count, sets, stake, ballots)) in entries.into_iter().enumerate() {
            if members + count > members_max {
                break;
            }
            members += count;
            let mut member = member(&format!("m{number}"), count);
            // The first belongs to every set, so that none is unknown.
            member.sets.retain(|set| number == 0 || sets[usize::from(set == "b")]);
            member.weights.insert("stake".into(), stake);
            electorate.members.push(member);
            let mut cast = Count::default();
            for mut ballot in ballots.into_iter().take(count as usize) {
                if ballot == Ballot::Absent && absent == absent_max && absent_max > 0 {
                    ballot = Ballot::Abstain;
                }
                absent += u32::from(ballot == Ballot::Absent);
                cast[ballot as usize] += 1;
            }
            counts.push(cast);
        }
        (electorate, counts)
    })
}

fn weight() -> impl Strategy<Value = Weight> {
    select(vec![Weight::Unit, Weight::Column("stake".into())])
}

fn set() -> impl Strategy<Value = Set> {
    select(vec![Set::All, Set::Named("a".into()), Set::Named("b".into())])
}

fn some_ballots() -> impl Strategy<Value = Ballots> {
    (1..64_u8).prop_map(|bits| {
        let chosen = Ballot::ALL.into_iter().filter(|ballot| bits & 1 << *ballot as u8 != 0);
        chosen.fold(Ballots::default(), Ballots::with)
    })
}

fn quantity() -> impl Strategy<Value = Quantity> {
    let tally = (weight(), set(), some_ballots());
    let tally =
        tally.prop_map(|(weight, set, ballots)| Quantity::Tally(Tally { weight, set, ballots }));
    prop_oneof![1 => Just(Quantity::One), 4 => tally]
}

fn linear() -> impl Strategy<Value = Linear> {
    let term = (-4..=6_i64, select(vec![1, 2, 3, 5, 7, 100]), quantity());
    let term = term.prop_map(|(numerator, denominator, of)| Term { numerator, denominator, of });
    several(term, 1..=3).prop_map(Linear)
}

fn combined(leaf: BoxedStrategy<Rule>, with_not: bool) -> impl Strategy<Value = Rule> {
    leaf.prop_recursive(3, 12, 3, move |inner| {
        let args = several(inner.clone(), 1..=3).boxed();
        let k_of = args.clone().prop_flat_map(|args| {
            (1..=args.len() as u32).prop_map(move |k| Rule::KOf { k, args: args.clone() })
        });
        let opposite =
            inner.prop_map(move |rule| if with_not { Rule::Not(Box::new(rule)) } else { rule });
        prop_oneof![args.clone().prop_map(Rule::And), args.prop_map(Rule::Or), k_of, opposite]
    })
}

/// Any rule.
pub(crate) fn rule() -> impl Strategy<Value = Rule> {
    let leaf = (any::<bool>(), linear(), linear());
    let leaf =
        leaf.prop_map(|(strict, left, right)| Rule::Compare(Comparison { strict, left, right }));
    combined(leaf.boxed(), true)
}

/// A rule that no vote in favour harms: shares of some base, few against, quorums.
pub(crate) fn monotone_rule() -> impl Strategy<Value = Rule> {
    let base = select(vec![Ballots::CAST, Ballots::PRESENT, Ballots::ELIGIBLE]);
    let share = (any::<bool>(), weight(), set(), 1..=5_i64, base).prop_map(
        |(strict, weight, set, numerator, base)| {
            let left = tally(weight.clone(), set.clone(), Ballots::YES);
            compare(strict, (1, 1, left), (numerator, 5, tally(weight, set, base)))
        },
    );
    let few_against = (weight(), set(), 0..3_i64).prop_map(|(weight, set, most)| {
        compare(false, (most, 1, Quantity::One), (1, 1, tally(weight, set, Ballots::NO)))
    });
    let quorum = (weight(), set()).prop_map(|(weight, set)| {
        let present = tally(weight.clone(), set.clone(), Ballots::PRESENT);
        compare(false, (1, 1, present), (1, 2, tally(weight, set, Ballots::ELIGIBLE)))
    });
    let leaf = prop_oneof![4 => share, 2 => few_against, 1 => quorum];
    combined(leaf.boxed(), false)
}

pub(crate) fn tally(weight: Weight, set: Set, ballots: Ballots) -> Quantity {
    Quantity::Tally(Tally { weight, set, ballots })
}

pub(crate) fn unit(ballots: Ballots) -> Quantity {
    tally(Weight::Unit, Set::All, ballots)
}

type Part = (i64, u32, Quantity);

/// A comparison of one term with one.
pub(crate) fn compare(strict: bool, left: Part, right: Part) -> Rule {
    let [left, right] = [left, right]
        .map(|(numerator, denominator, of)| Linear(vec![Term { numerator, denominator, of }]));
    Rule::Compare(Comparison { strict, left, right })
}

/// Two thirds of the votes cast, of all members alike.
pub(crate) fn two_thirds_of_cast() -> Rule {
    compare(false, (1, 1, unit(Ballots::YES)), (2, 3, unit(Ballots::CAST)))
}

/// Somebody in favour, or somebody against.
pub(crate) fn somebody_votes() -> Rule {
    let some = |ballots| compare(false, (1, 1, unit(ballots)), (1, 1, Quantity::One));
    Rule::Or(vec![some(Ballots::YES), some(Ballots::NO)])
}

/// Nobody against, weighed by stake.
pub(crate) fn nobody_against_by_stake() -> Rule {
    let against = tally(Weight::Column("stake".into()), Set::All, Ballots::NO);
    compare(false, (0, 1, Quantity::One), (1, 1, against))
}

/// Outcomes named by their number, and the default `none`.
pub(crate) fn scrutiny(rules: Vec<Rule>, electorate: &Electorate) -> Scrutiny {
    let name = |(number, rule)| NamedOutcome { rule, label: format!("outcome {number}") };
    let outcomes: Vec<NamedOutcome> = rules.into_iter().enumerate().map(name).collect();
    Scrutiny::new(&outcomes, "none", electorate).expect("a random question is within limits")
}

/// Every ballot by itself: the member, and what it cast.
pub(crate) fn single(counts: &[Count]) -> Vec<(usize, Ballot)> {
    let mut single = Vec::new();
    for (member, count) in counts.iter().enumerate() {
        for ballot in Ballot::ALL {
            single.extend((0..count[ballot as usize]).map(|_| (member, ballot)));
        }
    }
    single
}

/// The name of a random electorate's columns, for a reference that looks weights up.
pub(crate) fn column(weight: &Weight) -> Option<&String> {
    match weight {
        Weight::Unit => None,
        Weight::Column(name) => Some(name),
    }
}
