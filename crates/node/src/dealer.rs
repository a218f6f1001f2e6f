//! Shares of the network key made by a dealer, for networks that need no ceremony of keys.
//!
//! A dealer knows all shares for a moment; a founding that used one says so (`dealer`).

use std::{collections::BTreeMap, num::NonZeroU32};

use commonware_codec::{Decode as _, Encode as _};
use commonware_cryptography::bls12381::{
    dkg::feldman_desmedt::{self, Output},
    primitives::{
        group::Share,
        sharing::{Mode, ModeVersion},
        variant::MinSig,
    },
};
use commonware_utils::{N3f1, TryCollect as _, ordered::Set};
use rand_core::CryptoRng;

use crate::{error::Error, types::ValidatorKey};

/// Most validators that a share file may speak of.
pub const VALIDATORS_MAX: NonZeroU32 = NonZeroU32::new(1024).expect("is not zero");

/// One validator's secret share of the network key, with what all validators know of it.
#[derive(Clone)]
pub struct NetworkShare {
    output: Output<MinSig, ValidatorKey>,
    share: Share,
}

/// What a dealer made.
pub struct Dealt {
    /// The network key: 96 bytes, compressed, in the second group.
    pub network_key: Vec<u8>,
    /// The public outcome of the sharing, as the founding states it.
    pub ceremony: Vec<u8>,
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
    let network_key = output.public().public().encode().to_vec();
    let shares = shares
        .into_iter()
        .map(|(key, share)| (key, NetworkShare { output: output.clone(), share }))
        .collect();
    let ceremony = output.encode().to_vec();
    Ok(Dealt { network_key, ceremony, shares })
}

/// Reads the public outcome of a sharing, as a founding states it.
///
/// # Errors
/// [`Error::Genesis`] if the bytes are none.
pub fn read_ceremony(bytes: &[u8]) -> Result<Output<MinSig, ValidatorKey>, Error> {
    let form = (VALIDATORS_MAX, ModeVersion::v0());
    Output::decode_cfg(bytes.to_vec(), &form)
        .map_err(|error| Error::Genesis(format!("its ceremony is malformed: {error}")))
}

impl NetworkShare {
    /// A share with the sharing it belongs to; [`NetworkShare::share_of`] checks that it does.
    pub(crate) fn new(output: Output<MinSig, ValidatorKey>, share: Share) -> Self {
        Self { output, share }
    }

    /// The bytes of a share file. They are secret.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = self.share.encode().to_vec();
        bytes.extend_from_slice(&self.output.encode());
        bytes
    }

    /// Reads a share file.
    ///
    /// # Errors
    /// [`Error::Credentials`] if the bytes are no share.
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let form = ((), (VALIDATORS_MAX, ModeVersion::v0()));
        let (share, output) =
            <(Share, Output<MinSig, ValidatorKey>)>::decode_cfg(bytes.to_vec(), &form)
                .map_err(|error| Error::Credentials(format!("the share is malformed: {error}")))?;
        Ok(Self { output, share })
    }

    /// The network key that the share belongs to: 96 bytes.
    pub fn network_key(&self) -> Vec<u8> {
        self.output.public().public().encode().to_vec()
    }

    /// What all validators know of the sharing.
    pub fn output(&self) -> &Output<MinSig, ValidatorKey> {
        &self.output
    }

    /// The share itself, if it is that of a validator of this committee.
    ///
    /// # Errors
    /// [`Error::Credentials`] if it is not.
    pub fn share_of(
        &self,
        validator: &ValidatorKey,
        committee: &Set<ValidatorKey>,
    ) -> Result<Share, Error> {
        let refused = |reason: &str| Error::Credentials(reason.into());
        if self.output.players() != committee {
            return Err(refused("the share belongs to another committee"));
        }
        let place = committee.iter().position(|key| key == validator);
        if place != Some(usize::from(self.share.index)) {
            return Err(refused("the share belongs to another validator"));
        }
        let public = self.output.public().partial_public(self.share.index);
        if public.ok() != Some(self.share.public::<MinSig>()) {
            return Err(refused("the share does not belong to the network key"));
        }
        Ok(self.share.clone())
    }
}
