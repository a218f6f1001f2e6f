//! Where treaties stand, as the API and the pages tell it: from the records of one final ledger.
//! The index knows only which records to ask for.

use std::collections::BTreeMap;

use pacta_index::TreatyRow;
use pacta_law::treaty::{
    Clauses, Counts, Explanation, Negotiating, Participant, Party, Progress, Signed, Spell, Stage,
    Tally, Texts, Titles, Treaty, TreatyDates, TreatyStatus, clauses_path, dates, negotiating_path,
    party_path, status, tally_path, texts_path, treaty_path,
};
use pacta_law::{Date, Digest, Instant, TreatyId};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::node::Records;
use crate::problem::Problem;
use crate::state::AppState;

/// A treaty in a list.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// The short name.
    pub id: TreatyId,
    /// The title in English, else in the first language.
    pub title: String,
    /// The titles by language.
    pub titles: Titles,
    /// The stage of its life on the day of the ledger.
    pub status: TreatyStatus,
    /// The day from which it is in force; it may lie ahead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry_into_force: Option<Date>,
    /// What is still missing for entry into force, as a clause of a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing: Option<String>,
    /// How many did what.
    pub counts: Counts,
    /// Whose record was transcribed, for a treaty of an earlier depositary.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

/// Treaties of one final ledger.
#[derive(Clone, Debug, Serialize)]
pub struct List {
    /// The height of the ledger.
    pub height: u64,
    /// The instant of its block.
    pub instant: Instant,
    /// In the order of their short names.
    pub treaties: Vec<Summary>,
    /// The short name after which the list goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A treaty with its status table.
#[derive(Clone, Debug, Serialize)]
pub struct Whole {
    /// The treaty as in a list.
    #[serde(flatten)]
    pub summary: Summary,
    /// The height of the ledger.
    pub height: u64,
    /// The instant of its block; "today" is its day (UTC).
    pub instant: Instant,
    /// How far its text has come.
    pub stage: Stage,
    /// The digest of the draft that is adopted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub draft: Option<Digest>,
    /// The day on which the conditions for entry into force were met.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trigger: Option<Date>,
    /// How the day of entry into force came about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explanation: Option<String>,
    /// How far each condition for entry into force is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,
    /// The final clauses.
    pub clauses: Clauses,
    /// The authentic texts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub texts: Option<Texts>,
    /// The status table, in the order of names.
    pub participants: Vec<Row>,
    /// Whether the table holds everyone in the treaty's register. It does not while the index of
    /// this node is behind its ledger.
    pub complete: bool,
}

/// A row of the status table.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// Who.
    pub participant: Participant,
    /// The name.
    pub name: String,
    /// Whether it is an organization.
    pub organization: bool,
    /// Where it stands on the day of the ledger.
    pub position: Position,
    /// What it did in drawing up the text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub negotiating: Option<Negotiating>,
    /// Its signature.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature: Option<Signed>,
    /// Its consents to be bound with their ends, in order of time.
    pub spells: Vec<SpellRow>,
}

/// Where a participant stands (VCLT art. 2(1)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Position {
    /// Took part in drawing up the text.
    Negotiating,
    /// Signed, and has not consented to be bound.
    Signatory,
    /// Consented to be bound; the treaty is not in force for it yet.
    Contracting,
    /// Bound.
    Party,
    /// Bound, with a notice of withdrawal running.
    Withdrawing,
    /// Not bound any more.
    Former,
    /// Withdrew its consent before it took effect.
    ConsentWithdrawn,
}

/// A consent, what it led to, and how it ended.
#[derive(Clone, Debug, Serialize)]
pub struct SpellRow {
    /// What is recorded.
    #[serde(flatten)]
    pub spell: Spell,
    /// The mark of the consent, by depositary convention.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub mark: &'static str,
    /// The entry into force for the participant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry_into_force: Option<Date>,
    /// How that date came about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explanation: Option<String>,
    /// The day from which it is not bound any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end: Option<Date>,
}

