//! The set of validators changes while the network runs: founded by five without a dealer, it
//! admits a sixth, removes one that is gone, has one replace its node's key, and restarts as a
//! whole; the network key stays, and with it every receipt.

mod support;

use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use serde_json::Value;
use support::company::Company;
use support::founders::{Founders, free_addresses};
use support::{Ends, Network, PACTA, PASSPHRASE, get, json, pacta, post, text, wait_until};

/// No act may wait longer than this for finality while the committee changes, nor the first one
/// after all have restarted. The bound for a machine of its own is 2 s; six nodes, their clients
/// and other tests may share two cores here.
const GAP_MAX: Duration = Duration::from_secs(8);
/// A change of membership takes effect within this time.
const CHANGE_SECONDS: u64 = 120;
/// The sixth.
const NEWCOMER: &str = "Ruritanian Sea Office";

/// A node that joined, as a process of the test.
struct Joined {
    child: Child,
    dir: PathBuf,
    http: String,
    p2p: String,
}

impl Drop for Joined {
    fn drop(&mut self) {
        let _ = self.child.kill(); // it may have ended
        let _ = self.child.wait();
    }
}

impl Joined {
    /// The file of its node's key, and the public half.
    fn key(&self) -> (PathBuf, String) {
        let path = self.dir.join("node-key.json");
        wait_until("the node has a key", 60, || path.exists());
        let public = read(&path)["public"].as_str().expect("a key").to_owned();
        (path, public)
    }
}

/// Who is to be a member, and its key to sign acts.
struct Newcomer {
    actor: String,
    key: PathBuf,
}

fn read(path: &Path) -> Value {
    let bytes = fs::read(path).expect("the file can be read");
    serde_json::from_slice(&bytes).expect("it is JSON")
}

/// The network's id, which its members have published.
fn id(network: &Network) -> &str {
    network.file["network"].as_str().expect("a network")
}

/// Joins with one command.
fn join(network: &Network, actor: &str, dir: &Path) -> Joined {
    fs::create_dir_all(dir).expect("a directory can be made");
    let [http, p2p]: [String; 2] = free_addresses(2).try_into().expect("two addresses");
    let log = OpenOptions::new().create(true).append(true).open(dir.join("log.jsonl"));
    let child = Command::new(PACTA)
        .args(["join", "--json", "--with-parent", "--from", &network.url(0)])
        .args(["--network", id(network), "--actor", actor, "--address", &p2p, "--http", &http])
        .arg("--dir")
        .arg(dir)
        .env("PACTA_PASSPHRASE", PASSPHRASE)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(log.expect("a log can be written"))
        .spawn();
    Joined { child: child.expect("a node starts"), dir: dir.into(), http, p2p }
}

/// The validators as a node tells them.
fn validators(url: &str) -> Vec<Value> {
    let (_, list) = json(&pacta(&["validator", "list", "--json", "--node", url]));
    list["validators"].as_array().expect("a list").clone()
}

fn signs(url: &str, name: &str) -> bool {
    validators(url).iter().any(|row| row["name"] == name && row["signs"] == true)
}

/// Signs as a minister; the answer of the command.
fn sign(network: &Network, state: usize, args: &[&str]) -> Value {
    let (code, answer) = json(&network.sign(state, args));
    assert_eq!(code, 0, "{args:?}: {answer}");
    answer
}

/// Signs as the newcomer.
fn sign_as(network: &Network, newcomer: &Newcomer, args: &[&str]) {
    let (code, answer) = json(&network.sign_with(&newcomer.key, 0, args));
    assert_eq!(code, 0, "{args:?}: {answer}");
}

/// All of some States consent to a proposal; gives its id.
fn consent<'a>(network: &Network, states: &[usize], proposal: &'a Value) -> &'a str {
    let id = proposal["act"].as_str().expect("an act");
    for state in states {
        sign(network, *state, &["validator", "consent", id]);
    }
    id
}

/// How long an act waits until it is final.
fn final_in(api: &str, act: &[u8]) -> Duration {
    let start = Instant::now();
    let (status, answer) = post(&format!("{api}/acts?wait=15"), act).expect("the node answers");
    assert!(status == 200 || status == 201, "{status} {answer}");
    assert_eq!(answer["status"], "final", "{answer}");
    start.elapsed()
}

/// Submits acts one after another until it is told to stop; the longest that one took.
fn load(api: &str, company: &mut Company, stop: &AtomicBool) -> Duration {
    let mut longest = Duration::ZERO;
    while !stop.load(Ordering::Relaxed) {
        let waited = final_in(api, &company.signed());
        if waited > Duration::from_secs(1) {
            eprintln!("an act waited {} ms until {:?}", waited.as_millis(), SystemTime::now());
        }
        longest = longest.max(waited);
        thread::sleep(Duration::from_millis(20));
    }
    longest
}

