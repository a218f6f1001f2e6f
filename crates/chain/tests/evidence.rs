//! Evidence of misconduct, from votes that the engine's own scheme signs.

#![allow(clippy::unwrap_used)] // a test may fail

#[allow(dead_code)] // receipts need more of it
mod support;

use std::fs;
use std::path::PathBuf;

use commonware_codec::Encode as _;
use commonware_consensus::{
    simplex::{
        scheme::ed25519::Scheme,
        types::{Finalize, Notarize, Nullify, Proposal},
    },
    types::{Epoch, Round, View},
};
use commonware_cryptography::{Hasher as _, Sha256, Signer as _, ed25519, sha256};
use commonware_runtime::{Runner as _, deterministic};
use commonware_utils::{TryCollect as _, ordered::Set};
use pacta_chain::evidence::{Cast, Evidence, Vote};
use pacta_chain::{Final, Receipt, Verdict, namespace, verify};
use pacta_law::{Digest, NetworkId, PublicKey, Signature};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use support::{databases::Databases, network::Network, proofs, world::header};

const SEED: u64 = 40;

/// The first validator of a network, with what it signs by.
struct Accused {
    network: Network,
    scheme: Scheme,
    key: PublicKey,
}

fn accused() -> Accused {
    let network = Network::new("Evidence", SEED);
    let secrets: Vec<_> = (0..4).map(|at| ed25519::PrivateKey::from_seed(SEED + at)).collect();
    let committee: Set<_> = secrets.iter().map(|secret| secret.public_key()).try_collect().unwrap();
    let namespace = namespace(network.founding.network());
    let scheme = Scheme::signer(&namespace, committee, secrets[0].clone()).unwrap();
    let key = PublicKey(secrets[0].public_key().as_ref().try_into().unwrap());
    Accused { network, scheme, key }
}

fn round(view: u64) -> Round {
    Round::new(Epoch::new(3), View::new(view))
}

fn proposal(view: u64, block: &str) -> Proposal<sha256::Digest> {
    Proposal::new(round(view), View::new(view - 1), Sha256::hash(&[block.as_bytes()]))
}

fn signature(bytes: &[u8]) -> Signature {
    Signature(bytes.try_into().unwrap())
}

impl Accused {
    fn notarize(&self, view: u64, block: &str) -> Vote {
        let vote = Notarize::sign(&self.scheme, proposal(view, block)).unwrap();
        let signature = signature(&vote.attestation.signature.get().unwrap().encode());
        Vote { cast: Cast::Notarize, signature, statement: vote.proposal.encode().to_vec() }
    }

    fn finalize(&self, view: u64, block: &str) -> Vote {
        let vote = Finalize::sign(&self.scheme, proposal(view, block)).unwrap();
        let signature = signature(&vote.attestation.signature.get().unwrap().encode());
        Vote { cast: Cast::Finalize, signature, statement: vote.proposal.encode().to_vec() }
    }

    fn nullify(&self, view: u64) -> Vote {
        let vote = Nullify::sign::<sha256::Digest>(&self.scheme, round(view)).unwrap();
        let signature = signature(&vote.attestation.signature.get().unwrap().encode());
        Vote { cast: Cast::Nullify, signature, statement: vote.round.encode().to_vec() }
    }

    fn evidence(&self, votes: [Vote; 2]) -> Evidence {
        Evidence::new(self.network.founding.clone(), self.key, votes)
    }
}

fn found(bytes: &[u8]) -> String {
    match verify(bytes, None) {
        Verdict::Genuine(proven) => proven.to_string(),
        Verdict::NotGenuine(defect) => defect.name().into(),
        Verdict::CannotTell(unknown) => unknown.name().into(),
    }
}

#[test]
fn each_contradiction_of_votes_of_the_engine_convicts() {
    let accused = accused();
    let actor = accused.network.founding.validators.iter().find(|one| one.key == accused.key);
    let who = format!("the validator {} of the actor {}", accused.key, actor.unwrap().actor);
    let at = "in view 300 of epoch 3, on the network Evidence";
    for (votes, what) in [
        ([accused.notarize(300, "a"), accused.notarize(300, "b")], "voted for two blocks"),
        (
            [accused.finalize(300, "a"), accused.finalize(300, "b")],
            "voted that each of two blocks is final",
        ),
        (
            [accused.nullify(300), accused.finalize(300, "a")],
            "voted that a block is final and to leave its view without one",
        ),
    ] {
        let evidence = accused.evidence(votes.clone());
        let bytes = evidence.to_bytes();
        assert_eq!(found(&bytes), format!("{who} {what} {at}"));
        assert_eq!(Evidence::from_bytes(&bytes).unwrap(), evidence);
        let [one, other] = votes;
        assert_eq!(accused.evidence([other, one]).to_bytes(), bytes, "whichever came first");
        let network = accused.network.founding.network();
        assert!(matches!(verify(&bytes, Some(network)), Verdict::Genuine(_)));
        let other = verify(&bytes, Some(NetworkId([0; 32])));
        assert!(matches!(&other, Verdict::NotGenuine(defect) if defect.name() == "other_network"));
    }
}

