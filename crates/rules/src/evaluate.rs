//! What comes of a vote: total and exact.
//!
//! A [`Scrutiny`] is a list of named outcomes, admitted for one electorate. Whatever the ballots, one
//! outcome comes of them: the first whose rule holds, otherwise the default. A tie is no special
//! case: it is a comparison that does not hold, or that holds with equality.

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
        limit("outcomes", outcomes.len(), OUTCOMES_MAX)?;
        let mut named: Vec<Tally> = Vec::new();
        for outcome in outcomes {
            outcome.rule.check()?;
            collect_tallies(&outcome.rule, &mut named);
        }
        let measures = Measures::new(&named, electorate)?;
        let mut trees = Trees { measures: &measures, nodes: Vec::new(), inequalities: Vec::new() };
        let mut rules = Vec::with_capacity(outcomes.len());
        for (number, outcome) in outcomes.iter().enumerate() {
            let node = trees.add(&outcome.rule, format!("outcomes[{number}].if"))?;
            rules.push(Named { label: outcome.label.clone(), node });
        }
        let labels = trees.labels(&rules, default);
        let Trees { nodes, inequalities, .. } = trees;
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
