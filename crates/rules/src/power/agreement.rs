//! All methods give the same, on games that each of them serves.

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use num_bigint::BigUint;

use super::answer::{Counts, Fraction, Method};
use super::diagram::{Diagram, LOSES};
use super::game::Game;
use super::integration::Integration;
use super::minimal::minimal;
use super::paths;
use super::test::Test;
use super::weighted::Weighted;
use super::{Exactness, count, halves};

/// Numbers that look random, for repeatable games.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) % limit
    }

    fn signed(&mut self) -> i128 {
        i128::from(self.below(11)) - 3
    }
}

fn lines(gains: Vec<Vec<i128>>) -> Vec<(String, u32, Vec<i128>)> {
    let line = |(at, gains)| (format!("m{at}"), 1, gains);
    gains.into_iter().enumerate().map(line).collect()
}

fn weighted(numbers: &mut Numbers, players: u64, heaviest: u64) -> Game {
    let gains: Vec<_> = (0..players).map(|_| vec![i128::from(numbers.below(heaviest))]).collect();
    let total: i128 = gains.iter().map(|gains| gains[0]).sum();
    let least = 1 + i128::from(numbers.below(total.max(1) as u64));
    Game::of_lines(lines(gains), 1, Test::Reaches { measure: 0, least })
}

fn any_test(numbers: &mut Numbers, measures: u64, depth: u32, monotone: bool) -> Test {
    let (measure, bound) = (numbers.below(measures) as usize, i128::from(numbers.below(25)));
    match numbers.below(if depth == 0 { 4 } else { 8 }) {
        0 if !monotone => Test::Under { measure, limit: bound },
        0..4 => Test::Reaches { measure, least: bound },
        _ => {
            let args: Vec<Test> = (0..2 + numbers.below(2))
                .map(|_| any_test(numbers, measures, depth - 1, monotone))
                .collect();
            Test::at_least(1 + numbers.below(args.len() as u64) as usize, args)
        }
    }
}

fn composed(numbers: &mut Numbers, monotone: bool) -> Game {
    let players = 2 + numbers.below(9);
    let gain = |numbers: &mut Numbers| {
        if monotone { i128::from(numbers.below(8)) } else { numbers.signed() }
    };
    let gains: Vec<Vec<i128>> =
        (0..players).map(|_| (0..3).map(|_| gain(numbers)).collect()).collect();
    Game::of_lines(lines(gains), 3, any_test(numbers, 3, 2, monotone))
}

/// All coalitions, as counts by class with the members told apart.
fn coalitions(game: &Game) -> Vec<Vec<bool>> {
    let players = game.entries.len();
    (0..1_usize << players)
        .map(|bits| (0..players).map(|at| bits >> at & 1 == 1).collect())
        .collect()
}

fn wins(game: &Game, inside: &[bool]) -> bool {
    let mut counts = vec![0; game.classes.len()];
    for (entry, inside) in game.entries.iter().zip(inside) {
        counts[entry.class] += u32::from(*inside);
    }
    game.wins(&counts)
}

fn with(inside: &[bool], at: usize, value: bool) -> Vec<bool> {
    let mut inside = inside.to_vec();
    inside[at] = value;
    inside
}

/// The counts by going through every coalition.
fn reference(game: &Game) -> Counts {
    let players = game.entries.len();
    let mut winning = 0_u32;
    let mut swings = vec![vec![BigUint::ZERO; players]; game.classes.len()];
    for inside in coalitions(game) {
        if wins(game, &inside) {
            winning += 1;
            continue;
        }
        let size = inside.iter().filter(|inside| **inside).count();
        for (class, swings) in swings.iter_mut().enumerate() {
            let first = game.entries.iter().position(|entry| entry.class == class).unwrap();
            if !inside[first] && wins(game, &with(&inside, first, true)) {
                swings[size] += 1_u32;
            }
        }
    }
    Counts { winning: winning.into(), swings }
}

#[test]
fn class_counts_and_diagrams_equal_going_through_every_coalition() {
    let mut numbers = Numbers(1);
    for round in 0..300 {
        let game = composed(&mut numbers, round % 2 == 0);
        let expected = reference(&game);
        assert_eq!(count::counts(&game).unwrap(), expected, "{game:?}");
        let mut diagram = Diagram::of(&game).unwrap();
        assert_eq!(paths::counts(&game, &mut diagram).unwrap(), expected, "{game:?}");
    }
}

