//! Arrays of bytes as lower-case hex in JSON.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serializer};

/// Writes the bytes.
pub(crate) fn serialize<S: Serializer, B: AsRef<[u8]>>(
    bytes: &B,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&hex::encode(bytes))
}

/// Reads exactly `N` bytes. Upper case is refused, so that equal bytes have equal texts.
pub(crate) fn deserialize<'de, D: Deserializer<'de>, const N: usize>(
    deserializer: D,
) -> Result<[u8; N], D::Error> {
    let text = String::deserialize(deserializer)?;
    let mut bytes = [0; N];
    hex::decode_to_slice(&text, &mut bytes)
        .ok()
        .filter(|()| !text.bytes().any(|character| character.is_ascii_uppercase()))
        .ok_or_else(|| D::Error::custom(format!("not {N} bytes in lower-case hex")))?;
    Ok(bytes)
}

/// Any number of bytes.
pub(crate) mod vector {
    use super::{Deserialize, Deserializer};
    use serde::de::Error as _;

    pub(crate) use super::serialize;

    /// Reads bytes. Upper case is refused, so that equal bytes have equal texts.
    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(deserializer)?;
        hex::decode(&text)
            .ok()
            .filter(|_| !text.bytes().any(|character| character.is_ascii_uppercase()))
            .ok_or_else(|| D::Error::custom("not bytes in lower-case hex"))
    }
}
