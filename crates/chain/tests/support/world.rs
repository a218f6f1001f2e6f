//! Six blocks of a network, and receipts from them. Everything follows from seeds.

use commonware_runtime::{Runner as _, deterministic};
use ed25519_consensus::SigningKey;
use pacta_chain::{Final, Header, Receipt, acts_root};
use pacta_law::{ActId, Digest, Instant, KeyId, Outcome, PublicKey, json};
use serde_json::{Value, json};

use super::databases::{Databases, Roots};
use super::network::Network;
use super::proofs;

/// 2026-11-25T06:00:00Z.
const FIRST_MS: u64 = 1_795_586_400_000;
pub const ACTOR: &str = "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1";
const PATH: &str = "treaty/friendship";

/// A receipt that is genuine.
pub struct Genuine {
    pub name: &'static str,
    pub bytes: Vec<u8>,
}

pub struct World {
    pub network: Network,
    /// Of another network, for forgeries.
    pub other: Network,
    pub headers: Vec<Header>,
    pub receipts: Vec<Genuine>,
    /// A receipt of a network whose founding is of form 2.
    pub later: Vec<u8>,
    /// A receipt of a block that became final when it was proposed again.
    pub again: Vec<u8>,
}

/// Makes all of it.
pub fn make() -> World {
    deterministic::Runner::seeded(1).start(|context| async move {
        let network = Network::new("Caucasus trial", 100);
        let story = Story::new(&network);
        let (mut databases, mut headers, mut firsts) =
            (Databases::open(&context).await, Vec::new(), Vec::new());
        for height in 1..=6 {
            let outcomes: Vec<_> = story.outcomes(height).map(Outcome::digest).collect();
            let applied = databases.apply(&changes(height), &outcomes).await;
            databases = applied.0;
            headers.push(header(height, headers.last(), &story.acts(height), &applied.1));
            firsts.push(applied.2);
        }
        let last = headers.last().unwrap();
        let block = || Final {
            founding: network.founding.clone(),
            header: last.clone(),
            certificate: network.certify(last),
        };
        let of_act = async |at: usize, act: bool| {
            let (height, outcome, signed) = &story.entries[at];
            let location = firsts[*height as usize - 1] + u64::from(outcome.index);
            let proof = proofs::journal(&databases, last, location).await;
            let act = act.then_some(signed.as_slice());
            Receipt::of_act(block(), act, outcome, location, proof).unwrap().to_bytes()
        };
        let record = proofs::ledger(&databases, last, &path_digest(PATH)).await;
        let network_later = Network::later("Caucasus trial", 300);
        let later = Final {
            founding: network_later.founding.clone(),
            header: last.clone(),
            certificate: network_later.certify(last),
        };
        let later = Receipt::of_record(later, PATH, &record_bytes(6), record.clone()).unwrap();
        let again = Final { certificate: network.certify_again(last, last.view + 3), ..block() };
        let again = Receipt::of_record(again, PATH, &record_bytes(6), record.clone()).unwrap();
        let record = Receipt::of_record(block(), PATH, &record_bytes(6), record).unwrap();
        let nothing = "treaty/enmity";
        let absence = proofs::absence(&databases, last, &path_digest(nothing)).await;
        let absence = Receipt::of_absence(block(), nothing, absence);
        let genuine = |name, bytes| Genuine { name, bytes };
        let receipts = vec![
            genuine("executed-act", of_act(0, true).await),
            genuine("refused-act", of_act(1, true).await),
            genuine("due-item", of_act(2, false).await),
            genuine("record", record.to_bytes()),
            genuine("absence", absence.to_bytes()),
        ];
        let other = Network::new("Caucasus trial", 200);
        let (later, again) = (later.to_bytes(), again.to_bytes());
        World { other, headers, receipts, network, later, again }
    })
}

/// What happens: an act is executed in block 3, another refused in block 6, and between them
/// something falls due in block 6.
struct Story {
    /// Height, outcome and, if it is one of an act, the signed act.
    entries: Vec<(u64, Outcome, Vec<u8>)>,
}

