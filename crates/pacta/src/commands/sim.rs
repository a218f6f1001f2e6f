//! `pacta sim`: networks in one process, with faults, from seeds.

use pacta_sim::{Options, Report, Summary, VALIDATORS_MAX, VALIDATORS_MIN};
use serde_json::{Value, json};

use crate::failure::{Exit, Failure, Result};
use crate::printer::{Printer, facts, progress};

/// Simulate networks with faults, from seeds
///
/// Runs the code of the node on a deterministic runtime: latency, loss, partitions, crashes with
/// torn writes. States how each property fared. The same seed gives the same output. Exit code 1
/// when a property is violated.
///
/// Examples: pacta sim --seed 7 --validators 4; pacta sim --seeds 0..100
#[derive(clap::Args)]
pub struct SimArgs {
    /// Seed of one simulation
    #[arg(long, value_name = "S", default_value_t = 0)]
    seed: u64,
    /// Seeds of many simulations, the last not included, for example 0..100
    #[arg(long, value_name = "FROM..TO", value_parser = range, conflicts_with = "seed")]
    seeds: Option<(u64, u64)>,
    /// How many validators, 4 to 7; without it each seed chooses
    #[arg(long, value_name = "N",
        value_parser = clap::value_parser!(u32).range(
            i64::from(VALIDATORS_MIN)..=i64::from(VALIDATORS_MAX)))]
    validators: Option<u32>,
}

/// Runs the command.
///
/// # Errors
/// Exit code 1 when a simulation cannot be set up.
pub fn run(args: &SimArgs, printer: Printer) -> Result<Exit> {
    let options = |seed| match args.validators {
        Some(validators) => Options::new(seed, validators),
        None => Options::of_seed(seed),
    };
    match args.seeds {
        None => {
            let report = pacta_sim::run(&options(args.seed)).map_err(Failure::failed)?;
            printer.answer(&report, || describe(&report))?;
            Ok(exit(report.holds))
        }
        Some((from, to)) => many(from..to, options, printer),
    }
}

fn many(
    seeds: std::ops::Range<u64>,
    options: impl Fn(u64) -> Options,
    printer: Printer,
) -> Result<Exit> {
    let each = |report: &Report| progress(one_line(report));
    let summary = pacta_sim::run_many(seeds.map(options), each).map_err(Failure::failed)?;
    let value = answer(&summary)?;
    printer.answer(&value, || total(&summary))?;
    Ok(exit(summary.holds()))
}

fn answer(summary: &Summary) -> Result<Value> {
    let mut value = serde_json::to_value(summary).map_err(Failure::failed)?;
    if let Some(object) = value.as_object_mut() {
        object.insert("holds".to_owned(), json!(summary.holds()));
    }
    Ok(value)
}

fn exit(holds: bool) -> Exit {
    match holds {
        true => Exit::Done,
        false => Exit::Failed,
    }
}

fn one_line(report: &Report) -> String {
    let word = if report.holds { "holds" } else { "VIOLATED" };
    format!(
        "seed {:<6} {} validators, {} blocks, {} final acts, {} restarts: {word}",
        report.seed, report.validators, report.heights, report.acts.r#final, report.restarts
    )
}

fn describe(report: &Report) -> String {
    let properties = serde_json::to_string_pretty(&report.properties).unwrap_or_default();
    let divergences = serde_json::to_string_pretty(&report.divergences).unwrap_or_default();
    format!(
        "{}\n\nproperties {properties}\ndivergences {divergences}\n\nAgain: {}\n",
        one_line(report),
        report.replay
    )
}

fn total(summary: &Summary) -> String {
    let failed: Vec<&str> = summary.failed.iter().map(|report| report.replay.as_str()).collect();
    let failed = if failed.is_empty() { "none".to_owned() } else { failed.join("; ") };
    facts(&[
        ("simulations", &summary.seeds.to_string()),
        ("violated", &failed),
        ("blocks", &summary.heights.to_string()),
        ("final acts", &summary.acts.r#final.to_string()),
        ("restarts", &summary.restarts.to_string()),
        ("longest recovery, ms", &summary.recovered_in_ms_max.to_string()),
    ])
}

/// Reads `FROM..TO`, or a number of seeds from 0.
fn range(text: &str) -> std::result::Result<(u64, u64), String> {
    let form = || "seeds are written FROM..TO, for example 0..100".to_owned();
    let (from, to) = text.split_once("..").unwrap_or(("0", text));
    let number = |text: &str| text.parse::<u64>().map_err(|_| form());
    match (number(from)?, number(to)?) {
        (from, to) if from < to => Ok((from, to)),
        _ => Err(form()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_a_range_or_a_count() {
        assert_eq!(range("3..9"), Ok((3, 9)));
        assert_eq!(range("100"), Ok((0, 100)));
        for wrong in ["", "9..3", "3..3", "a..b", "-1..4"] {
            assert!(range(wrong).is_err(), "{wrong}");
        }
    }
}
