//! The published cases are read whole, and their rules survive JSON.

use pacta_rules::{Case, CaseMembers, Question, Rule};

fn read(text: &str) -> Vec<Case> {
    Case::read_all(text).expect("the published cases are in form")
}

fn cases() -> Vec<Case> {
    let mut all = read(include_str!("../data/cases/votes.json"));
    all.extend(read(include_str!("../data/cases/indices.json")));
    all
}

fn rules(case: &Case) -> Vec<&Rule> {
    match &case.question {
        Question::Vote { outcomes, .. } => outcomes.iter().map(|outcome| &outcome.rule).collect(),
        Question::Power { rule } => vec![rule],
    }
}

#[test]
fn all_published_cases_are_read() {
    let cases = cases();
    assert_eq!(cases.len(), 45 + 14);
    let file = |case: &&Case| matches!(case.members, CaseMembers::File(_));
    assert_eq!(cases.iter().filter(file).count(), 3); // two of the IMF, one of the IBRD
}

#[test]
fn the_rules_of_the_published_cases_survive_json() {
    for case in cases() {
        for rule in rules(&case) {
            assert_eq!(Rule::from_json(&rule.to_json()).as_ref(), Ok(rule), "{}", case.id);
        }
    }
}
