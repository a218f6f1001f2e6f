//! `pacta sim`: networks in one process, with faults, from seeds.

use std::path::PathBuf;

use pacta_sim::{Bug, Options, Report, Summary, VALIDATORS_MAX, VALIDATORS_MIN};
use serde_json::{Value, json};

use crate::failure::{Exit, Failure, Result};
use crate::files::{self, Access};
use crate::printer::{Printer, facts, progress};

/// Simulate networks with faults, from seeds
///
/// Runs the code of the node on a deterministic runtime: links that delay, as between capitals,
/// lose and part; crashes with torn writes; clocks that are wrong; disks that are full, fail or
/// lie; and validators that contradict themselves, withhold votes and acts, talk nonsense, replay
/// the past or propose bad blocks. States how each property fared. The same seed gives the same
/// output. The variable PACTA_LOG, for example `debug`, writes what the nodes log on standard
/// error. Exit code 1 when a property is violated.
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
    /// How many of them are hostile: less than a third, those with lying disks included; without it
    /// each seed chooses
    #[arg(long, value_name = "N")]
    hostile: Option<u32>,
    /// How many have disks that forget or misread; without it each seed chooses
    #[arg(long, value_name = "N")]
    lying_disks: Option<u32>,
    /// Let a third or more be hostile: safety may be lost, but nodes must not crash, and those who
    /// contradict themselves must be named
    #[arg(long, requires = "hostile")]
    beyond: bool,
    /// Write the evidence against validators into this folder, a file each, for `pacta verify`
    #[arg(long, value_name = "DIR")]
    evidence_dir: Option<PathBuf>,
    /// Instead, let five validators rest for so many hours, then submit rare acts before and after
    /// one of them dies; says what they wrote and how long the acts took
    #[arg(long, value_name = "HOURS",
        conflicts_with_all = [
            "seeds", "validators", "hostile", "lying_disks", "beyond", "evidence_dir",
        ],
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
    /// All validators vote for blocks whatever their clocks say
    IgnoresClocks,
}

impl SimArgs {
    /// The simulation of a seed.
    fn options(&self, seed: u64) -> Options {
        let mut options = Options::of_seed(seed);
        if let Some(validators) = self.validators {
            options = Options { validators, hostile: 0, lying_disks: 0, ..options };
        }
        if self.hostile.is_some() || self.lying_disks.is_some() {
            options.hostile = self.hostile.unwrap_or_default();
            options.lying_disks = self.lying_disks.unwrap_or_default();
        }
        options.beyond = self.beyond;
        options.bug = self.plant.map(|plant| match plant {
            Plant::ExecutesDifferently => Bug::ExecutesDifferently { validator: 2 },
            Plant::Forgives => Bug::Forgives,
            Plant::IgnoresClocks => Bug::IgnoresClocks,
        });
        options
    }

    /// Writes the evidence that a simulation found.
    fn keep_evidence(&self, report: &Report) -> Result<()> {
        let Some(folder) = &self.evidence_dir else { return Ok(()) };
        files::make_folder(folder)?;
        for (digest, bytes) in &report.evidence {
            let path = folder.join(format!("seed-{}-{digest}.json", report.seed));
            files::write(&path, bytes, Access::Everyone)?;
        }
        Ok(())
    }
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
    log();
    let first = args.seeds.map_or(args.seed, |(from, _)| from);
    args.options(first).check().map_err(Failure::usage)?;
    match args.seeds {
        None => {
            let report = pacta_sim::run(&args.options(args.seed)).map_err(Failure::failed)?;
            args.keep_evidence(&report)?;
            printer.answer(&report, || describe(&report))?;
            Ok(exit(report.holds))
        }
        Some((from, to)) => many(from..to, args, printer),
    }
}

/// Logs only if it is asked for. Times are left out, since they would differ each time.
fn log() {
    let Ok(filter) = std::env::var("PACTA_LOG") else { return };
    let subscriber = tracing_subscriber::fmt().json().without_time().with_writer(std::io::stderr);
    // A second simulation in the same process keeps the first log.
    let _ = subscriber.with_env_filter(tracing_subscriber::EnvFilter::new(filter)).try_init();
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

fn many(seeds: std::ops::Range<u64>, args: &SimArgs, printer: Printer) -> Result<Exit> {
    let mut summary = Summary::default();
    for seed in seeds {
        let report = pacta_sim::run(&args.options(seed)).map_err(Failure::failed)?;
        progress(one_line(&report));
        args.keep_evidence(&report)?;
        summary.add(&report);
    }
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
    let beyond = if report.forks.is_empty() { "" } else { ", two chains" };
    format!(
        "seed {:<6} {} validators, {} hostile, {} lying disks, {} blocks, {} final acts, \
         {} restarts, {} named{beyond}: {word}",
        report.seed,
        report.validators,
        report.hostile.len(),
        report.lies.len(),
        report.heights,
        report.acts.r#final,
        report.restarts,
        report.named.len(),
    )
}

fn describe(report: &Report) -> String {
    let pretty = |value: Value| serde_json::to_string_pretty(&value).unwrap_or_default();
    let lost = match report.forks.is_empty() {
        true => String::new(),
        false => format!("two chains {}\n", pretty(json!(report.forks))),
    };
    let named: Vec<String> = report.named.iter().map(ToString::to_string).collect();
    let named = if named.is_empty() { "nobody".to_owned() } else { named.join(", ") };
    format!(
        "{}\n\nproperties {}\ndivergences {}\n{lost}faults {}\nnamed by evidence: {named}\n\n\
         Again: {}\n",
        one_line(report),
        pretty(json!(report.properties)),
        pretty(json!(report.divergences)),
        pretty(json!(report.kinds)),
        report.replay
    )
}

fn total(summary: &Summary) -> String {
    let failed: Vec<&str> = summary.failed.iter().map(|report| report.replay.as_str()).collect();
    let failed = if failed.is_empty() { "none".to_owned() } else { failed.join("; ") };
    let mut lines: Vec<(String, String)> = [
        ("simulations", summary.seeds),
        ("blocks", summary.heights),
        ("final acts", summary.acts.r#final),
        ("restarts", summary.restarts),
        ("contradictions", summary.contradictions),
        ("split votes", summary.splits),
        ("pieces of evidence", summary.accusations),
        ("requests that full disks refused", summary.disks.full),
        ("requests that disks failed", summary.disks.failed),
        ("requests that disks forgot", summary.disks.forgotten),
        ("reads with a wrong bit", summary.disks.misread),
        ("longest recovery, ms", summary.recovered_in_ms_max),
        ("simulations with hostile validators", summary.with_hostile),
        ("simulations with two chains", summary.with_forks),
    ]
    .map(|(label, count)| (label.to_owned(), count.to_string()))
    .into();
    lines.insert(1, ("violated".to_owned(), failed));
    let with = summary.with.iter();
    lines.extend(with.map(|(kind, runs)| {
        (format!("simulations with {}", kind.replace('_', " ")), runs.to_string())
    }));
    let lines: Vec<_> =
        lines.iter().map(|(label, value)| (label.as_str(), value.as_str())).collect();
    facts(&lines)
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
