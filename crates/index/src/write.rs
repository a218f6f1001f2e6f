//! The one that writes: opening or rebuilding the database, and applying final blocks in order.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use pacta_chain::FinalBlock;
use pacta_law::Genesis;
use rusqlite::{Connection, ErrorCode, OptionalExtension, Transaction};
use sha2::{Digest, Sha256};

use crate::pool::Pool;
use crate::tip::Tip;
use crate::{Error, Reader, project};

const SCHEMA: &str = include_str!("schema.sql");
/// Raised whenever the same blocks give other rows, so that old databases are rebuilt.
const FILLING: u32 = 1;
/// Most blocks without entries that wait to be written.
pub const EMPTY_BLOCKS_MAX: usize = 64;

/// The index, for writing. There is one per database.
#[derive(Debug)]
pub struct Index {
    connection: Connection,
    path: PathBuf,
    height: u64,
    /// Blocks without entries that are not written yet.
    waiting: Vec<FinalBlock>,
    tip: Tip,
}

impl Index {
    /// Opens the index of a network, at the genesis if it is new. A database of another network, of
    /// another form, or damaged, is replaced by an empty one: everything in it follows from blocks.
    ///
    /// # Errors
    /// [`Error::Replace`] when the old files cannot be removed, [`Error::Database`] when the
    /// database cannot be written.
    pub fn open(path: &Path, genesis: &Genesis) -> Result<Self, Error> {
        let form = form();
        let network = genesis.network().to_string();
        if path.exists() {
            match Self::open_existing(path, &network, &form) {
                Ok(Some(index)) => return Ok(index),
                Ok(None) => remove(path)?,
                Err(Error::Database(error)) if is_damage(&error) => remove(path)?,
                Err(error) => return Err(error),
            }
        }
        let mut connection = connect(path)?;
        let change = connection.transaction()?;
        change.execute_batch(SCHEMA)?;
        set(&change, "network", &network)?;
        set(&change, "form", &form)?;
        project::genesis(&change, genesis)?;
        change.commit()?;
        Ok(Self::at(connection, path, 0))
    }

    /// None when the database is of another network or form.
    fn open_existing(path: &Path, network: &str, form: &str) -> Result<Option<Self>, Error> {
        let connection = connect(path)?;
        let known = connection.table_exists(None, "meta")?
            && get(&connection, "network")?.as_deref() == Some(network)
            && get(&connection, "form")?.as_deref() == Some(form);
        if !known {
            return Ok(None);
        }
        let sql = "SELECT COALESCE(MAX(height), 0) FROM blocks";
        let height = connection.query_row(sql, [], |row| row.get(0))?;
        Ok(Some(Self::at(connection, path, height)))
    }

    fn at(connection: Connection, path: &Path, height: u64) -> Self {
        Self { connection, path: path.into(), height, waiting: Vec::new(), tip: Tip::default() }
    }

    /// The height of the last block applied; 0 is the genesis.
    pub fn height(&self) -> u64 {
        self.height
    }

    /// A reader of this index.
    pub fn reader(&self) -> Reader {
        Reader::new(Pool::new(self.path.clone()), self.tip.clone())
    }

    /// Applies a final block, in one transaction. To apply again a block that was applied changes
    /// nothing. Blocks without entries are written together with the next one that has some, or
    /// when [`EMPTY_BLOCKS_MAX`] wait, so that a quiet network writes little; readers know of them
    /// at once.
    ///
    /// # Errors
    /// [`Error::Gap`] for a block that does not follow, [`Error::Conflict`] for another block at a
    /// height that was applied, [`Error::Malformed`] for one that contradicts itself.
    pub fn apply(&mut self, block: &FinalBlock) -> Result<(), Error> {
        let height = block.header.height;
        if height <= self.height {
            return self.applied(block);
        }
        if height != self.height + 1 {
            return Err(Error::Gap { last: self.height, got: height });
        }
        if block.outcomes.is_empty()
            && block.acts.is_empty()
            && self.waiting.len() < EMPTY_BLOCKS_MAX
        {
            self.waiting.push(block.clone());
        } else {
            let change = self.connection.transaction()?;
            for block in self.waiting.iter().chain([block]) {
                project::block(&change, block)?;
            }
            change.commit()?;
            self.waiting.clear();
        }
        self.height = height;
        self.tip.set(project::header(block));
        Ok(())
    }

    fn applied(&self, block: &FinalBlock) -> Result<(), Error> {
        let height = block.header.height;
        let digest = block.header.digest();
        let waiting = self.waiting.iter().find(|waiting| waiting.header.height == height);
        let known = match waiting {
            Some(waiting) => Some(waiting.header.digest().to_string()),
            None => {
                let sql = "SELECT digest FROM blocks WHERE height = ?1";
                self.connection.query_row(sql, [height], |row| row.get(0)).optional()?
            }
        };
        if known != Some(digest.to_string()) {
            return Err(Error::Conflict { height });
        }
        Ok(())
    }
}

/// Whether the file is no database, or a damaged one; a full disk or a lock is neither.
fn is_damage(error: &rusqlite::Error) -> bool {
    let damage = [ErrorCode::NotADatabase, ErrorCode::DatabaseCorrupt];
    error.sqlite_error_code().is_some_and(|code| damage.contains(&code))
}

/// What tells this form of the database from others: the digest of its schema and [`FILLING`].
fn form() -> String {
    let form = Sha256::new().chain_update(SCHEMA).chain_update(FILLING.to_be_bytes());
    form.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn connect(path: &Path) -> Result<Connection, Error> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.set_prepared_statement_cache_capacity(64);
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // A power failure may lose the last blocks, never the order; they are applied again.
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "journal_size_limit", 16 * 1_024 * 1_024)?;
    Ok(connection)
}

fn set(change: &Transaction<'_>, name: &str, value: &str) -> Result<(), Error> {
    change.execute("INSERT INTO meta (name, value) VALUES (?1, ?2)", [name, value])?;
    Ok(())
}

fn get(connection: &Connection, name: &str) -> Result<Option<String>, Error> {
    let sql = "SELECT value FROM meta WHERE name = ?1";
    Ok(connection.query_row(sql, [name], |row| row.get(0)).optional()?)
}

/// Removes a database with the files that SQLite keeps beside it.
fn remove(path: &Path) -> Result<(), Error> {
    for suffix in ["", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        let file = PathBuf::from(name);
        match fs::remove_file(&file) {
            Ok(()) => {}
            Err(cause) if cause.kind() == ErrorKind::NotFound => {}
            Err(cause) => return Err(Error::Replace { path: file, cause }),
        }
    }
    Ok(())
}