#[test]
fn tables_of_weights_equal_class_counts() {
    let mut numbers = Numbers(2);
    for _ in 0..200 {
        let players = 2 + numbers.below(8);
        let game = weighted(&mut numbers, players, 12);
        let Some(form) = Weighted::of(&game) else { continue };
        let expected = count::counts(&game).unwrap();
        assert_eq!(form.counts().unwrap(), expected, "{game:?}");
        let (winning, swings) = form.swings().unwrap();
        assert_eq!(winning, expected.winning, "{game:?}");
        let sums: Vec<BigUint> = expected.swings.iter().map(|sizes| sizes.iter().sum()).collect();
        assert_eq!(swings, sums, "{game:?}");
    }
}

#[test]
fn halves_equal_class_counts() {
    let mut numbers = Numbers(3);
    for _ in 0..200 {
        let players = 2 + numbers.below(9);
        let gains: Vec<Vec<i128>> =
            (0..players).map(|_| vec![1, i128::from(numbers.below(9))]).collect();
        let game = Game::of_lines(lines(gains), 2, any_test(&mut numbers, 2, 2, true));
        let found = halves::counts(&game).expect("a game of number and weight");
        assert_eq!(found, count::counts(&game).unwrap(), "{game:?}");
    }
}

#[test]
fn integration_has_the_exact_index_between_its_bounds() {
    let mut numbers = Numbers(4);
    for players in [1, 2, 3, 7, 20, 40, 60, 100] {
        for _ in 0..5 {
            let game = weighted(&mut numbers, players, 50);
            let Some(form) = Weighted::of(&game) else { continue };
            let exact = form.counts().unwrap().indices(&game, Method::SizesAndWeights);
            let integration = Integration::of(&game).unwrap();
            let parts: Vec<_> = (0..integration.points()).map(|at| integration.part(at)).collect();
            let found = game.indices_from(&integration, &parts).unwrap();
            for (exact, found) in exact.members.iter().zip(&found.members) {
                let value = exact.shapley.value().unwrap();
                assert!(found.shapley.low <= *value && *value <= found.shapley.high, "{game:?}");
                let width = found.shapley.high.minus(&found.shapley.low);
                assert!(width < Fraction::new(1, 10_000_000_000_u64), "{width}");
                assert_eq!(exact.swings.value(), found.swings.value());
            }
        }
    }
}

#[test]
fn samples_have_the_exact_indices_between_their_bounds() {
    let mut numbers = Numbers(5);
    for seed in 0..20 {
        let game = composed(&mut numbers, true);
        let exact = game.indices().unwrap();
        let sampled = game.sampled(seed, 2_000).unwrap();
        assert_eq!(sampled, game.sampled(seed, 2_000).unwrap(), "a seed repeats its draws");
        let exactness = Exactness::Sampled { seed, draws: 2_000 };
        let value = exact.winning.value().unwrap();
        assert!(sampled.winning.low <= *value && *value <= sampled.winning.high, "{game:?}");
        for (exact, sampled) in exact.members.iter().zip(&sampled.members) {
            assert_eq!(sampled.shapley.exactness, exactness);
            let value = exact.swings.value().unwrap();
            assert!(sampled.swings.low <= *value && *value <= sampled.swings.high, "{game:?}");
            let value = exact.shapley.value().unwrap();
            assert!(sampled.shapley.low <= *value && *value <= sampled.shapley.high, "{game:?}");
            let value = exact.banzhaf.value().unwrap();
            assert!(sampled.banzhaf.low <= *value && *value <= sampled.banzhaf.high, "{game:?}");
        }
    }
}

/// The winning coalitions in which everyone is needed, by going through all.
fn needed_by_all(game: &Game, wins: impl Fn(&[bool]) -> bool) -> Vec<Vec<bool>> {
    let needed = |inside: &[bool]| {
        let mut members = (0..inside.len()).filter(|at| inside[*at]);
        members.all(|at| !wins(&with(inside, at, false)))
    };
    coalitions(game).into_iter().filter(|inside| wins(inside) && needed(inside)).collect()
}

