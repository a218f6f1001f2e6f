//! One walk through the commands that need no treaty: keys, a network, a node, what is asked of it.

mod support;

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use support::{Network, PACTA, get, json, pacta, stderr, text, wait_until};

#[test]
fn a_key_file_is_made_shown_and_opened_with_its_passphrase_only() {
    let parent = tempfile::tempdir().expect("a temporary directory");
    let at = |name: &str| parent.path().join(name).display().to_string();
    let (key, right, wrong) = (at("key.json"), at("right"), at("wrong"));
    fs::write(&right, "correct horse\n").expect("a file can be written");
    fs::write(&wrong, "incorrect horse\n").expect("a file can be written");

    let (code, made) = json(&pacta(&["key", "new", &key, "--passphrase-file", &right, "--json"]));
    assert_eq!((code, &made["purpose"]), (0, &json!("sign-act")), "{made}");
    let again = pacta(&["key", "new", &key, "--passphrase-file", &right]);
    assert_eq!(again.status.code(), Some(73), "{}", stderr(&again));
    let text = fs::read_to_string(&key).expect("a key file");
    assert!(text.contains("argon2id") && text.contains("xchacha20-poly1305"), "{text}");
    let (code, shown) = json(&pacta(&["key", "show", &key, "--json"]));
    assert_eq!((code, &shown["public"]), (0, &made["public"]));

    let (actor, network) = ("0".repeat(32), "0".repeat(64));
    let prove = |passphrase: &str| {
        let args = ["--actor", &actor, "--network", &network, "--passphrase-file", passphrase];
        pacta(&[&["key", "prove", &key, "--json"][..], &args].concat())
    };
    let (code, proof) = json(&prove(&right));
    assert_eq!((code, proof["possession"].as_str().map(str::len)), (0, Some(128)));
    assert_eq!(prove(&wrong).status.code(), Some(65));
    fs::write(&key, text.replace("sign-act", "recovery")).expect("a file can be written");
    assert_eq!(prove(&right).status.code(), Some(65), "a changed file does not open");
    assert_eq!(pacta(&["key", "show", &at("none")]).status.code(), Some(74));
    assert_eq!(pacta(&["key"]).status.code(), Some(2));
}

#[test]
fn a_network_of_one_is_founded_runs_and_stops_when_it_is_asked_to() {
    let parent = tempfile::tempdir().expect("a temporary directory");
    let mut network = Network::start(&parent.path().join("network"), 1);
    let dir = network.root.display().to_string();
    let fewer = pacta(&["devnet", "--dir", &dir, "--states", "4", "--found-only"]);
    assert_eq!(fewer.status.code(), Some(2), "{}", stderr(&fewer));
    assert!(stderr(&fewer).contains("network of 1"), "{}", stderr(&fewer));
    let two = pacta(&["devnet", "--dir", &format!("{dir}-2"), "--states", "2", "--found-only"]);
    assert_eq!(two.status.code(), Some(2));

    let (url, actor) = (network.url(0), network.state(0, "actor"));
    let (code, actors) = json(&pacta(&["actor", "list", "--json", "--node", &url]));
    assert_eq!((code, &actors["actors"][0]["actor"]), (0, &json!(actor)), "{actors}");
    let (code, shown) = json(&pacta(&["actor", "show", &actor, "--json", "--node", &url]));
    assert_eq!((code, &shown["actor"]["name"]), (0, &json!("Armenia")), "{shown}");
    let (code, list) = json(&pacta(&["treaty", "list", "--json", "--node", &url]));
    assert_eq!((code, list["treaties"].as_array().map(Vec::len)), (0, Some(0)), "{list}");
    let (code, list) = json(&pacta(&["validator", "list", "--json", "--node", &url]));
    let seat = &list["validators"][0];
    assert_eq!((code, &seat["actor"], &seat["signs"]), (0, &json!(actor), &json!(true)), "{list}");
    let (code, list) = json(&pacta(&["validator", "changes", "--json", "--node", &url]));
    assert_eq!((code, &list["changes"]), (0, &json!([])), "{list}");
    let (code, tried) = json(&network.sign(0, &["validator", "leave", "--dry-run"]));
    assert_eq!((code, &tried["refusal"]), (1, &json!("network_of_one")), "{tried}");
    let none = pacta(&["treaty", "show", "nothing", "--node", &url]);
    assert_eq!(none.status.code(), Some(1), "{}", stderr(&none));

    dry_runs_sign_nothing(&network);
    network.kill(0);
    let gone = pacta(&["actor", "list", "--node", &url]);
    assert_eq!(gone.status.code(), Some(69), "{}", stderr(&gone));
    stops_on_sigterm(&network);
}

