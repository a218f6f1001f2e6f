//! Votes of two signatures, and the certificates made of them.
//!
//! A vote is an Ed25519 signature of the validator and its part of the network's threshold
//! signature, over the same message; it counts only if both are good. The first names who voted,
//! also to outsiders. The parts give one short signature under the one network key, the same
//! whoever voted; but any quorum of parts could forge another validator's, so they accuse nobody.
//!
//! A certificate holds the list of the Ed25519 signatures beside the threshold signature, and
//! validators check both: who steals a quorum of shares makes no validator take a block for final.

use std::collections::{BTreeMap, BTreeSet};

use bytes::BufMut;
use commonware_codec::{Buf, EncodeSize, FixedSize, Read, ReadExt as _, Write, types::lazy::Lazy};
use commonware_consensus::simplex::{
    scheme::{bls12381_threshold::standard, ed25519 as listed},
    types::Subject,
};
use commonware_cryptography::{
    Digest,
    bls12381::{
        certificate::threshold,
        primitives::{
            group::{G1, G2, Share},
            sharing::Sharing,
            variant::MinSig,
        },
    },
    certificate::{
        self, AssemblyError, Attestation, Membership, Scheme as _, Verification, Verifier,
    },
    ed25519,
};
use commonware_parallel::Strategy;
use commonware_utils::{N3f1, Participant, iter::NonEmpty, ordered::Set};
use rand_core::CryptoRng;

use crate::{
    types::{ValidatorKey, ValidatorSecret},
    voting::{self, Voting},
};

type Listed = listed::Scheme;
type Threshold = standard::Scheme<ValidatorKey, MinSig>;

/// Both signatures of one vote: 112 bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Signature {
    /// The validator's own.
    pub own: ed25519::Signature,
    /// The part of the threshold signature. It is decoded late, so that a bad one leaves the other
    /// readable.
    pub part: Lazy<G1>,
}

impl Write for Signature {
    fn write(&self, buffer: &mut impl BufMut) {
        self.own.write(buffer);
        self.part.write(buffer);
    }
}

impl Read for Signature {
    type Cfg = ();

    fn read_cfg(buffer: &mut impl Buf, (): &()) -> Result<Self, commonware_codec::Error> {
        Ok(Self { own: ed25519::Signature::read(buffer)?, part: Lazy::read(buffer)? })
    }
}

impl FixedSize for Signature {
    const SIZE: usize = ed25519::Signature::SIZE + G1::SIZE;
}

/// The list of who voted, with their signatures, and the threshold signature.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Certificate {
    /// Who voted.
    pub list: ed25519::certificate::Certificate,
    /// The threshold signature: 48 bytes, the same whoever voted.
    pub threshold: threshold::Certificate<MinSig>,
}

impl Write for Certificate {
    fn write(&self, buffer: &mut impl BufMut) {
        self.list.write(buffer);
        self.threshold.write(buffer);
    }
}

impl EncodeSize for Certificate {
    fn encode_size(&self) -> usize {
        self.list.encode_size() + self.threshold.encode_size()
    }
}

impl Read for Certificate {
    /// The number of validators, at most.
    type Cfg = usize;

    fn read_cfg(
        buffer: &mut impl Buf,
        validators: &usize,
    ) -> Result<Self, commonware_codec::Error> {
        Ok(Self {
            list: Read::read_cfg(buffer, validators)?,
            threshold: Read::read_cfg(buffer, &())?,
        })
    }
}

/// What a validator, or who watches validators, checks votes with; a validator also casts them.
///
/// Who knows the network key alone checks the threshold signature alone: that key outlives every
/// committee, so certificates of any epoch can be checked by it, but not their lists.
#[derive(Clone, Debug)]
pub struct Scheme {
    listed: Option<Listed>,
    threshold: Threshold,
    /// Who asks whether a vote may be cast; everything may without.
    casts: bool,
    voting: Option<Voting>,
}

impl Scheme {
    /// A validator's. `None` if key and share are not those of one validator of the committee.
    ///
    /// # Panics
    /// If the sharing is of another number of validators.
    pub fn signer(
        namespace: &[u8],
        committee: Set<ValidatorKey>,
        secret: ValidatorSecret,
        sharing: Sharing<MinSig>,
        share: Share,
    ) -> Option<Self> {
        let listed = Listed::signer(namespace, committee.clone(), secret)?;
        let threshold = Threshold::signer(namespace, committee, sharing, share)?;
        let listed = (listed.me() == threshold.me()).then_some(listed)?;
        Some(Self { listed: Some(listed), threshold, casts: true, voting: None })
    }

