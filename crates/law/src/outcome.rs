//! What became of an act, or of a due item, in a block: the leaf of the journal.

use alloc::borrow::ToOwned;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::date::Instant;
use crate::due::DueItem;
use crate::event::Event;
use crate::ids::{ActId, Digest};
use crate::json;
use crate::ledger::Ledger;
use crate::refusal::Refusal;

/// Whether an act was executed or refused, or an item fell due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The act was executed.
    Executed,
    /// The act was refused and changed nothing but a sequence number.
    Refused,
    /// A due item was done.
    Due,
}

/// What became of an act or due item. Its digest is the leaf of the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    /// The act; none for a due item, or for bytes that are no act.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub act: Option<ActId>,
    /// Code of the refusal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<u16>,
    /// The due item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<DueItem>,
    /// What it brought about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Event>,
    /// Height of the block.
    pub height: u64,
    /// Position in the block, from 0: due items first, then acts.
    pub index: u32,
    /// Instant of the block.
    pub instant: Instant,
    /// Name of the refusal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<String>,
    /// What became of it.
    pub result: Verdict,
    /// Sentence of the refusal. None where the wording is that of a library.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sentence: Option<String>,
    /// Version of this form.
    pub v: u8,
}

impl Outcome {
    fn new(ledger: &mut Ledger, result: Verdict) -> Self {
        Self {
            act: None,
            code: None,
            due: None,
            events: Vec::new(),
            height: ledger.height(),
            index: ledger.next_index(),
            instant: ledger.now(),
            refusal: None,
            result,
            sentence: None,
            v: 1,
        }
    }

    /// An act that was executed.
    pub(crate) fn executed(ledger: &mut Ledger, act: ActId, events: Vec<Event>) -> Self {
        Self { act: Some(act), events, ..Self::new(ledger, Verdict::Executed) }
    }

    /// An act that was refused.
    pub(crate) fn refused(ledger: &mut Ledger, act: Option<ActId>, refusal: &Refusal) -> Self {
        Self { act, ..Self::new(ledger, Verdict::Refused) }.with(refusal)
    }

    /// An item that fell due, and why it had no effect if it had none.
    pub(crate) fn due(
        ledger: &mut Ledger,
        due: DueItem,
        result: Result<Vec<Event>, Refusal>,
    ) -> Self {
        let outcome = Self { due: Some(due), ..Self::new(ledger, Verdict::Due) };
        match result {
            Ok(events) => Self { events, ..outcome },
            Err(refusal) => outcome.with(&refusal),
        }
    }

    fn with(self, refusal: &Refusal) -> Self {
        let sentence = match refusal {
            Refusal::BadMember { .. } => None, // the decoder's words may change with its version
            _ => Some(refusal.to_string()),
        };
        Self {
            code: Some(refusal.code()),
            refusal: Some(refusal.name().to_owned()),
            sentence,
            ..self
        }
    }

    /// Whether the act was refused only because an earlier act of its key is missing.
    #[must_use]
    pub fn is_early(&self) -> bool {
        self.code == Some(Refusal::SequenceAhead { expected: 0 }.code())
    }

    /// The canonical bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        json::to_bytes(self)
    }

    /// Reads an outcome from its canonical bytes.
    ///
    /// # Errors
    /// Those of [`json::from_bytes`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Refusal> {
        json::from_bytes(bytes)
    }

    /// The leaf of the journal.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(&[&self.to_bytes()])
    }
}