#[test]
fn guests_of_a_devnet_have_the_keys_of_their_officials_and_no_node() {
    let parent = tempfile::tempdir().expect("a temporary directory");
    let root = parent.path().join("network");
    let args = ["devnet", "--dir", text(&root), "--states", "4", "--guests", "1", "--found-only"];
    let founded = pacta(&args);
    assert!(founded.status.success(), "{}", stderr(&founded));
    let file = fs::read(root.join("network.json")).expect("the network is founded");
    let file: Value = serde_json::from_slice(&file).expect("it is JSON");
    assert_eq!(file["guests"].as_array().map(Vec::len), Some(1), "{file}");
    let folder = |of: &Value| root.join(of["slug"].as_str().expect("a State has a folder"));
    let (guest, state) = (folder(&file["guests"][0]), folder(&file["states"][0]));
    let minister = "keys/foreign-minister.json";
    assert!(guest.join(minister).exists() && state.join(minister).exists());
    assert!(!guest.join("node.json").exists() && state.join("node.json").exists());
}

fn dry_runs_sign_nothing(network: &Network) {
    let key: Value = serde_json::from_slice(
        &fs::read(network.folder(0).join("keys/foreign-minister.json")).expect("a key file"),
    )
    .expect("it is JSON");
    let key = key["key"].as_str().expect("a key has an id");
    let grant = ["actor", "grant-office", key, "treaty-officer"];
    let (code, tried) = json(&network.sign(0, &[&grant[..], &["--dry-run"]].concat()));
    assert_eq!((code, &tried["would_be"]), (0, &json!("executed")), "{tried}");
    assert!(tried["act"]["says"].as_str().is_some_and(|says| says.contains("Armenia")), "{tried}");
    let sequence = format!("sequence/{key}");
    let receipt = network.root.join("receipt.json").display().to_string();
    let fetch = ["receipt", "record", &sequence, "-o", &receipt, "--json", "--node"];
    let proven = |words: &str| {
        let (code, answer) = json(&pacta(&[&fetch[..], &[&network.url(0)]].concat()));
        assert_eq!(code, 0, "{answer}");
        let proves = answer["receipt"]["proves"].as_str().unwrap_or_default().to_owned();
        assert!(proves.contains(words), "{proves}");
    };
    wait_until("a block is final", 30, || network.heights(0).0 > 0);
    proven("held nothing at sequence/");
    let (code, done) = json(&network.sign(0, &grant));
    assert_eq!((code, &done["status"]), (0, &json!("final")), "{done}");
    proven("held the record");
}

/// SIGTERM ends a node with exit code 0; every line of its log is JSON.
fn stops_on_sigterm(network: &Network) {
    let mut child = Command::new(PACTA)
        .args(["node", "--dir"])
        .arg(network.folder(0))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("a node starts");
    let url = format!("{}/network", network.api(0));
    wait_until("the node answers", 60, || get(&url).is_some_and(|(status, _)| status == 200));
    let id = child.id().to_string();
    let sent = Command::new("kill").args(["-TERM", &id]).status().expect("kill runs");
    assert!(sent.success());
    wait_until("the node stops", 15, || child.try_wait().expect("a child has a status").is_some());
    let status = child.wait().expect("a child has a status");
    assert_eq!(status.code(), Some(0));
    let log = BufReader::new(child.stderr.take().expect("standard error is piped"));
    for line in log.lines() {
        let line = line.expect("a log is text");
        assert!(serde_json::from_str::<Value>(&line).is_ok(), "not JSON: {line}");
    }
}
