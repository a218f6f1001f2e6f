//! A file of data as acts of the law, with the dates that must come of them.

use std::path::{Path, PathBuf};

use pacta_law::limits::NAME_BYTES_MAX;
use pacta_law::treaty::transcribe_treaty::TranscribeTreaty;
use pacta_law::{Data, Date, TreatyId};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::clauses::final_clauses;
use super::data::{
    Action, Check, ClausesData, ConditionData, Counting, DelayData, EntryData, Expected,
    LatePartyData, TreatyData, WithdrawalData,
};
use super::facts::{acts, facts};
use crate::failure::{Failure, Result};
use crate::files;

/// The history of one treaty.
#[derive(Clone, Debug)]
pub struct History {
    /// The treaty.
    pub id: TreatyId,
    /// Its title.
    pub name: String,
    /// The file.
    pub file: PathBuf,
    /// The treaty, then its facts; none if the file says that its list cannot be replayed.
    pub acts: Vec<Data>,
    /// The latest date of a fact.
    pub latest: Date,
    /// What was published.
    pub expected: Expected,
    /// Conditions that the file's data do not suffice to test, and that are taken as met.
    pub untested: Vec<String>,
    /// Why the file says that its list was not replayed, if it says so.
    pub not_replayed: Option<String>,
}

impl History {
    /// Reads a file of data.
    ///
    /// # Errors
    /// Exit code 74 when it cannot be read; 65 when a member has another form, which the sentence
    /// names.
    pub fn read(file: &Path) -> Result<Self> {
        let bytes = files::read(file)?;
        let data: TreatyData = serde_json::from_slice(&bytes).map_err(|error| {
            let member = misfit(&bytes).unwrap_or_else(|| "the file".to_owned());
            Failure::defective(format!("{}: {member}: {error}; correct it", file.display()))
        })?;
        let not_replayed =
            data.check.basis.starts_with("not replayed").then(|| data.check.basis.clone());
        let facts = facts(&data.actions);
        let latest = facts.iter().map(|fact| fact.on).max().unwrap_or(Date::MIN);
        let (mut all, mut untested) = (Vec::new(), Vec::new());
        if not_replayed.is_none() {
            let found = final_clauses(&data.final_clauses);
            let (clauses, not_tested) = found.map_err(|problem| {
                Failure::defective(format!("{}: {problem}; correct the file", file.display()))
            })?;
            untested = not_tested;
            all.push(Data::TranscribeTreaty(TranscribeTreaty {
                clauses,
                source: source(&data.source),
                titles: [("en".to_owned(), data.name.clone())].into(),
                treaty: data.id.clone(),
            }));
            all.extend(acts(&data.id, &facts));
        }
        let TreatyData { id, name, expected, .. } = data;
        let file = file.to_owned();
        Ok(Self { id, name, file, acts: all, latest, expected, untested, not_replayed })
    }
}

/// The member that does not have the expected form, if it can be told.
fn misfit(bytes: &[u8]) -> Option<String> {
    type Fits = fn(&Value) -> bool;
    fn fits<T: DeserializeOwned>(value: &Value) -> bool {
        T::deserialize(value).is_ok()
    }
    let file: Value = serde_json::from_slice(bytes).ok()?;
    let clauses = &file["final_clauses"];
    let entry = &clauses["entry_into_force"];
    let members: [(&str, &Value, Fits); 9] = [
        ("entry_into_force.conditions", &entry["conditions"], fits::<Option<ConditionData>>),
        ("entry_into_force.delay", &entry["delay"], fits::<Option<DelayData>>),
        ("entry_into_force", entry, fits::<EntryData>),
        ("late_party", &clauses["late_party"], fits::<Option<LatePartyData>>),
        ("withdrawal", &clauses["withdrawal"], fits::<WithdrawalData>),
        ("counting", &clauses["counting"], fits::<Option<Counting>>),
        ("final_clauses", clauses, fits::<ClausesData>),
        ("expected", &file["expected"], fits::<Expected>),
        ("check", &file["check"], fits::<Check>),
    ];
    let actions = file["actions"].as_array().into_iter().flatten();
    let wrong = actions.enumerate().find(|(_, action)| !fits::<Action>(action));
    let member = members.iter().find(|(_, value, fits)| !fits(value));
    wrong
        .map(|(place, action)| format!("actions[{place}] {action}"))
        .or_else(|| member.map(|(name, ..)| (*name).to_owned()))
}

/// All sources if they fit; else the first, and how many more there are.
fn source(all: &[String]) -> String {
    let joined = all.join("; ");
    if joined.len() <= NAME_BYTES_MAX {
        return joined;
    }
    let more = format!(" and {} more", all.len().saturating_sub(1));
    let mut first = all.first().cloned().unwrap_or_default();
    while first.len() + more.len() > NAME_BYTES_MAX {
        first.pop();
    }
    format!("{}{more}", first.trim_end())
}
