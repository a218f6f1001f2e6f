//! The time from an act to its finality under light load.

use std::thread;
use std::time::{Duration, Instant};

use super::figures::{Figure, Goal, ms, percentile};
use super::load::Load;
use crate::act::Standing;
use crate::failure::{Failure, Result};
use crate::network::process::NodeProcess;

const ACTS: usize = 400;
const WARM_UP: usize = 20;
const PAUSE: Duration = Duration::from_millis(25);

/// Submits one act after the other, to one node after the other, over HTTP.
///
/// # Errors
/// When an act does not become final.
pub fn measure(nodes: &[NodeProcess], load: &mut Load) -> Result<Vec<Figure>> {
    let clients: Vec<_> = nodes.iter().map(NodeProcess::client).collect();
    let mut times = Vec::with_capacity(ACTS);
    for number in 0..WARM_UP + ACTS {
        let act = load.one()?;
        let client = &clients[number % clients.len()];
        let start = Instant::now();
        let answer = client.try_post("/api/v1/acts?wait=final", "application/json", &act)?;
        let standing: Standing = client.parse(&answer?)?;
        let elapsed = start.elapsed();
        if standing.status != "final" {
            return Err(Failure::failed("an act is not final after ten seconds"));
        }
        if number >= WARM_UP {
            times.push(elapsed);
        }
        thread::sleep(PAUSE);
    }
    times.sort();
    let figure = |name, percent, goal| Figure {
        name,
        value: ms(percentile(&times, percent)),
        goal,
        method: format!(
            "{ACTS} acts, one at a time, {} ms apart, to {} nodes in turn over HTTP; from the \
             request until the answer that the act is final and in the node's index",
            PAUSE.as_millis(),
            nodes.len()
        ),
    };
    Ok(vec![
        figure("finality_p50_ms", 50, Goal::AtMost(35.0)),
        figure("finality_p95_ms", 95, Goal::Reported),
        figure("finality_p99_ms", 99, Goal::Reported),
    ])
}
