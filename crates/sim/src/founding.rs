//! The network that is simulated: States with their keys, each with one validator.

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use commonware_cryptography::Signer as _;
use ed25519_consensus::{SigningKey, VerificationKeyBytes};
use pacta_law::{
    ActorId, Date, Founding, Genesis, GenesisBuilder, KeyId, MandateId, NetworkKey, PublicKey,
    Signature,
    actor::{ActorKind, Office},
    network::threshold,
};
use pacta_node::{
    NetworkShare, Pacing, deal,
    engine::{Errs, Setup, committee},
    peers::Given,
    types::{ValidatorKey, ValidatorSecret},
    validator_secret,
    voting::{Marks, Voting},
};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};

use crate::{
    error::Error,
    hostile::{Manners, Mind, Twins},
    options::{Bug, Options, VALIDATORS_MAX},
    votes::Hearings,
    workload,
};

/// Keeps the keys' random numbers apart from those of faults and of acts.
const STREAM: u64 = 0x6b65_7973;
/// Names of States that do not exist, one for each validator and one more.
const STATES: [&str; VALIDATORS_MAX as usize + 1] = [
    "Ruritania",
    "Borduria",
    "Syldavia",
    "Genovia",
    "Zubrowka",
    "Latveria",
    "Krakozhia",
    "Sokovia",
    "Graustark",
    "Freedonia",
    "Elbonia",
    "Grand Fenwick",
    "Molvania",
    "Wadiya",
    "Zamunda",
    "San Escobar",
    "Vulgaria",
    "Panem",
    "Orsinia",
    "Lugash",
    "Kyrat",
    "Tomania",
];
/// The day on which every simulation begins.
const FIRST_DAY: (u16, u8, u8) = (2027, 3, 1);

/// Difference between a block's instant and a voter's clock above which it withholds its vote.
pub const CLOCK_DIFFERENCE: Duration = Duration::from_secs(5);

/// The time limits of simulated validators: a crashed leader costs little. By every other seed a
/// network at rest makes a block each second or two; by the others hardly any, as in operation.
fn pacing(seed: u64) -> Pacing {
    let brisk = seed.is_multiple_of(2);
    Pacing {
        heartbeat: if brisk { Duration::from_millis(1_500) } else { Duration::from_secs(3_600) },
        leader: Duration::from_secs(2),
        certification: Duration::from_secs(3),
        skip: Duration::from_secs(5),
        retry: Duration::from_millis(500),
        clock_difference: CLOCK_DIFFERENCE,
        gossip_again: Duration::from_millis(500),
        epoch_gap: Duration::from_millis(200),
        out_of_order: Duration::from_secs(10),
    }
}

/// The last validators are hostile, as many as are asked for. Where they are more than is borne,
/// they conspire by every second seed.
fn manners(options: &Options) -> Vec<Manners> {
    let conspire = options.beyond && options.seed.is_multiple_of(2);
    (0..options.validators)
        .map(|validator| match options.is_hostile(validator) {
            true if conspire => Manners { forks: true, ..Manners::default() },
            true => Manners::of(options.seed, validator),
            false => Manners::default(),
        })
        .collect()
}

/// Somebody who signs acts.
#[derive(Clone)]
pub struct Signer {
    /// On whose behalf.
    pub actor: ActorId,
    /// By which mandate.
    pub mandate: MandateId,
    /// The key.
    pub key: KeyId,
    secret: SigningKey,
}

impl Signer {
    /// The public key.
    pub fn public(&self) -> PublicKey {
        public(&self.secret)
    }

    /// Signs a message.
    pub fn sign(&self, message: &[u8]) -> Signature {
        Signature(self.secret.sign(message).to_bytes())
    }
}

/// A founded network.
pub struct Founded {
    /// What nodes begin with.
    pub genesis: Genesis,
    /// Who signs acts; one more than there are validators.
    pub signers: Vec<Signer>,
    validators: Vec<ValidatorSecret>,
    shares: Vec<NetworkShare>,
    bug: Option<(Bug, pacta_law::ActId)>,
    pacing: Pacing,
    /// By validator, the mind of a hostile one.
    minds: Vec<Option<Arc<Mind>>>,
    manners: Vec<Manners>,
}

fn public(secret: &SigningKey) -> PublicKey {
    PublicKey(VerificationKeyBytes::from(secret).to_bytes())
}

/// A fresh key.
pub fn secret(rng: &mut StdRng) -> SigningKey {
    let mut seed = [0; 32];
    rng.fill_bytes(&mut seed);
    SigningKey::from(seed)
}

