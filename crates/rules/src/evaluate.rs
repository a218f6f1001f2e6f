//! What comes of a vote: total and exact.
//!
//! A [`Scrutiny`] is a list of named outcomes, admitted for one electorate. Whatever the ballots,
//! one outcome comes of them: the first whose rule holds, otherwise the default. A tie is no
//! special case: it is a comparison that does not hold, or that holds with equality.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use ethnum::I256;

use crate::case::NamedOutcome;
use crate::check::limit;
use crate::electorate::{Ballot, Count, Electorate};
use crate::error::Error;
use crate::inequality::{Inequality, place, tallies};
use crate::tally::{Measures, Running};
use crate::tree::{Rule, Tally};

/// Most named outcomes of one question.
pub const OUTCOMES_MAX: usize = 64;
/// Most comparisons of all outcomes together.
pub const COMPARISONS_MAX: usize = 2_048;
/// Most comparisons times classes of alike members: what questions about a vote keep of it.
pub const GAINS_MAX: usize = 1 << 18;

/// The outcomes that a vote may have, admitted for an electorate.
#[derive(Clone, Debug)]
pub struct Scrutiny {
    pub(crate) measures: Measures,
    pub(crate) ids: Vec<String>,
    pub(crate) outcomes: Vec<Named>,
    pub(crate) default: String,
    pub(crate) nodes: Vec<Node>,
    pub(crate) inequalities: Vec<Inequality>,
    /// Each label once, and the node that holds if it comes.
    pub(crate) labels: Vec<(String, usize)>,
}

/// An outcome and the node of its rule.
#[derive(Clone, Debug)]
pub(crate) struct Named {
    pub(crate) label: String,
    pub(crate) node: usize,
}

/// A part of a tree. Parts are numbered, so that several outcomes share them.
#[derive(Clone, Debug)]
pub(crate) enum Node {
    /// At least so many of these; all or one of them are the two ends of it.
    AtLeast(usize, Vec<usize>),
    /// The opposite.
    Not(usize),
    /// The comparison of this number.
    Compare(usize),
}

/// What came of a vote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision<'a> {
    /// The name of the outcome.
    pub label: &'a str,
    /// The number of the outcome whose rule held; none if the default was taken.
    pub outcome: Option<usize>,
}

impl Scrutiny {
    /// Admits outcomes for an electorate.
    ///
    /// # Errors
    /// [`Error`] if a tree or the electorate is out of form or above a limit, a set or column that
    /// is named is unknown, or a common denominator is above
    /// [`COMMON_DENOMINATOR_MAX`](crate::inequality::COMMON_DENOMINATOR_MAX).
    pub fn new(
        outcomes: &[NamedOutcome],
        default: &str,
        electorate: &Electorate,
    ) -> Result<Self, Error> {
        Self::with_sets(outcomes, default, electorate, &[])
    }

    /// Admits outcomes of a rule that declares these sets: one of which nobody is a member in this
    /// matter counts zero.
    ///
    /// # Errors
    /// As for [`Scrutiny::new`], of a set that is not declared.
    pub fn with_sets(
        outcomes: &[NamedOutcome],
        default: &str,
        electorate: &Electorate,
        declared: &[&str],
    ) -> Result<Self, Error> {
        limit("outcomes", outcomes.len(), OUTCOMES_MAX)?;
        let mut named: Vec<Tally> = Vec::new();
        for outcome in outcomes {
            outcome.rule.check()?;
            collect_tallies(&outcome.rule, &mut named);
        }
        let measures = Measures::with_sets(&named, electorate, declared)?;
        let mut trees = Trees { measures: &measures, nodes: Vec::new(), inequalities: Vec::new() };
        let mut rules = Vec::with_capacity(outcomes.len());
        for (number, outcome) in outcomes.iter().enumerate() {
            let node = trees.add(&outcome.rule, format!("outcomes[{number}].if"))?;
            rules.push(Named { label: outcome.label.clone(), node });
        }
        let labels = trees.labels(&rules, default);
        let Trees { nodes, inequalities, .. } = trees;
        limit("comparisons of all outcomes", inequalities.len(), COMPARISONS_MAX)?;
        let gains = inequalities.len() * measures.classes().len(); // at most 2^17 times 2^16
        limit("comparisons times classes of alike members", gains, GAINS_MAX)?;
        let ids = electorate.members.iter().map(|member| member.id.clone()).collect();
        let default = default.to_string();
        Ok(Self { measures, ids, outcomes: rules, default, nodes, inequalities, labels })
    }

