//! `pacta node`: one validator, with its API, its pages and its index.

use std::collections::BTreeMap;
use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use pacta_index::Index;
use pacta_law::{Genesis, PublicKey, Purpose, Refusal};
use pacta_node::peers::Given;
use pacta_node::{
    Config, Error, Handle, Node, NotTaken, Pacing, start_validator, validator_key, validator_secret,
};
use pacta_web::live::Hub;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::divergence::Reporter;
use crate::evidence::Archive;
use crate::failure::{Exit, Failure, Result};
use crate::files;
use crate::keyfile::KeyFile;
use crate::network::directory::{NODE_FILE, NodeFile, Peer, VERSION};
use crate::network::interrupt::interrupted;
use crate::network::share::ShareFile;
use crate::passphrase::PassphraseArgs;
use crate::serve::Served;
use crate::signer::Secret;

/// Threads that serve pages and the API, and as many that do the node's work.
const THREADS: usize = 2;
/// How long open answers may take when the node stops.
const GRACE: Duration = Duration::from_secs(2);
const INDEX_FILE: &str = "index.sqlite";
/// How long to wait before a busy node is asked again.
const BUSY: Duration = Duration::from_millis(5);
/// Acts from standard input that wait for their checks at the same time.
const SUBMISSIONS_MAX: usize = 1024;

/// Run one validator
///
/// Connects to the other validators, keeps the ledger, and serves the API and the pages. The
/// directory says how: node.json, as `pacta devnet` writes it. Writes its log as JSON lines on
/// standard error; the variable PACTA_LOG sets what it holds, for example `debug`. SIGTERM or
/// Ctrl-C stops it cleanly; after a crash it goes on where it was.
///
/// Example: pacta node --dir mynet/armenia
#[derive(clap::Args)]
pub struct NodeArgs {
    /// Directory of the node
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    #[command(flatten)]
    passphrase: PassphraseArgs,
    /// Vote although this validator's votes were lost. It may contradict itself then, so use it
    /// only when so many lost theirs that no block becomes final any more, and their operators
    /// agree
    #[arg(long)]
    despite_lost_votes: bool,
    /// Stop when standard input ends, as it does when the program that started the node ends
    #[arg(long)]
    with_parent: bool,
    /// Submit the signed acts that come on standard input, one per line: for measurements
    #[arg(long, hide = true, requires = "with_parent")]
    acts_from_stdin: bool,
}

impl NodeArgs {
    /// To run the node of a directory.
    pub fn of(dir: PathBuf, passphrase: PassphraseArgs, with_parent: bool) -> Self {
        let (despite_lost_votes, acts_from_stdin) = (false, false);
        Self { dir, passphrase, despite_lost_votes, with_parent, acts_from_stdin }
    }
}

/// Everything that is read before the node starts.
struct Prepared {
    file: NodeFile,
    config: Config,
    secret: Secret,
    index: PathBuf,
}

/// Runs the command.
///
/// # Errors
/// Exit code 65 for a directory of another network or a damaged one, 69 for an address in use, 74
/// for a disk that fails.
pub fn run(args: &NodeArgs) -> Result<Exit> {
    log();
    let outcome = prepare(args).and_then(|prepared| {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(THREADS)
            .max_blocking_threads(16)
            .enable_all()
            .build()
            .map_err(Failure::failed)?;
        let done = runtime.block_on(serve(args, prepared));
        runtime.shutdown_timeout(GRACE);
        done
    });
    if let Err(failure) = &outcome {
        tracing::error!("{failure}");
    }
    outcome.map(|()| Exit::Done)
}

/// Writes the log as JSON lines on standard error.
pub fn log() {
    let filter = std::env::var("PACTA_LOG").unwrap_or_else(|_| "info,commonware=warn".to_owned());
    let filter = tracing_subscriber::EnvFilter::new(filter);
    let subscriber =
        tracing_subscriber::fmt().json().with_writer(std::io::stderr).with_env_filter(filter);
    // A second start in the same process keeps the first log.
    let _ = subscriber.try_init();
}

