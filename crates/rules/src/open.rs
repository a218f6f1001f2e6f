//! What is decided already while the vote is open.
//!
//! A ballot that is still absent may become any of those that may be cast. Each comparison is exact
//! by itself: every open ballot takes the value that serves or harms it most. Comparisons that pull
//! one ballot to different sides are then put together as if each had its own, so that *decided is
//! never wrong*, for any rule. That the vote is open is proved by two ways in which it may end;
//! where none were found the answer says so, and the vote may in truth be decided.
//!
//! Where no comparison is harmed by a vote in favour, such a ballot serves each of them most, so
//! that "can no longer pass" is exact. "Can no longer fail" is exact where one ballot harms every
//! comparison most (votes in favour or against, for example), and where all of several parts are
//! needed. It may be missed only between alternatives that differ in what harms them: a vote
//! against harms a majority, staying away a quorum. It is exact there too if there are few ways in
//! which the vote may end ([`COMPLETIONS_MAX`]), since all are then tried.

use alloc::vec;
use alloc::vec::Vec;

use ethnum::I256;

use crate::electorate::{Ballot, Ballots};
use crate::evaluate::Scrutiny;
use crate::inequality::best;
use crate::tally::{Contribution, Running};

/// Most margins that are computed to try all ways in which a vote may end: ways times comparisons.
pub const COMPLETIONS_MAX: u64 = 1 << 14;
/// Most comparisons whose best and worst ends are tried as ways in which the vote may end.
const EXTREMES_MAX: usize = 16;

/// Whether something is settled while the vote is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It holds however the vote ends.
    DecidedYes,
    /// It does not hold however the vote ends.
    DecidedNo,
    /// It depends on ballots still to come: two ways in which the vote may end were found, one in
    /// which it holds and one in which it does not.
    Open,
    /// Nothing proves that it is decided, and nothing that it is open. Treat it as open.
    NotProved,
}

/// What may still come of a vote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prospect<'a> {
    /// By outcome, each name once and the default last unless named before: whether it comes.
    pub outcomes: Vec<(&'a str, Verdict)>,
}

impl<'a> Prospect<'a> {
    /// The outcome that comes however the vote ends, if that is decided.
    #[must_use]
    pub fn decided(&self) -> Option<&'a str> {
        let mut possible = self.outcomes.iter().filter(|(_, of)| *of != Verdict::DecidedNo);
        match (possible.next(), possible.next()) {
            // One outcome always comes; if all others cannot, it is this.
            (Some((label, _)), None) => Some(label),
            _ => None,
        }
    }

    /// Whether an outcome comes; [`Verdict::DecidedNo`] of an outcome that the question lacks.
    #[must_use]
    pub fn verdict(&self, label: &str) -> Verdict {
        let found = self.outcomes.iter().find(|(of, _)| *of == label);
        found.map_or(Verdict::DecidedNo, |(_, verdict)| *verdict)
    }
}

/// Ballots of one class that are still open.
pub(crate) struct OpenClass {
    /// How many.
    pub(crate) ballots: u64,
    /// By comparison, what each possible ballot adds to the margin beyond an absent one.
    pub(crate) gains: Vec<[I256; 6]>,
}