    /// Admits one rule: the outcome is `adopted` if it holds, otherwise `rejected`.
    ///
    /// # Errors
    /// As for [`Scrutiny::new`].
    pub fn of_rule(rule: &Rule, electorate: &Electorate) -> Result<Self, Error> {
        let outcome = NamedOutcome { rule: rule.clone(), label: "adopted".into() };
        Self::new(&[outcome], "rejected", electorate)
    }

    /// The electorate as the rules see it.
    #[must_use]
    pub fn measures(&self) -> &Measures {
        &self.measures
    }

    /// Counts the ballots of all members, in member order.
    ///
    /// # Errors
    /// As for [`Measures::count`].
    pub fn count(&self, counts: Vec<Count>) -> Result<Running, Error> {
        self.measures.count(counts)
    }

    /// Changes one ballot of a member; see [`Measures::cast`].
    ///
    /// # Errors
    /// As for [`Measures::cast`].
    pub fn cast(
        &self,
        running: &mut Running,
        member: usize,
        from: Ballot,
        to: Ballot,
    ) -> Result<(), Error> {
        self.measures.cast(running, member, from, to)
    }

    /// What comes of these ballots.
    #[must_use]
    pub fn decide(&self, running: &Running) -> Decision<'_> {
        let holds = |number: usize, _| {
            let inequality = &self.inequalities[number];
            inequality.holds(inequality.margin(running))
        };
        let held = self.outcomes.iter().position(|outcome| self.holds(outcome.node, true, &holds));
        let label = held.map_or(self.default.as_str(), |number| &self.outcomes[number].label);
        Decision { label, outcome: held }
    }

    /// Whether a part of the tree holds. The test says it of a comparison, of which it is told the
    /// number and whether the part is helped if it holds (otherwise it stands under an odd number
    /// of opposites).
    pub(crate) fn holds(
        &self,
        node: usize,
        helps: bool,
        test: &impl Fn(usize, bool) -> bool,
    ) -> bool {
        match &self.nodes[node] {
            Node::Compare(number) => test(*number, helps),
            Node::Not(of) => !self.holds(*of, !helps, test),
            Node::AtLeast(k, parts) => {
                let mut needed = *k;
                for (done, part) in parts.iter().enumerate() {
                    if needed == 0 || parts.len() - done < needed {
                        break;
                    }
                    needed -= usize::from(self.holds(*part, helps, test));
                }
                needed == 0
            }
        }
    }

    /// The margins of all comparisons, by number.
    pub(crate) fn margins(&self, running: &Running) -> Vec<I256> {
        self.inequalities.iter().map(|inequality| inequality.margin(running)).collect()
    }

    /// Whether a part holds with these margins.
    pub(crate) fn holds_with(&self, node: usize, margins: &[I256]) -> bool {
        let test = |number: usize, _| self.inequalities[number].holds(margins[number]);
        self.holds(node, true, &test)
    }

    /// The node that holds if this outcome comes.
    pub(crate) fn node_of(&self, label: &str) -> Option<usize> {
        self.labels.iter().find(|(of, _)| of == label).map(|(_, node)| *node)
    }
}

fn collect_tallies(rule: &Rule, found: &mut Vec<Tally>) {
    match rule {
        Rule::And(args) | Rule::Or(args) | Rule::KOf { args, .. } => {
            args.iter().for_each(|arg| collect_tallies(arg, found));
        }
        Rule::Not(of) => collect_tallies(of, found),
        Rule::Compare(comparison) => found.extend(tallies(comparison).cloned()),
    }
}

/// Trees as they are numbered.
struct Trees<'a> {
    measures: &'a Measures,
    nodes: Vec<Node>,
    inequalities: Vec<Inequality>,
}

