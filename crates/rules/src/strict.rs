//! JSON in which no object names a member twice: which of the two counted would be a guess.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::error::Error;

/// Reads a text as JSON.
///
/// # Errors
/// [`Error::Form`] if it is none, or if an object names a member twice.
pub fn read_json(text: &str, at: &str) -> Result<Value, Error> {
    let strict: Result<Strict, _> = serde_json::from_str(text);
    let value = strict.map_err(|error| Error::form(at, format!("is not JSON: {error}")))?;
    Ok(value.0)
}

/// A value of which every object names its members once.
struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(StrictVisitor).map(Self)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        // A float is never read as a number of a rule; the reader of the field then says so.
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut read = Vec::new();
        while let Some(Strict(item)) = items.next_element()? {
            read.push(item);
        }
        Ok(Value::Array(read))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut read = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            if read.contains_key(&name) {
                return Err(A::Error::custom(format!("`{name}` stands twice; write it once")));
            }
            let Strict(value) = members.next_value()?;
            read.insert(name, value);
        }
        Ok(Value::Object(read))
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn json_is_read_as_ever_but_for_a_member_named_twice() {
        for text in ["null", "[1,-2,true,\"a\",{}]", r#"{"a":{"b":1.5},"b":18446744073709551615}"#]
        {
            let value: Value = serde_json::from_str(text).unwrap();
            assert_eq!(read_json(text, "text"), Ok(value));
        }
        for text in [r#"{"a":1,"a":1}"#, r#"[{"b":{"a":1,"a":2}}]"#, r#"{"a":1,"\u0061":1}"#] {
            let error = read_json(text, "text").unwrap_err();
            assert!(error.to_string().contains("`a` stands twice"), "{error}");
        }
        assert!(read_json("{", "text").is_err());
    }
}
