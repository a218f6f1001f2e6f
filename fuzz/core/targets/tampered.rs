//! Genuine receipts and evidence with changes, each of a few bytes of input: none is genuine.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pacta_chain::{Receipt, Verdict, verify};
use pacta_fuzz_core::{genuine, tamper};

fuzz_target!(|input: &[u8]| {
    let Some((which, changes)) = input.split_first() else { return };
    let all = genuine();
    let mut bytes = all[usize::from(*which) % all.len()].clone();
    tamper(&mut bytes, changes);
    let verdict = verify(&bytes, None);
    let is_genuine = matches!(verdict, Verdict::Genuine(_));
    let expected = all.contains(&bytes);
    assert_eq!(is_genuine, expected, "{verdict:?}: {}", String::from_utf8_lossy(&bytes));
    if let Ok(receipt) = Receipt::decode(&bytes) {
        assert_eq!(receipt.to_bytes(), bytes, "a receipt has one form");
    }
});
