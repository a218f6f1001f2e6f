//! One validator's engine, on any runtime and any network.
//!
//! The same [`start`] runs over TCP and on the deterministic runtime of simulations.

use std::{num::NonZeroUsize, sync::Arc, time::Duration};

use commonware_broadcast::buffered;
use commonware_consensus::{
    Reporter,
    marshal::{
        self, Update, core::Actor as MarshalActor, resolver::p2p as marshal_resolver,
        standard::Deferred,
    },
    simplex::{
        self,
        config::{Floor, ForwardPolicy, SkipBudget, SkipPolicy},
        elector::RoundRobin,
    },
    types::{Epoch, FixedEpocher, ViewDelta},
};
use commonware_cryptography::{
    Digested, Digestible as _, Sha256, Signer as _, certificate::ConstantProvider,
};
use commonware_glue::stateful::{
    Config as StatefulConfig, Mailbox, Stateful, SyncPlan, db::SyncEngineConfig,
};
use commonware_p2p::{Blocker, Provider, Receiver, Sender, max_message_size};
use commonware_parallel::Sequential;
use commonware_runtime::{Handle as Task, Quota, buffer::paged::CacheRef};
use commonware_storage::{archive::prunable, translator::EightCap};
use commonware_utils::{NZDuration, NZU32, NZU64, NZUsize, ordered::Set};
use pacta_law::{ActId, Genesis};

use crate::{
    application::{Application, now_ms},
    block::Block,
    databases::{self, JOURNAL_BUFFER_BYTES, REPLAY_BUFFER_BYTES},
    dealer::NetworkShare,
    elastic::{Elastic, Speed},
    error::Error,
    gossip,
    handle::{self, Handle},
    misconduct::Witness,
    paced::Paced,
    pacing::Pacing,
    presence::{self, Presence},
    records::Store,
    resolver::NoResolver,
    shared::{LastFinal, Shared},
    tempo::{self, Leaders, Views},
    types::{
        BlockDigest, Context, Finalization, Marshal, Scheme, ValidatorKey, ValidatorSecret, Variant,
    },
};

/// Votes, certificates, requests for certificates, requests for blocks, blocks, acts, presence: in
/// the order in which [`start`] takes their senders and receivers. Numbers 5 and 6 are kept for
/// syncing.
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
    ]
}

/// Channels between validators.
pub const CHANNELS: usize = 7;

