//! Proofs by the engine's databases hold, and no others do.
//!
//! `tests/vectors/proofs.json` has some of them for other implementations. They are frozen, as the
//! receipts are: `PACTA_WRITE_VECTORS=1` writes them.

#![allow(clippy::unwrap_used)] // a test may fail

use std::{collections::BTreeMap, fs};

use commonware_runtime::{Runner as _, deterministic};
use pacta_chain::{AbsenceProof, Header, JournalProof, LedgerProof};
use pacta_law::{Digest, Instant};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

#[path = "support/databases.rs"]
mod databases;
#[path = "support/proofs.rs"]
mod proofs;

use databases::{Databases, Location, Roots, to_engine};

/// What the databases hold, kept by other means.
#[derive(Default)]
struct Model {
    ledger: BTreeMap<Digest, Digest>,
    /// Leaves of the journal by location.
    journal: BTreeMap<u64, Digest>,
}

struct World {
    databases: Databases,
    header: Header,
    model: Model,
}

fn digest(what: &str, number: u64) -> Digest {
    Digest::of(&[what.as_bytes(), &number.to_be_bytes()])
}

fn header(roots: &Roots) -> Header {
    let zero = Digest([0; 32]);
    Header {
        epoch: 0,
        view: 0,
        leader: [0; 32],
        parent_view: 0,
        parent_digest: zero,
        height: 0,
        instant: Instant::from_ms(0).unwrap(),
        acts_root: zero,
        ledger_root: roots.ledger,
        ledger_ops_root: roots.ledger_ops,
        ledger_start: roots.ledger_start,
        ledger_end: roots.ledger_end,
        journal_root: roots.journal,
        journal_ops_root: roots.journal,
        journal_start: roots.journal_start,
        journal_end: roots.journal_end,
        law_version: 0,
    }
}

/// Changes of the ledger, and leaves of the journal.
type Block = (Vec<(Digest, Option<Digest>)>, Vec<Digest>);

/// Databases after these blocks.
async fn world(context: &deterministic::Context, blocks: &[Block]) -> World {
    let (mut databases, mut model, mut last) =
        (Databases::open(context).await, Model::default(), None);
    for (changes, leaves) in blocks {
        let (applied, roots, first) = databases.apply(changes, leaves).await;
        databases = applied;
        for (key, value) in changes {
            match value {
                Some(value) => model.ledger.insert(*key, *value),
                None => model.ledger.remove(key),
            };
        }
        model.journal.extend((first..).zip(leaves.iter().copied()));
        last = Some(header(&roots));
    }
    World { databases, header: last.unwrap(), model }
}

fn run(seed: u64, test: impl AsyncFnOnce(deterministic::Context)) {
    deterministic::Runner::seeded(seed).start(async |context| test(context).await);
}

/// Blocks that write so many keys in all, some of them again, and delete some.
fn blocks(keys: u64, blocks: u64, seed: u64) -> Vec<Block> {
    let mut random = StdRng::seed_from_u64(seed);
    (0..blocks)
        .map(|block| {
            let (first, last) = (keys * block / blocks, keys * (block + 1) / blocks);
            let mut changes: BTreeMap<_, _> =
                (first..last).map(|key| (digest("key", key), Some(digest("value", key)))).collect();
            for _ in 0..first.min(20) {
                let key = digest("key", random.random_range(0..first));
                let value = random.random_bool(0.7).then(|| digest("later", block));
                changes.insert(key, value);
            }
            let leaves = (first..last).map(|leaf| digest("leaf", leaf)).collect();
            (changes.into_iter().collect(), leaves)
        })
        .collect()
}

