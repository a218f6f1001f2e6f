//! Withdraws an instrument before it takes effect.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::participant::Participant;
use super::store;
use crate::actor::{Author, Power};
use crate::ids::{ActorId, TreatyId};
use crate::ledger::{Ledger, Path, Stop};
use crate::refusal::Refusal;

/// Withdraws an instrument before it takes effect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WithdrawInstrument {
    /// The treaty.
    pub treaty: TreatyId,
}

impl WithdrawInstrument {
    pub(crate) fn says(&self, ledger: &Ledger, author: &Author) -> Result<String, Stop> {
        let name = store::name(ledger, &self.treaty)?;
        Ok(format!(
            "{} withdraws, before the treaty is in force for it, its instrument on {name}.",
            author.name()
        ))
    }

    pub(crate) fn reads(&self, actor: ActorId, paths: &mut Vec<Path>) {
        store::reads(&self.treaty, &Participant::Actor(actor), paths);
    }
}

/// Withdraws an instrument. If the conditions for entry into force held by it since the same day,
/// the date is unset again.
///
/// # Errors
/// [`Refusal::UnknownTreaty`], those of [`Author::require_authority`],
/// [`Refusal::NotAuthenticated`], [`Refusal::NotContracting`] or [`Refusal::BoundAlready`].
pub fn withdraw_instrument(
    ledger: &mut Ledger,
    author: &Author,
    act: &WithdrawInstrument,
) -> Result<(), Stop> {
    let (id, on) = (&act.treaty, ledger.today());
    store::treaty(ledger, id)?;
    author.require_authority(id, Power::Withdraw)?;
    let (mut course, _) = store::open_authentic(ledger, id)?;
    let (mut party, known) = store::own_party(ledger, id, author)?;
    let participant = party.participant.clone();
    let treaty = id.clone();
    let Some(spell) = party.standing(on).filter(|spell| spell.consent.is_some()) else {
        return Err(Refusal::NotContracting { participant, treaty }.into());
    };
    let bound = spell.entry(&course.clauses, course.treaty.dates())?.map(|entry| entry.date);
    let entry = course.treaty.entry;
    // What is in force stays so, even on the day on which the conditions were met.
    if let Some(on) = bound.filter(|date| *date <= on) {
        return Err(Refusal::BoundAlready { participant, treaty, on }.into());
    }
    if !course.void(&mut party, on)? {
        return Err(Refusal::NotContracting { participant, treaty }.into());
    }
    store::save(ledger, course, &party, known, entry)
}
