//! The published power indices, each found again and equal.

#![allow(clippy::unwrap_used)] // a test that unwraps says where it failed

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use pacta_rules::power::lint::Verdict;
use pacta_rules::power::{Exactness, Fraction, Game, Indices, Integration, Method, Part};
use pacta_rules::{Case, CaseMembers, Electorate, Member, Question, Rule};
use serde_json::Value;

fn cases() -> Vec<Case> {
    Case::read_all(include_str!("../data/cases/indices.json")).unwrap()
}

fn members_of_file(name: &str) -> Electorate {
    let text = match name {
        "imf_2022-10-02.json" => include_str!("../data/cases/imf_2022-10-02.json"),
        "ibrd_2023-02-06.json" => include_str!("../data/cases/ibrd_2023-02-06.json"),
        other => panic!("the cases name no file {other}"),
    };
    let file: Value = serde_json::from_str(text).unwrap();
    let member = |value: &Value| Member {
        id: value["id"].as_str().unwrap().into(),
        count: 1,
        sets: BTreeSet::new(),
        weights: BTreeMap::from([("votes".into(), value["votes"].as_u64().unwrap())]),
    };
    Electorate { members: file["members"].as_array().unwrap().iter().map(member).collect() }
}

fn game(case: &Case) -> Game {
    let file;
    let electorate = match &case.members {
        CaseMembers::Listed(electorate) => electorate,
        CaseMembers::File(name) => {
            file = members_of_file(name);
            &file
        }
    };
    let Question::Power { rule } = &case.question else { panic!("{} is no index", case.id) };
    Game::new(rule, electorate).unwrap()
}

/// Cases of which everything is published exactly.
fn small_cases() -> impl Iterator<Item = Case> {
    cases().into_iter().filter(|case| matches!(case.members, CaseMembers::Listed(_)))
}

fn large_cases() -> impl Iterator<Item = Case> {
    cases().into_iter().filter(|case| matches!(case.members, CaseMembers::File(_)))
}

fn integrated(game: &Game) -> Indices {
    let integration = Integration::of(game).unwrap();
    let middle = integration.points() / 2;
    let parts = |points: std::ops::Range<usize>| -> Vec<Part> {
        points.map(|point| integration.part(point)).collect()
    };
    let parts = std::thread::scope(|scope| {
        let first = scope.spawn(|| parts(0..middle));
        let rest = parts(middle..integration.points());
        let mut all = first.join().unwrap();
        all.extend(rest);
        all
    });
    game.indices_from(&integration, &parts).unwrap()
}

#[test]
fn every_published_exact_index_is_found_again() {
    for case in small_cases() {
        let found = game(&case).indices().unwrap();
        let mut compared = 0;
        for (id, expect) in case.expect["per_member"].as_object().unwrap() {
            let member = found.of(id).unwrap();
            let shown = |value: &Fraction| value.to_string();
            assert_eq!(member.swings.value().unwrap().to_string(), expect["swings"], "{id}");
            assert_eq!(shown(member.banzhaf.value().unwrap()), reduced(&expect["banzhaf_norm"]));
            assert_eq!(shown(member.shapley.value().unwrap()), reduced(&expect["shapley"]));
            compared += 1;
        }
        assert_eq!(compared, found.members.len(), "{}", case.id);
        let dummies: Vec<&str> = found.dummies().collect();
        assert_eq!(Value::from(dummies), case.expect["dummies"], "{}", case.id);
    }
}

#[test]
fn the_rounded_figures_of_the_literature_agree_to_the_digits_shown() {
    let mut compared = 0;
    for case in small_cases() {
        let found = game(&case).indices().unwrap();
        for (index, figures) in case.expect["published"].as_object().into_iter().flatten() {
            for (id, figure) in figures.as_object().unwrap() {
                let member = found.of(id).unwrap();
                let answer = if index == "shapley" { &member.shapley } else { &member.banzhaf };
                let text = figure.to_string();
                let digits = text.split_once('.').map_or("", |(_, digits)| digits);
                let scale = 10_u64.pow(digits.len() as u32);
                let shown = Fraction::new(digits.parse().unwrap_or(0), scale);
                let half = Fraction::new(1, 2 * scale);
                let value = answer.value().unwrap();
                assert!(*value >= shown.minus(&half) && *value <= shown.plus(&half), "{id}");
                compared += 1;
            }
        }
    }
    assert!(compared > 15);
}

/// The fractions of the cases are not all in lowest terms.
fn reduced(value: &Value) -> String {
    let Some(text) = value.as_str() else { return value.to_string() };
    let (numerator, denominator) = text.split_once('/').unwrap_or((text, "1"));
    let number = |text: &str| text.parse::<u128>().unwrap();
    Fraction::new(number(numerator), number(denominator)).to_string()
}

#[test]
fn the_number_of_winning_coalitions_is_the_published_one() {
    let text: Value = serde_json::from_str(include_str!("../data/cases/indices.json")).unwrap();
    for (value, case) in text.as_array().unwrap().iter().zip(cases()) {
        let game = game(&case);
        assert_eq!(u64::from(game.players()), value["players"].as_u64().unwrap());
        if let Some(winning) = value["winning_coalitions"].as_str() {
            assert_eq!(game.swings().unwrap().0.to_string(), winning, "{}", case.id);
        }
    }
}

