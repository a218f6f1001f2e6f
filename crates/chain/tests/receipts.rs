//! The frozen vectors: receipts, and what every verifier must find of them. The JavaScript verifier
//! is tested with the same files.
//!
//! They are made by this test from seeds, with the engine's own databases and signatures, and must
//! never change. A new form takes new files: `PACTA_WRITE_VECTORS=1` writes them.

#![allow(clippy::unwrap_used)] // a test may fail

mod support;

use std::fs;
use std::path::PathBuf;

use pacta_chain::{Receipt, Verdict, verify};
use pacta_law::{NetworkId, json};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use support::{tamper, world};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Verdicts {
    network: NetworkId,
    genuine: Vec<GenuineFile>,
    tampered: Vec<TamperedText>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct GenuineFile {
    file: String,
    proves: String,
}

/// A change of a genuine file: the text `find`, which it holds once, is replaced.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct TamperedText {
    name: String,
    of: String,
    find: String,
    replace: String,
    verdict: String,
    reason: String,
}

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors").join(name)
}

fn verdicts() -> Verdicts {
    serde_json::from_slice(&fs::read(file("verdicts.json")).unwrap()).unwrap()
}

fn found(bytes: &[u8]) -> (&'static str, String) {
    match verify(bytes, None) {
        Verdict::Genuine(proven) => ("genuine", proven.to_string()),
        Verdict::NotGenuine(defect) => ("not_genuine", defect.name().into()),
        Verdict::CannotTell(unknown) => ("cannot_tell", unknown.name().into()),
    }
}

#[test]
fn every_vector_has_its_verdict_and_its_reason() {
    let Verdicts { network, genuine, tampered } = verdicts();
    assert!(genuine.len() >= 4 && tampered.len() >= 20);
    for GenuineFile { file: name, proves } in genuine {
        let bytes = fs::read(file(&name)).unwrap();
        assert_eq!(found(&bytes), ("genuine", proves), "{name}");
        assert_eq!(Receipt::decode(&bytes).unwrap().to_bytes(), bytes, "{name}");
        assert!(matches!(verify(&bytes, Some(network)), Verdict::Genuine(_)), "{name}");
        let other = verify(&bytes, Some(NetworkId([0; 32])));
        let Verdict::NotGenuine(defect) = other else { panic!("{name}: {other:?}") };
        assert_eq!(defect.name(), "other_network");
    }
    for TamperedText { name, of, find, replace, verdict, reason } in tampered {
        let text = fs::read_to_string(file(&of)).unwrap();
        assert_eq!(text.matches(&find).count(), 1, "{name}");
        let bytes = text.replace(&find, &replace).into_bytes();
        assert_eq!(found(&bytes), (verdict.as_str(), reason), "{name}");
    }
}

#[test]
fn no_changed_byte_leaves_a_receipt_genuine() {
    for GenuineFile { file: name, .. } in verdicts().genuine {
        let bytes = fs::read(file(&name)).unwrap();
        for at in (0..bytes.len()).step_by(97) {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert_ne!(found(&changed).0, "genuine", "{name}: byte {at}");
        }
    }
}

#[test]
fn an_act_without_the_names_of_its_members_is_not_genuine() {
    let bytes = fs::read(file("executed-act.json")).unwrap();
    let mut receipt: Value = serde_json::from_slice(&bytes).unwrap();
    let signed = &mut receipt["journal"]["act"];
    *signed = signed.as_object().unwrap().values().cloned().collect();
    assert_eq!(found(&json::to_bytes(&receipt)), ("not_genuine", "bad_form".into()));
}

#[test]
fn the_vectors_are_frozen() {
    let world = world::make();
    let genuine = world.receipts.iter().map(|receipt| GenuineFile {
        file: format!("{}.json", receipt.name),
        proves: found(&receipt.bytes).1,
    });
    let tampered = tamper::make(&world);
    for variant in &tampered {
        assert_eq!(found(&variant.bytes).1, variant.reason, "{}", variant.name);
    }
    let made = Verdicts {
        network: world.network.founding.network(),
        genuine: genuine.collect(),
        tampered: tampered.iter().map(|variant| difference(&world, variant)).collect(),
    };
    if std::env::var_os("PACTA_WRITE_VECTORS").is_some() {
        fs::create_dir_all(file("")).unwrap();
        for receipt in &world.receipts {
            fs::write(file(&format!("{}.json", receipt.name)), &receipt.bytes).unwrap();
        }
        let text = serde_json::to_string_pretty(&made).unwrap() + "\n";
        fs::write(file("verdicts.json"), text).unwrap();
    }
    for receipt in &world.receipts {
        let frozen = fs::read(file(&format!("{}.json", receipt.name))).unwrap();
        assert!(frozen == receipt.bytes, "{} is not the frozen one", receipt.name);
    }
    assert_eq!(made, verdicts());
}