impl Scrutiny {
    /// What may still come of a vote in which every absent ballot may yet become one of those that
    /// may be cast. Say there whether a member may stay absent: if silence counts as a ballot, it
    /// may not. Without any ballot that may be cast the vote is closed.
    ///
    /// Sealed ballots are absent until they are opened.
    #[must_use]
    pub fn prospect(&self, running: &Running, may_be_cast: Ballots) -> Prospect<'_> {
        let may_be_cast = if may_be_cast == Ballots::default() {
            Ballots::of(Ballot::Absent)
        } else {
            may_be_cast
        };
        let ends = self.ends(running, may_be_cast, COMPLETIONS_MAX);
        let labels = self.labels.iter();
        let outcomes = labels.map(|(label, node)| (label.as_str(), ends.verdict(*node)));
        Prospect { outcomes: outcomes.collect() }
    }

    fn ends(&self, running: &Running, may_be_cast: Ballots, tried_max: u64) -> Ends<'_> {
        let margins = self.margins(running);
        let open = self.open_classes(running);
        let (mut lowest, mut highest) = (margins.clone(), margins.clone());
        for class in &open {
            let ballots = I256::from(class.ballots);
            for (number, gains) in class.gains.iter().enumerate() {
                let of = may_be_cast.iter().map(|ballot| gains[ballot as usize] * ballots);
                let (low, high) = of.fold((I256::MAX, I256::MIN), |(low, high), gain| {
                    (low.min(gain), high.max(gain))
                });
                lowest[number] += low;
                highest[number] += high;
            }
        }
        let all = completions(&margins, &open, may_be_cast, tried_max);
        let (found, complete) = match all {
            Some(all) => (all, true),
            None => (likely_ends(&margins, &open, may_be_cast), false),
        };
        Ends { scrutiny: self, lowest, highest, found, complete }
    }

    fn open_classes(&self, running: &Running) -> Vec<OpenClass> {
        let absent = Ballot::Absent as usize;
        let classes = self.measures.classes().iter().zip(running.classes());
        let open = classes.filter(|(_, ballots)| ballots[absent] > 0);
        let open = open.map(|(class, ballots)| OpenClass {
            ballots: ballots[absent],
            gains: self.gains(class, Ballot::Absent),
        });
        open.collect()
    }

    /// By comparison, what a member of a class adds to the margin with each ballot, beyond what it
    /// adds with the ballot it has.
    pub(crate) fn gains(&self, class: &[Contribution], beyond: Ballot) -> Vec<[I256; 6]> {
        let gains = self.inequalities.iter().map(|inequality| {
            let gains = inequality.gains(class);
            gains.map(|gain| gain - gains[beyond as usize])
        });
        gains.collect()
    }
}

/// How a vote may end.
struct Ends<'a> {
    scrutiny: &'a Scrutiny,
    /// By comparison, the margin at worst.
    lowest: Vec<I256>,
    /// By comparison, the margin at best.
    highest: Vec<I256>,
    /// Margins of some ways in which the vote may end.
    found: Vec<Vec<I256>>,
    /// Whether these are all ways.
    complete: bool,
}

impl Ends<'_> {
    fn verdict(&self, node: usize) -> Verdict {
        let scrutiny = self.scrutiny;
        let inequality = |number: usize| &scrutiny.inequalities[number];
        // At worst, what helps has its lowest margin and what harms its highest.
        let at_worst = |number: usize, helps| {
            let margin = if helps { self.lowest[number] } else { self.highest[number] };
            inequality(number).holds(margin)
        };
        let at_best = |number: usize, helps| {
            let margin = if helps { self.highest[number] } else { self.lowest[number] };
            inequality(number).holds(margin)
        };
        if scrutiny.holds(node, true, &at_worst) {
            return Verdict::DecidedYes;
        }
        if !scrutiny.holds(node, true, &at_best) {
            return Verdict::DecidedNo;
        }
        let mut held = self.found.iter().map(|margins| scrutiny.holds_with(node, margins));
        let Some(first) = held.next() else { return Verdict::NotProved };
        match (held.any(|other| other != first), self.complete, first) {
            (true, _, _) => Verdict::Open,
            (false, false, _) => Verdict::NotProved,
            (false, true, true) => Verdict::DecidedYes,
            (false, true, false) => Verdict::DecidedNo,
        }
    }
}

/// Some ways in which the vote may end: all cast the same, or what serves or harms one comparison.
fn likely_ends(margins: &[I256], open: &[OpenClass], may_be_cast: Ballots) -> Vec<Vec<I256>> {
    let mut found = Vec::new();
    for ballot in may_be_cast.iter() {
        found.push(end(margins, open, |_| Some(ballot)));
    }
    for number in 0..margins.len().min(EXTREMES_MAX) {
        found.push(end(margins, open, |class| best(&class.gains[number], may_be_cast)));
        let worst = |class: &OpenClass| best(&class.gains[number].map(|gain| -gain), may_be_cast);
        found.push(end(margins, open, worst));
    }
    found
}

/// The margins if all open ballots of a class become one.
fn end(
    margins: &[I256],
    open: &[OpenClass],
    choose: impl Fn(&OpenClass) -> Option<Ballot>,
) -> Vec<I256> {
    let mut margins = margins.to_vec();
    for class in open {
        if let Some(ballot) = choose(class) {
            add(&mut margins, class, ballot, class.ballots);
        }
    }
    margins
}

