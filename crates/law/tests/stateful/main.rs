//! Random sequences of acts against the invariants of the ledger. The fuzz target `law` plays the
//! same, guided by coverage: see `fuzz/README.md`.

#![allow(clippy::unwrap_used)] // who fails here says where

mod play;
mod seeds;

use pacta_law::{Data, Refusal, SignedAct, json};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::Value;

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_of_acts_breaks_an_invariant(script in vec(any::<u8>(), 0..500)) {
        play::play(&script);
    }
}

/// What is played goes deep enough for the invariants to say something.
#[test]
fn scripts_reach_treaties_in_force_and_refusals() {
    let mut reached = play::Reached::default();
    let mut seed = 1_u64;
    for number in 0..400 {
        let script: Vec<u8> = (0..600)
            .map(|_| {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (seed >> 56) as u8
            })
            .collect();
        let world = play::play(&script);
        if seeds::wanted() {
            seeds::of_world(number, &script, &world);
        }
        reached.add(world.reached);
    }
    if seeds::wanted() {
        seeds::of_reached(&reached);
    }
    reached.executed.values().for_each(|act| assert_one_form(act));
    for kind in Data::KINDS {
        assert!(reached.executed.contains_key(kind), "{kind} was never executed");
        assert!(reached.refused.contains_key(kind), "{kind} was never refused");
    }
    let events = ["entered_into_force", "entry_date_unset", "withdrawal_notified"];
    for event in events {
        assert!(reached.events.contains_key(event), "no {event} came about");
    }
}

/// A signed act is not read when it, its act or its data are an array of members in their order.
fn assert_one_form(bytes: &[u8]) {
    let signed: Value = serde_json::from_slice(bytes).unwrap();
    assert_eq!(SignedAct::decode(bytes).unwrap().bytes(), bytes);
    for place in ["", "/act", "/act/data"] {
        let mut other = signed.clone();
        let members = other.pointer_mut(place).unwrap();
        *members = members.as_object().unwrap().values().cloned().collect();
        let other = SignedAct::decode(&json::to_bytes(&other));
        assert!(matches!(other, Err(Refusal::BadMember { .. })), "{place}: {other:?}");
    }
}
