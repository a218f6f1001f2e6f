//! The ceremony by which founders make the network key together, so that nobody holds all shares.
//!
//! [`hold`] connects to the other founders, calls the roll until all hear all, runs the engine's
//! ceremony on a short chain of its own, compares what came of it with all others, and stays until
//! all have written it down. Stopped at any point and called again with the same directory, it goes
//! on. A share that became public in the ceremony founds nothing: another attempt is needed.

use std::{
    any::Any,
    net::SocketAddr,
    num::{NonZeroU32, NonZeroU64, NonZeroUsize},
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    sync::Arc,
    thread,
    time::Duration,
};

use commonware_codec::Encode as _;
use commonware_cryptography::{
    Signer as _,
    bls12381::{
        dkg::feldman_desmedt::Reveal,
        primitives::{
            sharing::{Mode, ModeVersion},
            variant::MinSig,
        },
    },
};
use commonware_glue::dkg::{
    bootstrap::{self, Completion, Engine, max_payload_size},
    network::{AddressableManager, Addresses},
    types::EpochInfo,
};
use commonware_macros::select;
use commonware_p2p::{
    Address, AddressableManager as _, Receiver, Sender,
    authenticated::lookup::{self, Network},
    max_message_size,
    utils::mux::{self, Muxer, SubReceiver, SubSender},
};
use commonware_parallel::Sequential;
use commonware_runtime::{Quota, Runner as _, Supervisor as _, tokio};
use commonware_utils::{
    NZDuration, NZU32, NZU64, NZUsize, TryCollect as _, channel::oneshot, ordered::Map,
};

use crate::{
    clerk::Clerk,
    databases::{self, JOURNAL_BUFFER_BYTES, REPLAY_BUFFER_BYTES},
    dealer::NetworkShare,
    directory::Directory,
    error::Error,
    network::{
        STACK_BYTES, THREAD, check_address, connections, keep_panics_off_the_terminal, message,
    },
    rollcall::{CALL_BYTES_MAX, Digest, Roll, Standing},
    types::{ValidatorKey, ValidatorSecret},
    vault::{Kept, Vault},
};

/// A founder, as all others know it.
#[derive(Clone, Debug)]
pub struct Founder {
    /// Its name, for messages.
    pub name: String,
    /// Its validator's key.
    pub key: ValidatorKey,
    /// Where it is reached.
    pub address: SocketAddr,
}

/// What a founder brings to the ceremony.
#[derive(Clone)]
pub struct Ceremony {
    /// Where this attempt is kept; made if absent.
    pub directory: PathBuf,
    /// This founder's key.
    pub key: ValidatorSecret,
    /// The address to listen on.
    pub listen: SocketAddr,
    /// All founders, this one included, in the order of the plan.
    pub founders: Vec<Founder>,
    /// Digest of the plan.
    pub plan: Digest,
    /// The attempt, from 1.
    pub attempt: NonZeroU32,
    /// The network that this founder has founded before, if it only stays for the others.
    pub founded: Option<Digest>,
    /// Threads that do the work.
    pub threads: usize,
}

