//! Random conditions and decision rules, for the properties of texts.

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use proptest::collection::vec as many;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use crate::condition::{Condition, EmptyGroup, Groups, Partition, Sign};
use crate::decision_rule::{
    BallotMap, Bound, Brake, Branch, Close, Column, DecisionRule, Derivation, Requests, Route,
    SetDeclaration, SetExpression, SetOrigin, Stage, Then, Tie, Verify,
};
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
            (option::of(1_u32..3), name(), groups, inner).prop_map(|(k, variable, of, holds)| {
                let holds = Box::new(holds);
                Condition::Groups { k, variable: variable.to_string(), of, holds }
            }),
        ]
    })
}

fn words() -> impl Strategy<Value = String> {
    select(vec!["", "a text", "with \"marks\" and \\", "é; -> none"]).prop_map(String::from)
}

fn set_expression() -> impl Strategy<Value = SetExpression> {
    let leaf = prop_oneof![
        Just(SetExpression::All),
        name().prop_map(SetExpression::Named),
        many(name(), 1..3).prop_map(SetExpression::Members),
    ];
    leaf.prop_recursive(3, 8, 2, |inner| {
        (0..3, inner.clone(), inner).prop_map(|(kind, a, b)| {
            let (a, b) = (Box::new(a), Box::new(b));
            match kind {
                0 => SetExpression::Union(a, b),
                1 => SetExpression::Intersection(a, b),
                _ => SetExpression::Difference(a, b),
            }
        })
    })
}

fn set() -> impl Strategy<Value = SetDeclaration> {
    let of = prop_oneof![
        Just(SetOrigin::Registry),
        Just(SetOrigin::Matter),
        set_expression().prop_map(SetOrigin::Made),
    ];
    (name(), of, words()).prop_map(|(name, of, words)| SetDeclaration { name, of, words })
}

fn then() -> impl Strategy<Value = Then> {
    select(vec![Then::Next, Then::Default, Then::Label("adopted".into())])
}

fn stage() -> impl Strategy<Value = Stage> {
    let outcome = (condition(), then()).prop_map(|(condition, then)| Branch { condition, then });
    let head = (any::<bool>(), option::of(words()), option::of(0..90_u32), 0..3_u32);
    (head, many(outcome, 1..3), then()).prop_map(
        |((consents, name, days, times), outcomes, otherwise)| Stage {
            consents,
            name,
            days,
            times,
            outcomes,
            otherwise,
        },
    )
}

fn effects() -> impl Strategy<Value = (Tie, Bound, Vec<Route>, Vec<Brake>)> {
    let tie = prop_oneof![
        select(vec![Tie::Nothing, Tie::Rejects, Tie::Repeat, Tie::Lot]),
        name().prop_map(Tie::Casting),
    ];
    let bound = prop_oneof![
        select(vec![Bound::All, Bound::Nobody, Bound::InFavour, Bound::Ratifiers]),
        (0..90_u32).prop_map(Bound::AllButOptOut),
        name().prop_map(Bound::Set),
    ];
    let route =
        (words(), option::of(words()), words()).prop_map(|(by, under, to)| Route { by, under, to });
    let requests = prop_oneof![
        (0..9_u32).prop_map(Requests::Members),
        (0..9_u32, 1..9_u32).prop_map(|(part, whole)| Requests::Share(part, whole)),
    ];
    let brake = (requests, option::of(name()), words(), option::of(0..90_u32))
        .prop_map(|(requests, set, to, days)| Brake { requests, set, to, days });
    (tie, bound, many(route, 0..3), many(brake, 0..3))
}

/// Any decision rule of moderate size that can be written, whether or not it passes its check.
pub fn decision_rule() -> impl Strategy<Value = DecisionRule> {
    let ballot = || select(Ballot::ALL.to_vec());
    let map = (ballot(), option::of(name()), ballot()).prop_map(|(from, set, to)| BallotMap {
        from,
        set,
        to,
    });
    let head = (words(), words(), option::of(select(Verify::ALL)), many(words(), 0..3));
    let column = (name(), words()).prop_map(|(name, words)| Column { name, words });
    let partition = (name(), many(name(), 1..3), words())
        .prop_map(|(name, groups, words)| Partition { name, groups, words });
    let derived = (name(), name(), condition())
        .prop_map(|(variable, partition, holds)| Derivation { variable, partition, holds });
    let declared =
        (many(set(), 0..3), many(column, 0..2), many(partition, 0..2), option::of(derived));
    let counted = (many(name(), 0..3), ballot(), many(map, 0..3), many(ballots(), 0..3));
    let end = (option::of(select(EmptyGroup::ALL)), option::of(Just("rejected".to_string())));
    let rest = (many(stage(), 1..4), effects(), end, select(Close::ALL));
    (head, declared, counted, rest).prop_map(|(head, declared, counted, rest)| {
        let (title, source, verify, notes) = head;
        let (sets, columns, partitions, derived) = declared;
        let (excluded, silent, maps, base) = counted;
        let (stages, (tie, bound, routes, brakes), (empty, default), close) = rest;
        DecisionRule {
            title,
            source,
            verify,
            notes,
            sets,
            columns,
            partitions,
            derived,
            excluded,
            silent,
            maps,
            base,
            empty,
            stages,
            default,
            tie,
            bound,
            routes,
            brakes,
            close,
        }
    })
}
