//! What a node computed where it came to other roots than a block states, kept as files beside the
//! evidence, and compared with what another node has.

use std::path::{Path, PathBuf};
use std::time::Duration;

use pacta_law::{Digest, PublicKey};
use pacta_node::{Disagreement, Handle};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::failure::Result;
use crate::files::{self, Access};

/// The folder in a data directory.
const FOLDER: &str = "divergence";
/// Form of the files.
pub const VERSION: u64 = 1;
/// How often a node is asked.
const LOOK: Duration = Duration::from_secs(1);

/// One block to which this node computed other roots than its header states.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// Form of the file.
    pub v: u64,
    /// Height of the block.
    pub height: u64,
    /// Its digest.
    pub block: Digest,
    /// Who proposed it.
    pub leader: PublicKey,
    /// The roots that its header states.
    pub stated: Roots,
    /// The roots that this node computed.
    pub found: Roots,
    /// The outcomes that this node computed, in order.
    pub outcomes: Vec<Value>,
    /// The records that it wrote, by path; null for one that it removed.
    pub records: Vec<(String, Value)>,
}

/// Roots after a block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Roots {
    /// Of the ledger.
    pub ledger: Digest,
    /// Of the journal.
    pub journal: Digest,
}

impl Report {
    fn of(found: &Disagreement) -> Self {
        let value = |bytes: &[u8]| serde_json::from_slice(bytes).unwrap_or(Value::Null);
        let header = &found.header;
        let records = found
            .changes
            .iter()
            .map(|(path, record)| (path.clone(), record.as_deref().map_or(Value::Null, value)));
        Self {
            v: VERSION,
            height: header.height,
            block: header.digest(),
            leader: PublicKey(header.leader),
            stated: Roots { ledger: header.ledger_root, journal: header.journal_root },
            found: Roots { ledger: found.ledger_root, journal: found.journal_root },
            outcomes: found.outcomes.iter().map(|outcome| value(outcome)).collect(),
            records: records.collect(),
        }
    }
}

/// Writes reports of a node into a folder of its data directory.
#[derive(Clone)]
pub struct Reporter {
    folder: PathBuf,
    handle: Handle,
}

impl Reporter {
    /// Of a running node.
    pub fn new(data: &Path, handle: Handle) -> Self {
        Self { folder: data.join(FOLDER), handle }
    }

    /// Writes reports that are not written yet; also after the node has ended.
    ///
    /// # Errors
    /// Exit code 73 or 74 when one cannot be written.
    pub fn write(&self) -> Result<()> {
        for found in self.handle.disagreements() {
            let report = Report::of(&found);
            let name = format!("{}-{}.json", report.height, report.block);
            let path = self.folder.join(name);
            if !path.exists() {
                files::make_folder(&self.folder)?;
                files::write_json(&path, &report, Access::Everyone)?;
                tracing::error!(file = %path.display(), "this node computed other roots than a \
                    block states; compare with another node by `pacta diverge`");
            }
        }
        Ok(())
    }

    /// Writes reports as they come. Never ends.
    pub async fn follow(self) {
        loop {
            if let Err(failure) = self.write() {
                tracing::error!(%failure, "a report of a divergence cannot be kept yet");
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}

/// The first place where two values differ, as a path of members; none if they are equal.
pub fn first_difference(one: &Value, other: &Value) -> Option<String> {
    let within = |name: String, inner: String| match inner.is_empty() {
        true => name,
        false if inner.starts_with('[') => format!("{name}{inner}"),
        false => format!("{name}.{inner}"),
    };
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            let mut names: Vec<&String> = one.keys().chain(other.keys()).collect();
            names.sort();
            names.into_iter().find_map(|name| {
                let null = Value::Null;
                let values = (one.get(name), other.get(name));
                let (one, other) = (values.0.unwrap_or(&null), values.1.unwrap_or(&null));
                first_difference(one, other).map(|inner| within(name.clone(), inner))
            })
        }
        (Value::Array(one), Value::Array(other)) => {
            let null = Value::Null;
            (0..one.len().max(other.len())).find_map(|place| {
                let (one, other) = (one.get(place), other.get(place));
                let inner = first_difference(one.unwrap_or(&null), other.unwrap_or(&null));
                inner.map(|inner| within(format!("[{place}]"), inner))
            })
        }
        _ => (one != other).then(String::new),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_first_difference_is_named_by_its_path() {
        let one = json!({"a": 1, "events": [{"treaty": "x"}, {"treaty": "y"}]});
        let mut other = one.clone();
        assert_eq!(first_difference(&one, &other), None);
        other["events"][1]["treaty"] = json!("z");
        assert_eq!(first_difference(&one, &other), Some("events[1].treaty".into()));
        other["events"].as_array_mut().expect("a list").truncate(1);
        assert_eq!(first_difference(&one, &other), Some("events[1]".into()));
        other["a"] = json!(2);
        assert_eq!(first_difference(&one, &other), Some("a".into()));
        assert_eq!(first_difference(&json!({}), &json!({"b": [0]})), Some("b".into()));
        assert_eq!(first_difference(&json!(1), &json!("1")), Some(String::new()));
    }
}
