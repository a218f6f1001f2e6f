//! An explanation as plain lines.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::electorate::{Ballot, Ballots};
use crate::exact::Exact;
use crate::explain::{
    BallotCount, ComparisonExplanation, Counted, Explanation, RuleExplanation, SideExplanation,
    TallyExplanation, TermExplanation,
};

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let why = if self.default_taken {
            "no rule holds, and this is the default"
        } else {
            "its rule holds"
        };
        writeln!(f, "{}: {why}", self.outcome)?;
        let mut separator = "";
        for BallotCount { ballot, members } in &self.ballots {
            if *members > 0 {
                write!(f, "{separator}{members} {}", words(Ballots::of(*ballot)))?;
                separator = ", ";
            }
        }
        writeln!(f)?;
        if !self.excluded.is_empty() {
            writeln!(f, "excluded: {}", self.excluded.join(", "))?;
        }
        self.rules.iter().try_for_each(|rule| write!(f, "{rule}"))
    }
}

impl fmt::Display for RuleExplanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let holds = if self.holds { "holds" } else { "does not hold" };
        writeln!(f, "the rule for {} {holds}:", self.outcome)?;
        self.comparisons.iter().try_for_each(|comparison| write!(f, "{comparison}"))
    }
}

impl fmt::Display for ComparisonExplanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.strict { ">" } else { ">=" };
        let (left, right) = (&self.left, &self.right);
        let decisive = if self.decisive { " (decisive)" } else { "" };
        writeln!(f, "  {left} {sign} {right}{decisive}")?;
        let (holds, by) = match (self.holds, self.margin.magnitude()) {
            (true, by) if by.is_zero() => ("holds", "with equality".into()),
            (true, by) => ("holds", format!("with {by} to spare")),
            (false, by) if by.is_zero() => ("fails", "since equality does not suffice".into()),
            (false, by) => ("fails", format!("by {by}")),
        };
        writeln!(f, "    {} {sign} {} {holds} {by}", left.value, right.value)?;
        let each = [("abstaining", self.abstain), ("not voting", self.absent)];
        let [abstain, absent] = each.map(|(who, counted)| {
            format!(
                "{who} {}",
                match counted {
                    Counted::Nowhere => "does not count",
                    Counted::Left => "counts on the left",
                    Counted::Base => "is in the base",
                    Counted::LeftAndBase => "counts on both sides",
                }
            )
        });
        writeln!(f, "    {abstain}, {absent}")?;
        if self.base_is_empty { writeln!(f, "    nobody is in the base") } else { Ok(()) }
    }
}

impl fmt::Display for SideExplanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.terms.is_empty() {
            return f.write_str("0");
        }
        for (number, term) in self.terms.iter().enumerate() {
            let separator = if number == 0 { "" } else { " + " };
            write!(f, "{separator}{term}")?;
        }
        Ok(())
    }
}

impl fmt::Display for TermExplanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.tally {
            None => write!(f, "{}", self.fraction),
            Some(tally) if self.fraction == Exact::new(1.into(), 1) => write!(f, "{tally}"),
            Some(tally) => write!(f, "{} of {tally}", self.fraction),
        }
    }
}

impl fmt::Display for TallyExplanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.value, words(self.ballots))?;
        if let Some(set) = &self.set {
            write!(f, " in {set}")?;
        }
        match &self.weight {
            Some(weight) => write!(f, " by {weight}"),
            None => Ok(()),
        }
    }
}

/// Who cast certain ballots, in words.
fn words(ballots: Ballots) -> String {
    match ballots {
        Ballots::CAST => return "votes cast".into(),
        Ballots::PRESENT => return "present".into(),
        Ballots::ELIGIBLE => return "of all".into(),
        _ if ballots == Ballots::PRESENT.with(Ballot::Absent) => return "voting or not".into(),
        _ => {}
    }
    let each = ballots.iter().map(|ballot| match ballot {
        Ballot::Yes => "in favour",
        Ballot::No => "against",
        Ballot::Abstain => "abstaining",
        Ballot::Veto => "strongly against",
        Ballot::Absent => "not voting",
        Ballot::Excluded => "excluded",
    });
    each.collect::<Vec<_>>().join(" or ")
}
