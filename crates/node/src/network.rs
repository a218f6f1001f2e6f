//! A validator as a process runs it: tokio, TCP, a data directory.

use std::{
    any::Any,
    net::SocketAddr,
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    sync::Once,
    thread,
    time::Duration,
};

use commonware_cryptography::{ChaCha20Poly1305, Signer as _};
use commonware_macros::select;
use commonware_p2p::{Address, AddressableManager as _, authenticated::lookup};
use commonware_runtime::{Runner as _, Supervisor as _, tokio};
use commonware_stream::{
    cups::{self, Cups},
    sake::{self, Sake},
};
use commonware_utils::{
    NZUsize, TryCollect as _,
    channel::{oneshot, watch},
    ordered::Map,
};
use pacta_law::Genesis;

use crate::{
    dealer::NetworkShare,
    directory::Directory,
    engine::{self, Errs, Setup, channels, committee, message_bytes_max},
    error::Error,
    handle::Handle,
    pacing::Pacing,
    types::{ValidatorKey, ValidatorSecret},
};

/// Difference between two peers' clocks above which they refuse each other.
const HANDSHAKE_CLOCK_DIFFERENCE: Duration = Duration::from_secs(5);
const HANDSHAKE_AGE_MAX: Duration = Duration::from_secs(10);
const STACK_BYTES: usize = 8 * 1024 * 1024;

/// How a validator is started.
#[derive(Clone)]
pub struct Config {
    /// Where the node keeps everything; made if absent.
    pub directory: PathBuf,
    /// The founding act and the first records.
    pub genesis: Genesis,
    /// The validator's share of the network key.
    pub share: NetworkShare,
    /// The validator's key, for connections.
    pub key: ValidatorSecret,
    /// The address to listen on.
    pub listen: SocketAddr,
    /// Where each validator listens, this one included or not.
    pub peers: Vec<(ValidatorKey, SocketAddr)>,
    /// Time limits.
    pub pacing: Pacing,
    /// Threads that do the node's work.
    pub threads: usize,
}

/// A validator that runs on threads of its own, until it is stopped or dropped.
pub struct Node {
    handle: Handle,
    stop: Option<oneshot::Sender<()>>,
    ended: watch::Receiver<Option<Error>>,
    thread: Option<thread::JoinHandle<()>>,
}

/// Starts a validator and waits until it can be used.
///
/// # Errors
/// All of [`Error`]. Nothing that is final is lost by a failed start.
pub async fn start_validator(config: Config) -> Result<Node, Error> {
    keep_panics_off_the_terminal();
    let directory = Directory::open(&config.directory, &config.genesis.network().to_string())?;
    check_address(config.listen)?;
    let (started, start) = oneshot::channel();
    let (stop, stopped) = oneshot::channel();
    let (end, mut ended) = watch::channel(None);
    let thread = thread::Builder::new()
        .name(THREAD.into())
        .stack_size(STACK_BYTES)
        .spawn(move || {
            let error = run(config, directory, started, stopped);
            end.send_replace(Some(error));
        })
        .map_err(|error| Error::Stopped(error.to_string()))?;
    let Ok(handle) = start.await else {
        let error = ended.wait_for(Option::is_some).await.map(|error| error.clone());
        return Err(error.ok().flatten().unwrap_or_else(|| Error::Stopped("at the start".into())));
    };
    Ok(Node { handle, stop: Some(stop), ended, thread: Some(thread) })
}

impl Node {
    /// The way to use the node.
    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Waits until the node ends by itself, and says why.
    pub async fn ended(&self) -> Error {
        let mut ended = self.ended.clone();
        let error = ended.wait_for(Option::is_some).await.map(|error| error.clone());
        error.ok().flatten().unwrap_or_else(|| Error::Stopped("its thread ended".into()))
    }

    /// Stops the node and waits until its directory is free.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(()); // it may have ended by itself
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join(); // panics are caught inside
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.end();
    }
}

