use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use proptest::collection::vec as many;
use proptest::prelude::*;

use super::TEXT_NESTING_MAX;
use crate::condition::{Condition, EmptyGroup, Groups, Partition, Sign, Surroundings};
use crate::electorate::{Ballot, Ballots};
use crate::testing;
use crate::tree::{COEFFICIENT_MAX, Rule};

fn json(text: &str) -> String {
    Rule::from_text(text).unwrap().to_json()
}

fn message(text: &str) -> String {
    Rule::from_text(text).unwrap_err().to_string()
}

#[test]
fn two_thirds_of_those_present_and_voting_is_the_tree_of_the_specification() {
    let expected = concat!(
        r#"{"l":[[1,1,{"b":"yes","s":"all","w":"unit"}]],"op":"ge","#,
        r#""r":[[2,3,{"b":["yes","no"],"s":"all","w":"unit"}]]}"#
    );
    for text in ["yes >= 2/3 pv", "yes>=2/3pv", "( yes >= 2/3 (no+yes) )"] {
        assert_eq!(json(text), expected, "{text}");
    }
}

#[test]
fn a_text_has_one_form() {
    for (written, form) in [
        ("yes>all/2", "yes > 1/2 all"),
        ("(yes+no)*votes@P5 >= 1 yes", "pv@P5*votes >= yes"),
        ("((yes >= 9) & (no@P5 = 0))", "yes >= 9 & no@P5 = 0"),
        ("yes>1|(yes>2&no<3)", "yes > 1 | yes > 2 & no < 3"),
        ("(yes > 1 | yes > 2) & no < 3", "(yes > 1 | yes > 2) & no < 3"),
        ("all-yes<=3", "all - yes <= 3"),
        ("!!(yes > 1)", "!!(yes > 1)"),
        ("each g in{A,\"Annex I\"}:(yes@g>0)", "each g in {A, \"Annex I\"}: yes@g > 0"),
    ] {
        assert_eq!(Condition::from_text(written).unwrap().to_text(), form);
        assert_eq!(Condition::from_text(form).unwrap().to_text(), form);
    }
}

#[test]
fn every_sign_becomes_one_of_the_two_that_are_counted() {
    assert_eq!(json("yes <= 3"), json("3 >= yes"));
    assert_eq!(json("yes < 3"), json("3 > yes"));
    assert_eq!(json("no@P5 = 0"), json("0 >= no@P5"));
    assert_eq!(json("no - no@V = 0"), json("no - no@V >= 0 & 0 >= no - no@V"));
    assert_eq!(json("yes@P5 = 5"), json("yes@P5 >= 5 & 5 >= yes@P5"));
}

#[test]
fn every_group_is_written_out_among_what_must_all_hold() {
    assert_eq!(
        json("yes >= 2/3 pv & each g in {A, B}: !(no@g > all@g/2)"),
        json("yes >= 2/3 pv & !(no@A > 1/2 all@A) & !(no@B > 1/2 all@B)")
    );
    assert_eq!(json("each g in {A}: yes@g > 1"), json("all of {yes@A > 1}"));
    assert_eq!(json("some 1 g in {A, B}: yes@g > 1"), json("1 of {yes@A > 1, yes@B > 1}"));
    assert_eq!(
        json("each g in {A, B}: some 1 h in {C}: yes@g > yes@h"),
        json("all of {1 of {yes@A > yes@C}, 1 of {yes@B > yes@C}}")
    );
}

#[test]
fn a_partition_is_known_by_its_name_and_an_empty_group_as_the_rule_says() {
    let groups = vec!["X".to_string(), "Y".to_string()];
    let partitions = [Partition { name: "blocs".into(), groups, words: "blocs".into() }];
    let condition = Condition::from_text("each g in blocs: !(no@g >= 3/4 pv@g)").unwrap();
    let expand = |empty| {
        condition.expand(Surroundings { partitions: &partitions, empty }).unwrap().to_text()
    };
    assert_eq!(expand(EmptyGroup::Counted), "!(no@X >= 3/4 pv@X) & !(no@Y >= 3/4 pv@Y)");
    assert_eq!(
        expand(EmptyGroup::Holds),
        "(0 >= pv@X | !(no@X >= 3/4 pv@X)) & (0 >= pv@Y | !(no@Y >= 3/4 pv@Y))"
    );
    assert_eq!(
        expand(EmptyGroup::Fails),
        "(pv@X > 0 & !(no@X >= 3/4 pv@X)) & (pv@Y > 0 & !(no@Y >= 3/4 pv@Y))"
    );
    assert!(condition.expand(Surroundings::NONE).unwrap_err().to_string().contains("`blocs`"));
}

