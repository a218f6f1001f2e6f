//! `pacta doctor`: what is wrong with a node, and what to do about it.

use std::path::PathBuf;

use serde_json::json;

use crate::client::Client;
use crate::doctor::{Check, Checks, State, check_directory, check_nodes};
use crate::failure::{Exit, Failure, Result};
use crate::printer::Printer;

/// Find out what is wrong with a node
///
/// Of a directory: description, genesis, key and share belong together, secrets are private, the
/// disk has room, the node's votes are known, other nodes accept connections. Of nodes: they
/// answer, are ready, have the same clock, version, network, height and blocks, and prove what they
/// say. Changes nothing. Exit code 1 if something must be put right.
///
/// Example: pacta doctor mynet/armenia --url http://127.0.0.1:8001
#[derive(clap::Args)]
pub struct DoctorArgs {
    /// Directory of a node, which is asked over HTTP too
    dir: Option<PathBuf>,
    /// Address of another node; may be given several times
    #[arg(long, value_name = "URL")]
    url: Vec<String>,
}

/// Runs the command.
///
/// # Errors
/// Exit code 2 if nothing is named.
pub fn run(args: &DoctorArgs, printer: Printer) -> Result<Exit> {
    if args.dir.is_none() && args.url.is_empty() {
        return Err(Failure::usage("name the directory of a node, or --url of one"));
    }
    let mut checks = Checks::default();
    let known = args.dir.as_ref().and_then(|dir| check_directory(dir, &mut checks));
    let own = known.iter().map(|known| known.url.as_str());
    let clients: Vec<Client> =
        own.chain(args.url.iter().map(String::as_str)).map(Client::new).collect();
    check_nodes(&clients, known.as_ref().map(|known| known.network), &mut checks);
    let Checks(checks) = checks;
    let worst = checks.iter().map(|check| check.state).max().unwrap_or(State::Good);
    printer.answer(&json!({ "state": worst, "checks": checks }), || text(&checks))?;
    Ok(if worst == State::Bad { Exit::Failed } else { Exit::Done })
}

fn text(checks: &[Check]) -> String {
    let mut text = String::new();
    for check in checks {
        let mark = match check.state {
            State::Good => "good",
            State::Warning => "LOOK",
            State::Bad => "BAD ",
        };
        text.push_str(&format!("{mark}  {:<12}{}: {}\n", check.check, check.of, check.found));
        if let Some(advice) = &check.advice {
            text.push_str(&format!("      {:<12}{advice}\n", ""));
        }
    }
    text
}
