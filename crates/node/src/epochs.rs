//! One engine of agreement for each epoch.
//!
//! An epoch is a fixed number of blocks, agreed on by one committee. In its first half those who
//! hold shares of the network key deal new ones to those who will; in its second half what they
//! dealt is put on record, and its last block says who agrees on the next epoch. Then the engine of
//! this epoch ends and that of the next one begins, on the same key of the network.

use std::{num::NonZeroU64, sync::Arc, time::Duration};

use commonware_actor::Feedback;
use commonware_consensus::{
    CertifiableAutomaton, Heightable as _, Relay, Reporter,
    marshal::Update,
    simplex::{
        self, Plan,
        config::{Floor, ForwardPolicy, SkipBudget, SkipPolicy},
        types::Activity,
    },
    types::{Epoch, Epocher as _, FixedEpocher, Height, ViewDelta},
};
use commonware_cryptography::{
    Digested,
    bls12381::primitives::{sharing::Sharing, variant::MinSig},
    certificate::{Provider as _, Scheme as _},
};
use commonware_glue::dkg::fence::Gate;
use commonware_macros::select;
use commonware_p2p::{
    Blocker, Channel, Message, Receiver, Sender,
    utils::mux::{Builder as _, MuxHandle, Muxer},
};
use commonware_parallel::Sequential;
use commonware_runtime::{Handle as Task, buffer::paged::CacheRef};
use commonware_utils::{
    Acknowledgement as _, NZDuration, acknowledgement::Exact, channel::mpsc, vec::NonEmptyVec,
};

use crate::{
    application::now_ms,
    block::Block,
    committees::Committees,
    databases::{JOURNAL_BUFFER_BYTES, REPLAY_BUFFER_BYTES},
    early::Early,
    elastic::{Elastic, Speed},
    engine::{CERTIFICATE_TIMEOUT, FETCH_RETRY, MAILBOX},
    misconduct::{Ears, Overhearing, Witness},
    presence::Reaction,
    secrets::Secrets,
    shared::Shared,
    tempo::Views,
    turns::Turns,
    types::{BlockDigest, Ceremony, Context, EpochInfo, Marshal, Round, Scheme, ValidatorKey},
    voting::Told,
};

/// Views of which votes are kept.
const VIEWS_KEPT: ViewDelta = ViewDelta::new(256);
/// How often a node looks how far it has come.
const LOOK: Duration = Duration::from_secs(1);
/// An epoch's journal of votes is removed when so many later ones have begun.
const JOURNALS_KEPT: u64 = 2;

/// Hears of final blocks and passes them to the epochs.
#[derive(Clone)]
pub struct Finals(mpsc::UnboundedSender<(Digested<Block>, Exact)>);

/// What [`Finals`] passes.
pub type FinalsReceiver = mpsc::UnboundedReceiver<(Digested<Block>, Exact)>;

impl Finals {
    /// Both ends.
    pub fn channel() -> (Self, FinalsReceiver) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (Self(sender), receiver)
    }
}

impl Reporter for Finals {
    type Activity = Update<Block>;

    fn report(&mut self, update: Update<Block>) -> Feedback {
        if let Update::Block(block, done) = update {
            return match self.0.send((block, done)) {
                Ok(()) => Feedback::Ok,
                Err(_) => Feedback::Closed,
            };
        }
        Feedback::Ok
    }
}

/// What the engines of all epochs have in common.
pub struct Parts<E: Context, D, B> {
    /// What all parts of the node share.
    pub shared: Shared,
    /// The committees, by epoch.
    pub committees: Committees,
    /// What this node keeps secret of the ceremonies.
    pub secrets: Secrets<E>,
    /// How the founding shared the network key.
    pub founding: Sharing<MinSig>,
    /// The store of final blocks.
    pub marshal: Marshal,
    /// The application, as the engine sees it.
    pub application: D,
    /// Shuts out peers that send what they must not.
    pub blocker: B,
    /// Opens for an epoch when its committee is known.
    pub gate: Gate,
    /// The engine's clock.
    pub speed: Arc<Speed<E>>,
    /// Pages of journals.
    pub page_cache: CacheRef,
    /// Blocks of an epoch.
    pub epoch_blocks: NonZeroU64,
    /// Prefix of the names of journals.
    pub prefix: String,
}

/// An epoch whose engine runs, until the value is dropped.
struct Active {
    epoch: Epoch,
    engine: Task<()>,
}

impl Drop for Active {
    fn drop(&mut self) {
        self.engine.abort();
    }
}

/// The channels of all epochs, which each has a part of.
struct Channels<S: Sender> {
    votes: MuxHandle<S>,
    later_votes: mpsc::Receiver<(Channel, Message<S::PublicKey>)>,
    certificates: MuxHandle<S>,
    later_certificates: mpsc::Receiver<(Channel, Message<S::PublicKey>)>,
    requests: MuxHandle<S>,
    early_votes: Early,
    early_certificates: Early,
}

