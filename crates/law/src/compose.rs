//! What a client needs before it signs: the sentence, and what the act would bring about.

use alloc::string::String;
use alloc::vec::Vec;

use crate::act::{Act, Data};
use crate::date::Instant;
use crate::event::Event;
use crate::execute::{author, events_of, next_sequence, says};
use crate::ids::{ActorId, KeyId, MandateId};
use crate::ledger::{Ledger, Missing, Stop};
use crate::refusal::Refusal;

/// An act before its number and its sentence are known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// On whose behalf.
    pub actor: ActorId,
    /// What is to be done.
    pub data: Data,
    /// The first instant from which no block may hold the act.
    pub expires: Instant,
    /// The key that is to sign.
    pub key: KeyId,
    /// The mandate by which it acts.
    pub mandate: Option<MandateId>,
}

/// Completes a draft: the network, the next number of the key, and the sentence to sign.
///
/// # Errors
/// The refusals of the author's mandate and of the sentence, or `Missing`.
pub fn compose(ledger: &Ledger, draft: Draft) -> Result<Act, Stop> {
    let sequence = next_sequence(ledger, draft.key)?;
    let Draft { actor, data, expires, key, mandate } = draft;
    let network = ledger.network();
    let mut act =
        Act { actor, data, expires, key, mandate, network, says: String::new(), sequence };
    act.says = says(ledger, &author(ledger, &act)?, &act.data)?;
    Ok(act)
}

/// What the next block would make of an act that is not signed yet; changes nothing.
///
/// # Errors
/// [`Missing`] when a record must be loaded first.
pub fn dry_run(ledger: &mut Ledger, act: &Act) -> Result<Result<Vec<Event>, Refusal>, Missing> {
    events_of(ledger, act, act.id())
}
