//! The means to check votes and certificates, by epoch.
//!
//! The committee of an epoch is known here from the block that begins it until some epochs later.
//! Certificates of earlier epochs are checked by the network key, which outlives every committee.
//! Those of later epochs are not checked at all: the network key alone would take the word of
//! whoever kept a quorum of old shares, so a node that catches up goes from one epoch to the next.

use std::{collections::BTreeMap, sync::Arc};

use commonware_consensus::types::Epoch;
use commonware_cryptography::{
    bls12381::primitives::{group::G2, variant::MinSig},
    certificate::{Provider, Scoped},
};
use commonware_glue::dkg::{Registrar, types::SchemeInfo};
use commonware_utils::sync::Mutex;

use crate::{
    types::{Scheme, ValidatorKey, ValidatorSecret},
    voting::Voting,
};

/// Epochs of which the committee is remembered.
const EPOCHS_KEPT: usize = 4;

struct Inner {
    namespace: Vec<u8>,
    secret: ValidatorSecret,
    voting: Voting,
    network: Arc<Scheme>,
    schemes: Mutex<BTreeMap<Epoch, Arc<Scheme>>>,
}

/// The committees known here. Clones are the same.
#[derive(Clone)]
pub struct Committees(Arc<Inner>);

impl Committees {
    /// Knows the network key only. Votes are cast as far as `voting` allows.
    pub fn new(
        namespace: Vec<u8>,
        network_key: G2,
        secret: ValidatorSecret,
        voting: Voting,
    ) -> Self {
        let network = Arc::new(Scheme::of_network(&namespace, network_key));
        let schemes = Mutex::default();
        Self(Arc::new(Inner { namespace, secret, voting, network, schemes }))
    }

    fn scheme_of(&self, info: SchemeInfo<MinSig, ValidatorKey>) -> Scheme {
        let namespace = &self.0.namespace;
        match info {
            SchemeInfo::Verifier { participants, sharing }
            | SchemeInfo::Member { participants, sharing, .. } => {
                Scheme::verifier(namespace, participants, sharing)
            }
            SchemeInfo::Signer { participants, sharing, share } => {
                let (committee, secret) = (participants.clone(), self.0.secret.clone());
                let signer = Scheme::signer(namespace, committee, secret, sharing.clone(), share);
                signer.map(|signer| signer.under(self.0.voting.clone())).unwrap_or_else(|| {
                    tracing::error!("this node's share is not of its place; it only follows");
                    Scheme::verifier(namespace, participants, sharing)
                })
            }
        }
    }
}

impl Registrar for Committees {
    type Variant = MinSig;
    type PublicKey = ValidatorKey;

    async fn register(&self, epoch: Epoch, info: SchemeInfo<MinSig, ValidatorKey>) {
        let scheme = Arc::new(self.scheme_of(info));
        let mut schemes = self.0.schemes.lock();
        schemes.insert(epoch, scheme);
        while schemes.len() > EPOCHS_KEPT {
            schemes.pop_first();
        }
    }
}

impl Provider for Committees {
    type Scope = Epoch;
    type Scheme = Scheme;

    /// None for epochs after the last one known: whoever asked for such a certificate asks again
    /// when the epoch has begun here.
    fn scoped(&self, epoch: Epoch) -> Option<Scoped<Scheme>> {
        let schemes = self.0.schemes.lock();
        match schemes.get(&epoch) {
            Some(known) => Some(Scoped::scheme(known.clone())),
            None if schemes.keys().next_back().is_some_and(|last| epoch < *last) => {
                Some(Scoped::verifier(self.0.network.clone()))
            }
            None => None,
        }
    }
}