/// A receipt of the next act of a company, from a node, written to a file.
fn receipt(network: &Network, place: usize, company: &mut Company, file: &Path) {
    let url = format!("{}/acts?wait=15", network.api(place));
    let (status, answer) = post(&url, &company.signed()).expect("the node answers");
    assert!(status < 300, "{status} {answer}");
    let id = answer["id"].as_str().expect("an id");
    let url = format!("{}/acts/{id}/receipt", network.api(place));
    wait_until("the act has a receipt", 30, || get(&url).is_some_and(|(status, _)| status == 200));
    let (_, receipt) = get(&url).expect("an answer");
    fs::write(file, receipt.to_string()).expect("a file can be written");
}

/// The network key as a node tells it; it was founded without a dealer.
fn network_key(network: &Network, place: usize) -> Value {
    let status = network.status(place).expect("an answer");
    assert_eq!(status["dealer"], false);
    let key = status["founding"]["network_key"].clone();
    assert!(key.is_string(), "{status}");
    key
}

#[test]
fn validators_come_and_go_and_the_network_key_stays() {
    let parent = tempfile::tempdir().expect("a temporary directory");
    let mut network = Founders::found(parent.path());
    let key = network_key(&network, 0);
    let mut company = Company::register(&network, 0, "Witness Ltd", 33);
    let (before, after) = (parent.path().join("before.json"), parent.path().join("after.json"));
    receipt(&network, 0, &mut company, &before);
    let newcomer = registered(&network);

    let mut worker = Company::register(&network, 0, "Load Ltd", 44);
    let stop = AtomicBool::new(false);
    let longest = Mutex::new(Duration::ZERO);
    let api = network.api(0);
    let joined = thread::scope(|scope| {
        let _ends = Ends(&stop);
        scope.spawn(|| {
            *longest.lock().expect("nobody panics with it") = load(&api, &mut worker, &stop);
        });
        let joined = one_joins(&network, &newcomer, parent.path());
        one_that_is_gone_is_removed(&mut network, &newcomer);
        one_replaces_its_key(&mut network, &newcomer, parent.path());
        joined
    });
    let longest = *longest.lock().expect("the load has ended");
    eprintln!("the longest wait for finality was {} ms", longest.as_millis());
    assert!(longest <= GAP_MAX, "an act waited {longest:?} for finality");

    let first = all_restart(&mut network, joined);
    eprintln!("the first act after the restart waited {} ms", first.as_millis());
    assert!(first <= GAP_MAX, "an act waited {first:?} for finality");
    receipt(&network, 4, &mut company, &after);
    (0..5).for_each(|place| assert_eq!(network_key(&network, place), key));
    let share = network.folder(0).join("share.json");
    wait_until("the share by the founding is erased", 30, || {
        fs::read_to_string(&share).is_ok_and(|text| !text.contains("seal"))
    });
    for receipt in [&before, &after] {
        let founding = &read(receipt)["founding"];
        assert_eq!((&founding["network_key"], founding.get("dealer")), (&key, None));
        let verified = pacta(&["verify", text(receipt), "--network", id(&network), "--json"]);
        let (code, verdict) = json(&verified);
        assert_eq!((code, verdict["verdict"].as_str()), (0, Some("genuine")), "{verdict}");
    }
}

/// A founder registers an authority, and vouches for it. States enter with the founding only; an
/// authority holds a seat as a State does.
fn registered(network: &Network) -> Newcomer {
    const STATE: usize = 0;
    let own = |args: &[&str]| {
        let command = Command::new(PACTA).args(args).env("PACTA_PASSPHRASE", PASSPHRASE).output();
        let (code, answer) = json(&command.expect("the program runs"));
        assert_eq!(code, 0, "{args:?}: {answer}");
        answer
    };
    let key = network.root.join("newcomer.json");
    own(&["key", "new", text(&key), "--json"]);
    let parent = network.state(STATE, "actor");
    let (file, network_id) = (text(&key), id(network));
    let proof = own(&["key", "prove", file, "--json", "--actor", &parent, "--network", network_id]);
    let of = |member: &str| proof[member].as_str().expect("the proof has the member");
    let register = ["actor", "register", "authority", NEWCOMER, "--public", of("public")];
    let register = [&register[..], &["--possession", of("possession")]].concat();
    let answer = sign(network, STATE, &register);
    // An actor is named by its act.
    let actor = answer["act"].as_str().expect("an act")[..32].to_owned();
    Newcomer { actor, key }
}

