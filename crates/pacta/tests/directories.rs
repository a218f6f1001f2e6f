//! A data directory that cannot be used ends a node with one clear sentence; what is final stays.

mod support;

use std::fs;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};
use support::company::Company;
use support::{Network, PACTA, get, post, wait_until};

const NODE: usize = 3;

#[test]
fn a_bad_directory_is_named_in_one_sentence_and_nothing_final_is_lost() {
    let parent = tempfile::tempdir().expect("a temporary directory");
    let mut network = Network::start(&parent.path().join("network"), 4);
    let mut company = Company::register(&network, 0, "Directory Ltd", 33);
    let url = format!("{}/acts?wait=final", network.api(0));
    let (status, act) = post(&url, &company.signed()).expect("the node answers");
    assert_eq!(status, 200, "{act}");
    let height = act["height"].as_u64().expect("a final act has a height");
    wait_until("the node has it too", 20, || network.heights(NODE).1 >= height);

    let data = network.folder(NODE).join("data");
    let second = parent.path().join("second");
    imitate(&network.folder(NODE), &second, &data);
    ends(&second, 69, "in use", "a locked directory");

    network.kill(NODE);
    let before = copy(&data, &parent.path().join("kept"));
    full_disk(&network.folder(NODE));
    corrupted(&second, &before, &data);
    truncated(&second, &before, &data);
    other_network(&parent.path().join("other"), &second, &data);

    restore(&before, &data);
    network.run(NODE);
    network.wait_ready(NODE);
    wait_until("the node has all that was final", 20, || network.heights(NODE).1 >= height);
    let id = act["id"].as_str().expect("an id");
    let (status, _) = get(&format!("{}/acts/{id}", network.api(NODE))).expect("an answer");
    assert_eq!(status, 200, "the act is final there still");
}

/// A file over the limit of the process stands for a full disk.
fn full_disk(folder: &Path) {
    let script = "trap '' XFSZ; ulimit -f 8; exec \"$0\" node --dir \"$1\"";
    let output = Command::new("bash")
        .args(["-c", script, PACTA])
        .arg(folder)
        .output()
        .expect("a shell runs");
    one_sentence(&output, "a full disk");
}

fn corrupted(second: &Path, kept: &Path, data: &Path) {
    restore(kept, data);
    for file in files(&data.join("store")) {
        let length = fs::metadata(&file).expect("a file of the store").len();
        let file = fs::OpenOptions::new().write(true).open(&file).expect("it can be written");
        for place in (0..length).step_by(97) {
            file.write_all_at(&[0xa5], place).expect("it can be written");
        }
    }
    let output = node(second);
    one_sentence(&output, "a corrupted directory");
}

/// A file that lost its end is repaired, or named: it never passes for whole.
fn truncated(second: &Path, kept: &Path, data: &Path) {
    restore(kept, data);
    for file in files(&data.join("store")) {
        let length = fs::metadata(&file).expect("a file of the store").len();
        let file = fs::OpenOptions::new().write(true).open(&file).expect("it can be written");
        file.set_len(length / 3).expect("it can be cut");
    }
    let script = "timeout -s TERM 8 \"$0\" node --dir \"$1\"";
    let output = Command::new("bash").args(["-c", script, PACTA]).arg(second).output();
    let output = output.expect("a shell runs");
    // 124: it was repaired and ran until the time was over.
    if output.status.code() != Some(124) && output.status.code() != Some(0) {
        one_sentence(&output, "a truncated directory");
    }
}

fn other_network(other: &Path, second: &Path, data: &Path) {
    let dir = other.to_str().expect("a path is UTF-8");
    let founded = support::pacta(&["devnet", "--dir", dir, "--states", "4", "--found-only"]);
    assert!(founded.status.success(), "{}", support::stderr(&founded));
    let file: Value = read(&other.join("network.json"));
    let slug = file["states"][NODE]["slug"].as_str().expect("a name");
    imitate(&other.join(slug), second, data);
    ends(second, 65, "belongs to the network", "a directory of another network");
}

/// Makes a second directory of a node, with its own ports, over the same data.
fn imitate(folder: &Path, second: &Path, data: &Path) {
    fs::create_dir_all(second).expect("a directory can be made");
    for name in ["genesis.json", "node-key.json", "share.json"] {
        fs::copy(folder.join(name), second.join(name)).expect("a file can be copied");
    }
    let mut file = read(&folder.join("node.json"));
    let free = || std::net::TcpListener::bind("127.0.0.1:0").and_then(|held| held.local_addr());
    file["http"] = json!(free().expect("a free port"));
    file["p2p"] = json!(free().expect("a free port"));
    file["data"] = json!(data);
    fs::write(second.join("passphrase"), "devnet\n").expect("a file can be written");
    file["passphrase_file"] = json!("passphrase");
    fs::write(second.join("node.json"), file.to_string()).expect("a file can be written");
}

fn node(folder: &Path) -> Output {
    Command::new("timeout")
        .args(["-s", "TERM", "20", PACTA, "node", "--dir"])
        .arg(folder)
        .output()
        .expect("the program runs")
}

fn ends(folder: &Path, code: i32, words: &str, what: &str) {
    let output = node(folder);
    let last = one_sentence(&output, what);
    assert_eq!(output.status.code(), Some(code), "{what}: {last}");
    assert!(last.contains(words), "{what}: {last}");
}

/// The node failed, without a panic, and its last line says why and what to do.
fn one_sentence(output: &Output, what: &str) -> String {
    let error = support::stderr(output);
    let code = output.status.code().unwrap_or(-1);
    assert!(![0, 101, 124, -1].contains(&code), "{what}: exit code {code}: {error}");
    assert!(!error.contains("panicked at"), "{what}: {error}");
    let last = error.lines().last().unwrap_or_default().to_owned();
    assert!(last.starts_with("error: ") && last.contains(';'), "{what}: {error}");
    last
}

fn read(path: &Path) -> Value {
    let bytes = fs::read(path).expect("a file can be read");
    serde_json::from_slice(&bytes).expect("it is JSON")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder can be read") {
        let path = entry.expect("an entry can be read").path();
        match path.is_dir() {
            true => found.extend(files(&path)),
            false => found.push(path),
        }
    }
    found
}

fn copy(from: &Path, to: &Path) -> PathBuf {
    for file in files(from) {
        let target = to.join(file.strip_prefix(from).expect("a file of the folder"));
        fs::create_dir_all(target.parent().expect("a folder")).expect("a folder can be made");
        fs::copy(&file, &target).expect("a file can be copied");
    }
    to.to_owned()
}

fn restore(kept: &Path, data: &Path) {
    fs::remove_dir_all(data).expect("a folder can be removed");
    copy(kept, data);
}
