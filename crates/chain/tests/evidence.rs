//! Evidence of misconduct, from votes that the engine's own scheme signs.

#![allow(clippy::unwrap_used)] // a test may fail

#[allow(dead_code)] // receipts need more of it
#[path = "support/network.rs"]
mod network;

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
use commonware_utils::{TryCollect as _, ordered::Set};
use pacta_chain::evidence::{Cast, Evidence, Vote};
use pacta_chain::{Verdict, namespace, verify};
use pacta_law::{NetworkId, PublicKey, Signature};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use network::Network;

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
    change("/v", json!(2), "unknown_evidence_version");
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
    let changed = changed(&accused);
    cases.extend(changed.into_iter().map(|(pointer, bytes, _)| case(pointer, bytes)));
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/evidence.json");
    if std::env::var_os("PACTA_WRITE_VECTORS").is_some() {
        fs::write(&file, serde_json::to_vec_pretty(&cases).unwrap()).unwrap();
    }
    let frozen: Vec<Case> = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    assert_eq!(frozen, cases);
}
