//! An actor revokes a key of its own: at once, and forward only.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::register_key::signing_keys;
use super::{Author, Key, Purpose, SigningKeys, signing_keys_path};
use crate::event::Event;
use crate::ids::{ActorId, KeyId};
use crate::ledger::{Ledger, Path, Stop};
use crate::network::{VALIDATORS_PATH, wanted};
use crate::refusal::Refusal;

/// Revokes a key of the author's actor. What it signed before stays good.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RevokeKey {
    /// The key.
    pub key: KeyId,
}

impl RevokeKey {
    pub(crate) fn says(&self, author: &Author) -> String {
        format!("{} revokes its key {}.", author.name(), self.key)
    }

    pub(crate) fn reads(&self, actor: ActorId, paths: &mut Vec<Path>) {
        paths.push(Key::path(self.key));
        paths.push(signing_keys_path(actor));
        paths.push(VALIDATORS_PATH.into());
    }
}

/// Revokes a key. A key may always revoke itself; another one needs authority. That of a seat in
/// agreement goes with the seat alone, or is replaced.
///
/// # Errors
/// [`Refusal::UnknownKey`], [`Refusal::NotYourKey`], [`Refusal::KeyRevoked`],
/// [`Refusal::SeatedKey`] or [`Refusal::LastKey`].
pub fn revoke_key(ledger: &mut Ledger, author: &Author, act: &RevokeKey) -> Result<(), Stop> {
    if act.key != author.key {
        author.require_administration("revoke_key")?;
    }
    let key = ledger.key(act.key)?;
    if key.actor != author.actor {
        return Err(Refusal::NotYourKey { key: act.key, actor: author.actor }.into());
    }
    if let Some(on) = key.revoked {
        return Err(Refusal::KeyRevoked { key: act.key, on }.into());
    }
    let votes = key.purpose == Purpose::NodeVote;
    if votes && wanted(ledger)?.iter().any(|validator| validator.key == key.public) {
        return Err(Refusal::SeatedKey { key: act.key }.into());
    }
    let count = signing_keys(ledger, author.actor)?;
    let signs = key.purpose == Purpose::SignAct;
    if signs && count <= 1 {
        return Err(Refusal::LastKey { key: act.key }.into());
    }

    if signs {
        ledger.put(signing_keys_path(author.actor), &SigningKeys { count: count - 1, v: 1 });
    }
    let revoked = Some(ledger.now());
    ledger.put(Key::path(act.key), &Key { revoked, ..key });
    ledger.emit(Event::KeyRevoked { actor: author.actor, key: act.key });
    Ok(())
}
