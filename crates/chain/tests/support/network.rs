//! A network of four validators whose keys are made from seeds.

use commonware_codec::Encode as _;
use commonware_consensus::{
    simplex::{
        scheme::bls12381_threshold::standard::Scheme,
        types::{Finalization, Finalize, Notarization, Notarize, Proposal},
    },
    types::{Epoch, Round, View},
};
use commonware_cryptography::{
    Signer as _,
    bls12381::{dkg::feldman_desmedt, primitives::sharing::Mode, primitives::variant::MinSig},
    ed25519, sha256,
};
use commonware_parallel::Sequential;
use commonware_utils::{N3f1, TestRng, TryCollect as _, non_empty, ordered::Set};
use pacta_chain::{FinalityCertificate, Founding, Header, namespace};
use pacta_law::genesis::{SCHEME, Validator};
use pacta_law::{ActorId, Digest, NetworkKey, PublicKey};

type Signing = Scheme<ed25519::PublicKey, MinSig>;

pub struct Network {
    pub founding: Founding,
    schemes: Vec<Signing>,
}

impl Network {
    /// With a founding of form 1.
    pub fn new(name: &str, seed: u64) -> Self {
        Self::of_form(name, seed, false)
    }

    /// With a founding of form 2.
    pub fn later(name: &str, seed: u64) -> Self {
        Self::of_form(name, seed, true)
    }

    fn of_form(name: &str, seed: u64, later: bool) -> Self {
        let keys = (0..4).map(|at| ed25519::PrivateKey::from_seed(seed + at).public_key());
        let committee: Set<_> = keys.try_collect().unwrap();
        let (output, shares) = feldman_desmedt::deal::<MinSig, _, N3f1>(
            TestRng::new(seed),
            Mode::NonZeroCounter,
            committee.clone(),
        )
        .unwrap();
        let sharing = output.public().clone();
        let validators = committee.iter().enumerate().map(|(at, key)| Validator {
            actor: ActorId([at as u8 + 1; 16]),
            address: if later { format!("node-{at}.example:7000") } else { String::new() },
            key: PublicKey(key.encode().as_ref().try_into().unwrap()),
        });
        let founding = Founding {
            ceremony: later.then(|| hex::encode(output.encode())),
            dealer: true,
            epoch_blocks: if later { 16 } else { 0 },
            ledger: Digest::of(&[b"{}"]),
            name: name.into(),
            network_key: NetworkKey(sharing.public().encode().as_ref().try_into().unwrap()),
            scheme: SCHEME.into(),
            v: if later { 2 } else { 1 },
            validators: validators.collect(),
        };
        let namespace = namespace(founding.network());
        let scheme = |share| Signing::signer(&namespace, committee.clone(), sharing.clone(), share);
        let schemes = shares.into_iter().map(|(_, share)| scheme(share).unwrap()).collect();
        Self { founding, schemes }
    }

    /// A certificate as the engine makes it, of three votes.
    pub fn certify(&self, header: &Header) -> FinalityCertificate {
        let vote = |scheme| Finalize::sign(scheme, proposal(header)).unwrap();
        let votes: Vec<_> = self.schemes[1..].iter().map(vote).collect();
        let certificate =
            Finalization::from_finalizes(&self.schemes[0], non_empty![@&votes], &Sequential)
                .unwrap();
        to_certificate(header, &certificate.certificate.encode())
    }

    /// A certificate of a view in which the block was proposed again.
    pub fn certify_again(&self, header: &Header, view: u64) -> FinalityCertificate {
        let again = Header { view, parent_view: header.view, ..header.clone() };
        let proposal = Proposal { payload: proposal(header).payload, ..proposal(&again) };
        let vote = |scheme| Finalize::sign(scheme, proposal.clone()).unwrap();
        let votes: Vec<_> = self.schemes[1..].iter().map(vote).collect();
        let certificate =
            Finalization::from_finalizes(&self.schemes[0], non_empty![@&votes], &Sequential)
                .unwrap();
        let certificate = to_certificate(&again, &certificate.certificate.encode());
        FinalityCertificate { payload: header.digest(), ..certificate }
    }

    /// The certificate of an earlier phase, which does not make a block final.
    pub fn notarize(&self, header: &Header) -> FinalityCertificate {
        let vote = |scheme| Notarize::sign(scheme, proposal(header)).unwrap();
        let votes: Vec<_> = self.schemes[1..].iter().map(vote).collect();
        let certificate =
            Notarization::from_notarizes(&self.schemes[0], non_empty![@&votes], &Sequential)
                .unwrap();
        to_certificate(header, &certificate.certificate.encode())
    }
}

fn proposal(header: &Header) -> Proposal<sha256::Digest> {
    let round = Round::new(Epoch::new(header.epoch), View::new(header.view));
    Proposal::new(round, View::new(header.parent_view), sha256::Digest(header.digest().0))
}

fn to_certificate(header: &Header, signature: &[u8]) -> FinalityCertificate {
    FinalityCertificate {
        epoch: header.epoch,
        parent_view: header.parent_view,
        payload: header.digest(),
        scheme: SCHEME.into(),
        signature: signature.try_into().unwrap(),
        view: header.view,
    }
}