impl World {
    /// Every proof of some keys and places verifies, and only for what it is of.
    async fn check(&self, every: usize) {
        let Self { databases, header, model } = self;
        let other = digest("other", 0);
        for (key, value) in model.ledger.iter().step_by(every) {
            let proof = proofs::ledger(databases, header, key).await;
            assert!(proof.verify(header, key, value));
            assert!(!proof.verify(header, &other, value));
            assert!(!proof.verify(header, key, &other));
            tampered(&proof, |proof: &LedgerProof| proof.verify(header, key, value));
        }
        for number in 0..20 {
            let key = digest("absent", number);
            let proof = proofs::absence(databases, header, &key).await;
            assert!(proof.verify(header, &key));
            for (key, _) in model.ledger.iter().step_by(every) {
                assert!(!proof.verify(header, key));
            }
            tampered(&proof, |proof: &AbsenceProof| proof.verify(header, &key));
        }
        for (location, leaf) in model.journal.iter().step_by(every) {
            let proof = proofs::journal(databases, header, *location).await;
            assert!(proof.verify(header, *location, leaf));
            assert!(!proof.verify(header, *location, &other));
            for location in [location ^ 1, location + 1, location + 256, u64::MAX] {
                assert!(!proof.verify(header, location, leaf));
            }
            tampered(&proof, |proof: &JournalProof| proof.verify(header, *location, leaf));
        }
    }
}

/// Any change of one member makes a proof fail or unreadable.
fn tampered<P: Serialize + DeserializeOwned>(proof: &P, verify: impl Fn(&P) -> bool) {
    let json = serde_json::to_value(proof).unwrap();
    assert!(verify(&serde_json::from_value(json.clone()).unwrap()));
    let mut variants = Vec::new();
    vary(&json, &mut |variant| variants.push(variant));
    assert!(variants.len() >= 3);
    for variant in variants {
        if let Ok(proof) = serde_json::from_value::<P>(variant.clone()) {
            assert!(!verify(&proof), "{variant}");
        }
    }
}

/// All JSON values that differ from this one in one place.
fn vary(value: &Value, take: &mut dyn FnMut(Value)) {
    match value {
        Value::Object(members) => {
            let with = |change: &dyn Fn(&mut serde_json::Map<String, Value>)| {
                let mut members = members.clone();
                change(&mut members);
                Value::Object(members)
            };
            for (name, member) in members {
                take(with(&|members| drop(members.remove(name))));
                vary(member, &mut |member| {
                    take(with(&|members| drop(members.insert(name.clone(), member.clone()))));
                });
            }
            for name in ["partial", "span", "more"] {
                if !members.contains_key(name) {
                    let more = Value::from("00".repeat(32));
                    take(with(&|members| drop(members.insert(name.into(), more.clone()))));
                }
            }
        }
        Value::Array(items) => {
            let with = |change: &dyn Fn(&mut Vec<Value>)| {
                let mut items = items.clone();
                change(&mut items);
                Value::Array(items)
            };
            take(with(&|items| items.push(Value::from("00".repeat(32)))));
            for place in 0..items.len() {
                take(with(&|items| drop(items.remove(place))));
                take(with(&|items| items.insert(place, items[place].clone())));
                vary(&items[place], &mut |item| take(with(&|items| items[place] = item.clone())));
            }
            if items.len() > 1 {
                take(with(&|items| items.swap(0, 1)));
            }
        }
        Value::String(text) => {
            for place in [0, text.len() / 2, text.len() - 1] {
                let mut bytes = text.clone().into_bytes();
                bytes[place] = if bytes[place] == b'0' { b'1' } else { b'0' };
                take(Value::from(String::from_utf8(bytes).unwrap()));
            }
            take(Value::from(format!("{text}00")));
            if text.bytes().any(|byte| byte.is_ascii_lowercase()) {
                take(Value::from(text.to_uppercase()));
            }
        }
        Value::Number(number) => {
            let number = number.as_u64().unwrap();
            for other in [number ^ 1, number + 1, number + 256, number ^ 256, u64::MAX] {
                take(Value::from(other));
            }
        }
        other => panic!("{other}"),
    }
}

#[test]
fn an_empty_ledger_holds_nothing() {
    run(1, async |context| {
        let world = world(&context, &[(Vec::new(), Vec::new())]).await;
        world.check(1).await;
    });
}

