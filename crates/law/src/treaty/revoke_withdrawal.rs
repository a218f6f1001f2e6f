//! Revokes a notice of withdrawal before it takes effect (VCLT art. 68).

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

/// Revokes a notice of withdrawal before it takes effect (VCLT art. 68).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RevokeWithdrawal {
    /// The treaty.
    pub treaty: TreatyId,
}

impl RevokeWithdrawal {
    pub(crate) fn says(&self, ledger: &Ledger, author: &Author) -> Result<String, Stop> {
        let name = store::name(ledger, &self.treaty)?;
        Ok(format!("{} revokes its notice of withdrawal from {name}.", author.name()))
    }

    pub(crate) fn reads(&self, actor: ActorId, paths: &mut Vec<Path>) {
        store::reads(&self.treaty, &Participant::Actor(actor), paths);
    }
}

/// Revokes a notice that has not taken effect.
///
/// # Errors
/// [`Refusal::UnknownTreaty`], those of [`Author::require_authority`],
/// [`Refusal::NotAuthenticated`] or [`Refusal::NoNotice`].
pub fn revoke_withdrawal(
    ledger: &mut Ledger,
    author: &Author,
    act: &RevokeWithdrawal,
) -> Result<(), Stop> {
    let (id, on) = (&act.treaty, ledger.today());
    store::treaty(ledger, id)?;
    author.require_authority(id, Power::Withdraw)?;
    let (mut course, _) = store::open_authentic(ledger, id)?;
    let (mut party, known) = store::own_party(ledger, id, author)?;
    if !course.revoke_notice(&mut party, on) {
        let participant = party.participant;
        return Err(Refusal::NoNotice { participant, treaty: id.clone() }.into());
    }
    let entry = course.treaty.entry;
    store::save(ledger, course, &party, known, entry)
}
