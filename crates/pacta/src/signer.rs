//! Who signs. A key serves one purpose; the only back end so far is the key file.

use ed25519_consensus::SigningKey;
use pacta_law::{KeyId, PublicKey, Purpose, Signature};

use crate::failure::{Failure, Result};

/// Something that signs with one key for one purpose.
pub trait Signer {
    /// The public key.
    fn public(&self) -> PublicKey;
    /// Signs `message`, if the key serves `purpose`.
    ///
    /// # Errors
    /// Exit code 2 when the key serves another purpose.
    fn sign(&self, purpose: Purpose, message: &[u8]) -> Result<Signature>;
}

/// A secret key in memory.
#[derive(Clone)]
pub struct Secret {
    /// What the key is for.
    pub purpose: Purpose,
    /// The key.
    pub key: SigningKey,
}

impl Secret {
    /// A new key from the system's randomness.
    ///
    /// # Errors
    /// When the system gives none.
    pub fn generate(purpose: Purpose) -> Result<Self> {
        Ok(Self { purpose, key: SigningKey::from(crate::seal::random::<32>()?) })
    }

    /// The key's id on the ledger.
    pub fn id(&self) -> KeyId {
        KeyId::of(&self.public())
    }
}

impl Signer for Secret {
    fn public(&self) -> PublicKey {
        PublicKey(self.key.verification_key().to_bytes())
    }

    fn sign(&self, purpose: Purpose, message: &[u8]) -> Result<Signature> {
        match purpose == self.purpose {
            true => Ok(Signature(self.key.sign(message).to_bytes())),
            false => Err(Failure::usage(format!(
                "this key is to {}, not to {purpose}; give the key file of a key to {purpose}",
                self.purpose
            ))),
        }
    }
}
