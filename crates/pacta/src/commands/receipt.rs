//! `pacta receipt`: proofs from a node, for a file.

use std::path::PathBuf;

use clap::Subcommand;
use pacta_chain::Receipt;
use pacta_law::{ActId, NetworkId, Path};
use serde_json::{Value, json};

use crate::act;
use crate::client::Client;
use crate::commands::verify::{Verified, verify_bytes};
use crate::failure::{Exit, Failure, Result};
use crate::files::{self, Access};
use crate::printer::Printer;

/// Fetch proofs from a node
///
/// Example: pacta receipt record treaty/friendship -o friendship.json
#[derive(Subcommand)]
pub enum ReceiptCommand {
    Act(ActArgs),
    Record(RecordArgs),
}

/// Fetch the proof of what became of an act
///
/// The receipt of a final act, executed or refused. It is verified before it is written.
#[derive(clap::Args)]
pub struct ActArgs {
    /// Act: its id
    act: ActId,
    #[command(flatten)]
    target: Target,
}

/// Fetch the proof of a record, or that there is none
///
/// The receipt of what a path of the ledger holds at the node's latest final height, or of the
/// absence of a record there. It is verified before it is written.
#[derive(clap::Args)]
pub struct RecordArgs {
    /// Path of the record, for example `treaty/friendship`
    path: Path,
    #[command(flatten)]
    target: Target,
}

/// From where, to where.
#[derive(clap::Args)]
struct Target {
    /// File to write
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,
    /// Network that the receipt must be of: its published digest
    #[arg(long, value_name = "DIGEST")]
    network: Option<NetworkId>,
    /// Node to ask
    #[arg(long, env = "PACTA_NODE", value_name = "URL", default_value = crate::act::DEFAULT_NODE)]
    node: String,
}

/// Runs the command.
///
/// # Errors
/// Exit code 65 when the node gives a receipt that is not genuine, or one of something else; the
/// file is not written then.
pub fn run(command: ReceiptCommand, printer: Printer) -> Result<Exit> {
    let target = match &command {
        ReceiptCommand::Act(args) => &args.target,
        ReceiptCommand::Record(args) => &args.target,
    };
    let client = Client::new(&target.node);
    let bytes = match &command {
        ReceiptCommand::Act(args) => act::receipt(&client, args.act)?,
        ReceiptCommand::Record(args) => record(&client, &args.path)?,
    };
    let verified = verify_bytes(&target.output, &bytes, target.network);
    let refuse = |what: &str| {
        let node = client.base();
        Err(Failure::defective(format!("{node} gave a receipt {what}; ask another node")))
    };
    if !verified.is_genuine() {
        return refuse("that is not genuine, or of another network");
    }
    if !is_about(&bytes, &command)? {
        return refuse("of something else than was asked for");
    }
    files::write(&target.output, &bytes, Access::Everyone)?;
    printer.answer(&json!({ "receipt": verified }), || describe(&verified))?;
    Ok(Exit::Done)
}

/// Whether a genuine receipt is of what was asked for.
fn is_about(bytes: &[u8], command: &ReceiptCommand) -> Result<bool> {
    let receipt: Value = serde_json::from_slice(bytes).map_err(Failure::failed)?;
    let (told, asked) = match command {
        ReceiptCommand::Act(args) => (&receipt["journal"]["outcome"]["act"], args.act.to_string()),
        ReceiptCommand::Record(args) => (&receipt["ledger"]["path"], args.path.clone()),
    };
    Ok(told.as_str() == Some(asked.as_str()))
}

/// The receipt of what a path holds, or that it holds nothing, at the node's latest final height.
///
/// # Errors
/// Exit code 69 when the node does not answer, 65 when what it answers is no receipt.
pub fn record(client: &Client, path: &str) -> Result<Vec<u8>> {
    let answer: Value = client.get_json(&format!("/api/v1/records?path={}", escape(path)))?;
    let receipt = answer.get("receipt").cloned().unwrap_or_default();
    let bytes = serde_json::to_vec(&receipt).map_err(Failure::failed)?;
    let receipt = Receipt::decode(&bytes).map_err(|error| {
        Failure::defective(format!("{} gave no receipt: {error}; ask another node", client.base()))
    })?;
    Ok(receipt.to_bytes())
}

/// Writes the bytes of a path that are not plain as `%XX`.
fn escape(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    let write = |byte: u8| match plain(byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    path.bytes().map(write).collect()
}

fn describe(verified: &Verified) -> String {
    format!(
        "{} is written: {}\n\nNext: anyone can check it offline: pacta verify {}\n",
        verified.file.display(),
        verified.proves.as_deref().unwrap_or(verified.verdict),
        verified.file.display()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(path: &str) -> ReceiptCommand {
        let output = PathBuf::new();
        let target = Target { output, network: None, node: String::new() };
        ReceiptCommand::Record(RecordArgs { path: path.into(), target })
    }

    #[test]
    fn a_receipt_of_something_else_is_not_what_was_asked_for() {
        let receipt = br#"{"ledger":{"path":"treaty/friendship"}}"#;
        let is_about = |path: &str| is_about(receipt, &asked(path)).expect("it is JSON");
        assert!(is_about("treaty/friendship"));
        assert!(!is_about("treaty/other"));
    }
}
