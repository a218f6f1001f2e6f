//! What would be otherwise: accessions, exits, changed weights, blocs that vote as one, other
//! rules.
//!
//! A rule that states numbers rather than shares stays as it is when members come or go; whoever
//! asks what would be then, asks with the rule that would hold then.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::answer::{Answer, Exactness, Fraction, Indices, Power};
use super::game::Game;
use crate::electorate::{Electorate, Member};
use crate::error::Error;

/// The electorate after an accession.
///
/// # Errors
/// [`Error::Form`] if a member of that id is there already.
pub fn after_accession(electorate: &Electorate, member: Member) -> Result<Electorate, Error> {
    if electorate.members.iter().any(|other| other.id == member.id) {
        return Err(Error::form(member.id, "is a member already; name another"));
    }
    let mut after = electorate.clone();
    after.members.push(member);
    Ok(after)
}

/// The electorate after an exit: one fewer of a line.
///
/// # Errors
/// [`Error::Form`] if there is no member of that id.
pub fn after_exit(electorate: &Electorate, id: &str) -> Result<Electorate, Error> {
    let mut after = electorate.clone();
    let at = position(electorate, id)?;
    if after.members[at].count > 1 {
        after.members[at].count -= 1;
    } else {
        after.members.remove(at);
    }
    Ok(after)
}

/// The electorate with another weight of a line in a column.
///
/// # Errors
/// [`Error::Form`] if there is no member of that id.
pub fn with_weight(
    electorate: &Electorate,
    id: &str,
    column: &str,
    weight: u64,
) -> Result<Electorate, Error> {
    let mut after = electorate.clone();
    let at = position(electorate, id)?;
    after.members[at].weights.insert(column.into(), weight);
    Ok(after)
}

fn position(electorate: &Electorate, id: &str) -> Result<usize, Error> {
    let found = electorate.members.iter().position(|member| member.id == id);
    found.ok_or_else(|| Error::form(id, "is no member; name one"))
}

impl Game {
    /// The game in which all members of some lines vote as one player, which stands last.
    ///
    /// # Errors
    /// [`Error::Form`] if a line does not exist or is named twice, if none is named, or if the name
    /// of the bloc is that of another line.
    pub fn with_bloc(&self, name: &str, ids: &[&str]) -> Result<Self, Error> {
        let mut inside = vec![false; self.entries.len()];
        for id in ids {
            let at = self.entries.iter().position(|entry| entry.id == *id);
            let at = at.ok_or_else(|| Error::form(*id, "is no member; name one"))?;
            if inside[at] {
                return Err(Error::form(*id, "stands twice in the bloc; name it once"));
            }
            inside[at] = true;
        }
        if ids.is_empty() {
            return Err(Error::form(name, "is a bloc of nobody; name its members"));
        }
        let mut bloc = vec![0; self.measures];
        let mut lines = Vec::new();
        for (entry, inside) in self.entries.iter().zip(inside) {
            let gains = &self.classes[entry.class].gains;
            if inside {
                let count = i128::from(entry.count);
                bloc.iter_mut().zip(gains).for_each(|(sum, gain)| *sum += gain * count);
            } else if entry.id == name {
                return Err(Error::form(name, "is a member outside the bloc; choose another name"));
            } else {
                lines.push((entry.id.clone(), entry.count, gains.clone()));
            }
        }
        lines.push((name.into(), 1, bloc));
        Ok(Self::of_lines(lines, self.measures, self.root.clone()))
    }
}

/// How the power of a line changes. Every number is that of a single member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Who.
    pub id: String,
    /// The share of all swings afterwards, less that before.
    pub banzhaf: Answer<Fraction>,
    /// The share of orders turned afterwards, less that before.
    pub shapley: Answer<Fraction>,
}

/// How power changes from one rule or electorate to another, in the order of the lines before, then
/// of those that are new. Whoever is not there has none.
#[must_use]
pub fn changes(before: &Indices, after: &Indices) -> Vec<Change> {
    let new = after.members.iter().filter(|member| before.of(&member.id).is_none());
    let lines = before.members.iter().chain(new);
    let change = |line: &Power| {
        let (was, is) = (before.of(&line.id), after.of(&line.id));
        let of = |index: fn(&Power) -> &Answer<Fraction>| {
            difference(is.map(index), was.map(index), index(line))
        };
        Change {
            id: line.id.clone(),
            banzhaf: of(|power| &power.banzhaf),
            shapley: of(|power| &power.shapley),
        }
    };
    lines.map(change).collect()
}

fn difference(
    is: Option<&Answer<Fraction>>,
    was: Option<&Answer<Fraction>>,
    line: &Answer<Fraction>,
) -> Answer<Fraction> {
    let none = Answer::exact(line.method, Fraction::zero());
    let (is, was) = (is.unwrap_or(&none), was.unwrap_or(&none));
    // The less exact of both says how exact their difference is.
    let rank = |answer: &Answer<Fraction>| match answer.exactness {
        Exactness::Exact => 0,
        Exactness::Proved => 1,
        Exactness::Sampled { .. } => 2,
    };
    let rougher = if rank(was) > rank(is) { was } else { is };
    Answer {
        method: rougher.method,
        exactness: rougher.exactness,
        low: is.low.minus(&was.high),
        high: is.high.minus(&was.low),
    }
}