impl<S: Sender> Channels<S> {
    fn open<E, R>(context: &E, [votes, certificates, requests]: [(S, R); 3]) -> Self
    where
        E: Context,
        R: Receiver<PublicKey = S::PublicKey>,
    {
        let (mux, votes, later_votes) =
            Muxer::builder(context.child("votes"), votes.0, votes.1).with_backup().build();
        mux.start();
        let (mux, certificates, later_certificates) =
            Muxer::builder(context.child("certificates"), certificates.0, certificates.1)
                .with_backup()
                .build();
        mux.start();
        let (mux, requests) = Muxer::new(context.child("requests"), requests.0, requests.1);
        mux.start();
        let (early_votes, early_certificates) = (Early::default(), Early::default());
        Self {
            votes,
            later_votes,
            certificates,
            later_certificates,
            requests,
            early_votes,
            early_certificates,
        }
    }
}

/// Starts the engine of the epoch that follows the last final block here, and then of each next
/// one. The task ends when it cannot go on.
pub fn start<E, D, B, S, R>(
    context: E,
    parts: Parts<E, D, B>,
    finals: FinalsReceiver,
    channels: [(S, R); 3],
) -> Task<()>
where
    E: Context,
    D: CertifiableAutomaton<Context = Round, Digest = BlockDigest>
        + Relay<Digest = BlockDigest, PublicKey = ValidatorKey, Plan = Plan<ValidatorKey>>
        + Reporter<Activity = Activity<Scheme, BlockDigest>>,
    B: Blocker<PublicKey = ValidatorKey>,
    S: Sender<PublicKey = ValidatorKey>,
    R: Receiver<PublicKey = ValidatorKey>,
{
    context.spawn(move |context| async move {
        let channels = Channels::open(&context, channels);
        let ended = Epochs { context, parts, channels }.run(finals).await;
        tracing::info!(reason = ended, "the epochs end");
    })
}

struct Epochs<E: Context, D, B, S: Sender> {
    context: E,
    parts: Parts<E, D, B>,
    channels: Channels<S>,
}

