//! What the nodes must agree on, and the receipts that need no node.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::story::{Story, TREATY};
use crate::act::{self, network};
use crate::client::Client;
use crate::commands::receipt;
use crate::commands::verify::{Verified, verify_file};
use crate::failure::{Failure, Result};
use crate::files::{self, Access};
use crate::network::directory::Network;
use crate::network::process::NodeProcess;
use crate::printer::progress;

/// The pair of roots that all nodes have at one height.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Roots {
    /// The height.
    pub height: u64,
    /// The digest of its header.
    pub digest: String,
    /// The root of the ledger.
    pub ledger_root: String,
    /// The root of the journal.
    pub journal_root: String,
    /// How many nodes answered so.
    #[serde(default)]
    pub nodes: usize,
}

impl Roots {
    /// Asks every node for the block of the greatest height that all of them have.
    ///
    /// # Errors
    /// Exit code 65 when they differ.
    pub fn compare(nodes: &[NodeProcess]) -> Result<Self> {
        let mut height = u64::MAX;
        for node in nodes {
            height = height.min(network(&node.client())?.node.height);
        }
        let mut agreed: Option<Self> = None;
        for node in nodes {
            let roots: Self = node.client().get_json(&format!("/api/v1/blocks/{height}"))?;
            match &agreed {
                Some(first) if *first != roots => {
                    return Err(Failure::defective(format!(
                        "the node of {} has other roots at height {height}; keep all directories \
                         and report this",
                        node.state.name
                    )));
                }
                _ => agreed = Some(roots),
            }
        }
        let agreed = agreed.ok_or_else(|| Failure::failed("there is no node"))?;
        Ok(Self { nodes: nodes.len(), ..agreed })
    }
}

/// A receipt that was written and verified.
#[derive(Clone, Debug, Serialize)]
pub struct Written {
    /// What it is of: `executed_act`, `refused_act`, `record` or `absence`.
    pub of: &'static str,
    /// What verification said.
    #[serde(flatten)]
    pub verified: Verified,
}

/// The receipts of the demonstration.
pub struct Proofs {
    /// All of them.
    pub receipts: Vec<Written>,
}

impl Proofs {
    /// Fetches four receipts from four nodes, writes them, and verifies them without any node.
    ///
    /// # Errors
    /// Exit code 65 when one is not genuine.
    pub fn write_and_verify(
        network: &Network,
        nodes: &[NodeProcess],
        story: &Story<'_>,
    ) -> Result<Self> {
        let folder = network.root.join("receipts");
        files::make_folder(&folder)?;
        let client = |place: usize| nodes[place % nodes.len()].client();
        let file = |name: &str| folder.join(format!("{name}.json"));
        act::write_receipt(&client(0), story.executed()?, &file("executed-act"))?;
        act::write_receipt(&client(1), story.refused()?, &file("refused-act"))?;
        record(&client(2), &format!("treaty/{TREATY}"), &file("record"))?;
        record(&client(3), &format!("treaty/{TREATY}-protocol"), &file("absence"))?;
        let all = [
            ("executed_act", "executed-act"),
            ("refused_act", "refused-act"),
            ("record", "record"),
            ("absence", "absence"),
        ];
        let mut receipts = Vec::new();
        for (of, name) in all {
            let verified = verify_file(&file(name), Some(network.file.network))?;
            if !verified.is_genuine() {
                return Err(Failure::defective(format!(
                    "{} is not genuine: {}; report this",
                    verified.file.display(),
                    verified.sentence.as_deref().unwrap_or(verified.verdict)
                )));
            }
            progress(format!("genuine: {}", verified.proves.as_deref().unwrap_or_default()));
            receipts.push(Written { of, verified });
        }
        Ok(Self { receipts })
    }
}

fn record(client: &Client, path: &str, file: &Path) -> Result<()> {
    files::write(file, &receipt::record(client, path)?, Access::Everyone)
}
