//! Signed acts: whatever is read is written again in the same bytes, and what it does, with its
//! sentence and number put right, is what the law allows.

#![no_main]
#![allow(clippy::unwrap_used)] // who fails here says where

#[path = "../../../crates/law/tests/stateful/play/mod.rs"]
#[allow(dead_code)] // the test uses more of it
mod play;

use libfuzzer_sys::fuzz_target;
use pacta_law::{
    Act, Draft, Instant, Outcome, SignedAct, Verdict, VerifiedAct, compose, execute,
    execute_verified, json, reads,
};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(act) = Act::from_bytes(bytes) {
        assert_eq!(act.to_bytes(), bytes, "an act has one form");
    }
    let mut ledger = play::World::new().ledger;
    let outcome = execute(&mut ledger, bytes).unwrap();
    assert_eq!(Outcome::from_bytes(&outcome.to_bytes()), Ok(outcome.clone()));
    assert!(outcome.result == Verdict::Refused, "nobody can sign for these States");

    let Ok(signed) = SignedAct::decode(bytes) else { return };
    assert_eq!(json::check(bytes), Ok(()));
    assert_eq!(signed.bytes(), bytes);
    let again = SignedAct::new(signed.act(), signed.public(), signed.signature()).unwrap();
    assert_eq!(again.bytes(), bytes, "a signed act has one form");
    assert_eq!((again.id(), signed.act().id()), (signed.id(), signed.id()));
    assert_eq!(signed.message(), signed.act().message());
    assert!(reads(signed.act()).len() < 20_000);

    let Act { actor, data, key, mandate, .. } = signed.act().clone();
    let expires = Instant::from_ms(ledger.now().ms() + 1).unwrap();
    let Ok(act) = compose(&ledger, Draft { actor, data, expires, key, mandate }) else { return };
    let Ok(signed) = SignedAct::new(&act, signed.public(), signed.signature()) else { return };
    let act = VerifiedAct::assume_verified(signed);
    let outcome = execute_verified(&mut ledger, &act).unwrap();
    assert_eq!(Outcome::from_bytes(&outcome.to_bytes()), Ok(outcome.clone()));
    assert_eq!(outcome.result == Verdict::Executed, outcome.code.is_none());
    for (path, record) in ledger.changes() {
        assert_eq!(json::check(&record.unwrap()), Ok(()), "{path}");
    }
});
