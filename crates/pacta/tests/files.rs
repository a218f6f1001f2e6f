//! Files between real processes: large ones arrive once and intact, whoever dies meanwhile.

mod support;

use std::fs;
use std::path::Path;
use std::time::Duration;

use pacta_files::Digest;
use serde_json::Value;
use support::documents::{add, draft, saved, standing, wait_held, write};
use support::{Network, json, pacta, post, wait_until};

/// Long enough to be killed in the middle of.
const LARGE: usize = 160 * 1024 * 1024;

#[test]
fn a_large_file_arrives_once_and_intact_though_its_sender_is_killed() {
    let parent = tempfile::tempdir().expect("a temporary directory");
    let mut network = Network::start(&parent.path().join("network"), 4);
    let file = parent.path().join("large.bin");
    let id = write(&file, LARGE);
    let answer = add(&network, 0, &file, "application/octet-stream");
    assert_eq!((answer["id"].as_str(), &answer["named"]), (Some(id.as_str()), &false.into()));
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(standing(&network, 1, &id).0, 404, "a file that no act names stays where it is");

    // The sender is killed in the middle, and then the receiver too.
    let fetch = format!("{}/files/{id}/fetch", network.api(1));
    assert_eq!(post(&fetch, b"").map(|(status, _)| status), Some(202));
    let had = |network: &Network| {
        let (_, standing) = standing(network, 1, &id);
        standing["bytes_had"].as_u64().unwrap_or_default()
    };
    wait_until("some of the file has come", 60, || had(&network) > 4 * 1024 * 1024);
    network.kill(0);
    let (_, middle) = standing(&network, 1, &id);
    assert_eq!(middle["status"], "arriving", "it was killed in the middle: {middle}");
    network.kill(1);
    network.run(0);
    network.run(1);
    network.wait_ready(1);
    wait_held(&network, 1, &id);
    let bytes = fs::read(&file).expect("readable");
    let copy = parent.path().join("copy.bin");
    assert!(saved(&network, 1, &id, &copy) == bytes, "it is intact");
    let folder = |name: &str| network.folder(1).join("data/files").join(name);
    let names = |folder: &Path| fs::read_dir(folder).expect("a folder").count();
    assert_eq!(names(&folder("held")), 3, "the bytes, their states and their description");
    assert_eq!((names(&folder("arriving")), names(&folder("wanted"))), (0, 0));

    // Both hold it now: a third gets it though one of them dies for good.
    let fetch = format!("{}/files/{id}/fetch", network.api(2));
    assert_eq!(post(&fetch, b"").map(|(status, _)| status), Some(202));
    wait_until("some of the file has come", 60, || {
        standing(&network, 2, &id).1["bytes_had"].as_u64().unwrap_or_default() > 0
    });
    network.kill(1);
    wait_held(&network, 2, &id);
    assert!(saved(&network, 2, &id, &copy) == bytes, "it is intact");
}

#[test]
fn texts_of_a_draft_come_to_all_validators_by_themselves() {
    let parent = tempfile::tempdir().expect("a temporary directory");
    let network = Network::start(&parent.path().join("network"), 4);
    let file = parent.path().join("treaty.txt");
    fs::write(&file, "The Parties agree.\n").expect("written");
    let id = Digest::of(&[b"The Parties agree.\n"]).to_string();
    draft(&network, &file);
    for place in 0..4 {
        wait_until("a node wants the text", 30, || {
            standing(&network, place, &id).1["named"] == Value::Bool(true)
        });
    }
    add(&network, 2, &file, "text/plain");
    for place in 0..4 {
        wait_held(&network, place, &id);
        let copy = parent.path().join("copy.txt");
        assert_eq!(saved(&network, place, &id, &copy), b"The Parties agree.\n");
        let node = network.url(place);
        let (code, list) = json(&pacta(&["file", "list", "--node", &node, "--json"]));
        assert_eq!((code, list["files"][0]["media_type"].as_str()), (0, Some("text/plain")));
    }
}
