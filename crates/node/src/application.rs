//! The law as the engine's application: builds blocks, checks blocks, and keeps final ones.

use std::{sync::Arc, time::UNIX_EPOCH};

use commonware_consensus::{Heightable as _, marshal::ancestry::Ancestry};
use commonware_cryptography::{
    Digestible as _, bls12381::primitives::variant::MinSig, sha256::Digest,
};
use commonware_glue::{
    dkg::{reshare::Input as CeremonyInput, types::EpochOutcome},
    stateful::{Application as EngineApplication, Finality, Input, Proposed, db::DatabaseSet},
};
use commonware_runtime::Handle as Task;
use futures::StreamExt as _;
use pacta_chain::Header;
use pacta_law::{Genesis, Instant, LAW_VERSION, VerifiedAct};

use crate::{
    block::{BLOCK_ACTS_MAX, Block, root_of_body},
    databases::{Databases, Merkleized, Roots, Targets, Unmerkleized, targets},
    error::Error,
    execute::{Candidate, Executed, Task as Execution, Work, execute_block},
    mempool::Used,
    records::{Brought, Store},
    shared::{Disagreement, LastFinal, Shared},
    types::{Ceremony, Context, EpochInfo, Round, Scheme, ValidatorKey, ValidatorSecret},
    verify,
};

/// The application of one validator. Clones share all state.
pub struct Application<E: Context> {
    store: Store<E>,
    shared: Shared,
    /// Block 0.
    first: Block,
}

impl<E: Context> Clone for Application<E> {
    fn clone(&self) -> Self {
        Self { store: self.store.clone(), shared: self.shared.clone(), first: self.first.clone() }
    }
}

/// What is kept of a block while its databases are changed.
pub struct Kept {
    durable: Task<()>,
    used: Vec<Used>,
    next_due: Option<u64>,
    urgent: bool,
}

impl<E: Context> Application<E> {
    /// An application over a store, beginning with block 0.
    pub fn new(store: Store<E>, shared: Shared, first: Block) -> Self {
        Self { store, shared, first }
    }

    /// Block 0: it holds no acts, says who agrees on the first epoch, and every validator computes
    /// it from the genesis. The first records enter the ledger with block 1.
    ///
    /// # Errors
    /// [`Error::Genesis`] if a validator's key is malformed.
    pub fn genesis_block(genesis: &Genesis, first: EpochInfo) -> Result<Block, Error> {
        let leader = genesis.founding.validators.first().map(|validator| validator.key.0);
        let roots = Roots::empty::<E>();
        let first = Ceremony::EpochInfo(first);
        let mut header = header(&roots, 0, Instant::MIN, root_of_body(&[], Some(&first)));
        header.leader = leader.ok_or_else(|| Error::Genesis("it names no validator".into()))?;
        Block::new(header, Vec::new(), Some(first)).map_err(|reason| Error::Genesis(reason.into()))
    }

    async fn execute(&self, clock: &E, task: Execution, batches: Unmerkleized<E>) -> Executed<E> {
        let start = clock.current();
        let executed = execute_block(&self.shared, &self.store, task, batches)
            .await
            .unwrap_or_else(|error| panic!("{error}"));
        let elapsed = clock.current().duration_since(start).unwrap_or_default();
        self.shared.work().note(executed.acts.len(), elapsed);
        executed
    }

    /// Lets acts wait here that came with a good block, since it may not become final.
    fn keep_acts(&self, clock: &E, acts: Vec<Arc<VerifiedAct>>) {
        let now = now_ms(clock);
        let height = self.shared.last_final().header.height;
        let mut mempool = self.shared.mempool();
        for act in acts {
            let _ = mempool.admit(act, now, height); // a full mempool may refuse it
        }
    }

