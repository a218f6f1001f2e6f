//! What known rules guarantee, and what would be otherwise.

#![allow(clippy::unwrap_used)] // a test that unwraps says where it failed

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use pacta_rules::power::lint::{
    GUARANTEE_DIAGRAMS_MAX, Verdict, Witness, blocking_guarantee, smallest_block_of,
};
use pacta_rules::power::quorum::quorum;
use pacta_rules::power::what_if::{after_accession, after_exit, changes, with_weight};
use pacta_rules::power::{DRAWS_MAX, Fraction, Game, PLAYERS_MAX};
use pacta_rules::{
    Ballots, Case, CaseMembers, Comparison, Electorate, Error, Linear, Member, Quantity, Question,
    Rule, Set, Tally, Term, Weight,
};

fn published(id: &str) -> (Rule, Electorate) {
    let cases = Case::read_all(include_str!("../data/cases/indices.json")).unwrap();
    let case = cases.into_iter().find(|case| case.id == id).unwrap();
    let Question::Power { rule } = case.question else { panic!("{id} is no index") };
    let CaseMembers::Listed(electorate) = case.members else { panic!("{id} is in a file") };
    (rule, electorate)
}

fn game(id: &str) -> Game {
    let (rule, electorate) = published(id);
    Game::new(&rule, &electorate).unwrap()
}

fn line(id: &str, count: u32, sets: &[&str]) -> Member {
    let sets = sets.iter().map(|set| set.to_string()).collect::<BTreeSet<_>>();
    Member { id: id.into(), count, sets, weights: BTreeMap::new() }
}