impl Trees<'_> {
    /// Adds a tree that has passed its check, so its depth is within the limit.
    fn add(&mut self, rule: &Rule, at: String) -> Result<usize, Error> {
        let node = match rule {
            Rule::And(args) => Node::AtLeast(args.len(), self.add_all(args, &at)?),
            Rule::Or(args) => Node::AtLeast(1, self.add_all(args, &at)?),
            Rule::KOf { k, args } => Node::AtLeast(*k as usize, self.add_all(args, &at)?),
            Rule::Not(of) => Node::Not(self.add(of, format!("{at}.arg"))?),
            Rule::Compare(comparison) => {
                self.inequalities.push(Inequality::new(comparison, at, self.measures)?);
                Node::Compare(self.inequalities.len() - 1)
            }
        };
        Ok(self.number(node))
    }

    fn add_all(&mut self, args: &[Rule], at: &str) -> Result<Vec<usize>, Error> {
        let args = args.iter().enumerate();
        args.map(|(number, arg)| self.add(arg, place(at, number))).collect()
    }

    fn number(&mut self, node: Node) -> usize {
        self.nodes.push(node);
        self.nodes.len() - 1
    }

    /// At least so many; a part alone is not wrapped.
    fn at_least(&mut self, k: usize, parts: Vec<usize>) -> usize {
        match (k, parts.as_slice()) {
            (1, [alone]) => *alone,
            _ => self.number(Node::AtLeast(k, parts)),
        }
    }

    /// For each label, the node that holds if it comes: a rule of it holds and none before, or, for
    /// the default, none at all.
    fn labels(&mut self, rules: &[Named], default: &str) -> Vec<(String, usize)> {
        let mut labels: Vec<(String, Vec<usize>)> = Vec::new();
        let mut not_before = Vec::new();
        let mut add = |label: &str, node| match labels.iter_mut().find(|(of, _)| of == label) {
            Some((_, nodes)) => nodes.push(node),
            None => labels.push((label.into(), vec![node])),
        };
        for rule in rules {
            let mut all: Vec<usize> = not_before.clone();
            all.push(rule.node);
            add(&rule.label, self.at_least(all.len(), all));
            not_before.push(self.number(Node::Not(rule.node)));
        }
        add(default, self.at_least(not_before.len(), not_before));
        let any = labels.into_iter().map(|(label, nodes)| (label, self.at_least(1, nodes)));
        any.collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::electorate::{Ballots, Member};
    use crate::random;
    use crate::tree::{Comparison, Linear, Quantity, Set};

    /// A fraction, added up term by term: another way to the same result.
    fn sum(linear: &Linear, electorate: &Electorate, votes: &[(usize, Ballot)]) -> (i128, i128) {
        let mut sum = (0_i128, 1_i128);
        for term in &linear.0 {
            let mut of = 0;
            match &term.of {
                Quantity::One => of = 1,
                Quantity::Tally(tally) => {
                    for (member, ballot) in votes {
                        let member = &electorate.members[*member];
                        let counted = match &tally.set {
                            Set::All => true,
                            Set::Named(set) => member.sets.contains(set),
                        };
                        if counted && tally.ballots.contains(*ballot) {
                            let column = random::column(&tally.weight);
                            of += column.map_or(1, |column| i128::from(member.weights[column]));
                        }
                    }
                }
            }
            let numerator = i128::from(term.numerator);
            let denominator = i128::from(term.denominator);
            sum = (sum.0 * denominator + sum.1 * numerator * of, sum.1 * denominator);
        }
        sum
    }

    fn holds(rule: &Rule, electorate: &Electorate, votes: &[(usize, Ballot)]) -> bool {
        let holds = |rule: &Rule| holds(rule, electorate, votes);
        match rule {
            Rule::And(args) => args.iter().all(holds),
            Rule::Or(args) => args.iter().any(holds),
            Rule::Not(of) => !holds(of),
            Rule::KOf { k, args } => args.iter().filter(|arg| holds(arg)).count() >= *k as usize,
            Rule::Compare(Comparison { strict, left, right }) => {
                let (left, right) = (sum(left, electorate, votes), sum(right, electorate, votes));
                let (left, right) = (left.0 * right.1, right.0 * left.1);
                left > right || (!strict && left == right)
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 3_000, ..ProptestConfig::default() })]

        #[test]
        fn the_outcome_is_that_of_fractions_added_member_by_member(
            rules in proptest::collection::vec(random::rule(), 1..4),
            (electorate, counts) in random::ballots(0),
        ) {
            let votes = random::single(&counts);
            let expected = rules.iter().position(|rule| holds(rule, &electorate, &votes));
            let scrutiny = random::scrutiny(rules, &electorate);
            let running = scrutiny.count(counts).unwrap();
            let decision = scrutiny.decide(&running);
            prop_assert_eq!(decision.outcome, expected);
            let margins = scrutiny.margins(&running);
            for (label, node) in &scrutiny.labels {
                let comes = scrutiny.holds_with(*node, &margins);
                prop_assert_eq!(comes, label == decision.label);
            }
        }

        #[test]
        fn a_monotone_rule_never_loses_by_one_more_vote_in_favour(
            rule in random::monotone_rule(), (electorate, counts) in random::ballots(0)
        ) {
            let scrutiny = Scrutiny::of_rule(&rule, &electorate).unwrap();
            let running = scrutiny.count(counts.clone()).unwrap();
            if scrutiny.decide(&running).label == "adopted" {
                for (member, ballot) in random::single(&counts) {
                    // A member that may not vote stays so.
                    if ballot != Ballot::Excluded {
                        let mut more = running.clone();
                        scrutiny.cast(&mut more, member, ballot, Ballot::Yes).unwrap();
                        prop_assert_eq!(scrutiny.decide(&more).label, "adopted");
                    }
                }
            }
        }
    }

    fn outcomes(count: usize) -> Vec<NamedOutcome> {
        let rule = random::two_thirds_of_cast();
        vec![NamedOutcome { rule, label: "adopted".into() }; count]
    }

    #[test]
    fn outcomes_at_their_limit_pass_and_one_above_is_refused() {
        let electorate = Electorate { members: vec![random::member("one", 1)] };
        assert!(Scrutiny::new(&outcomes(OUTCOMES_MAX), "rejected", &electorate).is_ok());
        assert!(Scrutiny::new(&outcomes(OUTCOMES_MAX + 1), "rejected", &electorate).is_err());
    }

    #[test]
    fn comparisons_of_all_outcomes_have_a_limit() {
        let electorate = Electorate { members: vec![random::member("one", 1)] };
        let of = |comparisons: usize| {
            let half = Rule::And(vec![random::two_thirds_of_cast(); comparisons / 4]);
            let mut rules = vec![half; 4];
            rules.push(Rule::And(vec![random::two_thirds_of_cast(); 1 + comparisons % 4]));
            let name = |rule| NamedOutcome { rule, label: "adopted".into() };
            let outcomes: Vec<NamedOutcome> = rules.into_iter().map(name).collect();
            Scrutiny::new(&outcomes, "rejected", &electorate)
        };
        assert!(of(COMPARISONS_MAX - 1).is_ok());
        assert!(of(COMPARISONS_MAX).is_err());
    }

    #[test]
    fn comparisons_times_classes_have_a_limit() {
        let stake =
            |ballots| random::tally(crate::tree::Weight::Column("stake".into()), Set::All, ballots);
        let some = random::compare(true, (1, 1, stake(Ballots::YES)), (0, 1, Quantity::One));
        let rule = Rule::And(vec![some; 64]);
        let of = |classes: u64| {
            let member = |n: u64| Member {
                weights: [("stake".into(), n)].into_iter().collect(),
                ..random::member(&n.to_string(), 1)
            };
            let members = (0..classes).map(member).collect();
            Scrutiny::of_rule(&rule, &Electorate { members })
        };
        assert!(of(GAINS_MAX as u64 / 64).is_ok());
        assert!(of(GAINS_MAX as u64 / 64 + 1).is_err());
    }

    #[test]
    fn without_outcomes_the_default_comes() {
        let electorate = Electorate { members: vec![random::member("one", 1)] };
        let scrutiny = Scrutiny::new(&[], "adopted", &electorate).unwrap();
        let nobody = scrutiny.measures().nobody_voted();
        assert_eq!(scrutiny.decide(&nobody), Decision { label: "adopted", outcome: None });
        assert_eq!(scrutiny.prospect(&nobody, Ballots::CAST).decided(), Some("adopted"));
    }
}
