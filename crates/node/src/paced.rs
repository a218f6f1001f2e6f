//! Blocks on demand: a leader proposes when there is something to do, or at the heartbeat.
//!
//! This stands between the engine and the application, since the application itself must never
//! wait while it builds. The engine mostly finalizes a view from votes of that view and needs no
//! child block. It does need one if too many left a view before its block was certified: they may
//! not vote to finalize it any more. So a leader whose parent is not final although a view has
//! passed without a block proposes at once, whatever there is to do.

use std::time::{Duration, UNIX_EPOCH};

use commonware_consensus::{
    Application as EngineApplication, Handoff, Heightable as _, marshal::ancestry::Ancestry,
};
use commonware_cryptography::{Digested, Digestible as _, sha256::Digest};
use commonware_macros::select;

use crate::{
    block::Block,
    engine::Ceremonial,
    records::Store,
    shared::Shared,
    types::{Context, Round, Scheme},
};

/// Withholds proposals until there is something to do, and votes while clocks differ.
pub struct Paced<E: Context> {
    inner: Ceremonial<E>,
    store: Store<E>,
    shared: Shared,
}

impl<E: Context> Clone for Paced<E> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), store: self.store.clone(), shared: self.shared.clone() }
    }
}

impl<E: Context> Paced<E> {
    /// Puts itself before the application.
    pub fn new(inner: Ceremonial<E>, store: Store<E>, shared: Shared) -> Self {
        Self { inner, store, shared }
    }

    /// Waits until a block on this parent has something to hold, or the heartbeat.
    async fn something_to_do(&self, clock: &E, round: &Round, parent: Digest, height: u64) {
        if height == 0 {
            return; // The first block founds the ledger.
        }
        let needs_child = round.round.view() > round.parent.0.next();
        if needs_child && self.shared.last_final().header.height < height {
            return;
        }
        let next = height + 1;
        let heartbeat = clock.current() + self.shared.pacing().heartbeat;
        let mut gap = None;
        loop {
            let change = self.shared.changes().next();
            let included = self.store.acts_since_final(parent);
            if self.shared.presence().wants(next) || self.shared.mempool().is_ready(&included) {
                return;
            }
            if self.is_urgent(&parent) && gap.is_none() {
                gap = Some(clock.current() + self.shared.pacing().epoch_gap);
            }
            let heartbeat = gap.unwrap_or(heartbeat);
            let wake = match self.next_due(&parent) {
                Some(due) => heartbeat.min(UNIX_EPOCH + Duration::from_millis(due)),
                None => heartbeat,
            };
            if wake <= clock.current() {
                return;
            }
            select! {
                _ = clock.sleep_until(wake) => {},
                _ = change => {},
            }
        }
    }

    fn is_urgent(&self, parent: &Digest) -> bool {
        if let Some(brought) = self.store.held(parent) {
            return brought.urgent;
        }
        let last = self.shared.last_final();
        last.digest == *parent && last.urgent
    }

    fn next_due(&self, parent: &Digest) -> Option<u64> {
        if let Some(brought) = self.store.held(parent) {
            return brought.next_due;
        }
        let last = self.shared.last_final();
        if last.digest == *parent { last.next_due } else { None }
    }

    /// Waits while the block's instant and this node's clock differ by more than the bound. The
    /// engine's clock runs meanwhile, or the view would not time out.
    ///
    /// A block that is ahead is waited for. One that is far behind is held back until its view
    /// has timed out, so that a leader with a slow clock loses its turn; not for ever, since a
    /// block that some have voted to finalize before a common restart must still become final.
    async fn clocks_agree(&self, clock: &E, instant_ms: u64) {
        if self.shared.errs().ignores_clocks {
            return;
        }
        let bound = self.shared.pacing().clock_difference;
        let instant = UNIX_EPOCH + Duration::from_millis(instant_ms);
        let now = clock.current();
        if instant > now + bound {
            tracing::warn!(instant_ms, "block is ahead of this clock; vote withheld");
            let _withheld = self.shared.withhold();
            clock.sleep_until(instant - bound).await;
        } else if instant + bound < now {
            tracing::warn!(instant_ms, "block is behind this clock; vote withheld for a time");
            let _withheld = self.shared.withhold();
            clock.sleep(self.shared.pacing().certification).await;
        }
    }
}

impl<E: Context> EngineApplication<E> for Paced<E> {
    type SigningScheme = Scheme;
    type Context = Round;
    type Block = Block;
    type Input = ();

    async fn prepare(
        &mut self,
        context: (E, Round),
        ancestry: impl Ancestry<Block>,
        input: (),
    ) -> Handoff<Digested<Block>> {
        self.inner.prepare(context, ancestry, input).await
    }

    async fn propose(
        &mut self,
        context: (E, Round),
        ancestry: impl Ancestry<Block>,
        input: (),
    ) -> Option<Digested<Block>> {
        if self.shared.voting().abstains() {
            return None; // nobody would vote for it: its leader's vote comes first
        }
        if let Some(parent) = ancestry.peek() {
            let (digest, height) = (parent.digest(), parent.height().get());
            self.something_to_do(&context.0, &context.1, digest, height).await;
        }
        self.inner.propose(context, ancestry, input).await
    }

    async fn verify(&mut self, context: (E, Round), ancestry: impl Ancestry<Block>) -> bool {
        if let Some(block) = ancestry.peek() {
            let instant = block.inner().header().instant.ms();
            self.clocks_agree(&context.0, instant).await;
        }
        self.inner.verify(context, ancestry).await
    }
}
