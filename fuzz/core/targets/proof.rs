//! Headers, and proofs of what the ledger and the journal under one hold: a proof with changes
//! proves nothing, nor does a proof under another header or of something else.

#![no_main]

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use pacta_chain::{AbsenceProof, Header, JournalProof, LedgerProof};
use pacta_fuzz_core::tamper;
use pacta_law::{Digest, Instant, json};
use serde::Deserialize;

/// A proof among the frozen vectors.
#[derive(Deserialize)]
struct Vector {
    header: Roots,
    kind: String,
    #[serde(default)]
    key: Option<Digest>,
    #[serde(default)]
    value: Option<Digest>,
    #[serde(default)]
    leaf: Option<Digest>,
    #[serde(default)]
    location: u64,
    proof: serde_json::Value,
}

#[derive(Clone, Deserialize)]
struct Roots {
    journal_end: u64,
    journal_root: Digest,
    journal_start: u64,
    ledger_end: u64,
    ledger_ops_root: Digest,
    ledger_root: Digest,
    ledger_start: u64,
}

fn vectors() -> &'static [Vector] {
    static ALL: OnceLock<Vec<Vector>> = OnceLock::new();
    ALL.get_or_init(|| {
        let text = include_bytes!("../../../crates/chain/tests/vectors/proofs.json");
        let all: Vec<Vector> = serde_json::from_slice(text).expect("the vectors");
        for vector in &all {
            let genuine = proves(vector, &header(&vector.header), &json::to_bytes(&vector.proof));
            assert_eq!(genuine, Some(true), "a genuine vector of {}", vector.kind);
        }
        all
    })
}

fn header(roots: &Roots) -> Header {
    let nothing = Digest([0; 32]);
    Header {
        epoch: 0,
        view: 1,
        leader: [0; 32],
        parent_view: 0,
        parent_digest: nothing,
        height: 1,
        instant: Instant::MIN,
        acts_root: nothing,
        ledger_root: roots.ledger_root,
        ledger_ops_root: roots.ledger_ops_root,
        ledger_start: roots.ledger_start,
        ledger_end: roots.ledger_end,
        journal_root: roots.journal_root,
        journal_ops_root: nothing,
        journal_start: roots.journal_start,
        journal_end: roots.journal_end,
        law_version: 1,
    }
}

/// Whether the bytes prove under a header what the vector says; none if they are no proof.
fn proves(vector: &Vector, header: &Header, bytes: &[u8]) -> Option<bool> {
    match vector.kind.as_str() {
        "ledger" => {
            let proof: LedgerProof = json::from_bytes(bytes).ok()?;
            Some(proof.verify(header, &vector.key?, &vector.value?))
        }
        "absence" => {
            let proof: AbsenceProof = json::from_bytes(bytes).ok()?;
            Some(proof.verify(header, &vector.key?))
        }
        _ => {
            let proof: JournalProof = json::from_bytes(bytes).ok()?;
            Some(proof.verify(header, vector.location, &vector.leaf?))
        }
    }
}

fuzz_target!(|input: &[u8]| {
    if let Ok(read) = Header::decode(input) {
        assert_eq!(read.encode(), input, "a header has one form");
    }
    let [which, of_header, changes @ ..] = input else { return };
    let all = vectors();
    let vector = &all[usize::from(*which) % all.len()];
    let genuine = header(&vector.header);

    let before = json::to_bytes(&vector.proof);
    let mut after = before.clone();
    tamper(&mut after, changes);
    if after != before {
        assert_ne!(proves(vector, &genuine, &after), Some(true), "{after:?}");
    }

    let mut encoded = genuine.encode();
    // Behind the acts' root: the roots and numbers that proofs are of.
    let places = encoded.len() - 164..encoded.len() - 4;
    let at = places.start + usize::from(*of_header) % places.len();
    let flipped = 1 << (changes.len() % 8);
    encoded[at] ^= flipped;
    if let Ok(other) = Header::decode(&encoded) {
        // Where a node's history begins is no part of a root.
        let (journal, ledger) = (
            (other.journal_root, other.journal_end) != (genuine.journal_root, genuine.journal_end),
            (other.ledger_root, other.ledger_ops_root)
                != (genuine.ledger_root, genuine.ledger_ops_root),
        );
        let relevant = if vector.kind == "journal" { journal } else { ledger };
        let proven = proves(vector, &other, &before);
        assert!(!relevant || proven == Some(false), "proven under another header");
    }
});