#[test]
fn every_published_count_of_swings_of_the_banks_is_found_again() {
    for case in large_cases() {
        let game = game(&case);
        let (_, swings) = game.swings().unwrap();
        for (entry, swings) in game.entries().iter().zip(&swings) {
            let expect = &case.expect["per_member"][&entry.id]["swings"];
            assert_eq!(swings.to_string(), *expect, "{}", entry.id);
        }
        let sum: num_bigint::BigUint = swings.iter().sum();
        assert_eq!(sum.to_string(), case.expect["sum_swings"]);
    }
}

#[test]
fn the_shapley_indices_of_the_banks_lie_within_their_proved_bounds() {
    for case in large_cases() {
        let found = integrated(&game(&case));
        let mut sum = (Fraction::zero(), Fraction::zero());
        for member in &found.members {
            let answer = &member.shapley;
            assert_eq!((answer.method, answer.exactness), (Method::Integration, Exactness::Proved));
            let width = answer.high.minus(&answer.low);
            assert!(width <= Fraction::new(1, 1_000_000_000_u32), "{}: {width}", member.id);
            // The published values are decimals of about ten digits.
            let published = &case.expect["per_member"][&member.id]["shapley_dec"];
            let published = (published.as_f64().unwrap() * 1e12).round() as u64;
            let published = Fraction::new(published, 1_000_000_000_000_u64);
            let slack = Fraction::new(1, 10_000_000_000_u64);
            assert!(answer.low <= published.plus(&slack), "{}", member.id);
            assert!(answer.high >= published.minus(&slack), "{}", member.id);
            sum = (sum.0.plus(&answer.low), sum.1.plus(&answer.high));
        }
        let one = Fraction::new(1, 1_u32);
        assert!(sum.0 <= one && one <= sum.1, "{}", case.id);
    }
}

#[test]
fn the_united_states_alone_veto_at_85_per_cent_and_nobody_at_50() {
    for (case, vetoers) in large_cases().zip([vec![], vec!["United States"], vec!["United States"]])
    {
        let lint = game(&case).lint();
        assert_eq!((lint.monotone, lint.proper), (Verdict::Holds, Verdict::Holds), "{}", case.id);
        assert_eq!(lint.vetoers.unwrap(), vetoers, "{}", case.id);
        assert!(lint.dummies.unwrap().is_empty() && lint.dictators.unwrap().is_empty());
        let blocking = lint.smallest_blocking.unwrap().len();
        assert_eq!(blocking == 1, !vetoers.is_empty(), "{}", case.id);
        assert!(lint.passing.is_none(), "too many to go through");
    }
}

#[test]
fn an_amendment_of_the_fund_is_judged_though_its_diagram_is_too_large() {
    // Three fifths of the members with 85 % of the votes.
    let case = case_of_number_and_votes();
    let game = game(&case);
    assert!(game.indices().is_err());
    let lint = game.lint();
    assert_eq!((lint.monotone, lint.proper), (Verdict::Holds, Verdict::Holds));
    assert_eq!(lint.vetoers.unwrap(), ["United States"]);
    let sampled = game.sampled(7, 2_000).unwrap();
    let us = sampled.of("United States").unwrap();
    assert!(us.shapley.low > Fraction::zero());
}

fn case_of_number_and_votes() -> Case {
    let mut case = large_cases().nth(1).unwrap();
    let number = r#"{"op":"ge","l":[[1,1,{"w":"unit","s":"all","b":"yes"}]],"r":[[114,1,1]]}"#;
    let number = Rule::from_value(&serde_json::from_str(number).unwrap(), "rule").unwrap();
    if let Question::Power { rule } = &mut case.question {
        *rule = Rule::And(vec![number, rule.clone()]);
    }
    case
}

#[test]
#[ignore = "prints how long each method takes"]
fn timings() {
    for case in cases() {
        let game = game(&case);
        let least = |work: &dyn Fn()| {
            let times = (0..5).map(|_| {
                let start = Instant::now();
                work();
                start.elapsed()
            });
            times.min().unwrap()
        };
        let swings = least(&|| drop(game.swings().unwrap()));
        if let Some(integration) = Integration::of(&game).filter(|_| game.players() > 100) {
            let start = Instant::now();
            let parts: Vec<_> = (0..integration.points()).map(|at| integration.part(at)).collect();
            let found = game.indices_from(&integration, &parts).unwrap();
            let width = found.members.iter().map(|m| m.shapley.high.minus(&m.shapley.low)).max();
            let width = width.unwrap();
            let unit = width.denominator() / 1_000_000_000_000_u64;
            let width = width.numerator() / num_bigint::BigInt::from(unit);
            let time = start.elapsed();
            println!("{}: swings {swings:?}; Shapley {time:?}, width {width}e-12", case.id);
        } else {
            let method = game.indices().unwrap().winning.method.name();
            let indices = least(&|| drop(game.indices().unwrap()));
            println!("{}: {method}, both indices {indices:?}", case.id);
        }
    }
}