    /// Builds a block on `parent`.
    async fn build(
        &self,
        clock: &E,
        round: Round,
        parent: &Block,
        batches: Unmerkleized<E>,
        ceremony: Option<Ceremony>,
    ) -> (Block, Brought, Merkleized<E>) {
        let height = parent.header().height + 1;
        let earliest = parent.header().instant.ms() + 1;
        let now = Instant::from_ms(now_ms(clock).max(earliest)).unwrap_or(Instant::MAX);
        let included = self.store.acts_since_final(parent.digest());
        let room = self.shared.work().room();
        let choice = self.shared.mempool().choose(&included, room);
        let mut choice: Vec<_> = choice.into_iter().map(Candidate::Verified).collect();
        if self.shared.errs().censors {
            choice.clear();
        }
        let work = match self.shared.errs().unfit_acts && !choice.is_empty() {
            true => {
                choice.truncate(BLOCK_ACTS_MAX / 2);
                choice.push(choice[0].clone());
                Work::All(choice)
            }
            false => Work::Choice(choice),
        };
        let task = Execution {
            parent: parent.digest(),
            height,
            now,
            work,
            ceremony: ceremony.as_ref().and_then(ended),
        };
        let executed = self.execute(clock, task, batches).await;
        self.shared.mempool().passed_over(&executed.early, &executed.useless);

        let mut header =
            header(&executed.roots, height, now, root_of_body(&executed.acts, ceremony.as_ref()));
        if self.shared.errs().wrong_roots && height.is_multiple_of(2) {
            header.ledger_root = pacta_law::Digest::of(&[&header.ledger_root.0]);
        }
        header.epoch = round.round.epoch().get();
        header.view = round.round.view().get();
        header.leader = round.leader.as_ref().try_into().expect("a key has 32 bytes");
        header.parent_view = round.parent.0.get();
        header.parent_digest = pacta_law::Digest(round.parent.1.0);
        let block = Block::new(header, executed.acts, ceremony).expect("made from its own parts");
        (block, executed.brought, executed.merkleized)
    }
}

/// How the ceremony ended, if this step of it says so.
pub(crate) fn ended(step: &Ceremony) -> Option<pacta_law::Ceremony> {
    let Ceremony::EpochInfo(info) = step else { return None };
    let succeeded = info.outcome == EpochOutcome::Success;
    let revealed = info.output.revealed().iter();
    let key = |key: &ValidatorKey| key.as_ref().try_into().expect("a key has 32 bytes");
    let revealed = revealed.map(|revealed| pacta_law::PublicKey(key(revealed)));
    Some(pacta_law::Ceremony { succeeded, revealed: revealed.collect() })
}

/// A header without a round.
fn header(roots: &Roots, height: u64, instant: Instant, acts_root: pacta_law::Digest) -> Header {
    let digest = |digest: Digest| pacta_law::Digest(digest.0);
    Header {
        epoch: 0,
        view: 0,
        leader: [0; 32],
        parent_view: 0,
        parent_digest: pacta_law::Digest([0; 32]),
        height,
        instant,
        acts_root,
        ledger_root: digest(roots.ledger_root),
        ledger_ops_root: digest(roots.ledger_ops_root),
        ledger_start: roots.ledger_start,
        ledger_end: roots.ledger_end,
        journal_root: digest(roots.journal_root),
        journal_ops_root: digest(roots.journal_root),
        journal_start: roots.journal_start,
        journal_end: roots.journal_end,
        law_version: LAW_VERSION,
    }
}