/// The file of a receipt whose founding is of form 2.
const LATER: &str = "record-founding-2.json";
/// Changes of it, and what they are found by.
const LATER_CHANGES: [(&str, &str, &str); 7] = [
    (r#""epoch_blocks":16,"#, "", "bad_form"),
    (r#""address":"node-2.example:7000","#, "", "bad_form"),
    (r#","v":2,"#, r#","v":1,"#, "bad_form"),
    (r#","v":2,"#, r#","v":3,"#, "unknown_founding_version"),
    (r#""epoch_blocks":16,"#, r#""epoch_blocks":18,"#, "bad_certificate"),
    ("node-2.example", "node-4.example", "bad_certificate"),
    (r#""ceremony":"3a"#, r#""ceremony":"3b"#, "bad_certificate"),
];

#[test]
fn a_receipt_with_a_founding_of_form_2_is_frozen_too() {
    let world = world::make();
    if std::env::var_os("PACTA_WRITE_VECTORS").is_some() {
        fs::write(file(LATER), &world.later).unwrap();
    }
    let frozen = fs::read_to_string(file(LATER)).unwrap();
    assert!(frozen.as_bytes() == world.later, "it is not the frozen one");
    assert_eq!(found(frozen.as_bytes()).0, "genuine");
    assert_eq!(Receipt::decode(frozen.as_bytes()).unwrap().to_bytes(), world.later);
    for (find, replace, reason) in LATER_CHANGES {
        assert_eq!(frozen.matches(find).count(), 1, "{find}");
        assert_eq!(found(frozen.replace(find, replace).as_bytes()).1, reason, "{find}");
    }
}

/// The file of a receipt of a block that became final when it was proposed again.
const AGAIN: &str = "record-again.json";

#[test]
fn a_receipt_of_a_block_that_was_proposed_again_is_frozen_too() {
    let world = world::make();
    if std::env::var_os("PACTA_WRITE_VECTORS").is_some() {
        fs::write(file(AGAIN), &world.again).unwrap();
    }
    let frozen = fs::read_to_string(file(AGAIN)).unwrap();
    assert!(frozen.as_bytes() == world.again, "it is not the frozen one");
    assert_eq!(found(frozen.as_bytes()).0, "genuine");
    let header = world.headers.last().unwrap();
    for (view, parent_view, reason) in [
        (header.view + 3, header.view - 1, "other_round"),
        (header.view, header.view, "other_round"),
        (header.view + 3, header.view + 3, "other_round"),
        (header.view + 3, header.view + 1, "bad_certificate"),
        (header.view, header.parent_view, "bad_certificate"),
    ] {
        let mut receipt: Value = serde_json::from_str(&frozen).unwrap();
        receipt["certificate"]["view"] = view.into();
        receipt["certificate"]["parent_view"] = parent_view.into();
        assert_eq!(found(&json::to_bytes(&receipt)).1, reason, "{view} after {parent_view}");
    }
}

/// Where a variant differs from its genuine receipt, with enough before it to be found once.
fn difference(world: &world::World, variant: &tamper::Tampered) -> TamperedText {
    let receipt = world.receipts.iter().find(|receipt| receipt.name == variant.of).unwrap();
    let of: Vec<char> = std::str::from_utf8(&receipt.bytes).unwrap().chars().collect();
    let text: Vec<char> = std::str::from_utf8(&variant.bytes).unwrap().chars().collect();
    let same = |(one, other): &(&char, &char)| one == other;
    let mut start = of.iter().zip(&text).take_while(same).count();
    let most = of.len().min(text.len()) - start;
    let end = of.iter().rev().zip(text.iter().rev()).take(most).take_while(same).count();
    let piece = |of: &[char], start: usize| of[start..of.len() - end].iter().collect::<String>();
    let whole: String = of.iter().collect();
    while start > 0 && (start == of.len() - end || whole.matches(&piece(&of, start)).count() != 1) {
        start -= 1;
    }
    TamperedText {
        name: variant.name.clone(),
        of: format!("{}.json", variant.of),
        find: piece(&of, start),
        replace: piece(&text, start),
        verdict: found(&variant.bytes).0.into(),
        reason: variant.reason.into(),
    }
}