#[test]
fn minimal_passing_and_blocking_coalitions_are_all_found() {
    let mut numbers = Numbers(6);
    for _ in 0..200 {
        let game = composed(&mut numbers, true);
        let blocks = |inside: &[bool]| {
            !wins(&game, &inside.iter().map(|inside| !inside).collect::<Vec<_>>())
        };
        let mut diagram = Diagram::of(&game).unwrap();
        let mut dual = diagram.dual();
        let passing = needed_by_all(&game, |inside| wins(&game, inside));
        let blocking = needed_by_all(&game, blocks);
        for (diagram, expected) in [(&mut diagram, passing), (&mut dual, blocking)] {
            let (count, listed) = minimal(diagram, game.classes.len()).unwrap();
            assert_eq!(count, expected.len().into(), "{game:?}");
            let sizes = expected.iter().map(|inside| inside.iter().filter(|at| **at).count());
            let smallest = paths::smallest(diagram, game.classes.len());
            let smallest = smallest.map(|counts| counts.iter().sum::<u32>() as usize);
            assert_eq!(smallest, sizes.min(), "{game:?}");
            let mut by_class: Vec<Vec<u32>> = expected.iter().map(|c| counted(&game, c)).collect();
            by_class.sort();
            by_class.dedup();
            assert_eq!(listed.len(), by_class.len().min(super::MINIMAL_LISTED_MAX), "{game:?}");
            assert!(listed.iter().all(|counts| by_class.contains(counts)), "{game:?}");
        }
    }
}

fn counted(game: &Game, inside: &[bool]) -> Vec<u32> {
    let mut counts = vec![0; game.classes.len()];
    for (entry, inside) in game.entries.iter().zip(inside) {
        counts[entry.class] += u32::from(*inside);
    }
    counts
}

#[test]
fn monotone_and_proper_are_as_going_through_all_says() {
    use super::lint::{Verdict, Witness};
    let mut numbers = Numbers(7);
    let mut seen = [0; 4];
    for round in 0..400 {
        let game = if round % 4 == 0 {
            weighted(&mut numbers, 6, 9)
        } else {
            composed(&mut numbers, round % 4 == 1)
        };
        let all = coalitions(&game);
        let hurt = all.iter().any(|inside| {
            wins(&game, inside) && (0..inside.len()).any(|at| !wins(&game, &with(inside, at, true)))
        });
        assert_eq!(game.monotone() == Verdict::Holds, !hurt, "{game:?}");
        let opposite = |inside: &Vec<bool>| inside.iter().map(|i| !i).collect::<Vec<_>>();
        let apart = all.iter().any(|i| wins(&game, i) && wins(&game, &opposite(i)));
        match game.proper() {
            Verdict::Fails(Witness::Apart(one, other)) => {
                assert!(apart);
                let inside = |coalition: &super::Coalition| -> Vec<bool> {
                    let has = |id: &String| coalition.iter().any(|line| line.0 == *id);
                    game.entries.iter().map(|entry| has(&entry.id)).collect()
                };
                let (one, other) = (inside(&one), inside(&other));
                assert!(wins(&game, &one) && wins(&game, &other), "{game:?}");
                assert!(one.iter().zip(&other).all(|(one, other)| !(one & other)), "{game:?}");
            }
            verdict => assert_eq!((verdict, apart), (Verdict::Holds, false), "{game:?}"),
        }
        seen[usize::from(hurt)] += 1;
        seen[2 + usize::from(apart)] += 1;
    }
    assert!(seen.iter().all(|count| *count > 20), "{seen:?}");
}

#[test]
fn members_told_apart_have_the_power_of_members_merged() {
    let mut numbers = Numbers(8);
    for _ in 0..50 {
        let gains: Vec<Vec<i128>> = (0..3).map(|_| vec![1, i128::from(numbers.below(5))]).collect();
        let test = any_test(&mut numbers, 2, 1, true);
        let merged: Vec<_> =
            gains.iter().enumerate().map(|(at, g)| (format!("m{at}"), 3, g.clone())).collect();
        let apart: Vec<_> = gains.iter().flat_map(|g| [g.clone(), g.clone(), g.clone()]).collect();
        let merged = Game::of_lines(merged, 2, test.clone()).indices().unwrap();
        let apart = Game::of_lines(lines(apart), 2, test).indices().unwrap();
        assert_eq!(merged.winning, apart.winning);
        for (at, member) in apart.members.iter().enumerate() {
            assert_eq!(member.swings, merged.members[at / 3].swings);
            assert_eq!(member.shapley, merged.members[at / 3].shapley);
        }
    }
}

