//! The set of validators changes while the network runs: one joins, one that is gone is removed,
//! one replaces its node's key; the network key stays, and with it every receipt.

mod support;

use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use support::company::Company;
use support::{Network, PACTA, get, json, pacta, post, wait_until};

/// No act may wait longer than this for finality while the committee changes. The bound for a
/// machine of its own is 2 s; six nodes, their clients and other tests may share two cores here.
const GAP_MAX: Duration = Duration::from_secs(8);
/// A change of membership takes effect within this time.
const CHANGE_SECONDS: u64 = 120;

/// A node that joined, as a process of the test.
struct Joined {
    child: Child,
    dir: PathBuf,
    http: String,
}

impl Drop for Joined {
    fn drop(&mut self) {
        let _ = self.child.kill(); // it may have ended
        let _ = self.child.wait();
    }
}

/// Joins with one command.
fn join(network: &Network, guest: &Value, dir: &Path) -> Joined {
    fs::create_dir_all(dir).expect("a directory can be made");
    let text = |member: &str| guest[member].as_str().expect("a guest has the member").to_owned();
    let log = OpenOptions::new().create(true).append(true).open(dir.join("log.jsonl"));
    let child = Command::new(PACTA)
        .args(["join", "--json", "--with-parent", "--from", &network.url(0)])
        .args(["--network", network.file["network"].as_str().expect("a network")])
        .args(["--actor", &text("actor"), "--address", &text("p2p"), "--http", &text("http")])
        .arg("--dir")
        .arg(dir)
        .env("PACTA_PASSPHRASE", "devnet")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(log.expect("a log can be written"))
        .spawn();
    let http = format!("http://{}", text("http"));
    Joined { child: child.expect("a node starts"), dir: dir.into(), http }
}

/// The validators as a node tells them: name, and whether each signs now.
fn validators(url: &str) -> Vec<(String, bool)> {
    let (_, list) = json(&pacta(&["validator", "list", "--json", "--node", url]));
    let rows = list["validators"].as_array().expect("a list");
    let row =
        |row: &Value| (row["name"].as_str().expect("a name").to_owned(), row["signs"] == true);
    rows.iter().map(row).collect()
}

fn signs(url: &str, name: &str) -> bool {
    validators(url).contains(&(name.to_owned(), true))
}

/// Signs as a minister; the answer of the command.
fn sign(network: &Network, state: usize, args: &[&str]) -> Value {
    let (code, answer) = json(&network.sign(state, args));
    assert_eq!(code, 0, "{args:?}: {answer}");
    answer
}

/// All of some States consent to a proposal.
fn consent(network: &Network, states: &[usize], proposal: &Value) {
    let id = proposal["act"].as_str().expect("an act");
    for state in states {
        sign(network, *state, &["validator", "consent", id]);
    }
}

/// Submits acts one after another until it is told to stop; the longest that one took.
fn load(api: &str, company: &mut Company, stop: &AtomicBool) -> Duration {
    let mut longest = Duration::ZERO;
    while !stop.load(Ordering::Relaxed) {
        let act = company.signed();
        let start = Instant::now();
        let url = format!("{api}/acts?wait=15");
        let (status, answer) = post(&url, &act).expect("the node answers");
        assert!(status == 200 || status == 201, "{status} {answer}");
        assert_eq!(answer["status"], "final", "{answer}");
        longest = longest.max(start.elapsed());
        thread::sleep(Duration::from_millis(20));
    }
    longest
}

/// A receipt of the last act of a company, written to a file.
fn receipt(network: &Network, company: &mut Company, file: &Path) {
    let url = format!("{}/acts?wait=15", network.api(0));
    let (status, answer) = post(&url, &company.signed()).expect("the node answers");
    assert!(status < 300, "{status} {answer}");
    let id = answer["id"].as_str().expect("an id");
    let url = format!("{}/acts/{id}/receipt", network.api(0));
    wait_until("the act has a receipt", 30, || get(&url).is_some_and(|(status, _)| status == 200));
    let (_, receipt) = get(&url).expect("an answer");
    fs::write(file, receipt.to_string()).expect("a file can be written");
}

