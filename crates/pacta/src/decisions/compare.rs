//! How power changes from one rule or membership to another.

use std::path::{Path, PathBuf};

use pacta_rules::power::what_if::changes;
use pacta_rules::power::{Answer, Fraction, Game, Indices};
use serde::Serialize;
use serde_json::{Map, Value};

use super::analysis;
use super::game::{Subject, principal};
use super::power::found;
use super::power_words::percent;
use super::source::{cases, members_of, out_of_form, rule};
use super::{count, names};
use crate::failure::{Failure, Result};

/// One side of a comparison.
#[derive(Clone, Debug, Serialize)]
pub struct Side {
    /// The case, membership or rule.
    pub name: String,
    /// How many members there are.
    pub players: u32,
    /// Numbers and methods of all members together.
    #[serde(flatten)]
    pub found: Map<String, Value>,
    /// Without whom nothing passes; null if the rule is not monotone.
    pub vetoers: Option<Vec<String>>,
    #[serde(skip)]
    indices: Indices,
}

/// What changes from one side to the other.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// Before.
    pub before: Side,
    /// After.
    pub after: Side,
    /// The lines before, then those that are new. Indices are of a single member.
    pub members: Vec<Changed>,
    /// Who gained a veto.
    pub vetoers_gained: Vec<String>,
    /// Who lost it.
    pub vetoers_lost: Vec<String>,
}

/// How the power of a line changes.
#[derive(Clone, Debug, Serialize)]
pub struct Changed {
    /// Who.
    pub id: String,
    /// How many there were.
    pub n_before: u32,
    /// How many there are.
    pub n_after: u32,
    /// The share of swings.
    pub banzhaf_norm: Values,
    /// The share of orders.
    pub shapley: Values,
}

/// An index before and after, and the difference: fractions, or bounds `[low, high]`.
#[derive(Clone, Debug, Serialize)]
pub struct Values {
    /// Before.
    pub before: Value,
    /// After.
    pub after: Value,
    /// The second less the first.
    pub change: Value,
    #[serde(skip)]
    percents: [String; 3],
}

/// Compares two sides.
///
/// # Errors
/// Exit code 2 for a name that is not known, 74 when a file cannot be read, 65 when one is out of
/// form.
pub fn compare(before: &str, after: &str, memberships: &[PathBuf]) -> Result<Comparison> {
    let (first, last) = (memberships.first(), memberships.last());
    let (before, after) = (side(before, first)?, side(after, last)?);
    let lines = changes(&before.indices, &after.indices).into_iter().map(|change| {
        let of = |side: &Side| side.indices.of(&change.id).cloned();
        let (was, is) = (of(&before), of(&after));
        let none = Answer::exact(change.banzhaf.method, Fraction::zero());
        let values = |index: fn(&pacta_rules::power::Power) -> &Answer<Fraction>, change| {
            let at = |of: &Option<pacta_rules::power::Power>| {
                of.as_ref().map_or_else(|| none.clone(), |of| index(of).clone())
            };
            Values::new(&at(&was), &at(&is), change)
        };
        Changed {
            n_before: was.as_ref().map_or(0, |of| of.count),
            n_after: is.as_ref().map_or(0, |of| of.count),
            banzhaf_norm: values(|of| &of.banzhaf, &change.banzhaf),
            shapley: values(|of| &of.shapley, &change.shapley),
            id: change.id.clone(),
        }
    });
    let members = lines.collect();
    Ok(Comparison {
        members,
        vetoers_gained: only_in(&after, &before),
        vetoers_lost: only_in(&before, &after),
        before,
        after,
    })
}

/// Vetoers of one side alone.
fn only_in(one: &Side, other: &Side) -> Vec<String> {
    let of = |side: &Side| side.vetoers.clone().unwrap_or_default();
    let others = of(other);
    of(one).into_iter().filter(|id| !others.contains(id)).collect()
}

/// A case `FILE#ID`, a membership that is shipped, or a rule with a membership.
fn side(name: &str, members: Option<&PathBuf>) -> Result<Side> {
    let game = match name.rsplit_once('#') {
        Some((file, id)) => case_game(Path::new(file), id)?,
        None => rule_game(name, members)?,
    };
    let indices = analysis::indices(&game, name).map_err(|error| out_of_form(name, &error))?;
    Ok(Side {
        name: name.to_owned(),
        players: indices.players,
        found: found(&indices),
        vetoers: game.lint().vetoers,
        indices,
    })
}

fn case_game(file: &Path, id: &str) -> Result<Game> {
    let cases = cases(file, false)?;
    let Some(found) = cases.iter().find(|published| published.case.id == id) else {
        let ids: Vec<_> = cases.iter().map(|published| published.case.id.as_str()).collect();
        let (file, ids) = (file.display(), names(&ids));
        return Err(Failure::usage(format!("{file} has no case `{id}`; name one of {ids}")));
    };
    Ok(Subject::of_case(found, file)?.game)
}

fn rule_game(name: &str, members: Option<&PathBuf>) -> Result<Game> {
    let membership = members_of(name, members.map(PathBuf::as_path))?;
    Ok(principal(&rule(name)?, &membership)?.subject.game)
}

impl Values {
    fn new(was: &Answer<Fraction>, is: &Answer<Fraction>, change: &Answer<Fraction>) -> Self {
        let value = |of: &Answer<Fraction>| match of.value() {
            Some(value) => Value::from(value.to_string()),
            None => Value::from(vec![of.low.to_string(), of.high.to_string()]),
        };
        Self {
            before: value(was),
            after: value(is),
            change: value(change),
            percents: [was, is, change].map(percent),
        }
    }
}

impl Comparison {
    /// The comparison, for people.
    pub fn words(&self) -> String {
        let side = |label: &str, side: &Side| {
            let share = percent(&side.indices.winning_share());
            let players = count(side.players, "member");
            format!("{label}  {}: {players}, {share} of coalitions win\n", side.name)
        };
        let mut text = side("before", &self.before) + &side("after ", &self.after);
        let width = self.members.iter().map(|of| of.id.chars().count()).max().unwrap_or(0).max(6);
        for (title, of) in [
            ("Banzhaf", (|of| &of.banzhaf_norm) as fn(&Changed) -> &Values),
            ("Shapley", |of| &of.shapley),
        ] {
            let title = format!("{title}, each");
            text.push_str(&format!(
                "\n{title:width$}  {:>12}{:>12}{:>12}\n",
                "before", "after", "change"
            ));
            for changed in &self.members {
                let [was, is, change] = &of(changed).percents;
                let exact = match of(changed).change.as_str() {
                    Some(exact) if exact.len() <= 24 => format!("  {exact}"),
                    _ => String::new(),
                };
                let id = &changed.id;
                text.push_str(&format!("{id:width$}  {was:>12}{is:>12}{change:>12}{exact}\n"));
            }
        }
        let (gained, lost) = (names(&self.vetoers_gained), names(&self.vetoers_lost));
        text.push_str(&format!("\nvetoers gained: {gained}; lost: {lost}\n"));
        text
    }
}
