use alloc::format;
use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;

use proptest::collection::vec as many;
use proptest::prelude::*;

use super::Parser;
use crate::decision_rule::{
    DAYS_MAX, DecisionRule, LISTED_MAX, OUTCOMES_MAX, STAGES_MAX, SetExpression, SetOrigin,
    TIMES_MAX, WORDS_BYTES_MAX,
};
use crate::error::Error;
use crate::testing;
use crate::tree::{DEPTH_MAX, NAMES_MAX};

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
fn the_json_of_a_rule_is_frozen() {
    let text = PLAIN_HEAD.to_string() + "\nif yes >= 9 then adopted\n" + PLAIN_END;
    let expected = concat!(
        r#"{"base":[],"bind":"all","brakes":[],"close":"end","columns":[],"#,
        r#""default":"rejected","derive":null,"empty":null,"excluded":[],"maps":[],"#,
        r#""notes":[],"partitions":[],"routes":[],"sets":[],"silent":"absent","#,
        r#""source":"Statute","stages":[{"consents":false,"days":null,"else":"default","#,
        r#""name":null,"outcomes":[{"if":{"l":[[1,1,{"b":"yes","s":"all","w":"unit"}]],"#,
        r#""op":"ge","r":[[9,1,1]]},"then":"adopted"}],"times":1}],"tie":"none","#,
        r#""title":"Nine","verify":null}"#
    );
    assert_eq!(DecisionRule::from_text(&text).unwrap().to_json(), expected);
}

const PLAIN_HEAD: &str = "rule \"Nine\"\nsource \"Statute\"\n\nmap silent -> absent\nbase none\n";
const PLAIN_END: &str =
    "\ndefault rejected\ntie none\nbind all\nroute none\nbrake none\nclose end\n";

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

/// Checks the full rule after a change.
fn changed(change: impl FnOnce(&mut DecisionRule)) -> Result<(), Error> {
    let mut rule = DecisionRule::from_text(FULL).unwrap();
    change(&mut rule);
    rule.check()
}

#[test]
fn the_lists_of_a_rule_have_limits() {
    fn repeat<T: Clone>(list: &mut Vec<T>, count: usize) {
        *list = vec![list[0].clone(); count];
    }
    for (count, fits) in [(LISTED_MAX, true), (LISTED_MAX + 1, false)] {
        assert_eq!(changed(|rule| repeat(&mut rule.excluded, count)).is_ok(), fits);
        assert_eq!(changed(|rule| repeat(&mut rule.maps, count)).is_ok(), fits);
        assert_eq!(changed(|rule| repeat(&mut rule.routes, count)).is_ok(), fits);
        assert_eq!(changed(|rule| repeat(&mut rule.brakes, count)).is_ok(), fits);
        let partitions = |rule: &mut DecisionRule| {
            for i in rule.partitions.len()..count {
                let mut partition = rule.partitions[0].clone();
                partition.name = format!("p{i}");
                rule.partitions.push(partition);
            }
        };
        assert_eq!(changed(partitions).is_ok(), fits);
    }
    assert!(changed(|rule| repeat(&mut rule.base, LISTED_MAX + 1)).is_err());
    for (count, fits) in [(NAMES_MAX, true), (NAMES_MAX + 1, false)] {
        let sets = |rule: &mut DecisionRule| {
            for i in rule.sets.len()..count {
                let mut set = rule.sets[0].clone();
                set.name = format!("s{i}");
                rule.sets.push(set);
            }
        };
        assert_eq!(changed(sets).is_ok(), fits);
        let columns = |rule: &mut DecisionRule| {
            for i in rule.columns.len()..count {
                let mut column = rule.columns[0].clone();
                column.name = format!("c{i}");
                rule.columns.push(column);
            }
        };
        assert_eq!(changed(columns).is_ok(), fits);
        let members = |rule: &mut DecisionRule| {
            let ids = (0..count).map(|i| format!("member {i}")).collect();
            rule.sets[3].of = SetOrigin::Made(SetExpression::Members(ids));
        };
        assert_eq!(changed(members).is_ok(), fits);
        let groups = |rule: &mut DecisionRule| {
            rule.derived = None;
            rule.stages.remove(1);
            rule.empty = None;
            rule.base.clear();
            rule.partitions[0].groups = vec!["A".to_string(); count];
        };
        assert_eq!(changed(groups).is_ok(), fits);
    }
}

#[test]
fn sets_made_of_others_have_limits() {
    let read = |set: &str| {
        DecisionRule::from_text(&FULL.replace("all - (A | B) & {Norland, \"South March\"}", set))
    };
    let joined = |sign: &str, count: usize| vec!["A"; count + 1].join(sign);
    for sign in [" | ", " & ", " - "] {
        assert!(read(&joined(sign, DEPTH_MAX)).is_ok());
        assert!(read(&joined(sign, DEPTH_MAX + 1)).is_err());
        assert!(read(&joined(sign, 10_000)).is_err());
    }
    let nested = |depth: usize| format!("{}A{}", "A - (".repeat(depth), ")".repeat(depth));
    assert!(read(&nested(DEPTH_MAX)).is_ok());
    assert!(read(&nested(DEPTH_MAX + 1)).is_err());
    assert!(read(&nested(10_000)).is_err());
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
