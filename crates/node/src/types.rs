//! The engine's types as pacta uses them, under one name each.

use commonware_consensus::{marshal::standard::Standard, simplex::types as simplex};
use commonware_cryptography::{
    bls12381::primitives::variant::MinSig, ed25519, sha256::Digest as Sha256Digest,
};
use commonware_glue::dkg::types as dkg;
use commonware_runtime::{Clock, Metrics, Spawner, Storage};
use rand_core::CryptoRng;

use crate::block::Block;
pub use crate::scheme::Scheme;

/// What the node needs of a runtime. Both the tokio runtime and the deterministic one provide it,
/// so that simulations run the code that operates.
pub trait Context: Storage + Clock + Spawner + Metrics + CryptoRng {}
impl<E: Storage + Clock + Spawner + Metrics + CryptoRng> Context for E {}

/// Digest of blocks, records and acts, as the engine names it.
pub type BlockDigest = Sha256Digest;
/// A validator's key for connections, which also names its place in the committee.
pub type ValidatorKey = ed25519::PublicKey;
/// The validator's private key.
pub type ValidatorSecret = ed25519::PrivateKey;
/// What a block says of the round that made it.
pub type Round = simplex::Context<BlockDigest, ValidatorKey>;
/// The certificate that a block is final.
pub type Finalization = simplex::Finalization<Scheme, BlockDigest>;
/// Whole blocks are sent, not erasure-coded parts.
pub type Variant = Standard<Block>;
/// Handle to the store of final blocks and certificates.
pub type Marshal = commonware_consensus::marshal::core::Mailbox<Scheme, Variant>;
/// A step of the ceremony that a block carries: what a dealer publishes, or its outcome.
pub type Ceremony = dkg::Payload<MinSig, ValidatorKey>;
/// What the last block of an epoch says of the next one: its committee, and who is dealt to in it.
pub type EpochInfo = dkg::EpochInfo<MinSig, ValidatorKey>;
