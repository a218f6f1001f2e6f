use alloc::format;
use alloc::vec;
use alloc::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::electorate::Count;
use crate::random;

fn rule(text: &str) -> Rule {
    Rule::from_text(text).unwrap()
}

fn as_cast(_: &Member, ballot: Ballot) -> Ballot {
    ballot
}

fn equal(members: u32) -> Electorate {
    Electorate { members: vec![random::member("m", members)] }
}

fn judged(text: &str, members: u32) -> Verdict {
    never_hurts(&rule(text), &equal(members), Ballot::Yes, as_cast).unwrap()
}

/// All ways in which the members may vote, members of a line told apart.
fn all(electorate: &Electorate) -> Vec<Vec<(usize, Ballot)>> {
    let lines = electorate.members.iter().enumerate();
    let single = lines.flat_map(|(line, member)| (0..member.count).map(move |_| line));
    single.fold(vec![vec![]], |ways, line| {
        let more = |way: Vec<(usize, Ballot)>| {
            CHOICES.map(|ballot| {
                let mut way = way.clone();
                way.push((line, ballot));
                way
            })
        };
        ways.into_iter().flat_map(more).collect()
    })
}

fn holds(scrutiny: &Scrutiny, lines: usize, way: &[(usize, Ballot)]) -> Vec<bool> {
    let mut counts = vec![Count::default(); lines];
    way.iter().for_each(|(line, ballot)| counts[*line][*ballot as usize] += 1);
    let margins = scrutiny.margins(&scrutiny.count(counts).unwrap());
    scrutiny.outcomes.iter().map(|outcome| scrutiny.holds_with(outcome.node, &margins)).collect()
}

/// The ballots of a witness, members of a line told apart.
fn way(electorate: &Electorate, casts: &[Cast]) -> Vec<(usize, Ballot)> {
    let line = |id: &str| electorate.members.iter().position(|member| member.id == id).unwrap();
    let of = |cast: &Cast| vec![(line(&cast.id), cast.ballot); cast.count as usize];
    casts.iter().flat_map(of).collect()
}

