//! Random conditions, for the properties of texts.

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec;

use proptest::collection::vec as many;
use proptest::prelude::*;
use proptest::sample::select;

use crate::condition::{Condition, Groups, Sign};
use crate::electorate::{Ballot, Ballots};
use crate::tree::{COEFFICIENT_MAX, Linear, Quantity, Set, Tally, Term, Weight};

/// A comparison of one tally with zero.
pub fn compare(ballots: Ballots, sign: Sign) -> Condition {
    let tally = Tally { weight: Weight::Unit, set: Set::All, ballots };
    let left = Linear(vec![Term { numerator: 1, denominator: 1, of: Quantity::Tally(tally) }]);
    Condition::Compare { left, sign, right: Linear::zero() }
}

/// Names, among them such as need quotation marks.
pub fn name() -> impl Strategy<Value = String> + Clone {
    let names = vec!["A", "P5", "g", "of", "yes", "Annex I", "a\"b\\c", "7", "é"];
    select(names).prop_map(String::from)
}

/// Words and signs of the language.
pub fn word() -> impl Strategy<Value = String> {
    let words = vec![
        "yes", "no", "pv", "all", "of", "any", "each", "some", "g", "in", "{", "}", "(", ")", "&",
        "|", "!", ">=", ">", "=", "+", "-", "/", "2", "3", "@", "*", ":", ",", "\"", "if", "then",
        "rule", "set", "try", "else", "bind", "map", "->", "acc", "d", "é",
    ];
    select(words).prop_map(String::from)
}

fn ballots() -> impl Strategy<Value = Ballots> {
    many(select(Ballot::ALL.to_vec()), 1..6)
        .prop_map(|list| list.into_iter().fold(Ballots::default(), Ballots::with))
}

fn quantity() -> impl Strategy<Value = Quantity> {
    let set = prop_oneof![Just(Set::All), name().prop_map(Set::Named)];
    let weight = prop_oneof![Just(Weight::Unit), name().prop_map(Weight::Column)];
    let tally = (weight, set, ballots())
        .prop_map(|(weight, set, ballots)| Quantity::Tally(Tally { weight, set, ballots }));
    prop_oneof![1 => Just(Quantity::One), 4 => tally]
}

fn linear() -> impl Strategy<Value = Linear> {
    let largest = i64::from(COEFFICIENT_MAX);
    let numerator = prop_oneof![Just(1_i64), -3_i64..4, -largest..=largest];
    let denominator = prop_oneof![Just(1_u32), 1_u32..4, 1..=COEFFICIENT_MAX];
    let term = (numerator, denominator, quantity()).prop_map(|(numerator, denominator, of)| Term {
        numerator,
        denominator,
        of,
    });
    many(term, 1..4).prop_map(Linear)
}

/// Any condition of moderate size.
pub fn condition() -> impl Strategy<Value = Condition> {
    let leaf = (linear(), select(Sign::ALL.to_vec()), linear())
        .prop_map(|(left, sign, right)| Condition::Compare { left, sign, right });
    leaf.prop_recursive(4, 24, 3, |inner| {
        let list = many(inner.clone(), 1..4);
        let groups = prop_oneof![
            name().prop_map(Groups::Partition),
            many(name(), 1..3).prop_map(Groups::Listed)
        ];
        prop_oneof![
            list.clone().prop_map(Condition::All),
            list.clone().prop_map(Condition::Any),
            list.prop_map(|of| Condition::KOf { k: 1, of }),
            inner.clone().prop_map(|of| Condition::Not(Box::new(of))),
            (proptest::option::of(1_u32..3), name(), groups, inner).prop_map(
                |(k, variable, of, holds)| {
                    let holds = Box::new(holds);
                    Condition::Groups { k, variable: variable.to_string(), of, holds }
                }
            ),
        ]
    })
}
