//! The same acts over a network: the nodes of five States on this machine, each asked for its
//! answer.

use std::thread;
use std::time::{Duration, Instant as Clock};

use pacta_law::Data;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::compare::{Comparison, Records, compare};
use super::history::History;
use crate::act::{self, Author, View};
use crate::client::Client;
use crate::failure::{Failure, Result};
use crate::printer::progress;
use crate::signer::Secret;

/// How long a node may take to come to where another is.
const PATIENCE: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(20);

/// A State that takes part: its node, and by whom it acts.
pub struct Place {
    /// The name of the State.
    pub state: String,
    /// Its node.
    pub client: Client,
    /// The key of its minister.
    pub secret: Secret,
    /// How the minister acts.
    pub author: Author,
}

/// What one node answers.
#[derive(Clone, Debug, Serialize)]
pub struct Answer {
    /// Whose node.
    pub state: String,
    /// Where it is.
    pub node: String,
    /// Its roots at the common height.
    #[serde(flatten)]
    pub roots: Roots,
    /// What its ledger says of each history.
    pub treaties: Vec<Comparison>,
}

/// The roots of a block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Roots {
    /// Its height.
    pub height: u64,
    /// The digest of its header.
    pub digest: String,
    /// The root of the ledger.
    pub ledger_root: String,
    /// The root of the journal.
    pub journal_root: String,
}

impl Records for View {
    fn record<T: DeserializeOwned>(&mut self, path: &str) -> Result<Option<T>> {
        View::record(self, path)
    }
}

/// Has the States transcribe the histories in turn, each at its own node, and asks every node for
/// its answer.
///
/// # Errors
/// Exit code 65 when an act is refused or the nodes have different roots, 69 when a node does not
/// answer.
pub fn replay(places: &[Place], histories: &[History]) -> Result<Vec<Answer>> {
    let mut height = 0;
    for (history, place) in histories.iter().zip(places.iter().cycle()) {
        for data in &history.acts {
            height = height.max(submit(place, history, data.clone())?);
        }
        if !history.acts.is_empty() {
            progress(format!("{} transcribes {}", place.state, history.id));
        }
    }
    for place in places {
        wait_for_height(place, height)?;
    }
    let answers = places.iter().map(|place| ask(place, histories, height));
    let answers = answers.collect::<Result<Vec<_>>>()?;
    let roots = |answer: &Answer| answer.roots.clone();
    match answers.iter().find(|answer| Some(roots(answer)) != answers.first().map(roots)) {
        None => Ok(answers),
        Some(other) => Err(Failure::defective(format!(
            "the node of {} has other roots at height {height}; keep all directories and report \
             this",
            other.state
        ))),
    }
}

/// The height of the block that holds the act.
fn submit(place: &Place, history: &History, data: Data) -> Result<u64> {
    let prepared = act::prepare(&place.client, &place.author, data)?;
    let refused = |sentence: &str| Failure::defective(format!("{}: {sentence}", history.id));
    if let Err(refusal) = &prepared.tried {
        return Err(refused(&refusal.to_string()));
    }
    let signed = act::sign(&place.secret, &prepared.act)?;
    let done = act::submit(&place.client, &signed, false)?;
    match (done.is_executed(), done.standing.height) {
        (true, Some(height)) => Ok(height),
        _ => Err(refused(done.refusal().unwrap_or("an act was not executed"))),
    }
}

fn wait_for_height(place: &Place, height: u64) -> Result<()> {
    let start = Clock::now();
    while act::network(&place.client)?.node.height < height {
        if start.elapsed() > PATIENCE {
            return Err(Failure::unavailable(format!(
                "the node of {} does not come to height {height}; look at its log",
                place.state
            )));
        }
        thread::sleep(POLL);
    }
    Ok(())
}

fn ask(place: &Place, histories: &[History], height: u64) -> Result<Answer> {
    let roots = place.client.get_json(&format!("/api/v1/blocks/{height}"))?;
    let mut view = View::open(&place.client)?;
    let treaties = histories.iter().map(|history| compare(history, &mut view));
    let treaties = treaties.collect::<Result<_>>()?;
    let node = place.client.base().to_owned();
    Ok(Answer { state: place.state.clone(), node, roots, treaties })
}
