//! What an idle network costs: memory and writes.

use std::fs;
use std::io;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use super::figures::{Figure, Goal};
use super::process::{resident_bytes, written_bytes};
use crate::failure::{Failure, Result};
use crate::network::directory::Network;
use crate::network::process::NodeProcess;

const SETTLE: Duration = Duration::from_secs(10);
const DAY: f64 = 86_400.0;
const MB: f64 = 1_000_000.0;

/// Watches the nodes while nothing happens but heartbeats.
///
/// # Errors
/// When the system does not tell.
pub fn measure(network: &Network, nodes: &[NodeProcess], window: Duration) -> Result<Vec<Figure>> {
    thread::sleep(SETTLE);
    let before = written(nodes)?;
    let size_before = sizes(network)?;
    let start = Instant::now();
    thread::sleep(window);
    let seconds = start.elapsed().as_secs_f64();
    let after = written(nodes)?;
    let grown = sizes(network)?.saturating_sub(size_before) as f64;
    let growth = grown / nodes.len() as f64 * DAY / seconds;
    let per_day = |of: fn(&(u64, u64)) -> u64| {
        let grown = before.iter().zip(&after).map(|(before, after)| of(after) - of(before));
        grown.max().unwrap_or_default() as f64 * DAY / seconds
    };
    let (handed, disk) = (per_day(|(handed, _)| *handed), per_day(|(_, disk)| *disk));
    // A directory in memory has no disk; then what was handed to the system has to serve.
    let (bytes, what) = match disk > 0.0 {
        true => (disk, "write_bytes"),
        false => (handed, "wchar, since write_bytes is 0 here"),
    };
    let mut resident = Vec::new();
    for process in processes(nodes)? {
        resident.push(resident_bytes(process)?);
    }
    let rss = resident.into_iter().max().unwrap_or_default();
    let nodes = nodes.len();
    Ok(vec![
        Figure {
            name: "rss_idle_bytes",
            value: rss as f64,
            goal: Goal::AtMost(100.0 * MB),
            method: format!("VmRSS, the largest of {nodes} idle nodes before any load"),
        },
        Figure {
            name: "idle_written_bytes_per_day",
            value: bytes.round(),
            goal: Goal::AtMost(150.0 * MB),
            method: format!(
                "/proc/PID/io {what}, the largest of {nodes} idle nodes over {seconds:.0} s, \
                 times {DAY} s"
            ),
        },
        Figure {
            name: "idle_growth_bytes_per_day",
            value: growth.round(),
            goal: Goal::Reported,
            method: "growth of the data directories during the same, per node: pages that are \
                     written again count once"
                .to_owned(),
        },
    ])
}

/// The process ids of the nodes.
///
/// # Errors
/// When one does not run.
pub fn processes(nodes: &[NodeProcess]) -> Result<Vec<u32>> {
    let id = |node: &NodeProcess| {
        node.id().ok_or_else(|| {
            Failure::unavailable(format!("the node of {} does not run", node.state.name))
        })
    };
    nodes.iter().map(id).collect()
}

/// Bytes of all files of all data directories.
fn sizes(network: &Network) -> Result<u64> {
    let folders = network.file.states.iter().map(|state| network.folder(state).join("data"));
    folders.map(|folder| size(&folder).map_err(|error| Failure::disk(&folder, &error))).sum()
}

fn size(folder: &Path) -> io::Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        bytes += match entry.file_type()?.is_dir() {
            true => size(&entry.path())?,
            // A file may go while the directory is read.
            false => entry.metadata().map_or(0, |metadata| metadata.len()),
        };
    }
    Ok(bytes)
}

fn written(nodes: &[NodeProcess]) -> Result<Vec<(u64, u64)>> {
    processes(nodes)?.into_iter().map(written_bytes).collect()
}