fn tally(set: &str, ballots: &str) -> String {
    format!(r#"[[1,1,{{"w":"unit","s":"{set}","b":{ballots}}}]]"#)
}

/// More than half of a set, of all its members or of those who vote.
fn majority(set: &str, base: &str) -> String {
    let half = tally(set, base).replace("[1,1,", "[1,2,");
    format!(r#"{{"op":"gt","l":{},"r":{half}}}"#, tally(set, r#""yes""#))
}

/// A rule from JSON whose keys stand in any order.
fn read(text: &str) -> Result<Rule, Error> {
    Rule::from_value(&serde_json::from_str(text).unwrap(), "rule")
}

fn each(rules: &[String]) -> Rule {
    read(&format!(r#"{{"op":"and","args":[{}]}}"#, rules.join(","))).unwrap()
}

fn blocs() -> Electorate {
    let bloc = |(id, count): (&str, u32)| line(id, count, &[id]);
    Electorate { members: [("x", 8), ("y", 8), ("z", 10)].map(bloc).into() }
}

#[test]
fn the_five_permanent_members_of_the_security_council_are_vetoers() {
    let lint = game("idx-unsc-15").lint();
    assert_eq!((lint.monotone, lint.proper), (Verdict::Holds, Verdict::Holds));
    assert_eq!((lint.can_pass, lint.can_fail), (Verdict::Holds, Verdict::Holds));
    assert_eq!(lint.vetoers.unwrap(), ["permanent"]);
    assert!(lint.dictators.unwrap().is_empty() && lint.dummies.unwrap().is_empty());
    let passing = vec![("permanent".to_string(), 5), ("elected".to_string(), 4)];
    assert_eq!(lint.smallest_passing.unwrap(), passing);
    assert_eq!(lint.smallest_blocking.unwrap(), [("permanent".to_string(), 1)]);
    let minimal = lint.passing.unwrap();
    assert_eq!((minimal.count, minimal.listed), (210_u32.into(), vec![passing])); // 10 over 4
    let blocking = lint.blocking.unwrap();
    assert_eq!((blocking.count, blocking.listed.len()), (125_u32.into(), 2)); // 5, and 10 over 7
}

#[test]
fn luxembourg_was_a_dummy_in_1958() {
    let lint = game("idx-eec-1958").lint();
    assert_eq!(lint.dummies.unwrap(), ["Luxembourg"]);
    assert!(lint.vetoers.unwrap().is_empty());
    assert_eq!(lint.smallest_passing.unwrap().len(), 3);
    assert_eq!(lint.smallest_blocking.unwrap().len(), 2);
}

#[test]
fn the_union_of_27_passes_about_one_coalition_in_eight() {
    let game = game("idx-eu27-lisbon-2025");
    let share = game.indices().unwrap().winning_share();
    let share = share.value().unwrap();
    assert_eq!(*share, Fraction::new(17_742_527, 1_u32 << 27));
    let lint = game.lint();
    assert_eq!((lint.monotone, lint.proper), (Verdict::Holds, Verdict::Holds));
    assert_eq!(lint.smallest_passing.unwrap().len(), 15);
    assert_eq!(lint.smallest_blocking.unwrap().len(), 4);
    assert!(lint.vetoers.unwrap().is_empty() && lint.dummies.unwrap().is_empty());
}

#[test]
#[ignore = "prints how long it takes"]
fn timing_of_the_guarantees_of_the_union_of_27() {
    let game = game("idx-eu27-lisbon-2025");
    for _ in 0..3 {
        let start = Instant::now();
        let lint = game.lint();
        println!("{:?}", start.elapsed());
        println!(
            "{} minimal, {} blocking",
            lint.passing.unwrap().count,
            lint.blocking.unwrap().count
        );
    }
}

#[test]
fn two_who_each_pass_alone_are_a_witness_that_a_rule_is_not_proper() {
    let rule = read(&format!(r#"{{"op":"ge","l":{},"r":[[1,1,1]]}}"#, tally("all", r#""yes""#)));
    let electorate = Electorate { members: vec![line("a", 1, &[]), line("b", 1, &[])] };
    let lint = Game::new(&rule.unwrap(), &electorate).unwrap().lint();
    let Verdict::Fails(Witness::Apart(one, other)) = lint.proper else { panic!("not proper") };
    assert_eq!((one.len(), other.len()), (1, 1));
    assert_ne!(one, other);
    assert!(lint.dictators.unwrap().is_empty());
}

#[test]
fn an_exact_number_of_votes_is_not_monotone_and_the_witness_loses_by_one_more() {
    let yes = tally("all", r#""yes""#);
    let at_least = format!(r#"{{"op":"ge","l":{yes},"r":[[2,1,1]]}}"#);
    let at_most = format!(r#"{{"op":"ge","l":[[2,1,1]],"r":{yes}}}"#);
    let electorate = Electorate { members: vec![line("a", 4, &[])] };
    let game = Game::new(&each(&[at_least, at_most]), &electorate).unwrap();
    let lint = game.lint();
    let coalition = vec![("a".to_string(), 2)];
    let one_more = "a".to_string();
    assert_eq!(lint.monotone, Verdict::Fails(Witness::HurtByOneMore { coalition, one_more }));
    assert_eq!(lint.vetoers, None);
    assert_eq!(lint.can_pass, Verdict::Holds);
    assert!(matches!(lint.proper, Verdict::Fails(Witness::Apart(..))));
    assert!(game.sampled(1, 1).is_err());
}

#[test]
fn a_rule_that_never_or_always_passes_says_so() {
    let yes = tally("all", r#""yes""#);
    let electorate = Electorate { members: vec![line("a", 3, &[])] };
    let lint = |bound: u32| {
        let rule = format!(r#"{{"op":"ge","l":{yes},"r":[[{bound},1,1]]}}"#);
        Game::new(&read(&rule).unwrap(), &electorate).unwrap().lint()
    };
    let everyone = vec![("a".to_string(), 3)];
    assert_eq!(lint(4).can_pass, Verdict::Fails(Witness::Loses(everyone)));
    assert_eq!(lint(3).can_pass, Verdict::Holds);
    assert_eq!(lint(1).can_fail, Verdict::Holds);
    assert_eq!(lint(0).can_fail, Verdict::Fails(Witness::Wins(Vec::new())));
}

#[test]
fn a_majority_of_each_bloc_on_full_membership_is_safe_if_one_whole_bloc_is_hostile() {
    let rule = each(&["x", "y", "z"].map(|set| majority(set, r#""all""#)));
    for bloc in ["x", "y", "z"] {
        let found = quorum(&rule, &blocs(), |member| member.sets.contains(bloc)).unwrap();
        assert_eq!((found.safe, found.lives), (Verdict::Holds, false), "{bloc}");
    }
    let found = quorum(&rule, &blocs(), |_| false).unwrap();
    assert_eq!((found.safe, found.lives), (Verdict::Holds, true));
}

#[test]
fn a_majority_of_each_bloc_of_those_who_vote_is_not_safe() {
    let rule = each(&["x", "y", "z"].map(|set| majority(set, r#"["yes","no"]"#)));
    let found = quorum(&rule, &blocs(), |_| false).unwrap();
    assert!(matches!(found.safe, Verdict::Fails(Witness::Apart(..))));
}

#[test]
fn two_thirds_of_26_are_unsafe_if_the_ten_are_hostile_but_live_without_eight() {
    let rule = read(&format!(
        r#"{{"op":"gt","l":{},"r":{}}}"#,
        tally("all", r#""yes""#),
        tally("all", r#""all""#).replace("[1,1,", "[2,3,")
    ))
    .unwrap();
    let hostile = |set: &'static str| move |member: &Member| member.sets.contains(set);
    let ten = quorum(&rule, &blocs(), hostile("z")).unwrap();
    let Verdict::Fails(Witness::Apart(one, other)) = ten.safe else { panic!("unsafe") };
    let size = |coalition: &[(String, u32)]| coalition.iter().map(|line| line.1).sum::<u32>();
    assert!(size(&one) >= 18 && size(&other) >= 18);
    assert!(size(&one) + size(&other) <= 26 + 10, "only the hostile are in both");
    assert!(!ten.lives);
    let eight = quorum(&rule, &blocs(), hostile("x")).unwrap();
    assert_eq!((eight.safe, eight.lives), (Verdict::Holds, true));
}

#[test]
fn two_of_three_blocs_are_unsafe_if_one_bloc_is_hostile() {
    let args = ["x", "y", "z"].map(|set| majority(set, r#""all""#)).join(",");
    let rule = read(&format!(r#"{{"op":"kofn","k":2,"args":[{args}]}}"#)).unwrap();
    let found = quorum(&rule, &blocs(), |member| member.id == "y").unwrap();
    assert!(matches!(found.safe, Verdict::Fails(Witness::Apart(..))));
    assert!(found.lives);
}

#[test]
fn each_bloc_stops_an_act_with_half_of_itself() {
    let (rule, electorate) = published("idx-tribloc-each-majority");
    for (set, block) in [("X", 4), ("Y", 4), ("Z", 5)] {
        let found = smallest_block_of(&rule, &electorate, set).unwrap().unwrap();
        assert_eq!(found.iter().map(|line| line.1).sum::<u32>(), block, "{set}");
    }
    assert_eq!(smallest_block_of(&rule, &electorate, "nobody").unwrap(), None);
}

#[test]
fn a_sovereign_is_guaranteed_a_veto_only_by_a_rule_that_counts_the_affected() {
    let electorate = Electorate { members: vec![line("s", 5, &["sovereign"]), line("o", 4, &[])] };
    let simple = majority("all", r#"["yes","no"]"#);
    let untouched = format!(r#"{{"op":"ge","l":[[0,1,1]],"r":{}}}"#, tally("affected", r#""no""#));
    let guarded = each(&[simple.clone(), untouched]);
    let found = blocking_guarantee(&guarded, &electorate, "sovereign", "affected").unwrap();
    assert_eq!(found, [("s".to_string(), Verdict::Holds)]);
    let found = blocking_guarantee(&each(&[simple]), &electorate, "sovereign", "affected").unwrap();
    assert!(matches!(&found[0].1, Verdict::Fails(Witness::Wins(_))));
}

#[test]
fn a_rule_under_which_a_yes_may_hurt_guarantees_no_sovereign_anything() {
    let electorate = Electorate { members: vec![line("s", 5, &["sovereign"]), line("o", 4, &[])] };
    let untouched = format!(r#"{{"op":"ge","l":[[0,1,1]],"r":{}}}"#, tally("affected", r#""no""#));
    let opposed = format!(r#"{{"op":"ge","l":{},"r":[[1,1,1]]}}"#, tally("all", r#""no""#));
    let rule = each(&[majority("all", r#"["yes","no"]"#), untouched, opposed]);
    let found = blocking_guarantee(&rule, &electorate, "sovereign", "affected").unwrap();
    assert!(matches!(&found[0].1, Verdict::Fails(Witness::HurtByOneMore { .. })), "{found:?}");
}

#[test]
fn a_bloc_of_the_six_smallest_of_1958_is_analysed_as_one_player() {
    let game = game("idx-eec-1958");
    let joined = game.with_bloc("Benelux", &["Belgium", "Netherlands", "Luxembourg"]).unwrap();
    let found = joined.indices().unwrap();
    assert_eq!(found.players, 4);
    // 4, 4, 4 and 5 of 17 votes with a quota of 12: any three.
    assert!(found.members.iter().all(|m| *m.shapley.value().unwrap() == Fraction::new(1, 4_u32)));
    for wrong in [vec!["Spain"], vec![], vec!["Italy", "Italy"]] {
        assert!(matches!(game.with_bloc("bloc", &wrong), Err(Error::Form { .. })));
    }
    assert!(game.with_bloc("Germany", &["Italy", "France"]).is_err());
}

#[test]
fn an_accession_takes_power_from_all_and_an_exit_gives_it_back() {
    let (rule, electorate) = published("idx-swiss-cantons");
    let game = |electorate: &Electorate| Game::new(&rule, electorate).unwrap().indices().unwrap();
    let mut full = electorate.members[0].clone();
    (full.id, full.count) = ("twenty-first".into(), 1);
    let larger = after_accession(&electorate, full.clone()).unwrap();
    let (before, after) = (game(&electorate), game(&larger));
    let found = changes(&before, &after);
    let total = found.iter().zip([20_u32, 6, 1]).fold(Fraction::zero(), |sum, (change, count)| {
        let of = change.shapley.value().unwrap();
        sum.plus(&Fraction::new(of.numerator() * count, of.denominator().clone()))
    });
    assert_eq!(total, Fraction::zero(), "what some gain others lose");
    assert!(found[0].shapley.low < Fraction::zero() && found[2].shapley.low > Fraction::zero());
    assert_eq!(after_exit(&larger, "twenty-first").unwrap(), electorate);
    assert_eq!(after_exit(&electorate, "full").unwrap().members[0].count, 19);
    assert!(after_accession(&larger, full).is_err() && after_exit(&electorate, "none").is_err());
}

#[test]
fn raising_a_weight_never_lowers_the_swings_of_its_member() {
    let (rule, electorate) = published("idx-eu-1995");
    let swings = |weight| {
        let changed = with_weight(&electorate, "Spain", "v", weight).unwrap();
        let (_, swings) = Game::new(&rule, &changed).unwrap().swings().unwrap();
        swings[4].clone()
    };
    assert_eq!(electorate.members[4].id, "Spain");
    let all: Vec<_> = (1..=20).map(swings).collect();
    assert!(all.is_sorted(), "{all:?}");
}

#[test]
fn the_limits_hold_at_the_limit_and_just_above() {
    let rule = read(&majority("all", r#""all""#)).unwrap();
    let of = |count| {
        let members = vec![line("a", count - 1, &[]), line("b", 1, &[])];
        Game::new(&rule, &Electorate { members })
    };
    let found = of(PLAYERS_MAX).unwrap().indices().unwrap();
    assert_eq!(*found.members[1].shapley.value().unwrap(), Fraction::new(1, PLAYERS_MAX));
    let limit = PLAYERS_MAX.into();
    let found = limit + 1;
    assert_eq!(of(PLAYERS_MAX + 1), Err(Error::Limit { what: "members", found, limit }));
    assert!(matches!(of(1), Err(Error::Form { .. })), "a line counts somebody");

    let game = of(3).unwrap();
    assert!(game.sampled(0, 0).is_err() && game.sampled(0, 1).is_ok());
    assert!(matches!(game.sampled(0, DRAWS_MAX + 1), Err(Error::Limit { .. })));
}

#[test]
fn weights_of_120_bits_are_analysed_and_of_more_are_refused() {
    let rule = |numerator: i64| {
        let of = |weight| {
            let tally = Tally { weight, set: Set::All, ballots: Ballots::YES };
            Quantity::Tally(tally)
        };
        let term = |numerator, of| Term { numerator, denominator: 1, of };
        let left = vec![term(numerator, of(Weight::Column("v".into()))), term(1, of(Weight::Unit))];
        let right = Linear(vec![term(3, Quantity::One)]);
        Rule::Compare(Comparison { strict: false, left: Linear(left), right })
    };
    let bits = |numerator| {
        let mut member = line("a", 1, &[]);
        member.weights.insert("v".into(), u64::MAX);
        let mut other = line("b", 1, &[]);
        other.weights.insert("v".into(), 0);
        Game::new(&rule(numerator), &Electorate { members: vec![member, other] })
    };
    assert!(bits(1 << 56).is_ok());
    let refused = bits(1 << 57).unwrap_err();
    assert!(matches!(refused, Error::Limit { what: "bits of the weights", .. }), "{refused}");
}

#[test]
fn a_guarantee_takes_as_many_diagrams_as_allowed_and_no_more() {
    // Of so many sovereigns, each with a weight of its own, none is like another.
    let member = |n: u64| {
        let mut member = line(&format!("m{n}"), 1, &["sovereign"]);
        member.weights.insert("v".into(), n + 1);
        member
    };
    let found = |members: usize| {
        let electorate = Electorate { members: (0..members as u64).map(member).collect() };
        // Monotone, but not plainly: whoever leaves the first bound is past the second.
        let rule = "no@affected = 0 & yes*v >= 3 & (4 > yes | yes >= 2)";
        let rule = Rule::from_text(rule).unwrap();
        blocking_guarantee(&rule, &electorate, "sovereign", "affected").unwrap()
    };
    let open = |members| {
        let found: Vec<(String, Verdict)> = found(members);
        found.iter().filter(|(_, verdict)| *verdict == Verdict::Open).count()
    };
    assert_eq!(open(GUARANTEE_DIAGRAMS_MAX), 0);
    assert_eq!(open(GUARANTEE_DIAGRAMS_MAX + 1), 1);
}
