//! As many acts as the machine bears.

use std::thread;
use std::time::{Duration, Instant};

use pacta_law::actor::Sequence;
use serde_json::json;

use super::figures::{Figure, Goal};
use super::idle::processes;
use super::load::Load;
use super::process::{processor_time, resident_bytes};
use crate::client::Client;
use crate::failure::{Failure, Result};
use crate::network::process::NodeProcess;
use crate::printer::progress;

const POLL: Duration = Duration::from_millis(100);
/// How long no act may become final before the measurement is given up.
const PATIENCE: Duration = Duration::from_secs(30);
/// Paths of one request.
const PATHS: usize = 256;

/// Feeds all acts to the nodes, and waits until each is final at every node.
///
/// # Errors
/// When acts do not become final.
pub fn measure(
    nodes: &mut [NodeProcess],
    load: &Load,
    acts: &[Vec<u8>],
    ceiling: f64,
) -> Result<Vec<Figure>> {
    let clients: Vec<Client> = nodes.iter().map(NodeProcess::client).collect();
    let expected = load.expected();
    let ids = processes(nodes)?;
    let before = ids.iter().map(|id| processor_time(*id)).sum::<Result<Duration>>()?;
    let start = Instant::now();
    let count = nodes.len();
    thread::scope(|scope| {
        for (place, node) in nodes.iter_mut().enumerate() {
            let mine = acts.iter().skip(place).step_by(count).map(Vec::as_slice);
            scope.spawn(move || node.feed(mine));
        }
        clients.iter().try_for_each(|client| wait_for(client, &expected))
    })?;
    let seconds = start.elapsed().as_secs_f64();
    let after = ids.iter().map(|id| processor_time(*id)).sum::<Result<Duration>>()?;
    let resident = ids.iter().map(|id| resident_bytes(*id)).collect::<Result<Vec<_>>>()?;
    let per_second = acts.len() as f64 / seconds;
    let processor = (after - before).as_secs_f64() / acts.len() as f64;
    let method = format!(
        "{} acts given to {count} nodes through their standard input, from the first act until \
         all nodes say that all are final; the nodes keep their index meanwhile",
        acts.len()
    );
    let figure =
        |name, value, goal, method: &str| Figure { name, value, goal, method: method.to_owned() };
    let largest = resident.into_iter().max().unwrap_or_default() as f64;
    Ok(vec![
        figure("acts_per_second", per_second, Goal::AtLeast(4000.0), &method),
        figure(
            "cpu_seconds_per_act",
            processor,
            Goal::Reported,
            "processor time of all nodes during the same, per act",
        ),
        figure(
            "verification_ceiling_acts_per_second",
            ceiling,
            Goal::Reported,
            "each act's Ed25519 signature verified once per node, unbatched, on all processors, \
             in the same run",
        ),
        figure(
            "acts_to_ceiling_ratio",
            per_second / ceiling,
            Goal::Reported,
            "acts per second over that ceiling",
        ),
        figure("rss_loaded_bytes", largest, Goal::Reported, "VmRSS after it, the largest"),
    ])
}

/// Waits until a node's ledger holds every act: the last sequence number of every key.
fn wait_for(client: &Client, expected: &[(String, u64)]) -> Result<()> {
    let mut known = 0;
    let mut moved = Instant::now();
    loop {
        let reached = reached(client, expected)?;
        let total: u64 = reached.iter().sum();
        if expected.iter().zip(&reached).all(|((_, last), reached)| reached >= last) {
            return Ok(());
        }
        if total > known {
            (known, moved) = (total, Instant::now());
            progress(format!("{total} acts are final"));
        }
        if moved.elapsed() > PATIENCE {
            return Err(Failure::failed(format!(
                "only {known} acts became final, and no more since {} s; look at the logs of the \
                 nodes",
                PATIENCE.as_secs()
            )));
        }
        thread::sleep(POLL);
    }
}

fn reached(client: &Client, expected: &[(String, u64)]) -> Result<Vec<u64>> {
    #[derive(serde::Deserialize)]
    struct Answer {
        records: Vec<Loaded>,
    }
    #[derive(serde::Deserialize)]
    struct Loaded {
        record: Option<String>,
    }
    let mut reached = Vec::with_capacity(expected.len());
    for some in expected.chunks(PATHS) {
        let paths: Vec<&str> = some.iter().map(|(path, _)| path.as_str()).collect();
        let answer: Answer =
            client.post_json("/api/v1/records/load", &json!({ "paths": paths }))?;
        for Loaded { record } in answer.records {
            reached.push(match record {
                Some(record) => client.parse::<Sequence>(record.as_bytes())?.last,
                None => 0,
            });
        }
    }
    Ok(reached)
}