fn is_genuine(file: &Path) -> bool {
    pacta(&["verify", file.to_str().expect("a path")]).status.success()
}

#[test]
fn validators_come_and_go_and_the_network_key_stays() {
    let parent = tempfile::tempdir().expect("a temporary directory");
    let mut network = Network::start_with_guests(&parent.path().join("network"), 5, 1);
    let key = network.status(0).expect("an answer")["founding"]["network_key"].clone();
    let mut company = Company::register(&network, 0, "Witness Ltd", 33);
    let (before, after) = (parent.path().join("before.json"), parent.path().join("after.json"));
    receipt(&network, &mut company, &before);

    let mut worker = Company::register(&network, 1, "Load Ltd", 44);
    let stop = AtomicBool::new(false);
    let longest = Mutex::new(Duration::ZERO);
    let api = network.api(0);
    let joined = thread::scope(|scope| {
        scope.spawn(|| {
            *longest.lock().expect("nobody panics with it") = load(&api, &mut worker, &stop);
        });
        let joined = one_joins(&network, parent.path());
        one_that_is_gone_is_removed(&mut network);
        one_replaces_its_key(&mut network, parent.path());
        stop.store(true, Ordering::Relaxed);
        joined
    });
    let longest = *longest.lock().expect("the load has ended");
    eprintln!("the longest wait for finality was {} ms", longest.as_millis());
    assert!(longest <= GAP_MAX, "an act waited {longest:?} for finality");

    all_restart(&mut network, joined);
    receipt(&network, &mut company, &after);
    assert_eq!(network.status(0).expect("an answer")["founding"]["network_key"], key);
    let share = network.folder(0).join("share.json");
    wait_until("the share by the founding is erased", 30, || {
        fs::read_to_string(&share).is_ok_and(|text| !text.contains("seal"))
    });
    assert!(is_genuine(&before) && is_genuine(&after), "receipts stay genuine");
}

/// A sixth State joins with one command; all members admit it; it signs.
fn one_joins(network: &Network, parent: &Path) -> Joined {
    let guest = network.file["guests"][0].clone();
    let name = guest["name"].as_str().expect("a name");
    let folder = network.root.join(guest["slug"].as_str().expect("a slug"));
    let joined = join(network, &guest, &parent.join("joined"));
    let node_key = joined.dir.join("node-key.json");
    wait_until("the node has a key", 60, || node_key.exists());
    let offer = ["actor", "register-key", "--purpose", "node-vote", "--new-key"];
    let offer = [&offer[..], &[node_key.to_str().expect("a path")]].concat();
    let (code, answer) = json(&network.sign_with(&folder.join(MINISTER), 0, &offer));
    assert_eq!(code, 0, "{answer}");

    let public: Value = serde_json::from_slice(&fs::read(&node_key).expect("a key file"))
        .expect("a key file is JSON");
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let (actor, key, address) =
        (text(&guest["actor"]), text(&public["public"]), text(&guest["p2p"]));
    let admit = ["validator", "propose-admission", &actor, &key, &address];
    let start = Instant::now();
    let proposal = sign(network, 0, &admit);
    consent(network, &[1, 2, 3, 4], &proposal);
    wait_until("the newcomer signs", CHANGE_SECONDS, || signs(&network.url(0), name));
    eprintln!("the newcomer signs {} ms after the proposal", start.elapsed().as_millis());
    wait_until("the newcomer is at the tip", 30, || {
        let height = get(&format!("{}/api/v1/network", joined.http));
        let height = height.and_then(|(_, value)| value["node"]["height"].as_u64());
        height.unwrap_or_default() + 50 >= network.heights(0).0
    });
    joined
}

const MINISTER: &str = "keys/foreign-minister.json";