#[test]
fn votes_that_do_not_contradict_each_other_convict_nobody() {
    let accused = accused();
    for votes in [
        [accused.notarize(300, "a"), accused.notarize(300, "a")],
        [accused.notarize(300, "a"), accused.notarize(301, "b")],
        [accused.notarize(300, "a"), accused.finalize(300, "b")],
        [accused.notarize(300, "a"), accused.nullify(300)],
        [accused.nullify(300), accused.nullify(300)],
        [accused.nullify(300), accused.finalize(301, "a")],
        [accused.finalize(300, "a"), accused.finalize(300, "a")],
    ] {
        assert_eq!(found(&accused.evidence(votes).to_bytes()), "no_contradiction");
    }
}

/// A validator that the founding does not name, with the receipts of who signs in epochs 3 and 4,
/// of another record, and of no record.
fn admitted() -> (Accused, [Receipt; 4]) {
    let network = Network::new("Evidence", SEED);
    let secret = ed25519::PrivateKey::from_seed(SEED + 9);
    let key = PublicKey(secret.public_key().as_ref().try_into().unwrap());
    let committee: Set<_> = [secret.public_key()].into_iter().try_collect().unwrap();
    let namespace = namespace(network.founding.network());
    let scheme = Scheme::signer(&namespace, committee, secret).unwrap();
    let seats = json!([{ "actor": "09".repeat(16), "address": "new.example:7000", "key": key }]);
    let record = pacta_law::json::to_bytes(&json!({ "v": 1, "validators": seats }));
    let paths = ["network/signing/3", "network/signing/4", "network/committee/3"];
    let digest = |path: &str| Digest::of(&[path.as_bytes()]);
    let receipts = deterministic::Runner::seeded(1).start(|context| async move {
        let value = Digest::of(&[&record]);
        let mut changes = paths.map(|path| (digest(path), Some(value)));
        changes.sort();
        let databases = Databases::open(&context).await;
        let (databases, roots, _) = databases.apply(&changes, &[]).await;
        let header = header(1, None, &[], &roots);
        let block = || Final {
            founding: network.founding.clone(),
            header: header.clone(),
            certificate: network.certify(&header),
        };
        let mut receipts = Vec::new();
        for path in paths {
            let proof = proofs::ledger(&databases, &header, &digest(path)).await;
            receipts.push(Receipt::of_record(block(), path, &record, proof).unwrap());
        }
        let nothing = "network/signing/2";
        let absence = proofs::absence(&databases, &header, &digest(nothing)).await;
        receipts.push(Receipt::of_absence(block(), nothing, absence));
        receipts
    });
    let network = Network::new("Evidence", SEED);
    (Accused { network, scheme, key }, receipts.try_into().unwrap())
}

/// Evidence with each receipt, with one of another network, and with one thing changed each.
fn of_admitted() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let (accused, [signing, later, frozen, absence]) = admitted();
    let evidence = accused.evidence([accused.finalize(300, "a"), accused.finalize(300, "b")]);
    assert_eq!(evidence.committee_path().as_deref(), Some("network/signing/3"));
    assert!(evidence.is_signed());
    assert_eq!(found(&evidence.to_bytes()), "no_validator");
    let with = |receipt| evidence.clone().with_committee(receipt).unwrap().to_bytes();
    let genuine: Value = serde_json::from_slice(&with(&signing)).unwrap();
    let changed = |pointer: &str, value: Value| {
        let mut changed = genuine.clone();
        *changed.pointer_mut(pointer).unwrap() = value;
        pacta_law::json::to_bytes(&changed)
    };
    let founder = genuine.pointer("/founding/validators/0/key").unwrap().clone();
    let same = accused.evidence([accused.finalize(300, "a"), accused.finalize(300, "a")]);
    let key = json!("00".repeat(32));
    vec![
        ("who signs in the epoch", with(&signing), "genuine"),
        ("who signs in another epoch", with(&later), "no_validator"),
        ("another record", with(&frozen), "no_validator"),
        ("no record", with(&absence), "no_validator"),
        ("one who does not sign", changed("/validator", founder), "no_validator"),
        ("a committee and form 1", changed("/v", json!(1)), "bad_form"),
        ("no receipt", changed("/committee", json!("none")), "bad_form"),
        ("a later receipt", changed("/committee/v", json!(2)), "unknown_receipt_version"),
        ("another network", changed("/committee/founding/name", json!("Other")), "no_validator"),
        (
            "a forged seat",
            changed("/committee/ledger/record/validators/0/key", key),
            "bad_ledger_proof",
        ),
        (
            "a forged certificate",
            changed("/committee/certificate/signature", json!("00".repeat(48))),
            "bad_certificate",
        ),
        ("no contradiction", same.with_committee(&signing).unwrap().to_bytes(), "no_contradiction"),
    ]
}

