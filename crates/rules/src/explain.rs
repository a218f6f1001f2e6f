//! Why this came of a vote: every comparison with its numbers, as data and as plain lines.
//!
//! What an explanation cannot know stands in the decision rule: who is bound and from when, and on
//! what ground a member was excluded.

use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use serde::{Serialize, Serializer};

use crate::electorate::{Ballot, Ballots};
use crate::evaluate::{Node, Scrutiny};
use crate::exact::Exact;
use crate::inequality::Inequality;
use crate::tally::{Measure, Running};
use crate::tree::{Linear, Quantity, Set, Tally, Weight};

/// Most excluded members that an explanation lists by id; their number is always given.
pub const EXCLUDED_LISTED_MAX: usize = 256;

/// Why an outcome came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The outcome.
    pub outcome: String,
    /// Whether it came because no rule held.
    pub default_taken: bool,
    /// How many members cast each ballot.
    pub ballots: Vec<BallotCount>,
    /// Members that could not vote, outside every base; the first of them in member order.
    pub excluded: Vec<String>,
    /// The rules, in the order in which they were asked; none after the one that held.
    pub rules: Vec<RuleExplanation>,
}

/// How many members cast a ballot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct BallotCount {
    /// The ballot.
    #[serde(serialize_with = "ballot_name")]
    pub ballot: Ballot,
    /// How many.
    pub members: u64,
}

/// Whether the rule of an outcome held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RuleExplanation {
    /// The outcome that it gives.
    pub outcome: String,
    /// Whether it held.
    pub holds: bool,
    /// All its comparisons, in the order of the tree.
    pub comparisons: Vec<ComparisonExplanation>,
}

/// A comparison with its numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ComparisonExplanation {
    /// Where it stands, such as `outcomes[0].if.args[1]`.
    pub at: String,
    /// Whether it held.
    pub holds: bool,
    /// Whether the rule held or failed because of it. A comparison that failed but was not needed,
    /// or held but did not suffice, is not decisive.
    pub decisive: bool,
    /// Whether equality does not suffice.
    pub strict: bool,
    /// The left side.
    pub left: SideExplanation,
    /// The right side; its tallies are the base.
    pub right: SideExplanation,
    /// The left side less the right.
    pub margin: Exact,
    /// Whether the right side has tallies and all are zero: nobody is in the base. A rule must say
    /// what that means, since nothing is at least any share of nothing.
    pub base_is_empty: bool,
    /// How abstentions were counted.
    pub abstain: Counted,
    /// How members that did not vote were counted.
    pub absent: Counted,
    /// How excluded members were counted.
    pub excluded: Counted,
}

/// One side of a comparison.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SideExplanation {
    /// Its value.
    pub value: Exact,
    /// What it adds up.
    pub terms: Vec<TermExplanation>,
}

/// A fraction of a tally, or of one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TermExplanation {
    /// The fraction.
    pub fraction: Exact,
    /// The tally; none for a number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tally: Option<TallyExplanation>,
}

/// A tally and its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TallyExplanation {
    /// By which column members weigh; none if they weigh one each.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight: Option<String>,
    /// Members of which set; none if all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub set: Option<String>,
    /// Which ballots.
    #[serde(serialize_with = "ballot_names")]
    pub ballots: Ballots,
    /// The sum.
    pub value: Exact,
}

/// On which side of a comparison a ballot was counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Counted {
    /// On neither: it made no difference.
    Nowhere,
    /// On the left.
    Left,
    /// On the right: in the base.
    Base,
    /// On both.
    LeftAndBase,
}

// The forms are those that serde asks for.
#[allow(clippy::trivially_copy_pass_by_ref)] // the form that serde asks for
fn ballot_name<S: Serializer>(ballot: &Ballot, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(ballot.name())
}

#[allow(clippy::trivially_copy_pass_by_ref)] // the form that serde asks for
fn ballot_names<S: Serializer>(ballots: &Ballots, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(ballots.iter().map(Ballot::name))
}

impl Scrutiny {
    /// Why this comes of these ballots.
    #[must_use]
    pub fn explain(&self, running: &Running) -> Explanation {
        let decision = self.decide(running);
        let asked = decision.outcome.map_or(self.outcomes.len(), |held| held + 1);
        let held: Vec<bool> =
            self.inequalities.iter().map(|of| of.holds(of.margin(running))).collect();
        let rules = self.outcomes.iter().take(asked).map(|outcome| {
            let mut decisive = vec![None; self.inequalities.len()];
            self.reasons(outcome.node, &held, true, &mut decisive);
            let comparisons =
                self.inequalities.iter().zip(decisive).filter_map(|(of, decisive)| {
                    decisive.map(|decisive| self.explain_comparison(of, running, decisive))
                });
            let comparisons = comparisons.collect();
            let holds = self.holds(outcome.node, true, &|number, _| held[number]);
            RuleExplanation { outcome: outcome.label.clone(), holds, comparisons }
        });
        let members = running.members();
        let count = |ballot| BallotCount { ballot, members: members[ballot as usize] };
        Explanation {
            outcome: decision.label.to_string(),
            default_taken: decision.outcome.is_none(),
            ballots: Ballot::ALL.into_iter().map(count).collect(),
            excluded: self.excluded(running),
            rules: rules.collect(),
        }
    }

