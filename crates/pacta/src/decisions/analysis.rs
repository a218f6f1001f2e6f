//! The power indices of a game, by all cores where the work can be divided.

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use pacta_rules::Error;
use pacta_rules::power::{Game, Indices, Integration, Part};

use crate::printer::progress;

/// What repeats the draws of a sample.
const SEED: u64 = 1;
/// Most orders that are drawn where no exact method serves.
const DRAWS_MAX: u32 = 20_000;
/// Most steps of all draws together: some seconds.
const DRAWS_STEPS_MAX: u64 = 1 << 29;

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
    let draws = game.draws_within(DRAWS_STEPS_MAX).min(DRAWS_MAX);
    progress(format!("{name}: too large for exact methods; drawing {draws} orders of the members"));
    game.sampled(SEED, draws)
}

/// What an answer may still spend on analyses, in units of [`Game::effort`].
#[derive(Clone, Copy, Debug)]
pub struct Work(u64);

/// Words for what was left out since its work was spent.
pub const SPENT: &str = "the work of one answer is spent; ask about fewer outcomes";

impl Work {
    /// What a whole answer may spend: about half a minute.
    pub const OF_ANSWER: Self = Self(1 << 28);

    /// Takes so many analyses of a game, if they can be afforded.
    pub fn take(&mut self, game: &Game, times: u64) -> bool {
        match self.0.checked_sub(game.effort().saturating_mul(times)) {
            Some(left) => self.0 = left,
            None => return false,
        }
        true
    }
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

#[cfg(test)]
mod tests {
    use pacta_rules::{Electorate, Member, Rule};

    use super::*;

    /// Members each of whom weighs differently in two columns: no exact method serves.
    fn game(members: u64) -> Game {
        let member = |n: u64| Member {
            id: n.to_string(),
            count: 1,
            sets: [].into(),
            weights: [("a".to_owned(), n * n + 1), ("b".to_owned(), (members - n).pow(3))].into(),
        };
        let electorate = Electorate { members: (0..members).map(member).collect() };
        let rule = Rule::from_text("yes*a > 1/2 all*a & yes*b > 1/2 all*b").expect("a rule");
        Game::new(&rule, &electorate).expect("a game")
    }

    #[test]
    fn work_is_taken_until_it_is_spent_and_no_further() {
        let game = game(300);
        let mut work = Work(3 * game.effort());
        assert!(work.take(&game, 2) && work.take(&game, 1) && !work.take(&game, 1));
        assert!(!Work(game.effort() - 1).take(&game, 1));
    }

    #[test]
    fn a_thousand_members_are_drawn_less_often_than_a_hundred() {
        let draws = |members| game(members).draws_within(DRAWS_STEPS_MAX).min(DRAWS_MAX);
        assert_eq!(draws(50), DRAWS_MAX);
        assert!(draws(1_000) < 200, "{}", draws(1_000));
    }
}
