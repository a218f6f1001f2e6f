//! Power under random rules equals what counting all ballots of all coalitions gives.

#![allow(clippy::unwrap_used)] // a test that unwraps says where it failed

use std::collections::{BTreeMap, BTreeSet};

use pacta_rules::power::{Fraction, Game};
use pacta_rules::{
    Ballot, Ballots, Comparison, Electorate, Linear, Member, Quantity, Rule, Set, Tally, Term,
    Weight,
};
use proptest::collection::vec;
use proptest::prelude::*;

/// Whether a rule holds for ballots, by the meaning of each word of it and by no other code.
fn holds(rule: &Rule, electorate: &Electorate, ballots: &[Ballot]) -> bool {
    let holds = |rule: &Rule| holds(rule, electorate, ballots);
    match rule {
        Rule::And(args) => args.iter().all(holds),
        Rule::Or(args) => args.iter().any(holds),
        Rule::Not(arg) => !holds(arg),
        Rule::KOf { k, args } => args.iter().filter(|arg| holds(arg)).count() >= *k as usize,
        Rule::Compare(Comparison { strict, left, right }) => {
            let left = sum(left, electorate, ballots);
            let right = sum(right, electorate, ballots);
            if *strict { left > right } else { left >= right }
        }
    }
}

fn sum(linear: &Linear, electorate: &Electorate, ballots: &[Ballot]) -> Fraction {
    linear.0.iter().fold(Fraction::zero(), |sum, term| {
        let of = match &term.of {
            Quantity::One => 1,
            Quantity::Tally(tally) => {
                let counted = electorate.members.iter().zip(ballots).filter(|(member, ballot)| {
                    let in_set = match &tally.set {
                        Set::All => true,
                        Set::Named(name) => member.sets.contains(name),
                    };
                    in_set && tally.ballots.contains(**ballot)
                });
                let weight = |member: &Member| match &tally.weight {
                    Weight::Unit => 1,
                    Weight::Column(column) => member.weights[column] as i64,
                };
                counted.map(|(member, _)| weight(member)).sum()
            }
        };
        sum.plus(&Fraction::new(term.numerator * of, term.denominator))
    })
}

fn linear() -> impl Strategy<Value = Linear> {
    let ballots = prop_oneof![
        4 => Just(Ballots::YES),
        1 => Just(Ballots::NO),
        2 => Just(Ballots::CAST),
        1 => Just(Ballots::ELIGIBLE),
    ];
    let weight = prop_oneof![Just(Weight::Unit), Just(Weight::Column("people".into()))];
    let set = prop_oneof![Just(Set::All), Just(Set::Named("north".into()))];
    let tally = (weight, set, ballots)
        .prop_map(|(weight, set, ballots)| Quantity::Tally(Tally { weight, set, ballots }));
    let of = prop_oneof![3 => tally, 1 => Just(Quantity::One)];
    let term = (-3_i64..8, 1_u32..5, of).prop_map(|(numerator, denominator, of)| Term {
        numerator,
        denominator,
        of,
    });
    vec(term, 1..3).prop_map(Linear)
}

fn rule() -> impl Strategy<Value = Rule> {
    let leaf = (any::<bool>(), linear(), linear())
        .prop_map(|(strict, left, right)| Rule::Compare(Comparison { strict, left, right }));
    leaf.prop_recursive(3, 10, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 1..4).prop_map(Rule::And),
            vec(inner.clone(), 1..4).prop_map(Rule::Or),
            inner.clone().prop_map(|rule| Rule::Not(Box::new(rule))),
            (1_u32..3, vec(inner, 2..4)).prop_map(|(k, args)| Rule::KOf { k, args }),
        ]
    })
}

fn electorate() -> impl Strategy<Value = Electorate> {
    vec((0_u64..6, any::<bool>()), 1..=12).prop_map(|members| {
        let member = |(at, (people, north)): (usize, (u64, bool))| Member {
            id: format!("m{at}"),
            count: 1,
            sets: BTreeSet::from_iter(north.then(|| "north".to_string())),
            weights: BTreeMap::from([("people".into(), people)]),
        };
        Electorate { members: members.into_iter().enumerate().map(member).collect() }
    })
}

/// The outcomes of all coalitions; bit by bit, who is in favour.
fn outcomes(rule: &Rule, electorate: &Electorate) -> Vec<bool> {
    let players = electorate.members.len();
    let vote = |bits: usize, at: usize| match bits >> at & 1 {
        1 => Ballot::Yes,
        _ => Ballot::No,
    };
    let coalitions = 0..1_usize << players;
    let ballots = coalitions.map(|bits| (0..players).map(|at| vote(bits, at)).collect::<Vec<_>>());
    ballots.map(|ballots| holds(rule, electorate, &ballots)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(128)
    })]

    #[test]
    fn random_rules_of_up_to_twelve_members_equal_brute_force(
        (rule, electorate) in (rule(), electorate())
    ) {
        let outcomes = outcomes(&rule, &electorate);
        let players = electorate.members.len();
        let found = Game::new(&rule, &electorate).unwrap().indices().unwrap();
        let winning = outcomes.iter().filter(|wins| **wins).count();
        prop_assert_eq!(found.winning.value(), Some(&winning.into()));

        let mut all = 0_u64;
        let mut swings = vec![0_u64; players];
        let mut shapley = vec![Fraction::zero(); players];
        let factorial = |n: usize| (1..=n as u64).product::<u64>();
        for (bits, wins) in outcomes.iter().enumerate() {
            for at in (0..players).filter(|at| bits >> at & 1 == 0) {
                if !wins && outcomes[bits | 1 << at] {
                    let size = bits.count_ones() as usize;
                    let orders = factorial(size) * factorial(players - 1 - size);
                    swings[at] += 1;
                    all += 1;
                    shapley[at] = shapley[at].plus(&Fraction::new(orders, factorial(players)));
                }
            }
        }
        for (at, member) in found.members.iter().enumerate() {
            prop_assert_eq!(member.swings.value(), Some(&swings[at].into()));
            prop_assert_eq!(member.shapley.value(), Some(&shapley[at]));
            let banzhaf = Fraction::new(swings[at], all.max(1));
            prop_assert_eq!(member.banzhaf.value(), Some(&banzhaf));
        }
    }
}
