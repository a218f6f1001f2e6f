//! Whose ballots would have turned the outcome.
//!
//! The least number of ballots whose change brings another outcome. It is sought from below, by how
//! many each comparison needs at least, and from above, by changes that do turn it. Between the two
//! all changes are tried, as far as [`TRIED_MAX`] goes. Only where the two meet, or all smaller
//! ones were tried, is the answer called least; otherwise it is a bound, and says so.

use alloc::string::String;
use alloc::vec::Vec;

use crate::electorate::{Ballot, Ballots};
use crate::evaluate::Scrutiny;
use crate::search::{Changed, Search};
use crate::tally::Running;

/// Most changes that are tried.
pub const TRIED_MAX: u32 = 1 << 16;
/// Most sets of changes that an answer lists.
pub const SETS_MAX: usize = 16;
/// Most members that one change lists by id.
pub const LISTED_MAX: usize = 256;

/// What would have turned an outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flips {
    /// So many ballots suffice, and fewer do not.
    Least {
        /// How many.
        ballots: u64,
        /// Sets of changes of this number, in member order.
        sets: Vec<Vec<Change>>,
        /// Whether these are all; otherwise there may be more.
        complete: bool,
    },
    /// So many ballots suffice; whether fewer do is not proved.
    Bound {
        /// How many are needed in any case.
        at_least: u64,
        /// How many suffice.
        at_most: u64,
        /// Changes that suffice.
        set: Vec<Change>,
    },
    /// No change of ballots brings another outcome.
    Never,
    /// No changes were found that suffice; whether there are any is not proved.
    NotFound {
        /// How many are needed in any case.
        at_least: u64,
    },
}

/// Some ballots that change alike. Where more members are listed than ballots change, it does not
/// matter which of them do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Members that add the same to every tally and cast such ballots, in member order, at most
    /// [`LISTED_MAX`].
    pub members: Vec<String>,
    /// What they cast.
    pub from: Ballot,
    /// What they would have to cast.
    pub to: Ballot,
    /// How many of their ballots change.
    pub ballots: u64,
}

impl Scrutiny {
    /// What would have turned the outcome of these ballots, if ballots of some kinds (`from`) had
    /// been of others (`to`). Who may not vote, may not: excluded ballots never change.
    #[must_use]
    pub fn flips(&self, running: &Running, from: Ballots, to: Ballots) -> Flips {
        let label = self.decide(running).label;
        // One outcome always comes, and each has its node.
        let Some(comes) = self.node_of(label) else { return Flips::Never };
        let mut search = Search::new(self, comes, running, from, to);
        answer(&mut search, running)
    }

    /// Who could have stopped it: which ballots would have turned the outcome by being against.
    #[must_use]
    pub fn could_have_stopped(&self, running: &Running) -> Flips {
        self.flips(running, Ballots::ELIGIBLE, Ballots::NO)
    }

    /// Members of which one changed ballot alone would have turned the outcome, in member order.
    #[must_use]
    pub fn alone(&self, running: &Running, to: Ballots) -> Vec<usize> {
        let label = self.decide(running).label;
        let Some(comes) = self.node_of(label) else { return Vec::new() };
        let margins = self.margins(running);
        let turns = |class: usize, from: Ballot| {
            let gains = self.gains(&self.measures.classes()[class], from);
            to.iter().any(|to| {
                let moved =
                    margins.iter().zip(&gains).map(|(margin, of)| *margin + of[to as usize]);
                !self.holds_with(comes, &moved.collect::<Vec<_>>())
            })
        };
        let classes = (0..self.measures.classes().len()).map(|class| {
            let turning = Ballots::ELIGIBLE
                .iter()
                .filter(|from| running.classes()[class][*from as usize] > 0 && turns(class, *from));
            turning.fold(Ballots::default(), Ballots::with)
        });
        let turning: Vec<Ballots> = classes.collect();
        let counts = running.counts().iter().enumerate();
        let alone = counts.filter(|(member, count)| {
            let class = self.measures.class(*member).unwrap_or_default();
            turning.get(class).is_some_and(|of| of.iter().any(|from| count[from as usize] > 0))
        });
        alone.map(|(member, _)| member).collect()
    }
}

