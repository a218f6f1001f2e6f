//! Votes decided again: the outcome, why, who could have changed it, and whether that is what the
//! case expects.

use pacta_rules::{
    Ballot, Ballots, Case, CaseMembers, Electorate, Explanation, Quantity, Question, Rule, Running,
    Scrutiny,
};
use serde::Serialize;
use serde_json::Value;

use super::difference::Difference;
use super::flips::{Changed, Turning};
use super::source::{Published, out_of_form};
use crate::failure::{Failure, Result};

/// What came of one vote.
#[derive(Clone, Debug, Serialize)]
pub struct Decided {
    /// The case.
    pub id: String,
    /// What happened.
    pub title: String,
    /// What came of it.
    pub outcome: String,
    /// Whether that is the default: no rule held.
    pub default_taken: bool,
    /// Every comparison with its values, margin and base, and whether it was decisive.
    pub explanation: Explanation,
    /// The fewest ballots whose change brings another outcome.
    pub could_change: Turning,
    /// Who alone could have changed it, by another ballot or by staying away.
    pub could_change_alone: Vec<String>,
    /// The fewest members who, by voting against, bring another outcome.
    pub could_have_stopped: Turning,
    /// Who alone could have stopped it, by voting against.
    pub could_have_stopped_alone: Vec<String>,
    /// In what this differs from what the case expects.
    pub differences: Vec<Difference>,
    /// Whether nothing differs.
    pub ok: bool,
}

/// Decides a vote.
///
/// # Errors
/// Exit code 65 when its rule cannot be counted with its members, naming the case.
pub fn decide(published: &Published) -> Result<Decided> {
    let Published { case, place, .. } = published;
    let wrong = |error| out_of_form(place, &error);
    let (Question::Vote { outcomes, default, ballots }, CaseMembers::Listed(electorate)) =
        (&case.question, &case.members)
    else {
        let problem = "is no vote whose members are listed; list them in the case";
        return Err(Failure::defective(format!("{place}: {problem}")));
    };
    let scrutiny = Scrutiny::new(outcomes, default, electorate).map_err(wrong)?;
    let running = scrutiny.count(ballots.clone()).map_err(wrong)?;
    let decision = scrutiny.decide(&running);
    let (outcome, default_taken) = (decision.label.to_owned(), decision.outcome.is_none());
    let to = may_be_cast(outcomes.iter().map(|outcome| &outcome.rule), &running);
    let ids = |members: Vec<usize>| ids(electorate, &members);
    let differences = differences(case, &outcome, &running);
    let also = |change: &Changed| {
        let turns = |ballot: &Ballot| {
            let after = with_change(&scrutiny, electorate, &running, change, *ballot);
            after.is_some_and(|after| scrutiny.decide(&after).label != outcome)
        };
        let others = to.iter().filter(|ballot| ![change.from, change.to].contains(ballot));
        others.filter(turns).collect()
    };
    Ok(Decided {
        id: case.id.clone(),
        title: case.title.clone(),
        explanation: scrutiny.explain(&running),
        could_change: Turning::from(scrutiny.flips(&running, Ballots::ELIGIBLE, to)).or(also),
        could_change_alone: ids(scrutiny.alone(&running, to)),
        could_have_stopped: scrutiny.could_have_stopped(&running).into(),
        could_have_stopped_alone: ids(scrutiny.alone(&running, Ballots::NO)),
        ok: differences.is_empty(),
        outcome,
        default_taken,
        differences,
    })
}

/// The ballots after a change to another ballot; nothing where that are too many to go through, or
/// not all members that change are listed.
fn with_change(
    scrutiny: &Scrutiny,
    electorate: &Electorate,
    running: &Running,
    change: &Changed,
    to: Ballot,
) -> Option<Running> {
    const BALLOTS_MAX: u64 = 1_024;
    if change.ballots > BALLOTS_MAX {
        return None;
    }
    let (mut after, mut left) = (running.clone(), change.ballots);
    for id in &change.members {
        let member = electorate.members.iter().position(|member| member.id == *id)?;
        let cast = u64::from(running.counts()[member][change.from as usize]);
        for _ in 0..cast.min(left) {
            scrutiny.cast(&mut after, member, change.from, to).ok()?;
        }
        left -= cast.min(left);
    }
    (left == 0).then_some(after)
}

/// What a member might have cast instead: the strong rejection only where the rules know it.
fn may_be_cast<'a>(mut rules: impl Iterator<Item = &'a Rule>, running: &Running) -> Ballots {
    let ballots = Ballots::PRESENT.with(Ballot::Absent);
    let was_cast = running.members()[Ballot::Veto as usize] > 0;
    match was_cast || rules.any(speaks_of_veto) {
        true => ballots.with(Ballot::Veto),
        false => ballots,
    }
}

/// Whether a rule counts strong rejections apart: not with all the others who may vote.
fn speaks_of_veto(rule: &Rule) -> bool {
    match rule {
        Rule::And(args) | Rule::Or(args) | Rule::KOf { args, .. } => {
            args.iter().any(speaks_of_veto)
        }
        Rule::Not(arg) => speaks_of_veto(arg),
        Rule::Compare(comparison) => {
            let terms = comparison.left.0.iter().chain(&comparison.right.0);
            let mut tallies = terms.filter_map(|term| match &term.of {
                Quantity::Tally(tally) => Some(tally.ballots),
                Quantity::One => None,
            });
            tallies.any(|of| of != Ballots::ELIGIBLE && of.contains(Ballot::Veto))
        }
    }
}

fn ids(electorate: &Electorate, members: &[usize]) -> Vec<String> {
    members.iter().map(|member| electorate.members[*member].id.clone()).collect()
}

fn differences(case: &Case, outcome: &str, running: &Running) -> Vec<Difference> {
    let expected = case.expect.get("outcome").map(plain);
    let mut found: Vec<Difference> = expected
        .and_then(|expected| Difference::between("outcome", expected, outcome))
        .into_iter()
        .collect();
    for ballot in Ballot::ALL {
        let expected = case.expect.get("counts").and_then(|counts| counts.get(ballot.name()));
        let cast = running.members()[ballot as usize];
        let of = format!("counts.{}", ballot.name());
        found.extend(expected.and_then(|expected| Difference::between(&of, plain(expected), cast)));
    }
    found
}

/// A value as words: a text without its quotation marks.
pub fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