/// Treaties after a short name, at most so many.
///
/// # Errors
/// A [`Problem`] when the node or its index cannot answer.
pub async fn list(state: &AppState, after: String, limit: u32) -> Result<List, Problem> {
    let rows = state.read(move |reader| reader.treaties(&after, limit.saturating_add(1))).await?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let next = (rows.len() > limit).then(|| rows[limit - 1].treaty.clone());
    let rows = &rows[..rows.len().min(limit)];
    let ids = rows.iter().map(id_of).collect::<Result<Vec<_>, _>>()?;
    let paths = ids.iter().flat_map(|id| [treaty_path(id), clauses_path(id), tally_path(id)]);
    let loaded = state.node.load(paths.collect()).await?;
    let mut treaties = Vec::with_capacity(rows.len());
    for ((row, id), records) in rows.iter().zip(ids).zip(loaded.records.chunks(3)) {
        let Some(treaty) = read::<Treaty>(records, 0)? else { continue };
        let clauses = read(records, 1)?.ok_or_else(Problem::internal)?;
        let tally = read(records, 2)?;
        let today = loaded.instant.date();
        let standing = standing(&treaty, &clauses, tally.as_ref(), today)?;
        treaties.push(summary(id, row, &treaty, standing));
    }
    let names = names(state, treaties.iter().filter_map(|one| one.missing.as_deref())).await?;
    for treaty in &mut treaties {
        treaty.missing = treaty.missing.take().map(|missing| with_names(&missing, &names));
    }
    Ok(List { height: loaded.height, instant: loaded.instant, treaties, next })
}

/// A treaty with its status table; none when there is no such treaty.
///
/// # Errors
/// A [`Problem`] when the node or its index cannot answer.
pub async fn whole(state: &AppState, slug: &str) -> Result<Option<Whole>, Problem> {
    let asked = slug.to_owned();
    let known = state.read(move |reader| {
        let Some(row) = reader.treaty(&asked)? else { return Ok(None) };
        Ok(Some((row, reader.participants(&asked)?)))
    });
    let Some((row, participants)) = known.await? else { return Ok(None) };
    let id = id_of(&row)?;
    let loaded = state.node.load(paths(&id, &participants)).await?;
    let Some(treaty) = read::<Treaty>(&loaded.records, 0)? else { return Ok(None) };
    let clauses: Clauses = read(&loaded.records, 1)?.ok_or_else(Problem::internal)?;
    let tally: Option<Tally> = read(&loaded.records, 2)?;
    let today = loaded.instant.date();
    let standing = standing(&treaty, &clauses, tally.as_ref(), today)?;
    let mentioned: Vec<String> = participants.iter().map(ToString::to_string).collect();
    let mentioned = mentioned.iter().map(String::as_str).chain(standing.missing.as_deref());
    let names = names(state, mentioned).await?;
    let table = Table { clauses: &clauses, dates: treaty.dates(), today, names: &names };
    let rows = table.rows(&participants, &loaded)?;
    let met = treaty.trigger.map(|trigger| dates::entry_into_force(&clauses.clauses, trigger));
    let met = met.transpose().map_err(|refusal| unreadable(&refusal))?.flatten();
    let registered = rows.iter().filter(|found| found.has_party_record).count();
    let progress = standing.progress.clone();
    let mut summary = summary(id, &row, &treaty, standing);
    summary.missing = summary.missing.map(|missing| with_names(&missing, &names));
    Ok(Some(Whole {
        summary,
        height: loaded.height,
        instant: loaded.instant,
        stage: treaty.stage,
        draft: treaty.draft,
        trigger: treaty.trigger,
        explanation: met.as_ref().map(Explanation::to_string),
        progress,
        texts: read(&loaded.records, 3)?,
        complete: u64::try_from(registered).ok() == Some(u64::from(treaty.register.count)),
        participants: sorted(rows),
        clauses,
    }))
}

/// Records asked for before those of the participants.
const OF_TREATY: usize = 4;

fn paths(id: &TreatyId, participants: &[Participant]) -> Vec<String> {
    let mut paths = vec![treaty_path(id), clauses_path(id), tally_path(id), texts_path(id)];
    for participant in participants {
        paths.push(party_path(id, participant));
        paths.push(match participant {
            Participant::Actor(actor) => negotiating_path(id, *actor),
            // A name of a history drew nothing up here; its own record is asked for twice.
            Participant::Name(_) => party_path(id, participant),
        });
    }
    paths
}

/// What each row is computed from.
struct Table<'a> {
    clauses: &'a Clauses,
    dates: TreatyDates,
    today: Date,
    names: &'a BTreeMap<String, String>,
}

struct Found {
    row: Row,
    has_party_record: bool,
}