#[test]
fn an_error_shows_the_line_and_marks_the_place() {
    assert_eq!(
        message("yes >= 9 &\n  no@P5 0"),
        concat!(
            "line 2, column 9: expected `>=`, `>`, `<=`, `<` or `=`, found `0`\n",
            "    no@P5 0\n          ^"
        )
    );
    for (text, problem) in [
        ("aye > 1", "line 1, column 1: expected a tally such as `yes`"),
        ("yes > 1 &", "line 1, column 10: expected a tally"),
        ("yes > 1/0 pv", "line 1, column 9: a denominator is above 0"),
        ("!yes > 1", "line 1, column 2: expected `(` after `!`"),
        ("yes > (yes+yes)", "line 1, column 12: `yes` is in the list already"),
        ("acc > 1", "line 1, column 1: `acc` counts consents"),
        ("2 of {yes > 1", "line 1, column 14: expected `}`, found the end"),
        ("yes > 1 yes > 2", "line 1, column 13: expected the end, found `>`"),
        ("each g in {A}: each g in {B}: yes@g > 1", "`g`: already stands for a group"),
    ] {
        assert!(message(text).starts_with(problem), "{text}: {}", message(text));
    }
}

#[test]
fn numbers_and_nesting_have_limits() {
    let of = |number: u64| Rule::from_text(&format!("yes >= {number} pv"));
    assert!(of(u64::from(COEFFICIENT_MAX)).is_ok());
    assert!(of(u64::from(COEFFICIENT_MAX) + 1).is_err());
    let nest =
        |depth| Condition::from_text(&format!("{}yes > 1{}", "(".repeat(depth), ")".repeat(depth)));
    assert!(nest(TEXT_NESTING_MAX).is_ok());
    assert!(nest(TEXT_NESTING_MAX + 1).is_err());
    assert!(nest(20_000).is_err());
    assert!(Condition::from_text(&"!".repeat(20_000)).is_err());
    assert!(Condition::from_text(&"each g in P:".repeat(5_000)).is_err());
}

#[test]
fn no_expansion_grows_without_limit() {
    let names: Vec<String> = (0..50).map(|i| format!("s{i}")).collect();
    let of = Groups::Listed(names);
    let nest = |depth: usize| {
        (0..depth).fold(Condition::from_text("yes > 1").unwrap(), |holds, i| Condition::Groups {
            k: None,
            variable: format!("g{i}"),
            of: of.clone(),
            holds: Box::new(holds),
        })
    };
    assert!(nest(1).expand(Surroundings::NONE).is_ok());
    assert!(nest(9).expand(Surroundings::NONE).unwrap_err().to_string().contains("limit"));
}

#[test]
fn every_list_of_ballots_has_a_text() {
    for bits in 1_u8..64 {
        let chosen = Ballot::ALL.into_iter().filter(|ballot| bits & 1 << *ballot as u8 != 0);
        let ballots = chosen.fold(Ballots::default(), Ballots::with);
        let rule = testing::compare(ballots, Sign::AtLeast);
        assert_eq!(Condition::from_text(&rule.to_text()), Ok(rule));
    }
}

proptest! {
    #[test]
    fn the_text_of_a_condition_is_read_as_the_same_condition(condition in testing::condition()) {
        let text = condition.to_text();
        let read = Condition::from_text(&text);
        prop_assert_eq!(read.as_ref(), Ok(&condition), "{}", text);
        prop_assert_eq!(condition.to_text(), text);
    }

    #[test]
    fn the_text_of_an_expanded_rule_is_read_as_the_same_tree(condition in testing::condition()) {
        if let Ok(rule) = condition.expand(Surroundings::NONE) {
            prop_assert_eq!(Rule::from_text(&rule.to_text()), Ok(rule.clone()));
            prop_assert_eq!(Rule::from_json(&rule.to_json()), Ok(rule));
        }
    }

    #[test]
    fn no_text_makes_the_reader_panic(words in many(testing::word(), 0..30)) {
        let _ = Condition::from_text(&words.join(" "));
        let _ = Condition::from_text(&words.concat());
    }

    #[test]
    fn no_characters_make_the_reader_panic(text in "\\PC{0,60}") {
        let _ = Condition::from_text(&text);
    }
}
