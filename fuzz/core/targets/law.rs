//! Random sequences of acts against the invariants of the ledger.

#![no_main]
#![allow(clippy::unwrap_used)] // who fails here says where

#[path = "../../../crates/law/tests/stateful/play/mod.rs"]
#[allow(dead_code)] // the test uses more of it
mod play;

libfuzzer_sys::fuzz_target!(|script: &[u8]| {
    play::play(script);
});
