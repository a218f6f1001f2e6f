//! `pacta verify`: receipts, admissions and evidence of misconduct, offline.

use std::path::{Path, PathBuf};

use pacta_chain::Verdict;
use pacta_law::NetworkId;
use serde::Serialize;

use crate::against::{self, Became};
use crate::client::Client;
use crate::failure::{Exit, Result};
use crate::files;
use crate::printer::{Printer, facts};

/// Verify receipts, admissions and evidence of misconduct, offline
///
/// Needs no node: a file carries the founding act of its network, whose digest names the
/// network. Says genuine (exit code 0), not genuine (65) or cannot tell (3); of several files, the
/// worst decides. Compare the network with the digest that the founders published, or give it.
///
/// With --against it asks a node, later, what became of the acts of admissions, and verifies its
/// answer: exit code 1 if an act is not final there.
///
/// Example: pacta verify receipt.json --network DIGEST
#[derive(clap::Args)]
pub struct VerifyArgs {
    /// Receipts, admissions, or evidence against validators
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Network that the receipts must be of: its published digest
    #[arg(long, value_name = "DIGEST")]
    network: Option<NetworkId>,
    /// Node to ask what became of the acts that the files say were taken
    #[arg(long, value_name = "URL")]
    against: Option<String>,
}

/// What is known of one file.
#[derive(Clone, Debug, Serialize)]
pub struct Verified {
    /// The file.
    pub file: PathBuf,
    /// `genuine`, `not_genuine` or `cannot_tell`.
    pub verdict: &'static str,
    /// Why it is not genuine, or why one cannot tell: a name for programs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// The same as a sentence that says what to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sentence: Option<String>,
    /// The network it is of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<NetworkId>,
    /// The height at which it was so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height: Option<u64>,
    /// What it proves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proves: Option<String>,
    /// Of an admission, by the node that was asked: what became of the act.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub became: Option<Became>,
    #[serde(skip)]
    exit: Exit,
}

/// Runs the command.
///
/// # Errors
/// Exit code 74 when a file cannot be read.
pub fn run(args: &VerifyArgs, printer: Printer) -> Result<Exit> {
    let verify = |file: &PathBuf| {
        let bytes = files::read(file)?;
        let mut verified = verify_bytes(file, &bytes, args.network);
        if let (Some(node), true) = (&args.against, verified.is_genuine()) {
            let became = against::ask(&Client::new(node), file, &bytes)?;
            if !became.is_final() {
                verified.exit = Exit::Failed;
            }
            verified.became = Some(became);
        }
        Ok(verified)
    };
    let results = args.files.iter().map(verify).collect::<Result<Vec<_>>>()?;
    let text = || results.iter().map(describe).collect::<Vec<_>>().join("\n");
    match results.as_slice() {
        [one] => printer.answer(one, text)?,
        several => printer.answer(&serde_json::json!({ "results": several }), text)?,
    }
    Ok(worst(&results))
}

/// Verifies one file.
///
/// # Errors
/// Exit code 74 when it cannot be read.
pub fn verify_file(file: &Path, network: Option<NetworkId>) -> Result<Verified> {
    Ok(verify_bytes(file, &files::read(file)?, network))
}

/// Verifies what a file holds, or is to hold.
pub fn verify_bytes(file: &Path, bytes: &[u8], network: Option<NetworkId>) -> Verified {
    let mut verified = Verified {
        file: file.to_owned(),
        verdict: "genuine",
        reason: None,
        sentence: None,
        network: None,
        height: None,
        proves: None,
        became: None,
        exit: Exit::Done,
    };
    match pacta_chain::verify(bytes, network) {
        Verdict::Genuine(proven) => {
            verified.network = Some(proven.network);
            verified.height = proven.height;
            verified.proves = Some(proven.to_string());
        }
        Verdict::NotGenuine(defect) => {
            (verified.verdict, verified.exit) = ("not_genuine", Exit::Defective);
            (verified.reason, verified.sentence) = (Some(defect.name()), Some(defect.to_string()));
        }
        Verdict::CannotTell(unknown) => {
            (verified.verdict, verified.exit) = ("cannot_tell", Exit::CannotTell);
            verified.reason = Some(unknown.name());
            verified.sentence = Some(unknown.to_string());
        }
    }
    verified
}

impl Verified {
    /// Whether the file is genuine.
    pub fn is_genuine(&self) -> bool {
        self.exit == Exit::Done
    }
}

/// Not genuine is worse than cannot tell.
fn worst(results: &[Verified]) -> Exit {
    let any = |exit: Exit| results.iter().any(|result| result.exit == exit);
    let worst =
        [Exit::Defective, Exit::CannotTell, Exit::Failed].into_iter().find(|exit| any(*exit));
    worst.unwrap_or(Exit::Done)
}

fn describe(result: &Verified) -> String {
    let verdict = result.verdict.replace('_', " ");
    let network = result.network.map(|network| network.to_string());
    let mut known = vec![("verdict", verdict.as_str())];
    known.extend(result.sentence.as_deref().map(|reason| ("reason", reason)));
    known.extend(result.proves.as_deref().map(|proves| ("proves", proves)));
    let became = result.became.as_ref().map(ToString::to_string);
    known.extend(became.as_deref().map(|became| ("became", became)));
    known.extend(network.as_deref().map(|network| ("network", network)));
    format!("{}\n{}", result.file.display(), facts(&known))
}
