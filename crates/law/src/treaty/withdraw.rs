//! Gives notice of withdrawal (VCLT art. 54, 56, 65).

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::course::NoticeOutcome;
use super::dates::NoticeEffect;
use super::participant::Participant;
use super::store;
use crate::actor::{Author, Power};
use crate::ids::{ActorId, TreatyId};
use crate::ledger::{Ledger, Path, Stop};
use crate::refusal::Refusal;

/// Gives notice of withdrawal (VCLT art. 54, 56, 65).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Withdraw {
    /// The treaty.
    pub treaty: TreatyId,
}

impl Withdraw {
    pub(crate) fn says(&self, ledger: &Ledger, author: &Author) -> Result<String, Stop> {
        let name = store::name(ledger, &self.treaty)?;
        Ok(format!("{} gives notice of withdrawal from {name}.", author.name()))
    }

    pub(crate) fn reads(&self, actor: ActorId, paths: &mut Vec<Path>) {
        store::reads(&self.treaty, &Participant::Actor(actor), paths);
    }
}

/// Gives notice; its effect is computed from the clause and told.
///
/// # Errors
/// [`Refusal::UnknownTreaty`], those of [`Author::require_authority`],
/// [`Refusal::NotAuthenticated`], [`Refusal::NotContracting`], [`Refusal::NotYetBound`],
/// [`Refusal::NoticeRunning`], [`Refusal::WithdrawalTooEarly`] or
/// [`Refusal::NoWithdrawalClause`].
pub fn withdraw(ledger: &mut Ledger, author: &Author, act: &Withdraw) -> Result<(), Stop> {
    let (id, on) = (&act.treaty, ledger.today());
    store::treaty(ledger, id)?;
    author.require_authority(id, Power::Withdraw)?;
    let (mut course, _) = store::open_authentic(ledger, id)?;
    let (mut party, known) = store::own_party(ledger, id, author)?;
    let participant = party.participant.clone();
    let treaty = id.clone();
    if party.standing(on).is_none() {
        return Err(Refusal::NotContracting { participant, treaty }.into());
    }
    if !party.is_bound(&course.clauses, course.treaty.dates(), on)? {
        return Err(Refusal::NotYetBound { participant, treaty }.into());
    }
    let entry = course.treaty.entry;
    match course.notice(&mut party, on)? {
        NoticeOutcome::NotBound => Err(Refusal::NotYetBound { participant, treaty }.into()),
        NoticeOutcome::Running(effect) => Err(Refusal::NoticeRunning { treaty, effect }.into()),
        NoticeOutcome::Judged(NoticeEffect::NoClause) => {
            Err(Refusal::NoWithdrawalClause { treaty }.into())
        }
        NoticeOutcome::Judged(NoticeEffect::TooEarly(Some(earliest))) => {
            Err(Refusal::WithdrawalTooEarly { treaty, earliest }.into())
        }
        NoticeOutcome::Judged(NoticeEffect::TooEarly(None)) => {
            Err(Refusal::NotYetBound { participant, treaty }.into())
        }
        NoticeOutcome::Judged(NoticeEffect::Effective(_)) => {
            store::save(ledger, course, &party, known, entry)
        }
    }
}
