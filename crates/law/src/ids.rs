//! Identifiers: one type per thing, written as lower-case hex.

use alloc::string::String;
use core::fmt;
use core::str::FromStr;

use serde::de::{Error as _, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};

use crate::limits::SLUG_BYTES_MAX;

/// An identifier that is not in its form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not {expected}; check that it was copied whole")]
pub struct BadId {
    /// The form that was expected.
    pub expected: &'static str,
}

fn decode_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let text = text.as_bytes();
    if text.len() != N * 2 {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(bytes)
}

fn digit(character: u8) -> Option<u8> {
    match character {
        b'0'..=b'9' => Some(character - b'0'),
        b'a'..=b'f' => Some(character - b'a' + 10),
        _ => None,
    }
}

struct HexVisitor<const N: usize>;

impl<const N: usize> Visitor<'_> for HexVisitor<N> {
    type Value = [u8; N];

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} lower-case hex digits", N * 2)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<[u8; N], E> {
        decode_hex(text).ok_or_else(|| E::invalid_value(serde::de::Unexpected::Str(text), &self))
    }
}

macro_rules! hex_type {
    ($(#[$doc:meta])* $name:ident, $bytes:literal, $expected:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; $bytes]);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut text = [0; $bytes * 2];
                hex::encode_to_slice(self.0, &mut text).map_err(|_| fmt::Error)?;
                f.pad(core::str::from_utf8(&text).map_err(|_| fmt::Error)?)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }

        impl FromStr for $name {
            type Err = BadId;

            fn from_str(text: &str) -> Result<Self, BadId> {
                decode_hex(text).map(Self).ok_or(BadId { expected: $expected })
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut text = [0; $bytes * 2];
                hex::encode_to_slice(self.0, &mut text).map_err(serde::ser::Error::custom)?;
                let text = core::str::from_utf8(&text).map_err(serde::ser::Error::custom)?;
                serializer.serialize_str(text)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str(HexVisitor).map(Self)
            }
        }
    };
}

hex_type!(
    /// 32 bytes of SHA-256.
    Digest, 32, "a digest: 64 lower-case hex digits"
);
hex_type!(
    /// An act: SHA-256 of its signed message. The signature is no part of it.
    ActId, 32, "an act id: 64 lower-case hex digits"
);
hex_type!(
    /// A key: SHA-256 of its algorithm and public bytes.
    KeyId, 32, "a key id: 64 lower-case hex digits"
);
hex_type!(
    /// A network: SHA-256 of its founding.
    NetworkId, 32, "a network id: 64 lower-case hex digits"
);
hex_type!(
    /// An actor. Given in the genesis; later ones are named by the act that registered them.
    ActorId, 16, "an actor id: 32 lower-case hex digits"
);
hex_type!(
    /// A mandate, named by the act that granted it.
    MandateId, 16, "a mandate id: 32 lower-case hex digits"
);
hex_type!(
    /// A raw Ed25519 public key.
    PublicKey, 32, "a public key: 64 lower-case hex digits"
);
hex_type!(
    /// An Ed25519 signature.
    Signature, 64, "a signature: 128 lower-case hex digits"
);
hex_type!(
    /// The network's threshold key: a compressed point of G2 of BLS12-381.
    NetworkKey, 96, "a network key: 192 lower-case hex digits"
);

impl Digest {
    /// SHA-256 of the parts, one after the other.
    #[must_use]
    pub fn of(parts: &[&[u8]]) -> Self {
        let mut hasher = Sha256::new();
        for part in parts {
            hasher.update(part);
        }
        Self(hasher.finalize().into())
    }
}

impl ActId {
    fn first_half(self) -> [u8; 16] {
        let mut half = [0; 16];
        half.copy_from_slice(&self.0[..16]);
        half
    }

    /// The actor that this act registers.
    #[must_use]
    pub fn actor(self) -> ActorId {
        ActorId(self.first_half())
    }

    /// The mandate that this act grants.
    #[must_use]
    pub fn mandate(self) -> MandateId {
        MandateId(self.first_half())
    }
}

/// Number of the Ed25519 algorithm in the registry of algorithms.
const ED25519: u16 = 1;

impl KeyId {
    /// The id of an Ed25519 key.
    #[must_use]
    pub fn of(public: &PublicKey) -> Self {
        Self(Digest::of(&[b"pacta/key/v1", &ED25519.to_be_bytes(), &public.0]).0)
    }
}

/// The short name of a treaty, chosen by its drafter and unique on the ledger: 2 to 64 lower-case
/// letters, digits and hyphens, no hyphen first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct TreatyId(String);

impl TreatyId {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn is_form(text: &str) -> bool {
        let slug = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        (2..=SLUG_BYTES_MAX).contains(&text.len())
            && !text.starts_with('-')
            && text.bytes().all(slug)
    }
}

const SLUG_FORM: &str = "a treaty's short name: 2 to 64 lower-case letters, digits and hyphens";

impl FromStr for TreatyId {
    type Err = BadId;

    fn from_str(text: &str) -> Result<Self, BadId> {
        Self::is_form(text).then(|| Self(text.into())).ok_or(BadId { expected: SLUG_FORM })
    }
}

impl fmt::Display for TreatyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl<'de> Deserialize<'de> for TreatyId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if !Self::is_form(&text) {
            return Err(D::Error::custom(BadId { expected: SLUG_FORM }));
        }
        Ok(Self(text))
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn an_id_is_written_and_read_in_lower_case_hex_only() {
        let id = ActorId([0xab; 16]);
        let text = "ab".repeat(16);
        assert_eq!(id.to_string(), text);
        assert_eq!(text.parse(), Ok(id));
        for wrong in [text.to_uppercase(), text[1..].into(), format!("{text}ab"), "g".repeat(32)] {
            assert!(wrong.parse::<ActorId>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_slug_is_from_2_to_64_plain_characters() {
        for right in ["ab", "paris-2015", "9a", &"a".repeat(SLUG_BYTES_MAX)] {
            assert!(right.parse::<TreatyId>().is_ok(), "{right}");
        }
        let long = "a".repeat(SLUG_BYTES_MAX + 1);
        for wrong in ["", "a", "-a", "Paris", "a_b", "a/b", "é1", &long] {
            assert!(wrong.parse::<TreatyId>().is_err(), "{wrong}");
        }
    }
}
