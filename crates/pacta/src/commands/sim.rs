//! `pacta sim`: networks in one process, with faults, from seeds.

use pacta_sim::{Bug, Options, Report, Summary, VALIDATORS_MAX, VALIDATORS_MIN};
use serde_json::{Value, json};

use crate::failure::{Exit, Failure, Result};
use crate::printer::{Printer, facts, progress};

/// Simulate networks with faults, from seeds
///
/// Runs the code of the node on a deterministic runtime: latency, loss, partitions, crashes with
/// torn writes, and validators that contradict themselves, withhold votes and acts, talk nonsense,
/// repeat the past or propose bad blocks. States how each property fared. The same
/// seed gives the same output. Exit code 1 when a property is violated.
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
    /// How many validators, 4 to 21; without it each seed chooses
    #[arg(long, value_name = "N",
        value_parser = clap::value_parser!(u32).range(
            i64::from(VALIDATORS_MIN)..=i64::from(VALIDATORS_MAX)))]
    validators: Option<u32>,
    /// How many of them are hostile, less than a third; without it each seed chooses
    #[arg(long, value_name = "N")]
    hostile: Option<u32>,
    /// Instead, let five validators rest for so many hours, then submit rare acts before and after
    /// one of them dies; says what they wrote and how long the acts took
    #[arg(long, value_name = "HOURS", conflicts_with_all = ["seeds", "validators", "hostile"],
        value_parser = clap::value_parser!(u32).range(1..=720))]
    quiet_hours: Option<u32>,
    /// Plant an error, to see whether it is found
    #[arg(long, value_enum, hide = true)]
    plant: Option<Plant>,
}

/// Errors that can be planted.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Plant {
    /// The third validator executes one act differently
    ExecutesDifferently,
    /// No validator keeps evidence against others
    Forgives,
}

/// Bytes that a validator at rest may write in a day.
const QUIET_BYTES_MAX: u64 = 5_000_000;
/// What one dead validator of five may add to the time until an act is final, in milliseconds.
const ADDED_MS_MAX: u64 = 1_000;

/// Runs the command.
///
/// # Errors
/// Exit code 1 when a simulation cannot be set up.
pub fn run(args: &SimArgs, printer: Printer) -> Result<Exit> {
    if let Some(hours) = args.quiet_hours {
        return quiet(args.seed, hours, printer);
    }
    let options = |seed| {
        let mut options = Options::of_seed(seed);
        if let Some(validators) = args.validators {
            options = Options { validators, hostile: 0, ..options };
        }
        options.hostile = args.hostile.unwrap_or(options.hostile);
        options.bug = args.plant.map(|plant| match plant {
            Plant::ExecutesDifferently => Bug::ExecutesDifferently { validator: 2 },
            Plant::Forgives => Bug::Forgives,
        });
        options
    };
    let first = args.seeds.map_or(args.seed, |(from, _)| from);
    options(first).check().map_err(Failure::usage)?;
    match args.seeds {
        None => {
            let report = pacta_sim::run(&options(args.seed)).map_err(Failure::failed)?;
            printer.answer(&report, || describe(&report))?;
            Ok(exit(report.holds))
        }
        Some((from, to)) => many(from..to, options, printer),
    }
}

/// Fails when the network wrote more than it may, or a death costs more than it may.
fn quiet(seed: u64, hours: u32, printer: Printer) -> Result<Exit> {
    let quiet = pacta_sim::quiet::rest(seed, hours).map_err(Failure::failed)?;
    let holds = quiet.is_whole()
        && quiet.idle_written_bytes_per_day <= QUIET_BYTES_MAX
        && quiet.added_p99_ms <= ADDED_MS_MAX
        && quiet.lost == 0;
    printer.answer(&quiet, || {
        facts(&[
            ("idle hours", &quiet.idle_hours.to_string()),
            (
                "written by each validator a day, bytes",
                &quiet.idle_written_bytes_per_day.to_string(),
            ),
            ("median until final, all alive, ms", &quiet.alive.p50_ms.to_string()),
            ("p99 until final, one dead, ms", &quiet.one_dead.p99_ms.to_string()),
            ("added by the dead one at p99, ms", &quiet.added_p99_ms.to_string()),
            ("acts lost", &quiet.lost.to_string()),
        ])
    })?;
    Ok(exit(holds))
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
        "seed {:<6} {} validators, {} hostile, {} blocks, {} final acts, {} restarts: {word}",
        report.seed,
        report.validators,
        report.hostile.len(),
        report.heights,
        report.acts.r#final,
        report.restarts
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
        ("with hostile validators", &summary.with_hostile.to_string()),
        ("contradictions", &summary.contradictions.to_string()),
        ("split votes", &summary.splits.to_string()),
        ("pieces of evidence", &summary.accusations.to_string()),
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
