//! `pacta replay`: histories of treaties through the law again, compared with what was published.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::failure::{Exit, Failure, Result};
use crate::network::founding::{self, Plan};
use crate::network::process::{NodeProcess, start_all, stop_all};
use crate::printer::{Printer, progress};
use crate::replay::bulk::{self, Bulk};
use crate::replay::network::{self, Answer, Place};
use crate::replay::{Comparison, History, compare, replay};

/// Replay histories of treaties, and compare the computed dates with the published ones
///
/// Reads files of data (one treaty each: final clauses, dated actions, published dates), has the
/// law compute every date again, and compares. Exits with 65 if a date differs. A file that says
/// that its list is too partial for a replay is named and not compared.
///
/// Example: pacta replay data/treaties/paris-2015.json --network --json
#[derive(clap::Args)]
pub struct ReplayArgs {
    /// Files of data
    #[arg(value_name = "FILE", required_unless_present = "bulk")]
    files: Vec<PathBuf>,
    /// Over the nodes of five States on this machine, each asked for its answer
    #[arg(long)]
    network: bool,
    /// Measure the law with a table of dated facts instead: CSV with the columns treaty_no, state,
    /// signature, ratification, state_in_force, state_end
    #[arg(long, value_name = "FILE", conflicts_with_all = ["files", "network"])]
    bulk: Option<PathBuf>,
}

/// Runs the command.
///
/// # Errors
/// Exit code 65 when a file has another form or the law refuses an act, 74 when a file cannot be
/// read, 69 when a node does not answer.
pub fn run(args: &ReplayArgs, printer: Printer) -> Result<Exit> {
    if let Some(file) = &args.bulk {
        let bulk = bulk::replay(file)?;
        printer.answer(&bulk, || bulk_text(&bulk))?;
        return Ok(match bulk.in_force_dates == bulk.in_force_dates_equal {
            true => Exit::Done,
            false => Exit::Defective,
        });
    }
    let histories: Vec<History> =
        args.files.iter().map(|file| History::read(file)).collect::<Result<_>>()?;
    let in_memory = |history| compare(history, &mut replay(history)?);
    let treaties = histories.iter().map(in_memory).collect::<Result<Vec<_>>>()?;
    let nodes = if args.network { on_nodes(&histories)? } else { Vec::new() };

    let over_nodes = nodes.iter().flat_map(|answer| &answer.treaties);
    let differences: usize =
        treaties.iter().chain(over_nodes).map(|treaty| treaty.differences.len()).sum();
    let value = answer(&treaties, &nodes, differences);
    printer.answer(&value, || text(&treaties, &nodes, differences))?;
    Ok(if differences == 0 { Exit::Done } else { Exit::Defective })
}

/// Founds a network for the replay, and removes it when all agree.
fn on_nodes(histories: &[History]) -> Result<Vec<Answer>> {
    let root = std::env::temp_dir().join(format!("pacta-replay-{}", std::process::id()));
    progress(format!("founding a network of five States in {}", root.display()));
    let found = founding::found(&root, Plan { name: "Replay".to_owned(), ..Plan::default() })?;
    let mut nodes = start_all(&found)?;
    let place = |node: &NodeProcess| {
        let (secret, author) = found.minister(&node.state)?;
        Ok(Place { state: node.state.name.clone(), client: node.client(), secret, author })
    };
    let places: Result<Vec<Place>> = nodes.iter().map(place).collect();
    let answers = places.and_then(|places| network::replay(&places, histories));
    stop_all(&mut nodes);
    if answers.is_ok() {
        fs::remove_dir_all(&root).map_err(|error| Failure::disk(&root, &error))?;
    }
    answers
}

fn answer(treaties: &[Comparison], nodes: &[Answer], differences: usize) -> Value {
    let not_replayed: Vec<Value> = treaties
        .iter()
        .filter_map(|treaty| treaty.not_replayed.as_ref().map(|why| (treaty, why)))
        .map(|(treaty, why)| json!({ "id": treaty.id, "why": why }))
        .collect();
    let mut value = json!({
        "files": treaties.len(),
        "compared": treaties.len() - not_replayed.len(),
        "party_dates": treaties.iter().map(|treaty| treaty.party_dates).sum::<usize>(),
        "withdrawal_dates": treaties.iter().map(|treaty| treaty.withdrawal_dates).sum::<usize>(),
        "differences": differences,
        "not_replayed": not_replayed,
        "ok": differences == 0,
        "treaties": treaties,
    });
    if let Some(first) = nodes.first() {
        value["network"] = json!({ "nodes": nodes, "roots": first.roots });
    }
    value
}

fn text(treaties: &[Comparison], nodes: &[Answer], differences: usize) -> String {
    let day = |date: Option<pacta_law::Date>| date.map_or("none".to_owned(), |d| d.to_string());
    let mut text = format!(
        "{:<28}{:<13}{:<13}{:>7}{:>6}  \n",
        "treaty", "trigger", "in force", "parties", "exits"
    );
    for treaty in treaties {
        let Comparison { id, trigger, entry_into_force, .. } = treaty;
        if let Some(why) = &treaty.not_replayed {
            text.push_str(&format!("{id:<28}{why}\n"));
            continue;
        }
        let (trigger, entry) = (day(*trigger), day(*entry_into_force));
        let (parties, exits) = (treaty.party_dates, treaty.withdrawal_dates);
        text.push_str(&format!("{id:<28}{trigger:<13}{entry:<13}{parties:>7}{exits:>6}\n"));
        for untested in &treaty.untested {
            text.push_str(&format!("  taken as met: {untested}\n"));
        }
        for difference in &treaty.differences {
            text.push_str(&format!("  differs: {}\n", difference.sentence()));
        }
    }
    for Answer { state, node, roots, treaties } in nodes {
        text.push_str(&format!("\n{state} ({node}), height {}\n", roots.height));
        text.push_str(&format!("  ledger   {}\n", roots.ledger_root));
        text.push_str(&format!("  journal  {}\n", roots.journal_root));
        for treaty in treaties.iter().filter(|treaty| treaty.compared) {
            text.push_str(&format!("  {:<26}{}\n", treaty.id, day(treaty.entry_into_force)));
            for difference in &treaty.differences {
                text.push_str(&format!("    differs: {}\n", difference.sentence()));
            }
        }
    }
    let compared = treaties.iter().filter(|treaty| treaty.compared).count();
    text.push_str(&match differences {
        0 => format!("\n{compared} of {} files replayed, no date differs\n", treaties.len()),
        _ => format!("\n{differences} dates differ\n"),
    });
    text
}

fn bulk_text(bulk: &Bulk) -> String {
    format!(
        "{} facts of {} treaties in {} acts: {:.2} s in the law, {:.0} facts a second\n\
         {:.2} s with reading the file and composing the acts\n\
         {} facts are imprecise (first day of the period taken), {} dates that mean \"never\" were \
         left out\n\
         {} of {} published days of entry into force came out again\n",
        bulk.facts,
        bulk.treaties,
        bulk.acts,
        bulk.seconds,
        bulk.facts_per_second,
        bulk.seconds_in_all,
        bulk.imprecise,
        bulk.left_out,
        bulk.in_force_dates_equal,
        bulk.in_force_dates,
    )
}
