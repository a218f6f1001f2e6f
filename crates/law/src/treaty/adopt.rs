//! Adoption of the text by all who drew it up (VCLT art. 9(1)).

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::record::{Negotiating, Stage, negotiating_path, treaty_path};
use super::store;
use crate::actor::{Author, Power};
use crate::event::Event;
use crate::ids::{ActorId, Digest, TreatyId};
use crate::ledger::{Ledger, Path, Stop};
use crate::refusal::Refusal;

/// Adopts the draft that the author has read, named by its digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Adopt {
    /// The draft.
    pub draft: Digest,
    /// The treaty.
    pub treaty: TreatyId,
}

impl Adopt {
    pub(crate) fn says(&self, ledger: &Ledger, author: &Author) -> Result<String, Stop> {
        let name = store::name(ledger, &self.treaty)?;
        Ok(format!("{} adopts the draft {} of {name}.", author.name(), self.draft))
    }

    pub(crate) fn reads(&self, actor: ActorId, paths: &mut Vec<Path>) {
        paths.push(treaty_path(&self.treaty));
        paths.push(negotiating_path(&self.treaty, actor));
    }
}

/// Adopts; with the last of those who drew the text up, the treaty is adopted.
///
/// # Errors
/// [`Refusal::UnknownTreaty`], those of [`Author::require_authority`],
/// [`Refusal::NotUnderNegotiation`], [`Refusal::NotNegotiating`], [`Refusal::OtherDraft`] or
/// [`Refusal::AlreadyAdopted`].
pub fn adopt(ledger: &mut Ledger, author: &Author, act: &Adopt) -> Result<(), Stop> {
    let (id, actor, on) = (&act.treaty, author.actor, ledger.today());
    let mut treaty = store::treaty(ledger, id)?;
    author.require_authority(id, Power::Adopt)?;
    let path = negotiating_path(id, actor);
    let Some(own) = ledger.record::<Negotiating>(&path)? else {
        return Err(Refusal::NotNegotiating { actor, treaty: id.clone() }.into());
    };
    if let Some(on) = own.adopted {
        return Err(Refusal::AlreadyAdopted { actor, treaty: id.clone(), on }.into());
    }
    if treaty.stage != Stage::UnderNegotiation {
        return Err(Refusal::NotUnderNegotiation { treaty: id.clone() }.into());
    }
    if let Some(draft) = treaty.draft.filter(|draft| *draft != act.draft) {
        return Err(Refusal::OtherDraft { treaty: id.clone(), draft }.into());
    }

    ledger.put(path, &Negotiating { adopted: Some(on), ..own });
    treaty.counts.adopted += 1;
    let (adopted, of) = (treaty.counts.adopted, treaty.counts.negotiating);
    ledger.emit(Event::DraftAdopted { adopted, by: actor, of, on, treaty: id.clone() });
    if adopted == of {
        treaty.stage = Stage::Adopted { on };
        ledger.emit(Event::TreatyAdopted { on, treaty: id.clone() });
    }
    ledger.put(treaty_path(id), &treaty);
    Ok(())
}
