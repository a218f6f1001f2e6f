//! Authentication of the texts in all their languages (VCLT art. 10, 33).

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::record::{Negotiating, Stage, Texts, negotiating_path, texts_path, treaty_path};
use super::store;
use crate::actor::{Author, Power};
use crate::event::Event;
use crate::ids::{ActorId, Digest, TreatyId};
use crate::ledger::{Ledger, Path, Stop};
use crate::refusal::Refusal;

/// Establishes the texts as authentic and definitive, named by their common digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Authenticate {
    /// Digest of the texts in all languages.
    pub texts: Digest,
    /// The treaty.
    pub treaty: TreatyId,
}

impl Authenticate {
    pub(crate) fn says(&self, ledger: &Ledger, author: &Author) -> Result<String, Stop> {
        let name = store::name(ledger, &self.treaty)?;
        let found: Option<Texts> = ledger.record(&texts_path(&self.treaty))?;
        let languages: Vec<String> =
            found.map_or_else(Vec::new, |texts| texts.texts.into_keys().collect());
        Ok(format!(
            "{} authenticates the texts {} of {name} in: {}.",
            author.name(),
            self.texts,
            languages.join(", "),
        ))
    }

    pub(crate) fn reads(&self, actor: ActorId, paths: &mut Vec<Path>) {
        paths.push(treaty_path(&self.treaty));
        paths.push(texts_path(&self.treaty));
        paths.push(negotiating_path(&self.treaty, actor));
    }
}

/// Authenticates; with the last of those who drew the texts up, they are authentic.
///
/// # Errors
/// [`Refusal::UnknownTreaty`], those of [`Author::require_authority`],
/// [`Refusal::NotNegotiating`], [`Refusal::AlreadyAuthenticated`], [`Refusal::NotAdopted`] or
/// [`Refusal::OtherTexts`].
pub fn authenticate(ledger: &mut Ledger, author: &Author, act: &Authenticate) -> Result<(), Stop> {
    let (id, actor, on) = (&act.treaty, author.actor, ledger.today());
    let mut treaty = store::treaty(ledger, id)?;
    author.require_authority(id, Power::Authenticate)?;
    let path = negotiating_path(id, actor);
    let Some(own) = ledger.record::<Negotiating>(&path)? else {
        return Err(Refusal::NotNegotiating { actor, treaty: id.clone() }.into());
    };
    if let Some(on) = own.authenticated {
        return Err(Refusal::AlreadyAuthenticated { actor, treaty: id.clone(), on }.into());
    }
    if !matches!(treaty.stage, Stage::Adopted { .. }) {
        return Err(Refusal::NotAdopted { treaty: id.clone() }.into());
    }
    let texts: Option<Texts> = ledger.record(&texts_path(id))?;
    let texts = texts.expect("a drafted treaty has texts").digest;
    if texts != act.texts {
        return Err(Refusal::OtherTexts { treaty: id.clone(), texts }.into());
    }

    ledger.put(path, &Negotiating { authenticated: Some(on), ..own });
    treaty.counts.authenticated += 1;
    let (authenticated, of) = (treaty.counts.authenticated, treaty.counts.negotiating);
    ledger.emit(Event::TextsAuthenticated { authenticated, by: actor, of, on, treaty: id.clone() });
    if authenticated == of {
        treaty.stage = Stage::Authenticated { on };
        ledger.emit(Event::TreatyAuthenticated { on, treaty: id.clone() });
    }
    ledger.put(treaty_path(id), &treaty);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::adopt::Adopt;
    use super::super::record::TreatyStatus;
    use super::super::testing::{World, rivers, usual};
    use super::*;
    use crate::act::Data;

    fn act(texts: Digest) -> Data {
        Data::Authenticate(Authenticate { texts, treaty: rivers() })
    }

    #[test]
    fn texts_are_authentic_with_the_last_of_those_who_drew_them_up() {
        let mut world = World::new();
        let draft = world.draft(usual());
        let texts = draft.texts_digest();
        world.must("Norland", Data::DraftTreaty(draft.clone()));
        let early = world.does("Norland", act(texts));
        assert_eq!(early, Err(Refusal::NotAdopted { treaty: rivers() }));
        for who in ["Norland", "Sudmark"] {
            world.must(who, Data::Adopt(Adopt { draft: draft.digest(), treaty: rivers() }));
        }
        let other = world.does("Norland", act(draft.digest()));
        assert_eq!(other, Err(Refusal::OtherTexts { treaty: rivers(), texts }));
        world.must("Norland", act(texts));
        assert_eq!(world.status(), TreatyStatus::Adopted);
        let twice = world.does("Norland", act(texts));
        assert!(matches!(twice, Err(Refusal::AlreadyAuthenticated { .. })), "{twice:?}");
        let stranger = world.does("Ostia", act(texts));
        assert!(matches!(stranger, Err(Refusal::NotNegotiating { .. })), "{stranger:?}");
        world.must("Sudmark", act(texts));
        assert_eq!(world.status(), TreatyStatus::Authenticated);
    }
}
