//! Queries. Each reads one consistent moment of the index, has a limit, and waits for no writer.

use std::collections::BTreeMap;
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde_json::Value;

use crate::pool::Pool;
use crate::tip::Tip;
use crate::{Block, Entry, Error, Position};

/// Most rows in one answer.
pub const ROWS_MAX: u32 = 1_000;

/// Reads the index. Cheap to clone; safe from any thread.
#[derive(Clone, Debug)]
pub struct Reader {
    pool: Arc<Pool>,
    tip: Tip,
}

impl Reader {
    pub(crate) fn new(pool: Pool, tip: Tip) -> Self {
        Self { pool: Arc::new(pool), tip }
    }

    /// Reads with one connection, at one moment.
    pub(crate) fn at_once<T>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.pool.with(|connection| {
            let moment = connection.unchecked_transaction()?;
            read(&moment)
        })
    }

    /// The last block applied.
    ///
    /// # Errors
    /// [`Error`] when the database fails; so for every query.
    pub fn tip(&self) -> Result<Option<Block>, Error> {
        if let Some(tip) = self.tip.get() {
            return Ok(Some(tip));
        }
        self.at_once(|connection| {
            let sql = "SELECT * FROM blocks ORDER BY height DESC LIMIT 1";
            Ok(connection.prepare_cached(sql)?.query_row([], block).optional()?)
        })
    }

    /// The place of the last entry.
    ///
    /// # Errors
    /// As every query.
    pub fn last(&self) -> Result<Option<Position>, Error> {
        self.at_once(|connection| {
            let sql = "SELECT height, idx FROM journal ORDER BY height DESC, idx DESC LIMIT 1";
            let place = |row: &Row<'_>| Ok(Position { height: row.get(0)?, index: row.get(1)? });
            Ok(connection.prepare_cached(sql)?.query_row([], place).optional()?)
        })
    }

    /// What became of an act, by its id. An act that was refused and executed later, or refused
    /// again after it was executed, is answered with its execution; else with its first refusal.
    ///
    /// # Errors
    /// As every query.
    pub fn act(&self, id: &str) -> Result<Option<Entry>, Error> {
        self.at_once(|connection| {
            let sql = "WHERE act = ?1 ORDER BY result = 'executed' DESC, height, idx LIMIT 1";
            Ok(entries(connection, sql, params![id])?.pop())
        })
    }

    /// The entries after a place, oldest first; from the first of all without a place.
    ///
    /// # Errors
    /// As every query.
    pub fn entries_after(&self, after: Option<Position>, limit: u32) -> Result<Vec<Entry>, Error> {
        let (height, index) = after.map_or((-1, -1), signed);
        let limit = limit.min(ROWS_MAX);
        self.at_once(|connection| {
            let sql =
                "WHERE (journal.height, idx) > (?1, ?2) ORDER BY journal.height, idx LIMIT ?3";
            entries(connection, sql, params![height, index, limit])
        })
    }

    /// The entries of acts after a place, oldest first; from the first of all without a place. What
    /// fell due, and bytes that are no act, are left out.
    ///
    /// # Errors
    /// As every query.
    pub fn acts_after(&self, after: Option<Position>, limit: u32) -> Result<Vec<Entry>, Error> {
        let (height, index) = after.map_or((-1, -1), signed);
        let limit = limit.min(ROWS_MAX);
        self.at_once(|connection| {
            let sql = "WHERE (journal.height, idx) > (?1, ?2) AND act IS NOT NULL \
                       ORDER BY journal.height, idx LIMIT ?3";
            entries(connection, sql, params![height, index, limit])
        })
    }

    /// The entries before a place, newest first; from the last of all without a place.
    ///
    /// # Errors
    /// As every query.
    pub fn entries_before(
        &self,
        before: Option<Position>,
        limit: u32,
    ) -> Result<Vec<Entry>, Error> {
        let (height, index) = before.map_or((i64::MAX, i64::MAX), signed);
        let limit = limit.min(ROWS_MAX);
        self.at_once(|connection| {
            let sql = "WHERE (journal.height, idx) < (?1, ?2) \
                       ORDER BY journal.height DESC, idx DESC LIMIT ?3";
            entries(connection, sql, params![height, index, limit])
        })
    }

    /// The names of actors, by id.
    ///
    /// # Errors
    /// As every query.
    pub fn names(&self, actors: &[String]) -> Result<BTreeMap<String, String>, Error> {
        self.at_once(|connection| names_of(connection, actors))
    }
}

