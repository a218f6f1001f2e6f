//! A bulk of dated facts through the law alone, in date order: how fast it is.
//!
//! The clauses of these treaties are not known, so their published dates are facts too.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{Duration, Instant as Clock};

use pacta_law::treaty::transcribe::{Fact, Transcribe};
use pacta_law::treaty::transcribe_treaty::TranscribeTreaty;
use pacta_law::treaty::{FactKind, FinalClauses, Participant, Party, party_path};
use pacta_law::{Data, Date, TreatyId};
use serde::{Deserialize, Serialize};

use super::compare::Records;
use super::desk::Desk;
use crate::failure::{Failure, Result};
use crate::files;

/// Whose facts these are.
const SOURCE: &str = "GGO dataset (Hollway and Tan, 2025), hand-coded by researchers";
/// Acts of one block.
const ACTS_PER_BLOCK: usize = 1_000;
/// What stands for "no end" in such data.
const NEVER: Date = Date::MAX;

/// One row: what one State did with one treaty.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    treaty_no: u32,
    state: String,
    signature: String,
    ratification: String,
    state_in_force: String,
    state_end: String,
}

/// What a bulk replay gave.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Bulk {
    /// Rows of the file.
    pub rows: usize,
    /// Treaties.
    pub treaties: usize,
    /// Dated facts that were transcribed.
    pub facts: usize,
    /// Facts of which only the year or month is known, or which are marked as uncertain: the first
    /// day of the period is taken.
    pub imprecise: usize,
    /// Dates that stand for "never", left out.
    pub left_out: usize,
    /// Acts: one for each treaty, and one for each day of a treaty.
    pub acts: usize,
    /// Time that the law took to decode and execute them, signatures aside, on one core.
    pub seconds: f64,
    /// Facts in a second of that time.
    pub facts_per_second: f64,
    /// The same time with reading the file and composing the acts.
    pub seconds_in_all: f64,
    /// Published days of entry into force, and how many of them the ledger gives again.
    pub in_force_dates: usize,
    /// See [`Bulk::in_force_dates`].
    pub in_force_dates_equal: usize,
}

/// Facts by date and treaty, and the days of entry into force that were published.
struct Facts {
    by_day: BTreeMap<(Date, u32), Vec<Fact>>,
    treaties: BTreeSet<u32>,
    published: Vec<(u32, Participant, Date)>,
    /// The latest day on which a participant acted.
    today: Date,
}

/// Replays a file of rows.
///
/// # Errors
/// Exit code 74 when it cannot be read; 65 when a row has another form, or the law refuses an act.
pub fn replay(file: &Path) -> Result<Bulk> {
    let start = Clock::now();
    let mut bulk = Bulk::default();
    let facts = read(file, &mut bulk)?;
    let mut desk = Desk::open(facts.today)?;
    let treaties = facts.treaties.iter().map(|treaty| entered(*treaty));
    let days = facts.by_day.iter().map(|((_, treaty), facts)| {
        let facts = facts.clone();
        Ok(Data::Transcribe(Transcribe { facts, treaty: slug(*treaty)? }))
    });
    let mut law = Duration::ZERO;
    for data in treaties.chain(days) {
        let act = desk.unsigned(data?)?;
        let began = Clock::now();
        desk.execute_unsigned(act.bytes())?;
        bulk.acts += 1;
        if bulk.acts.is_multiple_of(ACTS_PER_BLOCK) {
            desk.next_block(desk.now())?;
        }
        law += began.elapsed();
    }
    let began = Clock::now();
    desk.next_block(desk.now())?;
    law += began.elapsed();

    bulk.treaties = facts.treaties.len();
    bulk.seconds = law.as_secs_f64();
    bulk.facts_per_second = (bulk.facts as f64 / bulk.seconds).round();
    bulk.seconds_in_all = start.elapsed().as_secs_f64();
    compare(&facts, &mut desk, &mut bulk)?;
    Ok(bulk)
}

fn compare(facts: &Facts, desk: &mut Desk, bulk: &mut Bulk) -> Result<()> {
    for (treaty, state, date) in &facts.published {
        let party: Option<Party> = desk.record(&party_path(&slug(*treaty)?, state))?;
        let spells = party.map(|party| party.spells).unwrap_or_default();
        bulk.in_force_dates += 1;
        if spells.iter().any(|spell| spell.published_entry == Some(*date)) {
            bulk.in_force_dates_equal += 1;
        }
    }
    Ok(())
}