impl Table<'_> {
    fn rows(&self, participants: &[Participant], loaded: &Records) -> Result<Vec<Found>, Problem> {
        let records = loaded.records.get(OF_TREATY..).unwrap_or_default();
        let pairs = participants.iter().zip(records.chunks(2));
        pairs.map(|(participant, records)| self.row(participant, records)).collect()
    }

    fn row(
        &self,
        participant: &Participant,
        records: &[Option<std::sync::Arc<[u8]>>],
    ) -> Result<Found, Problem> {
        let party: Option<Party> = read(records, 0)?;
        let negotiating = match participant {
            Participant::Actor(_) => read::<Negotiating>(records, 1)?,
            Participant::Name(_) => None,
        };
        let has_party_record = party.is_some();
        let party = party.unwrap_or_else(|| Party::new(participant.clone(), false));
        let spells = party.spells.iter().map(|spell| self.spell(spell));
        let spells = spells.collect::<Result<Vec<_>, _>>()?;
        let name = participant.to_string();
        let row = Row {
            name: self.names.get(&name).cloned().unwrap_or(name),
            participant: participant.clone(),
            organization: party.organization,
            position: self.position(&party, &spells),
            negotiating,
            signature: party.signature,
            spells,
        };
        Ok(Found { row, has_party_record })
    }

    fn spell(&self, spell: &Spell) -> Result<SpellRow, Problem> {
        let entry = spell.entry(&self.clauses.clauses, self.dates);
        let entry = entry.map_err(|refusal| unreadable(&refusal))?;
        Ok(SpellRow {
            mark: spell.consent.map_or("", |consent| consent.kind.mark()),
            entry_into_force: entry.as_ref().map(|entry| entry.date),
            explanation: entry.as_ref().map(Explanation::to_string),
            end: spell.end(),
            spell: spell.clone(),
        })
    }

    fn position(&self, party: &Party, spells: &[SpellRow]) -> Position {
        let before = match party.signature {
            Some(_) => Position::Signatory,
            None => Position::Negotiating,
        };
        let Some(last) = spells.last() else { return before };
        let bound = last.entry_into_force.is_some_and(|entry| entry <= self.today);
        match (last.spell.voided, last.end) {
            (Some(_), _) => Position::ConsentWithdrawn,
            (None, Some(end)) if end <= self.today => Position::Former,
            (None, Some(_)) if bound => Position::Withdrawing,
            _ if bound && last.spell.notice.is_some() => Position::Withdrawing,
            _ if bound => Position::Party,
            _ => Position::Contracting,
        }
    }
}

fn sorted(rows: Vec<Found>) -> Vec<Row> {
    let mut rows: Vec<Row> = rows.into_iter().map(|found| found.row).collect();
    rows.sort_by(|a, b| a.name.cmp(&b.name));
    rows
}

fn summary(id: TreatyId, row: &TreatyRow, treaty: &Treaty, standing: status::Standing) -> Summary {
    Summary {
        id,
        title: treaty.title("en").to_owned(),
        titles: treaty.titles.clone(),
        status: standing.status,
        entry_into_force: standing.entry,
        missing: standing.missing,
        counts: treaty.counts,
        source: row.source.clone(),
    }
}

fn standing(
    treaty: &Treaty,
    clauses: &Clauses,
    tally: Option<&Tally>,
    today: Date,
) -> Result<status::Standing, Problem> {
    status::standing(treaty, clauses, tally, today).map_err(|refusal| unreadable(&refusal))
}

/// The names of the actors whose ids stand in texts.
async fn names<'a>(
    state: &AppState,
    texts: impl Iterator<Item = &'a str>,
) -> Result<BTreeMap<String, String>, Problem> {
    let words = texts.flat_map(|text| text.split(|letter: char| !letter.is_ascii_hexdigit()));
    let mut ids: Vec<String> = words.filter(|word| word.len() == 32).map(Into::into).collect();
    ids.sort();
    ids.dedup();
    state.read(move |reader| reader.names(&ids)).await
}

/// A sentence with the names of actors in place of their ids.
#[must_use]
pub fn with_names(sentence: &str, names: &BTreeMap<String, String>) -> String {
    let named = |text: String, (id, name): (&String, &String)| text.replace(id, name);
    names.iter().fold(sentence.to_owned(), named)
}

fn id_of(row: &TreatyRow) -> Result<TreatyId, Problem> {
    row.treaty.parse().map_err(|_| Problem::internal())
}

fn read<T: DeserializeOwned>(
    records: &[Option<std::sync::Arc<[u8]>>],
    place: usize,
) -> Result<Option<T>, Problem> {
    let Some(Some(record)) = records.get(place) else { return Ok(None) };
    let record = serde_json::from_slice(record);
    record.map(Some).map_err(|error| unreadable(&error))
}

fn unreadable(error: &dyn std::fmt::Display) -> Problem {
    tracing::error!(%error, "a record of this node cannot be read");
    Problem::internal()
}