    /// That of one who only checks.
    ///
    /// # Panics
    /// If the sharing is of another number of validators.
    pub fn verifier(
        namespace: &[u8],
        committee: Set<ValidatorKey>,
        sharing: Sharing<MinSig>,
    ) -> Self {
        let listed = Some(Listed::verifier(namespace, committee.clone()));
        let threshold = Threshold::verifier(namespace, committee, sharing);
        Self { listed, threshold, casts: false, voting: None }
    }

    /// Casts only votes that it may.
    pub fn under(mut self, voting: Voting) -> Self {
        self.voting = Some(voting);
        self
    }

    /// That of one who knows the network key alone: it checks certificates of every epoch, and no
    /// votes.
    pub fn of_network(namespace: &[u8], network_key: G2) -> Self {
        let threshold = Threshold::certificate_verifier(namespace, network_key);
        Self { listed: None, threshold, casts: false, voting: None }
    }

    /// Whether it is that of a validator with a share of the network key.
    pub fn casts(&self) -> bool {
        self.casts
    }

    /// The half that checks own signatures.
    ///
    /// # Panics
    /// If the committee is not known: votes are never given to such a scheme.
    fn own(&self) -> &Listed {
        self.listed.as_ref().expect("votes are checked only where the committee is known")
    }

    /// Votes taken apart.
    fn take_apart(attestations: impl IntoIterator<Item = Attestation<Self>>) -> Apart {
        let mut apart = Apart::default();
        for attestation in attestations {
            let signer = attestation.signer;
            match attestation.signature.get() {
                Some(signature) if signature.part.get().is_some() => {
                    apart.own.push(own_half(signer, signature));
                    apart.whole.insert(signer, attestation);
                }
                _ => {
                    apart.bad.insert(signer);
                }
            }
        }
        apart
    }
}

/// Votes taken apart.
#[derive(Default)]
struct Apart {
    /// The own signatures of those of which both can be read.
    own: Vec<Attestation<Listed>>,
    /// The same votes as they were.
    whole: BTreeMap<Participant, Attestation<Scheme>>,
    /// Whose vote cannot be read.
    bad: BTreeSet<Participant>,
}

fn own_half(signer: Participant, signature: &Signature) -> Attestation<Listed> {
    Attestation { signer, signature: signature.own.clone().into() }
}

fn part_half(attestation: &Attestation<Scheme>) -> Option<Attestation<Threshold>> {
    let part = *attestation.signature.get()?.part.get()?;
    Some(Attestation { signer: attestation.signer, signature: part.into() })
}

impl Verifier for Scheme {
    type Subject<'a, D: Digest> = Subject<'a, D>;
    type Faults = N3f1;
    type PublicKey = ValidatorKey;
    type Certificate = Certificate;

    fn verify_certificate<R: CryptoRng, D: Digest>(
        &self,
        rng: &mut R,
        subject: Subject<'_, D>,
        certificate: &Certificate,
        strategy: &impl Strategy,
    ) -> bool {
        self.listed.as_ref().is_none_or(|listed| {
            listed.verify_certificate::<_, D>(rng, subject, &certificate.list, strategy)
        }) && self.threshold.verify_certificate::<_, D>(
            rng,
            subject,
            &certificate.threshold,
            strategy,
        )
    }

    fn verify_certificates<'a, R, D, I>(
        &self,
        rng: &mut R,
        certificates: NonEmpty<I>,
        strategy: &impl Strategy,
    ) -> bool
    where
        R: CryptoRng,
        D: Digest,
        I: Iterator<Item = (Subject<'a, D>, &'a Certificate)>,
    {
        let certificates: Vec<_> = certificates.into_iter().collect();
        let lists = certificates.iter().map(|(subject, one)| (*subject, &one.list));
        let signatures = certificates.iter().map(|(subject, one)| (*subject, &one.threshold));
        let (Some(lists), Some(signatures)) =
            (NonEmpty::try_new(lists), NonEmpty::try_new(signatures))
        else {
            return false;
        };
        self.listed
            .as_ref()
            .is_none_or(|listed| listed.verify_certificates::<_, D, _>(rng, lists, strategy))
            && self.threshold.verify_certificates::<_, D, _>(rng, signatures, strategy)
    }

    fn is_batchable() -> bool {
        true
    }

    fn max_certificate_size(validators: u32) -> usize {
        Listed::max_certificate_size(validators) + Threshold::max_certificate_size(validators)
    }

    fn certificate_codec_config(&self) -> usize {
        let unbounded = Listed::certificate_codec_config_unbounded;
        self.listed.as_ref().map_or_else(unbounded, Verifier::certificate_codec_config)
    }

    fn certificate_codec_config_unbounded() -> usize {
        Listed::certificate_codec_config_unbounded()
    }
}

impl certificate::Scheme for Scheme {
    type Signature = Signature;

    fn me(&self) -> Option<Membership> {
        self.listed.as_ref()?.me()
    }

    fn participants(&self) -> &Set<ValidatorKey> {
        self.own().participants()
    }

