use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;

use proptest::collection::vec as many;
use proptest::prelude::*;

use super::Parser;
use crate::decision_rule::{
    DAYS_MAX, DecisionRule, LISTED_MAX, OUTCOMES_MAX, STAGES_MAX, TIMES_MAX, WORDS_BYTES_MAX,
};
use crate::testing;

const FULL: &str = r#"rule "A rule with everything"
source "Statute, art. 1"
verify recalled
note "An example."

set A in registry "members of group A"
set B in registry "members of group B"
set host in matter "host States"
set rest = all - (A | B) & {Norland, "South March"} "other members"
weight pop "population"
partition blocs = {A, B} "groups"

derive g in blocs: yes@g > no@g
excl host
map silent -> absent
map yes@host -> abs
map silent@rest -> yes
base pv, (yes+no+veto)
empty fails

try "no objection" for 30d:
  if no = 0 then adopted
  else next
try "vote" times 3:
  if yes >= 2/3 pv & each g in blocs: yes@g > no@g then next
  if no*pop > 1/2 (yes+no+veto)*pop then rejected
  else default
try consents "ratification":
  if acc >= 9 & acc@A = 5 then in_force
  else default

default none
tie casting host
bind all-optout(90d)
route by "the matter is procedural" under "01-unsc-substance" to "02-unsc-procedure"
route by "the budget" to "budget committee"
brake 1@host -> "Council of Heads" for 60d
brake 1/3 -> "review"
close failed
"#;

fn problem(text: &str) -> alloc::string::String {
    DecisionRule::from_text(text).unwrap_err().to_string()
}

#[test]
fn a_rule_with_every_field_is_read_and_written_as_the_same_text() {
    let rule = DecisionRule::from_text(FULL).unwrap();
    assert_eq!(rule.to_text(), FULL);
    assert_eq!(DecisionRule::from_text(&FULL.replace('\n', " ")).as_ref(), Ok(&rule));
    assert_eq!(DecisionRule::from_json(&rule.to_json()), Ok(rule));
}

#[test]
fn a_rule_that_omits_a_field_is_refused_at_its_place() {
    for field in ["rule", "source", "default", "tie", "bind", "base", "close", "map silent ->"] {
        let kept = FULL.lines().filter(|line| !line.starts_with(&format!("{field} ")));
        let text = kept.map(|line| format!("{line}\n")).collect::<alloc::string::String>();
        let word = field.split(' ').next().unwrap();
        assert!(problem(&text).contains(&format!("`{word}")), "{}", problem(&text));
        assert!(problem(&text).contains("must stand here"), "{}", problem(&text));
    }
    for field in ["route", "brake"] {
        let kept = FULL.lines().filter(|line| !line.starts_with(&format!("{field} ")));
        let text = kept.map(|line| format!("{line}\n")).collect::<alloc::string::String>();
        assert!(problem(&text).contains(&format!("`{field}` must stand here")), "{field}");
    }
    assert!(problem(&FULL.replace("empty fails\n", "")).starts_with("empty: is not stated"));
}

#[test]
fn what_a_rule_speaks_of_it_declares() {
    for (from, to, expected) in [
        ("acc@A", "acc@C", "if: `C` is no set"),
        ("no*pop", "no*votes", "if: `votes` is no column"),
        ("excl host", "excl guests", "excl: `guests` is no set"),
        ("partition blocs = {A, B}", "partition blocs = {A, C}", "partition: `C` is no set"),
        ("yes@g > no@g then", "yes@h > no@h then", "if: `h` is no set"),
        ("each g in blocs: yes@g > no@g", "each A in blocs: yes@A > no@A", "`A`: is a set already"),
        ("weight pop", "weight A", "`A`: is declared twice"),
        ("tie casting host", "tie casting chair", "tie: `chair` is no set"),
        ("all - (A | B)", "all - (A | C)", "set: `C` is no set"),
        ("base pv, ", "base ", "base: does not name `pv`"),
        ("base pv", "base pv, pres", "base: names `pres`"),
        ("base pv", "base pv, pv", "base: is stated twice"),
        ("acc@A = 5 then in_force", "acc@A = 5 then next", "try: nothing comes after the last"),
        ("default none", "default default", "default: `default` is no name of an outcome"),
    ] {
        let text = FULL.replace(from, to);
        assert!(problem(&text).starts_with(expected), "{to}: {}", problem(&text));
    }
    let plain = FULL.replace(" & each g in blocs: yes@g > no@g", "");
    assert!(problem(&plain).starts_with("empty: there are no groups"), "{}", problem(&plain));
}

