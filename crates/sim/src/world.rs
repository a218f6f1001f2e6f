//! A simulation from its first life to its report.

mod notes;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use commonware_runtime::{
    Clock as _, Supervisor as _,
    deterministic::{Context, FaultConfig, PartialWriteMode, WriteConfig},
};
use commonware_utils::Probability;
use pacta_node::types::Finalization;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

use crate::{
    capitals::{self, Capital},
    error::Error,
    faults::{CLOCK_OFFSET_MS_MAX, Fault, Links, Planned, Unsynced, plan},
    founding::Founded,
    hostile::Manners,
    machine::{Disk, Hardware, Wall},
    network::{Body, Network},
    options::Options,
    panics::Keeper,
    trace::{Hex, Trace},
    votes::Hearings,
    workload::Workload,
};

/// Keeps the random numbers of clocks apart from all others.
const STREAM: u64 = 0x636c_6f63_6b73;
/// How often nodes are looked at, faults come and acts are submitted.
const TICK: Duration = Duration::from_millis(25);
/// After this time without faults the simulation ends, whatever is still missing.
const PATIENCE_MS: u64 = 60_000;
/// A node that a lying disk has stopped starts again on an empty disk after this time.
const NEW_DISK_MS: u64 = 2_000;
/// An honest clock gains or loses at most so much: several times what a quartz clock does.
const CLOCK_DRIFT_PPM_MAX: i32 = 300;

/// How a life ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// By a failure of power.
    PowerFailure,
    /// By the end of the simulation.
    Finished,
}

/// What lasts from life to life.
pub struct World {
    options: Options,
    founded: Founded,
    hearings: Arc<Hearings>,
    hardware: Vec<Arc<Hardware>>,
    /// By validator, the number of the disk that is in use.
    disks: Vec<u32>,
    /// When validators get new disks.
    new_disks: Vec<(u64, u32)>,
    plan: Vec<Planned>,
    /// How many faults of the plan have come.
    come: usize,
    workload: Workload,
    trace: Trace,
    evidence: BTreeMap<String, Vec<u8>>,
    /// Where more are faulty than is borne, the certificates of blocks by height and digest, as
    /// they are seen: who has one of two final blocks may stop.
    certificates: BTreeMap<(u64, Hex), Finalization>,
    links: Links,
    /// By validator, the next height to look for.
    next_height: Vec<u64>,
    /// By validator, how often it was started.
    starts: Vec<u64>,
    began: Option<SystemTime>,
    healed_ms: Option<u64>,
    now_ms: u64,
    /// Validators that ended by themselves and are not started again.
    given_up: BTreeSet<u32>,
    panics: Keeper,
}

impl World {
    /// A world in which nothing has happened.
    ///
    /// # Errors
    /// [`Error::Setup`] if the network cannot be founded.
    pub fn new(options: &Options) -> Result<Self, Error> {
        let founded = Founded::new(options)?;
        let validators = options.validators as usize;
        let lies = (0..options.validators).filter_map(|one| Some((one, options.lie(one)?)));
        let trace = Trace {
            hostile: hostile(&founded),
            lies: lies.collect(),
            faults: options.faults,
            beyond: options.beyond,
            ..Trace::default()
        };
        let mut world = Self {
            workload: Workload::new(options, &founded),
            hearings: Arc::new(founded.hearings()?),
            hardware: Vec::new(),
            founded,
            disks: vec![0; validators],
            new_disks: Vec::new(),
            plan: plan(options),
            come: 0,
            trace,
            evidence: BTreeMap::new(),
            certificates: BTreeMap::new(),
            links: Links::healed(options),
            next_height: vec![1; validators],
            starts: vec![0; validators],
            began: None,
            healed_ms: None,
            now_ms: 0,
            given_up: BTreeSet::new(),
            panics: Keeper::begin(),
            options: options.clone(),
        };
        world.hardware = world.machines();
        Ok(world)
    }

