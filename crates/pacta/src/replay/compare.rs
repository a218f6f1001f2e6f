//! Compares what the law computed with what was published.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use pacta_law::treaty::{
    Clauses, Participant, Party, Spell, Treaty, clauses_path, party_path, treaty_path,
};
use pacta_law::{Date, TreatyId};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::data::Expected;
use super::history::History;
use crate::failure::{Failure, Result};

/// Where records are read: a ledger in memory, or a node.
pub trait Records {
    /// The record at a path, if there is one.
    ///
    /// # Errors
    /// Those of a node that is asked.
    fn record<T: DeserializeOwned>(&mut self, path: &str) -> Result<Option<T>>;
}

/// What a replay of one history gave.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// The treaty.
    pub id: TreatyId,
    /// Its title.
    pub name: String,
    /// The file.
    pub file: PathBuf,
    /// Whether the computed dates were compared with published ones.
    pub compared: bool,
    /// Why not, in the words of the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_replayed: Option<String>,
    /// The computed day of entry into force.
    pub entry_into_force: Option<Date>,
    /// The computed day on which the conditions were met.
    pub trigger: Option<Date>,
    /// How many dates of entry into force for a party were compared.
    pub party_dates: usize,
    /// How many effect dates of withdrawals were compared.
    pub withdrawal_dates: usize,
    /// Conditions that could not be tested, and were taken as met.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub untested: Vec<String>,
    /// Every date that differs.
    pub differences: Vec<Difference>,
}

impl Comparison {
    /// Nothing compared yet; nothing ever, if the file says that its list was not replayed.
    pub fn new(history: &History) -> Self {
        Self {
            id: history.id.clone(),
            name: history.name.clone(),
            file: history.file.clone(),
            compared: history.not_replayed.is_none(),
            not_replayed: history.not_replayed.clone(),
            entry_into_force: None,
            trigger: None,
            party_dates: 0,
            withdrawal_dates: 0,
            untested: history.untested.clone(),
            differences: Vec::new(),
        }
    }
}

/// A date that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Which date.
    pub of: &'static str,
    /// Whose, unless the treaty's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub party: Option<String>,
    /// What was published.
    pub expected: Vec<Date>,
    /// What the law gives.
    pub computed: Vec<Date>,
}

impl Difference {
    /// One line for people.
    pub fn sentence(&self) -> String {
        let party = self.party.as_ref().map_or_else(String::new, |party| format!(" of {party}"));
        let (expected, computed) = (list(&self.expected), list(&self.computed));
        format!("{}{party}: published {expected}, computed {computed}", self.of)
    }
}

fn list(dates: &[Date]) -> String {
    let mut text = String::new();
    for date in dates {
        let comma = if text.is_empty() { "" } else { ", " };
        // Writing to a string does not fail.
        let _ = write!(text, "{comma}{date}");
    }
    if text.is_empty() { "none".to_owned() } else { text }
}

/// Compares the records of a treaty with its history.
///
/// # Errors
/// Exit code 65 when the treaty has no records; those of reading them.
pub fn compare(history: &History, records: &mut impl Records) -> Result<Comparison> {
    let mut comparison = Comparison::new(history);
    if !comparison.compared {
        return Ok(comparison);
    }
    let mut computed = Computed::read(&history.id, records)?;
    comparison.entry_into_force = computed.treaty.entry;
    comparison.trigger = computed.treaty.trigger;
    compare_treaty(&history.expected, &mut computed, &mut comparison)?;
    compare_parties(&history.expected, &mut computed, &mut comparison)?;
    Ok(comparison)
}

/// The records of a treaty, read as they are needed.
struct Computed<'a, R> {
    treaty: Treaty,
    clauses: Clauses,
    id: &'a TreatyId,
    records: &'a mut R,
}

impl<'a, R: Records> Computed<'a, R> {
    fn read(id: &'a TreatyId, records: &'a mut R) -> Result<Self> {
        let missing = || Failure::defective(format!("{id} is not on the ledger; report this"));
        let treaty = records.record(&treaty_path(id))?.ok_or_else(missing)?;
        let clauses = records.record(&clauses_path(id))?.ok_or_else(missing)?;
        Ok(Self { treaty, clauses, id, records })
    }

    /// The spells of a party that no void ended before they began.
    fn spells(&mut self, party: &str) -> Result<Vec<Spell>> {
        let path = party_path(self.id, &Participant::Name(party.to_owned()));
        let found: Option<Party> = self.records.record(&path)?;
        let mut spells = found.map(|party| party.spells).unwrap_or_default();
        spells.retain(|spell| spell.voided.is_none());
        Ok(spells)
    }

    /// The entry into force for a party, of its spell at a place from 0.
    fn entry(&mut self, party: &str, place: usize) -> Result<Option<Date>> {
        let spells = self.spells(party)?;
        let Some(spell) = spells.get(place) else { return Ok(None) };
        let entry = spell.entry(&self.clauses.clauses, self.treaty.dates());
        Ok(entry.map_err(Failure::defective)?.map(|entry| entry.date))
    }
}

fn compare_treaty(
    expected: &Expected,
    computed: &mut Computed<'_, impl Records>,
    comparison: &mut Comparison,
) -> Result<()> {
    let (entry, trigger) = (computed.treaty.entry, computed.treaty.trigger);
    let published = expected.trigger_deposit.as_ref();
    let mut differ = |of, party: Option<&String>, published: Option<Date>, computed| {
        if published != computed {
            comparison.differences.push(Difference {
                of,
                party: party.cloned(),
                expected: published.into_iter().collect(),
                computed: computed.into_iter().collect(),
            });
        }
    };
    differ("entry into force", None, expected.entry_into_force, entry);
    differ("trigger", None, published.map(|trigger| trigger.date), trigger);
    if let Some((party, date)) = published.and_then(|t| Some((t.party.as_ref()?, t.date))) {
        // It counts with its first consent that stands.
        let consents = computed.spells(party)?.into_iter().filter_map(|spell| spell.consent);
        let counted = consents.map(|consent| consent.on).next();
        differ("counted instrument", Some(party), Some(date), counted);
    }
    Ok(())
}

fn compare_parties(
    expected: &Expected,
    computed: &mut Computed<'_, impl Records>,
    comparison: &mut Comparison,
) -> Result<()> {
    let mut differ = |of, party: &String, expected: &[Date], computed: &[Date]| {
        if expected != computed {
            let (party, expected) = (Some(party.clone()), expected.to_vec());
            let computed = computed.to_vec();
            comparison.differences.push(Difference { of, party, expected, computed });
        }
    };
    let entries: [(&'static str, usize, &BTreeMap<String, Date>); 3] = [
        ("date for a party", 0, &expected.party_entry_into_force),
        ("first date for a party", 0, &expected.party_entry_into_force_first_time),
        ("second date for a party", 1, &expected.party_entry_into_force_second_time),
    ];
    for (of, place, published) in entries {
        for (party, date) in published {
            let entry = computed.entry(party, place)?;
            differ(of, party, &[*date], entry.as_slice());
            comparison.party_dates += 1;
        }
    }
    for (party, published) in &expected.party_withdrawal_effective {
        let notices = computed.spells(party)?.into_iter().filter_map(|spell| spell.notice);
        let effects: Vec<Date> = notices.filter_map(|notice| notice.effect).collect();
        differ("effect of a withdrawal", party, published.dates(), &effects);
        comparison.withdrawal_dates += published.dates().len();
    }
    Ok(())
}