fn prepare(args: &NodeArgs) -> Result<Prepared> {
    let dir = &args.dir;
    let path = dir.join(NODE_FILE);
    let file: NodeFile = files::read_json(&path, "the description of a node")?;
    if file.v != VERSION {
        return Err(Failure::defective(format!(
            "{} has a form that this version does not know; use a newer pacta",
            path.display()
        )));
    }
    let passphrase = match &file.passphrase_file {
        Some(file) if args.passphrase.passphrase_file.is_none() => {
            PassphraseArgs { passphrase_file: Some(dir.join(file)) }.existing()?
        }
        _ => args.passphrase.existing()?,
    };
    let key_file = KeyFile::read(&dir.join(&file.key))?;
    if key_file.purpose != Purpose::NodeVote {
        return Err(Failure::usage(format!(
            "{} is no key of a validator; name the one made with --purpose node-vote",
            dir.join(&file.key).display()
        )));
    }
    let secret = key_file.open(&passphrase)?;
    let share = file.share.as_ref().map(|share| ShareFile::open(&dir.join(share), &passphrase));
    let share = share.transpose()?.flatten();
    let genesis = read_genesis(&dir.join(&file.genesis))?;
    let directory = dir.join(&file.data);
    let addresses = |peers: &[Peer]| {
        let read = peers.iter().map(|peer| {
            let public: PublicKey = peer.key.parse().map_err(Failure::defective)?;
            Ok((validator_key(&public).map_err(failure)?, peer.address.clone()))
        });
        read.collect::<Result<BTreeMap<_, _>>>()
    };
    let config = Config {
        directory: directory.clone(),
        marks: dir.clone(),
        despite_lost_votes: args.despite_lost_votes,
        genesis,
        share,
        key: validator_secret(secret.key.as_bytes()).map_err(failure)?,
        listen: file.p2p,
        peers: Given { named: addresses(&file.peers)?, told: addresses(&file.told)? },
        pacing: Pacing::operating(),
        threads: THREADS,
        files: file.files.limits(),
    };
    Ok(Prepared { file, config, secret, index: directory.join(INDEX_FILE) })
}

fn read_genesis(path: &Path) -> Result<Genesis> {
    Genesis::from_bytes(&files::read(path)?).map_err(|refusal| {
        Failure::defective(format!(
            "{} is no genesis: {refusal}; take the file that the network was founded with",
            path.display()
        ))
    })
}

async fn serve(args: &NodeArgs, prepared: Prepared) -> Result<()> {
    let Prepared { file, config, secret, index } = prepared;
    let data = config.directory.clone();
    let genesis = config.genesis.clone();
    let listener = TcpListener::bind(file.http).await.map_err(|error| {
        Failure::unavailable(format!(
            "cannot listen on {}: {error}; free the port, or choose another in {NODE_FILE}",
            file.http
        ))
    })?;
    let node = start_validator(config).await.map_err(failure)?;
    let index = Index::open(&index, &genesis).map_err(Failure::defective)?;
    let reader = index.reader();
    let archive = Archive::open(&data)?;
    let served: Arc<dyn pacta_web::node::Node> =
        Arc::new(Served::new(node.handle().clone(), file.operator, secret, archive.clone(), &data));
    let hub = Hub::default();
    let state = pacta_web::AppState::new(served.clone(), reader, hub.clone())
        .with_files(node.files().clone());
    let height = *served.finalized().borrow();
    tracing::info!(http = %file.http, p2p = %file.p2p, height, network = %genesis.network(),
        "the node has started");
    if let Some(share) = &file.share {
        tokio::spawn(erase_founding_share(node.handle().clone(), args.dir.join(share)));
    }
    let follow = tokio::spawn(keep_index(served, index, hub));
    let (stop, stopped) = oneshot::channel::<()>();
    let mut pages = tokio::spawn(pacta_web::serve(listener, state, async {
        let _ = stopped.await; // the sender may be gone: stop then too
    }));
    let parent = parent(args, node.handle());
    let ended = tokio::select! {
        signal = interrupted() => signal.map_err(Failure::failed),
        () = parent => Ok(()),
        error = node.ended() => Err(failure(error)),
        pages = &mut pages => Err(Failure::failed(format!("the pages ended: {pages:?}"))),
    };
    tracing::info!("the node is stopping");
    let _ = stop.send(()); // the pages may have ended
    let _ = tokio::time::timeout(GRACE, &mut pages).await; // open answers have had their time
    follow.abort();
    if let Err(failure) = Reporter::new(&data, node.handle().clone()).write() {
        tracing::error!(%failure, "a report of a divergence cannot be kept");
    }
    archive.take(node.handle());
    stop_node(node).await;
    ended
}

