//! Shares of the network key made by a dealer, for networks that need no ceremony of keys.
//!
//! A dealer knows all shares for a moment; a founding that used one says so (`dealer`).

use std::{collections::BTreeMap, num::NonZeroU32};

use commonware_codec::{Decode as _, Encode as _};
use commonware_cryptography::{
    Signer as _,
    bls12381::{
        dkg::feldman_desmedt,
        primitives::{
            group::Share,
            sharing::{Mode, ModeVersion, Sharing},
            variant::MinSig,
        },
    },
};
use commonware_utils::{N3f1, TryCollect as _, ordered::Set};
use rand_core::CryptoRng;

use crate::{
    error::Error,
    types::{Scheme, ValidatorKey, ValidatorSecret},
};

/// Most validators that a share file may speak of.
pub const VALIDATORS_MAX: NonZeroU32 = NonZeroU32::new(1024).expect("is not zero");

/// One validator's secret share of the network key, with what all validators know of it.
#[derive(Clone)]
pub struct NetworkShare {
    sharing: Sharing<MinSig>,
    share: Share,
}

/// What a dealer made.
pub struct Dealt {
    /// The network key: 96 bytes, compressed, in the second group.
    pub network_key: Vec<u8>,
    /// Each validator's share.
    pub shares: BTreeMap<ValidatorKey, NetworkShare>,
}

/// Deals shares of a new network key to validators.
///
/// # Errors
/// [`Error::Credentials`] if there is no validator, or one is named twice.
pub fn deal(
    rng: impl CryptoRng,
    validators: impl IntoIterator<Item = ValidatorKey>,
) -> Result<Dealt, Error> {
    let refused = |reason: &str| Error::Credentials(reason.into());
    let validators: Set<ValidatorKey> =
        validators.into_iter().try_collect().map_err(|_| refused("a validator is named twice"))?;
    let (output, shares) =
        feldman_desmedt::deal::<MinSig, _, N3f1>(rng, Mode::NonZeroCounter, validators)
            .map_err(|error| refused(&format!("no shares can be dealt: {error}")))?;
    let sharing = output.public().clone();
    let network_key = sharing.public().encode().to_vec();
    let shares = shares
        .into_iter()
        .map(|(key, share)| (key, NetworkShare { sharing: sharing.clone(), share }))
        .collect();
    Ok(Dealt { network_key, shares })
}

impl NetworkShare {
    /// The bytes of a share file. They are secret.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = self.share.encode().to_vec();
        bytes.extend_from_slice(&self.sharing.encode());
        bytes
    }

    /// Reads a share file.
    ///
    /// # Errors
    /// [`Error::Credentials`] if the bytes are no share.
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let form = ((), (VALIDATORS_MAX, ModeVersion::v0()));
        let (share, sharing) = <(Share, Sharing<MinSig>)>::decode_cfg(bytes.to_vec(), &form)
            .map_err(|error| Error::Credentials(format!("the share is malformed: {error}")))?;
        Ok(Self { sharing, share })
    }

    /// The network key that the share belongs to: 96 bytes.
    pub fn network_key(&self) -> Vec<u8> {
        self.sharing.public().encode().to_vec()
    }

    /// The validator's means to vote.
    ///
    /// # Errors
    /// [`Error::Credentials`] if the share is not that of the validator in this committee.
    pub fn scheme(
        self,
        namespace: &[u8],
        committee: &Set<ValidatorKey>,
        secret: ValidatorSecret,
    ) -> Result<Scheme, Error> {
        let refused = |reason: &str| Error::Credentials(reason.into());
        let me = secret.public_key();
        let place = committee.iter().position(|key| *key == me);
        if place != Some(usize::from(self.share.index)) {
            return Err(refused("the share belongs to another validator"));
        }
        if self.sharing.total().get() as usize != committee.len() {
            return Err(refused("the share belongs to another committee"));
        }
        Scheme::signer(namespace, committee.clone(), secret, self.sharing, self.share)
            .ok_or_else(|| refused("the share does not belong to the network key"))
    }
}
