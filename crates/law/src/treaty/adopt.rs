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

#[cfg(test)]
mod tests {
    use super::super::record::TreatyStatus;
    use super::super::testing::{World, rivers, usual};
    use super::*;
    use crate::act::Data;

    fn drafted() -> (World, Data) {
        let mut world = World::new();
        let draft = world.draft(usual());
        world.must("Norland", Data::DraftTreaty(draft.clone()));
        (world, Data::Adopt(Adopt { draft: draft.digest(), treaty: rivers() }))
    }

    #[test]
    fn a_treaty_is_adopted_with_the_last_of_those_who_drew_it_up() {
        let (mut world, adopt) = drafted();
        let (actor, treaty) = (world.actor("Norland"), rivers());
        world.must("Norland", adopt.clone());
        assert_eq!(world.status(), TreatyStatus::UnderNegotiation);
        let on = world.ledger.today();
        let twice = world.does("Norland", adopt.clone());
        assert_eq!(twice, Err(Refusal::AlreadyAdopted { actor, treaty, on }));
        world.must("Sudmark", adopt);
        assert_eq!(world.status(), TreatyStatus::Adopted);
    }

    #[test]
    fn only_those_who_drew_it_up_adopt_and_only_what_they_read() {
        let (mut world, adopt) = drafted();
        let (actor, treaty) = (world.actor("Ostia"), rivers());
        let other = world.does("Ostia", adopt);
        assert_eq!(other, Err(Refusal::NotNegotiating { actor, treaty }));
        let wrong = Data::Adopt(Adopt { draft: Digest([9; 32]), treaty: rivers() });
        let wrong = world.does("Sudmark", wrong);
        assert!(matches!(wrong, Err(Refusal::OtherDraft { .. })), "{wrong:?}");
        let unknown: TreatyId = "unknown".parse().expect("a slug");
        let act = Data::Adopt(Adopt { draft: Digest([9; 32]), treaty: unknown.clone() });
        assert_eq!(world.does("Sudmark", act), Err(Refusal::UnknownTreaty { treaty: unknown }));
    }

    #[test]
    fn an_envoy_adopts_by_full_powers_to_adopt_this_treaty() {
        let (mut world, adopt) = drafted();
        let actor = world.actor("Norland");
        let none = world.does("envoy", adopt.clone());
        assert_eq!(none, Err(Refusal::MandateNeeded { actor }));
        world.empower_envoy(&[Power::Sign]);
        let other = world.does("envoy", adopt.clone());
        assert_eq!(other, Err(Refusal::NoFullPowers { treaty: rivers(), power: Power::Adopt }));
        world.empower_envoy(&[Power::Adopt]);
        world.must("envoy", adopt);
    }
}