    /// Honest clocks are off a little, if there are faults; some hostile ones much.
    fn machines(&self) -> Vec<Arc<Hardware>> {
        let seed = self.options.seed;
        let mut rng = StdRng::seed_from_u64(seed ^ STREAM);
        let start = self.start_time();
        let machine = |(validator, manners): (u32, &Manners)| {
            let offset_ms = rng.random_range(-CLOCK_OFFSET_MS_MAX..=CLOCK_OFFSET_MS_MAX);
            let drift_ppm = rng.random_range(-CLOCK_DRIFT_PPM_MAX..=CLOCK_DRIFT_PPM_MAX);
            let clock = match (manners.skews, self.options.faults) {
                (true, _) => {
                    Wall::new(start, manners.clock_offset_ms(seed, validator), 10 * drift_ppm)
                }
                (false, true) => Wall::new(start, offset_ms, drift_ppm),
                (false, false) => Wall::new(start, 0, 0),
            };
            let disk = Disk::new(seed, validator, self.options.lie(validator));
            Hardware::new(validator, clock, disk)
        };
        (0..).zip(self.founded.manners()).map(machine).collect()
    }

    fn capitals(&self) -> Vec<Capital> {
        match self.options.is_between_capitals() {
            true => capitals::choose(self.options.seed, self.options.validators),
            false => Vec::new(),
        }
    }

    /// When the runtime's clock begins: after the founding by all honest clocks.
    pub fn start_time(&self) -> SystemTime {
        self.founded.instant() + Duration::from_secs(60)
    }

    /// One life: from the start of all machines to a failure of power, or to the end.
    pub async fn live(&mut self, context: Context) -> Ended {
        *context.storage_fault_config().write() = self.coming_loss();
        let began = *self.began.get_or_insert(context.current());
        let since = began.duration_since(UNIX_EPOCH).unwrap_or_default();
        self.trace.began_ms = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
        let life = context.child("life");
        let mut network = Network::open(life, &self.founded, self.capitals(), self.links).await;
        for validator in 0..self.options.validators {
            self.start(&mut network, validator).await;
        }
        loop {
            context.sleep(TICK).await;
            self.read_clock(&context);
            self.look(&network).await;
            self.note_stopped(&mut network);
            if self.apply_faults(&context, &mut network).await == Some(Ended::PowerFailure) {
                self.note_shut_out(&network).await;
                return Ended::PowerFailure;
            }
            self.give_new_disks(&mut network).await;
            self.workload.act(&network, self.trace.began_ms, self.now_ms).await;
            if self.is_over() {
                break;
            }
        }
        self.note_shut_out(&network).await;
        self.gather(&context, &network).await;
        Ended::Finished
    }

    fn read_clock(&mut self, context: &Context) {
        let began = self.began.unwrap_or_else(|| context.current());
        let since = context.current().duration_since(began).unwrap_or_default();
        self.now_ms = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
    }

    /// What becomes of data that is written in this life but not synced when it ends.
    fn coming_loss(&self) -> FaultConfig {
        let next = self.plan[self.come..].iter().find_map(|planned| match planned.fault {
            Fault::PowerFailure { unsynced } => Some(unsynced),
            _ => None,
        });
        let (retained, mode) = match next {
            None | Some(Unsynced::Lost) => return FaultConfig::default(),
            Some(Unsynced::Beginnings) => ((199, 200), PartialWriteMode::Prefix),
            Some(Unsynced::Scattered) => ((1, 2), PartialWriteMode::Subset),
        };
        let rate = |(part, of)| Probability::new(part, of).expect("a part of one");
        FaultConfig::default().write(WriteConfig {
            failure_rate: rate((0, 1)),
            retention_rate: rate(retained),
            mode,
        })
    }