#[test]
fn json_other_than_the_canonical_is_refused() {
    let json = DecisionRule::from_text(FULL).unwrap().to_json();
    for (from, to) in [
        ("{\"base\"", "{\"aside\":1,\"base\""),
        ("\"base\":", "\"base\": "),
        ("\"close\":\"failed\"", "\"close\":\"never\""),
        ("\"title\":", "\"name\":"),
        ("\"op\":\"eq\"", "\"op\":\"is\""),
        ("\"tie\":{\"casting\":\"host\"}", "\"tie\":{\"casting\":\"chair\"}"),
    ] {
        assert!(json.contains(from), "{from}");
        assert!(DecisionRule::from_json(&json.replace(from, to)).is_err(), "{to}");
    }
}

#[test]
fn consents_and_votes_have_words_of_their_own() {
    assert!(problem(&FULL.replace("acc >= 9", "yes >= 9")).contains("write `acc`"));
    assert!(problem(&FULL.replace("no = 0", "acc = 0")).contains("`try consents`"));
}

#[test]
fn the_numbers_of_a_rule_have_limits() {
    let read = |from: &str, to: &str| DecisionRule::from_text(&FULL.replace(from, to)).map(|_| ());
    assert_eq!(read("optout(90d)", &format!("optout({DAYS_MAX}d)")), Ok(()));
    assert!(read("optout(90d)", &format!("optout({}d)", DAYS_MAX + 1)).is_err());
    assert!(read("optout(90d)", "optout(0d)").is_err());
    assert_eq!(read("times 3", &format!("times {TIMES_MAX}")), Ok(()));
    assert!(read("times 3", &format!("times {}", TIMES_MAX + 1)).is_err());
    assert!(read("times 3", "times 0").is_err());
    assert!(read("brake 1@host", "brake 0@host").is_err());
    assert!(read("brake 1/3", "brake 4/3").is_err());
    let notes = |count: usize| "note \"An example.\"\n".repeat(count);
    assert_eq!(read("note \"An example.\"\n", &notes(LISTED_MAX)), Ok(()));
    assert!(read("note \"An example.\"\n", &notes(LISTED_MAX + 1)).is_err());
    let first = "rule \"A rule with everything\"";
    let title = |bytes: usize| format!("rule \"{}\"", "x".repeat(bytes));
    assert_eq!(read(first, &title(WORDS_BYTES_MAX)), Ok(()));
    assert!(read(first, &title(WORDS_BYTES_MAX + 1)).is_err());
    assert!(read(first, &title(0)).is_err());
    let outcomes = |count: usize| "  if no = 0 then adopted\n".repeat(count);
    let first = "  if no = 0 then adopted\n";
    assert_eq!(read(first, &outcomes(OUTCOMES_MAX)), Ok(()));
    assert!(read(first, &outcomes(OUTCOMES_MAX + 1)).is_err());
    let stages = |count: usize| "try:\n  if no = 0 then adopted\n  else next\n".repeat(count);
    let first = "try \"no objection\" for 30d:\n  if no = 0 then adopted\n  else next\n";
    assert_eq!(read(first, &stages(STAGES_MAX - 2)), Ok(()));
    assert!(read(first, &stages(STAGES_MAX - 1)).is_err());
}

proptest! {
    #[test]
    fn the_text_of_a_decision_rule_is_read_as_the_same_rule(rule in testing::decision_rule()) {
        let text = rule.to_text();
        let read = Parser::new(&text).and_then(|mut parser| parser.decision_rule());
        prop_assert_eq!(read.as_ref(), Ok(&rule), "{}", text);
        prop_assert_eq!(read.map(|read| read.to_text()), Ok(text));
    }

    #[test]
    fn the_json_of_a_decision_rule_is_read_as_the_same_rule(rule in testing::decision_rule()) {
        prop_assert_eq!(DecisionRule::from_json_unchecked(&rule.to_json()), Ok(rule));
    }

    #[test]
    fn no_decision_rule_makes_its_check_or_its_words_panic(rule in testing::decision_rule()) {
        let _ = rule.check();
        let _ = rule.words();
    }

    #[test]
    fn no_text_makes_the_reader_of_rules_panic(words in many(testing::word(), 0..20), at in 0..40) {
        let lines: Vec<&str> = FULL.lines().collect();
        let at = at as usize % lines.len();
        let _ = DecisionRule::from_text(&[&lines[..at], &[&words.join(" ")]].concat().join("\n"));
    }
}
