//! How the network key is shared at the beginning.

use std::convert::Infallible;

use commonware_codec::Encode as _;
use commonware_consensus::types::Epoch;
use commonware_cryptography::bls12381::{
    dkg::feldman_desmedt::Output, primitives::variant::MinSig,
};
use commonware_glue::dkg::{self, types::EpochOutcome};
use commonware_p2p::{PeerSetSubscription, Provider, TrackedPeers};
use commonware_utils::{ordered::Set, sequence::Unit};
use pacta_law::Genesis;

use crate::{
    dealer::read_ceremony,
    error::Error,
    types::{EpochInfo, ValidatorKey},
};

/// The public outcome of a sharing of the network key.
pub type Sharing = Output<MinSig, ValidatorKey>;

/// The public outcome of the sharing by the founding.
///
/// # Errors
/// [`Error::Genesis`] if there is none, or it is not of the founding's key and validators.
pub fn of_founding(genesis: &Genesis, committee: &Set<ValidatorKey>) -> Result<Sharing, Error> {
    let wrong = |reason: &str| Error::Genesis(reason.into());
    let founding = &genesis.founding;
    let text = founding.ceremony.as_deref().unwrap_or_default();
    let bytes = commonware_formatting::from_hex(text)
        .ok_or_else(|| wrong("it does not state the outcome of the sharing"))?;
    let output = read_ceremony(&bytes)?;
    if output.public().public().encode().as_ref() != founding.network_key.0.as_slice() {
        return Err(wrong("its ceremony is that of another network key"));
    }
    if output.players() != committee {
        return Err(wrong("its ceremony is that of another committee"));
    }
    Ok(output)
}

/// The first epoch: the validators of the founding agree on it, and deal new shares to themselves.
pub fn first_epoch(output: Sharing, committee: &Set<ValidatorKey>) -> EpochInfo {
    EpochInfo {
        outcome: EpochOutcome::Success,
        epoch: Epoch::zero(),
        output,
        players: committee.clone(),
        next_players: committee.clone(),
        directory: Unit,
    }
}

/// The ceremony asks for peers to be tracked only where it founds a network.
#[derive(Clone, Debug)]
pub struct NoManager<P>(pub P);

impl<P: Provider<PublicKey = ValidatorKey>> Provider for NoManager<P> {
    type PublicKey = ValidatorKey;

    async fn peer_set(&mut self, id: u64) -> Option<TrackedPeers<ValidatorKey>> {
        self.0.peer_set(id).await
    }

    async fn subscribe(&mut self) -> PeerSetSubscription<ValidatorKey> {
        self.0.subscribe().await
    }
}

impl<P: Provider<PublicKey = ValidatorKey>> dkg::network::Manager for NoManager<P> {
    type Directory = Unit;
    type Error = Infallible;

    fn track(
        &mut self,
        _: Epoch,
        _: TrackedPeers<ValidatorKey>,
        _: &Unit,
    ) -> Result<(), Infallible> {
        Ok(())
    }
}