fn slug(treaty: u32) -> Result<TreatyId> {
    format!("ggo-{treaty}").parse().map_err(Failure::failed)
}

fn entered(treaty: u32) -> Result<Data> {
    Ok(Data::TranscribeTreaty(TranscribeTreaty {
        clauses: FinalClauses::as_published(),
        source: SOURCE.to_owned(),
        titles: [("en".to_owned(), format!("GGO treaty {treaty}"))].into(),
        treaty: slug(treaty)?,
    }))
}

fn read(file: &Path, bulk: &mut Bulk) -> Result<Facts> {
    let defective = |problem: &dyn std::fmt::Display| {
        Failure::defective(format!("{}: {problem}; correct the file", file.display()))
    };
    let bytes = files::read(file)?;
    let (by_day, treaties, published) = (BTreeMap::new(), BTreeSet::new(), Vec::new());
    let mut facts = Facts { by_day, treaties, published, today: Date::MIN };
    for row in csv::Reader::from_reader(bytes.as_slice()).deserialize() {
        let row: Row = row.map_err(|error| defective(&error))?;
        bulk.rows += 1;
        enter(&row, &mut facts, bulk).map_err(|problem| {
            let Row { treaty_no, state, .. } = &row;
            defective(&format!("treaty {treaty_no}, {state}: {problem}"))
        })?;
    }
    Ok(facts)
}

fn enter(row: &Row, facts: &mut Facts, bulk: &mut Bulk) -> std::result::Result<(), String> {
    let participant = Participant::Name(row.state.clone());
    facts.treaties.insert(row.treaty_no);
    for (kind, text) in [
        (FactKind::Signature, &row.signature),
        (FactKind::RatificationOrAccession, &row.ratification),
        (FactKind::PublishedEntryIntoForce, &row.state_in_force),
        (FactKind::PublishedEnd, &row.state_end),
    ] {
        if text.is_empty() {
            continue;
        }
        let (date, precise) = first_day(text)?;
        if date == NEVER {
            bulk.left_out += 1;
            continue;
        }
        bulk.facts += 1;
        bulk.imprecise += usize::from(!precise);
        match kind {
            FactKind::PublishedEntryIntoForce => {
                facts.published.push((row.treaty_no, participant.clone(), date));
            }
            FactKind::PublishedEnd => {}
            _ => facts.today = facts.today.max(date),
        }
        let (fact, participant) = (kind, participant.clone());
        let fact = Fact { fact, on: date, participant, succession: None };
        facts.by_day.entry((date, row.treaty_no)).or_default().push(fact);
    }
    Ok(())
}

/// The first day of the period that a date names, and whether it is one day and certain. A month or
/// day that is not known is left out or written `99`.
fn first_day(text: &str) -> std::result::Result<(Date, bool), String> {
    let mut certain = text.strip_suffix('?').unwrap_or(text);
    while let Some(known) = certain.strip_suffix("-99") {
        certain = known;
    }
    let whole = match certain.len() {
        4 => format!("{certain}-01-01"),
        7 => format!("{certain}-01"),
        _ => certain.to_owned(),
    };
    let date = whole.parse::<Date>().map_err(|refusal| format!("\"{text}\": {refusal}"))?;
    Ok((date, whole == text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_date_is_the_first_day_of_its_period_and_not_precise() {
        let date = |text: &str| text.parse::<Date>().expect("a date of the test");
        for (text, day, precise) in [
            ("1974", "1974-01-01", false),
            ("1974-05", "1974-05-01", false),
            ("1974-05-06", "1974-05-06", true),
            ("1974-05-06?", "1974-05-06", false),
            ("1974-05-99", "1974-05-01", false),
            ("1974-99-99", "1974-01-01", false),
        ] {
            assert_eq!(first_day(text), Ok((date(day), precise)), "{text}");
        }
        for wrong in ["", "74", "1974-13", "1974-02-30", "May 1974"] {
            assert!(first_day(wrong).is_err(), "{wrong}");
        }
    }
}
