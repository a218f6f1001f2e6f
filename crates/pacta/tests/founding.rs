//! Five founders found a network over real processes, without a dealer, and it works.

mod support;

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use support::{PACTA, get, json, pacta, stderr, wait_until};

const NAMES: [&str; 5] = ["Ruritania", "Borduria", "Syldavia", "Genovia", "Zubrowka"];
/// Bound of every wait, in seconds: it is long since machines may be slow.
const LONG: u64 = 300;

/// A child that does not outlive the test.
struct Kept(Child);

impl Kept {
    fn kill(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }

    fn code(&mut self) -> Option<i32> {
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(LONG) {
            if let Some(status) = self.0.try_wait().expect("a child can be asked") {
                return status.code();
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("the founder has not ended in {LONG} s");
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The founders of a network, in a folder.
struct Founders {
    root: PathBuf,
    passphrase: PathBuf,
    http: Vec<String>,
}

impl Founders {
    fn enrol(root: &Path) -> Self {
        let passphrase = root.join("passphrase");
        fs::write(&passphrase, "correct horse\n").expect("a file can be written");
        let held: Vec<_> = (0..NAMES.len() * 2)
            .map(|_| TcpListener::bind("127.0.0.1:0").expect("a free port"))
            .collect();
        let addresses: Vec<_> = held
            .iter()
            .map(|listener| listener.local_addr().expect("an address").to_string())
            .collect();
        let (p2p, http) = addresses.split_at(NAMES.len());
        let founders = Self { root: root.into(), passphrase, http: http.to_vec() };
        for (place, (name, address)) in NAMES.iter().zip(p2p).enumerate() {
            let (dir, out) = (founders.dir(place), founders.enrolment(place));
            let output = founders.pacta(
                &["found", "enroll", "--json", "--name", name, "--address", address],
                &[("--dir", &dir), ("--out", &out)],
            );
            let (code, value) = json(&output);
            assert_eq!(code, 0, "{}", stderr(&output));
            assert_eq!(value["founder"]["name"], *name);
        }
        founders
    }

    fn dir(&self, place: usize) -> PathBuf {
        self.root.join(NAMES[place])
    }

    fn enrolment(&self, place: usize) -> PathBuf {
        self.root.join(format!("{}.json", NAMES[place]))
    }

    fn log(&self, place: usize) -> PathBuf {
        self.root.join(format!("{}.log", NAMES[place]))
    }

    fn said(&self, place: usize) -> String {
        fs::read_to_string(self.log(place)).unwrap_or_default()
    }

    /// Runs a command with the passphrase and options that are paths.
    fn pacta(&self, args: &[&str], paths: &[(&str, &Path)]) -> Output {
        let mut command = Command::new(PACTA);
        command.args(args).arg("--passphrase-file").arg(&self.passphrase);
        for (option, path) in paths {
            command.arg(option).arg(path);
        }
        command.output().expect("the program runs")
    }

    /// Makes a plan of all enrolments, in an order of its own; its file and digest.
    fn plan(&self, name: &str, file: &str, order: [usize; 5]) -> (PathBuf, String) {
        let path = self.root.join(file);
        let output = Command::new(PACTA)
            .args(["found", "plan", "--json", "--from", "2026-01-05", "--name", name, "--out"])
            .arg(&path)
            .args(order.map(|place| self.enrolment(place)))
            .output()
            .expect("the program runs");
        let (code, value) = json(&output);
        assert_eq!(code, 0, "{}", stderr(&output));
        (path, value["digest"].as_str().expect("a digest").to_owned())
    }

    fn run(&self, place: usize, plan: &Path, attempt: &str) -> Kept {
        let log = File::options().create(true).append(true).open(self.log(place));
        let out = File::create(self.root.join(format!("{}.out", NAMES[place])));
        let child = Command::new(PACTA)
            .args(["found", "run", "--json", "--attempt", attempt, "--http", &self.http[place]])
            .arg("--passphrase-file")
            .arg(&self.passphrase)
            .arg("--dir")
            .arg(self.dir(place))
            .arg(plan)
            .stdin(Stdio::null())
            .stdout(out.expect("a file can be made"))
            .stderr(log.expect("a log can be written"))
            .spawn();
        Kept(child.expect("the program starts"))
    }

    /// What a founder printed at the end.
    fn answer(&self, place: usize) -> Value {
        let path = self.root.join(format!("{}.out", NAMES[place]));
        let bytes = fs::read(path).expect("an answer");
        serde_json::from_slice(&bytes).unwrap_or_else(|error| {
            panic!("{} printed no JSON ({error}): {}", NAMES[place], self.said(place))
        })
    }

    /// All end well and print the same fingerprint; gives the network.
    fn all_found(&self, running: &mut [Kept]) -> String {
        for (place, founder) in running.iter_mut().enumerate() {
            let code = founder.code();
            assert_eq!(code, Some(0), "{}: {}", NAMES[place], self.said(place));
        }
        let answers: Vec<_> = (0..NAMES.len()).map(|place| self.answer(place)).collect();
        for answer in &answers {
            assert_eq!(answer["fingerprint"], answers[0]["fingerprint"]);
            assert_eq!(answer["network"], answers[0]["network"]);
            assert_eq!(answer["dealer"], false);
        }
        for place in 0..NAMES.len() {
            let left = self.dir(place).join("ceremony");
            assert!(!left.exists(), "the secrets of the ceremony are gone");
            let genesis = fs::read(self.dir(place).join("genesis.json")).expect("a genesis");
            assert_eq!(genesis, fs::read(self.dir(0).join("genesis.json")).expect("a genesis"));
        }
        answers[0]["network"].as_str().expect("a network").to_owned()
    }

    fn node(&self, place: usize) -> Kept {
        let log = File::options().create(true).append(true).open(self.log(place));
        let child = Command::new(PACTA)
            .args(["node", "--with-parent", "--passphrase-file"])
            .arg(&self.passphrase)
            .arg("--dir")
            .arg(self.dir(place))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(log.expect("a log can be written"))
            .spawn();
        Kept(child.expect("a node starts"))
    }

    fn height(&self, place: usize) -> Option<u64> {
        let (status, value) = get(&format!("http://{}/api/v1/network", self.http[place]))?;
        (status == 200).then(|| value["node"]["height"].as_u64()).flatten()
    }
}

#[test]
fn five_founders_found_a_network_that_works_and_a_founder_that_differs_is_named() {
    let parent = tempfile::tempdir().expect("a temporary directory");
    let founders = Founders::enrol(parent.path());
    let (plan, digest) = founders.plan("Union", "plan.json", [0, 1, 2, 3, 4]);
    let (_, same) = founders.plan("Union", "same.json", [4, 2, 0, 1, 3]);
    assert_eq!(digest, same, "the order in which files are named does not matter");
    let (other, _) = founders.plan("Onion", "other.json", [0, 1, 2, 3, 4]);

    let mut running: Vec<_> = (0..4).map(|place| founders.run(place, &plan, "1")).collect();
    wait_until("four founders wait for the fifth", LONG, || {
        (0..4).all(|place| founders.said(place).contains("4 of 5 founders are here; missing"))
    });

    // The fifth comes with another plan: it is told, and the others name it.
    let mut fifth = founders.run(4, &other, "1");
    assert_eq!(fifth.code(), Some(65), "{}", founders.said(4));
    let said = founders.said(4);
    assert!(said.contains("have another plan") && said.contains(&digest), "{said}");
    let naming = |place: &usize| founders.said(*place).contains("Zubrowka has another plan");
    wait_until("others name it", LONG, || (0..4).filter(naming).count() >= 2);

    // Another is killed before the ceremony, and comes back after the fifth with the right plan.
    running[3].kill();
    wait_until("the others miss it", LONG, || {
        (0..3).all(|place| founders.said(place).contains("missing: Genovia, Zubrowka"))
    });
    running.push(founders.run(4, &plan, "1"));
    running[3] = founders.run(3, &plan, "1");
    let network = founders.all_found(&mut running);

    // Told again, a founder says what it founded, and changes nothing.
    let mut again = founders.run(1, &plan, "1");
    assert_eq!(again.code(), Some(0), "{}", founders.said(1));
    assert_eq!(founders.answer(1)["network"], network.as_str());
    let mut late = founders.run(1, &other, "1");
    assert_eq!(late.code(), Some(73), "{}", founders.said(1));

    let _nodes: Vec<_> = (0..NAMES.len()).map(|place| founders.node(place)).collect();
    wait_until("the network agrees", LONG, || {
        (0..NAMES.len()).all(|place| founders.height(place).is_some_and(|height| height > 0))
    });
    final_act(&founders, &network);
}

/// An act becomes final and its receipt is genuine; it does not speak of a dealer.
fn final_act(founders: &Founders, network: &str) {
    let key = founders.dir(2).join("keys/foreign-minister.json");
    let fresh = founders.root.join("fresh.json");
    let made = founders.pacta(&["key", "new", fresh.to_str().expect("a path is UTF-8")], &[]);
    assert!(made.status.success(), "{}", stderr(&made));
    let node = format!("http://{}", founders.http[2]);
    let signed = founders.pacta(
        &["actor", "register-key", "--yes", "--json", "--node", &node],
        &[("--key", &key), ("--new-key", &fresh)],
    );
    let (code, act) = json(&signed);
    assert_eq!(code, 0, "{}", stderr(&signed));
    let receipt = founders.root.join("receipt.json");
    let receipt = receipt.to_str().expect("a path is UTF-8");
    let act = act["act"].as_str().expect("an act");
    let node = format!("http://{}", founders.http[4]);
    wait_until("another founder's node has the receipt", LONG, || {
        let fetched = pacta(&[
            "receipt",
            "act",
            act,
            "--output",
            receipt,
            "--node",
            &node,
            "--network",
            network,
        ]);
        fetched.status.success()
    });
    let verified = pacta(&["verify", receipt, "--network", network, "--json"]);
    let (code, verdict) = json(&verified);
    assert_eq!((code, verdict["verdict"].as_str()), (0, Some("genuine")), "{verdict}");
    let text = fs::read_to_string(receipt).expect("a receipt");
    assert!(!text.contains("\"dealer\":true"), "no dealer knew all shares");
}

#[test]
fn a_founder_killed_in_the_ceremony_goes_on_or_all_make_another_attempt() {
    let parent = tempfile::tempdir().expect("a temporary directory");
    let founders = Founders::enrol(parent.path());
    let (plan, _) = founders.plan("Union", "plan.json", [0, 1, 2, 3, 4]);
    let start = |attempt: &str| -> Vec<Kept> {
        (0..NAMES.len()).map(|place| founders.run(place, &plan, attempt)).collect()
    };
    let mut running = start("1");
    wait_until("the ceremony begins", LONG, || founders.said(2).contains("the ceremony begins"));
    running[2].kill();
    running[2] = founders.run(2, &plan, "1");
    let codes: Vec<_> = running.iter_mut().map(Kept::code).collect();
    if codes != [Some(0); 5] {
        // The share of who was away may have become public. Then nobody has founded anything.
        for (place, code) in codes.iter().enumerate() {
            let said = founders.said(place);
            assert_eq!(*code, Some(1), "{}: {said}", NAMES[place]);
            assert!(said.contains("start again with --attempt 2"), "{said}");
            assert!(!founders.dir(place).join("node.json").exists());
        }
        running = start("2");
    }
    founders.all_found(&mut running);
}

#[test]
fn too_few_founders_and_wrong_files_are_refused_with_advice() {
    let parent = tempfile::tempdir().expect("a temporary directory");
    let founders = Founders::enrol(parent.path());
    let path = |place: usize| founders.enrolment(place).to_str().expect("UTF-8").to_owned();
    let out = parent.path().join("plan.json");
    let plan = |enrolments: &[String]| {
        Command::new(PACTA)
            .args(["found", "plan", "--from", "2026-01-05", "--name", "Union", "--out"])
            .arg(&out)
            .args(enrolments)
            .output()
            .expect("the program runs")
    };
    let alone = plan(&[path(0)]);
    assert_eq!(alone.status.code(), Some(2));
    assert!(stderr(&alone).contains("pacta devnet"), "{}", stderr(&alone));
    let three = plan(&[path(0), path(1), path(2)]);
    assert_eq!(three.status.code(), Some(2), "{}", stderr(&three));
    let twice = plan(&[path(0), path(1), path(2), path(2)]);
    assert_eq!(twice.status.code(), Some(65), "{}", stderr(&twice));

    let text = fs::read_to_string(path(3)).expect("an enrolment");
    fs::write(path(3), text.replace("Genovia", "Genoa")).expect("it can be written");
    let forged = plan(&[path(0), path(1), path(2), path(3)]);
    assert_eq!(forged.status.code(), Some(65));
    assert!(stderr(&forged).contains("signature"), "{}", stderr(&forged));

    // A founder that is not in the plan takes no part, and a fingerprint is compared.
    let output = plan(&[path(0), path(1), path(2), path(4)]);
    assert!(output.status.success(), "{}", stderr(&output));
    let (dir, plan) = (founders.dir(3), out.to_str().expect("UTF-8"));
    let stranger = founders.pacta(&["found", "run", plan], &[("--dir", &dir)]);
    assert_eq!(stranger.status.code(), Some(65), "{}", stderr(&stranger));
    let dir = founders.dir(0);
    let zeros = "0".repeat(64);
    let wrong = founders.pacta(&["found", "run", plan, "--expect", &zeros], &[("--dir", &dir)]);
    assert_eq!(wrong.status.code(), Some(65), "{}", stderr(&wrong));
}
