//! What decision rules are easily mistaken for, each on a published vote.

use std::fs;

use pacta_rules::{
    Ballot, Ballots, Case, CaseMembers, Explanation, Flips, Question, Running, Scrutiny, Verdict,
};

fn cases() -> Vec<Case> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/data/cases/votes.json");
    Case::read_all(&fs::read_to_string(path).expect("the published votes")).expect("in form")
}

fn admitted(case: &Case) -> (Scrutiny, Running) {
    let (CaseMembers::Listed(electorate), Question::Vote { outcomes, default, ballots }) =
        (&case.members, &case.question)
    else {
        panic!("{}: is no vote of listed members", case.id);
    };
    let scrutiny = Scrutiny::new(outcomes, default, electorate).expect(&case.id);
    let running = scrutiny.count(ballots.clone()).expect(&case.id);
    (scrutiny, running)
}

fn case(id: &str) -> (Scrutiny, Running) {
    admitted(cases().iter().find(|case| case.id == id).expect(id))
}

fn explanation(id: &str) -> Explanation {
    let (scrutiny, running) = case(id);
    scrutiny.explain(&running)
}

/// What the rule asked last rests on: left side, right side, margin.
fn decisive(id: &str) -> Vec<String> {
    let explanation = explanation(id);
    let decisive = explanation.decisive().map(|of| {
        let sign = if of.strict { ">" } else { ">=" };
        format!("{} {sign} {}: {}", of.left.value, of.right.value, of.margin)
    });
    decisive.collect()
}

#[test]
fn a_majority_is_not_two_thirds() {
    assert_eq!(decisive("unga-es10-21-canada-amendment"), ["88 >= 286/3: -22/3"]);
    assert_eq!(decisive("unga-1970-china-25th"), ["51 >= 200/3: -47/3"]);
}

#[test]
fn a_fraction_is_exact_and_never_rounded() {
    assert_eq!(decisive("iwc-2024-saws"), ["40 >= 81/2: -1/2"]);
}

#[test]
fn a_procedural_vote_knows_no_veto() {
    for id in ["unsc-res-2623", "unsc-2014-12-22-dprk"] {
        assert_eq!(explanation(id).outcome, "adopted");
        assert_eq!(decisive(id), ["11 >= 9: 2"]);
    }
}

#[test]
fn a_draft_may_fail_on_the_count_as_well_as_by_veto() {
    assert_eq!(decisive("unsc-2020-08-14-iran"), ["2 >= 9: -7", "0 >= 2: -2"]);
}

#[test]
fn absence_is_not_a_veto() {
    let explanation = explanation("unsc-res-82");
    assert_eq!(explanation.outcome, "adopted");
    assert_eq!(explanation.ballots[Ballot::Absent as usize].members, 1);
}

#[test]
fn a_half_weight_may_decide() {
    // The people are in favour; of 22 cantons, 10.5 are.
    assert_eq!(decisive("ch-1973-education"), ["21 > 23: -2"]);
    assert_eq!(explanation("ch-2013-family").outcome, "rejected");
}

#[test]
fn enough_members_are_not_enough_weight() {
    let (scrutiny, running) = case("imf-us-alone-blocks-85");
    assert_eq!(scrutiny.decide(&running).label, "rejected");
    match scrutiny.flips(&running, Ballots::NO, Ballots::YES) {
        Flips::Least { ballots: 1, sets, complete: true } => {
            assert_eq!(sets.len(), 1);
            assert_eq!(sets[0][0].members.len(), 1);
        }
        other => panic!("one member has more than 15 %: {other:?}"),
    }
}

#[test]
fn where_the_default_is_the_act_it_is_told() {
    let explanation = explanation("eu-ev-duties-2024");
    assert_eq!(explanation.outcome, "no_opinion");
    assert!(explanation.default_taken);
    assert_eq!(explanation.rules.len(), 2);
}

#[test]
fn a_strong_rejection_has_a_limb_of_its_own() {
    // 37.4 % of the votes with abstentions are strongly against; 33.4 % suffice to reject.
    let explanation = explanation("cosmos-prop-82");
    let failed: Vec<_> = explanation.decisive().collect();
    assert!(failed.iter().any(|of| of.at.ends_with(".arg") && of.holds), "{explanation}");
}

#[test]
fn who_takes_no_part_is_in_no_base() {
    let explanation = explanation("eu-relocation-2015");
    assert_eq!(explanation.outcome, "adopted");
    assert_eq!(explanation.excluded.len(), 3);
}

#[test]
fn abstentions_outside_the_base_make_no_difference() {
    let (scrutiny, running) = case("unga-es11-1");
    let explanation = scrutiny.explain(&running);
    let comparison = &explanation.rules[0].comparisons[0];
    assert_eq!(comparison.abstain, pacta_rules::explain::Counted::Nowhere);
    let mut fewer = running.clone();
    scrutiny.cast(&mut fewer, 0, Ballot::Abstain, Ballot::Absent).unwrap();
    assert_eq!(scrutiny.explain(&fewer).rules, explanation.rules);
}

#[test]
fn each_published_vote_is_explained_closed_and_turned_by_no_fewer_ballots_than_said() {
    let (mut least, mut bounds) = (0, 0);
    for case in cases() {
        let (scrutiny, running) = admitted(&case);
        let label = scrutiny.decide(&running).label;
        let explanation = scrutiny.explain(&running);
        assert_eq!(explanation.outcome, label, "{}", case.id);
        assert!(explanation.decisive().next().is_some(), "{}: {explanation}", case.id);

        let closed = scrutiny.prospect(&running, Ballots::default());
        assert_eq!(closed.verdict(label), Verdict::DecidedYes, "{}", case.id);

        match scrutiny.flips(&running, Ballots::ELIGIBLE, Ballots::PRESENT) {
            Flips::Least { ballots, sets, .. } => {
                least += 1;
                for set in sets {
                    assert_eq!(set.iter().map(|of| of.ballots).sum::<u64>(), ballots);
                }
            }
            Flips::Bound { at_least, at_most, .. } => {
                bounds += 1;
                assert!(at_least < at_most, "{}", case.id);
            }
            other => panic!("{}: {other:?}", case.id),
        }
    }
    assert_eq!((least, bounds), (45, 0));
}
