//! An actor registers a further key of its own.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::key::{self, Key, Purpose};
use super::{Author, SigningKeys, signing_keys_path};
use crate::event::Event;
use crate::ids::{ActorId, KeyId, PublicKey, Signature};
use crate::ledger::{Ledger, Path, Stop};

/// Registers a key of the author's actor, for one purpose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegisterKey {
    /// The new key's signature of [`super::possession_message`].
    pub possession: Signature,
    /// The new key.
    pub public: PublicKey,
    /// What it is for.
    pub purpose: Purpose,
}

impl RegisterKey {
    pub(crate) fn says(&self, author: &Author) -> String {
        let (name, key) = (author.name(), KeyId::of(&self.public));
        format!("{name} registers its key {key} to {}.", self.purpose)
    }

    pub(crate) fn reads(&self, actor: ActorId, paths: &mut Vec<Path>) {
        paths.push(Key::path(KeyId::of(&self.public)));
        paths.push(signing_keys_path(actor));
    }
}

/// Registers a key.
///
/// # Errors
/// [`Refusal::WeakKey`], [`Refusal::KeyExists`] or [`Refusal::NoPossession`].
///
/// [`Refusal::WeakKey`]: crate::Refusal::WeakKey
/// [`Refusal::KeyExists`]: crate::Refusal::KeyExists
/// [`Refusal::NoPossession`]: crate::Refusal::NoPossession
pub fn register_key(ledger: &mut Ledger, author: &Author, act: &RegisterKey) -> Result<(), Stop> {
    author.require_administration("register_key")?;
    let RegisterKey { possession, public, purpose } = *act;
    let actor = author.actor;
    let key = key::check_new(ledger, actor, &public, purpose, &possession)?;
    let count = signing_keys(ledger, actor)?;

    if purpose == Purpose::SignAct {
        let count = count.saturating_add(1);
        ledger.put(signing_keys_path(actor), &SigningKeys { count, v: 1 });
    }
    ledger.put(Key::path(key), &Key { actor, public, purpose, revoked: None, v: 1 });
    ledger.emit(Event::KeyRegistered { actor, key, public, purpose });
    Ok(())
}

/// How many keys the actor can sign acts with.
pub(super) fn signing_keys(ledger: &Ledger, actor: ActorId) -> Result<u32, Stop> {
    Ok(ledger.record::<SigningKeys>(&signing_keys_path(actor))?.map_or(0, |keys| keys.count))
}
