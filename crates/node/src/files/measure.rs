//! Measures the sending of a file between two nodes against a plain copy over the same channel.
//!
//! Both run over the same connection, with the quota and the messages that validators use, one
//! after the other in the same process. The plain copy asks for the same ranges in the same
//! window, but what is sent comes from memory, and what comes is counted and dropped: no disk, no
//! digest.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::Path,
    time::{Duration, Instant},
};

use commonware_cryptography::Signer as _;
use commonware_macros::select;
use commonware_p2p::{Address, AddressableManager as _, Receiver as _, authenticated::lookup};
use commonware_runtime::{Clock as _, IoBuf, Runner as _, Supervisor as _, tokio};
use commonware_utils::{NZUsize, TryCollect as _, ordered::Map};
use pacta_files::{CHUNK_BYTES, Digest, Limits, Shape, State, Store, Wanted};

use crate::{
    application::now_ms,
    error::Error,
    files::{
        channel,
        plan::Plan,
        serve::send,
        start,
        wire::{CHUNK_HEADER_BYTES, MESSAGE_BYTES_MAX, Message, write_header},
    },
    network::connections,
    types::{ValidatorKey, ValidatorSecret},
};

/// Bytes of the plain copy by which connections and memory become warm.
const WARM_UP_BYTES: u64 = 32 * 1024 * 1024;
const WARM_UP_SILENCE: Duration = Duration::from_millis(500);
const ATTEMPTS_MAX: usize = 40;
/// How long to wait for the file, and for one chunk of the plain copy.
const PATIENCE: Duration = Duration::from_secs(600);
const SILENCE: Duration = Duration::from_secs(10);
const NAMESPACE: &str = "pacta-measure-connections-1";

/// What was measured.
#[derive(Clone, Copy, Debug)]
pub struct Measured {
    /// The plain copy: the faster of one before and one after the file.
    pub plain: Duration,
    /// The file: from when it is wanted until it is held, verified and durable.
    pub file: Duration,
}

/// Sends a file of so many bytes between two nodes with stores in a directory.
///
/// # Errors
/// [`Error::Stopped`] if it does not arrive, [`Error::Directory`] if it cannot be kept.
pub fn measure(root: &Path, bytes: u64) -> Result<Measured, Error> {
    let shape = Shape::of(bytes).ok_or_else(|| Error::Stopped("the file is empty".into()))?;
    let cannot = |error: pacta_files::Error| Error::Directory {
        directory: root.into(),
        reason: error.to_string(),
    };
    let limits = Limits {
        file_bytes_max: bytes,
        total_bytes_max: u64::MAX,
        unnamed_bytes_max: u64::MAX,
        reserve_bytes: 0,
    };
    let holder = Store::open(&root.join("holder"), limits).map_err(cannot)?;
    let wanting = Store::open(&root.join("wanting"), limits).map_err(cannot)?;
    let id = fill(&holder, shape).map_err(cannot)?;
    let runtime = tokio::Config::new()
        .with_worker_threads(2)
        .with_tcp_nodelay(Some(true))
        .with_storage_directory(root.join("runtime"));
    tokio::Runner::new(runtime).start(|context| async move {
        let [ends, mut plain_ends] = connect(&context)?;
        let little = Shape::of(WARM_UP_BYTES.min(bytes)).unwrap_or(shape);
        warm_up(&context, &mut plain_ends, little).await?;
        let before = plain(&context, &mut plain_ends, shape, SILENCE).await?;
        let file = send_file(&context, ends, (holder, wanting), id).await?;
        let after = plain(&context, &mut plain_ends, shape, SILENCE).await?;
        Ok(Measured { plain: before.min(after), file })
    })
}

/// Writes a file that does not compress.
fn fill(store: &Store, shape: Shape) -> Result<Digest, pacta_files::Error> {
    let mut upload = store.upload(None, None)?;
    let mut state = 1u64;
    let mut part = vec![0; CHUNK_BYTES];
    for chunk in 0..shape.chunks() {
        for word in part.as_chunks_mut::<8>().0 {
            state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
            *word = state.to_be_bytes();
        }
        upload.write(&part[..shape.chunk_bytes(chunk)])?;
    }
    Ok(upload.finish()?.id)
}

/// A node's end of a channel.
struct End {
    key: ValidatorKey,
    sender: lookup::Sender<ValidatorKey, tokio::Context>,
    receiver: lookup::Receiver<ValidatorKey>,
}

fn free_addresses() -> std::io::Result<[SocketAddr; 2]> {
    let free = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    let (one, other) = (free()?, free()?);
    Ok([one.local_addr()?, other.local_addr()?])
}

