//! The power indices of a game, by all cores where the work can be divided.

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use pacta_rules::Error;
use pacta_rules::power::{Game, Indices, Integration, Part};

use crate::printer::progress;

/// What repeats the draws of a sample.
const SEED: u64 = 1;
/// How many orders are drawn where no exact method serves.
const DRAWS: u32 = 20_000;

/// Both indices: exactly, or between proved bounds, or else between bounds of a sample, which says
/// that it is one. Tells on standard error what takes long.
///
/// # Errors
/// If no method serves: the rule is not monotone and too large.
pub fn indices(game: &Game, name: &str) -> Result<Indices, Error> {
    if let Some(exact) = game.exact_indices() {
        return Ok(exact);
    }
    if let Some(integration) = Integration::of(game) {
        let parts = parts(&integration, name);
        if let Some(proved) = game.indices_from(&integration, &parts) {
            return Ok(proved);
        }
    }
    progress(format!("{name}: too large for exact methods; drawing {DRAWS} orders of the members"));
    game.sampled(SEED, DRAWS)
}

/// The parts of an integration, by as many threads as there are cores.
fn parts(integration: &Integration, name: &str) -> Vec<Part> {
    let points = integration.points();
    let workers = thread::available_parallelism().map_or(1, NonZero::get).min(points);
    progress(format!("{name}: integrating over {points} points with {workers} threads"));
    let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let work = || {
        let mut found = Vec::new();
        loop {
            let point = next.fetch_add(1, Ordering::Relaxed);
            if point >= points {
                return found;
            }
            found.push((point, integration.part(point)));
            let done = done.fetch_add(1, Ordering::Relaxed) + 1;
            if done * 5 / points > (done - 1) * 5 / points {
                progress(format!("{name}: {done} of {points} points"));
            }
        }
    };
    let mut found: Vec<(usize, Part)> = thread::scope(|scope| {
        let threads: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        let joined = threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        joined.flatten().collect()
    });
    found.sort_by_key(|(point, _)| *point);
    found.into_iter().map(|(_, part)| part).collect()
}