#[test]
fn a_ledger_that_was_emptied_holds_nothing() {
    run(2, async |context| {
        let keys = (0..300).map(|key| digest("key", key));
        let write = keys.clone().map(|key| (key, Some(digest("value", 0)))).collect();
        let delete = keys.map(|key| (key, None)).collect();
        let blocks = [(write, vec![digest("leaf", 0)]), (delete, Vec::new())];
        world(&context, &blocks).await.check(1).await;
    });
}

#[test]
fn one_key_is_its_own_neighbour() {
    run(3, async |context| world(&context, &blocks(1, 1, 3)).await.check(1).await);
}

#[test]
fn ten_keys() {
    for count in 1..=10 {
        run(4, async |context| world(&context, &blocks(10, count, count)).await.check(1).await);
    }
}

#[test]
fn more_operations_than_a_chunk_holds() {
    run(5, async |context| world(&context, &blocks(300, 7, 5)).await.check(13).await);
}

#[test]
fn many_chunks_and_inactive_peaks() {
    run(6, async |context| {
        let world = world(&context, &blocks(3000, 60, 6)).await;
        assert!(world.header.ledger_start >= 1024, "{:?}", world.header);
        world.check(101).await;
    });
}

#[test]
fn keys_before_the_first_and_after_the_last_are_absent() {
    run(7, async |context| {
        let World { databases, header, model } = world(&context, &blocks(40, 4, 7)).await;
        let (first, last) = (Digest([0; 32]), Digest([0xff; 32]));
        for key in [first, last] {
            let proof = proofs::absence(&databases, &header, &key).await;
            let span = proof.span.as_ref().unwrap();
            assert!(span.next_key < span.key);
            for key in [first, last] {
                assert!(proof.verify(&header, &key));
            }
            for key in model.ledger.keys() {
                assert!(!proof.verify(&header, key));
            }
        }
    });
}

#[test]
fn every_size_around_whole_chunks() {
    run(8, async |context| {
        let mut databases = Databases::open(&context).await;
        let mut sizes = 0;
        for key in 0..300 {
            let change = [(digest("key", key), Some(digest("value", key)))];
            let (applied, roots, first) = databases.apply(&change, &[digest("leaf", key)]).await;
            databases = applied;
            let header = header(&roots);
            let near = (header.ledger_end + 4) % 256 < 8;
            if !near && key % 40 != 0 {
                continue;
            }
            sizes += u64::from(header.ledger_end.is_multiple_of(256));
            for key in (0..=key).step_by(7).chain([key]) {
                let (key, value) = (digest("key", key), digest("value", key));
                let proof = proofs::ledger(&databases, &header, &key).await;
                assert!(proof.verify(&header, &key, &value), "{header:?}");
            }
            for key in [0, key] {
                let (key, value) = (digest("key", key), digest("value", key));
                let proof = proofs::ledger(&databases, &header, &key).await;
                tampered(&proof, |proof: &LedgerProof| proof.verify(&header, &key, &value));
            }
            let proof = proofs::journal(&databases, &header, first).await;
            assert!(proof.verify(&header, first, &digest("leaf", key)));
        }
        assert!(sizes > 0);
    });
}

#[test]
fn a_proof_of_an_earlier_ledger_does_not_hold_under_a_later_one() {
    run(9, async |context| {
        let databases = Databases::open(&context).await;
        let (key, old, new) = (digest("key", 0), digest("value", 0), digest("value", 1));
        let (databases, before, _) = databases.apply(&[(key, Some(old))], &[]).await;
        let proof = proofs::ledger(&databases, &header(&before), &key).await;
        assert!(proof.verify(&header(&before), &key, &old));
        let (_, after, _) = databases.apply(&[(key, Some(new))], &[]).await;
        assert!(!proof.verify(&header(&after), &key, &old));
        // Nor with sizes of one and roots of the other.
        let mixed = Header { ledger_end: after.ledger_end, ..header(&before) };
        assert!(!proof.verify(&mixed, &key, &old));
    });
}

