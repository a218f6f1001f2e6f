//! What the tests of the command share: the program, a network of five nodes, acts, HTTP.

#![allow(dead_code)] // each test uses a part

pub mod company;
pub mod documents;
pub mod founders;

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

/// The program under test.
pub const PACTA: &str = env!("CARGO_BIN_EXE_pacta");

/// The passphrase of all keys of a [`Network`].
pub const PASSPHRASE: &str = "devnet";

/// A path as an argument of a command.
pub fn text(path: &Path) -> &str {
    path.to_str().expect("a path is UTF-8")
}

/// Runs a command to its end.
pub fn pacta(args: &[&str]) -> Output {
    Command::new(PACTA).args(args).output().expect("the program runs")
}

/// The exit code and the JSON on standard output.
pub fn json(output: &Output) -> (i32, Value) {
    let value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        let (out, err) = (&output.stdout, &output.stderr);
        let (out, err) = (String::from_utf8_lossy(out), String::from_utf8_lossy(err));
        panic!("no JSON ({error}): {out}\n{err}")
    });
    (output.status.code().unwrap_or(-1), value)
}

/// Standard error as text.
pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Tells a thread to end when it is dropped, also when what waits for the thread panics.
pub struct Ends<'a>(pub &'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Waits until something holds; panics with what was waited for.
pub fn wait_until(what: &str, seconds: u64, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_secs(seconds), "not in {seconds} s: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A client that answers errors as values.
pub fn agent() -> ureq::Agent {
    let config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(20)))
        .proxy(None)
        .build();
    config.new_agent()
}

/// The status and JSON at an address; none when nobody answers.
pub fn get(url: &str) -> Option<(u16, Value)> {
    let mut answer = agent().get(url).call().ok()?;
    let status = answer.status().as_u16();
    let body = answer.body_mut().read_to_vec().ok()?;
    Some((status, serde_json::from_slice(&body).unwrap_or(Value::Null)))
}

/// Posts bytes as JSON; the status and the JSON of the answer.
pub fn post(url: &str, body: &[u8]) -> Option<(u16, Value)> {
    let request = agent().post(url).header("content-type", "application/json");
    let mut answer = request.send(body).ok()?;
    let status = answer.status().as_u16();
    let body = answer.body_mut().read_to_vec().ok()?;
    Some((status, serde_json::from_slice(&body).unwrap_or(Value::Null)))
}

/// A network in a directory, whose nodes the test runs itself.
pub struct Network {
    /// The directory.
    pub root: PathBuf,
    /// What network.json says.
    pub file: Value,
    nodes: Vec<Option<Child>>,
}

impl Network {
    /// Founds a network of some States in a directory that does not exist, by `pacta devnet`, and
    /// starts its nodes.
    pub fn start(root: &Path, states: usize) -> Self {
        let args = ["devnet", "--dir", text(root), "--states", &states.to_string()];
        let founded = pacta(&[&args[..], &["--found-only"]].concat());
        assert!(founded.status.success(), "{}", stderr(&founded));
        let file = std::fs::read(root.join("network.json")).expect("the network is founded");
        Self::started(root, serde_json::from_slice(&file).expect("it is JSON"))
    }

    /// A network that was founded in a directory, as a file like network.json describes it, with
    /// its nodes started.
    pub fn started(root: &Path, file: Value) -> Self {
        let states = file["states"].as_array().expect("a network has States").len();
        let mut network = Self { root: root.into(), file, nodes: Vec::new() };
        network.nodes.resize_with(states, || None);
        (0..states).for_each(|place| network.run(place));
        (0..states).for_each(|place| network.wait_ready(place));
        network
    }

    /// From now on a node has another directory and another address.
    pub fn adopt(&mut self, place: usize, folder: PathBuf, http: String) {
        self.file["states"][place]["http"] = http.into();
        self.file["states"][place]["folder"] = text(&folder).into();
    }