/// The largest message that a validator of a committee of this size sends, in bytes.
pub fn message_bytes_max(validators: u32) -> u32 {
    max_message_size(&[
        simplex::max_payload_size::<Scheme, BlockDigest>(validators),
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
    /// Its share of the network key.
    pub share: NetworkShare,
    /// Time limits.
    pub pacing: Pacing,
    /// Prefix of the names of all files; unique per validator where several share a storage.
    pub prefix: String,
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
    /// It keeps no evidence against others.
    pub forgives: bool,
}

/// A validator that runs.
pub struct Running {
    /// The way to use it.
    pub handle: Handle,
    /// Its store of final blocks and certificates.
    pub marshal: Marshal,
    /// The engine's root task: the node ends when it ends, and stops when it is aborted.
    pub task: Task<()>,
}

/// The type that hears of final blocks first.
pub type FinalBlocks<E> = Mailbox<E, Application<E>>;

/// Quantities that no operator needs to change.
const MAILBOX: NonZeroUsize = NZUsize!(256);
const EPOCH_BLOCKS: std::num::NonZeroU64 = NZU64!(u64::MAX);
const BLOCKS_PER_FILE: std::num::NonZeroU64 = NZU64!(1 << 16);
const VIEWS_PER_FILE: std::num::NonZeroU64 = NZU64!(256);
const VIEWS_KEPT: ViewDelta = ViewDelta::new(256);
const FETCH_TIMEOUT: Duration = Duration::from_secs(2);
/// In the engine's time, which runs slowly while there is nothing to do.
const CERTIFICATE_TIMEOUT: Duration = Duration::from_millis(500);
const FETCH_RETRY: Duration = Duration::from_millis(100);

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

fn archive_config<C>(
    prefix: &str,
    name: &str,
    page_cache: &CacheRef,
    codec_config: C,
) -> prunable::Config<EightCap, C> {
    prunable::Config {
        translator: EightCap,
        metadata_partition: format!("{prefix}-{name}-metadata"),
        key_partition: format!("{prefix}-{name}-keys"),
        key_page_cache: page_cache.clone(),
        value_partition: format!("{prefix}-{name}-values"),
        compression: None,
        codec_config,
        items_per_section: BLOCKS_PER_FILE,
        key_write_buffer: JOURNAL_BUFFER_BYTES,
        value_write_buffer: JOURNAL_BUFFER_BYTES,
        replay_buffer: REPLAY_BUFFER_BYTES,
    }
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
pub async fn start<E, S, R, P, B, F>(
    context: E,
    setup: Setup,
    peers: [(S, R); CHANNELS],
    provider: P,
    blocker: B,
    wrap: impl FnOnce(FinalBlocks<E>) -> F,
) -> Result<Running, Error>
where
    E: Context,
    S: Sender<PublicKey = ValidatorKey>,
    R: Receiver<PublicKey = ValidatorKey>,
    P: Provider<PublicKey = ValidatorKey>,
    B: Blocker<PublicKey = ValidatorKey>,
    F: Reporter<Activity = Update<Block>>,
{
    let [votes, certificates, certificate_requests, block_requests, blocks, acts, presence] = peers;
    let committee = committee(&setup.genesis)?;
    let Setup { genesis, key, share, pacing, prefix, errs } = setup;
    let me = key.public_key();
    let scheme = scheme(&genesis, &committee, key, share)?;
    let page_cache = databases::page_cache();
    let epocher = FixedEpocher::new(EPOCH_BLOCKS);

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

    let finalizations = prunable::Archive::<_, _, BlockDigest, Finalization>::init(
        context.child("finalizations"),
        archive_config(&prefix, "finalizations", &page_cache, committee.len()),
    )
    .await
    .map_err(|error| Error::Damaged(format!("certificates: {error}")))?;
    let final_blocks = prunable::Archive::<_, _, BlockDigest, Arc<Block>>::init(
        context.child("blocks"),
        archive_config(&prefix, "blocks", &page_cache, ()),
    )
    .await
    .map_err(|error| Error::Damaged(format!("blocks: {error}")))?;
    let store = Store::open(context.child("records"), &prefix, page_cache.clone()).await?;

    let first = Application::<E>::genesis_block(&genesis)?;
    let first_digest = first.digest();
    let founded =
        LastFinal { digest: first_digest, header: first.header().clone(), next_due: None };
    let others = Presence::new(committee.iter().filter(|key| **key != me), now_ms(&context));
    let shared = Shared::new(genesis, pacing, errs, others, founded)?;
    let application = Application::<E>::new(store.clone(), shared.clone());
    let plan = SyncPlan::init(context.child("plan"), format!("{prefix}-plan-")).await;
    let (marshal_actor, marshal, floor) = MarshalActor::<_, Variant, _, _, _, _, _>::init(
        context.child("marshal"),
        finalizations,
        final_blocks,
        marshal::Config {
            provider: ConstantProvider::new(scheme.clone()),
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
    let deferred = Deferred::new(
        context.child("deferred"),
        Paced::new(reports.clone(), store.clone(), shared.clone()),
        marshal.clone(),
        epocher,
    );
    marshal_actor.start(wrap(reports.clone()), buffer, resolver);
    stateful.start();
    presence::start(context.child("presence"), shared.clone(), marshal.clone(), presence);
    let speed = Speed::new(context.child("clock"));
    let leaders = Leaders::of(committee.clone());
    tempo::start(context.child("tempo"), shared.clone(), speed.clone(), leaders, me);
    let reporter = Views::new(deferred.clone(), shared.clone());
    let reporter = Witness::new(reporter, shared.clone(), committee);
    let handle = handle::start(context.child("handle"), shared, store, reports, marshal.clone());
    gossip::start(context.child("gossip"), handle.clone(), acts);

    let simplex = simplex::Engine::new(
        Elastic::new(context, speed),
        simplex::Config {
            scheme,
            elector: RoundRobin::<Sha256>::default(),
            blocker,
            automaton: deferred.clone(),
            relay: deferred,
            reporter,
            track_historical_votes: true, // else a later contradiction leaves no evidence
            strategy: Sequential,
            partition: format!("{prefix}-votes"),
            mailbox_size: MAILBOX,
            epoch: Epoch::zero(),
            floor: Floor::Genesis(first_digest),
            replay_buffer: REPLAY_BUFFER_BYTES,
            write_buffer: JOURNAL_BUFFER_BYTES,
            page_cache,
            leader_timeout: pacing.leader,
            certification_timeout: pacing.certification,
            timeout_retry: pacing.retry,
            view_retention: VIEWS_KEPT,
            skip: SkipPolicy::Enabled { timeout: pacing.skip, budget: SkipBudget::Participants },
            fetch_timeout: NZDuration!(CERTIFICATE_TIMEOUT),
            fetch_retry_delay: FETCH_RETRY,
            forward: ForwardPolicy::SilentVoters,
        },
    );
    let task = simplex.start(votes, certificates, certificate_requests);
    Ok(Running { handle, marshal, task })
}

fn scheme(
    genesis: &Genesis,
    committee: &Set<ValidatorKey>,
    key: ValidatorSecret,
    share: NetworkShare,
) -> Result<Scheme, Error> {
    if share.network_key() != genesis.founding.network_key.0.as_slice() {
        return Err(Error::Credentials("the share belongs to another network".into()));
    }
    share.scheme(&pacta_chain::namespace(genesis.network()), committee, key)
}
