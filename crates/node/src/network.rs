//! A validator as a process runs it: tokio, TCP, a data directory.

use std::{
    any::Any,
    net::SocketAddr,
    num::NonZeroUsize,
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    sync::Once,
    thread,
    time::Duration,
};

use commonware_cryptography::{ChaCha20Poly1305, Signer as _};
use commonware_macros::select;
use commonware_p2p::authenticated::lookup;
use commonware_runtime::{Runner as _, Supervisor as _, tokio};
use commonware_stream::{
    SakeCups,
    cups::{self, Cups},
    sake::{self, Sake},
};
use commonware_utils::{
    NZUsize,
    channel::{oneshot, watch},
};
use pacta_law::{Genesis, seats_max};

use crate::{
    contradiction,
    dealer::NetworkShare,
    dial,
    directory::Directory,
    engine::{self, Errs, Links, Setup, channels, message_bytes_max},
    error::Error,
    files,
    handle::Handle,
    pacing::Pacing,
    peers::Given,
    types::ValidatorSecret,
    voting::Voting,
};

/// Difference between two peers' clocks above which they refuse each other.
const HANDSHAKE_CLOCK_DIFFERENCE: Duration = Duration::from_secs(5);
const HANDSHAKE_AGE_MAX: Duration = Duration::from_secs(10);
/// Prefix of the names of all files of a store.
pub(crate) const PREFIX: &str = "node";
/// The stack of that thread.
pub(crate) const STACK_BYTES: usize = 8 * 1024 * 1024;

/// How a validator is started.
#[derive(Clone)]
pub struct Config {
    /// Where the node keeps everything; made if absent.
    pub directory: PathBuf,
    /// Where marks of its votes are kept, apart from the directory, which may be lost.
    pub marks: PathBuf,
    /// Votes even if its votes were lost. Only for networks that could not go on otherwise: it may
    /// contradict itself.
    pub despite_lost_votes: bool,
    /// The founding act and the first records.
    pub genesis: Genesis,
    /// The validator's share of the network key by the founding; none of one that joined later.
    pub share: Option<NetworkShare>,
    /// The validator's key, for connections.
    pub key: ValidatorSecret,
    /// The address to listen on.
    pub listen: SocketAddr,
    /// What it was given of validators and where they listen, `host:port`, beside founding and
    /// ledger, which need not name them.
    pub peers: Given,
    /// Time limits.
    pub pacing: Pacing,
    /// Threads that do the node's work.
    pub threads: usize,
    /// How much of files is kept beside the ledger.
    pub files: pacta_files::Limits,
}

/// A validator that runs on threads of its own, until it is stopped or dropped.
pub struct Node {
    handle: Handle,
    files: pacta_files::Store,
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
    contradiction::refuse(&directory)?;
    check_address(config.listen)?;
    let alone = config.genesis.founding.validators.len() == 1;
    let (voting, keeper) = Voting::open(&config.marks, alone, config.despite_lost_votes)?;
    let files = pacta_files::Store::open(&directory.files(), config.files)
        .map_err(|error| directory.cannot_keep(&error))?;
    let store = files.clone();
    let (started, start) = oneshot::channel();
    let (stop, stopped) = oneshot::channel();
    let (end, mut ended) = watch::channel(None);
    let thread = thread::Builder::new()
        .name(THREAD.into())
        .stack_size(STACK_BYTES)
        .spawn(move || {
            let error = run(config, &directory, (voting, store), started, stopped);
            drop(keeper); // it writes the last marks while the directory is locked
            drop(directory);
            end.send_replace(Some(error));
        })
        .map_err(|error| Error::Stopped(error.to_string()))?;
    let Ok(handle) = start.await else {
        let error = ended.wait_for(Option::is_some).await.map(|error| error.clone());
        return Err(error.ok().flatten().unwrap_or_else(|| Error::Stopped("at the start".into())));
    };
    Ok(Node { handle, files, stop: Some(stop), ended, thread: Some(thread) })
}