/// Erases the share by the founding when shares were renewed: what is kept could be stolen.
async fn erase_founding_share(handle: Handle, path: PathBuf) {
    handle.shares_are_renewed().await;
    if let Err(failure) = ShareFile::erase(&path) {
        tracing::error!(%failure, "the share by the founding cannot be erased; erase it yourself");
    }
}

/// Keeps the index. A node whose index fails goes on voting, so that a fault which all indexes
/// share cannot stop the network; its pages say that they are behind.
async fn keep_index(served: Arc<dyn pacta_web::node::Node>, index: Index, hub: Hub) {
    if let Err(stopped) = pacta_web::follow(served, index, hub.clone()).await {
        hub.close();
        tracing::error!(%stopped, "the index is no longer kept, so pages are behind; the node \
            itself goes on; delete {INDEX_FILE} and start the node again to rebuild it");
    }
}

async fn stop_node(node: Node) {
    // It waits for its threads, so it must not wait on one of ours.
    let _ = tokio::task::spawn_blocking(move || node.stop()).await;
}

/// Completes when the program that started the node ends; never without `--with-parent`.
async fn parent(args: &NodeArgs, handle: &Handle) {
    if !args.with_parent {
        return std::future::pending().await;
    }
    let (line, mut lines) = tokio::sync::mpsc::channel::<Vec<u8>>(SUBMISSIONS_MAX);
    // A thread of its own: nothing can interrupt the reading of standard input.
    std::thread::spawn(move || {
        for bytes in std::io::stdin().lock().split(b'\n') {
            let Ok(bytes) = bytes else { return };
            if line.blocking_send(bytes).is_err() {
                return;
            }
        }
    });
    let running = Arc::new(tokio::sync::Semaphore::new(SUBMISSIONS_MAX));
    while let Some(act) = lines.recv().await {
        if !args.acts_from_stdin || act.is_empty() {
            continue;
        }
        let Ok(permit) = running.clone().acquire_owned().await else { return };
        let handle = handle.clone();
        tokio::spawn(async move {
            submit(&handle, act).await;
            drop(permit);
        });
    }
}

/// Submits an act, again and again while the node is busy.
async fn submit(handle: &Handle, act: Vec<u8>) {
    loop {
        match handle.submit(act.clone()).await {
            Err(NotTaken::Refused(Refusal::NodeBusy)) => tokio::time::sleep(BUSY).await,
            Err(why) => {
                tracing::warn!(%why, "an act from standard input is not taken");
                return;
            }
            Ok(_) => return,
        }
    }
}

/// The failure that an error of a node is.
pub fn failure(error: Error) -> Failure {
    match error {
        Error::DamagedDirectory { .. } | Error::OtherNetwork { .. } | Error::Damaged(_) => {
            Failure::defective(error)
        }
        Error::Contradicted { .. } => Failure::defective(error),
        Error::Genesis(_) | Error::Credentials(_) => Failure::defective(error),
        Error::Founders(_) => Failure::defective(error),
        Error::AnotherAttempt { .. } => Failure::failed(error),
        Error::Directory { .. } => Failure::new(Exit::Disk, error),
        Error::Locked(_) | Error::Listen { .. } => Failure::unavailable(error),
        Error::NoCertificate => Failure::unavailable(error),
        Error::Backup(_) => Failure::defective(error),
        Error::Stopped(_) => Failure::failed(error),
    }
}
