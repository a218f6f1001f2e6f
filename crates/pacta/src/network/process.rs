//! Nodes as child processes: started, watched, killed and stopped.

use std::env;
use std::fs::OpenOptions;
use std::io::{BufWriter, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::client::Client;
use crate::failure::{Failure, Result};
use crate::network::directory::{Network, State};

const READY_TIMEOUT: Duration = Duration::from_secs(60);
const STOP_TIMEOUT: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(20);
const LOG_LINES: usize = 3;

/// A node that runs as a child of this process; it is killed when this value is dropped.
pub struct NodeProcess {
    /// Whose node it is.
    pub state: State,
    network: Network,
    fed: bool,
    child: Option<Child>,
}

impl NodeProcess {
    /// Starts the node of a State. It stops by itself when this process ends. With `fed`, it
    /// submits the acts of [`NodeProcess::feed`].
    ///
    /// # Errors
    /// When the program cannot be started or its log cannot be written.
    pub fn start(network: &Network, state: &State, fed: bool) -> Result<Self> {
        let (state, network) = (state.clone(), network.clone());
        let mut node = Self { state, network, fed, child: None };
        node.restart()?;
        Ok(node)
    }

    /// Gives signed acts to a node that was started to be fed; waits while it is busy.
    ///
    /// # Errors
    /// When the node is gone.
    pub fn feed<'a>(&mut self, acts: impl Iterator<Item = &'a [u8]>) -> Result<()> {
        let gone = || Failure::unavailable("a node is gone; look at its log");
        let input = self.child.as_mut().and_then(|child| child.stdin.as_mut());
        let mut input = BufWriter::with_capacity(64 * 1024, input.ok_or_else(gone)?);
        for act in acts {
            input.write_all(act).and_then(|()| input.write_all(b"\n")).map_err(|_| gone())?;
        }
        input.flush().map_err(|_| gone())
    }

    /// Starts the node again after [`NodeProcess::kill`] or [`NodeProcess::stop`].
    ///
    /// # Errors
    /// As [`NodeProcess::start`].
    pub fn restart(&mut self) -> Result<()> {
        let folder = self.network.folder(&self.state);
        let path = folder.join("log.jsonl");
        let log = OpenOptions::new().create(true).append(true).open(&path);
        let log = log.map_err(|error| Failure::cannot_create(&path, error))?;
        let program = env::current_exe().map_err(|error| {
            Failure::failed(format!("this program cannot find itself: {error}"))
        })?;
        let child = Command::new(program)
            .args(["node", "--with-parent", "--dir"])
            .arg(&folder)
            .args(self.fed.then_some("--acts-from-stdin"))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn();
        self.child =
            Some(child.map_err(|error| Failure::failed(format!("cannot start a node: {error}")))?);
        Ok(())
    }

    /// A client of the node.
    pub fn client(&self) -> Client {
        Client::new(&format!("http://{}", self.state.http))
    }

    /// The process id, while the node runs.
    pub fn id(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// How the process ended, if it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.as_mut().and_then(|child| child.try_wait().ok().flatten())
    }

    /// Waits until the node answers.
    ///
    /// # Errors
    /// Exit code 69 when it ends or does not answer in a minute; the log's last lines say why.
    pub fn wait_ready(&mut self) -> Result<()> {
        let client = self.client();
        let start = Instant::now();
        loop {
            if client.try_get("/api/v1/network").is_ok_and(|answer| answer.is_ok()) {
                return Ok(());
            }
            if let Some(status) = self.ended() {
                return Err(self.failed_to_start(&format!("ended with {status}")));
            }
            if start.elapsed() > READY_TIMEOUT {
                return Err(self.failed_to_start("does not answer"));
            }
            thread::sleep(POLL);
        }
    }

    /// Ends the process at once, as a power cut would (SIGKILL).
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            // It may have ended already.
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Lets the node stop by itself; kills it when it takes too long.
    pub fn stop(&mut self) {
        if let Some(child) = &mut self.child {
            drop(child.stdin.take());
        }
        let start = Instant::now();
        while self.child.is_some() && self.ended().is_none() && start.elapsed() < STOP_TIMEOUT {
            thread::sleep(POLL);
        }
        self.kill();
    }

    fn failed_to_start(&self, what: &str) -> Failure {
        let path = self.network.folder(&self.state).join("log.jsonl");
        let log = std::fs::read_to_string(&path).unwrap_or_default();
        let lines: Vec<_> = log.lines().rev().take(LOG_LINES).collect();
        let last = lines.into_iter().rev().collect::<Vec<_>>().join("\n");
        Failure::unavailable(format!(
            "the node of {} {what}; look at {}, which ends\n{last}",
            self.state.name,
            path.display()
        ))
    }
}

impl Drop for NodeProcess {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Starts the nodes of all States and waits until each answers.
///
/// # Errors
/// As [`NodeProcess::start`] and [`NodeProcess::wait_ready`]; what was started is stopped.
pub fn start_all(network: &Network) -> Result<Vec<NodeProcess>> {
    start_all_as(network, false)
}

/// As [`start_all`]; with `fed`, the nodes submit the acts of [`NodeProcess::feed`].
///
/// # Errors
/// As [`start_all`].
pub fn start_all_as(network: &Network, fed: bool) -> Result<Vec<NodeProcess>> {
    let start = |state| NodeProcess::start(network, state, fed);
    let mut nodes = network.file.states.iter().map(start).collect::<Result<Vec<_>>>()?;
    nodes.iter_mut().try_for_each(NodeProcess::wait_ready)?;
    Ok(nodes)
}

/// Waits until all nodes have the first final block: they are connected, and agreement goes on.
///
/// # Errors
/// Exit code 69 when a node does not come so far in a minute.
pub fn wait_for_agreement(nodes: &[NodeProcess]) -> Result<()> {
    let start = Instant::now();
    for node in nodes {
        let client = node.client();
        while crate::act::network(&client)?.node.height == 0 {
            if start.elapsed() > READY_TIMEOUT {
                return Err(node.failed_to_start("comes to no agreement with the others"));
            }
            thread::sleep(POLL);
        }
    }
    Ok(())
}

/// Stops all nodes, at the same time.
pub fn stop_all(nodes: &mut [NodeProcess]) {
    for node in nodes.iter_mut() {
        if let Some(child) = &mut node.child {
            drop(child.stdin.take());
        }
    }
    nodes.iter_mut().for_each(NodeProcess::stop);
}