    /// How many nodes it has.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// A member of the description of a State.
    pub fn state(&self, place: usize, member: &str) -> String {
        let text = self.file["states"][place][member].as_str();
        text.expect("a State has the member").to_owned()
    }

    /// The folder of a node.
    pub fn folder(&self, place: usize) -> PathBuf {
        match self.file["states"][place]["folder"].as_str() {
            Some(folder) => folder.into(),
            None => self.root.join(self.state(place, "slug")),
        }
    }

    /// The address of a node's API.
    pub fn api(&self, place: usize) -> String {
        format!("http://{}/api/v1", self.state(place, "http"))
    }

    /// The address of a node.
    pub fn url(&self, place: usize) -> String {
        format!("http://{}", self.state(place, "http"))
    }

    /// Starts a node's process.
    pub fn run(&mut self, place: usize) {
        let folder = self.folder(place);
        let log = OpenOptions::new().create(true).append(true).open(folder.join("log.jsonl"));
        let child = Command::new(PACTA)
            .args(["node", "--with-parent", "--dir"])
            .arg(&folder)
            .env("PACTA_PASSPHRASE", PASSPHRASE)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(log.expect("a log can be written"))
            .spawn();
        self.nodes[place] = Some(child.expect("a node starts"));
    }

    /// Waits until a node answers.
    pub fn wait_ready(&self, place: usize) {
        let url = format!("{}/network", self.api(place));
        wait_until("a node answers", 60, || get(&url).is_some_and(|(status, _)| status == 200));
    }

    /// Kills a node with SIGKILL.
    pub fn kill(&mut self, place: usize) {
        if let Some(mut child) = self.nodes[place].take() {
            child.kill().expect("a child can be killed");
            child.wait().expect("a child can be waited for");
        }
    }

    /// Where a node stands: its answer to `/network`, if it answers.
    pub fn status(&self, place: usize) -> Option<Value> {
        get(&format!("{}/network", self.api(place))).map(|(_, value)| value)
    }

    /// The height of a node and of its index.
    pub fn heights(&self, place: usize) -> (u64, u64) {
        let status = self.status(place).unwrap_or_default();
        let number = |value: &Value| value.as_u64().unwrap_or_default();
        (number(&status["node"]["height"]), number(&status["index_height"]))
    }

    /// Digest, ledger root and journal root of a block, as a node answers.
    pub fn roots(&self, place: usize, height: u64) -> [String; 3] {
        let (_, block) = get(&format!("{}/blocks/{height}", self.api(place))).expect("an answer");
        ["digest", "ledger_root", "journal_root"].map(|member| {
            block[member].as_str().unwrap_or_else(|| panic!("block {height}: {block}")).to_owned()
        })
    }

    /// Waits until the index of a node has reached a height.
    pub fn wait_indexed(&self, place: usize, height: u64) {
        wait_until("a node and its index have come so far", 120, || {
            self.heights(place).1 >= height
        });
    }

    /// Runs a command that signs, as the minister of a State at its own node.
    pub fn sign(&self, place: usize, args: &[&str]) -> Output {
        self.sign_at(place, place, args)
    }

    /// Runs a command that signs, as the minister of a State at another node.
    pub fn sign_at(&self, place: usize, node: usize, args: &[&str]) -> Output {
        let keys = self.root.join(self.state(place, "slug")).join("keys");
        self.sign_with(&keys.join("foreign-minister.json"), node, args)
    }

    /// Runs a command that signs with a key file, at a node.
    pub fn sign_with(&self, key: &Path, node: usize, args: &[&str]) -> Output {
        Command::new(PACTA)
            .args(args)
            .args(["--yes", "--json", "--node", &self.url(node), "--key"])
            .arg(key)
            .env("PACTA_PASSPHRASE", PASSPHRASE)
            .output()
            .expect("the program runs")
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        (0..self.nodes.len()).for_each(|place| self.kill(place));
    }
}