/// Tries ever more changes, from the number that is needed to the number that suffices.
fn answer(search: &mut Search<'_>, running: &Running) -> Flips {
    let Some(needed) = search.needed() else { return Flips::Never };
    let sufficient = search.greedy();
    let at_most = sufficient.as_ref().map(Changed::ballots);
    for ballots in needed..=at_most.unwrap_or(search.ballots()) {
        let (mut sets, complete) = search.try_all(ballots);
        if sets.is_empty() && at_most == Some(ballots) {
            sets.extend(sufficient.clone());
        }
        if !sets.is_empty() {
            let sets = sets.iter().map(|set| search.changes(set, running)).collect();
            return Flips::Least { ballots, sets, complete };
        }
        if !complete {
            return match (sufficient, at_most) {
                (Some(set), Some(at_most)) => {
                    let set = search.changes(&set, running);
                    Flips::Bound { at_least: ballots, at_most, set }
                }
                _ => Flips::NotFound { at_least: ballots },
            };
        }
    }
    Flips::Never
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use proptest::prelude::*;

    use super::*;
    use crate::electorate::Electorate;
    use crate::random;
    use crate::tree::{Quantity, Rule, Set, Weight};

    /// The least number of changed ballots that turns the outcome, by trying all there are.
    fn least(scrutiny: &Scrutiny, running: &Running, to: Ballots) -> Option<u64> {
        let before = scrutiny.decide(running).label;
        let mut ways = vec![(running.clone(), 0_u64)];
        for (member, from) in random::single(running.counts()) {
            if from == Ballot::Excluded {
                continue;
            }
            let mut next = ways.clone();
            for (way, changed) in &ways {
                for to in to.iter().filter(|to| *to != from) {
                    let mut way = way.clone();
                    // Alike ballots are told apart by no rule, so any of them may change.
                    if scrutiny.cast(&mut way, member, from, to).is_ok() {
                        next.push((way, changed + 1));
                    }
                }
            }
            next.sort_by_key(|(way, changed)| (way.counts().to_vec(), *changed));
            next.dedup_by_key(|(way, _)| way.counts().to_vec());
            ways = next;
        }
        let turned = ways.iter().filter(|(way, _)| scrutiny.decide(way).label != before);
        turned.map(|(_, changed)| *changed).min()
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

        #[test]
        fn the_least_number_of_changed_ballots_is_that_of_trying_all(
            rules in proptest::collection::vec(random::rule(), 1..3),
            (electorate, counts) in random::few_ballots(),
        ) {
            let scrutiny = random::scrutiny(rules, &electorate);
            let running = scrutiny.count(counts).unwrap();
            let to = Ballots::PRESENT;
            let least = least(&scrutiny, &running, to);
            match scrutiny.flips(&running, Ballots::ELIGIBLE, to) {
                Flips::Least { ballots, sets, .. } => {
                    prop_assert_eq!(Some(ballots), least);
                    for set in sets {
                        let changed = set.iter().map(|change| change.ballots);
                        prop_assert_eq!(changed.sum::<u64>(), ballots);
                        let turned = apply(&scrutiny, &running, &set, &electorate);
                        let (before, after) = (scrutiny.decide(&running), scrutiny.decide(&turned));
                        prop_assert_ne!(before.label, after.label);
                    }
                }
                Flips::Never => prop_assert_eq!(least, None),
                other => prop_assert!(false, "so few are always all tried: {other:?}"),
            }
            let alone = scrutiny.alone(&running, to);
            prop_assert_eq!(!alone.is_empty(), least == Some(1));
        }

        #[test]
        fn what_is_not_tried_is_a_bound_and_the_bound_is_right(
            rule in random::rule(), (electorate, counts) in random::few_ballots()
        ) {
            let scrutiny = Scrutiny::of_rule(&rule, &electorate).unwrap();
            let running = scrutiny.count(counts).unwrap();
            let least = least(&scrutiny, &running, Ballots::PRESENT);
            match untried(&scrutiny, &running, Ballots::PRESENT) {
                Flips::Least { ballots, .. } => prop_assert_eq!(Some(ballots), least),
                Flips::Never => prop_assert_eq!(least, None),
                _ if matches!(rule, Rule::Compare(_)) => {
                    prop_assert!(false, "one comparison is always proved");
                }
                Flips::NotFound { at_least } => {
                    prop_assert!(least.is_none_or(|least| at_least <= least));
                }
                Flips::Bound { at_least, at_most, .. } => {
                    prop_assert!(least.is_some_and(|of| (at_least..=at_most).contains(&of)));
                }
            }
        }
    }

    /// The answer without trying any set of changes.
    fn untried(scrutiny: &Scrutiny, running: &Running, to: Ballots) -> Flips {
        let comes = scrutiny.node_of(scrutiny.decide(running).label).unwrap();
        let mut search = Search::new(scrutiny, comes, running, Ballots::ELIGIBLE, to);
        search.try_nothing();
        answer(&mut search, running)
    }

    #[test]
    fn of_some_parts_at_once_the_number_is_proved_without_trying() {
        // At least one, two and three in favour; two of these three must fail.
        let in_favour = |number| {
            let number = (number, 1, Quantity::One);
            random::compare(false, (1, 1, random::unit(Ballots::YES)), number)
        };
        let rule = Rule::KOf { k: 2, args: [1, 2, 3].map(in_favour).to_vec() };
        let electorate = Electorate { members: vec![random::member("members", 3)] };
        let scrutiny = Scrutiny::of_rule(&rule, &electorate).unwrap();
        for (yes, to, expected) in [(3, Ballots::NO, 2), (0, Ballots::YES, 2), (2, Ballots::NO, 1)]
        {
            let running = scrutiny.count(vec![[yes, 0, 3 - yes, 0, 0, 0]]).unwrap();
            match untried(&scrutiny, &running, to) {
                Flips::Least { ballots, .. } => assert_eq!(ballots, expected),
                other => panic!("{yes}: {other:?}"),
            }
        }
    }

    /// The ballots after a set of changes, by whichever members come first.
    fn apply(
        scrutiny: &Scrutiny,
        running: &Running,
        set: &[Change],
        electorate: &Electorate,
    ) -> Running {
        let mut turned = running.clone();
        for change in set {
            let mut left = change.ballots;
            for (member, of) in electorate.members.iter().enumerate() {
                while left > 0 && change.members.contains(&of.id) {
                    if scrutiny.cast(&mut turned, member, change.from, change.to).is_err() {
                        break;
                    }
                    left -= 1;
                }
            }
            assert_eq!(left, 0, "the members have so many ballots");
        }
        turned
    }

    #[test]
    fn seven_more_in_favour_in_place_of_against_would_have_been_two_thirds() {
        // Canadian amendment of 2023: 88 of 143 votes cast; 96 of them are two thirds.
        let electorate = Electorate { members: vec![random::member("members", 193)] };
        let scrutiny = Scrutiny::of_rule(&random::two_thirds_of_cast(), &electorate).unwrap();
        let running = scrutiny.count(vec![[88, 55, 23, 0, 27, 0]]).unwrap();
        let of = |from| scrutiny.flips(&running, from, Ballots::YES);
        let change = |from, ballots| {
            vec![Change { members: vec!["members".into()], from, to: Ballot::Yes, ballots }]
        };
        let least = |from, ballots| Flips::Least {
            ballots,
            sets: vec![change(from, ballots)],
            complete: true,
        };
        assert_eq!(of(Ballots::NO), least(Ballot::No, 8));
        // Those who did not vote would enlarge the base: 22 more in favour of 165.
        assert_eq!(of(Ballots::of(Ballot::Absent)), least(Ballot::Absent, 22));
    }

    #[test]
    fn beyond_the_most_that_is_tried_the_answer_is_a_bound() {
        // Who weighs much in one column weighs little in the other, and both must reach a half.
        let columns = ["stake", "people"];
        let member = |n: u64| {
            let mut member = random::member(&alloc::format!("m{n}"), 1);
            let weights = [1_000 + n * n, 4_000 - n * 37];
            member.weights = columns.map(Into::into).into_iter().zip(weights).collect();
            member
        };
        let electorate = Electorate { members: (0..60).map(member).collect() };
        let half = |column: &str| {
            let tally = |ballots| random::tally(Weight::Column(column.into()), Set::All, ballots);
            let all = tally(Ballots::ELIGIBLE);
            random::compare(false, (1, 1, tally(Ballots::YES)), (1, 2, all))
        };
        let rule = Rule::And(columns.map(half).to_vec());
        let scrutiny = Scrutiny::of_rule(&rule, &electorate).unwrap();
        let running = scrutiny.measures().nobody_voted();
        match scrutiny.flips(&running, Ballots::ELIGIBLE, Ballots::YES) {
            Flips::Bound { at_least, at_most, set } => {
                assert!(at_least < at_most, "{at_least} {at_most}");
                let turned = apply(&scrutiny, &running, &set, &electorate);
                assert_eq!(scrutiny.decide(&turned).label, "adopted");
            }
            other => panic!("there are too many sets to try: {other:?}"),
        }
    }

    #[test]
    fn of_as_many_ballots_as_there_may_be_no_more_is_tried_than_the_most() {
        // Who weighs in one column weighs little in the other, and both must reach a half.
        let member = |id: &str, weights: [u64; 2]| {
            let mut member = random::member(id, u32::MAX);
            let columns = ["stake", "people"].map(Into::into);
            member.weights = columns.into_iter().zip(weights).collect();
            member
        };
        let electorate = Electorate { members: vec![member("a", [5, 2]), member("b", [2, 7])] };
        let half = |column: &str| {
            let tally = |ballots| random::tally(Weight::Column(column.into()), Set::All, ballots);
            let all = tally(Ballots::ELIGIBLE);
            random::compare(false, (1, 1, tally(Ballots::YES)), (1, 2, all))
        };
        let rule = Rule::And(["stake", "people"].map(half).to_vec());
        let scrutiny = Scrutiny::of_rule(&rule, &electorate).unwrap();
        let running = scrutiny.measures().nobody_voted();
        let flips = scrutiny.flips(&running, Ballots::ELIGIBLE, Ballots::YES);
        assert!(matches!(flips, Flips::Bound { .. } | Flips::Least { .. }), "{flips:?}");
    }

    #[test]
    fn ties_are_listed_up_to_a_limit_and_then_called_incomplete() {
        let sets = |members: usize| {
            // Of weights that are all different, each member is a class of its own.
            let member = |n: usize| {
                let mut member = random::member(&alloc::format!("m{n}"), 1);
                member.weights.insert("stake".into(), n as u64 + 100);
                member
            };
            let electorate = Electorate { members: (0..members).map(member).collect() };
            let rule = random::nobody_against_by_stake();
            let scrutiny = Scrutiny::of_rule(&rule, &electorate).unwrap();
            let running = scrutiny.count(vec![[1, 0, 0, 0, 0, 0]; members]).unwrap();
            assert_eq!(scrutiny.alone(&running, Ballots::NO), Vec::from_iter(0..members));
            match scrutiny.could_have_stopped(&running) {
                Flips::Least { ballots: 1, sets, complete } => (sets.len(), complete),
                other => panic!("one against stops it: {other:?}"),
            }
        };
        assert_eq!(sets(SETS_MAX), (SETS_MAX, true));
        assert_eq!(sets(SETS_MAX + 1), (SETS_MAX, false));
    }

    #[test]
    fn a_change_lists_members_up_to_a_limit() {
        let listed = |members: usize| {
            let member = |n: usize| random::member(&alloc::format!("m{n}"), 1);
            let electorate = Electorate { members: (0..members).map(member).collect() };
            let rule = random::nobody_against_by_stake();
            let scrutiny = Scrutiny::of_rule(&rule, &electorate).unwrap();
            let running = scrutiny.count(vec![[1, 0, 0, 0, 0, 0]; members]).unwrap();
            match scrutiny.could_have_stopped(&running) {
                Flips::Least { sets, .. } => sets[0][0].members.len(),
                other => panic!("one against stops it: {other:?}"),
            }
        };
        assert_eq!(listed(LISTED_MAX), LISTED_MAX);
        assert_eq!(listed(LISTED_MAX + 1), LISTED_MAX);
    }
}
