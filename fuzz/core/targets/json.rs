//! The scanner of canonical JSON against the library that reads values: they must agree on what is
//! canonical.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pacta_law::json;
use pacta_law::limits::{INTEGER_MAX, JSON_DEPTH_MAX, JSON_ITEMS_MAX};
use serde_json::Value;

fuzz_target!(|bytes: &[u8]| {
    let checked = json::check(bytes);
    let Ok(value) = serde_json::from_slice::<Value>(bytes) else {
        // The library reads nothing that is nested over a hundred deep, and the scanner less.
        assert!(checked.is_err(), "canonical, and the library cannot read it");
        return;
    };
    let written = serde_json::to_vec(&value).expect("a value can be written");
    if checked.is_ok() {
        assert_eq!(written, bytes, "one value has one canonical form");
        assert_eq!(json::from_bytes::<Value>(bytes), Ok(value.clone()));
    }
    let expected = is_allowed(&value, 0);
    assert_eq!(json::check(&written).is_ok(), expected, "{:?}", json::check(&written));
    assert_eq!(json::to_bytes(&value), written);
    assert!(checked.is_ok() || !expected || written != bytes);
});

/// Whether a value has a canonical form, by the rules of `docs/`, written down a second time.
fn is_allowed(value: &Value, depth: u32) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(_) => true,
        Value::Number(number) => {
            number.as_i64().is_some_and(|number| (-INTEGER_MAX..=INTEGER_MAX).contains(&number))
        }
        Value::String(text) => is_text(text),
        Value::Array(values) => {
            depth < JSON_DEPTH_MAX
                && values.len() <= JSON_ITEMS_MAX as usize
                && values.iter().all(|value| is_allowed(value, depth + 1))
        }
        Value::Object(members) => {
            depth < JSON_DEPTH_MAX
                && members.len() <= JSON_ITEMS_MAX as usize
                && members.iter().all(|(name, value)| {
                    let plain = |byte: u8| matches!(byte, 0x20..=0x7e) && byte != b'"';
                    name.bytes().all(|byte| plain(byte) && byte != b'\\')
                        && is_allowed(value, depth + 1)
                })
        }
    }
}

fn is_text(text: &str) -> bool {
    unicode_normalization::is_nfc(text) && !text.chars().any(json::is_forbidden)
}
