//! `pacta backup` and `pacta restore`: everything of a node in one file.

use std::path::PathBuf;

use serde_json::json;

use crate::backup::{self, Checked};
use crate::failure::{Exit, Result};
use crate::printer::{Printer, facts, progress};

/// Save everything of a node in one file
///
/// Takes keys, sealed as they are, how the node is run, all final blocks with their certificates,
/// evidence and files. The node may run meanwhile. Passphrases are not in it: keep them elsewhere.
/// What the node has voted is not in it either, so a restored node abstains for about a minute, and
/// never contradicts what it said. Nor is its share of the network key, save where the network has
/// one validator alone: the restored node gets another when shares are next renewed.
///
/// Example: pacta backup mynet/armenia --out armenia.tar
#[derive(clap::Args)]
pub struct BackupArgs {
    /// Directory of the node
    dir: PathBuf,
    /// File to write; it must not exist
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// Restore a node from a backup
///
/// Checks everything first: the digest of each file, that keys and genesis belong together, and
/// that the blocks are one chain that the signatures of each epoch's validators prove final. Then
/// writes a new directory. The node that starts there executes all blocks again and compares the
/// roots; it needs no other node for that. Stop the old node for good: two with one key contradict
/// each other.
///
/// Example: pacta restore armenia.tar --dir armenia
#[derive(clap::Args)]
pub struct RestoreArgs {
    /// The backup
    file: PathBuf,
    /// Directory to write; it must not exist, or be empty
    #[arg(long, value_name = "DIR", required_unless_present = "check")]
    dir: Option<PathBuf>,
    /// Check the backup, and write nothing
    #[arg(long, conflicts_with = "dir")]
    check: bool,
}

/// Runs `pacta backup`.
///
/// # Errors
/// See [`Exit`].
pub fn back_up(args: &BackupArgs, printer: Printer) -> Result<Exit> {
    backup::write(&args.dir, &args.out)?;
    let checked = backup::check(&args.out)?;
    answer(&checked, &args.out, "backup", printer)?;
    Ok(Exit::Done)
}

/// Runs `pacta restore`.
///
/// # Errors
/// See [`Exit`].
pub fn restore(args: &RestoreArgs, printer: Printer) -> Result<Exit> {
    let checked = backup::check(&args.file)?;
    match &args.dir {
        None => answer(&checked, &args.file, "backup", printer)?,
        Some(dir) => {
            progress("the backup is good; writing");
            backup::unpack(&args.file, &checked, dir)?;
            answer(&checked, dir, "directory", printer)?;
            progress(format!(
                "next: make sure that no other node uses this key, then pacta node --dir {}",
                dir.display()
            ));
        }
    }
    Ok(Exit::Done)
}

fn answer(checked: &Checked, path: &std::path::Path, what: &str, printer: Printer) -> Result<()> {
    let standing = &checked.standing;
    let value = json!({
        what: path,
        "network": checked.head.network,
        "name": checked.head.name,
        "taken_ms": checked.head.taken_ms,
        "height": standing.height,
        "digest": standing.digest,
        "ledger_root": standing.ledger_root,
        "journal_root": standing.journal_root,
        "files": checked.files,
    });
    printer.answer(&value, || {
        let path = path.display().to_string();
        let (network, height) = (checked.head.network.to_string(), standing.height.to_string());
        let (digest, ledger) = (standing.digest.to_string(), standing.ledger_root.to_string());
        let journal = standing.journal_root.to_string();
        facts(&[
            (what, path.as_str()),
            ("network", network.as_str()),
            ("height", height.as_str()),
            ("block", digest.as_str()),
            ("ledger root", ledger.as_str()),
            ("journal root", journal.as_str()),
        ])
    })
}