    fn sign<D: Digest>(&self, subject: Subject<'_, D>) -> Option<Attestation<Self>> {
        let place = voting::place_of(&subject);
        if self.voting.as_ref().is_some_and(|voting| !voting.allows(place)) {
            return None;
        }
        let own = self.own().sign::<D>(subject)?;
        let part = self.threshold.sign::<D>(subject)?;
        let signature =
            Signature { own: own.signature.get()?.clone(), part: (*part.signature.get()?).into() };
        Some(Attestation { signer: own.signer, signature: signature.into() })
    }

    fn verify_attestation<R: CryptoRng, D: Digest>(
        &self,
        rng: &mut R,
        subject: Subject<'_, D>,
        attestation: &Attestation<Self>,
        strategy: &impl Strategy,
    ) -> bool {
        let (Some(signature), Some(part)) = (attestation.signature.get(), part_half(attestation))
        else {
            return false;
        };
        let own = own_half(attestation.signer, signature);
        self.own().verify_attestation::<_, D>(rng, subject, &own, strategy)
            && self.threshold.verify_attestation::<_, D>(rng, subject, &part, strategy)
    }

    fn verify_attestations<R, D, I>(
        &self,
        rng: &mut R,
        subject: Subject<'_, D>,
        attestations: I,
        strategy: &impl Strategy,
    ) -> Verification<Self>
    where
        R: CryptoRng,
        D: Digest,
        I: IntoIterator<Item = Attestation<Self>>,
        I::IntoIter: Send,
    {
        let Apart { own, mut whole, mut bad } = Self::take_apart(attestations);
        let own = self.own().verify_attestations::<_, D, _>(rng, subject, own, strategy);
        bad.extend(own.invalid);
        whole.retain(|signer, _| !bad.contains(signer));
        let parts: Vec<_> = whole.values().filter_map(part_half).collect();
        let parts = self.threshold.verify_attestations::<_, D, _>(rng, subject, parts, strategy);
        bad.extend(parts.invalid);
        whole.retain(|signer, _| !bad.contains(signer));
        Verification::new(whole.into_values().collect(), bad.into_iter().collect())
    }

    /// Checks each validator's own signature, since the threshold signature alone does not show
    /// that every vote was good, and a list must hold good ones only.
    fn optimistic_assemble<'a, R, D, I, J>(
        &self,
        rng: &mut R,
        subject: Subject<'_, D>,
        pending: I,
        verified: J,
        strategy: &impl Strategy,
    ) -> Result<Certificate, Verification<Self>>
    where
        R: CryptoRng,
        D: Digest,
        I: IntoIterator<Item = Attestation<Self>>,
        I::IntoIter: ExactSizeIterator + Send,
        J: IntoIterator<Item = &'a Attestation<Self>>,
        J::IntoIter: Send,
    {
        let pending: Vec<_> = pending.into_iter().collect();
        let verified: Vec<_> = verified.into_iter().collect();
        let Apart { own, bad, .. } = Self::take_apart(pending.iter().cloned());
        let own = self.own().verify_attestations::<_, D, _>(rng, subject, own, strategy);
        if bad.is_empty() && own.invalid.is_empty() {
            let all = pending.iter().chain(verified.iter().copied()).cloned();
            if let Some(all) = NonEmpty::try_new(all)
                && let Ok(certificate) = self.assemble(all, strategy)
                && self.threshold.verify_certificate::<_, D>(
                    rng,
                    subject,
                    &certificate.threshold,
                    strategy,
                )
            {
                return Ok(certificate);
            }
        }
        Err(self.verify_attestations::<_, D, _>(rng, subject, pending, strategy))
    }

    fn assemble<I>(
        &self,
        attestations: NonEmpty<I>,
        strategy: &impl Strategy,
    ) -> Result<Certificate, AssemblyError>
    where
        I: Iterator<Item = Attestation<Self>> + Send,
    {
        let (mut own, mut parts) = (Vec::new(), Vec::new());
        for attestation in attestations {
            let signer = attestation.signer;
            let malformed = || AssemblyError::MalformedSignature(signer);
            own.push(own_half(signer, attestation.signature.get().ok_or_else(malformed)?));
            parts.push(part_half(&attestation).ok_or_else(malformed)?);
        }
        let none = || AssemblyError::InsufficientAttestations(1, 0);
        let own = NonEmpty::try_new(own.into_iter()).ok_or_else(none)?;
        let parts = NonEmpty::try_new(parts.into_iter()).ok_or_else(none)?;
        Ok(Certificate {
            list: self.own().assemble(own, strategy)?,
            threshold: self.threshold.assemble(parts, strategy)?,
        })
    }

    /// A whole vote cannot be made without the validator's own key. Only its Ed25519 signature is
    /// evidence.
    fn is_attributable() -> bool {
        true
    }
}
