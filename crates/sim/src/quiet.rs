//! A network at rest: what it writes, and how long a rare act takes when a validator has died
//! meanwhile.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use commonware_runtime::{
    Clock as _, Metrics as _, Runner as _, Supervisor as _,
    deterministic::{Config, Context, Runner},
};
use pacta_node::Pacing;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use serde::Serialize;

use crate::{
    CYCLE,
    error::Error,
    faults::Links,
    founding::Founded,
    machine::{Disk, Hardware, Wall},
    network::{Body, Network},
    observe,
    options::Options,
    workload::Workload,
};

/// Validators of the network, of which one dies.
const VALIDATORS: u32 = 5;
/// Keeps the scenario's random numbers apart from all others.
const STREAM: u64 = 0x0071_7569_6574;
/// Acts before and after the death.
const ACTS: usize = 40;
/// Rest before an act, in seconds.
const REST_S: std::ops::Range<u64> = 60..600;
/// Rest after the death, in seconds.
const REST_AFTER_DEATH_S: u64 = 300;
/// How exactly the time until an act is final is measured.
const STEP: Duration = Duration::from_millis(2);
/// An act that is not final after this time is given up.
const PATIENCE: Duration = Duration::from_secs(60);
/// Virtual time from the start until measurement begins.
const SETTLE: Duration = Duration::from_secs(60);

/// What a network at rest does.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Quiet {
    /// Version of this form.
    pub v: u32,
    /// The seed.
    pub seed: u64,
    /// The number of validators.
    pub validators: u32,
    /// Hours without an act.
    pub idle_hours: u32,
    /// What each validator wrote in these hours, bytes that are written again counted again.
    pub idle_written_bytes: u64,
    /// The same for a day.
    pub idle_written_bytes_per_day: u64,
    /// Blocks that became final in these hours.
    pub idle_blocks: u64,
    /// Time from submission to finality at the same node, all validators alive.
    pub alive: Times,
    /// The same, after one has died while the network was at rest.
    pub one_dead: Times,
    /// What the death adds: the 99th percentile with one dead over the median with all alive.
    pub added_p99_ms: u64,
    /// Acts that did not become final.
    pub lost: u64,
}

impl Quiet {
    /// Whether everything was measured that was to be.
    pub fn is_whole(&self) -> bool {
        let measured = self.alive.acts + self.one_dead.acts + self.lost;
        measured >= 2 * ACTS as u64 && self.alive.acts > 0 && self.idle_written_bytes > 0
    }
}

/// Times in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Times {
    /// Acts that were measured.
    pub acts: u64,
    /// The median.
    pub p50_ms: u64,
    /// The 99th percentile.
    pub p99_ms: u64,
    /// The longest.
    pub max_ms: u64,
}

impl Times {
    fn of(mut times: Vec<u64>) -> Self {
        times.sort_unstable();
        let at = |percent: usize| {
            let place = (times.len() * percent).div_ceil(100).max(1) - 1;
            times.get(place).copied().unwrap_or_default()
        };
        Self { acts: times.len() as u64, p50_ms: at(50), p99_ms: at(99), max_ms: at(100) }
    }
}

/// Lets a network of five rest for some hours, then submits rare acts before and after the death of
/// a validator.
///
/// # Errors
/// [`Error::Setup`] if the network cannot be founded.
pub fn rest(seed: u64, idle_hours: u32) -> Result<Quiet, Error> {
    crate::with_room(|| {
        on_network(seed, async |mut scene, founded| {
            scene.start(&founded, seed, None).await;
            scene.play(seed, idle_hours).await
        })
    })
}

/// Lets a network of five rest for some hours, of which one says all the time that it lost its
/// votes; the blocks that became final.
///
/// # Errors
/// [`Error::Setup`] if the network cannot be founded.
pub fn rest_beside_one_that_abstains(seed: u64, idle_hours: u32) -> Result<u64, Error> {
    crate::with_room(|| {
        on_network(seed, async |mut scene, founded| {
            scene.start(&founded, seed, Some(0)).await;
            scene.idle(idle_hours).await.1
        })
    })
}

fn on_network<T>(seed: u64, play: impl AsyncFnOnce(Scene, Founded) -> T) -> Result<T, Error> {
    let options = Options { faults: false, ..Options::new(seed, VALIDATORS) };
    let mut founded = Founded::new(&options)?;
    founded.set_pacing(Pacing::operating());
    let start = founded.instant() + Duration::from_secs(1);
    let config = Config::new().with_seed(seed).with_cycle(CYCLE).with_start_time(start);
    let workload = Workload::new(&options, &founded);
    Ok(Runner::new(config).start(|context| async move {
        let rng = StdRng::seed_from_u64(seed ^ STREAM);
        let network = Network::open(context.child("life"), &founded, Vec::new(), Links::GOOD).await;
        play(Scene { context, network, workload, rng, heard: 0, lost: 0 }, founded).await
    }))
}

