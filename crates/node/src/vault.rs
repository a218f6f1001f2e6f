//! Where the secrets of a founding ceremony are kept.

use std::sync::Arc;

use commonware_codec::{DecodeExt as _, Encode as _, Read};
use commonware_consensus::types::Epoch;
use commonware_cryptography::{
    PublicKey,
    bls12381::{dkg::feldman_desmedt::DealerPrivMsg, primitives::group::Share},
    transcript::Summary,
};
use commonware_glue::dkg::SecretStore;

const SHARE: &str = "share";
const SEED: &str = "seed";

/// Where a founder keeps the secrets of the ceremony until it is over. A secret must be on the disk
/// when [`Vault::put`] returns; one that gets lost may make this founder contradict itself.
pub trait Vault: Send + Sync + 'static {
    /// Keeps a secret under a name of letters, digits and hyphens.
    ///
    /// # Errors
    /// Why it cannot be kept.
    fn put(&self, name: &str, secret: &[u8]) -> Result<(), String>;
    /// The secret of this name, if there is one.
    ///
    /// # Errors
    /// Why it cannot be read.
    fn get(&self, name: &str) -> Result<Option<Vec<u8>>, String>;
}

/// The vault as the engine uses it.
#[derive(Clone)]
pub(crate) struct Kept(pub(crate) Arc<dyn Vault>);

impl Kept {
    /// This founder's share, if the ceremony gave it one.
    pub(crate) fn share(&self) -> Option<Share> {
        self.read(SHARE)
    }

    /// The engine cannot go on without its secrets, and ends with the reason.
    fn put(&self, name: &str, secret: &[u8]) {
        if let Err(reason) = self.0.put(name, secret) {
            panic!("a secret of the ceremony cannot be kept: {reason}");
        }
    }

    fn read<T: Read<Cfg = ()>>(&self, name: &str) -> Option<T> {
        let bytes = match self.0.get(name) {
            Ok(bytes) => bytes?,
            Err(reason) => panic!("a secret of the ceremony cannot be read: {reason}"),
        };
        match T::decode(bytes) {
            Ok(secret) => Some(secret),
            Err(error) => panic!("a secret of the ceremony is malformed: {error}"),
        }
    }
}

fn dealing<P: PublicKey>(dealer: &P) -> String {
    format!("dealing-{}", commonware_formatting::hex(&dealer.encode()))
}

/// The ceremony has one epoch, so a name needs none.
impl SecretStore for Kept {
    async fn put_share(&mut self, _: Epoch, share: Share) {
        self.put(SHARE, &share.encode());
    }

    async fn get_share(&mut self, _: Epoch) -> Option<Share> {
        self.read(SHARE)
    }

    async fn put_seed(&mut self, _: Epoch, seed: Summary) {
        self.put(SEED, &seed.encode());
    }

    async fn get_seed(&mut self, _: Epoch) -> Option<Summary> {
        self.read(SEED)
    }

    async fn put_dealing<P: PublicKey>(&mut self, _: Epoch, dealer: P, private: DealerPrivMsg) {
        self.put(&dealing(&dealer), &private.encode());
    }

    async fn get_dealing<P: PublicKey>(&mut self, _: Epoch, dealer: &P) -> Option<DealerPrivMsg> {
        self.read(&dealing(dealer))
    }

    async fn prune(&mut self, _: Epoch) {}
}