fn add(margins: &mut [I256], class: &OpenClass, ballot: Ballot, ballots: u64) {
    for (margin, gains) in margins.iter_mut().zip(&class.gains) {
        *margin += gains[ballot as usize] * I256::from(ballots);
    }
}

/// All ways in which the vote may end, if they are few enough.
fn completions(
    margins: &[I256],
    open: &[OpenClass],
    may_be_cast: Ballots,
    tried_max: u64,
) -> Option<Vec<Vec<I256>>> {
    let ballots: Vec<Ballot> = may_be_cast.iter().collect();
    let mut computed = margins.len() as u64;
    for class in open {
        computed = computed.checked_mul(distributions(class.ballots, ballots.len())?)?;
        if computed > tried_max {
            return None;
        }
    }
    let mut found = vec![margins.to_vec()];
    for class in open {
        found = found.iter().flat_map(|margins| distribute(margins, class, &ballots)).collect();
    }
    Some(found)
}

/// In how many ways some alike ballots fall to so many kinds; none if that takes over 64 bits.
fn distributions(ballots: u64, kinds: usize) -> Option<u64> {
    // The number of ways to choose kinds - 1 of ballots + kinds - 1, multiplied up from the left.
    let mut ways: u64 = 1;
    for step in 1..kinds as u64 {
        ways = ways.checked_mul(ballots.checked_add(step)?)? / step;
    }
    Some(ways)
}

