//! What became of an act that a node took: its receipt, or that a later height does not know it.

use std::fmt;
use std::path::Path;

use pacta_chain::{Admission, Said, Verdict};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::act::network;
use crate::client::{Client, Problem};
use crate::failure::{Failure, Result};

/// What became of an act.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum Became {
    /// It is final: its receipt is genuine.
    Final {
        /// Height of the block that holds it.
        height: u64,
        /// How many blocks after the last one that the node knew when it took the act.
        blocks: u64,
    },
    /// The node that was asked knows of no block that holds it.
    NotFinal {
        /// Height of that node.
        height: u64,
        /// Blocks that became final since the act was taken, as far as that node knows.
        blocks: u64,
    },
}

impl Became {
    /// Whether it is final.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Final { .. })
    }
}

impl fmt::Display for Became {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Final { height, blocks } => {
                write!(f, "final in block {height}, {blocks} blocks after it was taken")
            }
            Self::NotFinal { height, blocks } => write!(
                f,
                "not final at height {height}, {blocks} blocks after it was taken; unless its \
                 number is used or its time is over, ask the node that took it why"
            ),
        }
    }
}

/// Asks a node what became of the act of an admission that is genuine.
///
/// # Errors
/// Exit code 2 when the file is no admission, 65 when the node's receipt is not genuine or of
/// something else, 69 when the node does not answer.
pub fn ask(client: &Client, file: &Path, admission: &[u8]) -> Result<Became> {
    let admission = Admission::from_bytes(admission).map_err(|_| {
        Failure::usage(format!("{} is no admission; leave --against out", file.display()))
    })?;
    let Said { act, height: from, .. } = admission.said();
    match client.try_get(&format!("/api/v1/acts/{act}/receipt"))? {
        Ok(receipt) => {
            let not = |what: &str| {
                Failure::defective(format!("{}: the receipt of {act} {what}", client.base()))
            };
            match pacta_chain::verify(&receipt, Some(admission.network())) {
                Verdict::Genuine(_) => {}
                Verdict::NotGenuine(defect) => return Err(not(&defect.to_string())),
                Verdict::CannotTell(unknown) => return Err(not(&unknown.to_string())),
            }
            let Proven { journal } = client.parse(&receipt)?;
            let Outcome { act: of, height } = journal.outcome;
            if of != act.to_string() {
                return Err(not("is of another act; ask another node"));
            }
            Ok(Became::Final { height, blocks: height.saturating_sub(from) })
        }
        Err(Problem { status: 404, .. }) => {
            let network = network(client)?;
            if network.id != admission.network() {
                return Err(Failure::usage(format!(
                    "{} is of another network; ask a node of {}",
                    client.base(),
                    admission.network()
                )));
            }
            let height = network.node.height;
            Ok(Became::NotFinal { height, blocks: height.saturating_sub(from) })
        }
        Err(problem) => Err(problem.into()),
    }
}

/// The part of a receipt that says in which block an act is. Verification has proven it.
#[derive(Deserialize)]
struct Proven {
    journal: Journal,
}

#[derive(Deserialize)]
struct Journal {
    outcome: Outcome,
}

#[derive(Deserialize)]
struct Outcome {
    act: Value,
    height: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_after_how_many_blocks() {
        let became = Became::Final { height: 12, blocks: 2 };
        assert_eq!(became.to_string(), "final in block 12, 2 blocks after it was taken");
        assert!(became.is_final() && !Became::NotFinal { height: 9, blocks: 0 }.is_final());
    }
}
