//! A State or organization ends a mandate before its time.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::{Author, Mandate};
use crate::event::Event;
use crate::ids::{ActorId, MandateId};
use crate::ledger::{Ledger, Path, Stop};
use crate::refusal::Refusal;

/// Ends a mandate of the author's actor, at once and forward only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EndMandate {
    /// The mandate.
    pub mandate: MandateId,
}

impl EndMandate {
    pub(crate) fn says(&self, author: &Author) -> String {
        format!("{} ends the mandate {}.", author.name(), self.mandate)
    }

    pub(crate) fn reads(&self, _actor: ActorId, paths: &mut Vec<Path>) {
        paths.push(Mandate::path(self.mandate));
    }
}

/// Ends a mandate. A key may always lay down its own; another's needs authority.
///
/// # Errors
/// [`Refusal::UnknownMandate`], [`Refusal::NotYourMandate`] or [`Refusal::MandateEnded`].
pub fn end_mandate(ledger: &mut Ledger, author: &Author, act: &EndMandate) -> Result<(), Stop> {
    let mandate = ledger.mandate(act.mandate)?;
    if mandate.actor != author.actor {
        return Err(Refusal::NotYourMandate { mandate: act.mandate }.into());
    }
    if mandate.key != author.key {
        author.require_administration("end_mandate")?;
    }
    if let Some(on) = mandate.ended {
        return Err(Refusal::MandateEnded { mandate: act.mandate, on }.into());
    }

    let ended = Some(ledger.now());
    ledger.put(Mandate::path(act.mandate), &Mandate { ended, ..mandate });
    ledger.emit(Event::MandateEnded { actor: author.actor, mandate: act.mandate });
    Ok(())
}
