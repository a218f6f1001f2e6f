//! What came of a vote, in a few lines.

use pacta_rules::explain::{BallotCount, ComparisonExplanation, RuleExplanation, SideExplanation};
use pacta_rules::{Ballot, Exact};

use super::decide::Decided;
use super::flips::words;
use super::{count, names};

/// Most comparisons of a rule that are shown.
const COMPARISONS_MAX: usize = 6;

impl Decided {
    /// What came of it, for people.
    pub fn words(&self) -> String {
        let mut text = format!("{}: {}\n  {}\n", self.id, self.title, self.verdict());
        // The rules before the one that held failed; where none held, all did.
        for rule in &self.explanation.rules {
            text.push_str(&rule_words(rule));
        }
        text.push_str(&self.turning_words());
        self.differences.iter().for_each(|difference| text.push_str(&difference.line()));
        text
    }

    /// Who could have changed the outcome, and who could have stopped it.
    fn turning_words(&self) -> String {
        let way = self.could_change.words();
        let mut text = match &way {
            Some(way) => format!("  would turn   {way}\n"),
            None => "  would turn   no change of ballots\n".to_owned(),
        };
        if !self.could_change_alone.is_empty() {
            text.push_str(&format!("  alone        {}\n", names(&self.could_change_alone)));
        }
        let Some(stop) = self.could_have_stopped.words() else { return text };
        let alone = match self.could_have_stopped_alone.as_slice() {
            [] => String::new(),
            alone if alone == self.could_change_alone => "; alone: the same".to_owned(),
            alone => format!("; alone: {}", names(alone)),
        };
        let stop = if way.as_ref() == Some(&stop) { "the same" } else { &stop };
        text.push_str(&format!("  could stop   {stop}{alone}\n"));
        text
    }

    /// The verdict in one sentence.
    fn verdict(&self) -> String {
        let counted = |of: &&BallotCount| {
            of.members > 0
                && (of.ballot != Ballot::Excluded || !self.explanation.excluded.is_empty())
        };
        let counts = self.explanation.ballots.iter().filter(counted);
        let counts = counts.map(|of| format!("{} {}", of.members, words(of.ballot)));
        let counts = counts.collect::<Vec<_>>().join(", ");
        let outcome = self.outcome.replace('_', " ");
        match self.default_taken {
            true => format!("{outcome}, by default: no rule holds with {counts}"),
            false => format!("{outcome}: its rule holds with {counts}"),
        }
    }
}

fn rule_words(rule: &RuleExplanation) -> String {
    let outcome = rule.outcome.replace('_', " ");
    let decisive: Vec<_> = rule.comparisons.iter().filter(|each| each.decisive).collect();
    let mut text = String::new();
    for (number, comparison) in decisive.iter().take(COMPARISONS_MAX).enumerate() {
        let label = if number == 0 { outcome.as_str() } else { "" };
        // What decided by holding although the rule fails, or the other way round, stands negated.
        let not = if comparison.holds == rule.holds { "" } else { "must not be: " };
        text.push_str(&format!("  {label:<12} {not}{}\n", comparison_words(comparison)));
    }
    if let Some(more) = decisive.len().checked_sub(COMPARISONS_MAX + 1) {
        text.push_str(&format!("  {:<12} and {}\n", "", count(more + 1, "further condition")));
    }
    text
}

/// A comparison with its values and margin, such as `88 in favour >= 2/3 of 143 votes cast = 95.33:
/// fails by 7.33`.
fn comparison_words(comparison: &ComparisonExplanation) -> String {
    let ComparisonExplanation { left, right, margin, strict, holds, .. } = comparison;
    let by = decimal(&margin.magnitude());
    let result = match (holds, margin.is_zero()) {
        (true, true) => "holds with equality".to_owned(),
        (true, false) => format!("holds with {by} to spare"),
        (false, true) => "fails, since equality does not suffice".to_owned(),
        (false, false) => format!("fails by {by}"),
    };
    let counts = |side: &SideExplanation| side.terms.iter().any(|term| term.tally.is_some());
    // A limit reads better after what it limits.
    if !counts(left) && counts(right) {
        let sign = if *strict { "<" } else { "<=" };
        return format!("{} {sign} {}: {result}", side(right), side(left));
    }
    let sign = if *strict { ">" } else { ">=" };
    let nobody = if comparison.base_is_empty { " (nobody is in the base)" } else { "" };
    format!("{} {sign} {}: {result}{nobody}", side(left), side(right))
}

/// A side as it is added up, with its value where that is not plain to see.
fn side(side: &SideExplanation) -> String {
    let one = Exact::new(1.into(), 1);
    let plain = match side.terms.as_slice() {
        [] => true,
        [term] => term.tally.is_none() || term.fraction == one,
        _ => false,
    };
    match plain {
        true => side.to_string(),
        false => format!("{side} = {}", decimal(&side.value)),
    }
}

/// To two places, cut off; a whole number as it is. Numbers beyond 128 bits stay fractions.
fn decimal(value: &Exact) -> String {
    let denominator = i128::from(value.denominator());
    let hundredfold = i128::try_from(value.numerator()).ok().and_then(|n| n.checked_mul(100));
    match hundredfold {
        Some(hundredfold) if denominator > 1 => {
            let cut = hundredfold / denominator;
            let sign = if cut < 0 { "-" } else { "" };
            format!("{sign}{}.{:02}", (cut / 100).unsigned_abs(), (cut % 100).unsigned_abs())
        }
        _ => value.to_string(),
    }
}
