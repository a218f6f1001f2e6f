//! How many acts a leader puts into a block: as many as are executed in a moment, so that an act
//! which comes while a block is being made does not wait long for the next one.
//!
//! Only leaders look at this; a block that holds more is as valid.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use crate::block::BLOCK_ACTS_MAX;

/// How long the execution of a block should take one validator.
pub const BLOCK_WORK: Duration = Duration::from_millis(100);
/// How much of that one actor may take. Where one alone fills all blocks, they are short, and
/// another one's act that just missed a block does not wait long.
pub const ACTOR_WORK: Duration = Duration::from_millis(25);
/// Acts of a block, at least, however slow the machine: each block has costs of its own.
pub const BLOCK_ACTS_MIN: usize = 128;
/// Acts of one actor in a block, at least.
pub const ACTOR_ACTS_MIN: usize = 32;
/// Acts from which on a block tells something.
const TELLING: usize = 32;
/// What the execution of an act is taken to cost at the start, in nanoseconds.
const ACT_NS: u64 = 100_000;

/// How fast acts are executed here.
pub struct WorkPace {
    act_ns: AtomicU64,
}

impl Default for WorkPace {
    fn default() -> Self {
        Self { act_ns: AtomicU64::new(ACT_NS) }
    }
}

impl WorkPace {
    /// Notes how long the acts of a block took. The mean moves by a quarter of the difference.
    pub fn note(&self, acts: usize, elapsed: Duration) {
        if acts < TELLING {
            return;
        }
        let took = u64::try_from(elapsed.as_nanos() / acts as u128).unwrap_or(u64::MAX / 4);
        let known = self.act_ns.load(Ordering::Relaxed);
        let mean = (known / 4).saturating_mul(3).saturating_add(took / 4);
        self.act_ns.store(mean, Ordering::Relaxed);
    }

    /// What the next block should hold, at most.
    pub fn room(&self) -> Room {
        Room {
            acts: self.acts_in(BLOCK_WORK).max(BLOCK_ACTS_MIN),
            of_actor: self.acts_in(ACTOR_WORK).max(ACTOR_ACTS_MIN),
        }
    }

    fn acts_in(&self, time: Duration) -> usize {
        let act_ns = u128::from(self.act_ns.load(Ordering::Relaxed)).max(1);
        let acts = usize::try_from(time.as_nanos() / act_ns).unwrap_or(BLOCK_ACTS_MAX);
        acts.min(BLOCK_ACTS_MAX)
    }
}

/// How many acts a block should hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Of all actors.
    pub acts: usize,
    /// Of each actor.
    pub of_actor: usize,
}

impl Room {
    /// As much as is valid.
    pub const ALL: Self = Self { acts: BLOCK_ACTS_MAX, of_actor: BLOCK_ACTS_MAX };
}
