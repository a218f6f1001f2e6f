//! Canonical JSON: RFC 8785, restricted to integers, NFC text, booleans, arrays and objects.
//!
//! What is signed, stored and proven is written this way, so equal values have equal bytes. The
//! scanner refuses and never repairs: no white space, no floats, no nulls, sorted and unique ASCII
//! members, integers within ±(2^53 − 1), no character that hides or reorders text.

mod text;

use alloc::string::ToString;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::limits::{INTEGER_MAX, JSON_BYTES_MAX, JSON_DEPTH_MAX, JSON_ITEMS_MAX};
use crate::refusal::Refusal;

pub use text::is_forbidden;

/// The canonical bytes of a value, whatever the order of its members in the program.
///
/// They pass [`check`] unless the value's own text or numbers are such as it refuses.
///
/// # Panics
/// If the type has map keys that are not text, which is a fault of the program.
#[must_use]
pub fn to_bytes<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    let bytes = serde_json::to_vec(value).expect("our types have text as keys");
    match check(&bytes) {
        Err(Refusal::UnsortedKeys { .. }) => {
            // `Value` keeps members in a sorted map.
            let value: serde_json::Value =
                serde_json::from_slice(&bytes).expect("what was written can be read");
            serde_json::to_vec(&value).expect("what was read can be written")
        }
        _ => bytes,
    }
}

/// Reads a value from canonical bytes.
///
/// # Errors
/// Those of [`check`], then [`Refusal::BadMember`] when the value is not of the type, or is not
/// written as it would be written here.
pub fn from_bytes<'a, T: Deserialize<'a> + Serialize>(bytes: &'a [u8]) -> Result<T, Refusal> {
    check(bytes)?;
    let value = typed(bytes)?;
    require_form(&to_bytes(&value), bytes)?;
    Ok(value)
}

/// Checks that a value was read from the bytes as which it is written. The library would also take
/// a member at its default, whether it is to be left out or to be written, and members in an array.
///
/// # Errors
/// [`Refusal::BadMember`].
pub(crate) fn require_form(written: &[u8], read: &[u8]) -> Result<(), Refusal> {
    if written == read {
        return Ok(());
    }
    let problem = "a member stands for nothing, or one that is always written is missing";
    Err(Refusal::BadMember { problem: problem.to_string() })
}

/// Reads a value from bytes that were checked before.
pub(crate) fn typed<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, Refusal> {
    serde_json::from_slice(bytes).map_err(|error| Refusal::BadMember { problem: error.to_string() })
}

/// Whether the bytes are exactly one value in canonical form.
///
/// # Errors
/// [`Refusal::Malformed`], [`Refusal::DuplicateKey`], [`Refusal::UnsortedKeys`],
/// [`Refusal::NotNfc`], [`Refusal::ForbiddenCharacter`], [`Refusal::Float`], [`Refusal::Null`],
/// [`Refusal::NumberOutOfRange`], [`Refusal::TooDeep`], [`Refusal::TooLong`] or
/// [`Refusal::NotCanonical`]: the first that the text meets.
pub fn check(bytes: &[u8]) -> Result<(), Refusal> {
    if bytes.len() > JSON_BYTES_MAX {
        return Err(too_long("a text", JSON_BYTES_MAX));
    }
    let text = core::str::from_utf8(bytes)
        .map_err(|error| Refusal::Malformed { at: position(error.valid_up_to()) })?;
    let mut scanner = Scanner { text, at: 0 };
    scanner.value(0)?;
    match scanner.peek() {
        None => Ok(()),
        Some(_) => Err(scanner.unexpected()),
    }
}

/// The refusal of something longer than its limit.
pub(crate) fn too_long(what: &'static str, max: usize) -> Refusal {
    Refusal::TooLong { what, max: position(max) }
}

