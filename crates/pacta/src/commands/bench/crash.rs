//! How long nothing becomes final after a node is killed: its turn to lead comes at once.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::figures::{Figure, Goal, ms};
use super::load::Load;
use crate::act::network;
use crate::client::Client;
use crate::failure::Result;
use crate::network::process::NodeProcess;

/// How long finality is watched, before and after the crash.
const BEFORE: Duration = Duration::from_secs(3);
const AFTER: Duration = Duration::from_secs(40);
const SUBMIT_EVERY: Duration = Duration::from_millis(40);
const POLL: Duration = Duration::from_millis(5);

/// Kills the first node with SIGKILL under light load, and watches another one.
///
/// # Errors
/// When the surviving nodes do not answer.
pub fn measure(nodes: &mut [NodeProcess], load: &mut Load) -> Result<Vec<Figure>> {
    let clients: Vec<Client> = nodes.iter().map(NodeProcess::client).collect();
    let (submitted, watched) = (&clients[1..], &clients[1]);
    let stop = AtomicBool::new(false);
    let (gap, gaps) = thread::scope(|scope| {
        let loading = scope.spawn(|| submit(submitted, load, &stop));
        let watched = watch_with(watched, || nodes[0].kill());
        stop.store(true, Ordering::Relaxed);
        let loaded = loading.join();
        match loaded {
            Ok(Err(failure)) => Err(failure),
            _ => watched,
        }
    })?;
    Ok(vec![
        Figure {
            name: "leader_crash_gap_ms",
            value: ms(gap),
            goal: Goal::AtMost(8000.0),
            method: format!(
                "one of {} nodes killed with SIGKILL under an act every {} ms; the longest time \
                 between two final blocks in the {} s after it, at another node",
                clients.len(),
                SUBMIT_EVERY.as_millis(),
                AFTER.as_secs()
            ),
        },
        Figure {
            name: "leader_crash_gaps_over_1_s",
            value: gaps as f64,
            goal: Goal::Reported,
            method: "how many such times were over a second".to_owned(),
        },
    ])
}

fn submit(clients: &[Client], load: &mut Load, stop: &AtomicBool) -> Result<()> {
    for client in clients.iter().cycle() {
        if stop.load(Ordering::Relaxed) {
            return Ok(());
        }
        // An act that a node refuses to take while it is busy is no failure of finality.
        let _ = client.try_post("/api/v1/acts", "application/json", &load.one()?)?;
        thread::sleep(SUBMIT_EVERY);
    }
    Ok(())
}

/// The longest gap after the crash, and how many were over a second.
fn watch_with(client: &Client, crash: impl FnOnce()) -> Result<(Duration, usize)> {
    thread::sleep(BEFORE);
    let mut height = network(client)?.node.height;
    crash();
    let start = Instant::now();
    let (mut longest, mut over, mut last) = (Duration::ZERO, 0, Instant::now());
    while start.elapsed() < AFTER {
        let reached = network(client)?.node.height;
        if reached > height {
            let gap = last.elapsed();
            longest = longest.max(gap);
            over += usize::from(gap > Duration::from_secs(1));
            (height, last) = (reached, Instant::now());
        }
        thread::sleep(POLL);
    }
    Ok((longest.max(last.elapsed()), over))
}