/// Two nodes that connect to each other as validators do: their ends of the channel of files, and
/// those of a second channel with the same quota, for the plain copy.
fn connect(context: &tokio::Context) -> Result<[[End; 2]; 2], Error> {
    let no_address = |error: std::io::Error| Error::Stopped(format!("no free port: {error}"));
    let addresses = free_addresses().map_err(no_address)?;
    let secrets = [1, 2].map(ValidatorSecret::from_seed);
    let peers: Map<ValidatorKey, Address> = secrets
        .iter()
        .zip(addresses)
        .map(|(secret, address)| (secret.public_key(), Address::from(address)))
        .try_collect()
        .map_err(|_| Error::Stopped("two keys are the same".into()))?;
    let ends = [(0, "one"), (1, "other")].map(|(place, name)| {
        let secret = &secrets[place];
        let (address, bytes) = (addresses[place], MESSAGE_BYTES_MAX);
        let settings = connections(secret.clone(), NAMESPACE, address, NZUsize!(2), bytes);
        let (mut network, mut oracle) = lookup::Network::new(context.child(name), settings);
        let (number, quota) = channel();
        let ends = [number, number + 1].map(|number| {
            let (sender, receiver) = network.register(number, quota);
            End { key: secret.public_key(), sender, receiver }
        });
        let _ = oracle.track(0, peers.clone());
        network.start();
        ends
    });
    let [[one, plain_one], [other, plain_other]] = ends;
    Ok([[one, other], [plain_one, plain_other]])
}

/// Copies so many bytes from the first node's memory to the second, which drops them.
async fn plain(
    context: &tokio::Context,
    [one, other]: &mut [End; 2],
    shape: Shape,
    silence: Duration,
) -> Result<Duration, Error> {
    let from = one.key.clone();
    let began = Instant::now();
    select! {
        error = give(context, one) => Err(error),
        result = take(context, other, from, shape, silence) => result.map(|()| began.elapsed()),
    }
}

/// Answers requests from memory, for ever.
async fn give(context: &tokio::Context, end: &mut End) -> Error {
    while let Ok((peer, message)) = end.receiver.recv().await {
        let Some(Message::Ask { id, bytes, from, count }) = Message::read(&message) else {
            continue;
        };
        let Some(shape) = Shape::of(bytes) else { continue };
        for chunk in (0..u64::from(count)).map_while(|down| from.checked_sub(down)) {
            let mut message = vec![0; CHUNK_HEADER_BYTES + shape.chunk_bytes(chunk)];
            write_header(&mut message, &id, bytes, chunk, State::FIRST);
            send(context, &mut end.sender, peer.clone(), message).await;
        }
    }
    Error::Stopped("its network ended".into())
}

/// Asks for all chunks in the window of a file, and drops them.
async fn take(
    context: &tokio::Context,
    end: &mut End,
    from: ValidatorKey,
    shape: Shape,
    silence: Duration,
) -> Result<(), Error> {
    let id = Digest([0; 32]);
    let mut plan = Plan::<ValidatorKey, IoBuf>::new(shape, shape.last(), [from]);
    let mut next = Some(shape.last());
    while let Some(chunk) = next {
        if plan.take(chunk).is_some() {
            next = chunk.checked_sub(1);
            continue;
        }
        let now = now_ms(context);
        while let Some((peer, from, count)) = plan.ask(now) {
            let ask = Message::Ask { id, bytes: shape.bytes(), from, count };
            send(context, &mut end.sender, peer, ask.to_bytes()).await;
        }
        select! {
            heard = end.receiver.recv() => {
                let heard = heard.map_err(|error| Error::Stopped(error.to_string()))?;
                if let Some(Message::Chunk { chunk, data, .. }) = Message::read(&heard.1) {
                    plan.came(&heard.0, chunk, data, now);
                }
            },
            _ = context.sleep(silence) => {
                return Err(Error::Stopped("the other end of the plain copy is silent".into()));
            },
        }
    }
    Ok(())
}

/// Copies a little until the nodes are connected and warm.
async fn warm_up(context: &tokio::Context, ends: &mut [End; 2], shape: Shape) -> Result<(), Error> {
    let mut result = Ok(());
    for _ in 0..ATTEMPTS_MAX {
        result = plain(context, ends, shape, WARM_UP_SILENCE).await.map(drop);
        if result.is_ok() {
            break;
        }
    }
    result
}

/// Sends a file as nodes do: the time from when it is wanted until it is held.
async fn send_file(
    context: &tokio::Context,
    [one, other]: [End; 2],
    (holder, wanting): (Store, Store),
    id: Digest,
) -> Result<Duration, Error> {
    let mut changes = wanting.changes();
    start(context.child("holder"), holder, None, (one.sender, one.receiver));
    start(context.child("wanting"), wanting.clone(), None, (other.sender, other.receiver));
    let began = Instant::now();
    let wanted = Wanted { id, media_type: None, named: true };
    wanting.want(wanted).map_err(|error| Error::Stopped(error.to_string()))?;
    let held = async {
        while wanting.held(&id).is_none() && changes.changed().await.is_ok() {}
        wanting.held(&id).is_some()
    };
    select! {
        held = held => match held {
            true => Ok(began.elapsed()),
            false => Err(Error::Stopped("its store ended".into())),
        },
        _ = context.sleep(PATIENCE) => Err(Error::Stopped("the file does not arrive".into())),
    }
}
