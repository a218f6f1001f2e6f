//! `pacta bench`: what this machine can do, each figure with its goal and its method.

mod bulk;
mod ceiling;
mod crash;
mod figures;
mod file;
mod flood;
mod idle;
mod latency;
mod load;
mod process;
mod saturation;
mod stream;

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use crate::failure::{Exit, Failure, Result};
use crate::network::process::{start_all_as, stop_all, wait_for_agreement};
use crate::printer::{Printer, progress};
use figures::Figure;
use load::Load;

/// Nodes of the measured network.
const NODES: usize = 4;

/// Measure speed and memory on this machine
///
/// Starts four nodes as four processes and measures: memory and writes while nothing happens; the
/// time from an act to its finality under light load; acts per second under as much load as the
/// machine bears, with the ceiling that signature verification alone sets in the same run; the gap
/// after a leader's crash; how fast a file goes from one node to another; and how fast the law
/// alone replays a bulk of dated facts. Takes about three minutes. Nothing else should run
/// meanwhile.
///
/// Example: pacta bench --json
#[derive(clap::Args)]
pub struct BenchArgs {
    /// How long to watch the idle network, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    idle_seconds: u64,
    /// How many acts to saturate the network with
    #[arg(long, value_name = "N", default_value_t = 60_000)]
    acts: usize,
    /// Facts to replay through the law alone, in the form of `pacta replay --bulk` (otherwise as
    /// many made-up ones as the bulk of 139,000 has)
    #[arg(long, value_name = "CSV")]
    bulk: Option<PathBuf>,
    /// Only the law's replay, without any node
    #[arg(long)]
    only_bulk: bool,
    /// Only a flood: five nodes as five processes, one actor that sends 10,000 valid acts a second,
    /// and the time that an act of another actor takes meanwhile
    #[arg(long, conflicts_with = "only_bulk")]
    only_flood: bool,
    /// Only the sending of a file between two nodes, against a plain copy over the same connection
    #[arg(long, conflicts_with = "only_bulk")]
    only_file: bool,
    /// Length of that file
    #[arg(long, value_name = "BYTES", default_value_t = 1_000_000_000)]
    file_bytes: u64,
}

/// Runs the command.
///
/// # Errors
/// Exit code 1 when a measurement fails. Goals that are missed are no failure: they are reported.
pub fn run(args: &BenchArgs, printer: Printer) -> Result<Exit> {
    let root = std::env::temp_dir().join(format!("pacta-bench-{}", std::process::id()));
    fs::create_dir_all(&root).map_err(|error| Failure::cannot_create(&root, error))?;
    let measured = measure(args, &root);
    if let Err(error) = fs::remove_dir_all(&root) {
        progress(format!("{} cannot be removed: {error}", root.display()));
    }
    let figures = measured?;
    printer.answer(&figures::to_json(&figures), || figures::to_text(&figures))?;
    Ok(Exit::Done)
}

fn measure(args: &BenchArgs, root: &std::path::Path) -> Result<Vec<Figure>> {
    if args.only_flood {
        return flood::measure(root);
    }
    if args.only_file {
        return file::measure(&root.join("file"), args.file_bytes);
    }
    let mut figures = Vec::new();
    if !args.only_bulk {
        figures.extend(network(args, root)?);
        figures.extend(file::measure(&root.join("file"), args.file_bytes)?);
    }
    progress("replaying a bulk of facts through the law alone");
    figures.extend(bulk::measure(root, args.bulk.as_deref())?);
    Ok(figures)
}

fn network(args: &BenchArgs, root: &std::path::Path) -> Result<Vec<Figure>> {
    progress(format!("founding a network of {NODES} nodes"));
    let mut load = Load::found(&root.join("network"))?;
    let mut nodes = start_all_as(&load.network, true)?;
    wait_for_agreement(&nodes)?;
    let mut figures = Vec::new();
    progress(format!("watching the idle network for {} s", args.idle_seconds));
    figures.extend(idle::measure(&load.network, &nodes, Duration::from_secs(args.idle_seconds))?);
    progress("measuring the time from an act to its finality");
    figures.extend(latency::measure(&nodes, &mut load)?);
    progress(format!("signing {} acts", args.acts));
    let acts = load.many(args.acts)?;
    progress("measuring the ceiling of signature verification");
    let ceiling = ceiling::measure(&acts, NODES)?;
    progress("saturating the network");
    figures.extend(saturation::measure(&mut nodes, &load, &acts, ceiling)?);
    progress("killing a node under load");
    figures.extend(crash::measure(&mut nodes, &mut load)?);
    stop_all(&mut nodes);
    Ok(figures)
}
