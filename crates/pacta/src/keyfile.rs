//! Key files: an Ed25519 secret key, sealed under a passphrase.
//!
//! The file says in the clear what the key is for and its public half; these are bound to the seal,
//! so that a file changed by hand does not open.

use std::path::Path;

use ed25519_consensus::SigningKey;
use pacta_law::{KeyId, MandateId, PublicKey, Purpose};
use serde::{Deserialize, Serialize};

use crate::failure::{Failure, Result};
use crate::files::{self, Access};
use crate::seal::{Effort, Seal, changed};
use crate::signer::{Secret, Signer};

const VERSION: u64 = 1;
const ALGORITHM: &str = "ed25519";

/// A key file, as stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyFile {
    /// Form of the file.
    pub v: u64,
    /// What the key may be used for; nothing else.
    pub purpose: Purpose,
    /// Signature algorithm.
    pub algorithm: String,
    /// The key's id on the ledger.
    pub key: KeyId,
    /// Public key.
    pub public: PublicKey,
    /// The mandate by which the key acts, unless another is named. A convenience: it is not sealed,
    /// since every act shows its mandate before it is signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mandate: Option<MandateId>,
    /// The secret key, sealed.
    pub seal: Seal,
}

impl KeyFile {
    /// Seals a secret key under a passphrase.
    ///
    /// # Errors
    /// When the system gives no randomness.
    pub fn seal(secret: &Secret, passphrase: &str, effort: Effort) -> Result<Self> {
        let (purpose, key, public) = (secret.purpose, secret.id(), secret.public());
        let bound = bound(VERSION, purpose, &key, &public);
        let seal = Seal::close(secret.key.as_bytes(), &bound, passphrase, effort)?;
        let algorithm = ALGORITHM.to_owned();
        Ok(Self { v: VERSION, purpose, algorithm, key, public, mandate: None, seal })
    }

    /// Opens the seal.
    ///
    /// # Errors
    /// Exit code 65 when the passphrase is wrong, or the file was changed.
    pub fn open(&self, passphrase: &str) -> Result<Secret> {
        let bound = bound(self.v, self.purpose, &self.key, &self.public);
        let opened = self.seal.open(&bound, passphrase)?;
        let seed: [u8; 32] = opened.try_into().map_err(|_| changed())?;
        let secret = Secret { purpose: self.purpose, key: SigningKey::from(seed) };
        let same = secret.id() == self.key && secret.public() == self.public;
        same.then_some(secret).ok_or_else(changed)
    }

    /// Reads a key file.
    ///
    /// # Errors
    /// Exit code 74 when it cannot be read, 65 when it is not a key file.
    pub fn read(path: &Path) -> Result<Self> {
        let file: Self = files::read_json(path, "a key file")?;
        match file.v == VERSION && file.algorithm == ALGORITHM {
            true => Ok(file),
            false => Err(Failure::defective(format!(
                "{} has a form that this version does not know; use a newer pacta",
                path.display()
            ))),
        }
    }

    /// Writes the file, for its owner alone; refuses to replace one.
    ///
    /// # Errors
    /// Exit code 73 when it cannot be made, 74 when writing fails.
    pub fn write_new(&self, path: &Path) -> Result<()> {
        match path.exists() {
            true => Err(Failure::cannot_create(path, "it exists; choose another name")),
            false => self.replace(path),
        }
    }

    /// Writes the file, for its owner alone, in place of the one that is there.
    ///
    /// # Errors
    /// As [`KeyFile::write_new`].
    pub fn replace(&self, path: &Path) -> Result<()> {
        files::write_json(path, self, Access::Owner)
    }
}

/// What the seal binds beside the secret: all that the file says of the key.
fn bound(v: u64, purpose: Purpose, key: &KeyId, public: &PublicKey) -> String {
    format!("pacta/keyfile/v{v}|{}|{ALGORITHM}|{key}|{public}", purpose.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Exit;

    fn sealed() -> KeyFile {
        let secret = Secret { purpose: Purpose::SignAct, key: SigningKey::from([7; 32]) };
        KeyFile::seal(&secret, "correct horse", Effort::DEVNET).expect("seals")
    }

    #[test]
    fn a_sealed_key_opens_with_its_passphrase_only() {
        let file = sealed();
        let opened = file.open("correct horse").expect("opens");
        assert_eq!(opened.key.as_bytes(), &[7; 32]);
        let wrong = file.open("correct hors").err().map(|failure| failure.exit);
        assert_eq!(wrong, Some(Exit::Defective));
    }

    #[test]
    fn a_key_file_changed_by_hand_does_not_open() {
        let mut purpose = sealed();
        purpose.purpose = Purpose::NodeVote;
        let mut effort = sealed();
        effort.seal.effort.passes = 2;
        let mut flipped = sealed();
        let first = if flipped.seal.sealed.starts_with('0') { "1" } else { "0" };
        flipped.seal.sealed.replace_range(0..1, first);
        let mut enormous = sealed();
        enormous.seal.effort.memory_kib = u32::MAX;
        for changed in [purpose, effort, flipped, enormous] {
            assert!(changed.open("correct horse").is_err(), "{changed:?}");
        }
    }
}
