//! Answers the questions that a [`Handle`](crate::Handle) asks, inside the runtime.

use std::sync::Arc;

use commonware_consensus::types::Height;
use commonware_cryptography::{Digestible as _, sha256::Digest};
use commonware_macros::select;
use commonware_utils::channel::{mpsc, oneshot};
use futures::StreamExt as _;
use pacta_chain::FinalBlock;
use pacta_law::{
    Instant, Ledger, Missing, Outcome, Path, Refusal, VerifiedAct, check, next_due, wants_change,
};

use crate::{
    application::{ended, now_ms},
    backup,
    databases::Databases,
    engine::FinalBlocks,
    error::Error,
    execute::path_digest,
    handle::{Loaded, Request},
    intake::NotTaken,
    receipts,
    records::Store,
    shared::{LastFinal, Shared},
    types::{Context, Marshal},
};

/// Questions that are answered at the same time, at most.
const ANSWERS_MAX: usize = 64;
/// How long a receipt waits for its certificate.
const RECEIPT_WAIT: std::time::Duration = std::time::Duration::from_secs(2);

/// An act that someone submits here.
pub(crate) struct Admission {
    /// The act; its signature is good.
    pub act: Arc<VerifiedAct>,
    /// Whether it is admitted even if the ledger would refuse it.
    pub on_record: bool,
    /// Takes the instant of admission in milliseconds, or the refusal.
    pub reply: oneshot::Sender<Result<u64, NotTaken>>,
}

/// What answers are made from.
pub(crate) struct Sources<E: Context> {
    pub shared: Shared,
    pub store: Store<E>,
    pub databases: Databases<E>,
    pub marshal: Marshal,
}

impl<E: Context> Clone for Sources<E> {
    fn clone(&self) -> Self {
        Self {
            shared: self.shared.clone(),
            store: self.store.clone(),
            databases: self.databases.clone(),
            marshal: self.marshal.clone(),
        }
    }
}

/// Starts the tasks that answer, once the databases are open.
pub(crate) fn start<E: Context>(
    context: E,
    shared: Shared,
    store: Store<E>,
    reports: FinalBlocks<E>,
    marshal: Marshal,
    mut asked: mpsc::Receiver<Request>,
    mut submitted: mpsc::Receiver<Admission>,
) {
    context.spawn(move |context| async move {
        let databases = reports.subscribe_databases().await;
        let sources = Sources { shared, store, databases, marshal };
        recover_last_final(&context, &sources).await;
        let admitting = sources.clone();
        let admission = context.child("admission").spawn(move |context| async move {
            while let Some(Admission { act, on_record, reply }) = submitted.recv().await {
                let _ = reply.send(admit(&context, &admitting, &act, on_record).await);
            }
        });
        let requests = futures::stream::poll_fn(|polling| asked.poll_recv(polling));
        let answering = requests.for_each_concurrent(ANSWERS_MAX, |request| {
            let sources = sources.clone();
            let task = context.child("answer");
            let task = task.spawn(move |context| answer(context, sources, request));
            async move { drop(task.await) } // a panic ends the node by itself
        });
        answering.await;
        let _ = admission.await;
    });
}

/// Finds, after a restart, the block that the databases stand at, and what falls due after it.
async fn recover_last_final<E: Context>(context: &E, sources: &Sources<E>) {
    let Some((_, block)) = sources.marshal.get_anchor().await else { return };
    let header = block.inner().header();
    if header.height <= sources.shared.last_final().header.height {
        return;
    }
    let last = |next_due, urgent| LastFinal {
        digest: block.digest(),
        header: header.clone(),
        next_due,
        urgent,
    };
    sources.shared.set_last_final(last(None, false));
    let mut ledger = Ledger::new(sources.shared.network(), header.height, header.instant);
    let due = with_records(context, sources, &mut ledger, next_due).await;
    // Where it cannot be known, a block at once will tell.
    let due = due.map_or(Some(0), |due| due.map(|due| due.ms()));
    let urgent = with_records(context, sources, &mut ledger, |ledger| wants_change(ledger)).await;
    if sources.shared.last_final().header.height == header.height {
        sources.shared.set_last_final(last(due, urgent.unwrap_or_default()));
    }
}

/// Runs a function of the law on the last final ledger, loading what it misses.
async fn with_records<E: Context, T>(
    context: &E,
    sources: &Sources<E>,
    ledger: &mut Ledger,
    mut function: impl FnMut(&mut Ledger) -> Result<T, Missing>,
) -> Result<T, Error> {
    loop {
        match function(ledger) {
            Ok(value) => return Ok(value),
            Err(Missing(path)) => {
                let mut loaded = load(context, sources, vec![path.clone()]).await?;
                ledger.load(path, loaded.records.pop().flatten());
            }
        }
    }
}