/// A member whose node is gone is removed by the others.
fn one_that_is_gone_is_removed(network: &mut Network) {
    network.kill(4);
    let (name, actor) = (network.state(4, "name"), network.state(4, "actor"));
    let start = Instant::now();
    let proposal = sign(network, 0, &["validator", "propose-removal", &actor]);
    consent(network, &[1, 2, 3], &proposal);
    let guest = network.file["guests"][0]["slug"].as_str().expect("a slug").to_owned();
    let id = proposal["act"].as_str().expect("an act");
    let consent = ["validator", "consent", id];
    let (code, answer) =
        json(&network.sign_with(&network.root.join(guest).join(MINISTER), 0, &consent));
    assert_eq!(code, 0, "{answer}");
    wait_until("the removed member signs no more", CHANGE_SECONDS, || {
        !signs(&network.url(0), &name)
    });
    eprintln!("who was removed signs no more {} ms after", start.elapsed().as_millis());
}

/// A member replaces the key of its node: the new node starts beside the old one.
fn one_replaces_its_key(network: &mut Network, parent: &Path) {
    const STATE: usize = 3;
    let mut state = network.file["states"][STATE].clone();
    let fresh = free_addresses();
    state["http"] = fresh[0].clone().into();
    state["p2p"] = fresh[1].clone().into();
    let new = join(network, &state, &parent.join("replacement"));
    let node_key = new.dir.join("node-key.json");
    wait_until("the new node has a key", 60, || node_key.exists());
    let file: Value = serde_json::from_slice(&fs::read(&node_key).expect("a key file"))
        .expect("a key file is JSON");
    let public = file["public"].as_str().expect("a key").to_owned();
    let path = node_key.to_str().expect("a path");
    let replace = ["validator", "replace-key", "--address", &fresh[1], "--new-key", path];
    let start = Instant::now();
    sign(network, STATE, &replace);
    wait_until("the new key signs and the old one does not", CHANGE_SECONDS, || {
        let list = pacta(&["validator", "list", "--json", "--node", &network.url(0)]);
        let (_, list) = json(&list);
        let rows = list["validators"].as_array().cloned().unwrap_or_default();
        let actor = network.state(STATE, "actor");
        let own: Vec<_> = rows.iter().filter(|row| row["actor"] == *actor).collect();
        own.len() == 1 && own[0]["key"] == *public && own[0]["signs"] == true
    });
    let list = json(&pacta(&["validator", "list", "--json", "--node", &network.url(0)])).1;
    let guest = list["validators"].as_array().expect("a list").iter();
    let guest = guest.filter(|row| row["actor"] == network.file["guests"][0]["actor"]);
    let guest = guest.map(|row| &row["key"]).next().expect("the guest has a seat");
    let told = fs::read(new.dir.join("node.json")).expect("a description");
    let told: Value = serde_json::from_slice(&told).expect("it is JSON");
    let told = told["peers"].as_array().expect("peers");
    assert!(
        told.iter().any(|peer| peer["key"] == *guest),
        "who came later is known from the start"
    );
    eprintln!("the new key signs {} ms after", start.elapsed().as_millis());
    network.kill(STATE);
    network.adopt(STATE, new.dir.clone(), fresh[0].clone());
    drop(new);
    network.run(STATE);
    network.wait_ready(STATE);
}

fn free_addresses() -> Vec<String> {
    let held: Vec<_> =
        (0..2).map(|_| std::net::TcpListener::bind("127.0.0.1:0").expect("a free port")).collect();
    held.iter().map(|one| one.local_addr().expect("it has one").to_string()).collect()
}

/// All nodes that are still validators stop and start, and go on.
fn all_restart(network: &mut Network, joined: Joined) {
    let Joined { dir, http, .. } = &joined;
    let (dir, http) = (dir.clone(), http.clone());
    drop(joined);
    (0..4).for_each(|place| network.kill(place));
    network.adopt(4, dir, http.trim_start_matches("http://").to_owned());
    (0..5).for_each(|place| network.run(place));
    (0..5).for_each(|place| network.wait_ready(place));
    let (height, _) = network.heights(0);
    let mut company = Company::register(network, 2, "Afterwards Ltd", 55);
    let url = format!("{}/acts?wait=15", network.api(4));
    let (status, answer) = post(&url, &company.signed()).expect("the node answers");
    assert!(status < 300, "{status} {answer}");
    wait_until("all are beyond where they were", 60, || {
        (0..5).all(|place| network.heights(place).0 > height)
    });
}