/// Runs the engine until it ends, and says why it did.
fn run(
    config: Config,
    directory: Directory,
    started: oneshot::Sender<Handle>,
    stopped: oneshot::Receiver<()>,
) -> Error {
    let runtime = tokio::Config::new()
        .with_worker_threads(config.threads.max(1))
        .with_max_blocking_threads(16)
        .with_tcp_nodelay(Some(true))
        .with_storage_directory(directory.store());
    let result = catch_unwind(AssertUnwindSafe(|| {
        tokio::Runner::new(runtime)
            .start(|context| Box::pin(serve(context, config, started, stopped)))
    }));
    match result {
        Ok(Ok(())) => Error::Stopped("as it was asked to".into()),
        Ok(Err(Error::Damaged(reason))) => directory.explain(&reason),
        Ok(Err(error)) => error,
        Err(panic) => directory.explain(&message(panic.as_ref())),
    }
}

async fn serve(
    context: tokio::Context,
    config: Config,
    started: oneshot::Sender<Handle>,
    stopped: oneshot::Receiver<()>,
) -> Result<(), Error> {
    let committee = committee(&config.genesis)?;
    let validators = committee.len();
    let me = config.key.public_key();
    if committee.iter().all(|key| *key != me) {
        return Err(Error::Credentials("the validator's key is not in the genesis".into()));
    }
    let peers: Map<ValidatorKey, Address> = committee
        .iter()
        .map(|key| {
            let known = config.peers.iter().find(|(peer, _)| peer == key);
            let address = if *key == me { Some(config.listen) } else { known.map(|known| known.1) };
            address
                .map(|address| (key.clone(), Address::from(address)))
                .ok_or_else(|| Error::Credentials(format!("the address of {key} is not given")))
        })
        .collect::<Result<Vec<_>, _>>()?
        .into_iter()
        .try_collect()
        .map_err(|_| Error::Genesis("a validator is named twice".into()))?;

    let handshake = Cups::<_, ChaCha20Poly1305>::new(
        Sake {
            signer: config.key.clone(),
            synchrony_bound: HANDSHAKE_CLOCK_DIFFERENCE,
            max_handshake_age: HANDSHAKE_AGE_MAX,
            version: sake::Version::V1,
        },
        cups::Version::V1,
    );
    let namespace = format!("pacta-{}-connections-1", config.genesis.network());
    let mut settings = lookup::Config::local(
        handshake,
        namespace.as_bytes(),
        config.listen,
        NZUsize!(256).min(std::num::NonZeroUsize::new(validators).unwrap_or(NZUsize!(1))),
        message_bytes_max(u32::try_from(validators).unwrap_or(u32::MAX)),
        NZUsize!(256),
    );
    settings.tracked_peer_sets = NZUsize!(1);
    let (mut network, mut oracle) = lookup::Network::new(context.child("network"), settings);
    let connections = channels().map(|(channel, quota)| network.register(channel, quota));
    let _ = oracle.track(0, peers);
    let network = network.start();

    let setup = Setup {
        genesis: config.genesis,
        key: config.key,
        share: config.share,
        pacing: config.pacing,
        prefix: "node".into(),
        errs: Errs::default(),
    };
    let running = engine::start(
        context.child("engine"),
        setup,
        connections,
        oracle.clone(),
        oracle,
        |reports| reports,
    )
    .await?;
    let _ = started.send(running.handle); // the starter may have given up
    select! {
        _ = stopped => Ok(()),
        result = running.task => Err(ended("engine", result)),
        result = network => Err(ended("network", result)),
    }
}

fn ended(part: &str, result: Result<(), commonware_runtime::Error>) -> Error {
    let reason = result.err().map_or_else(String::new, |error| format!(": {error}"));
    Error::Stopped(format!("its {part} ended{reason}"))
}

/// Whether the address is free, so that a clear sentence can say otherwise.
fn check_address(address: SocketAddr) -> Result<(), Error> {
    std::net::TcpListener::bind(address)
        .map(drop)
        .map_err(|error| Error::Listen { address: address.to_string(), reason: error.to_string() })
}

const THREAD: &str = "pacta-node";
/// The runtime's own threads.
const RUNTIME_THREADS: &str = "tokio-r";

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no reason given").into()
}

/// Logs panics of the engine instead of printing them: the node ends with one sentence that says
/// what is the matter.
fn keep_panics_off_the_terminal() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let thread = thread::current();
            let name = thread.name().unwrap_or_default();
            if name == THREAD || name.starts_with(RUNTIME_THREADS) {
                tracing::debug!(%info, "the engine stopped");
            } else {
                before(info);
            }
        }));
    });
}
