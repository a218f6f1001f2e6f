use std::collections::BTreeSet;

use pacta_chain::{Evidence, Receipt, Verdict};
use pacta_law::json;
use pacta_node::misconduct::Suspicions;
use serde_json::{Value, json};

/// Evidence that is frozen with the receipts that it may have.
const EVIDENCE: &str = include_str!("../../../chain/tests/vectors/evidence.json");

/// A piece of it, in form 1, and the receipt that it has in form 2.
fn case(name: &str) -> (Evidence, Receipt) {
    let cases: Vec<Value> = serde_json::from_str(EVIDENCE).unwrap();
    let case = cases.iter().find(|case| case["name"] == name).unwrap();
    let mut evidence: Value = serde_json::from_str(case["text"].as_str().unwrap()).unwrap();
    let receipt = evidence.as_object_mut().unwrap().remove("committee").unwrap();
    evidence["v"] = json!(1);
    let evidence = Evidence::from_bytes(&json::to_bytes(&evidence)).unwrap();
    (evidence, Receipt::decode(&json::to_bytes(&receipt)).unwrap())
}

/// Evidence of epoch 3 against a validator that joined later, and the receipt of who signs in it.
fn joined() -> (Evidence, Receipt) {
    case("who signs in the epoch")
}

/// The receipt that the ledger holds nothing.
fn nothing() -> Receipt {
    case("no record").1
}

#[test]
fn who_joined_later_is_convicted_at_once_by_the_receipt_that_is_there_since_the_epoch_began() {
    let (evidence, receipt) = joined();
    let mut suspicions = Suspicions::default();
    assert!(suspicions.wanted().is_empty());
    suspicions.enter(3, true);
    assert_eq!(suspicions.wanted(), BTreeSet::from([3]));
    assert!(suspicions.receive(3, nothing()).is_empty());
    assert_eq!(suspicions.wanted(), BTreeSet::from([3]), "the ledger was a block behind");
    assert!(suspicions.receive(3, receipt).is_empty());
    assert!(suspicions.wanted().is_empty());
    let (proven, _) = suspicions.suspect(evidence.clone()).unwrap();
    assert!(matches!(proven.verify(), Verdict::Genuine(_)));
    assert_eq!(proven.validator(), evidence.validator());
    assert!(suspicions.unproven().is_empty());
    assert!(suspicions.suspect(evidence).is_none(), "it is known");
}

#[test]
fn evidence_waits_for_its_receipt_as_long_as_the_ledger_has_it() {
    let (evidence, receipt) = joined();
    for last in [3, 4, 7] {
        let mut suspicions = Suspicions::default();
        suspicions.enter(3, true);
        assert!(suspicions.suspect(evidence.clone()).is_none());
        for epoch in 3..=last {
            suspicions.enter(epoch, false);
            assert!(suspicions.receive(3, nothing()).is_empty());
            assert_eq!(suspicions.unproven(), std::slice::from_ref(&evidence), "in epoch {epoch}");
            assert_eq!(suspicions.wanted(), BTreeSet::from([3]));
        }
        let proven = suspicions.receive(3, receipt.clone());
        assert!(matches!(&proven[..], [(one, _)] if matches!(one.verify(), Verdict::Genuine(_))));
        assert!(suspicions.unproven().is_empty() && suspicions.wanted().is_empty());
    }
    let mut suspicions = Suspicions::default();
    assert!(suspicions.suspect(evidence.clone()).is_none());
    suspicions.enter(8, false);
    assert!(suspicions.receive(3, nothing()).is_empty());
    assert!(suspicions.unproven().is_empty() && suspicions.wanted().is_empty());
    assert!(suspicions.suspect(evidence).is_none());
    assert_eq!(suspicions.unproven().len(), 1, "it is heard anew");
}

#[test]
fn where_founders_sign_alone_no_receipt_is_asked_for() {
    let mut suspicions = Suspicions::default();
    suspicions.enter(2, true);
    suspicions.enter(3, false);
    assert!(suspicions.wanted().is_empty());
}