async fn answer<E: Context>(context: E, sources: Sources<E>, request: Request) {
    match request {
        Request::Load(paths, reply) => give(reply, load(&context, &sources, paths)).await,
        Request::Block(height, reply) => give(reply, final_block(&sources, height)).await,
        Request::Metrics(reply) => give(reply, async { Ok(context.encode()) }).await,
        Request::Entries(from, bytes_max, reply) => {
            give(reply, backup::entries(&sources, from, bytes_max)).await;
        }
        Request::ActReceipt(height, index, reply) => {
            let receipt = receipts::of_act(&context, &sources, height, index);
            give(reply, soon(&context, receipt)).await;
        }
        Request::RecordReceipt(path, reply) => {
            let receipt = receipts::of_record(&context, &sources, path);
            give(reply, soon(&context, receipt)).await;
        }
    }
}

/// A receipt, unless its certificate does not come soon.
async fn soon<E: Context, T>(
    context: &E,
    receipt: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    select! {
        receipt = receipt => receipt,
        _ = context.sleep(RECEIPT_WAIT) => Err(Error::NoCertificate),
    }
}

/// Gives an answer, unless whoever asked has gone.
async fn give<T>(mut reply: oneshot::Sender<T>, answer: impl Future<Output = T>) {
    let answer = select! {
        _ = reply.closed() => { return },
        answer = answer => answer,
    };
    let _ = reply.send(answer); // gone since
}

/// Checks an act against the last final ledger, as the next block would.
async fn admit<E: Context>(
    context: &E,
    sources: &Sources<E>,
    act: &VerifiedAct,
    on_record: bool,
) -> Result<u64, NotTaken> {
    let now = now_ms(context);
    let last = sources.shared.last_final().header;
    let instant = Instant::from_ms(now.max(last.instant.ms() + 1))?;
    let mut ledger = Ledger::new(sources.shared.network(), last.height + 1, instant);
    let checked = with_records(context, sources, &mut ledger, |ledger| check(ledger, act)).await;
    let checked = checked?;
    let next = match &checked {
        Err(Refusal::SequenceAhead { expected } | Refusal::SequenceUsed { expected }) => *expected,
        _ if ledger.uses_number() => act.act().sequence,
        _ => 0,
    };
    if next > 0 {
        sources.shared.mempool().note_next(act.act().key, next);
    }
    match checked {
        Ok(()) | Err(Refusal::SequenceAhead { .. }) => Ok(now),
        Err(_) if on_record && ledger.uses_number() => Ok(now),
        Err(refusal) => Err(refusal.into()),
    }
}

/// Reads records of the last final ledger, all at one height.
pub(crate) async fn load<E: Context>(
    context: &E,
    sources: &Sources<E>,
    paths: Vec<Path>,
) -> Result<Loaded, Error> {
    let keys: Vec<Digest> = paths.iter().map(|path| path_digest(path)).collect();
    let (header, digests) = loop {
        let header = sources.shared.last_final().header;
        let ledger = sources.databases.0.read().await;
        if ledger.root().0 == header.ledger_root.0 || header.height == 0 {
            let keys: Vec<&Digest> = keys.iter().collect();
            let digests = ledger
                .get_many(&keys)
                .await
                .map_err(|error| Error::Damaged(format!("ledger: {error}")))?;
            break (header, digests);
        }
        drop(ledger);
        next_block(context, sources, header.height).await?;
    };
    let mut records = Vec::with_capacity(paths.len());
    for (path, digest) in paths.iter().zip(digests) {
        records.push(match digest {
            Some(digest) => {
                Some(
                    sources.store.record(&digest).await?.ok_or_else(|| {
                        Error::Damaged(format!("the record at {path} is missing"))
                    })?,
                )
            }
            None if header.height == 0 => sources.shared.genesis_records().get(path).cloned(),
            None => None,
        });
    }
    Ok(Loaded { height: header.height, instant: header.instant, records })
}

/// Waits until a later block than this height is the last final one, or a moment.
pub(crate) async fn next_block<E: Context>(
    context: &E,
    sources: &Sources<E>,
    height: u64,
) -> Result<(), Error> {
    let mut finals = sources.shared.finals();
    let later = finals.wait_for(|last| last.header.height > height);
    select! {
        _ = later => {},
        _ = context.sleep(std::time::Duration::from_millis(20)) => {},
    }
    Ok(())
}

/// The final block at a height, with its outcomes.
pub(crate) async fn final_block<E: Context>(
    sources: &Sources<E>,
    height: u64,
) -> Result<Option<FinalBlock>, Error> {
    if height == 0 || height > sources.shared.last_final().header.height {
        return Ok(None);
    }
    let missing = |what: &str| Error::Damaged(format!("{what} of block {height} are missing"));
    let block = sources.marshal.get_block(Height::new(height)).await;
    let block = block.ok_or_else(|| missing("header and acts"))?;
    let outcomes = sources.store.outcomes(height).await?.ok_or_else(|| missing("outcomes"))?;
    let outcomes = outcomes
        .iter()
        .map(|outcome| Outcome::from_bytes(outcome))
        .collect::<Result<_, _>>()
        .map_err(|error| Error::Damaged(format!("outcomes of block {height}: {error}")))?;
    let block = block.inner();
    Ok(Some(FinalBlock {
        header: block.header().clone(),
        acts: block.acts().iter().map(|act| act.to_vec()).collect(),
        ceremony: block.ceremony().and_then(ended),
        outcomes,
    }))
}