struct Scene {
    context: Context,
    network: Network,
    workload: Workload,
    rng: StdRng,
    heard: u64,
    lost: u64,
}

impl Scene {
    /// Starts all validators; one of them may say all the time that it abstains.
    async fn start(&mut self, founded: &Founded, seed: u64, abstaining: Option<u32>) {
        for validator in 0..VALIDATORS {
            let clock = Wall::new(self.context.current(), 0, 0);
            let hardware = Hardware::new(validator, clock, Disk::new(seed, validator, None));
            let body = Body { hardware, mind: None, hearings: None };
            let mut setup = founded.setup(validator, 0);
            setup.errs.abstains = abstaining == Some(validator);
            let started = self.network.start(0, setup, body).await;
            started.expect("a new validator starts on an empty directory");
        }
        self.context.sleep(SETTLE).await;
        let _ = self.acts(1).await; // founds the ledger
        self.context.sleep(SETTLE).await;
    }

    /// What each validator wrote and how many blocks became final while nothing was to do.
    async fn idle(&self, hours: u32) -> (u64, u64) {
        let (bytes, height) = (self.written_bytes(), self.height());
        self.context.sleep(Duration::from_secs(u64::from(hours) * 3_600)).await;
        let written = (self.written_bytes() - bytes) / u64::from(VALIDATORS);
        (written, self.height() - height)
    }

    async fn play(&mut self, seed: u64, idle_hours: u32) -> Quiet {
        let (written, idle_blocks) = self.idle(idle_hours).await;
        let alive = Times::of(self.acts(ACTS).await);
        let rest = self.rng.random_range(REST_S);
        self.context.sleep(Duration::from_secs(rest)).await;
        self.network.crash(self.rng.random_range(0..VALIDATORS));
        self.context.sleep(Duration::from_secs(REST_AFTER_DEATH_S)).await;
        let one_dead = Times::of(self.acts(ACTS).await);
        Quiet {
            v: 1,
            seed,
            validators: VALIDATORS,
            idle_hours,
            idle_written_bytes: written,
            idle_written_bytes_per_day: written * 24 / u64::from(idle_hours.max(1)),
            idle_blocks,
            alive,
            one_dead,
            added_p99_ms: one_dead.p99_ms.saturating_sub(alive.p50_ms),
            lost: self.lost,
        }
    }

    /// Submits acts, each after a rest and to any validator that runs; how long each took.
    async fn acts(&mut self, count: usize) -> Vec<u64> {
        let mut times = Vec::with_capacity(count);
        for _ in 0..count {
            let running = self.network.running();
            let validator = running[self.rng.random_range(0..running.len())];
            self.hear(validator).await;
            let began = self.context.current();
            let Some(act) = self.workload.one_more(ms(began)) else {
                self.lost += 1;
                continue;
            };
            let id = act.id().to_string();
            let handle = self.network.handle(validator).expect("it runs").clone();
            let taken = handle.submit(act.bytes().to_vec()).await.is_ok();
            while taken && !self.workload.is_final(&id) {
                if self.context.current() > began + PATIENCE {
                    break;
                }
                self.context.sleep(STEP).await;
                self.hear(validator).await;
            }
            match self.workload.is_final(&id) {
                true => times.push(ms(self.context.current()) - ms(began)),
                false => self.lost += 1,
            }
            let rest = self.rng.random_range(REST_S);
            self.context.sleep(Duration::from_secs(rest)).await;
        }
        times
    }

    /// Lets the States know what is final at a validator.
    async fn hear(&mut self, validator: u32) {
        while let Some(block) = observe::block(&self.network, validator, self.heard + 1).await {
            self.workload.heard(&block);
            self.heard += 1;
        }
    }

    fn height(&self) -> u64 {
        let heights = (0..VALIDATORS).filter_map(|one| self.network.handle(one));
        heights.map(|handle| handle.status().height).max().unwrap_or_default()
    }

    /// All that was handed to the storage of all validators, by the runtime's own count.
    fn written_bytes(&self) -> u64 {
        let metrics = self.context.encode();
        let counts = metrics.lines().filter(|line| line.contains("storage_write_bytes_total"));
        let counts = counts.filter(|line| !line.starts_with('#'));
        counts.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum()
    }
}

fn ms(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