impl Founded {
    /// Founds the network of a simulation.
    ///
    /// # Errors
    /// [`Error::Setup`].
    pub fn new(options: &Options) -> Result<Self, Error> {
        let setup = |error: &dyn std::fmt::Display| Error::Setup(error.to_string());
        let mut rng = StdRng::seed_from_u64(options.seed ^ STREAM);
        let (year, month, day) = FIRST_DAY;
        let day = Date::new(year, month, day).map_err(|error| setup(&error))?;
        let mut builder = GenesisBuilder::new("Simulation", day).map_err(|error| setup(&error))?;
        let (mut signers, mut keys) = (Vec::new(), Vec::new());
        let count = options.validators as usize;
        for (index, name) in STATES.iter().enumerate().take(count + 1) {
            let secret_key = secret(&mut rng);
            let of_key = public(&secret_key);
            let (actor, mandate) = builder
                .actor(ActorKind::State, name, of_key, Office::ForeignMinister)
                .map_err(|error| setup(&error))?;
            let key = KeyId::of(&of_key);
            signers.push(Signer { actor, mandate, key, secret: secret_key });
            if index < count {
                let node = secret(&mut rng);
                let address = format!("127.0.0.1:{}", 7_000 + index);
                builder.validator(actor, public(&node), &address);
                keys.push(validator_secret(node.as_bytes()).map_err(|error| setup(&error))?);
            }
        }
        let mut dealt = deal(&mut rng, keys.iter().map(ValidatorSecret::public_key))
            .map_err(|error| setup(&error))?;
        let network_key: [u8; 96] = dealt
            .network_key
            .as_slice()
            .try_into()
            .map_err(|_| Error::Setup("the network key has another length".into()))?;
        let ceremony = commonware_formatting::hex(&dealt.ceremony);
        let genesis = builder
            .found(NetworkKey(network_key), true, epoch_blocks(count), Some(ceremony))
            .map_err(|error| setup(&error))?;
        let shares: Vec<_> =
            keys.iter().filter_map(|key| dealt.shares.remove(&key.public_key())).collect();
        let pacing = pacing(options.seed);
        let manners = manners(options);
        let minds = keys.iter().map(|_| None).collect();
        let mut founded =
            Self { genesis, signers, validators: keys, shares, bug: None, pacing, minds, manners };
        founded.give_minds(options.seed);
        if let Some(bug) = options.bug {
            let act = workload::first_act(&founded).map_err(|error| setup(&error))?;
            founded.bug = Some((bug, act.id()));
        }
        Ok(founded)
    }

    /// The founding act.
    pub fn founding(&self) -> &Founding {
        &self.genesis.founding
    }

    /// The validators' keys, in the order in which reports count them.
    pub fn validator_keys(&self) -> Vec<ValidatorKey> {
        self.validators.iter().map(ValidatorSecret::public_key).collect()
    }

    /// The moment of the founding.
    pub fn instant(&self) -> SystemTime {
        let (year, month, day) = FIRST_DAY;
        let start = Date::new(year, month, day).ok().and_then(Date::start);
        UNIX_EPOCH + Duration::from_millis(start.map_or(0, |instant| instant.ms()))
    }

    fn give_minds(&mut self, seed: u64) {
        let is_hostile = |place: &usize| self.manners[*place] != Manners::default();
        let (hostile, honest): (Vec<_>, Vec<_>) = (0..self.manners.len()).partition(is_hostile);
        let keys = |places: Vec<usize>| {
            places.into_iter().map(|place| self.validators[place].public_key()).collect::<Vec<_>>()
        };
        let twins = Arc::new(Twins::new(keys(hostile), keys(honest)));
        for (index, manners) in self.manners.iter().enumerate() {
            if *manners != Manners::default() {
                let twins = manners.forks.then(|| twins.clone());
                let mind = Mind::new(seed, index as u32, *manners, twins);
                self.minds[index] = Some(Arc::new(mind));
            }
        }
    }

    /// Sets the time limits of all validators.
    pub fn set_pacing(&mut self, pacing: Pacing) {
        self.pacing = pacing;
    }

    /// The mind of a validator, if it is hostile.
    pub fn mind(&self, validator: u32) -> Option<Arc<Mind>> {
        self.minds[validator as usize].clone()
    }

    /// How each validator behaves.
    pub fn manners(&self) -> &[Manners] {
        &self.manners
    }

    /// Listens to what honest validators hear hostile ones say.
    ///
    /// # Errors
    /// [`Error::Setup`].
    pub fn hearings(&self) -> Result<Hearings, Error> {
        let committee =
            committee(&self.genesis).map_err(|error| Error::Setup(error.to_string()))?;
        let keys = self.validator_keys().into_iter().zip(0..);
        let is_hostile =
            |(_, place): &(ValidatorKey, u32)| self.manners[*place as usize] != Manners::default();
        Ok(Hearings::new(self.founding().clone(), committee, keys.filter(is_hostile).collect()))
    }

    /// What a validator is started with, on the first of its disks or a later one.
    pub fn setup(&self, validator: u32, disk: u32) -> Setup {
        let index = validator as usize;
        let manners = self.manners[index];
        let executes_differently = match self.bug {
            Some((Bug::ExecutesDifferently { validator: faulty }, act)) if faulty == validator => {
                Some(act)
            }
            _ => None,
        };
        let errs = Errs {
            executes_differently,
            wrong_roots: manners.wrong_roots,
            unfit_acts: manners.unfit_acts,
            censors: manners.censors,
            forgives: matches!(self.bug, Some((Bug::Forgives, _))),
            abstains: false,
            ignores_clocks: matches!(self.bug, Some((Bug::IgnoresClocks, _))),
        };
        Setup {
            genesis: self.genesis.clone(),
            key: self.validators[index].clone(),
            share: Some(self.shares[index].clone()),
            given: Given::default(),
            pacing: self.pacing,
            prefix: format!("validator-{validator}-disk-{disk}"),
            voting: Voting::new(Marks::default()),
            errs,
        }
    }
}

/// Blocks of an epoch: as few as a ceremony among so many validators needs, so that a run of some
/// dozen blocks sees several.
fn epoch_blocks(validators: usize) -> u64 {
    2 * (threshold(validators) as u64 + 2)
}