#[test]
fn a_constant_rule_has_a_diagram_of_its_ends_alone() {
    let game = Game::of_lines(lines(vec![vec![]; 3]), 0, Test::constant(false));
    assert_eq!(Diagram::of(&game).unwrap().root, LOSES);
    assert!(game.indices().unwrap().members.iter().all(|m| m.banzhaf.low == Fraction::zero()));
}

#[test]
fn methods_serve_up_to_their_limits_and_not_above() {
    let equal = |players: u32, gains: Vec<i128>| vec![(String::from("m"), players, gains)];
    let half = |measure| Test::Reaches { measure, least: 20 };
    let number = |players| Game::of_lines(equal(players, vec![1]), 1, half(0));
    assert!(halves::counts(&number(halves::HALVES_PLAYERS_MAX)).is_some());
    assert!(halves::counts(&number(halves::HALVES_PLAYERS_MAX + 1)).is_none());

    let mut lines = equal(9_999, vec![1]);
    lines.push((String::from("other"), 999, vec![2]));
    let game = Game::of_lines(lines.clone(), 1, half(0));
    assert_eq!(count::points(&game), Some(count::POINTS_MAX));
    lines[1].1 += 1;
    assert_eq!(count::points(&Game::of_lines(lines, 1, half(0))), None);

    let heavy = |weight: usize| {
        let lines = vec![(String::from("m"), 1, vec![weight as i128])];
        Game::of_lines(lines, 1, Test::Reaches { measure: 0, least: 1 })
    };
    assert!(Integration::of(&heavy(super::INTEGRATION_WEIGHT_MAX)).is_some());
    assert!(Integration::of(&heavy(super::INTEGRATION_WEIGHT_MAX + 1)).is_none());
    let many = |players| Integration::of(&number(players as u32));
    assert!(many(super::INTEGRATION_PLAYERS_MAX).is_some());
    assert!(many(super::INTEGRATION_PLAYERS_MAX + 1).is_none());

    let cells = super::TABLE_BYTES_MAX / 8;
    let table = |quota: usize| {
        let lines = vec![(String::from("m"), 2, vec![quota as i128])];
        let test = Test::Reaches { measure: 0, least: quota as i128 };
        Weighted::of(&Game::of_lines(lines, 1, test)).unwrap().swings().is_some()
    };
    assert!(table(cells) && !table(cells + 1));
}

#[test]
fn a_search_for_two_coalitions_apart_stops_at_its_steps() {
    let game = number_of(6, 3);
    let form = Weighted::of(&game).unwrap();
    assert_eq!(form.split_within(&game, 6 * 6), Some(Some(vec![3])));
    assert_eq!(form.split_within(&game, 6 * 6 - 1), None);
    // A thousand members of a total weight that a table would still hold.
    let members = number_of(1_000, 1 << 23);
    let lines = vec![(String::from("m"), 1_000, vec![1 << 15])];
    let heavy = Game::of_lines(lines, 1, members.root);
    assert_eq!(Weighted::of(&heavy).unwrap().split(&heavy), None);
}

/// So many equal members, of whom so many pass.
fn number_of(members: u32, least: i128) -> Game {
    let lines = vec![(String::from("m"), members, vec![1])];
    Game::of_lines(lines, 1, Test::Reaches { measure: 0, least })
}

#[test]
fn draws_become_fewer_with_members_and_classes() {
    let game = |players: usize| {
        let gains = (0..players).map(|at| vec![at as i128 + 1]).collect();
        Game::of_lines(lines(gains), 1, Test::Reaches { measure: 0, least: 1 })
    };
    let of_one = 10 * 21 * 2;
    assert_eq!(game(10).draws_within(of_one * 500), 500);
    assert_eq!(game(10).draws_within(of_one * 500 - 1), 499);
    assert_eq!(game(10).draws_within(0), 1);
    assert_eq!(game(10).draws_within(u64::MAX), super::DRAWS_MAX);
    assert!(game(1_000).draws_within(1 << 29) < game(100).draws_within(1 << 29));
}

