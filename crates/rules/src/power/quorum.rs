//! A rule as the threshold of agreement among validators.
//!
//! Whoever does not sign is absent. The rule is safe against a hostile set if any two coalitions
//! that win have somebody in common outside it: the hostile may sign for both of two contradictory
//! acts, the others sign for one. It lives if it still passes acts when the hostile are silent.

use alloc::vec::Vec;

use super::game::{Coalition, Game};
use super::lint::{Verdict, Witness, require_monotone};
use crate::electorate::{Ballot, Electorate, Member};
use crate::error::Error;
use crate::tree::Rule;

/// What becomes of a rule if some are hostile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quorum {
    /// Whether any two winning coalitions meet outside the hostile set.
    pub safe: Verdict,
    /// Whether all others together win while the hostile set is silent.
    pub lives: bool,
}

/// Whether a rule is safe as a quorum, and lives, if certain members are hostile.
///
/// A base of votes cast makes a rule unsafe at once, since two who know nothing of each other are
/// each the whole of those who voted: such rules count on full membership.
///
/// # Errors
/// As [`Game::new`], and [`Error::Form`] if the rule is not known to be monotone in signatures.
pub fn quorum(
    rule: &Rule,
    electorate: &Electorate,
    hostile: impl Fn(&Member) -> bool,
) -> Result<Quorum, Error> {
    let signed = |_: &Member| (Ballot::Yes, Ballot::Absent);
    require_monotone(&Game::with_ballots(rule, electorate, signed)?)?;

    // In a monotone rule the hostile do most harm by signing both.
    let game = Game::with_ballots(rule, electorate, |member| {
        (Ballot::Yes, if hostile(member) { Ballot::Yes } else { Ballot::Absent })
    })?;
    let safe = match game.proper() {
        Verdict::Fails(Witness::Apart(one, other)) => {
            let with = |coalition| with_hostile(electorate, coalition, &hostile);
            Verdict::Fails(Witness::Apart(with(one), with(other)))
        }
        verdict => verdict,
    };
    let silent = Game::with_ballots(rule, electorate, |member| {
        let ballot = if hostile(member) { Ballot::Absent } else { Ballot::Yes };
        (ballot, ballot)
    })?;
    Ok(Quorum { safe, lives: silent.wins(&silent.everyone()) })
}

fn with_hostile(
    electorate: &Electorate,
    coalition: Coalition,
    hostile: impl Fn(&Member) -> bool,
) -> Coalition {
    let mut lines = Vec::new();
    for member in &electorate.members {
        let signed = coalition.iter().find(|line| line.0 == member.id).map_or(0, |line| line.1);
        let count = if hostile(member) { member.count } else { signed };
        if count > 0 {
            lines.push((member.id.clone(), count));
        }
    }
    lines
}
