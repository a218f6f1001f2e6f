//! A node that is restored from its backup is the node that it was, and abstains first.

mod support;

use std::fs;
use std::path::Path;

use serde_json::Value;
use support::company::Company;
use support::{Network, get, json, pacta, post, stderr, wait_until};

const NODE: usize = 2;

#[test]
fn a_restored_node_needs_no_other_and_serves_what_the_others_serve() {
    let parent = tempfile::tempdir().expect("a temporary directory");
    let mut network = Network::start(&parent.path().join("network"), 4);
    let mut company = Company::register(&network, 0, "Backup Ltd", 55);
    let mut last = Value::Null;
    for _ in 0..5 {
        last = submit(&network, &company.signed());
    }
    let height = last["height"].as_u64().expect("a final act has a height");
    wait_until("the node has it", 20, || network.heights(NODE).1 >= height);

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

    let roots: Vec<_> = (1..=height).map(|height| network.roots(0, height)).collect();
    let entries = get(&format!("{}/acts/{}", network.api(0), id(&last))).expect("an answer");
    (0..4).for_each(|place| network.kill(place));
    network.run(NODE);
    network.wait_ready(NODE);
    wait_until("it executes all without the others", 30, || {
        network.heights(NODE) >= (height, height)
    });
    let found: Vec<_> = (1..=height).map(|height| network.roots(NODE, height)).collect();
    assert_eq!(found, roots);
    let found = get(&format!("{}/acts/{}", network.api(NODE), id(&last))).expect("an answer");
    assert_eq!(found, entries, "its index is that of the others");
    assert_eq!(votes(&network), Some(false), "it abstains");

    for place in (0..4).filter(|place| *place != NODE) {
        network.run(place);
    }
    (0..4).for_each(|place| network.wait_ready(place));
    let after = submit(&network, &company.signed());
    wait_until("it follows", 30, || {
        network.heights(NODE).1 >= after["height"].as_u64().unwrap_or(0)
    });
    // It gets a share of the network key when shares are next renewed, at the end of an epoch, or
    // one epoch later if it came too late to be dealt to.
    wait_until("it votes again", 240, || {
        submit(&network, &company.signed());
        votes(&network) == Some(true)
    });
    let height = after["height"].as_u64().expect("a height");
    assert_eq!(network.roots(NODE, height), network.roots(0, height));
    let evidence = get(&format!("{}/evidence", network.api(0))).expect("an answer").1;
    assert_eq!(evidence["evidence"].as_array().map(Vec::len), Some(0), "{evidence}");
}

fn votes(network: &Network) -> Option<bool> {
    network.status(NODE)?["node"]["votes"].as_bool()
}

fn id(act: &Value) -> String {
    act["id"].as_str().expect("an id").to_owned()
}

fn submit(network: &Network, act: &[u8]) -> Value {
    let url = format!("{}/acts?wait=final", network.api(0));
    let (status, act) = post(&url, act).expect("the node answers");
    assert_eq!(status, 200, "{act}");
    act
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path is UTF-8")
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