    /// Marks the comparisons of a part, and among them those because of which it held or failed.
    fn reasons(
        &self,
        node: usize,
        held: &[bool],
        counts: bool,
        decisive: &mut [Option<bool>],
    ) -> bool {
        match &self.nodes[node] {
            Node::Compare(number) => {
                decisive[*number] = Some(counts);
                held[*number]
            }
            Node::Not(of) => !self.reasons(*of, held, counts, decisive),
            Node::AtLeast(k, parts) => {
                let holds = |part: usize| self.holds(part, true, &|number, _| held[number]);
                let holding: Vec<bool> = parts.iter().map(|part| holds(*part)).collect();
                let result = holding.iter().filter(|holds| **holds).count() >= *k;
                for (part, holds) in parts.iter().zip(holding) {
                    self.reasons(*part, held, counts && holds == result, decisive);
                }
                result
            }
        }
    }

    fn excluded(&self, running: &Running) -> Vec<String> {
        let excluded = Ballot::Excluded as usize;
        if running.members()[excluded] == 0 {
            return Vec::new();
        }
        let members = self.ids.iter().zip(running.counts());
        let found = members.filter(|(_, count)| count[excluded] > 0).map(|(id, _)| id.clone());
        found.take(EXCLUDED_LISTED_MAX).collect()
    }

    fn explain_comparison(
        &self,
        of: &Inequality,
        running: &Running,
        decisive: bool,
    ) -> ComparisonExplanation {
        let [left, right, margin] = of.sides(running);
        let side = |value, linear: &Linear| SideExplanation {
            value,
            terms: self.explain_terms(linear, running),
        };
        let counted = |ballot| counted(ballot, &of.source.left, &of.source.right);
        let (left, right) = (side(left, &of.source.left), side(right, &of.source.right));
        let mut base = right.terms.iter().filter_map(|term| term.tally.as_ref()).peekable();
        let base_is_empty = base.peek().is_some() && base.all(|tally| tally.value.is_zero());
        ComparisonExplanation {
            at: of.at.clone(),
            holds: of.holds(margin.numerator()), // the denominator is above zero
            decisive,
            strict: of.strict,
            left,
            right,
            margin,
            base_is_empty,
            abstain: counted(Ballot::Abstain),
            absent: counted(Ballot::Absent),
            excluded: counted(Ballot::Excluded),
        }
    }

    fn explain_terms(&self, linear: &Linear, running: &Running) -> Vec<TermExplanation> {
        let terms = linear.0.iter().map(|term| TermExplanation {
            fraction: Exact::new(term.numerator.into(), term.denominator.into()),
            tally: match &term.of {
                Quantity::One => None,
                Quantity::Tally(tally) => Some(self.explain_tally(tally, running)),
            },
        });
        terms.collect()
    }

    fn explain_tally(&self, tally: &Tally, running: &Running) -> TallyExplanation {
        let measure = self.measures.number(&Measure::from(tally));
        let sum = measure.map_or(0, |measure| running.tally(measure, tally.ballots));
        TallyExplanation {
            weight: match &tally.weight {
                Weight::Unit => None,
                Weight::Column(column) => Some(column.clone()),
            },
            set: match &tally.set {
                Set::All => None,
                Set::Named(set) => Some(set.clone()),
            },
            ballots: tally.ballots,
            value: Exact::new(sum.into(), 1),
        }
    }
}

fn counted(ballot: Ballot, left: &Linear, right: &Linear) -> Counted {
    let counts = |linear: &Linear| {
        linear.0.iter().any(|term| match &term.of {
            Quantity::Tally(tally) => tally.ballots.contains(ballot) && term.numerator != 0,
            Quantity::One => false,
        })
    };
    match (counts(left), counts(right)) {
        (false, false) => Counted::Nowhere,
        (true, false) => Counted::Left,
        (false, true) => Counted::Base,
        (true, true) => Counted::LeftAndBase,
    }
}

