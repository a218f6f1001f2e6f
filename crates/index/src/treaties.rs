//! Which treaties there are, and who takes part in each. Where a treaty stands is read from the
//! ledger itself; the index only knows what to ask for.

use pacta_law::TreatyId;
use pacta_law::treaty::{Participant, Titles};
use rusqlite::{OptionalExtension, Row, Transaction, params};
use serde::Serialize;

use crate::read::ROWS_MAX;
use crate::{Error, Position, Reader};

/// A treaty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TreatyRow {
    /// The short name.
    pub treaty: String,
    /// The title in English, else in the first language.
    pub title: String,
    /// The titles by language.
    pub titles: Titles,
    /// Whether it was entered from an earlier depositary.
    pub transcribed: bool,
    /// Whose record was transcribed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The entry of the journal by which it came.
    pub position: Position,
}

/// An actor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ActorRow {
    /// Its id.
    pub id: String,
    /// Its legal name.
    pub name: String,
    /// What it is.
    pub kind: String,
    /// Who vouches for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
}

/// Enters a treaty.
pub(crate) fn insert(
    change: &Transaction<'_>,
    (height, index): (u64, u32),
    treaty: &TreatyId,
    titles: &Titles,
    source: Option<&str>,
) -> Result<(), Error> {
    let title = titles.get("en").or_else(|| titles.values().next());
    change
        .prepare_cached("INSERT OR REPLACE INTO treaties VALUES (?1,?2,?3,?4,?5,?6,?7)")?
        .execute(params![
            treaty.as_str(),
            title.map_or("", String::as_str),
            serde_json::to_string(titles)?,
            source.is_some(),
            source,
            height,
            index,
        ])?;
    Ok(())
}

/// Notes that someone takes part in a treaty; repeating it changes nothing.
pub(crate) fn appears(
    change: &Transaction<'_>,
    treaty: &TreatyId,
    participant: &Participant,
) -> Result<(), Error> {
    let sql = "INSERT OR IGNORE INTO participants VALUES \
               (?1, (SELECT COUNT(*) FROM participants WHERE treaty = ?1), ?2)";
    let participant = serde_json::to_string(participant)?;
    change.prepare_cached(sql)?.execute(params![treaty.as_str(), participant])?;
    Ok(())
}

impl Reader {
    /// Treaties in the order of their short names, after one.
    ///
    /// # Errors
    /// As every query.
    pub fn treaties(&self, after: &str, limit: u32) -> Result<Vec<TreatyRow>, Error> {
        let limit = limit.min(ROWS_MAX);
        self.at_once(|connection| {
            let sql = "SELECT * FROM treaties WHERE treaty > ?1 ORDER BY treaty LIMIT ?2";
            let mut query = connection.prepare_cached(sql)?;
            let rows = query.query_map(params![after, limit], row)?;
            rows.map(|row| treaty(row?)).collect()
        })
    }

    /// A treaty by its short name.
    ///
    /// # Errors
    /// As every query.
    pub fn treaty(&self, id: &str) -> Result<Option<TreatyRow>, Error> {
        self.at_once(|connection| {
            let sql = "SELECT * FROM treaties WHERE treaty = ?1";
            let found = connection.prepare_cached(sql)?.query_row([id], row).optional()?;
            found.map(treaty).transpose()
        })
    }

    /// Everyone who drew a treaty up or did something under it, in order of appearance.
    ///
    /// # Errors
    /// As every query.
    pub fn participants(&self, id: &str) -> Result<Vec<Participant>, Error> {
        self.at_once(|connection| {
            let sql = "SELECT participant FROM participants WHERE treaty = ?1 \
                       ORDER BY place LIMIT ?2";
            let mut query = connection.prepare_cached(sql)?;
            let rows = query.query_map(params![id, ROWS_MAX], |row| row.get::<_, String>(0))?;
            rows.map(|text| Ok(serde_json::from_str(&text?)?)).collect()
        })
    }

    /// The journal's entries on a treaty, newest first.
    ///
    /// # Errors
    /// As every query.
    pub fn entries_on(&self, treaty: &str, limit: u32) -> Result<Vec<crate::Entry>, Error> {
        self.at_once(|connection| {
            let sql = "WHERE journal.treaty = ?1 ORDER BY journal.height DESC, idx DESC LIMIT ?2";
            crate::read::entries(connection, sql, params![treaty, limit.min(ROWS_MAX)])
        })
    }

    /// Actors in the order of their names, after one.
    ///
    /// # Errors
    /// As every query.
    pub fn actors(&self, after: &str, limit: u32) -> Result<Vec<ActorRow>, Error> {
        self.at_once(|connection| {
            let sql = "SELECT * FROM actors WHERE name > ?1 ORDER BY name LIMIT ?2";
            let mut query = connection.prepare_cached(sql)?;
            let rows = query.query_map(params![after, limit.min(ROWS_MAX)], |row| {
                Ok(ActorRow {
                    id: row.get("id")?,
                    name: row.get("name")?,
                    kind: row.get("kind")?,
                    parent: row.get("parent")?,
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}

fn row(row: &Row<'_>) -> rusqlite::Result<(TreatyRow, String)> {
    let found = TreatyRow {
        treaty: row.get("treaty")?,
        title: row.get("title")?,
        titles: Titles::new(),
        transcribed: row.get("transcribed")?,
        source: row.get("source")?,
        position: Position { height: row.get("height")?, index: row.get("idx")? },
    };
    Ok((found, row.get("titles")?))
}

fn treaty((found, titles): (TreatyRow, String)) -> Result<TreatyRow, Error> {
    Ok(TreatyRow { titles: serde_json::from_str(&titles)?, ..found })
}