#[test]
fn a_validator_that_was_admitted_later_is_convicted_by_the_record_of_who_signs() {
    for (name, bytes, reason) in of_admitted() {
        match (verify(&bytes, None), reason) {
            (Verdict::Genuine(proven), "genuine") => {
                let actor = "of the actor 09090909090909090909090909090909";
                assert!(proven.to_string().contains(actor), "{proven}");
                assert_eq!(Evidence::from_bytes(&bytes).unwrap().to_bytes(), bytes);
            }
            _ => assert_eq!(found(&bytes), reason, "{name}"),
        }
    }
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
    let (genuine, found) = match verify(&bytes, None) {
        Verdict::Genuine(proven) => (true, proven.to_string()),
        _ => (false, found(&bytes)),
    };
    Case { name: name.into(), text: String::from_utf8(bytes).unwrap(), genuine, found }
}

/// Evidence with one thing changed each, and the reason for which it convicts nobody.
fn changed(accused: &Accused) -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let votes = [accused.notarize(300, "a"), accused.notarize(300, "b")];
    let genuine: Value = serde_json::from_slice(&accused.evidence(votes).to_bytes()).unwrap();
    let flipped = |text: &Value| {
        let text = text.as_str().unwrap();
        let last = if text.ends_with('0') { '1' } else { '0' };
        json!(format!("{}{last}", &text[..text.len() - 1]))
    };
    let mut changes = Vec::new();
    let mut change = |pointer: &'static str, value: Value, reason: &'static str| {
        let mut changed = genuine.clone();
        *changed.pointer_mut(pointer).unwrap() = value;
        changes.push((pointer, serde_json::to_vec(&changed).unwrap(), reason));
    };
    let at = |pointer: &str| genuine.pointer(pointer).unwrap().clone();
    let another = match at("/founding/validators/1/key") == at("/validator") {
        true => at("/founding/validators/0/key"),
        false => at("/founding/validators/1/key"),
    };
    change("/validator", another, "bad_vote");
    change("/validator", flipped(&at("/validator")), "no_validator");
    change("/votes/0/signature", flipped(&at("/votes/0/signature")), "bad_vote");
    change("/votes/0/signature", at("/votes/1/signature"), "bad_vote");
    change("/votes/1/statement", flipped(&at("/votes/1/statement")), "bad_vote");
    change("/votes/1/statement", at("/votes/0/statement"), "no_contradiction");
    change("/votes/1/statement", json!("00"), "bad_vote");
    change("/votes/1/cast", json!("finalize"), "no_contradiction");
    change("/votes/1/cast", json!("nullify"), "bad_vote");
    change("/votes/1/cast", json!("abstain"), "bad_form");
    change("/votes", json!([at("/votes/0")]), "bad_form");
    change("/founding/name", json!("Another"), "bad_vote");
    change("/founding/network_key", flipped(&at("/founding/network_key")), "bad_vote");
    change("/founding/scheme", json!("later/1"), "unknown_scheme");
    change("/founding/v", json!(2), "bad_form");
    change("/founding/v", json!(3), "unknown_founding_version");
    change("/v", json!(2), "bad_form");
    change("/v", json!(3), "unknown_evidence_version");
    change("/format", json!("pacta-receipt"), "bad_form");
    changes
}

#[test]
fn changed_evidence_convicts_nobody() {
    for (pointer, bytes, reason) in changed(&accused()) {
        assert_eq!(found(&bytes), reason, "{pointer}");
    }
}

/// The second verifier is tested with the same file.
#[test]
fn the_frozen_evidence_is_what_it_was() {
    let accused = accused();
    let mut cases = Vec::new();
    for (name, votes) in [
        ("two blocks", [accused.notarize(300, "a"), accused.notarize(300, "b")]),
        ("two final blocks", [accused.finalize(300, "a"), accused.finalize(300, "b")]),
        ("a final block and none", [accused.nullify(300), accused.finalize(300, "a")]),
        ("a block twice", [accused.notarize(300, "a"), accused.notarize(300, "a")]),
        ("a block and none", [accused.notarize(300, "a"), accused.nullify(300)]),
        ("two views", [accused.notarize(300, "a"), accused.notarize(301, "b")]),
    ] {
        cases.push(case(name, accused.evidence(votes).to_bytes()));
    }
    let changed = changed(&accused).into_iter().chain(of_admitted());
    cases.extend(changed.map(|(pointer, bytes, _)| case(pointer, bytes)));
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/evidence.json");
    if std::env::var_os("PACTA_WRITE_VECTORS").is_some() {
        fs::write(&file, serde_json::to_vec_pretty(&cases).unwrap()).unwrap();
    }
    let frozen: Vec<Case> = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    assert_eq!(frozen, cases);
}
