//! The rules of the library: all are read, have one text, and are those of the published cases.

use std::collections::BTreeSet;

use pacta_rules::library::{LIBRARY, LibraryRule};
use pacta_rules::{Came, Case, CaseMembers, DecisionRule, Question, Rule};
use serde_json::Value;

fn read(rule: &LibraryRule) -> DecisionRule {
    rule.read().unwrap_or_else(|error| panic!("{}: {error}", rule.slug))
}

#[test]
fn every_rule_is_read_and_written_as_the_same_text() {
    for rule in LIBRARY {
        assert_eq!(read(rule).to_text(), rule.text, "{}", rule.slug);
    }
}

#[test]
fn every_rule_survives_json() {
    for rule in LIBRARY {
        let decision_rule = read(rule);
        let again = DecisionRule::from_json(&decision_rule.to_json());
        assert_eq!(again, Ok(decision_rule), "{}", rule.slug);
    }
}

#[test]
fn every_rule_expands_into_trees_that_survive_text_and_json() {
    for rule in LIBRARY {
        for outcome in read(rule).expand().expect(rule.slug).iter().flatten() {
            let tree = &outcome.rule;
            assert_eq!(Rule::from_text(&tree.to_text()).as_ref(), Ok(tree), "{}", rule.slug);
            assert_eq!(Rule::from_json(&tree.to_json()).as_ref(), Ok(tree), "{}", rule.slug);
        }
    }
}

#[test]
fn the_library_holds_every_entry_of_the_catalogue_under_names_that_begin_with_its_number() {
    let numbers: BTreeSet<u32> = LIBRARY.iter().map(|rule| rule.number).collect();
    assert_eq!(numbers, (1..=74).collect());
    for rule in LIBRARY {
        assert!(rule.slug.starts_with(&format!("{:02}-", rule.number)), "{}", rule.slug);
        assert_eq!(LibraryRule::of_slug(rule.slug), Some(rule));
    }
    assert!(LIBRARY.is_sorted_by(|a, b| a.slug < b.slug));
}

#[test]
fn a_route_to_a_rule_of_the_library_names_one_that_exists() {
    for rule in LIBRARY {
        for route in read(rule).routes {
            for target in [Some(route.to), route.under].into_iter().flatten() {
                let names_a_rule = target.starts_with(|c: char| c.is_ascii_digit());
                let exists = LibraryRule::of_slug(&target).is_some();
                assert!(!names_a_rule || exists, "{}: {target}", rule.slug);
            }
        }
    }
}

/// Which rule, and which of its stages, a published vote was decided by.
const VOTES: [(&str, &str, usize); 45] = [
    ("unsc-2022-155", "01-unsc-substance", 0),
    ("unsc-res-2623", "02-unsc-procedure", 0),
    ("unsc-2014-12-22-dprk", "02-unsc-procedure", 0),
    ("unsc-res-1973", "01-unsc-substance", 0),
    ("unsc-res-678", "01-unsc-substance", 0),
    ("unsc-2020-08-14-iran", "01-unsc-substance", 0),
    ("unsc-2023-970", "01-unsc-substance", 0),
    ("unsc-res-2728", "01-unsc-substance", 0),
    ("unsc-res-2774", "01-unsc-substance", 0),
    ("unsc-res-82", "03-unsc-1946", 0),
    ("unga-1970-china-25th", "05-unga-important", 0),
    ("unga-1971-important-question", "04-unga-majority", 0),
    ("unga-30-3379", "04-unga-majority", 0),
    ("unga-67-19", "05-unga-important", 0),
    ("unga-es10-21-canada-amendment", "05-unga-important", 0),
    ("unga-es11-1", "05-unga-important", 0),
    ("unga-es10-23", "05-unga-important", 0),
    ("eu-nature-restoration-2024", "49-eu-qualified-shares", 0),
    ("eu-ev-duties-2024", "53-eu-comitology", 0),
    ("eu-four-block", "49-eu-qualified-shares", 0),
    ("eu-relocation-2015", "51-eu-reduced", 0),
    ("imf-2012-06-board-reform", "37-imf-amendment", 0),
    ("imf-us-alone-blocks-85", "36-imf-eighty-five", 0),
    ("iwc-2024-saws", "21-iwc-schedule", 0),
    ("iwc-2014-saws", "21-iwc-schedule", 0),
    ("paris-2016-10-05", "28-paris", 0),
    ("kyoto-2004-11-18", "27-kyoto", 0),
    ("ctbt-annex2", "29-ctbt", 0),
    ("ch-2013-family", "72-swiss-double-majority", 0),
    ("ch-2013-abzocker", "72-swiss-double-majority", 0),
    ("ch-1983-energy", "72-swiss-double-majority", 0),
    ("ch-1973-education", "72-swiss-double-majority", 0),
    ("ch-1955-consumer", "72-swiss-double-majority", 0),
    ("ni-2001-11-02", "72-northern-ireland-parallel", 0),
    ("us-ec-2000", "70-us-electoral-college", 0),
    ("us-ec-2016", "70-us-electoral-college", 0),
    ("cosmos-prop-82", "73-cosmos", 0),
    ("fabric-outof-2-of-3", "74-fabric-two-of-three", 0),
    ("isa-council-chamber-veto", "25-isa-council", 1),
    ("montreal-nonart5-blocks", "22-montreal-adjustment", 0),
    ("osce-consensus-minus-one", "61-osce-minus-one", 0),
    ("wto-reverse-consensus", "33-wto-panel-report", 0),
    ("nato-silence-kept", "60-nato-silence", 0),
    ("aiib-china-blocks", "39-aiib-super", 0),
    ("esm-emergency-finland-out", "58-esm-emergency", 0),
];
/// In what the rule of a published case differs from that of the library, as text of the library
/// and of the case: the case leaves out quorums and floors that were met, or limbs that did not
/// matter, and states a constant by another word. What comes of the case is the same.
const PLAIN: [(&str, &[(&str, &str)]); 8] = [
    ("05-unga-important", &[(" & yes > 0", "")]),
    (
        "21-iwc-schedule",
        &[("base all, pv", "base pv"), ("pres > 1/2 all & ", ""), (" & yes > 0", "")],
    ),
    ("25-isa-council", &[(" & yes > 0", "")]),
    ("29-ctbt", &[("base none", "base all"), ("= 44", ">= all@annex2")]),
    ("33-wto-panel-report", &[(" & yes > 0", "")]),
    ("53-eu-comitology", &[(" | (no+abs+absent) <= 3", ""), (" | (yes+abs+absent) <= 3", "")]),
    (
        "58-esm-emergency",
        &[
            ("base all, pv", "base pres"),
            ("pres >= 2/3 all & pres*sh >= 2/3 all*sh & ", ""),
            ("pv*sh & yes > 0", "pres*sh"),
        ],
    ),
    ("72-swiss-double-majority", &[("base all", "base none"), ("1/2 all@cantons", "no@cantons")]),
];
/// That of 61 leaves out who is disregarded, and counts it in another way.
const DISREGARDED: [(&str, &str); 2] = [
    ("excl V\n", ""),
    (
        "if no = 0 then adopted",
        "if all of {no = 0} then adopted_by_consensus\nif 0 >= no - no@V then adopted",
    ),
];

