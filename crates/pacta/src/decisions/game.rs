//! Rules with their members, as games: who is in a coalition casts one ballot, all others another.

use std::collections::BTreeMap;
use std::path::Path;

use pacta_rules::power::lint::Verdict;
use pacta_rules::power::{Coalition, Game};
use pacta_rules::{
    Ballot, CaseMembers, DecisionRule, Electorate, Error, Membership, Question, Rule, Scrutiny,
};

use super::source::{Named, Published, members, out_of_form};
use crate::failure::{Failure, Result};

/// A condition and those who decide under it.
#[derive(Clone, Debug)]
pub struct Subject {
    /// The condition, as it counts these members.
    pub rule: Rule,
    /// The members.
    pub electorate: Electorate,
    /// Both as a game.
    pub game: Game,
}

impl Subject {
    /// A case of power. A file of members is read beside that of the cases.
    ///
    /// # Errors
    /// Exit code 74 when that file cannot be read, 65 when it is out of form, or the rule cannot be
    /// counted with the members.
    pub fn of_case(published: &Published, file: &Path) -> Result<Self> {
        let Published { case, place, .. } = published;
        let wrong = |error| out_of_form(place, &error);
        let Question::Power { rule } = &case.question else {
            return Err(Failure::defective(format!(
                "{place}: is of kind vote; use `pacta decide`"
            )));
        };
        match &case.members {
            CaseMembers::Listed(electorate) => Self::new(rule.clone(), electorate.clone()),
            CaseMembers::File(name) => {
                if name.contains(['/', '\\']) {
                    let problem = "leads elsewhere; put the file beside that of the cases";
                    return Err(Failure::defective(format!("{place}: members_file {problem}")));
                }
                let membership = members(&file.with_file_name(name))?;
                let rule = membership.scale(rule).map_err(wrong)?;
                Self::new(rule, membership.electorate)
            }
        }
        .map_err(wrong)
    }

    fn new(rule: Rule, electorate: Electorate) -> std::result::Result<Self, Error> {
        Scrutiny::of_rule(&rule, &electorate)?; // which knows sets and weights that are missing
        let game = Game::new(&rule, &electorate)?;
        Ok(Self { rule, electorate, game })
    }
}

/// In which direction a condition is judged: what those in the coalition cast, and all others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Direction {
    /// The ballot of those in the coalition.
    pub inside: Ballot,
    /// The ballot of all others.
    pub outside: Ballot,
}

impl Direction {
    /// Those in the coalition are in favour, all others against.
    pub const FAVOUR: Self = Self { inside: Ballot::Yes, outside: Ballot::No };

    /// All directions, in the order in which they are tried.
    const ALL: [Self; 5] = [
        Self::FAVOUR,
        Self { inside: Ballot::No, outside: Ballot::Yes },
        Self { inside: Ballot::Abstain, outside: Ballot::Yes },
        Self { inside: Ballot::Absent, outside: Ballot::Yes },
        Self { inside: Ballot::Veto, outside: Ballot::Yes },
    ];
}

/// An outcome of a decision rule, with the members it is asked of.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The number of its stage.
    pub stage: usize,
    /// What comes of it: a label, `next` or `default`.
    pub label: String,
    /// The direction in which it is judged.
    pub direction: Direction,
    /// Whether it adopts, or goes on to adoption: then it is judged in favour, whatever it says.
    pub adopts: bool,
    /// Its condition and game.
    pub subject: Subject,
}

/// All outcomes of all stages of a decision rule.
///
/// # Errors
/// Exit code 65 when a set or weight of which the rule speaks is missing among the members.
pub fn outcomes(named: &Named, membership: &Membership) -> Result<Vec<Asked>> {
    let Named { name, rule } = named;
    let wrong = |error| out_of_form(name, &error);
    let electorate = rule.prepare(&membership.electorate).map_err(wrong)?;
    let mut asked = Vec::new();
    for (stage, outcomes) in rule.expand().map_err(wrong)?.into_iter().enumerate() {
        for outcome in outcomes {
            let tree = membership.scale(&outcome.rule).map_err(wrong)?;
            Scrutiny::of_rule(&tree, &electorate).map_err(wrong)?;
            let adopts = is_adoption(&outcome.label);
            let found = directed(rule, &tree, &electorate, adopts).map_err(wrong)?;
            let (direction, game) = found;
            let subject = Subject { rule: tree, electorate: electorate.clone(), game };
            asked.push(Asked { stage, label: outcome.label, direction, adopts, subject });
        }
    }
    Ok(asked)
}

/// Whether an outcome is an adoption, or the way to it.
pub fn is_adoption(label: &str) -> bool {
    let of = ["next", "in_force", "elected", "appointed", "admitted"];
    label.starts_with("adopted") || of.contains(&label)
}

/// The game of a condition in its direction: the first in which another such ballot never hurts,
/// and in which it may hold and may fail; in favour if there is none.
fn directed(
    rule: &DecisionRule,
    tree: &Rule,
    electorate: &Electorate,
    adopts: bool,
) -> std::result::Result<(Direction, Game), Error> {
    let tried = if adopts { &Direction::ALL[..1] } else { &Direction::ALL[..] };
    for direction in tried {
        let game = game(rule, tree, electorate, *direction)?;
        let none = vec![0; game.classes().len()];
        let all: Vec<u32> = game.classes().iter().map(|class| class.count).collect();
        if !game.wins(&none) && game.wins(&all) && game.monotone() == Verdict::Holds {
            return Ok((*direction, game));
        }
    }
    Ok((Direction::FAVOUR, game(rule, tree, electorate, Direction::FAVOUR)?))
}

/// The game in which ballots count as the decision rule says.
///
/// # Errors
/// As [`Game::with_ballots`].
pub fn game(
    rule: &DecisionRule,
    tree: &Rule,
    electorate: &Electorate,
    direction: Direction,
) -> std::result::Result<Game, Error> {
    let counts_as = |member: &pacta_rules::Member, ballot| rule.counts_as(member, ballot);
    Game::with_ballots(tree, electorate, |member| {
        (counts_as(member, direction.inside), counts_as(member, direction.outside))
    })
}

/// The outcome that stands for a whole rule: the first of the last stage that counts votes.
pub fn principal(named: &Named, membership: &Membership) -> Result<Asked> {
    let stages = &named.rule.stages;
    let mut asked = outcomes(named, membership)?;
    let votes = |each: &Asked| stages.get(each.stage).is_some_and(|stage| !stage.consents);
    let last = asked.iter().rev().find(|each| votes(each)).or(asked.last()).map(|each| each.stage);
    let at = asked.iter().position(|each| Some(each.stage) == last);
    let at = at.ok_or_else(|| {
        Failure::defective(format!("{}: the rule has no outcome; name one", named.name))
    })?;
    Ok(asked.swap_remove(at))
}

/// A coalition by id, as JSON.
pub fn coalition(of: &Coalition) -> BTreeMap<&str, u32> {
    of.iter().map(|(id, count)| (id.as_str(), *count)).collect()
}

/// A coalition in words.
pub fn coalition_words(of: &Coalition) -> String {
    let one = |(id, count): &(String, u32)| match count {
        1 => id.clone(),
        count => format!("{count} {id}"),
    };
    super::names(&of.iter().map(one).collect::<Vec<_>>())
}