#[test]
fn the_effort_of_a_game_is_that_of_its_quickest_method() {
    let game = |players: u32, weight: i128| {
        let lines = vec![("m".into(), players, vec![weight]), ("one".into(), 1, vec![1])];
        Game::of_lines(lines, 1, Test::Reaches { measure: 0, least: weight })
    };
    assert_eq!(game(5, 2).effort(), 1, "a table of few cells");
    assert_eq!(game(999, 1 << 40).effort(), 1_000 * 2 * 2, "by class");
}

#[test]
fn a_diagram_that_grows_too_large_is_given_up() {
    let mut numbers = Numbers(9);
    let game = weighted(&mut numbers, 60, 1 << 40);
    let half = game.total(0) / 2;
    let game = game.with_test(Test::Reaches { measure: 0, least: half });
    assert!(Diagram::of(&game).is_none());
    assert!(game.indices().is_err());
    assert!(game.sampled(1, 10).is_ok());
}

#[test]
fn the_union_of_27_has_one_answer_by_halves_and_by_diagram_and_of_9502_nodes() {
    let cases = include_str!("../../data/cases/indices.json");
    let cases = crate::Case::read_all(cases).unwrap();
    let case = cases.into_iter().find(|case| case.id == "idx-eu27-lisbon-2025").unwrap();
    let crate::Question::Power { rule } = &case.question else { panic!("it is an index") };
    let crate::CaseMembers::Listed(electorate) = &case.members else { panic!("it has members") };
    let game = Game::new(rule, electorate).unwrap();
    let mut diagram = Diagram::of(&game).unwrap();
    assert_eq!(diagram.size(), 9_502 + 2);
    assert_eq!(paths::counts(&game, &mut diagram), halves::counts(&game));
}

#[test]
fn paths_are_counted_up_to_their_limit_and_not_above() {
    // Half of the members with half of the weight: the diagram widens with each member.
    let game = |players: usize| {
        let mut numbers = Numbers(11);
        let gains = (0..players).map(|_| vec![1, 1 + i128::from(numbers.below(1_000))]).collect();
        let game = Game::of_lines(lines(gains), 2, Test::constant(true));
        let half = |measure| Test::Reaches { measure, least: game.total(measure) / 2 };
        let root = Test::both(half(0), half(1));
        game.with_test(root)
    };
    let mut served = Vec::new();
    for players in [10, 25, 45] {
        let game = game(players);
        let Some(mut diagram) = Diagram::of(&game) else { continue };
        let small = diagram.size() as usize * (players + 1) <= super::PATHS_MAX;
        assert_eq!(paths::counts(&game, &mut diagram).is_some(), small, "{players}");
        served.push(small);
    }
    assert_eq!(served, [true, true, false]);
}

#[test]
fn equal_members_around_the_limit_of_short_numbers_have_their_binomials() {
    for players in 118..=130 {
        let least = players / 2 + 1;
        let test = Test::Reaches { measure: 0, least: i128::from(least) };
        let game = Game::of_lines(vec![(String::from("m"), players, vec![1])], 1, test);
        let of_all = super::answer::coalitions_by_size(players);
        let of_others = super::answer::coalitions_by_size(players - 1);
        let mut swings = vec![BigUint::ZERO; players as usize];
        swings[least as usize - 1] = of_others[least as usize - 1].clone();
        let winning = of_all[least as usize..].iter().sum();
        let expected = Counts { winning, swings: vec![swings] };
        assert_eq!(count::counts(&game).unwrap(), expected, "{players}");
        let mut diagram = Diagram::of(&game).unwrap();
        assert_eq!(paths::counts(&game, &mut diagram).unwrap(), expected, "{players}");
    }
}

#[test]
fn a_quota_and_its_dual_give_the_same_indices() {
    let mut numbers = Numbers(10);
    for _ in 0..50 {
        let game = weighted(&mut numbers, 9, 12);
        let Test::Reaches { least, .. } = game.root else { panic!("it has a quota") };
        let least = game.total(0) - least + 1;
        let dual = game.with_test(Test::Reaches { measure: 0, least });
        let (one, other) = (game.indices().unwrap(), dual.indices().unwrap());
        for (one, other) in one.members.iter().zip(&other.members) {
            assert_eq!((&one.swings, &one.shapley), (&other.swings, &other.shapley));
        }
    }
}
