//! Admissions: a node's signed word, given at once, that it took an act. Whoever has the founding
//! can check it; no node is needed. If the act never becomes final though it could, the admission
//! is evidence that it was withheld.

use ed25519_consensus::VerificationKey;
use pacta_law::{ActId, Founding, Instant, NetworkId, PublicKey, Signature, json};
use serde::{Deserialize, Serialize};

use crate::receipt::{at, know_founding, read, version};
use crate::verdict::{Defect, Doubt, Proven, Unknown, Verdict};

/// What every admission says it is.
pub const FORMAT: &str = "pacta-admission";
/// What precedes the canonical JSON in the message that is signed.
pub const ADMISSION_DOMAIN: &[u8] = b"pacta/admission/v1\n";

/// What a node says when it takes an act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Said {
    /// The act.
    pub act: ActId,
    /// Height of the last final block that the node knew.
    pub height: u64,
    /// When it took the act, by its clock.
    pub instant: Instant,
}

/// A node's word that it took an act. Nothing in it is to be believed before [`Self::verify`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Admission {
    act: ActId,
    /// Always [`FORMAT`].
    format: String,
    /// The network.
    founding: Founding,
    height: u64,
    instant: Instant,
    /// The key by which the node votes.
    node: PublicKey,
    signature: Signature,
    /// Version of this form.
    v: u64,
}

/// What is signed, as canonical JSON.
#[derive(Serialize)]
struct Signed {
    act: ActId,
    height: u64,
    instant: Instant,
    network: NetworkId,
    node: PublicKey,
}

/// The message that a node signs when it takes an act: [`ADMISSION_DOMAIN`], then canonical JSON.
#[must_use]
pub fn admission_message(network: NetworkId, node: PublicKey, said: Said) -> Vec<u8> {
    let Said { act, height, instant } = said;
    let signed = Signed { act, height, instant, network, node };
    [ADMISSION_DOMAIN, &json::to_bytes(&signed)].concat()
}

impl Admission {
    /// An admission: `sign` is given the message and returns its signature by `node`.
    #[must_use]
    pub fn sign_with(
        founding: Founding,
        node: PublicKey,
        said: Said,
        sign: impl FnOnce(&[u8]) -> Signature,
    ) -> Self {
        let signature = sign(&admission_message(founding.network(), node, said));
        let Said { act, height, instant } = said;
        Self { act, format: FORMAT.into(), founding, height, instant, node, signature, v: 1 }
    }

    /// What the node says.
    #[must_use]
    pub fn said(&self) -> Said {
        Said { act: self.act, height: self.height, instant: self.instant }
    }

    /// The key by which the node votes.
    #[must_use]
    pub fn node(&self) -> PublicKey {
        self.node
    }

    /// The network that it says it is of.
    #[must_use]
    pub fn network(&self) -> NetworkId {
        self.founding.network()
    }

    /// The bytes: canonical JSON.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        json::to_bytes(self)
    }

    /// Reads an admission.
    ///
    /// # Errors
    /// [`Defect::NotCanonical`] or [`Defect::BadForm`]; of later forms, an [`Unknown`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Doubt> {
        json::check(bytes).map_err(Defect::NotCanonical)?;
        Self::decode(bytes)
    }

    /// Reads an admission that is canonical JSON already.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Doubt> {
        let v = version(bytes)?;
        if v != 1 {
            return Err(Unknown::AdmissionVersion(v).into());
        }
        know_founding(bytes)?;
        let admission: Self = read(bytes)?;
        if !admission.founding.is_of_its_form() {
            return Err(Defect::BadForm("the founding is not of its form".into()).into());
        }
        if admission.format != FORMAT || json::to_bytes(&admission) != bytes {
            return Err(Defect::BadForm("a member stands for nothing".into()).into());
        }
        Ok(admission)
    }

    /// Verifies that a validator of the founding signed it. Needs no network, no clock and no file.
    #[must_use]
    pub fn verify(&self) -> Verdict {
        self.prove().map_or_else(Verdict::from, Verdict::Genuine)
    }

    fn prove(&self) -> Result<Proven, Doubt> {
        let (network, said) = (self.network(), self.said());
        let key = VerificationKey::try_from(self.node.0).map_err(|_| Defect::BadAdmission)?;
        let signature = ed25519_consensus::Signature::from(self.signature.0);
        let message = admission_message(network, self.node, said);
        key.verify(&signature, &message).map_err(|_| Defect::BadAdmission)?;
        let mut validators = self.founding.validators.iter();
        let validator = validators.find(|validator| validator.key == self.node);
        let validator = validator.ok_or(Unknown::Node(self.node))?;
        let Said { act, height, instant } = said;
        let sentence = format!(
            "the validator {} of the actor {} had taken the act {act} {}, on the network {}",
            self.node,
            validator.actor,
            at(height, instant),
            self.founding.name
        );
        Ok(Proven { network, height: Some(height), instant: Some(instant), sentence })
    }
}
