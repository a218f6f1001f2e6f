//! Keys as bytes, so that who runs a node need not know the engine's types.

use commonware_codec::DecodeExt as _;
use pacta_law::PublicKey;

use crate::{
    dealer::{Dealt, NetworkShare, deal},
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

/// What a dealer made for validators in their order.
pub struct DealtTo {
    /// The network key: 96 bytes.
    pub network_key: Vec<u8>,
    /// The public outcome of the sharing, as the founding states it.
    pub ceremony: Vec<u8>,
    /// The validators' shares.
    pub shares: Vec<NetworkShare>,
}

/// Deals shares of a new network key to validators, from the system's randomness.
///
/// # Errors
/// [`Error::Credentials`] if there is no validator, or one is named twice.
pub fn deal_to(validators: &[PublicKey]) -> Result<DealtTo, Error> {
    let keys = validators.iter().map(validator_key).collect::<Result<Vec<_>, _>>()?;
    let Dealt { network_key, ceremony, shares } = deal(rand::rng(), keys.iter().cloned())?;
    let shares = keys.iter().filter_map(|key| shares.get(key).cloned()).collect();
    Ok(DealtTo { network_key, ceremony, shares })
}
