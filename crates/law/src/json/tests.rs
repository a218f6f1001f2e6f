use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use proptest::prelude::*;

use super::*;

fn refusal(text: &str) -> &'static str {
    check(text.as_bytes()).expect_err(text).name()
}

#[test]
fn canonical_texts_pass() {
    for text in [
        "{}",
        "[]",
        "true",
        "0",
        "-1",
        r#"{"a":1,"b":[{},"é"]}"#,
        r#""a quotation mark \" and a backslash \\""#,
        "9007199254740991",
        "-9007199254740991",
        r#""Россия, 中国, ꦗꦮ""#,
    ] {
        assert_eq!(check(text.as_bytes()), Ok(()), "{text}");
    }
}

#[test]
fn each_fault_has_its_own_refusal() {
    for (text, name) in [
        ("", "malformed"),
        ("{", "malformed"),
        ("tru", "malformed"),
        ("\"open", "malformed"),
        ("[1,]", "malformed"),
        ("{'a':1}", "malformed"),
        ("[1] ", "not_canonical"),
        ("[ 1]", "not_canonical"),
        ("{\"a\": 1}", "not_canonical"),
        ("01", "not_canonical"),
        ("-0", "not_canonical"),
        (r#""\/""#, "not_canonical"),
        (r#"{"é":1}"#, "not_canonical"),
        (r#"{"a":1,"a":2}"#, "duplicate_key"),
        (r#"{"b":1,"a":2}"#, "unsorted_keys"),
        ("1.5", "float"),
        ("1e3", "float"),
        ("null", "null"),
        ("9007199254740992", "number_out_of_range"),
        ("-9007199254740992", "number_out_of_range"),
        ("99999999999999999999999999", "number_out_of_range"),
        ("\"e\u{301}\"", "not_nfc"),
        ("\"a\u{202e}b\"", "forbidden_character"),
        ("\"a\u{200b}b\"", "forbidden_character"),
        ("\"a\nb\"", "forbidden_character"),
        (r#""a\nb""#, "forbidden_character"),
    ] {
        assert_eq!(refusal(text), name, "{text}");
    }
    assert_eq!(check(b"\"\xff\"").map_err(|refusal| refusal.name()), Err("malformed"));
}

#[test]
fn limits_hold_at_their_value_and_not_above() {
    let nested = |depth: u32| {
        let depth = depth as usize;
        format!("{}{}", "[".repeat(depth), "]".repeat(depth))
    };
    assert_eq!(check(nested(JSON_DEPTH_MAX).as_bytes()), Ok(()));
    assert_eq!(refusal(&nested(JSON_DEPTH_MAX + 1)), "too_deep");
    let array = |items: u32| format!("[{}]", alloc::vec!["1"; items as usize].join(","));
    assert_eq!(check(array(JSON_ITEMS_MAX).as_bytes()), Ok(()));
    assert_eq!(refusal(&array(JSON_ITEMS_MAX + 1)), "too_long");
    let text = |bytes: usize| format!("\"{}\"", "a".repeat(bytes - 2));
    assert_eq!(check(text(JSON_BYTES_MAX).as_bytes()), Ok(()));
    assert_eq!(refusal(&text(JSON_BYTES_MAX + 1)), "too_long");
}

#[test]
fn members_are_written_in_their_order_whatever_the_program_says() {
    #[derive(Serialize)]
    struct Unsorted {
        b: u8,
        a: u8,
    }
    assert_eq!(to_bytes(&Unsorted { b: 1, a: 2 }), br#"{"a":2,"b":1}"#);
}

#[test]
fn a_member_at_its_default_is_not_read_where_it_is_left_out() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Both {
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        a: Vec<u8>,
        #[serde(default)]
        b: bool,
    }
    assert_eq!(from_bytes(br#"{"b":true}"#), Ok(Both { a: Vec::new(), b: true }));
    for other in [r#"{"a":[],"b":true}"#, r#"{}"#, r#"[[],true]"#] {
        let read = from_bytes::<Both>(other.as_bytes());
        assert!(matches!(read, Err(Refusal::BadMember { .. })), "{read:?}");
    }
}

proptest! {
    #[test]
    fn what_is_written_passes_and_is_read_as_it_was(
        map in proptest::collection::btree_map("[a-z]{1,8}", any::<i32>(), 0..20),
    ) {
        let bytes = to_bytes(&map);
        prop_assert_eq!(check(&bytes), Ok(()));
        prop_assert_eq!(from_bytes::<BTreeMap<String, i32>>(&bytes), Ok(map));
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = check(&bytes);
    }

    #[test]
    fn what_passes_is_written_again_as_it_was(text in r#"[\[\]{}",:0-9ab\\. -]{0,40}"#) {
        if check(text.as_bytes()).is_ok() {
            let value: serde_json::Value = serde_json::from_str(&text).expect("it passed");
            let again: Vec<u8> = serde_json::to_vec(&value).expect("it was read");
            prop_assert_eq!(again, text.into_bytes());
        }
    }
}