    async fn start(&mut self, network: &mut Network, validator: u32) {
        if self.given_up.contains(&validator) || network.runs(validator) {
            return;
        }
        let place = validator as usize;
        let honest = !self.is_hostile(validator);
        self.hearings.forget(validator);
        let body = Body {
            hardware: self.hardware[place].clone(),
            mind: self.founded.mind(validator),
            hearings: honest.then(|| self.hearings.clone()),
        };
        let setup = self.founded.setup(validator, self.disks[place]);
        let started = network.start(self.starts[place], setup, body).await;
        self.starts[place] += 1;
        if let Err(reason) = started {
            let panics = self.panics.take();
            let own = panics.into_iter().find(|panic| panic.validator == Some(validator));
            self.stopped(validator, own.map_or(reason, |panic| panic.message));
        }
    }

    /// A validator has stopped by itself. If its disk is in trouble it starts again when the disk
    /// is in order; if the disk lies, on an empty one.
    fn stopped(&mut self, validator: u32, reason: String) {
        let hardware = &self.hardware[validator as usize];
        if !hardware.is_in_trouble() && hardware.lie().is_none() {
            self.given_up.insert(validator);
            self.trace.stopped.push((Some(validator), reason));
            return;
        }
        if !hardware.is_in_trouble() {
            self.new_disks.push((self.now_ms + NEW_DISK_MS, validator));
        }
        self.trace.stopped_by_disk.push((validator, reason));
    }

    async fn give_new_disks(&mut self, network: &mut Network) {
        let due = |(at_ms, _): &mut (u64, u32)| *at_ms <= self.now_ms;
        let due: Vec<(u64, u32)> = self.new_disks.extract_if(.., due).collect();
        for (_, validator) in due {
            if !network.runs(validator) {
                self.disks[validator as usize] += 1;
                self.start(network, validator).await;
            }
        }
    }

    async fn apply_faults(&mut self, context: &Context, network: &mut Network) -> Option<Ended> {
        while let Some(planned) = self.plan.get(self.come)
            && planned.at_ms <= self.now_ms
        {
            let fault = planned.fault.clone();
            self.come += 1;
            match fault {
                Fault::Links(links) => {
                    self.links = links;
                    network.set_links(links).await;
                }
                Fault::Partition { groups } => network.part(groups).await,
                Fault::Rejoin => network.part(Vec::new()).await,
                Fault::Crash { validator } => network.crash(validator),
                Fault::Restart { validator } => self.start(network, validator).await,
                Fault::PowerFailure { .. } => return Some(Ended::PowerFailure),
                Fault::Clock { validator, offset_ms } => {
                    self.hardware[validator as usize].set_clock(context.current(), offset_ms);
                }
                Fault::Disk { validator, trouble } => {
                    self.hardware[validator as usize].set_trouble(Some(trouble));
                }
                Fault::DiskInOrder { validator } => {
                    self.hardware[validator as usize].set_trouble(None);
                    self.start(network, validator).await;
                }
                Fault::Heal => {
                    self.links = Links::healed(&self.options);
                    network.set_links(self.links).await;
                    self.healed_ms = Some(self.now_ms);
                    self.workload.measure_recovery(self.now_ms);
                }
            }
        }
        None
    }

    fn is_hostile(&self, validator: u32) -> bool {
        self.trace.hostile.contains_key(&validator)
    }

    /// Whether all is final everywhere, or is not after a long time without faults.
    fn is_over(&self) -> bool {
        let Some(healed_ms) = self.healed_ms else { return false };
        if self.now_ms > healed_ms + PATIENCE_MS || self.given_up.len() * 3 >= self.starts.len() {
            return true;
        }
        let recovered = self.trace.recovery.as_ref().is_some_and(|recovery| {
            let given_up = |validator| self.given_up.contains(validator);
            recovery.final_ms.iter().all(|(validator, at)| at.is_some() || given_up(validator))
        });
        recovered && self.workload.is_done()
    }
}

/// Hostile validators, with how they behave.
fn hostile(founded: &Founded) -> BTreeMap<u32, Manners> {
    let all = (0..).zip(founded.manners().iter().copied());
    all.filter(|(_, manners)| *manners != Manners::default()).collect()
}
