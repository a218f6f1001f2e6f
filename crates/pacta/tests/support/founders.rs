//! Founders that found a network without a dealer, each a process with a directory of its own.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::{Value, json};

use super::{Network, PACTA, PASSPHRASE, json as answered, stderr, wait_until};

/// Who founds the network.
pub const NAMES: [&str; 5] = ["Ruritania", "Borduria", "Syldavia", "Genovia", "Zubrowka"];
/// Bound of every wait, in seconds: it is long since machines may be slow.
pub const LONG: u64 = 300;

/// A child that does not outlive the test.
pub struct Kept(pub Child);

impl Kept {
    /// Kills it, if it has not ended.
    pub fn kill(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }

    /// Its exit code, when it has ended by itself.
    pub fn code(&mut self) -> Option<i32> {
        let mut ended = None;
        wait_until("the founder has ended", LONG, || {
            ended = self.0.try_wait().expect("a child can be asked");
            ended.is_some()
        });
        ended.and_then(|status| status.code())
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The founders of a network, in a folder.
pub struct Founders {
    /// The folder.
    pub root: PathBuf,
    passphrase: PathBuf,
    p2p: Vec<String>,
    http: Vec<String>,
}

impl Founders {
    /// Founds a network in a folder, and starts its nodes.
    pub fn found(root: &Path) -> Network {
        let founders = Self::enrol(root);
        let (plan, _) = founders.plan("Union", "plan.json", [0, 1, 2, 3, 4]);
        let run = |place| founders.run(place, &plan, "1");
        let mut running: Vec<_> = (0..NAMES.len()).map(run).collect();
        let network = founders.all_found(&mut running);
        founders.start(&network)
    }

    /// Has all founders enrol.
    pub fn enrol(root: &Path) -> Self {
        let passphrase = root.join("passphrase");
        fs::write(&passphrase, format!("{PASSPHRASE}\n")).expect("a file can be written");
        let mut p2p = free_addresses(NAMES.len() * 2);
        let http = p2p.split_off(NAMES.len());
        let founders = Self { root: root.into(), passphrase, p2p, http };
        for (place, (name, address)) in NAMES.iter().zip(&founders.p2p).enumerate() {
            let (dir, out) = (founders.dir(place), founders.enrolment(place));
            let output = founders.pacta(
                &["found", "enroll", "--json", "--name", name, "--address", address],
                &[("--dir", &dir), ("--out", &out)],
            );
            let (code, value) = answered(&output);
            assert_eq!(code, 0, "{}", stderr(&output));
            assert_eq!(value["founder"]["name"], *name);
        }
        founders
    }

    /// The directory of a founder.
    pub fn dir(&self, place: usize) -> PathBuf {
        self.root.join(NAMES[place])
    }

    /// The enrolment of a founder.
    pub fn enrolment(&self, place: usize) -> PathBuf {
        self.root.join(format!("{}.json", NAMES[place]))
    }

    fn log(&self, place: usize) -> PathBuf {
        self.root.join(format!("{}.log", NAMES[place]))
    }

    /// What a founder said on standard error until now.
    pub fn said(&self, place: usize) -> String {
        fs::read_to_string(self.log(place)).unwrap_or_default()
    }

    /// Runs a command with the passphrase and options that are paths.
    pub fn pacta(&self, args: &[&str], paths: &[(&str, &Path)]) -> Output {
        let mut command = Command::new(PACTA);
        command.args(args).arg("--passphrase-file").arg(&self.passphrase);
        for (option, path) in paths {
            command.arg(option).arg(path);
        }
        command.output().expect("the program runs")
    }

    /// Makes a plan of all enrolments, in an order of its own; its file and digest.
    pub fn plan(&self, name: &str, file: &str, order: [usize; 5]) -> (PathBuf, String) {
        let path = self.root.join(file);
        let output = Command::new(PACTA)
            .args(["found", "plan", "--json", "--from", "2026-01-05", "--name", name, "--out"])
            .arg(&path)
            .args(order.map(|place| self.enrolment(place)))
            .output()
            .expect("the program runs");
        let (code, value) = answered(&output);
        assert_eq!(code, 0, "{}", stderr(&output));
        (path, value["digest"].as_str().expect("a digest").to_owned())
    }

    /// Has a founder take part in the ceremony.
    pub fn run(&self, place: usize, plan: &Path, attempt: &str) -> Kept {
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
    pub fn answer(&self, place: usize) -> Value {
        let path = self.root.join(format!("{}.out", NAMES[place]));
        let bytes = fs::read(path).expect("an answer");
        serde_json::from_slice(&bytes).unwrap_or_else(|error| {
            panic!("{} printed no JSON ({error}): {}", NAMES[place], self.said(place))
        })
    }

    /// All end well and print the same fingerprint; gives the network.
    pub fn all_found(&self, running: &mut [Kept]) -> String {
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

    /// The network that they founded, with its nodes started.
    pub fn start(&self, network: &str) -> Network {
        let state = |place: usize| {
            let node = fs::read(self.dir(place).join("node.json")).expect("a description");
            let node: Value = serde_json::from_slice(&node).expect("it is JSON");
            json!({
                "name": NAMES[place],
                "slug": NAMES[place],
                "actor": node["operator"],
                "http": self.http[place],
                "p2p": self.p2p[place],
            })
        };
        let states: Vec<_> = (0..NAMES.len()).map(state).collect();
        Network::started(&self.root, json!({ "network": network, "states": states }))
    }
}

/// Addresses of this machine on which nobody listens.
pub fn free_addresses(count: usize) -> Vec<String> {
    let held: Vec<_> =
        (0..count).map(|_| TcpListener::bind("127.0.0.1:0").expect("a free port")).collect();
    held.iter().map(|one| one.local_addr().expect("it has one").to_string()).collect()
}
