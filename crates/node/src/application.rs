//! The law as the engine's application: builds blocks, checks blocks, and keeps final ones.

use std::{sync::Arc, time::UNIX_EPOCH};

use commonware_consensus::{Heightable as _, marshal::ancestry::Ancestry};
use commonware_cryptography::{Digestible as _, sha256::Digest};
use commonware_glue::stateful::{
    Application as EngineApplication, Finality, Input, Proposed, db::DatabaseSet,
};
use commonware_runtime::Handle as Task;
use futures::StreamExt as _;
use pacta_chain::{Header, acts_root};
use pacta_law::{Genesis, Instant, LAW_VERSION, VerifiedAct};

use crate::{
    block::{BLOCK_ACTS_MAX, Block},
    databases::{Databases, Merkleized, Roots, Targets, Unmerkleized, targets},
    error::Error,
    execute::{Candidate, Executed, Work, execute_block},
    mempool::Used,
    records::{Brought, Store},
    shared::{Disagreement, LastFinal, Shared},
    types::{Context, Round, Scheme},
    verify,
};

/// The application of one validator. Clones share all state.
pub struct Application<E: Context> {
    store: Store<E>,
    shared: Shared,
}

impl<E: Context> Clone for Application<E> {
    fn clone(&self) -> Self {
        Self { store: self.store.clone(), shared: self.shared.clone() }
    }
}

/// What is kept of a block while its databases are changed.
pub struct Kept {
    durable: Task<()>,
    used: Vec<Used>,
    next_due: Option<u64>,
}

impl<E: Context> Application<E> {
    /// An application over a store.
    pub fn new(store: Store<E>, shared: Shared) -> Self {
        Self { store, shared }
    }

    /// Block 0: it holds nothing, and every validator computes it from the genesis. The first
    /// records enter the ledger with block 1.
    ///
    /// # Errors
    /// [`Error::Genesis`] if a validator's key is malformed.
    pub fn genesis_block(genesis: &Genesis) -> Result<Block, Error> {
        let leader = genesis.founding.validators.first().map(|validator| validator.key.0);
        let roots = Roots::empty::<E>();
        let mut header = header(&roots, 0, Instant::MIN, acts_root::<Vec<u8>>(&[]));
        header.leader = leader.ok_or_else(|| Error::Genesis("it names no validator".into()))?;
        Block::new(header, Vec::new()).map_err(|reason| Error::Genesis(reason.into()))
    }

    async fn execute(
        &self,
        parent: Digest,
        height: u64,
        now: Instant,
        work: Work,
        batches: Unmerkleized<E>,
    ) -> Executed<E> {
        execute_block(&self.shared, &self.store, parent, height, now, work, batches)
            .await
            .unwrap_or_else(|error| panic!("{error}"))
    }

    /// Lets acts wait here that came with a good block, since it may not become final.
    fn keep_acts(&self, clock: &E, acts: Vec<Arc<VerifiedAct>>) {
        let now = now_ms(clock);
        let mut mempool = self.shared.mempool();
        for act in acts {
            let _ = mempool.admit(act, now); // a full mempool may refuse it
        }
    }

    /// Builds a block on `parent`.
    async fn build(
        &self,
        clock: &E,
        round: Round,
        parent: &Block,
        batches: Unmerkleized<E>,
    ) -> (Block, Brought, Merkleized<E>) {
        let height = parent.header().height + 1;
        let earliest = parent.header().instant.ms() + 1;
        let now = Instant::from_ms(now_ms(clock).max(earliest)).unwrap_or(Instant::MAX);
        let included = self.store.acts_since_final(parent.digest());
        let choice = self.shared.mempool().choose(&included);
        let mut choice: Vec<_> = choice.into_iter().map(Candidate::Verified).collect();
        let work = match self.shared.errs().unfit_acts && !choice.is_empty() {
            true => {
                choice.truncate(BLOCK_ACTS_MAX / 2);
                choice.push(choice[0].clone());
                Work::All(choice)
            }
            false => Work::Choice(choice),
        };
        let executed = self.execute(parent.digest(), height, now, work, batches).await;
        self.shared.mempool().passed_over(&executed.early, &executed.useless);

        let mut header = header(&executed.roots, height, now, acts_root(&executed.acts));
        if self.shared.errs().wrong_roots && height.is_multiple_of(2) {
            header.ledger_root = pacta_law::Digest::of(&[&header.ledger_root.0]);
        }
        header.epoch = round.round.epoch().get();
        header.view = round.round.view().get();
        header.leader = round.leader.as_ref().try_into().expect("a key has 32 bytes");
        header.parent_view = round.parent.0.get();
        header.parent_digest = pacta_law::Digest(round.parent.1.0);
        let block = Block::new(header, executed.acts).expect("made from its own parts");
        (block, executed.brought, executed.merkleized)
    }
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
    type Input = ();

    fn sync_targets(block: &Block) -> Targets<E> {
        targets::<E>(block.header())
    }

    async fn genesis(&mut self) -> Block {
        Self::genesis_block(self.shared.genesis()).unwrap_or_else(|error| panic!("{error}"))
    }

    async fn propose(
        &mut self,
        context: (E, Round),
        mut ancestry: impl Ancestry<Block>,
        batches: Unmerkleized<E>,
        _: Input<(), ()>,
    ) -> Option<Proposed<Self, E>> {
        let parent = ancestry.next().await?;
        let (clock, round) = context;
        let (block, brought, merkleized) = self.build(&clock, round, parent.inner(), batches).await;
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
        let executed = self
            .execute(parent.digest(), header.height, header.instant, Work::All(acts), batches)
            .await;
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
        Kept { durable, used: brought.used.clone(), next_due: brought.next_due }
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