fn as_published(slug: &str) -> DecisionRule {
    let mut text =
        LibraryRule::of_slug(slug).unwrap_or_else(|| panic!("no rule {slug}")).text.to_owned();
    let of = PLAIN.iter().find(|(of, _)| *of == slug).map_or(&[][..], |(_, changes)| changes);
    let disregarded = if slug == "61-osce-minus-one" { &DISREGARDED[..] } else { &[] };
    for (ours, theirs) in of.iter().chain(disregarded) {
        assert!(text.contains(ours), "{slug}: {ours}");
        text = text.replace(ours, theirs);
    }
    DecisionRule::from_text(&text).expect(slug)
}

/// Which rule the power under a published case is that of. The other cases are of one count of
/// votes with the quota of one date, or of no organization.
const POWERS: [(&str, &str, usize); 9] = [
    ("idx-unsc-15", "01-unsc-substance", 0),
    ("idx-eec-1958", "46-eec-1958", 0),
    ("idx-ec-1981", "47-ec-1981", 0),
    ("idx-eu-1995", "47-ec-1995", 0),
    ("idx-us-electoral-college-2024", "70-us-electoral-college-blocks", 0),
    ("idx-canada-7-50", "72-canada", 0),
    ("idx-isa-council", "25-isa-council", 1),
    ("idx-swiss-cantons", "72-swiss-cantons", 0),
    ("idx-eu27-lisbon-2025", "49-eu-qualified-27", 0),
];

fn published(text: &str) -> Vec<Value> {
    serde_json::from_str(text).expect("the published cases are JSON")
}

fn stage(slug: &str, stage: usize) -> Vec<(Rule, String)> {
    let outcomes = as_published(slug).expand().expect(slug).swap_remove(stage);
    outcomes.into_iter().map(|outcome| (outcome.rule, outcome.label)).collect()
}

#[test]
fn the_rule_of_every_published_vote_is_a_rule_of_the_library() {
    let cases = published(include_str!("../data/cases/votes.json"));
    assert_eq!(cases.len(), VOTES.len());
    for (id, slug, number) in VOTES {
        let case = cases.iter().find(|case| case["id"] == id).expect(id);
        let outcomes = case["outcomes"].as_array().expect(id).iter();
        let tree = |value: &Value| Rule::from_value(value, id).expect(id);
        let label = |value: &Value| value["then"].as_str().expect(id).to_owned();
        let expected: Vec<_> = outcomes.map(|each| (tree(&each["if"]), label(each))).collect();
        assert_eq!(stage(slug, number), expected, "{id} and {slug}");
        let default = read(LibraryRule::of_slug(slug).expect(slug)).default;
        assert_eq!(default.as_deref(), case["default"].as_str(), "{id} and {slug}");
    }
}

#[test]
fn every_published_vote_has_its_outcome_under_the_whole_rule_of_the_library() {
    let cases = Case::read_all(include_str!("../data/cases/votes.json")).expect("cases in form");
    for (id, slug, stage) in VOTES {
        let case = cases.iter().find(|case| case.id == id).expect(id);
        let CaseMembers::Listed(electorate) = &case.members else { panic!("{id}: no members") };
        let Question::Vote { ballots, .. } = &case.question else { panic!("{id}: no vote") };
        let rule = read(LibraryRule::of_slug(slug).expect(slug));
        let came = rule.decide(stage, electorate, ballots).expect(id).came;
        let (Came::Outcome(label) | Came::Default(label)) = came else { panic!("{id}: {came:?}") };
        assert_eq!(Some(label.as_str()), case.expect["outcome"].as_str(), "{id} and {slug}");
    }
}

#[test]
fn the_rules_of_published_power_are_rules_of_the_library() {
    let cases = published(include_str!("../data/cases/indices.json"));
    for (id, slug, number) in POWERS {
        let case = cases.iter().find(|case| case["id"] == id).expect(id);
        let expected = Rule::from_value(&case["rule"], id).expect(id);
        assert_eq!(stage(slug, number)[0].0, expected, "{id} and {slug}");
    }
}