impl Explanation {
    /// The comparisons because of which the last rule that was asked held or failed.
    pub fn decisive(&self) -> impl Iterator<Item = &ComparisonExplanation> {
        let comparisons = self.rules.last().map(|rule| rule.comparisons.iter());
        comparisons.into_iter().flatten().filter(|comparison| comparison.decisive)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::electorate::Electorate;
    use crate::random;
    use crate::tree::Rule;

    fn assembly() -> Scrutiny {
        let electorate = Electorate { members: vec![random::member("members", 193)] };
        Scrutiny::of_rule(&random::two_thirds_of_cast(), &electorate).unwrap()
    }

    #[test]
    fn a_majority_that_is_not_two_thirds_is_explained_with_its_margin() {
        // Canadian amendment of 2023 in the General Assembly: 61.5 % of the votes cast.
        let scrutiny = assembly();
        let running = scrutiny.count(vec![[88, 55, 23, 0, 26, 1]]).unwrap();
        let explanation = scrutiny.explain(&running);
        let expected = "\
rejected: no rule holds, and this is the default
88 in favour, 55 against, 23 abstaining, 26 not voting, 1 excluded
excluded: members
the rule for adopted does not hold:
  88 in favour >= 2/3 of 143 votes cast (decisive)
    88 >= 286/3 fails by 22/3
    abstaining does not count, not voting does not count
";
        assert_eq!(explanation.to_string(), expected);
    }

    #[test]
    fn an_explanation_is_data_in_json() {
        let scrutiny = assembly();
        let running = scrutiny.count(vec![[2, 1, 0, 0, 190, 0]]).unwrap();
        let json = serde_json::to_value(scrutiny.explain(&running)).unwrap();
        assert_eq!(json["outcome"], "adopted");
        assert_eq!(json["default_taken"], false);
        assert_eq!(json["ballots"][4]["members"], 190);
        let comparison = &json["rules"][0]["comparisons"][0];
        assert_eq!(comparison["at"], "outcomes[0].if");
        assert_eq!(comparison["margin"], "0");
        assert_eq!(comparison["decisive"], true);
        assert_eq!(comparison["right"]["terms"][0]["fraction"], "2/3");
        assert_eq!(comparison["right"]["terms"][0]["tally"]["value"], "3");
        let cast = serde_json::json!(["yes", "no"]);
        assert_eq!(comparison["right"]["terms"][0]["tally"]["ballots"], cast);
        assert_eq!(comparison["absent"], "nowhere");
    }

    #[test]
    fn only_what_the_outcome_rests_on_is_decisive() {
        let one = || (1, 1, Quantity::One);
        let some = |ballots| random::compare(false, (1, 1, random::unit(ballots)), one());
        let (yes, no) = (some(Ballots::YES), some(Ballots::NO));
        let both = Rule::And(vec![yes.clone(), no.clone()]);
        let either = Rule::Or(vec![yes, Rule::Not(no.into())]);
        let electorate = Electorate { members: vec![random::member("members", 3)] };
        let decisive = |rule: &Rule| {
            let scrutiny = Scrutiny::of_rule(rule, &electorate).unwrap();
            let running = scrutiny.count(vec![[3, 0, 0, 0, 0, 0]]).unwrap();
            let explanation = scrutiny.explain(&running);
            explanation.decisive().map(|comparison| comparison.at.clone()).collect::<Vec<_>>()
        };
        assert_eq!(decisive(&both), ["outcomes[0].if.args[1]"]);
        assert_eq!(decisive(&either), ["outcomes[0].if.args[0]", "outcomes[0].if.args[1].arg"]);
    }

    #[test]
    fn an_empty_base_is_told() {
        let scrutiny = assembly();
        let empty = |counts| {
            let explanation = scrutiny.explain(&scrutiny.count(vec![counts]).unwrap());
            let told = explanation.to_string().contains("nobody is in the base");
            (explanation.outcome, explanation.rules[0].comparisons[0].base_is_empty, told)
        };
        assert_eq!(empty([0, 0, 193, 0, 0, 0]), ("adopted".into(), true, true));
        assert_eq!(empty([0, 1, 192, 0, 0, 0]), ("rejected".into(), false, false));
    }

    #[test]
    fn excluded_members_are_listed_up_to_a_limit() {
        let of = |members: usize| {
            let name = |n: usize| random::member(&n.to_string(), 1);
            let electorate = Electorate { members: (0..members).map(name).collect() };
            let scrutiny = Scrutiny::of_rule(&random::two_thirds_of_cast(), &electorate).unwrap();
            let running = scrutiny.count(vec![[0, 0, 0, 0, 0, 1]; members]).unwrap();
            scrutiny.explain(&running).excluded.len()
        };
        assert_eq!(of(EXCLUDED_LISTED_MAX), EXCLUDED_LISTED_MAX);
        assert_eq!(of(EXCLUDED_LISTED_MAX + 1), EXCLUDED_LISTED_MAX);
    }
}
