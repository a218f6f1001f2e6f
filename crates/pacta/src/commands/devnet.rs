//! `pacta devnet`: an empty network of several States on this machine.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::failure::{Exit, Failure, Result};
use crate::network::directory::{NETWORK_FILE, Network, PASSPHRASE, State};
use crate::network::founding::{self, Plan};
use crate::network::interrupt;
use crate::network::process::{NodeProcess, start_all, stop_all};
use crate::printer::{Printer, ask, progress};

/// Start an empty network of several States on this machine
///
/// Makes a directory with the keys of each State and its officials, starts one node per State and
/// serves until interrupted. Started again on the same directory, it goes on where it was. One
/// program makes all keys, and they lie in one place: use it to try things out, for nothing else.
/// The passphrase of all keys is `devnet`.
///
/// Example: pacta devnet --states 5 --dir mynet
#[derive(clap::Args)]
pub struct DevnetArgs {
    /// `up` does what the command does without it: it founds the network or goes on with it
    #[arg(value_parser = ["up"], hide_possible_values = true)]
    action: Option<String>,
    /// How many States: 1, or 4 to 20
    #[arg(long, value_name = "N")]
    states: Option<usize>,
    /// How many further States, which operate no validator until they join (`pacta join`)
    #[arg(long, value_name = "N", default_value_t = 0)]
    guests: usize,
    /// Directory of the network
    #[arg(long, value_name = "DIR", default_value = "pacta-devnet")]
    dir: PathBuf,
    /// Delete the directory first, and begin anew
    #[arg(long)]
    fresh: bool,
    /// Write the directory, and start no node
    #[arg(long)]
    found_only: bool,
    /// Do not ask before deleting
    #[arg(long)]
    yes: bool,
}

/// Runs the command.
///
/// # Errors
/// See [`Exit`].
pub fn run(args: &DevnetArgs, printer: Printer) -> Result<Exit> {
    if args.fresh && args.dir.exists() {
        delete(&args.dir, args.yes)?;
    }
    let network = open_or_found(&args.dir, args.states, args.guests)?;
    progress(WARNING);
    if args.found_only {
        printer.answer(&describe(&network, &[]), || text(&network))?;
        return Ok(Exit::Done);
    }
    let mut nodes = start_all(&network)?;
    printer.answer(&describe(&network, &nodes), || text(&network))?;
    interrupt::wait()?;
    progress("stopping the nodes");
    stop_all(&mut nodes);
    Ok(Exit::Done)
}

const WARNING: &str = "\
WARNING: this is a devnet. One program made the validators' shares of the network key and all keys \
of all States, and could act for each of them. Receipts of this network say so. Do not use it for \
anything that matters.";

fn open_or_found(root: &Path, states: Option<usize>, guests: usize) -> Result<Network> {
    if !root.join(NETWORK_FILE).exists() {
        let plan = Plan { states: states.unwrap_or(5), guests, ..Plan::default() };
        progress(format!("founding a network of {} States in {}", plan.states, root.display()));
        return founding::found(root, plan);
    }
    let network = Network::read(root)?;
    match states {
        Some(wanted) if wanted != network.file.states.len() => Err(Failure::usage(format!(
            "{} holds a network of {} States, not of {wanted}; name another directory, or pass \
             --fresh",
            root.display(),
            network.file.states.len()
        ))),
        _ => Ok(network),
    }
}

/// Deletes the directory of a network; refuses to delete anything else.
fn delete(root: &Path, yes: bool) -> Result<()> {
    if !root.join(NETWORK_FILE).exists() {
        return Err(Failure::usage(format!(
            "{} is not the directory of a network, so it is not deleted; name another",
            root.display()
        )));
    }
    if !yes && !ask(&format!("Delete {} with all its keys and records?", root.display()))? {
        return Err(Failure::usage("nothing was deleted; leave --fresh out to go on with it"));
    }
    fs::remove_dir_all(root).map_err(|error| Failure::disk(root, &error))
}

/// A node, for programs.
pub fn describe_node(network: &Network, state: &State, process: Option<u32>) -> Value {
    json!({
        "state": state.slug,
        "name": state.name,
        "actor": state.actor,
        "url": state.url(),
        "http": state.http,
        "directory": network.folder(state),
        "process": process,
    })
}

fn describe(network: &Network, nodes: &[NodeProcess]) -> Value {
    let node = |node: &NodeProcess| describe_node(network, &node.state, node.id());
    json!({
        "network": network.file.network,
        "name": network.file.name,
        "directory": network.root,
        "dealer": network.file.dealer,
        "nodes": nodes.iter().map(node).collect::<Vec<_>>(),
    })
}

fn text(network: &Network) -> String {
    let Network { root, file } = network;
    let mut text = format!("{} ({})\n\n", file.name, file.network);
    for state in &file.states {
        text.push_str(&format!("{:<14}{}\n", state.name, state.url()));
    }
    let first = &file.states[0];
    text.push_str(&format!(
        "\nNext, in another terminal:\n  export PACTA_NODE=http://{} PACTA_KEY={} \\\n    \
         PACTA_PASSPHRASE={}\n  pacta actor list\n\nCtrl-C stops the nodes; what is final \
         stays in {}.\n",
        first.http,
        network.folder(first).join("keys/foreign-minister.json").display(),
        PASSPHRASE,
        root.display()
    ));
    text
}
