//! Keys as bytes, so that who runs a node need not know the engine's types.

use commonware_codec::DecodeExt as _;
use pacta_law::PublicKey;

use crate::{
    dealer::{NetworkShare, deal},
    error::Error,
    types::{ValidatorKey, ValidatorSecret},
};

/// A validator's private key from its 32 secret bytes.
///
/// # Errors
/// [`Error::Credentials`] if they are none.
pub fn validator_secret(seed: &[u8; 32]) -> Result<ValidatorSecret, Error> {
    ValidatorSecret::decode(seed.to_vec())
        .map_err(|_| Error::Credentials("the validator's key is no Ed25519 key".into()))
}

/// A validator's key from its public bytes.
///
/// # Errors
/// [`Error::Credentials`] if they are no point of the curve.
pub fn validator_key(public: &PublicKey) -> Result<ValidatorKey, Error> {
    ValidatorKey::decode(public.0.to_vec())
        .map_err(|_| Error::Credentials(format!("{public} is no Ed25519 key")))
}

/// Deals shares of a new network key to validators, from the system's randomness: the network key
/// of 96 bytes, and the shares in the order of the validators.
///
/// # Errors
/// [`Error::Credentials`] if there is no validator, or one is named twice.
pub fn deal_to(validators: &[PublicKey]) -> Result<(Vec<u8>, Vec<NetworkShare>), Error> {
    let keys = validators.iter().map(validator_key).collect::<Result<Vec<_>, _>>()?;
    let dealt = deal(rand::rng(), keys.iter().cloned())?;
    let shares = keys.iter().filter_map(|key| dealt.shares.get(key).cloned()).collect();
    Ok((dealt.network_key, shares))
}
