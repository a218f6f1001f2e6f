//! One validator's engine, on any runtime and any network.
//!
//! The same [`start`] runs over TCP and on the deterministic runtime of simulations.

use std::{
    num::{NonZeroU64, NonZeroUsize},
    time::Duration,
};

use commonware_broadcast::buffered;
use commonware_consensus::{
    Reporter, Reporters,
    marshal::{
        self, Update, core::Actor as MarshalActor, resolver::p2p as marshal_resolver,
        standard::Deferred,
    },
    types::{Epoch, FixedEpocher, ViewDelta},
};
use commonware_cryptography::{
    Digested, Digestible as _, Signer as _,
    bls12381::{
        dkg::feldman_desmedt::Reveal,
        primitives::{sharing::Mode, variant::MinSig},
    },
};
use commonware_glue::{
    dkg::{self, SecretStore as _, fence::Fence, reshare},
    stateful::{Config as StatefulConfig, Mailbox, Stateful, SyncPlan, db::SyncEngineConfig},
};
use commonware_p2p::{Blocker, Provider, Receiver, Sender, max_message_size};
use commonware_parallel::Sequential;
use commonware_runtime::{Handle as Task, Quota};
use commonware_utils::{NZDuration, NZU32, NZU64, NZUsize, ordered::Set};
use pacta_law::{ActId, Genesis};

use crate::{
    admit,
    application::{Application, now_ms},
    archives,
    block::{Block, CEREMONY_SEATS_MAX},
    committees::Committees,
    databases::{self, JOURNAL_BUFFER_BYTES, REPLAY_BUFFER_BYTES},
    dealer::NetworkShare,
    elastic::Speed,
    epochs::{self, Finals},
    error::Error,
    gossip,
    handle::{self, Handle},
    keys::validator_key,
    members::Members,
    misconduct,
    paced::Paced,
    pacing::Pacing,
    peers::{self, Given, Track},
    presence::{self, Presence},
    readiness,
    records::Store,
    resolver::NoResolver,
    secrets::Secrets,
    shared::{LastFinal, Shared},
    sharing, tempo,
    types::{BlockDigest, Context, Marshal, Scheme, ValidatorKey, ValidatorSecret, Variant},
    voting::{Voting, resume},
};

/// Votes, certificates, requests for certificates, requests for blocks, blocks, acts, presence,
/// dealings: in the order in which [`start`] takes their senders and receivers. Numbers 5 and 6 are
/// kept for syncing, number 9 is that of files, which the engine knows nothing of.
///
/// Each quota also sizes a mailbox for each peer, so it is small.
pub fn channels() -> [(u64, Quota); CHANNELS] {
    [
        (0, Quota::per_second(NZU32!(256))),
        (1, Quota::per_second(NZU32!(256))),
        (2, Quota::per_second(NZU32!(64))),
        (3, Quota::per_second(NZU32!(64))),
        (4, Quota::per_second(NZU32!(64))),
        (7, Quota::per_second(NZU32!(128))),
        (8, Quota::per_second(NZU32!(4))),
        (10, Quota::per_second(NZU32!(64))),
    ]
}

/// Channels between validators.
pub const CHANNELS: usize = 8;

/// The largest message that a validator of a committee of this size sends, in bytes.
pub fn message_bytes_max(validators: u32) -> u32 {
    max_message_size(&[
        dkg::orchestrator::max_payload_size::<Scheme, BlockDigest>(validators),
        dkg::max_payload_size::<MinSig, ValidatorKey>(CEREMONY_SEATS_MAX),
        marshal::max_payload_size::<Variant, Scheme>(validators, &()),
        gossip::MESSAGE_BYTES_MAX,
    ])
}

/// What a validator is started with.
pub struct Setup {
    /// The founding act and the first records.
    pub genesis: Genesis,
    /// The validator's key, for connections and votes.
    pub key: ValidatorSecret,
    /// Its share of the network key by the founding; none of a validator that joined later.
    pub share: Option<NetworkShare>,
    /// What it was given of validators and their addresses, beside founding and ledger.
    pub given: Given,
    /// Time limits.
    pub pacing: Pacing,
    /// Prefix of the names of all files; unique per validator where several share a storage.
    pub prefix: String,
    /// Whether it may vote, by what is kept of its votes.
    pub voting: Voting,
    /// For tests only: how this node errs or lies.
    pub errs: Errs,
}