/// A sixth member joins with one command; all members admit it; it signs.
fn one_joins(network: &Network, newcomer: &Newcomer, parent: &Path) -> Joined {
    let joined = join(network, &newcomer.actor, &parent.join("joined"));
    let (file, key) = joined.key();
    let offer = ["actor", "register-key", "--purpose", "node-vote", "--new-key", text(&file)];
    sign_as(network, newcomer, &offer);
    let admit = ["validator", "propose-admission", &newcomer.actor, &key, &joined.p2p];
    let start = Instant::now();
    let proposal = sign(network, 0, &admit);
    consent(network, &[1, 2, 3, 4], &proposal);
    wait_until("the newcomer signs", CHANGE_SECONDS, || signs(&network.url(0), NEWCOMER));
    eprintln!("the newcomer signs {} ms after the proposal", start.elapsed().as_millis());
    wait_until("the newcomer is at the tip", 30, || {
        let height = get(&format!("http://{}/api/v1/network", joined.http));
        let height = height.and_then(|(_, value)| value["node"]["height"].as_u64());
        height.unwrap_or_default() + 50 >= network.heights(0).0
    });
    joined
}

/// A member whose node is gone is removed by the others.
fn one_that_is_gone_is_removed(network: &mut Network, newcomer: &Newcomer) {
    network.kill(4);
    let (name, actor) = (network.state(4, "name"), network.state(4, "actor"));
    let start = Instant::now();
    let proposal = sign(network, 0, &["validator", "propose-removal", &actor]);
    let id = consent(network, &[1, 2, 3], &proposal);
    sign_as(network, newcomer, &["validator", "consent", id]);
    wait_until("the removed member signs no more", CHANGE_SECONDS, || {
        !signs(&network.url(0), &name)
    });
    eprintln!("who was removed signs no more {} ms after", start.elapsed().as_millis());
}

/// A member replaces the key of its node: the new node starts beside the old one.
fn one_replaces_its_key(network: &mut Network, newcomer: &Newcomer, parent: &Path) {
    const STATE: usize = 3;
    let actor = network.state(STATE, "actor");
    let new = join(network, &actor, &parent.join("replacement"));
    let (file, key) = new.key();
    let replace = ["validator", "replace-key", "--address", &new.p2p, "--new-key", text(&file)];
    let start = Instant::now();
    sign(network, STATE, &replace);
    wait_until("the new key signs and the old one does not", CHANGE_SECONDS, || {
        let rows = validators(&network.url(0));
        let own: Vec<_> = rows.iter().filter(|row| row["actor"] == *actor).collect();
        own.len() == 1 && own[0]["key"] == *key && own[0]["signs"] == true
    });
    eprintln!("the new key signs {} ms after", start.elapsed().as_millis());
    let rows = validators(&network.url(0));
    let row = rows.iter().find(|row| row["actor"] == *newcomer.actor);
    let seat = &row.expect("the newcomer has a seat")["key"];
    let told = read(&new.dir.join("node.json"));
    let mut told = told["told"].as_array().expect("who was told").iter();
    assert!(told.any(|peer| peer["key"] == *seat), "who came later is known from the start");
    takes_over(network, STATE, new);
    network.run(STATE);
    network.wait_ready(STATE);
}

/// A node that joined is a node of the network from now on; both it and the former are stopped.
fn takes_over(network: &mut Network, place: usize, joined: Joined) {
    network.kill(place);
    network.adopt(place, joined.dir.clone(), joined.http.clone());
}

/// All nodes that are still validators stop and start, and go on; how long an act waits then.
fn all_restart(network: &mut Network, joined: Joined) -> Duration {
    takes_over(network, 4, joined);
    (0..4).for_each(|place| network.kill(place));
    (0..5).for_each(|place| network.run(place));
    (0..5).for_each(|place| network.wait_ready(place));
    let (height, _) = network.heights(0);
    let mut company = Company::register(network, 2, "Afterwards Ltd", 55);
    wait_until("all say that they are ready", 60, || {
        let ready = |place| get(&format!("{}/readyz", network.url(place)));
        (0..5).all(|place| ready(place).is_some_and(|(status, _)| status == 200))
    });
    let (registered, _) = network.heights(2);
    wait_until("its node knows the key", 30, || network.heights(4).0 >= registered);
    let waited = final_in(&network.api(4), &company.signed());
    wait_until("all are beyond where they were", 60, || {
        (0..5).all(|place| network.heights(place).0 > height)
    });
    waited
}