impl<E, D, B, S> Epochs<E, D, B, S>
where
    E: Context,
    D: CertifiableAutomaton<Context = Round, Digest = BlockDigest>
        + Relay<Digest = BlockDigest, PublicKey = ValidatorKey, Plan = Plan<ValidatorKey>>
        + Reporter<Activity = Activity<Scheme, BlockDigest>>,
    B: Blocker<PublicKey = ValidatorKey>,
    S: Sender<PublicKey = ValidatorKey>,
{
    /// Runs until it cannot go on; says why.
    async fn run(mut self, mut finals: FinalsReceiver) -> &'static str {
        let epocher = FixedEpocher::new(self.parts.epoch_blocks);
        let processed = self.parts.marshal.get_processed().await;
        let first = processed.map_or(Height::zero(), |processed| processed.height().next());
        let epoch = epocher.containing(first).map_or(Epoch::zero(), |info| info.epoch());
        let boundary =
            epoch.previous().and_then(|before| epocher.last(before)).unwrap_or(Height::zero());
        let Some(block) = self.parts.marshal.get_block(boundary).await else {
            return "the block before this epoch is missing";
        };
        let Some(mut active) = self.enter(&block, epoch).await else {
            return "the first epoch could not begin";
        };
        loop {
            let last = epocher.last(active.epoch).expect("epochs begin at all heights");
            select! {
                later = self.channels.later_votes.recv() => {
                    let Some((epoch, message)) = later else { return "no votes come any more" };
                    self.ask_for_boundary(active.epoch, epoch, last, &message.0);
                    if epoch == active.epoch.next().get() {
                        self.channels.early_votes.keep(epoch, message);
                    }
                },
                later = self.channels.later_certificates.recv() => {
                    let Some((epoch, message)) = later else { return "no certificates come" };
                    self.ask_for_boundary(active.epoch, epoch, last, &message.0);
                    if epoch == active.epoch.next().get() {
                        self.channels.early_certificates.keep(epoch, message);
                    }
                },
                ended = &mut active.engine => {
                    assert!(ended.is_ok(), "the engine of epoch {} failed", active.epoch);
                    return "the engine of an epoch ended";
                },
                block = finals.recv() => {
                    let Some((block, done)) = block else { return "no blocks come any more" };
                    if block.height() == last {
                        let next = active.epoch.next();
                        let Some(entered) = self.enter(&block, next).await else {
                            return "the next epoch could not begin";
                        };
                        active = entered;
                    }
                    done.acknowledge();
                },
            }
        }
    }

    /// Whoever speaks of a later epoch has the last block of this one.
    fn ask_for_boundary(&self, mine: Epoch, theirs: u64, last: Height, from: &ValidatorKey) {
        if theirs > mine.get() {
            self.parts.marshal.hint_finalized(last, NonEmptyVec::new(from.clone()));
        }
    }

    /// Starts the engine of an epoch on the block that begins it.
    async fn enter(&mut self, block: &Digested<Block>, epoch: Epoch) -> Option<Active> {
        let Some(Ceremony::EpochInfo(info)) = block.inner().ceremony() else {
            panic!("the block at {} does not say who agrees on the next", block.height());
        };
        assert_eq!(info.epoch, epoch, "the block before epoch {epoch} speaks of another");
        if self.parts.gate.wait(epoch).await.is_err() {
            return None;
        }
        let info: EpochInfo = info.clone();
        let parts = &self.parts;
        let scheme = parts.committees.scheme(epoch).expect("the gate opens when it is known");
        let committee = scheme.participants().clone();
        parts.shared.enter_epoch(epoch.get(), committee, scheme.casts());
        let child = self.context.child("epoch").with_attribute("number", epoch);
        let pacing = *parts.shared.pacing();
        let reporter = Views::new(parts.application.clone(), parts.shared.clone(), epoch.get());
        let ears = Ears::new(parts.shared.clone(), scheme.participants().clone());
        let reporter = Witness::new(reporter, ears.clone());
        let me = scheme.me().and_then(|me| me.signer());
        let reporter = Told::new(reporter, me, parts.shared.voting().clone());
        let engine = simplex::Engine::new(
            Elastic::new(child, parts.speed.clone()),
            simplex::Config {
                scheme: scheme.as_ref().clone(),
                elector: Turns::default(),
                blocker: parts.blocker.clone(),
                automaton: parts.application.clone(),
                relay: parts.application.clone(),
                reporter,
                track_historical_votes: true, // else a later contradiction leaves no evidence
                strategy: Sequential,
                partition: self.journal(epoch.get()),
                mailbox_size: MAILBOX,
                epoch,
                floor: Floor::Genesis(commonware_cryptography::Digestible::digest(block)),
                replay_buffer: REPLAY_BUFFER_BYTES,
                write_buffer: JOURNAL_BUFFER_BYTES,
                page_cache: parts.page_cache.clone(),
                leader_timeout: pacing.leader,
                certification_timeout: pacing.certification,
                timeout_retry: pacing.retry,
                view_retention: VIEWS_KEPT,
                skip: SkipPolicy::Enabled {
                    timeout: pacing.skip,
                    budget: SkipBudget::Participants,
                },
                fetch_timeout: NZDuration!(CERTIFICATE_TIMEOUT),
                fetch_retry_delay: FETCH_RETRY,
                forward: ForwardPolicy::SilentVoters,
            },
        );
        let channels = &mut self.channels;
        let (sender, votes) = channels.votes.register(epoch.get()).await.ok()?;
        while let Ok((of, message)) = channels.later_votes.try_recv() {
            if of == epoch.get() {
                channels.early_votes.keep(of, message);
            }
        }
        let votes = (sender, channels.early_votes.before(epoch.get(), votes));
        let (sender, certificates) = channels.certificates.register(epoch.get()).await.ok()?;
        while let Ok((of, message)) = channels.later_certificates.try_recv() {
            if of == epoch.get() {
                channels.early_certificates.keep(of, message);
            }
        }
        let certificates = channels.early_certificates.before(epoch.get(), certificates);
        let certificates = (sender, Overhearing::new(certificates, ears));
        let requests = self.channels.requests.register(epoch.get()).await.ok()?;
        let engine = engine.start(votes, certificates, requests);
        if let Some(old) = epoch.get().checked_sub(JOURNALS_KEPT) {
            // It may have been removed before.
            let _ = self.context.remove(&self.journal(old), None).await;
        }
        tracing::debug!(%epoch, validators = info.output.players().len(), "an epoch begins");
        self.catch_up(epoch);
        self.erase_earlier(epoch, block.height(), *info.output.public() != self.parts.founding);
        Some(Active { epoch, engine })
    }

    /// Asks for the last block of an epoch that has begun, if others are beyond it.
    fn catch_up(&self, epoch: Epoch) {
        let last = FixedEpocher::new(self.parts.epoch_blocks).last(epoch);
        let last = last.expect("epochs end at all heights");
        let reaction = self.parts.shared.presence().reach(last.get(), now_ms(&self.context));
        if let Reaction::Ask(height, whom) = reaction
            && let Ok(whom) = whom.try_into()
        {
            self.parts.marshal.hint_finalized(Height::new(height), whom);
        }
    }

    /// Erases the shares of earlier epochs as soon as this node will not begin in one of them again
    /// when it is started anew: when it is on record that the block which begins this one was
    /// processed. If shares were renewed since the founding, that one is over too.
    fn erase_earlier(&self, epoch: Epoch, begins: Height, renewed: bool) {
        let Parts { secrets, marshal, shared, .. } = &self.parts;
        let (secrets, marshal, shared) = (secrets.clone(), marshal.clone(), shared.clone());
        self.context.child("erase").spawn(move |context| async move {
            while marshal.get_processed().await.is_none_or(|last| last.height() < begins) {
                context.sleep(LOOK).await;
            }
            secrets.begin_no_earlier(epoch).await;
            if renewed {
                shared.set_renewed();
            }
        });
    }

    /// The journal of votes of an epoch.
    fn journal(&self, epoch: u64) -> String {
        format!("{}-votes-{epoch}", self.parts.prefix)
    }
}
