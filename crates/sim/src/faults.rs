//! Which faults a simulation meets, and when: a plan made from the seed alone.

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng, seq::SliceRandom as _};
use serde::Serialize;

use crate::{machine::Trouble, options::Options};

/// Keeps the plan's random numbers apart from those of acts and of the runtime.
const STREAM: u64 = 0x6661_756c_7473;
/// Length of one life, from a start of all machines to the next failure of power.
const LIFE_MS: std::ops::Range<u64> = 5_000..9_000;
/// Pause between two episodes of a life.
const PAUSE_MS: std::ops::Range<u64> = 200..1_500;
/// Duration of an episode: of a partition, or of a validator's absence.
const EPISODE_MS: std::ops::Range<u64> = 500..3_000;

/// An honest clock is so far from the true time at most, in milliseconds, so that two differ by
/// less than the bound above which a vote is withheld.
pub const CLOCK_OFFSET_MS_MAX: i64 = 2_000;

/// How well messages travel between any two validators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Links {
    /// How long they travel.
    pub delay: Delay,
    /// Messages lost of each thousand.
    pub lost_per_mille: u64,
}

/// How long messages travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Delay {
    /// As long between any two.
    Even {
        /// Mean delay one way.
        latency_ms: u64,
        /// Standard deviation of the delay.
        jitter_ms: u64,
    },
    /// By the distance between the validators' capitals.
    Capitals {
        /// Length of routes in hundredths of the great circle.
        route_percent: u64,
        /// Standard deviation of the delay, in hundredths of it.
        jitter_percent: u64,
    },
}

impl Links {
    /// Good links: nothing is lost, and delays are those of a continent.
    pub const GOOD: Self =
        Self { delay: Delay::Even { latency_ms: 30, jitter_ms: 5 }, lost_per_mille: 0 };
    /// Good links between capitals.
    const GOOD_BETWEEN_CAPITALS: Self = Self {
        delay: Delay::Capitals { route_percent: 150, jitter_percent: 5 },
        lost_per_mille: 0,
    };

    /// The links of a simulation after its network has healed.
    pub fn healed(options: &Options) -> Self {
        match options.is_between_capitals() {
            true => Self::GOOD_BETWEEN_CAPITALS,
            false => Self::GOOD,
        }
    }
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
    /// A validator's clock is set.
    Clock {
        /// The validator, counted from 0.
        validator: u32,
        /// How far it is before the true time; behind, if negative.
        offset_ms: i64,
    },
    /// A validator's disk is in trouble. The node may stop.
    Disk {
        /// The validator, counted from 0.
        validator: u32,
        /// What is the matter.
        trouble: Trouble,
    },
    /// The disk is in order again. If the node has stopped, it starts again on what it had synced.
    DiskInOrder {
        /// The validator, counted from 0.
        validator: u32,
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
        options,
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
        planner.add(Fault::Links(Links::healed(options)));
        planner.at_ms = LIFE_MS.start;
    }
    planner.add(Fault::Heal);
    planner.plan
}

struct Planner<'a> {
    rng: StdRng,
    options: &'a Options,
    validators: u32,
    at_ms: u64,
    plan: Vec<Planned>,
}

impl Planner<'_> {
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
            match self.rng.random_range(0..8) {
                0 => {
                    let links = self.links();
                    self.add(Fault::Links(links));
                }
                1 | 2 => self.partition(),
                3 | 4 => self.crashes(),
                5 => self.clock(),
                _ => self.disk(),
            }
        }
    }

    fn links(&mut self) -> Links {
        let delay = if self.options.is_between_capitals() {
            Delay::Capitals {
                route_percent: self.rng.random_range(150..=200),
                jitter_percent: self.rng.random_range(0..=25),
            }
        } else {
            let latency_ms = self.rng.random_range(5..120);
            Delay::Even { latency_ms, jitter_ms: self.rng.random_range(0..=latency_ms / 2) }
        };
        Links { delay, lost_per_mille: self.rng.random_range(0..80) }
    }

    fn partition(&mut self) {
        let mut order = self.order();
        let cut = self.rng.random_range(1..order.len());
        let mut groups = vec![order.split_off(cut), order];
        if self.options.beyond {
            groups = self.halves();
        }
        groups.iter_mut().for_each(|group| group.sort_unstable());
        groups.sort();
        self.add(Fault::Partition { groups });
        self.wait(EPISODE_MS);
        self.add(Fault::Rejoin);
    }

    /// Where more are hostile than is borne, they part the others and are on both sides.
    fn halves(&self) -> Vec<Vec<u32>> {
        let half = |parity: u32| {
            let is_in = |one: &u32| self.options.is_hostile(*one) || one % 2 == parity;
            (0..self.validators).filter(is_in).collect()
        };
        vec![half(0), half(1)]
    }

    /// A clock is set, within what honest clocks may differ.
    fn clock(&mut self) {
        let validator = self.rng.random_range(0..self.validators);
        let offset_ms = self.rng.random_range(-CLOCK_OFFSET_MS_MAX..=CLOCK_OFFSET_MS_MAX);
        if !self.options.is_hostile(validator) {
            self.add(Fault::Clock { validator, offset_ms });
        }
    }

    fn disk(&mut self) {
        let validator = self.rng.random_range(0..self.validators);
        let trouble = match self.rng.random_range(0..2) {
            0 => Trouble::Full { left_bytes: self.rng.random_range(0..32 * 1024) },
            _ => Trouble::Failing { per_mille: self.rng.random_range(5..200) },
        };
        self.add(Fault::Disk { validator, trouble });
        self.wait(EPISODE_MS);
        self.add(Fault::DiskInOrder { validator });
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
