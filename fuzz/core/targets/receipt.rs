//! Receipts and evidence from their bytes: verification ends, and finds genuine what is, only.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pacta_chain::{Evidence, Receipt, Verdict, verify};
use pacta_fuzz_core::genuine;

fuzz_target!(|bytes: &[u8]| {
    let verdict = verify(bytes, None);
    let is_genuine = matches!(verdict, Verdict::Genuine(_));
    assert!(!is_genuine || genuine().iter().any(|one| one == bytes), "{verdict:?}");
    if let Ok(receipt) = Receipt::decode(bytes) {
        assert_eq!(receipt.to_bytes(), bytes, "a receipt has one form");
    }
    if let Ok(evidence) = Evidence::from_bytes(bytes) {
        assert_eq!(evidence.to_bytes(), bytes, "evidence has one form");
    }
});