/// For tests only: how a node errs or lies, which the others must notice.
#[derive(Clone, Copy, Debug, Default)]
pub struct Errs {
    /// It executes this act differently from the law.
    pub executes_differently: Option<ActId>,
    /// It proposes blocks with wrong roots, every second time.
    pub wrong_roots: bool,
    /// It proposes blocks with acts that no honest leader takes.
    pub unfit_acts: bool,
    /// It proposes blocks without acts.
    pub censors: bool,
    /// It keeps no evidence against others.
    pub forgives: bool,
    /// It says all the time that it abstains.
    pub abstains: bool,
    /// It votes for blocks whatever its clock says.
    pub ignores_clocks: bool,
}

/// What connects a validator to others.
pub struct Links<P, B, T> {
    /// Tells who is connected.
    pub provider: P,
    /// Shuts out peers.
    pub blocker: B,
    /// Makes connections.
    pub track: T,
}

/// A validator that runs.
pub struct Running {
    /// The way to use it.
    pub handle: Handle,
    /// Its store of final blocks and certificates.
    pub marshal: Marshal,
    /// Its means to vote, by epoch.
    pub committees: Committees,
    /// The engine's root task: the node ends when it ends, and stops when it is aborted.
    pub task: Task<()>,
}

/// The type that hears of final blocks first.
pub type FinalBlocks<E> = Mailbox<E, Application<E>>;

/// The application with the rules of the ceremony before it: what blocks carry of it, and when.
pub type Ceremonial<E> = reshare::Application<FinalBlocks<E>, Block, MinSig, ValidatorSecret>;

/// Quantities that no operator needs to change.
pub(crate) const MAILBOX: NonZeroUsize = NZUsize!(256);
const VIEWS_PER_FILE: NonZeroU64 = NZU64!(256);
/// Views before the last final one of which the store keeps what is not final. Each epoch has files
/// of its own until it is that far back.
const VIEWS_KEPT: ViewDelta = ViewDelta::new(10);
const FETCH_TIMEOUT: Duration = Duration::from_secs(2);
/// In the engine's time, which runs slowly while there is nothing to do.
pub(crate) const CERTIFICATE_TIMEOUT: Duration = Duration::from_millis(500);
pub(crate) const FETCH_RETRY: Duration = Duration::from_millis(100);

