//! Keys: one purpose each.

use alloc::format;
use alloc::vec::Vec;
use core::fmt;

use curve25519_dalek::edwards::CompressedEdwardsY;
use ed25519_consensus::VerificationKey;
use serde::{Deserialize, Serialize};

use crate::date::Instant;
use crate::ids::{ActorId, KeyId, NetworkId, PublicKey, Signature};
use crate::ledger::{Ledger, Path, Stop};
use crate::refusal::Refusal;

/// What a key is for. A key registered for one purpose never serves another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// To sign acts.
    SignAct,
    /// To vote as a validator.
    NodeVote,
    /// To authenticate a node to its peers.
    NodeTransport,
    /// To receive what is encrypted for the actor.
    Encrypt,
    /// To recover the actor's other keys.
    Recovery,
}

impl Purpose {
    /// The name in acts and in the text that proves possession.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SignAct => "sign-act",
            Self::NodeVote => "node-vote",
            Self::NodeTransport => "node-transport",
            Self::Encrypt => "encrypt",
            Self::Recovery => "recovery",
        }
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SignAct => "sign acts",
            Self::NodeVote => "vote as a validator",
            Self::NodeTransport => "authenticate a node",
            Self::Encrypt => "receive what is encrypted",
            Self::Recovery => "recover keys",
        })
    }
}

/// The record of a key, at [`Key::path`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// Whose it is.
    pub actor: ActorId,
    /// The public bytes (Ed25519).
    pub public: PublicKey,
    /// What it is for.
    pub purpose: Purpose,
    /// When it was revoked; what was signed and final before stays good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked: Option<Instant>,
    /// Version of this form.
    pub v: u8,
}

/// The last sequence number that a key used, at [`Sequence::path`]: apart from the key, since it
/// changes with each act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sequence {
    /// The last number used; absent record: 0.
    pub last: u64,
    /// Version of this form.
    pub v: u8,
}

impl Sequence {
    /// Path of the record.
    #[must_use]
    pub fn path(key: KeyId) -> Path {
        format!("sequence/{key}")
    }
}

impl Key {
    /// Path of the record.
    #[must_use]
    pub fn path(key: KeyId) -> Path {
        format!("key/{key}")
    }
}

impl Key {
    /// The record of a validator's key.
    pub(crate) fn of_node(actor: ActorId, public: PublicKey) -> Self {
        Self { actor, public, purpose: Purpose::NodeVote, revoked: None, v: 1 }
    }
}

impl Ledger {
    /// The record of a key.
    ///
    /// # Errors
    /// [`Refusal::UnknownKey`], or `Missing`.
    pub fn key(&self, key: KeyId) -> Result<Key, Stop> {
        Ok(self.record(&Key::path(key))?.ok_or(Refusal::UnknownKey { key })?)
    }
}

/// What a new key signs to prove that its holder has it: the network, the actor that registers it
/// (for the first key of a new actor, the one that vouches), and the purpose.
#[must_use]
pub fn possession_message(network: NetworkId, actor: ActorId, purpose: Purpose) -> Vec<u8> {
    format!("pacta/possession/v1\n{network}\n{actor}\n{}", purpose.as_str()).into_bytes()
}

/// Whether a public key is no proper one: not the canonical encoding of a point, or a point of
/// small order, with which one signature fits every message.
#[must_use]
pub fn is_weak(public: &PublicKey) -> bool {
    let Some(point) = CompressedEdwardsY(public.0).decompress() else {
        return true;
    };
    point.is_small_order() || point.compress().to_bytes() != public.0
}

/// Checks an Ed25519 signature by the rules of ZIP 215, which all implementations share.
pub(crate) fn verifies(public: &PublicKey, signature: &Signature, message: &[u8]) -> bool {
    VerificationKey::try_from(public.0)
        .and_then(|key| key.verify(&ed25519_consensus::Signature::from(signature.0), message))
        .is_ok()
}

/// Checks that a new key is proper, unknown, and in the hands of who registers it.
pub(crate) fn check_new(
    ledger: &Ledger,
    actor: ActorId,
    public: &PublicKey,
    purpose: Purpose,
    possession: &Signature,
) -> Result<KeyId, Stop> {
    if is_weak(public) {
        return Err(Refusal::WeakKey.into());
    }
    let key = KeyId::of(public);
    if ledger.has(&Key::path(key))? {
        return Err(Refusal::KeyExists { key }.into());
    }
    let message = possession_message(ledger.network(), actor, purpose);
    if !verifies(public, possession, &message) {
        return Err(Refusal::NoPossession.into());
    }
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn public(text: &str) -> PublicKey {
        text.parse().expect("a key of the test")
    }

    #[test]
    fn points_of_small_order_and_foreign_encodings_are_weak() {
        let identity = "0100000000000000000000000000000000000000000000000000000000000000";
        let order_2 = "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f";
        let order_4 = "0000000000000000000000000000000000000000000000000000000000000000";
        let order_8 = "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05";
        let identity_plus_p = "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f";
        let identity_signed = "0100000000000000000000000000000000000000000000000000000000000080";
        let no_point = "0200000000000000000000000000000000000000000000000000000000000000";
        for weak in
            [identity, order_2, order_4, order_8, identity_plus_p, identity_signed, no_point]
        {
            assert!(is_weak(&public(weak)), "{weak}");
        }
        // RFC 8032, section 7.1, test 1.
        let proper = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
        assert!(!is_weak(&public(proper)));
    }
}
