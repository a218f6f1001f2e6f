//! Secrets under a passphrase: argon2id derives the key, XChaCha20-Poly1305 seals.

use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305};
use rand::TryRng;
use rand::rngs::SysRng;
use serde::{Deserialize, Serialize};

use crate::failure::{Failure, Result};

const DERIVATION: &str = "argon2id";
const CIPHER: &str = "xchacha20-poly1305";
const MEMORY_KIB_MAX: u32 = 1024 * 1024;
const PASSES_MAX: u32 = 16;
const LANES_MAX: u32 = 16;

/// How much work one guess of the passphrase costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Effort {
    /// Memory that argon2id fills, in KiB.
    pub memory_kib: u32,
    /// How often it goes over it.
    pub passes: u32,
    /// How many lanes it uses.
    pub lanes: u32,
}

impl Effort {
    /// For keys that matter: 64 MiB, three passes (RFC 9106, section 4, second choice).
    pub const FULL: Self = Self { memory_kib: 64 * 1024, passes: 3, lanes: 1 };
    /// For keys of a devnet, whose passphrase is public anyway.
    pub const DEVNET: Self = Self { memory_kib: 8 * 1024, passes: 1, lanes: 1 };

    fn is_bearable(self) -> bool {
        self.memory_kib <= MEMORY_KIB_MAX && self.passes <= PASSES_MAX && self.lanes <= LANES_MAX
    }
}

/// A secret under a passphrase, as stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seal {
    /// How the sealing key is derived from the passphrase.
    pub derivation: String,
    /// With how much work.
    pub effort: Effort,
    /// Salt of the derivation: 16 bytes in hex.
    pub salt: String,
    /// How the secret is sealed.
    pub cipher: String,
    /// Nonce of the cipher: 24 bytes in hex.
    pub nonce: String,
    /// The sealed bytes, with their tag, in hex.
    pub sealed: String,
}

impl Seal {
    /// Seals `secret` under a passphrase and binds it to `bound`, which stays readable beside it.
    ///
    /// # Errors
    /// When the system gives no randomness.
    pub fn close(secret: &[u8], bound: &str, passphrase: &str, effort: Effort) -> Result<Self> {
        let (salt, nonce): ([u8; 16], [u8; 24]) = (random()?, random()?);
        let bound = bind(bound, effort);
        let payload = Payload { msg: secret, aad: bound.as_bytes() };
        let sealed = cipher(passphrase, &salt, effort)?.encrypt(&nonce.into(), payload);
        Ok(Self {
            derivation: DERIVATION.to_owned(),
            effort,
            salt: hex::encode(salt),
            cipher: CIPHER.to_owned(),
            nonce: hex::encode(nonce),
            sealed: hex::encode(sealed.map_err(|_| Failure::failed("cannot seal a secret"))?),
        })
    }

    /// Opens the seal.
    ///
    /// # Errors
    /// Exit code 65 when the passphrase is wrong, when the seal or `bound` was changed, or when the
    /// seal has another form or asks for more memory than is reasonable.
    pub fn open(&self, bound: &str, passphrase: &str) -> Result<Vec<u8>> {
        let known = self.derivation == DERIVATION && self.cipher == CIPHER;
        if !known || !self.effort.is_bearable() {
            return Err(Failure::defective(
                "the secret is sealed in a way that this version does not know; use a newer pacta",
            ));
        }
        let salt: [u8; 16] = decode(&self.salt).ok_or_else(changed)?;
        let nonce: [u8; 24] = decode(&self.nonce).ok_or_else(changed)?;
        let sealed = hex::decode(&self.sealed).map_err(|_| changed())?;
        let bound = bind(bound, self.effort);
        let payload = Payload { msg: &sealed, aad: bound.as_bytes() };
        let cipher = cipher(passphrase, &salt, self.effort)?;
        cipher.decrypt(&nonce.into(), payload).map_err(|_| changed())
    }
}

/// The failure of a seal that does not open, or opens to something else.
pub fn changed() -> Failure {
    Failure::defective(
        "the passphrase is wrong, or the file was changed; try again, or restore it from a copy",
    )
}

/// Random bytes of the operating system.
///
/// # Errors
/// When it gives none.
pub fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    SysRng
        .try_fill_bytes(&mut bytes)
        .map_err(|error| Failure::failed(format!("the system gives no randomness: {error}")))?;
    Ok(bytes)
}

fn bind(bound: &str, Effort { memory_kib, passes, lanes }: Effort) -> String {
    format!("{bound}|{memory_kib}|{passes}|{lanes}")
}

fn cipher(passphrase: &str, salt: &[u8; 16], effort: Effort) -> Result<XChaCha20Poly1305> {
    let derive = || -> argon2::Result<[u8; 32]> {
        let params = Params::new(effort.memory_kib, effort.passes, effort.lanes, Some(32))?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let mut key = [0; 32];
        argon2.hash_password_into(passphrase.as_bytes(), salt, &mut key)?;
        Ok(key)
    };
    let key = derive().map_err(|_| changed())?;
    Ok(XChaCha20Poly1305::new(&key.into()))
}

fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    hex::decode(text).ok()?.try_into().ok()
}