/// The validators of a genesis in the order that signatures refer to.
///
/// # Errors
/// [`Error::Genesis`] if a key is malformed or named twice.
pub fn committee(genesis: &Genesis) -> Result<Set<ValidatorKey>, Error> {
    use commonware_codec::DecodeExt as _;
    use commonware_utils::TryCollect as _;
    let keys = genesis
        .founding
        .validators
        .iter()
        .map(|validator| ValidatorKey::decode(validator.key.0.to_vec()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|_| Error::Genesis("a validator's key is no Ed25519 key".into()))?;
    keys.into_iter().try_collect().map_err(|_| Error::Genesis("a validator is named twice".into()))
}

/// The validators of a genesis with their addresses.
fn founding_addresses(genesis: &Genesis) -> Result<Vec<(ValidatorKey, String)>, Error> {
    let validators = genesis.founding.validators.iter();
    validators.map(|one| Ok((validator_key(&one.key)?, one.address.clone()))).collect()
}

/// Starts a validator. `wrap` may put an observer before the application's reports of final
/// blocks; give it `|reports| reports` otherwise. `peers` are the senders and receivers of
/// [`channels`], in their order.
///
/// # Errors
/// [`Error::Genesis`], [`Error::Credentials`] or [`Error::Damaged`].
///
/// # Panics
/// The engine's parts panic on damaged storage and on a block that cannot be reproduced.
pub async fn start<E, S, R, P, B, T, F>(
    context: E,
    setup: Setup,
    peers: [(S, R); CHANNELS],
    links: Links<P, B, T>,
    wrap: impl FnOnce(FinalBlocks<E>) -> F,
) -> Result<Running, Error>
where
    E: Context,
    S: Sender<PublicKey = ValidatorKey>,
    R: Receiver<PublicKey = ValidatorKey>,
    P: Provider<PublicKey = ValidatorKey>,
    B: Blocker<PublicKey = ValidatorKey>,
    T: Track,
    F: Reporter<Activity = Update<Block>>,
{
    let [
        votes,
        certificates,
        certificate_requests,
        block_requests,
        blocks,
        acts,
        presence,
        dealings,
    ] = peers;
    let committee = committee(&setup.genesis)?;
    let Links { provider, blocker, track } = links;
    let Setup { genesis, key, share, given, pacing, prefix, voting, errs } = setup;
    let me = key.public_key();
    let output = sharing::of_founding(&genesis, &committee)?;
    let mut secrets = Secrets::open(context.child("secrets"), &prefix, &key).await?;
    if let Some(share) = share
        && secrets.is_empty().await
    {
        if *share.output() != output {
            return Err(Error::Credentials("the share belongs to another network".into()));
        }
        secrets.put_share(Epoch::zero(), share.share_of(&me, &committee)?).await;
    }
    let namespace = pacta_chain::namespace(genesis.network());
    let founding = output.public().clone();
    let network_key = *founding.public();
    let committees = Committees::new(namespace.clone(), network_key, key.clone(), voting.clone());
    let epoch_blocks = NonZeroU64::new(genesis.founding.epoch_blocks)
        .ok_or_else(|| Error::Genesis("it does not say how long epochs are".into()))?;
    let page_cache = databases::page_cache();
    let epocher = FixedEpocher::new(epoch_blocks);

    let resolver = marshal_resolver::init(
        context.child("marshal_resolver"),
        marshal_resolver::Config {
            public_key: me.clone(),
            peer_provider: provider.clone(),
            blocker: blocker.clone(),
            mailbox_size: MAILBOX,
            fetch_timeout: NZDuration!(FETCH_TIMEOUT),
            fetch_retry_delay: FETCH_RETRY,
            priority_requests: false,
            priority_responses: false,
        },
        block_requests,
    );
    let (broadcast, buffer) = buffered::Engine::new(
        context.child("broadcast"),
        buffered::Config {
            public_key: me.clone(),
            mailbox_size: MAILBOX,
            deque_size: 8,
            priority: true,
            codec_config: (),
            peer_provider: provider.clone(),
            strategy: Sequential,
        },
    );
    broadcast.start(blocks);

    let finalizations =
        archives::certificates(context.child("finalizations"), &prefix, &page_cache).await?;
    let final_blocks = archives::blocks(context.child("blocks"), &prefix, &page_cache).await?;
    let store = Store::open(context.child("records"), &prefix, page_cache.clone()).await?;

    let first =
        Application::<E>::genesis_block(&genesis, sharing::first_epoch(output, &committee))?;
    let first_digest = first.digest();
    let founded = LastFinal {
        digest: first_digest,
        header: first.header().clone(),
        next_due: None,
        urgent: false,
    };
    let founders = founding_addresses(&genesis)?;
    let signing = founders.iter().map(|(key, _)| key.clone()).collect();
    let known = peers::with(founders, &given, false);
    let mut others = Presence::new([], now_ms(&context));
    others.set_others(known.iter().map(|(key, _)| key).filter(|key| **key != me), &signing);
    let shared = Shared::new(genesis, pacing, errs, voting, others, founded)?;
    let application = Application::<E>::new(store.clone(), shared.clone(), first.clone());
    let plan = SyncPlan::init(context.child("plan"), format!("{prefix}-plan-")).await;
    let (marshal_actor, marshal, floor) = MarshalActor::<_, Variant, _, _, _, _, _>::init(
        context.child("marshal"),
        finalizations,
        final_blocks,
        marshal::Config {
            provider: committees.clone(),
            epocher: epocher.clone(),
            start: plan.marshal_start(Digested::precomputed(first, first_digest)),
            partition_prefix: prefix.clone(),
            mailbox_size: MAILBOX,
            view_retention: VIEWS_KEPT,
            prunable_items_per_section: VIEWS_PER_FILE,
            page_cache: page_cache.clone(),
            replay_buffer: REPLAY_BUFFER_BYTES,
            key_write_buffer: JOURNAL_BUFFER_BYTES,
            value_write_buffer: JOURNAL_BUFFER_BYTES,
            block_codec_config: (),
            max_repair: NZUsize!(64),
            max_pending_acks: NZUsize!(16),
            strategy: Sequential,
        },
    )
    .await;
    let (stateful, reports) = Stateful::new(
        context.child("stateful"),
        StatefulConfig {
            application,
            db_config: databases::config::<E>(&prefix, &page_cache),
            provider: (),
            marshal: (marshal.clone(), floor),
            mailbox_size: MAILBOX,
            plan,
            resolvers: (NoResolver::default(), NoResolver::default()),
            sync_config: SyncEngineConfig {
                fetch_batch_size: NZU64!(1),
                apply_batch_size: NZU64!(1),
                max_outstanding_requests: NZUsize!(1),
            },
            prune_config: None,
            strategy: Sequential,
        },
    );
    let handle = handle::start(
        context.child("handle"),
        shared.clone(),
        store.clone(),
        reports.clone(),
        marshal.clone(),
    );
    let (fence, gate) = Fence::new();
    let (ceremony, steps) = reshare::Actor::new(
        context.child("ceremony"),
        reshare::Config {
            signer: key.clone(),
            manager: sharing::NoManager(provider.clone()),
            blocker: blocker.clone(),
            participants_provider: Members::new(
                context.child("members"),
                committee,
                handle.clone(),
            ),
            secret_store: secrets.clone(),
            strategy: Sequential,
            registrar: committees.clone(),
            marshal: marshal.clone(),
            state_sync: dkg::state_sync::Plan::disabled(),
            fence,
            // The engine wants it to live as long as the process; it is some ten bytes.
            namespace: Box::leak(
                [namespace.as_slice(), b"-ceremony-1"].concat().into_boxed_slice(),
            ),
            sharing_mode: Mode::NonZeroCounter,
            reveal: Reveal::V1,
            mailbox_size: MAILBOX,
            partition_prefix: format!("{prefix}-ceremony"),
            page_cache: page_cache.clone(),
            write_buffer: JOURNAL_BUFFER_BYTES,
            replay_buffer: REPLAY_BUFFER_BYTES,
            max_participants: CEREMONY_SEATS_MAX,
            blocks_per_epoch: epoch_blocks,
        },
    );
    let ceremonial = reshare::Application::new(reports.clone(), steps.clone(), epoch_blocks);
    let deferred = Deferred::new(
        context.child("deferred"),
        Paced::new(ceremonial, store.clone(), shared.clone()),
        marshal.clone(),
        epocher,
    );
    let (finals, final_blocks) = Finals::channel();
    let reporters = Reporters::from((steps, finals));
    let reporters = Reporters::from((wrap(reports.clone()), reporters));
    marshal_actor.start(reporters, buffer, resolver);
    ceremony.start(dealings);
    stateful.start();
    presence::start(context.child("presence"), shared.clone(), marshal.clone(), presence);
    let speed = Speed::new(context.child("clock"));
    admit::start(context.child("admit"), &handle);
    tempo::start(context.child("tempo"), shared.clone(), speed.clone(), me.clone());
    readiness::start(context.child("readiness"), shared.clone(), handle.clone(), &key);
    let peers = (context.child("peers"), shared.clone(), handle.clone());
    peers::start(peers.0, peers.1, peers.2, me, (known, given), track);
    resume::start(context.child("voting"), shared.clone());
    misconduct::start(context.child("misconduct"), shared.clone(), handle.clone());
    gossip::start(context.child("gossip"), handle.clone(), acts);
    let parts = epochs::Parts {
        shared,
        committees: committees.clone(),
        secrets,
        founding,
        marshal: marshal.clone(),
        application: deferred,
        blocker,
        gate,
        speed,
        page_cache,
        epoch_blocks,
        prefix,
    };
    let channels = [votes, certificates, certificate_requests];
    let task = epochs::start(context, parts, final_blocks, channels);
    Ok(Running { handle, marshal, committees, task })
}