/// Milliseconds since 1970 by this machine's clock.
pub fn now_ms<E: Context>(clock: &E) -> u64 {
    let since = clock.current().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

impl<E: Context> EngineApplication<E> for Application<E> {
    type SigningScheme = Scheme;
    type Context = Round;
    type Block = Block;
    type Databases = Databases<E>;
    type Captured = Kept;
    type Provider = ();
    type Input = CeremonyInput<(), MinSig, ValidatorSecret>;

    fn sync_targets(block: &Block) -> Targets<E> {
        targets::<E>(block.header())
    }

    async fn genesis(&mut self) -> Block {
        self.first.clone()
    }

    async fn propose(
        &mut self,
        context: (E, Round),
        mut ancestry: impl Ancestry<Block>,
        batches: Unmerkleized<E>,
        input: Input<Self::Input, ()>,
    ) -> Option<Proposed<Self, E>> {
        let parent = ancestry.next().await?;
        let (clock, round) = context;
        let ceremony = input.upstream.payload;
        let (block, brought, merkleized) =
            self.build(&clock, round, parent.inner(), batches, ceremony).await;
        tracing::debug!(height = block.header().height, acts = block.acts().len(), "proposed");
        self.store.hold(block.digest(), Arc::new(brought));
        Some(Proposed { block, merkleized })
    }

    /// Executes a block. `None`, which means invalid for ever, only for what the chain alone
    /// decides: the order of instants, the version of the law, and the roots.
    async fn process(
        &mut self,
        context: (E, Round),
        mut ancestry: impl Ancestry<Block>,
        batches: Unmerkleized<E>,
        _: Finality,
    ) -> Option<Merkleized<E>> {
        let block = ancestry.next().await?;
        let parent = ancestry.next().await?;
        let header = block.inner().header().clone();
        let leader = pacta_law::PublicKey(header.leader);
        if header.instant <= parent.inner().header().instant || header.law_version != LAW_VERSION {
            tracing::warn!(height = header.height, %leader, "block refused: instant or version");
            return None;
        }
        let (acts, unknown) =
            verify::block_acts(&context.0, &self.shared, block.inner().acts()).await;
        let task = Execution {
            parent: parent.digest(),
            height: header.height,
            now: header.instant,
            work: Work::All(acts),
            ceremony: block.inner().ceremony().and_then(ended),
        };
        let executed = self.execute(&context.0, task, batches).await;
        if executed.unfit {
            tracing::warn!(height = header.height, %leader, "block refused: unfit acts");
            return None;
        }
        let found = self::header(&executed.roots, header.height, header.instant, header.acts_root);
        if !same_roots(&found, &header) || executed.acts.len() != block.inner().acts().len() {
            tracing::error!(height = header.height, %leader, "block refused: its roots differ");
            let used = executed.brought.used.iter();
            self.shared.disagree(Disagreement {
                header,
                acts: used.map(|used| pacta_law::ActId(used.act.0)).collect(),
                ledger_root: found.ledger_root,
                journal_root: found.journal_root,
                outcomes: executed.brought.outcomes.clone(),
                changes: executed.changes,
            });
            return None;
        }
        self.keep_acts(&context.0, unknown);
        self.store.hold(block.digest(), Arc::new(executed.brought));
        self.shared.changed();
        Some(executed.merkleized)
    }

    async fn capture(
        &mut self,
        _: (E, Round),
        block: &Block,
        _: &Merkleized<E>,
        _: <Self::Databases as DatabaseSet<E>>::Readers,
    ) -> Kept {
        let digest = block.digest();
        let brought = self.store.held(&digest).expect("a final block was executed here");
        let durable =
            self.store.keep(digest, &brought).await.unwrap_or_else(|error| panic!("{error}"));
        Kept {
            durable,
            used: brought.used.clone(),
            next_due: brought.next_due,
            urgent: brought.urgent,
        }
    }

    async fn finalized(
        &mut self,
        _: (E, Round),
        block: &Block,
        kept: Kept,
        _: <Self::Databases as DatabaseSet<E>>::Readers,
    ) {
        let height = block.height().get();
        self.store.release(height);
        self.shared.mempool().finalized(&kept.used);
        self.shared.set_last_final(LastFinal {
            digest: block.digest(),
            header: block.header().clone(),
            next_due: kept.next_due,
            urgent: kept.urgent,
        });
        if let Err(error) = kept.durable.await {
            panic!("{}", Error::Damaged(format!("records: {error}")));
        }
    }
}

fn same_roots(one: &Header, other: &Header) -> bool {
    one.ledger_root == other.ledger_root
        && one.ledger_ops_root == other.ledger_ops_root
        && (one.ledger_start, one.ledger_end) == (other.ledger_start, other.ledger_end)
        && one.journal_root == other.journal_root
        && one.journal_ops_root == other.journal_ops_root
        && (one.journal_start, one.journal_end) == (other.journal_start, other.journal_end)
}