fn few() -> impl Strategy<Value = Electorate> {
    random::few_ballots().prop_map(|(mut electorate, _)| {
        electorate.members.truncate(3);
        electorate.members.iter_mut().for_each(|member| member.count = member.count.min(2));
        electorate
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_ballot_hurts_as_going_through_every_vote_says(rule in random::rule(), members in few()) {
        let scrutiny = Scrutiny::of_rule(&rule, &members);
        prop_assume!(scrutiny.is_ok() && members.members.iter().map(|m| m.count).sum::<u32>() < 5);
        let (scrutiny, lines) = (scrutiny.unwrap(), members.members.len());
        let hurt = |way: &Vec<(usize, Ballot)>, at: usize| {
            let mut changed = way.clone();
            changed[at].1 = Ballot::Yes;
            holds(&scrutiny, lines, way)[0] && !holds(&scrutiny, lines, &changed)[0]
        };
        match never_hurts(&rule, &members, Ballot::Yes, as_cast).unwrap() {
            Verdict::Fails(Witness::HurtByBallot { ballots, one, from, .. }) => {
                let way = way(&members, &ballots);
                let at = way.iter().position(|(line, ballot)| {
                    members.members[*line].id == one && *ballot == from
                });
                prop_assert!(hurt(&way, at.unwrap()));
            }
            verdict => {
                prop_assert_eq!(verdict, Verdict::Holds);
                let any = |way: &Vec<_>| (0..way.len()).any(|at| hurt(way, at));
                prop_assert!(!all(&members).iter().any(any));
            }
        }
    }

    #[test]
    fn two_rules_exclude_each_other_as_going_through_every_vote_says(
        rules in [random::rule(), random::rule()],
        members in few(),
    ) {
        let found = exclude(&rules[0], &rules[1], &members, as_cast);
        prop_assume!(found.is_ok() && members.members.iter().map(|m| m.count).sum::<u32>() < 6);
        let scrutiny = random::scrutiny(rules.to_vec(), &members);
        let both = |way: &Vec<_>| holds(&scrutiny, members.members.len(), way) == [true, true];
        match found.unwrap() {
            Verdict::Fails(Witness::Both(ballots)) => {
                prop_assert!(both(&way(&members, &ballots)));
            }
            verdict => {
                prop_assert_eq!(verdict, Verdict::Holds);
                prop_assert!(!all(&members).iter().any(both));
            }
        }
    }
}

#[test]
fn a_rule_that_an_abstention_turns_against_those_in_favour_is_not_monotone() {
    let text = "yes > no & (0 >= abs | 3 >= yes)";
    let electorate = equal(6);
    let game = crate::power::Game::new(&rule(text), &electorate).unwrap();
    assert_eq!(game.monotone(), Verdict::Holds, "with yes and no alone");
    let Verdict::Fails(Witness::HurtByBallot { ballots, one, to, .. }) = judged(text, 6) else {
        panic!("one more in favour hurts")
    };
    assert_eq!((one.as_str(), to), ("m", Ballot::Yes));
    let abstaining = |cast: &&Cast| cast.ballot == Ballot::Abstain;
    assert!(ballots.iter().find(abstaining).is_some(), "{ballots:?}");
}

#[test]
fn what_harms_alone_is_shown_to_be_harmless_in_its_place() {
    // That nobody votes is undone by a vote in favour, which then is enough.
    assert_eq!(judged("0 >= pv | yes > no", 10), Verdict::Holds);
    assert!(matches!(judged("0 >= pv | yes >= 2", 10), Verdict::Fails(_)));
    // A bound that nobody reaches harms nobody.
    assert_eq!(judged("yes > no & 11 > yes", 10), Verdict::Holds);
}

#[test]
fn ballots_are_judged_as_what_they_count() {
    let text = rule("yes > no & 1 > abs");
    let away_abstains = |_: &Member, ballot| match ballot {
        Ballot::Yes => Ballot::Abstain,
        other => other,
    };
    let found = never_hurts(&text, &equal(3), Ballot::Yes, as_cast);
    assert_eq!(found.unwrap(), Verdict::Holds);
    // Nothing is in favour any more, and so nothing ever holds.
    let found = never_hurts(&text, &equal(3), Ballot::Yes, away_abstains);
    assert_eq!(found.unwrap(), Verdict::Holds);
    let text = rule("no >= 1 & 1 > abs");
    let found = never_hurts(&text, &equal(3), Ballot::Yes, away_abstains);
    assert!(matches!(found.unwrap(), Verdict::Fails(_)));
}

#[test]
fn large_rules_exclude_each_other_by_their_sums() {
    let member = |n: u64| {
        let mut member = random::member(&format!("m{n}"), 1);
        member.weights.insert("stake".into(), n * n + 1);
        member
    };
    let members = Electorate { members: (0..190).map(member).collect() };
    let found =
        |one: &str, other: &str| exclude(&rule(one), &rule(other), &members, as_cast).unwrap();
    let adopted = "yes*stake >= 85/100 all*stake & yes > 0";
    assert_eq!(found(adopted, "no*stake > 15/100 all*stake"), Verdict::Holds);
    assert_eq!(found(adopted, "no*stake >= 15/100 all*stake"), Verdict::Open, "both by equality");
    assert_eq!(found(adopted, "!(yes*stake > 1/2 all*stake) | 0 >= yes"), Verdict::Holds);
}

#[test]
fn mixes_are_gone_through_up_to_their_limit_and_not_above() {
    let (rule, members) = (rule("yes > no & (0 >= abs | 3 >= yes)"), equal(6));
    let scrutiny = Scrutiny::of_rule(&rule, &members).unwrap();
    let verdict = |steps| {
        let mut mixes = Mixes::new(&scrutiny, &members, &as_cast);
        mixes.left = steps;
        let verdict = mixes.never_hurts(scrutiny.outcomes[0].node, true, Ballot::Yes);
        (verdict, mixes.left)
    };
    let (_, left) = verdict(MIXES_STEPS_MAX);
    let needed = MIXES_STEPS_MAX - left;
    assert!(matches!(verdict(needed), (Verdict::Fails(_), 0)));
    assert_eq!(verdict(needed - 1).0, Verdict::Open);
    assert_eq!(judged("yes > no & (0 >= abs | 3 >= yes)", 1_000), Verdict::Open);
}

#[test]
fn nothing_compared_with_nothing_is_told_from_what_is_said_of_silence() {
    let alike = |text: &str, ballot| all_alike(&rule(text), &equal(9), ballot, as_cast).unwrap();
    for ballot in [Ballot::Absent, Ballot::Abstain] {
        assert_eq!(alike("yes >= 2/3 pv", ballot), Alike::HoldsOfNothing);
        assert_eq!(alike("yes >= 2/3 pv & yes > 0", ballot), Alike::Fails);
        assert_eq!(alike("yes > 1/2 pv", ballot), Alike::Fails);
        assert_eq!(alike("no = 0", ballot), Alike::Holds);
        assert_eq!(alike("!(no > yes)", ballot), Alike::HoldsOfNothing);
        assert_eq!(alike("0 >= pv | yes >= 2/3 pv", ballot), Alike::Holds);
    }
    let quorum = "yes >= 2/3 pv & pres >= 1/2 all";
    assert_eq!(alike(quorum, Ballot::Absent), Alike::Fails);
    assert_eq!(alike(quorum, Ballot::Abstain), Alike::HoldsOfNothing);
    let silent = |_: &Member, _| Ballot::Yes;
    let found = all_alike(&rule("yes >= 2/3 pv"), &equal(9), Ballot::Absent, silent);
    assert_eq!(found.unwrap(), Alike::Holds, "silence is consent");
}