/// Whom the ceremony serves: it hears how things stand, and founds the network.
pub trait Desk: Send {
    /// Hears what is new.
    fn tell(&mut self, news: News<'_>);
    /// Makes the network of what came of the ceremony, and says its digest. Nothing is written.
    ///
    /// # Errors
    /// Why that cannot be done.
    fn found(&mut self, made: &Made) -> Result<Digest, Error>;
    /// Writes the network down, since all founders have the same one.
    ///
    /// # Errors
    /// Why that cannot be done.
    fn write(&mut self) -> Result<(), Error>;
}

/// What is new in a ceremony.
#[derive(Clone, Copy, Debug)]
pub enum News<'a> {
    /// How the founders stand, in the order of the plan, and which of them have finished.
    Roll(&'a [(Standing, bool)]),
    /// All hear all, and the ceremony begins.
    Begun,
    /// Nothing came of the ceremony that may be used; the others may still need this founder's
    /// blocks to learn it.
    Void,
    /// The network key is made, and this founder has its share.
    Made,
}

/// What came of a ceremony.
pub struct Made {
    /// The network key: 96 bytes, compressed, in the second group.
    pub network_key: Vec<u8>,
    /// What all know of the sharing: the encoded public output of the ceremony.
    pub output: Vec<u8>,
    /// This founder's share.
    pub share: NetworkShare,
}

/// Blocks of the ceremony's chain, at least. The first half is for dealing, and must be long enough
/// for a founder that starts again in the middle.
const BLOCKS_MIN: u64 = 128;
const NAMESPACE: &str = "pacta-founding-1";
const ROLL: u64 = 0;
const ROLL_CALLS: Quota = Quota::per_second(NZU32!(32));
const CHANNEL: Quota = Quota::per_second(NZU32!(128));
/// Votes, certificates, requests for certificates, requests for blocks, blocks, dealings.
const CHANNELS: [u64; 6] = [1, 2, 3, 4, 5, 6];
const MAILBOX: NonZeroUsize = NZUsize!(256);
const FETCH_TIMEOUT: Duration = Duration::from_secs(2);
const FETCH_RETRY: Duration = Duration::from_millis(100);
const BLOCKS_PER_FILE: NonZeroU64 = NZU64!(1024);

type Info = EpochInfo<MinSig, ValidatorKey, Addresses<ValidatorKey>>;
type Outcome = oneshot::Receiver<Completion<MinSig, Addresses<ValidatorKey>>>;
type Connections = (lookup::Oracle<ValidatorKey>, Vec<Pair>);
type Pair = (lookup::Sender<ValidatorKey, tokio::Context>, lookup::Receiver<ValidatorKey>);

/// Holds the ceremony and founds the network; returns when no other founder needs this one.
///
/// # Errors
/// [`Error::Founders`] when the founders differ, [`Error::AnotherAttempt`] when the ceremony gave
/// nothing that may be used, the errors of the desk, and those of a directory or an address.
pub fn hold(ceremony: Ceremony, vault: Arc<dyn Vault>, desk: &mut dyn Desk) -> Result<(), Error> {
    keep_panics_off_the_terminal();
    let marker = format!("{}-{}", pacta_law::Digest(ceremony.plan), ceremony.attempt);
    let directory = Directory::open(&ceremony.directory, &marker)?;
    check_address(ceremony.listen)?;
    let attempt = ceremony.attempt.get();
    let runtime = tokio::Config::new()
        .with_worker_threads(ceremony.threads.max(1))
        .with_max_blocking_threads(16)
        .with_tcp_nodelay(Some(true))
        .with_storage_directory(directory.store());
    let run = || {
        catch_unwind(AssertUnwindSafe(|| {
            tokio::Runner::new(runtime)
                .start(|context| Box::pin(attend(context, ceremony, vault, desk)))
        }))
    };
    let ended = thread::scope(|scope| {
        thread::Builder::new()
            .name(THREAD.into())
            .stack_size(STACK_BYTES)
            .spawn_scoped(scope, run)
            .map(|thread| thread.join().unwrap_or_else(Err))
    });
    match ended.map_err(|error| Error::Stopped(error.to_string()))? {
        Ok(ended) => ended,
        Err(panic) => Err(explain(&directory, attempt, panic.as_ref())),
    }
}

/// What to say of an engine that stopped.
fn explain(directory: &Directory, attempt: u32, panic: &(dyn Any + Send)) -> Error {
    match directory.explain(&message(panic)) {
        Error::DamagedDirectory { reason, .. } => Error::AnotherAttempt {
            reason: format!("what this founder kept of the ceremony cannot be used ({reason})"),
            attempt: attempt.saturating_add(1),
        },
        other => other,
    }
}

async fn attend(
    context: tokio::Context,
    ceremony: Ceremony,
    vault: Arc<dyn Vault>,
    desk: &mut dyn Desk,
) -> Result<(), Error> {
    let me = ceremony.key.public_key();
    let place = ceremony.founders.iter().position(|founder| founder.key == me);
    let place = place.ok_or_else(|| Error::Founders("the plan does not name this key".into()))?;
    let count = ceremony.founders.len();
    let addresses: Map<ValidatorKey, Address> = ceremony
        .founders
        .iter()
        .map(|founder| (founder.key.clone(), Address::from(founder.address)))
        .try_collect()
        .map_err(|_| Error::Founders("the plan names a key twice".into()))?;
    let (oracle, mut pairs) = connect(&context, &ceremony, addresses.clone());
    let called = pairs.remove(0);
    let roll = Roll::new(place, count, ceremony.plan, ceremony.attempt);
    let mut clerk = Clerk::new(context.child("roll"), roll, &ceremony.founders, called, desk);
    if let Some(network) = ceremony.founded {
        clerk.roll.begin();
        clerk.roll.agree(network);
        return clerk.finish().await;
    }
    clerk.until(Roll::all_ready).await?;
    clerk.roll.begin();
    clerk.desk.tell(News::Begun);
    let directory = Addresses::from(addresses);
    let kept = Kept(vault);
    let outcome = begin(&context, &ceremony, directory, oracle, pairs, kept.clone()).await?;
    let outcome = select! {
        outcome = outcome => outcome,
        ended = clerk.until(|_, _| false) => return ended,
    };
    let outcome = outcome.map_err(|_| Error::Stopped("the ceremony ended by itself".into()))?;
    let made = match judge(&ceremony, outcome.info, &kept) {
        Ok(made) => made,
        Err(error) => {
            clerk.desk.tell(News::Void);
            clerk.give_up().await?;
            return Err(error);
        }
    };
    clerk.desk.tell(News::Made);
    let network = clerk.desk.found(&made)?;
    clerk.roll.agree(network);
    clerk.until(|roll, _| roll.all_agreed()).await?;
    clerk.desk.write()?;
    clerk.finish().await
}

/// Connects to the other founders: the roll's channel, then those of the ceremony.
fn connect(
    context: &tokio::Context,
    ceremony: &Ceremony,
    addresses: Map<ValidatorKey, Address>,
) -> Connections {
    let count = NonZeroUsize::new(ceremony.founders.len()).unwrap_or(NonZeroUsize::MIN);
    let participants = NonZeroU32::try_from(count).unwrap_or(NonZeroU32::MAX);
    let ceremony_bytes_max =
        max_payload_size::<MinSig, Addresses<ValidatorKey>>(participants, ModeVersion::v0());
    let message_bytes_max = max_message_size(&[mux::prefixed(ceremony_bytes_max), CALL_BYTES_MAX]);
    // The same for every plan, so that founders with another plan can be named.
    let settings =
        connections(ceremony.key.clone(), NAMESPACE, ceremony.listen, count, message_bytes_max);
    let (mut network, mut oracle) = Network::new(context.child("network"), settings);
    let mut pairs = vec![network.register(ROLL, ROLL_CALLS)];
    pairs.extend(CHANNELS.map(|channel| network.register(channel, CHANNEL)));
    let _ = oracle.track(0, addresses);
    network.start();
    (oracle, pairs)
}

/// Starts the engine's ceremony.
async fn begin(
    context: &tokio::Context,
    ceremony: &Ceremony,
    directory: Addresses<ValidatorKey>,
    oracle: lookup::Oracle<ValidatorKey>,
    pairs: Vec<Pair>,
    kept: Kept,
) -> Result<Outcome, Error> {
    let participants = directory.clone().into_inner().keys().clone();
    let name = pacta_law::Digest::of(&[
        NAMESPACE.as_bytes(),
        &ceremony.plan,
        &ceremony.attempt.get().to_be_bytes(),
    ]);
    let count = u64::try_from(ceremony.founders.len()).unwrap_or(u64::MAX);
    let blocks = BLOCKS_MIN.max(count.saturating_mul(4));
    let engine = Engine::<_, MinSig, _, _, _, _, _>::new(
        context.child("ceremony"),
        bootstrap::Config {
            signer: ceremony.key.clone(),
            manager: AddressableManager::new(oracle.clone()),
            blocker: oracle,
            secret_store: kept,
            strategy: Sequential,
            // It lives as long as the process, which holds one ceremony.
            namespace: format!("{NAMESPACE}-{name}").leak().as_bytes(),
            sharing_mode: Mode::NonZeroCounter,
            reveal: Reveal::V1,
            max_supported_mode: ModeVersion::v0(),
            partition_prefix: "ceremony".into(),
            page_cache: databases::page_cache(),
            write_buffer: JOURNAL_BUFFER_BYTES,
            replay_buffer: REPLAY_BUFFER_BYTES,
            mailbox_size: MAILBOX,
            fetch_timeout: NZDuration!(FETCH_TIMEOUT),
            fetch_retry_delay: FETCH_RETRY,
            items_per_section: BLOCKS_PER_FILE,
            participants,
            directory,
            blocks_per_epoch: NonZeroU64::new(blocks).unwrap_or(NonZeroU64::MIN),
        },
    );
    // Messages of another plan or attempt are dropped before the engine would hold them against
    // who sent them.
    let lane = u64::from_be_bytes(std::array::from_fn(|place| name.0[place]));
    let mut lanes = Vec::new();
    for pair in pairs {
        lanes.push(lane_of(context, pair, lane).await?);
    }
    let Ok([votes, certificates, requests, backfill, blocks, dealings]) =
        <[_; CHANNELS.len()]>::try_from(lanes)
    else {
        return Err(Error::Stopped("a channel is missing".into()));
    };
    let (_, outcome) = engine.start(votes, certificates, requests, backfill, blocks, dealings);
    Ok(outcome)
}

async fn lane_of<S, R>(
    context: &tokio::Context,
    (sender, receiver): (S, R),
    lane: u64,
) -> Result<(SubSender<S>, SubReceiver<ValidatorKey>), Error>
where
    S: Sender<PublicKey = ValidatorKey>,
    R: Receiver<PublicKey = ValidatorKey>,
{
    let (muxer, mut handle) = Muxer::new(context.child("lane"), sender, receiver);
    muxer.start();
    handle.register(lane).await.map_err(|error| Error::Stopped(error.to_string()))
}

/// What may be used of a ceremony.
fn judge(ceremony: &Ceremony, info: Option<Info>, kept: &Kept) -> Result<Made, Error> {
    let attempt = ceremony.attempt.get().saturating_add(1);
    let again = |reason: String| Error::AnotherAttempt { reason, attempt };
    let Some(info) = info else {
        return Err(again("the ceremony failed: too few founders dealt shares to enough".into()));
    };
    let public: Vec<_> = ceremony
        .founders
        .iter()
        .filter(|founder| info.output.revealed().position(&founder.key).is_some())
        .map(|founder| founder.name.as_str())
        .collect();
    if !public.is_empty() {
        return Err(again(format!(
            "the share of {} became public, since it was away during the ceremony, and must not \
             be used",
            public.join(" and of ")
        )));
    }
    let lost = || again("this founder did not get its share".into());
    let share = kept.share().ok_or_else(lost)?;
    let output = info.output.encode().to_vec();
    let share = NetworkShare::new(info.output, share);
    let me = ceremony.key.public_key();
    share.share_of(&me, share.output().players()).map_err(|_| lost())?;
    Ok(Made { network_key: share.network_key(), output, share })
}
