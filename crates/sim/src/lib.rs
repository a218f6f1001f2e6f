//! Seeded simulations of whole networks: the validators' own code on a deterministic runtime, over
//! links that delay, lose and part, on machines that crash and lose power, whose clocks are wrong
//! and whose disks are full, fail and lie; some validators may be hostile.
//!
//! [`run`] gives a [`Report`] that follows from its [`Options`] alone, so a seed replays what it
//! found. Start with [`properties::judge`], which says what must hold.

pub mod capitals;
mod error;
pub mod faults;
mod founding;
pub mod hostile;
pub mod machine;
mod network;
mod observe;
mod options;
pub mod panics;
pub mod properties;
pub mod quiet;
mod report;
pub mod trace;
mod votes;
mod workload;
mod world;

use std::time::Duration;

use commonware_runtime::deterministic::{Config, Runner};

pub use error::Error;
pub use options::{ACTS_MAX, Bug, Options, VALIDATORS_MAX, VALIDATORS_MIN, faulty_max};
pub use report::{Acts, Report, Summary};

use world::{Ended, World};

/// Step of the virtual clock when something is to be done at once.
const CYCLE: Duration = Duration::from_millis(1);

/// Runs one simulation.
///
/// # Errors
/// All of [`Error`]. A property that does not hold is no error: the report says it.
pub fn run(options: &Options) -> Result<Report, Error> {
    options.check()?;
    with_room(|| run_here(options))
}

/// Runs on a thread with room: all tasks of a network run on one stack, and the engine's futures
/// are large where they are compiled without optimization.
fn with_room<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    const STACK_BYTES: usize = 64 * 1024 * 1024;
    let done = std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK_BYTES);
        thread.spawn_scoped(scope, work).expect("the system gives a thread").join()
    });
    done.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

fn run_here(options: &Options) -> Result<Report, Error> {
    let mut world = World::new(options)?;
    let config = Config::new()
        .with_seed(options.seed)
        .with_cycle(CYCLE)
        .with_start_time(world.start_time())
        .with_catch_panics(true);
    let mut runner = Runner::new(config);
    loop {
        let (ended, checkpoint) = runner.start_and_recover(|context| world.live(context));
        if ended == Ended::Finished {
            return Ok(world.report(&checkpoint.auditor().state()));
        }
        runner = Runner::from(checkpoint);
    }
}

/// Runs the simulation of each seed, in order, and sums them up. `each` hears of every report.
///
/// # Errors
/// Those of [`run`].
pub fn run_many(
    simulations: impl IntoIterator<Item = Options>,
    mut each: impl FnMut(&Report),
) -> Result<Summary, Error> {
    let mut summary = Summary::default();
    for options in simulations {
        let report = run(&options)?;
        each(&report);
        summary.add(&report);
    }
    Ok(summary)
}
