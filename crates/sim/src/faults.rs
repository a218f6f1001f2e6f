//! Which faults a simulation meets, and when: a plan made from the seed alone.

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng, seq::SliceRandom as _};
use serde::Serialize;

use crate::options::Options;

/// Keeps the plan's random numbers apart from those of acts and of the runtime.
const STREAM: u64 = 0x6661_756c_7473;
/// Length of one life, from a start of all machines to the next failure of power.
const LIFE_MS: std::ops::Range<u64> = 5_000..9_000;
/// Pause between two episodes of a life.
const PAUSE_MS: std::ops::Range<u64> = 200..1_500;
/// Duration of an episode: of a partition, or of a validator's absence.
const EPISODE_MS: std::ops::Range<u64> = 500..3_000;

/// How well messages travel between any two validators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Links {
    /// Mean delay of a message, one way.
    pub latency_ms: u64,
    /// Standard deviation of the delay.
    pub jitter_ms: u64,
    /// Messages lost of each thousand.
    pub lost_per_mille: u64,
}

impl Links {
    /// After the network has healed: nothing is lost, and delays are those of a continent.
    pub const HEALED: Self = Self { latency_ms: 30, jitter_ms: 5, lost_per_mille: 0 };
}

/// What becomes of data that was written but not yet synced when the power fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unsynced {
    /// All of it is lost.
    Lost,
    /// Of each write a beginning remains.
    Beginnings,
    /// Of each write any bytes remain, and others not.
    Scattered,
}

/// One fault, or its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "fault", rename_all = "snake_case")]
pub enum Fault {
    /// All links change their quality.
    Links(Links),
    /// Messages travel only within each of these groups of validators.
    Partition {
        /// The groups; each validator is in one.
        groups: Vec<Vec<u32>>,
    },
    /// The partition ends.
    Rejoin,
    /// A validator's process is killed; what it wrote and did not sync is lost.
    Crash {
        /// The validator, counted from 0.
        validator: u32,
    },
    /// The validator starts again on what it had synced.
    Restart {
        /// The validator, counted from 0.
        validator: u32,
    },
    /// All validators lose power at the same moment, and start again.
    PowerFailure {
        /// What becomes of data that was not synced.
        unsynced: Unsynced,
    },
    /// Links are good, nobody is apart, and all validators run: the end of all faults.
    Heal,
}

/// A fault and when it comes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Planned {
    /// Virtual milliseconds since the simulation began.
    pub at_ms: u64,
    /// What comes.
    #[serde(flatten)]
    pub fault: Fault,
}

/// The faults of a simulation in order of time. The last one is always [`Fault::Heal`].
pub fn plan(options: &Options) -> Vec<Planned> {
    let mut planner = Planner {
        rng: StdRng::seed_from_u64(options.seed ^ STREAM),
        validators: options.validators,
        at_ms: 0,
        plan: Vec::new(),
    };
    if options.faults {
        let lives = planner.rng.random_range(1..=3);
        for life in 0..lives {
            planner.live();
            if life + 1 < lives {
                let unsynced = planner.unsynced();
                planner.add(Fault::PowerFailure { unsynced });
            }
        }
    } else {
        planner.add(Fault::Links(Links::HEALED));
        planner.at_ms = LIFE_MS.start;
    }
    planner.add(Fault::Heal);
    planner.plan
}

struct Planner {
    rng: StdRng,
    validators: u32,
    at_ms: u64,
    plan: Vec<Planned>,
}

impl Planner {
    fn add(&mut self, fault: Fault) {
        self.plan.push(Planned { at_ms: self.at_ms, fault });
    }

    fn wait(&mut self, range: std::ops::Range<u64>) {
        self.at_ms += self.rng.random_range(range);
    }

    fn live(&mut self) {
        let links = self.links();
        self.add(Fault::Links(links));
        let end_ms = self.at_ms + self.rng.random_range(LIFE_MS);
        loop {
            self.wait(PAUSE_MS);
            if self.at_ms >= end_ms {
                break;
            }
            match self.rng.random_range(0..5) {
                0 => {
                    let links = self.links();
                    self.add(Fault::Links(links));
                }
                1 | 2 => self.partition(),
                _ => self.crashes(),
            }
        }
    }

    fn links(&mut self) -> Links {
        let latency_ms = self.rng.random_range(5..120);
        Links {
            latency_ms,
            jitter_ms: self.rng.random_range(0..=latency_ms / 2),
            lost_per_mille: self.rng.random_range(0..80),
        }
    }

    fn partition(&mut self) {
        let mut order = self.order();
        let cut = self.rng.random_range(1..order.len());
        let mut groups = vec![order.split_off(cut), order];
        groups.iter_mut().for_each(|group| group.sort_unstable());
        groups.sort();
        self.add(Fault::Partition { groups });
        self.wait(EPISODE_MS);
        self.add(Fault::Rejoin);
    }

    /// One or more validators crash, mostly few enough for the others to go on.
    fn crashes(&mut self) {
        let order = self.order();
        let most = if self.rng.random_range(0..4) == 0 { order.len() } else { 1 };
        let count = self.rng.random_range(1..=most);
        let crashed = &order[..count];
        for validator in crashed {
            self.add(Fault::Crash { validator: *validator });
        }
        self.wait(EPISODE_MS);
        for validator in crashed {
            self.add(Fault::Restart { validator: *validator });
        }
    }

    fn order(&mut self) -> Vec<u32> {
        let mut order: Vec<u32> = (0..self.validators).collect();
        order.shuffle(&mut self.rng);
        order
    }

    fn unsynced(&mut self) -> Unsynced {
        match self.rng.random_range(0..3) {
            0 => Unsynced::Lost,
            1 => Unsynced::Beginnings,
            _ => Unsynced::Scattered,
        }
    }
}
