//! What queries answer, ready to be written as JSON.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::Position;

/// A final block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Block {
    /// Its height.
    pub height: u64,
    /// The digest of its header.
    pub digest: String,
    /// Its instant, in milliseconds UTC.
    pub instant: u64,
    /// The epoch in which it was agreed.
    pub epoch: u64,
    /// The view in which it was agreed.
    pub view: u64,
    /// The key of the validator that proposed it.
    pub leader: String,
    /// The root of the ledger after it.
    pub ledger_root: String,
    /// The root of the journal after it.
    pub journal_root: String,
    /// The version of the law by which it was executed.
    pub law_version: u64,
    /// How many acts it holds.
    pub acts: u64,
    /// How many entries it added to the journal.
    pub entries: u64,
}

/// One entry of the journal: what became of an act, or what fell due.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Its place.
    pub position: Position,
    /// The instant of its block, in milliseconds UTC.
    pub instant: u64,
    /// `executed`, `refused` or `due`.
    pub result: String,
    /// The id of the act; none for what fell due, and for bytes that are no act.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub act: Option<String>,
    /// The kind of the act.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The actor that did the act, by id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// The name of that actor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor_name: Option<String>,
    /// The key that signed, by id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The sequence number of the act under that key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sequence: Option<u64>,
    /// The treaty that the act names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub treaty: Option<String>,
    /// The sentence that was signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub says: Option<String>,
    /// The code of the refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<u16>,
    /// The name of the refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refusal: Option<String>,
    /// The sentence of the refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sentence: Option<String>,
    /// What it brought about.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Value>,
    /// The names of the actors in the events, by id.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub names: BTreeMap<String, String>,
}
