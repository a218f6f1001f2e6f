//! The signed act in a receipt. Only what verification needs is read: what the act's data mean is
//! for the law of its block, which may be later than this program.

use ed25519_consensus::VerificationKey;
use pacta_law::act::{ACT_DOMAIN, ED25519};
use pacta_law::{ActId, ActorId, Digest, KeyId, MandateId, NetworkId, PublicKey, Signature};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::form::{bad, read, version};
use crate::verdict::{Defect, Doubt, Unknown};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Signed {
    act: Box<RawValue>,
    algorithm: String,
    public: PublicKey,
    signature: Signature,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Act {
    #[serde(rename = "actor")]
    _actor: ActorId,
    #[serde(rename = "data")]
    _data: Map<String, Value>,
    #[serde(rename = "expires")]
    _expires: u64,
    key: KeyId,
    #[serde(rename = "kind")]
    _kind: String,
    #[serde(default, rename = "mandate")]
    _mandate: Option<MandateId>,
    network: NetworkId,
    says: String,
    #[serde(rename = "sequence")]
    _sequence: u64,
    #[serde(rename = "v")]
    _v: u64,
}

/// What a verified act says.
pub(super) struct Said {
    pub id: ActId,
    pub says: String,
}

/// Verifies a signed act.
pub(super) fn check(signed: &RawValue, network: NetworkId) -> Result<Said, Doubt> {
    // The library also reads members from an array, in their order.
    if !signed.get().starts_with('{') {
        return Err(bad("a signed act is an object").into());
    }
    let Signed { act, algorithm, public, signature } = read(signed.get().as_bytes())?;
    if algorithm != ED25519 {
        return Err(Unknown::Algorithm(algorithm).into());
    }
    let bytes = act.get().as_bytes();
    let v = version(bytes)?;
    if v != 1 {
        return Err(Unknown::ActVersion(v).into());
    }
    let act: Act = read(bytes)?;
    if act.network != network {
        return Err(Defect::ActOfOtherNetwork.into());
    }
    if act.key != KeyId::of(&public) {
        return Err(Defect::ActOfOtherKey.into());
    }
    // ZIP 215: the rules by which the validators accepted it.
    let signature = ed25519_consensus::Signature::from(signature.0);
    VerificationKey::try_from(public.0)
        .and_then(|key| key.verify(&signature, &[ACT_DOMAIN, bytes].concat()))
        .map_err(|_| Defect::BadActSignature)?;
    Ok(Said { id: ActId(Digest::of(&[ACT_DOMAIN, bytes]).0), says: act.says })
}