impl Node {
    /// The way to use the node.
    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    /// The files that the node keeps.
    pub fn files(&self) -> &pacta_files::Store {
        &self.files
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
    directory: &Directory,
    (voting, files): (Voting, pacta_files::Store),
    started: oneshot::Sender<Handle>,
    stopped: oneshot::Receiver<()>,
) -> Error {
    let runtime = tokio::Config::new()
        .with_worker_threads(config.threads.max(1))
        .with_max_blocking_threads(16)
        .with_tcp_nodelay(Some(true))
        .with_storage_directory(directory.store());
    let genesis = config.genesis.clone();
    let (keeper, handles) = std::sync::mpsc::channel();
    let started = (started, keeper);
    let result = catch_unwind(AssertUnwindSafe(|| {
        tokio::Runner::new(runtime)
            .start(|context| Box::pin(serve(context, config, (voting, files), started, stopped)))
    }));
    match result {
        Ok(Ok(())) => Error::Stopped("as it was asked to".into()),
        Ok(Err(Error::Damaged(reason))) => directory.explain(&reason),
        Ok(Err(error)) => error,
        Err(panic) => {
            let reason = message(panic.as_ref());
            let known = |handle: Handle| [handle.evidence(), handle.unproven_evidence()].concat();
            let evidence = handles.try_recv().map(known).unwrap_or_default();
            contradiction::keep(directory, &genesis, &reason, &evidence)
                .unwrap_or_else(|| directory.explain(&reason))
        }
    }
}

async fn serve(
    context: tokio::Context,
    config: Config,
    (voting, files): (Voting, pacta_files::Store),
    (started, keeper): (oneshot::Sender<Handle>, std::sync::mpsc::Sender<Handle>),
    stopped: oneshot::Receiver<()>,
) -> Result<(), Error> {
    let founding = &config.genesis.founding;
    let seats = seats_max(founding.epoch_blocks).max(founding.validators.len());
    // A committee that leaves and one that comes are connected at the same time.
    let peers_max = NonZeroUsize::new(2 * seats).unwrap_or(NonZeroUsize::MIN);

    let settings = connections(
        config.key.clone(),
        &format!("pacta-{}-connections-1", config.genesis.network()),
        config.listen,
        peers_max,
        message_bytes(seats),
    );
    let (mut network, oracle) = lookup::Network::new(context.child("network"), settings);
    let connections = channels().map(|(channel, quota)| network.register(channel, quota));
    let (channel, quota) = files::channel();
    let files_channel = network.register(channel, quota);
    let network = network.start();

    let me = (config.key.public_key(), config.listen);
    let track = dial::start(context.child("dial"), oracle.clone(), me, peers_max);
    let setup = Setup {
        genesis: config.genesis,
        key: config.key,
        share: config.share,
        given: config.peers,
        pacing: config.pacing,
        prefix: PREFIX.into(),
        voting,
        errs: Errs::default(),
    };
    let links = Links { provider: oracle.clone(), blocker: oracle, track };
    let running =
        engine::start(context.child("engine"), setup, connections, links, |reports| reports)
            .await?;
    let handle = running.handle;
    files::start(context.child("files"), files, Some(handle.clone()), files_channel);
    let _ = keeper.send(handle.clone()); // whoever reads it lives longer
    let _ = started.send(handle); // the starter may have given up
    select! {
        _ = stopped => Ok(()),
        result = running.task => Err(ended("engine", result)),
        result = network => Err(ended("network", result)),
    }
}

/// Bytes of the largest message in a network of so many seats, those of files included.
fn message_bytes(seats: usize) -> u32 {
    message_bytes_max(u32::try_from(seats).unwrap_or(u32::MAX)).max(files::wire::MESSAGE_BYTES_MAX)
}

/// How a node connects to so many others, by a namespace that both sides must know.
pub(crate) fn connections(
    key: ValidatorSecret,
    namespace: &str,
    listen: SocketAddr,
    peers_max: NonZeroUsize,
    message_bytes_max: u32,
) -> lookup::Config<SakeCups<ValidatorSecret, ChaCha20Poly1305>> {
    let handshake = Cups::<_, ChaCha20Poly1305>::new(
        Sake {
            signer: key,
            synchrony_bound: HANDSHAKE_CLOCK_DIFFERENCE,
            max_handshake_age: HANDSHAKE_AGE_MAX,
            version: sake::Version::V1,
        },
        cups::Version::V1,
    );
    let (namespace, mailbox) = (namespace.as_bytes(), NZUsize!(256));
    let mut settings =
        lookup::Config::local(handshake, namespace, listen, peers_max, message_bytes_max, mailbox);
    settings.tracked_peer_sets = NZUsize!(1);
    settings
}

fn ended(part: &str, result: Result<(), commonware_runtime::Error>) -> Error {
    let reason = result.err().map_or_else(String::new, |error| format!(": {error}"));
    Error::Stopped(format!("its {part} ended{reason}"))
}

/// Whether the address is free, so that a clear sentence can say otherwise.
pub(crate) fn check_address(address: SocketAddr) -> Result<(), Error> {
    std::net::TcpListener::bind(address)
        .map(drop)
        .map_err(|error| Error::Listen { address: address.to_string(), reason: error.to_string() })
}

/// The name of the thread on which the engine runs.
pub(crate) const THREAD: &str = "pacta-node";
/// The runtime's own threads.
const RUNTIME_THREADS: &str = "tokio-r";

/// What a panic said.
pub(crate) fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no reason given").into()
}

/// Logs panics of the engine instead of printing them: the node ends with one sentence that says
/// what is the matter.
pub(crate) fn keep_panics_off_the_terminal() {
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
