//! `pacta decide`: published votes, decided again.

use std::path::PathBuf;

use serde::Serialize;

use crate::decisions::decide::{Decided, decide};
use crate::decisions::source;
use crate::failure::{Exit, Result};
use crate::printer::Printer;

/// Decide votes again, and say why and who could have changed them
///
/// Reads a list of cases of kind `vote`: members, ballots, rules. For each it prints the outcome,
/// the conditions that decided with their margins, the fewest ballots that would have turned it,
/// and whether the case expects something else. Exits with 65 if one does, or is out of form.
///
/// Example: pacta decide crates/rules/data/cases/votes.json
#[derive(clap::Args)]
pub struct DecideArgs {
    /// File of cases
    file: PathBuf,
}

#[derive(Serialize)]
struct Answer<'a> {
    results: &'a [Decided],
}

/// Runs the command.
///
/// # Errors
/// Exit code 74 when the file cannot be read, 65 when it is out of form.
pub fn run(args: &DecideArgs, printer: Printer) -> Result<Exit> {
    let cases = source::cases(&args.file, true)?;
    let results = cases.iter().map(decide).collect::<Result<Vec<Decided>>>()?;
    printer.answer(&Answer { results: &results }, || {
        let words: Vec<String> = results.iter().map(Decided::words).collect();
        let differ = results.iter().filter(|result| !result.ok).count();
        let agree = results.len() - differ;
        format!("{}\n{agree} as expected, {differ} not\n", words.join("\n"))
    })?;
    Ok(if results.iter().all(|result| result.ok) { Exit::Done } else { Exit::Defective })
}
