//! Admissions: the word of a validator that it took an act.

#![allow(clippy::unwrap_used)] // a test may fail

#[allow(dead_code)] // receipts need more of it
#[path = "support/network.rs"]
mod network;

use std::fs;
use std::path::PathBuf;

use commonware_cryptography::{Signer as _, ed25519};
use ed25519_consensus::SigningKey;
use pacta_chain::{Admission, Said, Verdict, verify};
use pacta_law::{ActId, Instant, NetworkId, PublicKey, Signature};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use network::Network;

const SEED: u64 = 60;

fn said() -> Said {
    let instant = Instant::from_ms(1_795_500_003_750).unwrap();
    Said { act: ActId([0xac; 32]), height: 41, instant }
}

/// An admission by the holder of a secret key, which is a validator's if it is one of [`SEED`].
fn admission_by(network: &Network, secret: &SigningKey) -> Admission {
    let node = PublicKey(secret.verification_key().to_bytes());
    Admission::sign_with(network.founding.clone(), node, said(), |message| {
        Signature(secret.sign(message).to_bytes())
    })
}

/// The engine makes keys from seeds in a way of its own, so the founding takes one of ours.
fn network() -> (Network, SigningKey) {
    let mut network = Network::new("Admission", SEED);
    let secret = SigningKey::from([0x5a; 32]);
    network.founding.validators[1].key = PublicKey(secret.verification_key().to_bytes());
    (network, secret)
}

fn admission() -> Admission {
    let (network, secret) = network();
    admission_by(&network, &secret)
}

fn found(bytes: &[u8]) -> String {
    match verify(bytes, None) {
        Verdict::Genuine(proven) => proven.to_string(),
        Verdict::NotGenuine(defect) => defect.name().into(),
        Verdict::CannotTell(unknown) => unknown.name().into(),
    }
}

#[test]
fn a_validators_word_is_genuine_of_its_network_and_no_other() {
    let admission = admission();
    let bytes = admission.to_bytes();
    let expected = format!(
        "the validator {} of the actor {} had taken the act {} at height 41 \
         (2026-11-24T06:00:03.750Z), on the network Admission",
        admission.node(),
        "02".repeat(16),
        "ac".repeat(32)
    );
    assert_eq!(found(&bytes), expected);
    assert_eq!(Admission::from_bytes(&bytes).unwrap(), admission);
    assert_eq!(admission.said(), said());
    let Verdict::Genuine(proven) = verify(&bytes, Some(admission.network())) else { panic!() };
    assert_eq!((proven.height, proven.instant), (Some(41), Some(said().instant)));
    let other = verify(&bytes, Some(NetworkId([0; 32])));
    assert!(matches!(&other, Verdict::NotGenuine(defect) if defect.name() == "other_network"));
}

/// Validators may have joined since the founding: a good signature of another key tells nothing.
#[test]
fn of_a_key_that_the_founding_does_not_name_one_cannot_tell() {
    let (network, _) = network();
    let stranger = admission_by(&network, &SigningKey::from([9; 32]));
    assert_eq!(found(&stranger.to_bytes()), "unknown_node");
}

#[test]
fn what_validators_sign_otherwise_is_no_admission() {
    let (mut network, _) = network();
    let secret = ed25519::PrivateKey::from_seed(SEED);
    let node = PublicKey(secret.public_key().as_ref().try_into().unwrap());
    network.founding.validators[0].key = node;
    let by = |namespace: &[u8]| {
        Admission::sign_with(network.founding.clone(), node, said(), |message| {
            let signature = secret.sign(namespace, message);
            Signature(signature.as_ref().try_into().unwrap())
        })
    };
    // The engine puts a namespace before all that it signs.
    assert_eq!(found(&by(b"").to_bytes()), "bad_admission");
    assert_eq!(found(&by(b"_FINALIZE").to_bytes()), "bad_admission");
}

/// Admissions with one thing changed each, and the reason for which they bind nobody.
fn changed() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let genuine: Value = serde_json::from_slice(&admission().to_bytes()).unwrap();
    let mut changes = Vec::new();
    let mut change = |pointer: &'static str, value: Value, reason: &'static str| {
        let mut changed = genuine.clone();
        *changed.pointer_mut(pointer).unwrap() = value;
        changes.push((pointer, serde_json::to_vec(&changed).unwrap(), reason));
    };
    let at = |pointer: &str| genuine.pointer(pointer).unwrap().clone();
    let flipped = |pointer: &str| {
        let text = at(pointer).as_str().unwrap().to_owned();
        let last = if text.ends_with('0') { '1' } else { '0' };
        json!(format!("{}{last}", &text[..text.len() - 1]))
    };
    change("/act", flipped("/act"), "bad_admission");
    change("/act", json!("ac"), "bad_form");
    change("/height", json!(42), "bad_admission");
    change("/height", json!(-1), "bad_form");
    change("/instant", json!(1_795_500_003_751_u64), "bad_admission");
    change("/instant", json!(253_402_300_800_000_u64), "bad_form");
    change("/node", at("/founding/validators/0/key"), "bad_admission");
    change("/node", json!(format!("02{}", "00".repeat(31))), "bad_admission");
    change("/signature", flipped("/signature"), "bad_admission");
    change("/founding/name", json!("Another"), "bad_admission");
    change("/founding/network_key", flipped("/founding/network_key"), "bad_admission");
    change("/founding/scheme", json!("later/1"), "unknown_scheme");
    change("/founding/v", json!(2), "bad_form");
    change("/founding/v", json!(3), "unknown_founding_version");
    change("/v", json!(2), "unknown_admission_version");
    change("/format", json!("pacta-evidence"), "bad_form");
    changes
}

#[test]
fn changed_admissions_bind_nobody() {
    for (pointer, bytes, reason) in changed() {
        assert_eq!(found(&bytes), reason, "{pointer}");
    }
    let text = String::from_utf8(admission().to_bytes()).unwrap();
    let start = text.strip_suffix(r#","v":1}"#).unwrap();
    for end in ["}", r#","v":1,"w":1}"#] {
        assert_eq!(found(format!("{start}{end}").as_bytes()), "bad_form");
    }
    assert_eq!(found(format!("{text}\n").as_bytes()), "not_canonical");
}

/// A file, and what every verifier must find of it: what it proves, or the name of a reason.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Case {
    name: String,
    text: String,
    genuine: bool,
    found: String,
}

fn case(name: &str, bytes: Vec<u8>) -> Case {
    let genuine = matches!(verify(&bytes, None), Verdict::Genuine(_));
    let found = found(&bytes);
    Case { name: name.into(), text: String::from_utf8(bytes).unwrap(), genuine, found }
}

/// The second verifier is tested with the same file.
#[test]
fn the_frozen_admissions_are_what_they_were() {
    let (network, _) = network();
    let stranger = admission_by(&network, &SigningKey::from([9; 32]));
    let mut cases = vec![
        case("an admission", admission().to_bytes()),
        case("of a stranger", stranger.to_bytes()),
    ];
    cases.extend(changed().into_iter().map(|(pointer, bytes, _)| case(pointer, bytes)));
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/admissions.json");
    if std::env::var_os("PACTA_WRITE_VECTORS").is_some() {
        fs::write(&file, serde_json::to_vec_pretty(&cases).unwrap()).unwrap();
    }
    let frozen: Vec<Case> = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    assert_eq!(frozen, cases);
}
