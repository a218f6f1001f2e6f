//! A node that is restored from its backup is the node that it was, and abstains first. It and one
//! whose data are gone serve what a node serves that was never touched.

mod support;

use std::fs;
use std::path::Path;

use serde_json::Value;
use support::company::Company;
use support::documents::{add, draft, saved, wait_held, write};
use support::{Network, get, json, pacta, post, stderr, text, wait_until};

/// The node that is restored.
const NODE: usize = 2;
/// The node that joins again from nothing.
const EMPTIED: usize = 3;
/// Length of the text of a treaty: some chunks.
const TEXT_BYTES: usize = 700_000;

#[test]
fn a_restored_node_needs_no_other_and_serves_what_the_others_serve() {
    let parent = tempfile::tempdir().expect("a temporary directory");
    let mut network = Network::start(&parent.path().join("network"), 4);
    let mut company = Company::register(&network, 0, "Backup Ltd", 55);
    let document = parent.path().join("treaty.bin");
    let document_id = write(&document, TEXT_BYTES);
    draft(&network, &document);
    add(&network, 0, &document, "application/octet-stream");
    (0..4).for_each(|place| wait_held(&network, place, &document_id));
    let mut height = 0;
    for _ in 0..5 {
        height = submit(&network, &company.signed());
    }
    network.wait_indexed(NODE, height);

    let file = parent.path().join("running.tar");
    let saved = back_up(&network.folder(NODE), &file);
    assert!(saved["height"].as_u64() >= Some(height), "{saved}");
    let again = pacta(&["backup", text(&network.folder(NODE)), "--out", text(&file)]);
    assert_eq!(again.status.code(), Some(73), "{}", stderr(&again));
    damaged_backups_are_refused(&file, parent.path());
    let full = pacta(&["restore", text(&file), "--dir", text(&network.folder(NODE))]);
    assert_eq!(full.status.code(), Some(73), "{}", stderr(&full));

    network.kill(NODE);
    let stopped = parent.path().join("stopped.tar");
    let height = back_up(&network.folder(NODE), &stopped)["height"].as_u64().expect("a height");
    fs::remove_dir_all(network.folder(NODE)).expect("it can be deleted");
    restore(&stopped, &network.folder(NODE));
    assert!(!network.folder(NODE).join("voted").exists(), "it does not know what it voted");
    for share in ["share.json", "data/store/node-secrets"] {
        assert!(!network.folder(NODE).join(share).exists(), "it has no share: {share}");
    }

    network.wait_indexed(0, height);
    let untouched = Served::by(&network, 0, height, &document_id);
    assert!(untouched.document == fs::read(&document).expect("readable"));
    (0..4).for_each(|place| network.kill(place));
    network.run(NODE);
    network.wait_ready(NODE);
    // It has all from the backup: none of the others runs.
    network.wait_indexed(NODE, height);
    Served::by(&network, NODE, height, &document_id).is_that_of(&untouched);
    assert_eq!(votes(&network), Some(false), "it abstains");

    for place in (0..4).filter(|place| *place != NODE) {
        network.run(place);
    }
    (0..4).for_each(|place| network.wait_ready(place));
    let after = submit(&network, &company.signed());
    network.wait_indexed(NODE, after);
    // It gets a share of the network key when shares are next renewed, at the end of an epoch, or
    // one epoch later if it came too late to be dealt to.
    wait_until("it votes again", 240, || {
        submit(&network, &company.signed());
        votes(&network) == Some(true)
    });
    empty(&mut network, EMPTIED);
    let height = submit(&network, &company.signed());
    (0..4).for_each(|place| network.wait_indexed(place, height));
    let untouched = Served::by(&network, 0, height, &document_id);
    for place in [NODE, EMPTIED] {
        wait_held(&network, place, &document_id);
        Served::by(&network, place, height, &document_id).is_that_of(&untouched);
    }
    let evidence = get(&format!("{}/evidence", network.api(0))).expect("an answer").1;
    assert_eq!(evidence["evidence"].as_array().map(Vec::len), Some(0), "{evidence}");
}

fn votes(network: &Network) -> Option<bool> {
    network.status(NODE)?["node"]["votes"].as_bool()
}

/// What a node serves up to a height.
struct Served {
    place: usize,
    /// The roots of each block.
    roots: Vec<[String; 3]>,
    /// The journal, from its index.
    journal: Vec<Value>,
    /// The acts, the last of them as it stands, and the treaties, from its index.
    acts: (Vec<Value>, Value, Value),
    /// The text of the treaty.
    document: Vec<u8>,
}

