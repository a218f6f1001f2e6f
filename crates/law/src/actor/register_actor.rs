//! An actor registers another, for which it vouches.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::key::{self, Key, Purpose};
use super::{
    Actor, ActorKind, Author, NameHolder, SigningKeys, actor_path, check_name, name_path,
    signing_keys_path,
};
use crate::event::Event;
use crate::ids::{ActorId, KeyId, PublicKey, Signature};
use crate::ledger::{Ledger, Path, Stop};
use crate::refusal::Refusal;

/// Registers an actor with its first key; the author vouches for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegisterActor {
    /// What it is: an authority, company, person or observer.
    pub kind: ActorKind,
    /// Its legal name; a handle for a person.
    pub name: String,
    /// The new key's signature of [`super::possession_message`] for the author and `sign-act`.
    pub possession: Signature,
    /// Its first key, to sign acts.
    pub public: PublicKey,
}

impl RegisterActor {
    pub(crate) fn says(&self, author: &Author) -> String {
        format!(
            "{} registers \"{}\" as {} {}, vouches for it, and registers its key {}.",
            author.name(),
            self.name,
            article(self.kind),
            self.kind,
            KeyId::of(&self.public),
        )
    }

    pub(crate) fn reads(&self, _actor: ActorId, paths: &mut Vec<Path>) {
        paths.push(name_path(&self.name));
        paths.push(Key::path(KeyId::of(&self.public)));
    }
}

fn article(kind: ActorKind) -> &'static str {
    match kind {
        ActorKind::State | ActorKind::Company | ActorKind::Person => "a",
        ActorKind::Organization | ActorKind::Authority | ActorKind::Observer => "an",
    }
}

/// Registers an actor, whose id is the first half of this act's id.
///
/// # Errors
/// [`Refusal::MayNotDo`], [`Refusal::KindNeedsDecision`], those of [`check_name`],
/// [`Refusal::NameTaken`], [`Refusal::WeakKey`], [`Refusal::KeyExists`],
/// [`Refusal::NoPossession`].
pub fn register_actor(
    ledger: &mut Ledger,
    author: &Author,
    act: &RegisterActor,
) -> Result<(), Stop> {
    author.require_administration("register_actor")?;
    if !author.record.kind.vouches() {
        return Err(Refusal::MayNotDo { kind: author.record.kind, act: "register_actor" }.into());
    }
    if act.kind.concludes_treaties() {
        return Err(Refusal::KindNeedsDecision { kind: act.kind }.into());
    }
    check_name(&act.name)?;
    if let Some(holder) = ledger.record::<NameHolder>(&name_path(&act.name))? {
        return Err(Refusal::NameTaken { actor: holder.actor }.into());
    }
    let purpose = Purpose::SignAct;
    let key = key::check_new(ledger, author.actor, &act.public, purpose, &act.possession)?;

    let actor = ledger.act().actor();
    let record = Actor { kind: act.kind, name: act.name.clone(), parent: Some(author.actor), v: 1 };
    ledger.put(actor_path(actor), &record);
    ledger.put(name_path(&act.name), &NameHolder { actor, v: 1 });
    ledger.put(signing_keys_path(actor), &SigningKeys { count: 1, v: 1 });
    let public = act.public;
    ledger.put(Key::path(key), &Key { actor, public, purpose, revoked: None, v: 1 });
    let (kind, name) = (act.kind, act.name.clone());
    ledger.emit(Event::ActorRegistered { actor, kind, name, parent: author.actor });
    ledger.emit(Event::KeyRegistered { actor, key, public, purpose });
    Ok(())
}
