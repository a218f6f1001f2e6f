//! Every published vote, decided again.

use std::fs;

use pacta_rules::{Ballot, Case, CaseMembers, Question, Scrutiny};

fn votes() -> Vec<Case> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/data/cases/votes.json");
    let text = fs::read_to_string(path).expect("the published votes");
    Case::read_all(&text).expect("cases in form")
}

#[test]
fn each_published_vote_has_the_recorded_outcome_and_counts() {
    let mut decided = 0;
    for case in votes() {
        let CaseMembers::Listed(electorate) = &case.members else {
            panic!("{}: the members are elsewhere", case.id);
        };
        let Question::Vote { outcomes, default, ballots } = &case.question else {
            panic!("{}: is no vote", case.id);
        };
        let scrutiny = Scrutiny::new(outcomes, default, electorate).expect(&case.id);
        let running = scrutiny.count(ballots.clone()).expect(&case.id);

        let decision = scrutiny.decide(&running);
        assert_eq!(Some(decision.label), case.expect["outcome"].as_str(), "{}", case.id);
        let members = running.members();
        for ballot in Ballot::ALL {
            if let Some(count) = case.expect["counts"].get(ballot.name()) {
                assert_eq!(Some(members[ballot as usize]), count.as_u64(), "{}", case.id);
            }
        }
        decided += 1;
    }
    assert_eq!(decided, 45);
}