impl Served {
    fn by(network: &Network, place: usize, height: u64, document: &str) -> Self {
        let acts = list(network, place, "acts", height);
        let last = acts.last().expect("an act")["act"].as_str().expect("an id");
        let answer = |address: &str| {
            let (status, answer) = get(&format!("{}/{address}", network.api(place))).expect("one");
            assert_eq!(status, 200, "{address}: {answer}");
            answer
        };
        let (last, treaties) = (answer(&format!("acts/{last}")), answer("treaties"));
        Self {
            place,
            roots: (1..=height).map(|height| network.roots(place, height)).collect(),
            journal: list(network, place, "journal", height),
            acts: (acts, last, treaties),
            document: saved(network, place, document, &network.root.join("copy.bin")),
        }
    }

    fn is_that_of(&self, other: &Self) {
        let of = format!("node {} and node {}", self.place, other.place);
        assert_eq!(self.roots, other.roots, "{of}");
        assert_eq!(self.journal, other.journal, "{of}");
        assert_eq!(self.acts, other.acts, "{of}");
        assert!(self.document == other.document, "{of} serve other bytes of the file");
    }
}

/// A list of a node's index, in the order of the journal, up to a height.
fn list(network: &Network, place: usize, name: &str, height: u64) -> Vec<Value> {
    let mut all = Vec::new();
    let mut next = Some(format!("/api/v1/{name}?limit=200"));
    while let Some(address) = next {
        let (status, part) = get(&format!("{}{address}", network.url(place))).expect("an answer");
        assert_eq!(status, 200, "{part}");
        all.extend(part["entries"].as_array().expect("entries").iter().cloned());
        next = part["next"].as_str().map(str::to_owned);
    }
    let reached = |entry: &Value| -> Option<u64> {
        entry["position"].as_str()?.split_once('-')?.0.parse().ok()
    };
    all.retain(|entry| reached(entry).expect("an entry has a place") <= height);
    all
}

/// Empties a node of all but its keys and its founding, and starts it.
fn empty(network: &mut Network, place: usize) {
    network.kill(place);
    let folder = network.folder(place);
    fs::remove_dir_all(folder.join("data")).expect("it can be deleted");
    fs::remove_file(folder.join("voted")).expect("it can be deleted");
    network.run(place);
    network.wait_ready(place);
}

/// Submits an act and waits until it is final; its height.
fn submit(network: &Network, act: &[u8]) -> u64 {
    let url = format!("{}/acts?wait=final", network.api(0));
    let (status, act) = post(&url, act).expect("the node answers");
    assert_eq!(status, 200, "{act}");
    act["height"].as_u64().expect("a final act has a height")
}

fn back_up(folder: &Path, out: &Path) -> Value {
    let saved = pacta(&["backup", text(folder), "--out", text(out), "--json"]);
    let (code, saved) = json(&saved);
    assert_eq!(code, 0, "{saved}");
    saved
}

fn restore(file: &Path, folder: &Path) {
    let restored = pacta(&["restore", text(file), "--dir", text(folder), "--json"]);
    let (code, restored) = json(&restored);
    assert_eq!(code, 0, "{restored}");
}

/// Each changed byte that matters is found, and nothing is written.
fn damaged_backups_are_refused(good: &Path, parent: &Path) {
    let bytes = fs::read(good).expect("the backup can be read");
    let (bad, dir) = (parent.join("bad.tar"), parent.join("restored"));
    let refused = |bytes: &[u8], what: &str| {
        fs::write(&bad, bytes).expect("a file can be written");
        let output = pacta(&["restore", text(&bad), "--dir", text(&dir)]);
        assert_eq!(output.status.code(), Some(65), "{what}: {}", stderr(&output));
        assert!(!dir.exists(), "{what}: something was written");
    };
    for part in ["node/node-key.json", "node/genesis.json", "blocks/000000000001"] {
        let header = position(&bytes, part.as_bytes());
        let mut changed = bytes.clone();
        changed[header + 512 + 100] ^= 1;
        refused(&changed, part);
    }
    refused(&bytes[..bytes.len() / 2], "half of it");
    refused(b"no backup", "something else");
    let mut renamed = bytes.clone();
    let header = position(&bytes, b"node/node-key.json");
    renamed[header..header + 18].copy_from_slice(b"node/other-k.json\0");
    refused(&renamed, "a file of another name");
}

fn position(bytes: &[u8], part: &[u8]) -> usize {
    bytes.windows(part.len()).position(|window| window == part).expect("it is there")
}