fn names_of(connection: &Connection, actors: &[String]) -> Result<BTreeMap<String, String>, Error> {
    let mut names = BTreeMap::new();
    let mut query = connection.prepare_cached("SELECT name FROM actors WHERE id = ?1")?;
    for actor in actors.iter().take(ROWS_MAX as usize) {
        if let Some(name) = query.query_row([actor], |row| row.get(0)).optional()? {
            names.insert(actor.clone(), name);
        }
    }
    Ok(names)
}

/// The texts in an event that have the form of an actor's id.
fn actors_in(value: &Value, ids: &mut Vec<String>) {
    match value {
        Value::String(text) if is_actor_id(text) && !ids.contains(text) => ids.push(text.clone()),
        Value::Array(values) => values.iter().for_each(|value| actors_in(value, ids)),
        Value::Object(members) => members.values().for_each(|value| actors_in(value, ids)),
        _ => {}
    }
}

fn is_actor_id(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// A place as the database compares it.
fn signed(position: Position) -> (i64, i64) {
    let signed = |number| i64::try_from(number).unwrap_or(i64::MAX);
    (signed(position.height), signed(position.index))
}

fn block(row: &Row<'_>) -> rusqlite::Result<Block> {
    Ok(Block {
        height: row.get("height")?,
        digest: row.get("digest")?,
        instant: row.get("instant")?,
        epoch: row.get("epoch")?,
        view: row.get("view")?,
        leader: row.get("leader")?,
        ledger_root: row.get("ledger_root")?,
        journal_root: row.get("journal_root")?,
        law_version: row.get("law_version")?,
        acts: row.get("acts")?,
        entries: row.get("entries")?,
    })
}

/// Entries with their events; `rest` selects and orders them.
pub(crate) fn entries(
    connection: &Connection,
    rest: &str,
    values: &[&dyn rusqlite::ToSql],
) -> Result<Vec<Entry>, Error> {
    let sql = format!(
        "SELECT journal.*, blocks.instant, actors.name AS actor_name FROM journal \
         JOIN blocks ON blocks.height = journal.height \
         LEFT JOIN actors ON actors.id = journal.actor {rest}"
    );
    let mut query = connection.prepare_cached(&sql)?;
    let rows = query.query_map(values, entry)?;
    let mut entries = rows.collect::<Result<Vec<Entry>, _>>()?;
    let mut events = connection.prepare_cached(
        "SELECT body FROM events WHERE height = ?1 AND idx = ?2 ORDER BY position",
    )?;
    for entry in &mut entries {
        let place = params![entry.position.height, entry.position.index];
        for body in events.query_map(place, |row| row.get::<_, String>(0))? {
            entry.events.push(serde_json::from_str(&body?)?);
        }
        let mut ids = Vec::new();
        entry.events.iter().for_each(|event| actors_in(event, &mut ids));
        entry.names = names_of(connection, &ids)?;
    }
    Ok(entries)
}

fn entry(row: &Row<'_>) -> rusqlite::Result<Entry> {
    Ok(Entry {
        position: Position { height: row.get("height")?, index: row.get("idx")? },
        instant: row.get("instant")?,
        result: row.get("result")?,
        act: row.get("act")?,
        kind: row.get("kind")?,
        actor: row.get("actor")?,
        actor_name: row.get("actor_name")?,
        key: row.get("key")?,
        sequence: row.get("sequence")?,
        treaty: row.get("treaty")?,
        says: row.get("says")?,
        code: row.get("code")?,
        refusal: row.get("refusal")?,
        sentence: row.get("sentence")?,
        events: Vec::new(),
        names: BTreeMap::new(),
    })
}
