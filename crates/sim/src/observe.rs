//! Looks at a node through its handle, as any program does.

use pacta_law::{Digest, Path, SignedAct};

use crate::{
    network::Network,
    trace::{Seen, Verified},
};

/// A final block, if the validator runs and has it.
pub async fn block(network: &Network, validator: u32, height: u64) -> Option<Seen> {
    let handle = network.handle(validator)?;
    if handle.status().height < height {
        return None;
    }
    let block = network.ask(handle.block(height)).await?.ok()??;
    let acts = block.acts.iter().map(|bytes| act_id(bytes)).collect();
    let outcome =
        |outcome: &pacta_law::Outcome| String::from_utf8_lossy(&outcome.to_bytes()).into_owned();
    let header = &block.header;
    Some(Seen {
        height: header.height,
        digest: header.digest().to_string(),
        parent: header.parent_digest.to_string(),
        instant: header.instant.ms(),
        ledger_root: header.ledger_root.to_string(),
        journal_root: header.journal_root.to_string(),
        acts,
        outcomes: block.outcomes.iter().map(outcome).collect(),
        signed: block.acts,
        ceremony: block.ceremony,
    })
}

/// The id of a signed act; of bytes that are none, their digest.
fn act_id(bytes: &[u8]) -> String {
    match SignedAct::decode(bytes) {
        Ok(act) => act.id().to_string(),
        Err(_) => Digest::of(&[bytes]).to_string(),
    }
}

/// The receipt of an act, verified from its bytes alone. `place` is the height of its block and the
/// index of its outcome there.
pub async fn act_receipt(
    network: &Network,
    validator: u32,
    act: &str,
    (height, index): (u64, u32),
) -> Option<Verified> {
    let handle = network.handle(validator)?;
    let answer = network.ask(handle.act_receipt(height, index)).await;
    let fault = match answer {
        None => Some("the node did not answer".into()),
        Some(Err(error)) => Some(error.to_string()),
        Some(Ok(None)) => Some("the node has none".into()),
        Some(Ok(Some(receipt))) => verify(network, &receipt.to_bytes()),
    };
    Some(Verified { validator, about: act.into(), fault })
}

/// The receipt of a record or of its absence, verified from its bytes alone.
pub async fn record_receipt(network: &Network, validator: u32, path: &str) -> Option<Verified> {
    let handle = network.handle(validator)?;
    let fault = match network.ask(handle.record_receipt(Path::from(path))).await {
        None => Some("the node did not answer".into()),
        Some(Err(error)) => Some(error.to_string()),
        Some(Ok(receipt)) => verify(network, &receipt.to_bytes()),
    };
    Some(Verified { validator, about: path.into(), fault })
}

/// Why a receipt or evidence is not genuine, if it is not.
pub fn verify(network: &Network, bytes: &[u8]) -> Option<String> {
    match pacta_chain::verify(bytes, Some(network.id())) {
        pacta_chain::Verdict::Genuine(_) => None,
        pacta_chain::Verdict::NotGenuine(defect) => Some(defect.to_string()),
        pacta_chain::Verdict::CannotTell(unknown) => Some(unknown.to_string()),
    }
}
