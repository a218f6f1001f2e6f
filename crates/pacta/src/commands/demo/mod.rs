//! `pacta demo`: five States conclude a treaty on five nodes, and it is verified offline.

mod proofs;
mod story;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde_json::{Value, json};

use crate::commands::devnet::describe_node;
use crate::failure::{Exit, Failure, Result};
use crate::network::directory::{NETWORK_FILE, Network};
use crate::network::founding::{self, Plan};
use crate::network::interrupt;
use crate::network::process::{NodeProcess, start_all, stop_all, wait_for_agreement};
use crate::printer::{Printer, progress};
use proofs::{Proofs, Roots};
use story::{Step, Story};

pub use story::clauses;

/// Five States conclude a treaty on five nodes
///
/// Starts five nodes as five processes on this machine, for Armenia, Belarus, Kazakhstan,
/// Kyrgyzstan and Russia, each with its own keys, directory and ports; takes a treaty with texts in
/// English and Russian from its draft into force; compares the roots of all nodes; writes four
/// receipts and verifies them offline. Then the pages stay up until you press Ctrl-C.
///
/// Example: pacta demo --exit --json
#[derive(clap::Args)]
pub struct DemoArgs {
    /// Stop at the end instead of serving the pages
    #[arg(long)]
    exit: bool,
    /// Directory of the network, which must not exist (otherwise a temporary one, of which only the
    /// receipts are kept)
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// Runs the command.
///
/// # Errors
/// Exit code 1 when a step fails, 65 when the nodes disagree or a receipt is not genuine.
pub fn run(args: &DemoArgs, printer: Printer) -> Result<Exit> {
    let started = Instant::now();
    let (root, temporary) = match &args.dir {
        Some(dir) => (dir.clone(), false),
        None => (temporary_root(), true),
    };
    if root.join(NETWORK_FILE).exists() {
        return Err(Failure::cannot_create(&root, "it holds a network; choose another directory"));
    }
    progress(format!("founding a network of five States in {}", root.display()));
    let plan = Plan { name: "Five States".to_owned(), ..Plan::default() };
    let network = founding::found(&root, plan)?;
    progress("starting five nodes");
    let mut nodes = start_all(&network)?;
    progress("waiting for their first block");
    wait_for_agreement(&nodes)?;
    let outcome = tell(&network, &nodes);
    let answered = outcome.and_then(|done| {
        let value = answer(&network, &nodes, &done, started);
        printer.answer(&value, || text(&network, &done, args))
    });
    if answered.is_ok() && !args.exit {
        interrupt::wait()?;
        progress("stopping the nodes");
    }
    stop_all(&mut nodes);
    drop(nodes);
    if temporary && answered.is_ok() {
        remove_folders(&network);
    }
    answered.map(|()| Exit::Done)
}

/// What the demonstration showed.
struct Done {
    steps: Vec<Step>,
    treaty: Value,
    roots: Roots,
    proofs: Proofs,
}

fn tell(network: &Network, nodes: &[NodeProcess]) -> Result<Done> {
    let mut story = Story::begin(network, nodes)?;
    story.conclude()?;
    let treaty = story.treaty()?;
    let roots = Roots::compare(nodes)?;
    progress(format!("all nodes have the same roots at height {}", roots.height));
    let proofs = Proofs::write_and_verify(network, nodes, &story)?;
    Ok(Done { steps: story.steps, treaty, roots, proofs })
}

fn answer(network: &Network, nodes: &[NodeProcess], done: &Done, started: Instant) -> Value {
    let node = |node: &NodeProcess| describe_node(network, &node.state, node.id());
    json!({
        "network": network.file.network,
        "name": network.file.name,
        "dealer": network.file.dealer,
        "directory": network.root,
        "nodes": nodes.iter().map(node).collect::<Vec<_>>(),
        "steps": done.steps,
        "treaty": done.treaty,
        "roots": done.roots,
        "receipts": done.proofs.receipts,
        "ok": true,
        "ms": u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
    })
}

fn text(network: &Network, done: &Done, args: &DemoArgs) -> String {
    let mut text = String::new();
    for step in &done.steps {
        text.push_str(&format!("{:>8.1} ms  {:<22}{}\n", step.ms, step.step, step.says));
    }
    let Roots { height, ledger_root, journal_root, .. } = &done.roots;
    text.push_str(&format!(
        "\nAll nodes agree at height {height}:\n  ledger   {ledger_root}\n  \
         journal  {journal_root}\n\n"
    ));
    for receipt in &done.proofs.receipts {
        let proves = receipt.verified.proves.as_deref().unwrap_or_default();
        text.push_str(&format!("{}\n  genuine: {proves}\n", receipt.verified.file.display()));
    }
    if !args.exit {
        text.push('\n');
        for state in &network.file.states {
            text.push_str(&format!("{:<14}{}\n", state.name, state.url()));
        }
        text.push_str("\nOpen one of these addresses. Ctrl-C stops the nodes.\n");
    }
    text
}

fn temporary_root() -> PathBuf {
    std::env::temp_dir().join(format!("pacta-demo-{}", std::process::id()))
}

/// Leaves the receipts, and removes what is of no use without the nodes.
fn remove_folders(network: &Network) {
    let folders = network.file.states.iter().map(|state| network.folder(state));
    for folder in folders {
        remove(&folder);
    }
}

fn remove(folder: &Path) {
    if let Err(error) = fs::remove_dir_all(folder) {
        progress(format!("{} cannot be removed: {error}", folder.display()));
    }
}