/// The margins after each way in which the open ballots of a class fall to these kinds.
fn distribute(margins: &[I256], class: &OpenClass, kinds: &[Ballot]) -> Vec<Vec<I256>> {
    // Margins so far and ballots left; the last kind takes what is left.
    let mut partly = vec![(margins.to_vec(), class.ballots)];
    let Some((last, others)) = kinds.split_last() else { return Vec::new() };
    for kind in others {
        let mut next = Vec::new();
        for (margins, left) in &partly {
            for ballots in 0..=*left {
                let mut margins = margins.clone();
                add(&mut margins, class, *kind, ballots);
                next.push((margins, left - ballots));
            }
        }
        partly = next;
    }
    for (margins, left) in &mut partly {
        add(margins, class, *last, *left);
    }
    partly.into_iter().map(|(margins, _)| margins).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::electorate::Electorate;
    use crate::random;

    const EITHER: Ballots = Ballots::CAST;
    const ANY: Ballots = Ballots::ELIGIBLE;

    /// Whether each way in which the vote may end adopts.
    fn ends_of(scrutiny: &Scrutiny, running: &Running, may_be_cast: Ballots) -> Vec<bool> {
        let mut ends = vec![running.clone()];
        for member in 0..running.counts().len() {
            for _ in 0..running.counts()[member][Ballot::Absent as usize] {
                // While it is its turn, an open ballot is set aside as excluded.
                let mut next = Vec::new();
                for mut end in ends {
                    scrutiny.cast(&mut end, member, Ballot::Absent, Ballot::Excluded).unwrap();
                    for ballot in may_be_cast.iter() {
                        let mut cast = end.clone();
                        scrutiny.cast(&mut cast, member, Ballot::Excluded, ballot).unwrap();
                        next.push(cast);
                    }
                }
                ends = next;
            }
        }
        ends.iter().map(|end| scrutiny.decide(end).label == "adopted").collect()
    }

    fn verdicts(scrutiny: &Scrutiny, running: &Running, may: Ballots) -> [Verdict; 2] {
        let node = scrutiny.node_of("adopted").unwrap();
        [0, COMPLETIONS_MAX].map(|tried| scrutiny.ends(running, may, tried).verdict(node))
    }

    fn truth(held: &[bool]) -> Verdict {
        match (held.contains(&true), held.contains(&false)) {
            (true, true) => Verdict::Open,
            (true, false) => Verdict::DecidedYes,
            _ => Verdict::DecidedNo,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 1_500, ..ProptestConfig::default() })]

        #[test]
        fn decided_is_never_wrong_and_open_is_open_whatever_the_rule(
            rule in random::rule(), (electorate, counts) in random::ballots(5)
        ) {
            let scrutiny = Scrutiny::of_rule(&rule, &electorate).unwrap();
            let running = scrutiny.count(counts).unwrap();
            let truth = truth(&ends_of(&scrutiny, &running, ANY));
            let [by_bounds, by_trial] = verdicts(&scrutiny, &running, ANY);
            prop_assert!(by_bounds == truth || by_bounds == Verdict::NotProved);
            prop_assert!(by_trial == truth || by_trial == Verdict::NotProved);
        }

        #[test]
        fn on_a_rule_monotone_in_favour_the_bounds_are_exact(
            rule in random::monotone_rule(), (electorate, counts) in random::ballots(12)
        ) {
            let scrutiny = Scrutiny::of_rule(&rule, &electorate).unwrap();
            let running = scrutiny.count(counts).unwrap();
            let truth = truth(&ends_of(&scrutiny, &running, EITHER));
            prop_assert_eq!(verdicts(&scrutiny, &running, EITHER), [truth; 2]);
        }

        #[test]
        fn an_early_close_never_differs_from_the_final_count(
            rules in proptest::collection::vec(random::rule(), 1..4),
            (electorate, counts) in random::ballots(0),
        ) {
            let scrutiny = random::scrutiny(rules, &electorate);
            let last = scrutiny.decide(&scrutiny.count(counts.clone()).unwrap()).label;
            let mut running = scrutiny.measures().nobody_voted();
            // The excluded are so from the beginning.
            let (excluded, others): (Vec<_>, Vec<_>) = random::single(&counts)
                .into_iter()
                .partition(|(_, ballot)| *ballot == Ballot::Excluded);
            for (member, ballot) in excluded {
                scrutiny.cast(&mut running, member, Ballot::Absent, ballot).unwrap();
            }
            for (member, ballot) in others {
                let decided = scrutiny.prospect(&running, ANY).decided();
                prop_assert!(decided.is_none_or(|label| label == last));
                scrutiny.cast(&mut running, member, Ballot::Absent, ballot).unwrap();
            }
            let closed = scrutiny.prospect(&running, Ballots::default());
            prop_assert_eq!(closed.decided(), Some(last));
        }
    }

    #[test]
    fn a_two_thirds_majority_is_decided_as_soon_as_it_can_no_longer_change() {
        let electorate = Electorate { members: vec![random::member("members", 9)] };
        let scrutiny = Scrutiny::of_rule(&random::two_thirds_of_cast(), &electorate).unwrap();
        let verdict = |yes: u32, no: u32| {
            let counts = vec![[yes, no, 0, 0, 9 - yes - no, 0]];
            scrutiny.prospect(&scrutiny.count(counts).unwrap(), ANY).verdict("adopted")
        };
        assert_eq!(verdict(5, 0), Verdict::Open);
        assert_eq!(verdict(6, 0), Verdict::DecidedYes);
        assert_eq!(verdict(0, 3), Verdict::Open);
        assert_eq!(verdict(0, 4), Verdict::DecidedNo);
    }

    #[test]
    fn ways_to_end_are_tried_up_to_a_limit() {
        let verdict = |members: u32| {
            let electorate = Electorate { members: vec![random::member("members", members)] };
            let scrutiny = Scrutiny::of_rule(&random::somebody_votes(), &electorate).unwrap();
            scrutiny.prospect(&scrutiny.measures().nobody_voted(), EITHER).verdict("adopted")
        };
        // Of n ballots, none to all may be in favour: n + 1 ways, and two comparisons.
        let most = COMPLETIONS_MAX as u32 / 2 - 1;
        assert_eq!(verdict(most), Verdict::DecidedYes);
        assert_eq!(verdict(most + 1), Verdict::NotProved);
    }

    #[test]
    fn what_is_not_tried_is_not_called_proved() {
        // Somebody in favour or somebody against: each vote serves one part and harms the other.
        let electorate = Electorate { members: vec![random::member("members", 3)] };
        let rule = random::somebody_votes();
        let scrutiny = Scrutiny::of_rule(&rule, &electorate).unwrap();
        let running = scrutiny.measures().nobody_voted();
        let [by_bounds, by_trial] = verdicts(&scrutiny, &running, EITHER);
        assert_eq!(by_bounds, Verdict::NotProved);
        assert_eq!(by_trial, Verdict::DecidedYes);
    }
}
