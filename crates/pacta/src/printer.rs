//! What commands print: facts and the next step on standard output, progress on standard error.

use std::io::{self, IsTerminal, Write};

use serde::Serialize;

use crate::failure::{Failure, Result};

/// Prints for people, or one JSON object.
#[derive(Clone, Copy, Debug)]
pub struct Printer {
    json: bool,
}

impl Printer {
    /// Prints JSON if `json`, text for people otherwise.
    pub fn new(json: bool) -> Self {
        Self { json }
    }

    /// Prints the one answer of a command: `value` as JSON, or `text`.
    ///
    /// # Errors
    /// When standard output is closed.
    pub fn answer(&self, value: &impl Serialize, text: impl FnOnce() -> String) -> Result<()> {
        let mut answer = match self.json {
            true => serde_json::to_string_pretty(value).map_err(Failure::failed)?,
            false => text(),
        };
        if !answer.ends_with('\n') {
            answer.push('\n');
        }
        let mut output = io::stdout().lock();
        let printed = output.write_all(answer.as_bytes()).and_then(|()| output.flush());
        printed.map_err(|error| Failure::failed(format!("cannot print the answer: {error}")))
    }
}

/// Tells a person what is going on, on standard error.
pub fn progress(sentence: impl std::fmt::Display) {
    // Nobody has to be listening.
    let _ = writeln!(io::stderr(), "{sentence}");
}

/// Asks a question that is answered with yes or no; no without a terminal.
///
/// # Errors
/// Exit code 2 when nobody can be asked.
pub fn ask(question: &str) -> Result<bool> {
    if !io::stdin().is_terminal() {
        return Err(Failure::usage(format!(
            "nobody can be asked \"{question}\" here; pass --yes to answer yes"
        )));
    }
    let mut error = io::stderr();
    let asked = write!(error, "{question} [y/N] ").and_then(|()| error.flush());
    let mut answer = String::new();
    asked.and_then(|()| io::stdin().read_line(&mut answer)).map_err(Failure::failed)?;
    Ok(["y", "yes"].contains(&answer.trim().to_lowercase().as_str()))
}

/// Lines of `label  value` with the values in one column.
pub fn facts(facts: &[(&str, &str)]) -> String {
    let width = facts.iter().map(|(label, _)| label.chars().count()).max().unwrap_or(0);
    let line = |(label, value): &(&str, &str)| format!("{label:width$}  {value}\n");
    facts.iter().map(line).collect()
}
