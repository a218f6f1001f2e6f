//! `pacta power`: who has how much power under published rules.

use std::path::PathBuf;

use serde::Serialize;

use crate::decisions::power::{Powers, power};
use crate::decisions::source;
use crate::failure::{Exit, Result};
use crate::printer::Printer;

/// Compute who has how much power under a rule
///
/// Reads a list of cases of kind `index`: members and a rule. For each it prints the power indices
/// of Banzhaf and Shapley, vetoers and dummies, and in what they differ from those that the case
/// expects. Indices are exact, or stand between proved bounds, or say that they are sampled. Exits
/// with 65 if something differs or is out of form.
///
/// Example: pacta power crates/rules/data/cases/indices.json
#[derive(clap::Args)]
pub struct PowerArgs {
    /// File of cases; files of members that it names are read beside it
    file: PathBuf,
}

#[derive(Serialize)]
struct Answer<'a> {
    results: &'a [Powers],
}

/// Runs the command.
///
/// # Errors
/// Exit code 74 when a file cannot be read, 65 when one is out of form.
pub fn run(args: &PowerArgs, printer: Printer) -> Result<Exit> {
    let cases = source::cases(&args.file, false)?;
    let results =
        cases.iter().map(|case| power(case, &args.file)).collect::<Result<Vec<Powers>>>()?;
    printer.answer(&Answer { results: &results }, || {
        let words: Vec<String> = results.iter().map(Powers::words).collect();
        let differ = results.iter().filter(|result| !result.ok).count();
        let agree = results.len() - differ;
        format!("{}\n{agree} as expected, {differ} not\n", words.join("\n"))
    })?;
    Ok(if results.iter().all(|result| result.ok) { Exit::Done } else { Exit::Defective })
}
