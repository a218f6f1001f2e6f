//! Whose ballots would have turned an outcome, as JSON and as a line.

use pacta_rules::{Ballot, Change, Flips};
use serde::{Serialize, Serializer};

use super::{count, names};

/// What would have turned an outcome.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Turning {
    /// So many ballots suffice, and fewer do not.
    Least {
        /// How many.
        ballots: u64,
        /// Whether `sets` are all of this number.
        complete: bool,
        /// Ways to do it.
        sets: Vec<Vec<Changed>>,
    },
    /// So many suffice; whether fewer do is not proved.
    Bound {
        /// How many are needed in any case.
        at_least: u64,
        /// How many suffice.
        at_most: u64,
        /// A way to do it.
        set: Vec<Changed>,
    },
    /// No change of ballots brings another outcome.
    Never,
    /// No way was found, and none is proved impossible.
    NotFound {
        /// How many are needed in any case.
        at_least: u64,
    },
}

/// Ballots that change alike.
#[derive(Clone, Debug, Serialize)]
pub struct Changed {
    /// Whose; if these are more than `ballots`, it does not matter which of them.
    pub members: Vec<String>,
    /// How many.
    pub ballots: u64,
    /// From what.
    #[serde(serialize_with = "name")]
    pub from: Ballot,
    /// To what.
    #[serde(serialize_with = "name")]
    pub to: Ballot,
    /// To what else, with the same effect, if these are all the ballots that change.
    #[serde(serialize_with = "list", skip_serializing_if = "Vec::is_empty")]
    pub or: Vec<Ballot>,
}

// The form is that which serde asks for.
#[allow(clippy::trivially_copy_pass_by_ref)] // the form that serde asks for
fn name<S: Serializer>(ballot: &Ballot, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(ballot.name())
}

fn list<S: Serializer>(ballots: &[Ballot], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(ballots.iter().map(|ballot| ballot.name()))
}

impl From<Flips> for Turning {
    fn from(flips: Flips) -> Self {
        let all = |set: Vec<Change>| set.into_iter().map(Changed::from).collect();
        match flips {
            Flips::Least { ballots, sets, complete } => {
                Self::Least { ballots, complete, sets: sets.into_iter().map(all).collect() }
            }
            Flips::Bound { at_least, at_most, set } => {
                Self::Bound { at_least, at_most, set: all(set) }
            }
            Flips::Never => Self::Never,
            Flips::NotFound { at_least } => Self::NotFound { at_least },
        }
    }
}

impl From<Change> for Changed {
    fn from(change: Change) -> Self {
        let Change { members, from, to, ballots } = change;
        Self { members, ballots, from, to, or: Vec::new() }
    }
}

impl Turning {
    /// Adds to what else ballots may change, as a test of all ballots of a set tells.
    pub fn or(mut self, also: impl Fn(&Changed) -> Vec<Ballot>) -> Self {
        if let Self::Least { sets, .. } = &mut self {
            for set in sets {
                if let [alone] = set.as_mut_slice() {
                    alone.or = also(alone);
                }
            }
        }
        self
    }

    /// As words; nothing if no change turns the outcome.
    pub fn words(&self) -> Option<String> {
        Some(match self {
            Self::Least { ballots, sets, complete } => {
                let others = match (sets.len(), complete) {
                    (0 | 1, true) => String::new(),
                    (1, false) => ", among other ways".to_owned(),
                    (sets, true) => format!(", one of {sets} ways"),
                    (sets, false) => format!(", one of more than {sets} ways"),
                };
                let way = sets.first().map(|set| way(set)).unwrap_or_default();
                format!("{}: {way}{others}", count(ballots, "ballot"))
            }
            Self::Bound { at_least, at_most, set } => {
                let ballots = count(at_most, "ballot");
                format!("{ballots} suffice, at least {at_least} are needed: {}", way(set))
            }
            Self::NotFound { at_least } => {
                format!("at least {}; no way was found", count(at_least, "ballot"))
            }
            Self::Never => return None,
        })
    }
}

fn way(set: &[Changed]) -> String {
    let mut changes: Vec<(String, Vec<String>)> = Vec::new();
    for change in set {
        let Changed { members, ballots, from, to, or } = change;
        let who = match (members.as_slice(), *ballots) {
            ([one], 1) => one.clone(),
            ([one], _) => format!("{ballots} of {one}"),
            (several, _) if several.len() as u64 == *ballots => names(several),
            (several, 1) => format!("any of {}", names(several)),
            (several, _) => format!("any {ballots} of {}", names(several)),
        };
        let to: Vec<&str> = std::iter::once(to).chain(or).map(|ballot| words(*ballot)).collect();
        let how = format!("{} instead of {}", to.join(" or "), words(*from));
        match changes.iter_mut().find(|(of, _)| *of == how) {
            Some((_, all)) => all.push(who),
            None => changes.push((how, vec![who])),
        }
    }
    let each = changes.iter().map(|(how, who)| format!("{} {how}", names(who)));
    each.collect::<Vec<_>>().join("; ")
}

/// What a ballot is, in words.
pub fn words(ballot: Ballot) -> &'static str {
    match ballot {
        Ballot::Yes => "in favour",
        Ballot::No => "against",
        Ballot::Abstain => "abstaining",
        Ballot::Veto => "strongly against",
        Ballot::Absent => "not voting",
        Ballot::Excluded => "excluded",
    }
}
