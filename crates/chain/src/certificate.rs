//! Certificates that a block is final: one threshold signature under the network's key.

use commonware_codec::DecodeExt as _;
use commonware_cryptography::bls12381::primitives::group::{G1, G2};
use commonware_cryptography::bls12381::primitives::ops::verify_message;
use commonware_cryptography::bls12381::primitives::variant::MinSig;
use pacta_law::genesis::SCHEME;
use pacta_law::{Digest, Founding, NetworkId};
use serde::{Deserialize, Serialize};

use crate::header::Header;
use crate::hex_bytes;
use crate::verdict::{Defect, Doubt, Unknown};

/// What the namespace of every signature of a network's validators begins with.
const NAMESPACE_PREFIX: &str = "pacta-";
/// What the engine adds to the namespace for votes that make a block final.
const FINALIZE_SUFFIX: &str = "_FINALIZE";

/// The namespace in which a network's validators sign: the prefix, then the network's id.
#[must_use]
pub fn namespace(network: NetworkId) -> Vec<u8> {
    format!("{NAMESPACE_PREFIX}{network}").into_bytes()
}

/// The proof that a block is final: at least a quorum of validators signed its digest.
///
/// The signature is the same whoever of them signed, so two certificates of one block are equal
/// unless its round was another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FinalityCertificate {
    /// Committee of validators.
    pub epoch: u64,
    /// View of the parent, or the last one in which the block itself was proposed before.
    pub parent_view: u64,
    /// What is final: the digest of a header.
    pub payload: Digest,
    /// How it was signed; that of the founding.
    pub scheme: String,
    /// A compressed point of G1 of BLS12-381.
    #[serde(with = "hex_bytes")]
    pub signature: [u8; 48],
    /// View in which the block was proposed and became final.
    pub view: u64,
}

impl FinalityCertificate {
    /// Whether a block of this header can have become final in the certificate's view: in that of
    /// its proposal, or in a later one of its epoch where it was proposed again, then as its own
    /// parent or as that of a view where this was done before. The last block of an epoch is
    /// proposed again until it is final.
    pub(crate) fn is_of_round(&self, header: &Header) -> bool {
        let first = self.view == header.view && self.parent_view == header.parent_view;
        let again = self.view > self.parent_view && self.parent_view >= header.view;
        self.epoch == header.epoch && (first || again)
    }

    /// Verifies the signature under the key of the founding.
    ///
    /// # Errors
    /// [`Unknown::Scheme`], [`Defect::OtherScheme`] or [`Defect::BadCertificate`].
    pub fn verify(&self, founding: &Founding) -> Result<(), Doubt> {
        if self.scheme != founding.scheme {
            return Err(Defect::OtherScheme.into());
        }
        if self.scheme != SCHEME {
            return Err(Unknown::Scheme(self.scheme.clone()).into());
        }
        // Decoding refuses points off the curve, outside the subgroup, and the identity.
        let key = G2::decode(founding.network_key.0.to_vec());
        let signature = G1::decode(self.signature.to_vec());
        let (Ok(key), Ok(signature)) = (key, signature) else {
            return Err(Defect::BadCertificate.into());
        };
        let mut namespace = namespace(founding.network());
        namespace.extend(FINALIZE_SUFFIX.as_bytes());
        verify_message::<MinSig>(&key, &namespace, &self.message(), &signature)
            .map_err(|_| Defect::BadCertificate.into())
    }

    /// What is signed, without its namespace: the proposal as the engine encodes it.
    fn message(&self) -> Vec<u8> {
        let mut message = Vec::with_capacity(62);
        for number in [self.epoch, self.view, self.parent_view] {
            push_varint(&mut message, number);
        }
        message.extend(self.payload.0);
        message
    }
}

/// Writes a number as unsigned LEB128, seven bits a byte, the lowest first.
pub(crate) fn push_varint(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signed_proposal_has_the_engine_s_bytes() {
        let certificate = FinalityCertificate {
            epoch: 300,
            parent_view: 69_999,
            payload: Digest([0x11; 32]),
            scheme: SCHEME.into(),
            signature: [0; 48],
            view: 70_000,
        };
        let expected = format!("ac02f0a204efa204{}", "11".repeat(32));
        assert_eq!(hex::encode(certificate.message()), expected);
    }

    #[test]
    fn a_varint_has_as_few_bytes_as_can_be() {
        for (number, expected) in
            [(0, "00"), (127, "7f"), (128, "8001"), (u64::MAX, "ffffffffffffffffff01")]
        {
            let mut bytes = Vec::new();
            push_varint(&mut bytes, number);
            assert_eq!(hex::encode(bytes), expected);
        }
    }
}