impl Story {
    fn new(network: &Network) -> Self {
        let key = SigningKey::from([7; 32]);
        let (executed, refused) = (act(network, &key, 1), act(network, &key, 2));
        let key_id = KeyId([0x4b; 32]);
        let outcome = |value: Value| Outcome::from_bytes(&json::to_bytes(&value)).unwrap();
        let done = outcome(json!({
            "act": executed.0,
            "events": [{"actor": ACTOR, "event": "key_revoked", "key": key_id}],
            "height": 3, "index": 0, "instant": instant(3), "result": "executed", "v": 1,
        }));
        let not_done = outcome(json!({
            "act": refused.0, "code": 134, "height": 6, "index": 1, "instant": instant(6),
            "refusal": "unknown_key", "result": "refused",
            "sentence": format!("no key {key_id} is registered; register it first"), "v": 1,
        }));
        let due = outcome(json!({
            "due": due_item(), "height": 6, "index": 0, "instant": instant(6), "result": "due",
            "v": 1,
        }));
        let entries = vec![(3, done, executed.1), (6, not_done, refused.1), (6, due, Vec::new())];
        Self { entries }
    }

    fn outcomes(&self, height: u64) -> impl Iterator<Item = &Outcome> {
        let mut outcomes: Vec<_> =
            self.entries.iter().filter(|entry| entry.0 == height).map(|entry| &entry.1).collect();
        outcomes.sort_by_key(|outcome| outcome.index);
        outcomes.into_iter()
    }

    fn acts(&self, height: u64) -> Vec<&[u8]> {
        let of_act = |entry: &&(u64, Outcome, Vec<u8>)| entry.0 == height && !entry.2.is_empty();
        self.entries.iter().filter(of_act).map(|entry| entry.2.as_slice()).collect()
    }
}

/// A signed act: its id and canonical bytes.
fn act(network: &Network, key: &SigningKey, sequence: u64) -> (ActId, Vec<u8>) {
    let public = PublicKey(key.verification_key().to_bytes());
    let act = json!({
        "actor": ACTOR,
        "data": {"key": KeyId([0x4b; 32])},
        "expires": instant(1000),
        "key": KeyId::of(&public),
        "kind": "revoke_key",
        "mandate": "b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2",
        "network": network.founding.network(),
        "says": format!("Armenia (Հայաստան) revokes its key {}.", KeyId([0x4b; 32])),
        "sequence": sequence,
        "v": 1,
    });
    let message = [b"pacta/act/v1\n", json::to_bytes(&act).as_slice()].concat();
    let signature = pacta_law::Signature(key.sign(&message).to_bytes());
    let signed =
        json!({"act": act, "algorithm": "ed25519", "public": public, "signature": signature});
    (ActId(Digest::of(&[&message]).0), json::to_bytes(&signed))
}

fn due_item() -> Value {
    json!({"due": "entry_into_force", "on": "2026-11-25", "treaty": "friendship"})
}

/// Enough records for the ledger's bitmap to have several chunks.
fn changes(height: u64) -> Vec<(Digest, Option<Digest>)> {
    let put = |path: &str, record: &[u8]| (path_digest(path), Some(Digest::of(&[record])));
    let mut changes: Vec<_> = (0..90)
        .map(|number| put(&format!("actor/{}", number * height), &record_bytes(height)))
        .collect();
    changes.push(put(PATH, &record_bytes(height)));
    if height == 4 {
        changes.push((path_digest("actor/1"), None));
    }
    changes.sort();
    changes.dedup_by_key(|change| change.0);
    changes
}

fn record_bytes(height: u64) -> Vec<u8> {
    json::to_bytes(&json!({"height": height, "title": {"fr": "Traité d’amitié"}, "v": 1}))
}

fn path_digest(path: &str) -> Digest {
    Digest::of(&[path.as_bytes()])
}

fn instant(height: u64) -> Instant {
    Instant::from_ms(FIRST_MS + height * 1_250).unwrap()
}

pub fn header(height: u64, parent: Option<&Header>, acts: &[&[u8]], roots: &Roots) -> Header {
    Header {
        epoch: 3,
        view: 100 + height,
        leader: [height as u8; 32],
        parent_view: 99 + height,
        parent_digest: parent.map_or(Digest([0; 32]), Header::digest),
        height,
        instant: instant(height),
        acts_root: acts_root(acts),
        ledger_root: roots.ledger,
        ledger_ops_root: roots.ledger_ops,
        ledger_start: roots.ledger_start,
        ledger_end: roots.ledger_end,
        journal_root: roots.journal,
        journal_ops_root: roots.journal,
        journal_start: roots.journal_start,
        journal_end: roots.journal_end,
        law_version: 1,
    }
}