fn position(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scanner<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn position(&self) -> u32 {
        position(self.at)
    }

    /// White space would be JSON, but not canonical; anything else is no JSON here.
    fn unexpected(&self) -> Refusal {
        match self.peek() {
            Some(b' ' | b'\t' | b'\n' | b'\r') => Refusal::NotCanonical { at: self.position() },
            _ => Refusal::Malformed { at: self.position() },
        }
    }

    fn take(&mut self, byte: u8) -> Result<(), Refusal> {
        if self.peek() != Some(byte) {
            return Err(self.unexpected());
        }
        self.at += 1;
        Ok(())
    }

    fn value(&mut self, depth: u32) -> Result<(), Refusal> {
        match self.peek() {
            Some(b'"') => self.string().map(|_| ()),
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true"),
            Some(b'f') => self.word("false"),
            Some(b'n') => {
                let at = self.position();
                self.word("null")?;
                Err(Refusal::Null { at })
            }
            _ => Err(self.unexpected()),
        }
    }

    fn word(&mut self, word: &str) -> Result<(), Refusal> {
        if !self.text.as_bytes()[self.at..].starts_with(word.as_bytes()) {
            return Err(Refusal::Malformed { at: self.position() });
        }
        self.at += word.len();
        Ok(())
    }

    fn enter(&mut self, depth: u32) -> Result<u32, Refusal> {
        if depth == JSON_DEPTH_MAX {
            return Err(Refusal::TooDeep { at: self.position() });
        }
        self.at += 1;
        Ok(depth + 1)
    }

    fn object(&mut self, depth: u32) -> Result<(), Refusal> {
        let depth = self.enter(depth)?;
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(());
        }
        let mut last: Option<&str> = None;
        for _ in 0..JSON_ITEMS_MAX {
            let at = self.position();
            let key = self.string()?;
            if !key.is_ascii() || key.contains('\\') {
                return Err(Refusal::NotCanonical { at });
            }
            match last.map(|last| last.cmp(key)) {
                Some(core::cmp::Ordering::Equal) => return Err(Refusal::DuplicateKey { at }),
                Some(core::cmp::Ordering::Greater) => return Err(Refusal::UnsortedKeys { at }),
                _ => last = Some(key),
            }
            self.take(b':')?;
            self.value(depth)?;
            if self.peek() == Some(b'}') {
                self.at += 1;
                return Ok(());
            }
            self.take(b',')?;
        }
        Err(too_long("an object", JSON_ITEMS_MAX as usize))
    }

    fn array(&mut self, depth: u32) -> Result<(), Refusal> {
        let depth = self.enter(depth)?;
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(());
        }
        for _ in 0..JSON_ITEMS_MAX {
            self.value(depth)?;
            if self.peek() == Some(b']') {
                self.at += 1;
                return Ok(());
            }
            self.take(b',')?;
        }
        Err(too_long("an array", JSON_ITEMS_MAX as usize))
    }

    fn number(&mut self) -> Result<(), Refusal> {
        let start = self.at;
        let at = self.position();
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        let digits = self.at;
        let mut number = 0_i64;
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            number = number.saturating_mul(10).saturating_add(i64::from(digit - b'0'));
            self.at += 1;
        }
        if self.at == digits {
            return Err(Refusal::Malformed { at });
        }
        if let Some(b'.' | b'e' | b'E') = self.peek() {
            return Err(Refusal::Float { at });
        }
        let leading_zero = self.text.as_bytes()[digits] == b'0' && self.at - digits > 1;
        let minus_zero = number == 0 && digits > start;
        if leading_zero || minus_zero {
            return Err(Refusal::NotCanonical { at });
        }
        if number > INTEGER_MAX { Err(Refusal::NumberOutOfRange { at }) } else { Ok(()) }
    }

    /// Returns the text between the quotation marks, with its escapes as written.
    fn string(&mut self) -> Result<&'a str, Refusal> {
        self.take(b'"')?;
        let start = self.at;
        let mut ascii = true;
        loop {
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => self.escape()?,
                Some(0x20..=0x7e) => self.at += 1,
                Some(0x00..=0x7f) => {
                    return Err(Refusal::ForbiddenCharacter { at: self.position() });
                }
                Some(_) => {
                    ascii = false;
                    let character = self.text[self.at..].chars().next().unwrap_or_default();
                    if is_forbidden(character) {
                        return Err(Refusal::ForbiddenCharacter { at: self.position() });
                    }
                    self.at += character.len_utf8();
                }
                None => return Err(Refusal::Malformed { at: self.position() }),
            }
        }
        let text = &self.text[start..self.at];
        if !ascii && !unicode_normalization::is_nfc(text) {
            return Err(Refusal::NotNfc { at: position(start) });
        }
        self.at += 1;
        Ok(text)
    }

    /// Only quotation mark and backslash are escaped: other short escapes stand for controls.
    fn escape(&mut self) -> Result<(), Refusal> {
        let at = self.position();
        let rest = &self.text.as_bytes()[self.at + 1..];
        match rest.first() {
            Some(b'"' | b'\\') => {
                self.at += 2;
                Ok(())
            }
            Some(b'b' | b'f' | b'n' | b'r' | b't') => Err(Refusal::ForbiddenCharacter { at }),
            Some(b'/') => Err(Refusal::NotCanonical { at }),
            Some(b'u') => Err(text::unicode_escape(&rest[1..], at)),
            _ => Err(Refusal::Malformed { at }),
        }
    }
}

#[cfg(test)]
mod tests;