#[test]
fn outcomes_before_and_after_the_start_of_the_journal() {
    run(10, async |context| {
        let databases = Databases::open(&context).await;
        let (mut databases, roots, _) = databases.apply(&[], &[]).await;
        for (count, start) in [(40, 7), (40, 64), (40, 70), (7, 128)] {
            let mut batch = databases.journal.new_batch();
            for leaf in 0..count {
                batch = batch.append(to_engine(&digest("leaf", leaf)));
            }
            let start = Location::new(start.min(*databases.journal.bounds().end));
            let batch = batch.merkleize(&databases.journal, None, start).await.unwrap();
            databases.journal = databases.journal.apply_batch(batch).await.unwrap();
            let journal = &databases.journal;
            let header = Header {
                journal_root: Digest(journal.root().0),
                journal_start: *journal.inactivity_floor_loc(),
                journal_end: *journal.bounds().end,
                ..header(&roots)
            };
            for location in 0..header.journal_end {
                let leaf = journal.get(Location::new(location)).await.unwrap();
                let Some(leaf) = leaf else { continue };
                let leaf = Digest(leaf.0);
                let proof = proofs::journal(&databases, &header, location).await;
                assert!(proof.verify(&header, location, &leaf), "{location} {header:?}");
                tampered(&proof, |proof: &JournalProof| proof.verify(&header, location, &leaf));
            }
        }
    });
}

/// One proof of each kind, with what it is of.
async fn vectors(name: &str, world: &World) -> Vec<Value> {
    let World { databases, header, model } = world;
    let vector = |kind: &str, mut of: Value| {
        of["kind"] = kind.into();
        of["name"] = format!("{name}: {kind}").into();
        of["header"] = json!({
            "journal_end": header.journal_end,
            "journal_root": header.journal_root,
            "journal_start": header.journal_start,
            "ledger_end": header.ledger_end,
            "ledger_ops_root": header.ledger_ops_root,
            "ledger_root": header.ledger_root,
            "ledger_start": header.ledger_start,
        });
        of
    };
    let mut vectors = Vec::new();
    // The last operations are in the last chunk, others are not: take the first, middle and last.
    let mut places = Vec::new();
    for (key, value) in &model.ledger {
        let proof = proofs::ledger(databases, header, key).await;
        assert!(proof.verify(header, key, value));
        places.push((proof.place.location, json!({"key": key, "value": value, "proof": proof})));
    }
    places.sort_by_key(|(location, _)| *location);
    for at in [0, places.len() / 2, places.len().saturating_sub(1)] {
        vectors.extend(places.get(at).map(|(_, of)| vector("ledger", of.clone())));
    }
    for key in [digest("absent", 0), Digest([0; 32])] {
        let proof = proofs::absence(databases, header, &key).await;
        vectors.push(vector("absence", json!({"key": key, "proof": proof})));
    }
    for at in [0, model.journal.len() / 2, model.journal.len().saturating_sub(1)] {
        let Some((location, leaf)) = model.journal.iter().nth(at) else { continue };
        let proof = proofs::journal(databases, header, *location).await;
        let of = json!({"location": location, "leaf": leaf, "proof": proof});
        vectors.push(vector("journal", of));
    }
    vectors
}

#[test]
fn the_vectors_are_frozen() {
    let mut made = Vec::new();
    let worlds = [
        ("empty", vec![(Vec::new(), Vec::new())]),
        ("one key", blocks(1, 1, 1)),
        ("ten keys", blocks(10, 3, 2)),
        ("two chunks", blocks(300, 7, 3)),
        ("inactive peaks", blocks(1500, 30, 4)),
    ];
    for (name, blocks) in &worlds {
        deterministic::Runner::seeded(1).start(async |context| {
            made.extend(vectors(name, &world(&context, blocks).await).await);
        });
    }
    let made = serde_json::to_string_pretty(&made).unwrap() + "\n";
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/proofs.json");
    if std::env::var_os("PACTA_WRITE_VECTORS").is_some() {
        fs::write(file, &made).unwrap();
    }
    assert!(fs::read_to_string(file).unwrap() == made, "these are not the frozen proofs");
}
