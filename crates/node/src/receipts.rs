//! Receipts: proofs by the databases, with the certificate of a header they lead to.

use commonware_codec::Encode as _;
use commonware_consensus::types::Height;
use commonware_cryptography::sha256::Digest as EngineDigest;
use commonware_storage::qmdb::current::{
    ordered::proof::constant::ExclusionProof, proof::constant::OperationProof,
};
use commonware_storage::{mmr, qmdb::any::value::FixedEncoding};
use commonware_utils::NZU64;
use pacta_chain::{
    AbsenceProof, Final, FinalBlock, FinalityCertificate, Header, JournalProof, LedgerProof,
    Receipt,
    proof::{ActivePlace, Span, TreePath},
};
use pacta_law::{Digest, Path};

use crate::{
    databases::{CHUNK_BYTES, Journal, Location},
    error::Error,
    execute::path_digest,
    service::{Sources, final_block, next_block},
    types::{Context, Finalization},
};

/// Operations of one chunk of the activity bitmap.
const CHUNK_OPERATIONS: u64 = CHUNK_BYTES as u64 * 8;
/// Blocks after that of an act that are tried for a certificate before the last one is.
const NEAR_BLOCKS: u64 = 16;

/// The receipt of what became of an act, or of what fell due; `None` if it is not final. Waits
/// for a certificate: a block may be final only by one that follows it.
pub(crate) async fn of_act<E: Context>(
    context: &E,
    sources: &Sources<E>,
    height: u64,
    index: u32,
) -> Result<Option<Receipt>, Error> {
    let Some(block) = final_block(sources, height).await? else { return Ok(None) };
    let index = index as usize;
    let Some(outcome) = block.outcomes.get(index) else { return Ok(None) };
    let Some(location) = location(&block, index) else {
        return Err(damaged(&format!("outcomes of block {height}: there are too many")));
    };
    // What fell due comes before the acts.
    let act = (index + block.acts.len()).checked_sub(block.outcomes.len());
    let act = act.filter(|_| outcome.act.is_some()).and_then(|act| block.acts.get(act));

    let certified = certified_since(context, sources, height).await?;
    let proof = loop {
        let journal = sources.databases.1.read().await;
        if *journal.bounds().end >= certified.header.journal_end {
            break journal_proof(&journal, &certified.header, location).await?;
        }
        drop(journal);
        next_block(context, sources, certified.header.height).await?;
    };
    let receipt = Receipt::of_act(certified, act.map(Vec::as_slice), outcome, location, proof);
    receipt.map(Some).map_err(|defect| damaged(&defect))
}

/// The receipt of the record at a path, or that there is none. Waits until the last final block
/// has a certificate of its own.
pub(crate) async fn of_record<E: Context>(
    context: &E,
    sources: &Sources<E>,
    path: Path,
) -> Result<Receipt, Error> {
    let key = path_digest(&path);
    loop {
        let header = sources.shared.last_final().header;
        let height = header.height;
        let Some(certified) = certified(sources, header).await else {
            next_block(context, sources, height).await?;
            continue;
        };
        let ledger = sources.databases.0.read().await;
        if ledger.root().0 != certified.header.ledger_root.0 {
            drop(ledger);
            next_block(context, sources, height).await?;
            continue;
        }
        let Some(value) = ledger.get(&key).await.map_err(|error| damaged(&error))? else {
            let proof = ledger.exclusion_proof(&key).await.map_err(|error| damaged(&error))?;
            let proof = absence_proof(&proof, &certified.header)?;
            return Ok(Receipt::of_absence(certified, &path, proof));
        };
        let proof = ledger.key_value_proof(key).await.map_err(|error| damaged(&error))?;
        drop(ledger);
        let record = sources.store.record(&value).await?;
        let record = record.ok_or_else(|| damaged(&format!("the record at {path} is missing")))?;
        let proof = LedgerProof {
            next_key: from_engine(proof.next_key),
            place: active_place(&proof.proof, &certified.header)?,
        };
        let receipt = Receipt::of_record(certified, &path, &record, proof);
        return receipt.map_err(|defect| damaged(&defect));
    }
}

/// Where the journal holds an outcome of a block: the block's outcomes come last but for its mark.
fn location(block: &FinalBlock, index: usize) -> Option<u64> {
    let after = u64::try_from(block.outcomes.len() - index).ok()?;
    block.header.journal_end.checked_sub(1 + after)
}

/// A block from a height on that has a certificate of its own; waits for it. Where many blocks in
/// a row have none, as after catching up, it is the last one.
async fn certified_since<E: Context>(
    context: &E,
    sources: &Sources<E>,
    height: u64,
) -> Result<Final, Error> {
    let mut first = height;
    loop {
        let last = sources.shared.last_final().header.height;
        let near = last.min(first + NEAR_BLOCKS);
        for height in (first..=near).chain((near < last).then_some(last)) {
            let Some(block) = sources.marshal.get_block(Height::new(height)).await else {
                return Err(damaged(&format!("block {height} is missing")));
            };
            if let Some(certified) = certified(sources, block.inner().header().clone()).await {
                return Ok(certified);
            }
        }
        // The last one's certificate may still come.
        first = last.max(height);
        next_block(context, sources, last).await?;
    }
}

/// A final block with its certificate, if it has one of its own.
async fn certified<E: Context>(sources: &Sources<E>, header: Header) -> Option<Final> {
    let finalization = sources.marshal.get_finalization(Height::new(header.height)).await?;
    let founding = sources.shared.genesis().founding.clone();
    let certificate = certificate(&finalization, &founding.scheme)?;
    let is_of_header = certificate.payload == header.digest();
    is_of_header.then_some(Final { founding, header, certificate })
}

/// A certificate in the form that outsiders verify.
pub(crate) fn certificate(
    finalization: &Finalization,
    scheme: &str,
) -> Option<FinalityCertificate> {
    let proposal = &finalization.proposal;
    Some(FinalityCertificate {
        epoch: proposal.round.epoch().get(),
        parent_view: proposal.parent.get(),
        payload: from_engine(proposal.payload),
        scheme: scheme.into(),
        signature: finalization.certificate.threshold.encode().as_ref().try_into().ok()?,
        view: proposal.round.view().get(),
    })
}

/// Proof that the journal held something at a location, under a header that may be an earlier one.
async fn journal_proof<E: Context>(
    journal: &Journal<E>,
    header: &Header,
    location: u64,
) -> Result<JournalProof, Error> {
    let (leaves, start) = (header.journal_end, header.journal_start);
    let (end, at) = (Location::new(leaves), Location::new(location));
    let proof = journal.historical_proof(end, at, NZU64!(1)).await;
    let (proof, _) = proof.map_err(|error| damaged(&error))?;
    let tree = tree_path(leaves, start, location, &proof.digests)?;
    Ok(JournalProof { tree })
}

fn absence_proof(
    proof: &ExclusionProof<
        mmr::Family,
        EngineDigest,
        FixedEncoding<EngineDigest>,
        EngineDigest,
        CHUNK_BYTES,
    >,
    header: &Header,
) -> Result<AbsenceProof, Error> {
    Ok(match proof {
        ExclusionProof::KeyValue(proof, update) => AbsenceProof {
            place: active_place(proof, header)?,
            span: Some(Span {
                key: from_engine(update.key),
                next_key: from_engine(update.next_key),
                value: from_engine(update.value),
            }),
        },
        ExclusionProof::Commit(proof, _) => {
            AbsenceProof { place: active_place(proof, header)?, span: None }
        }
    })
}

fn active_place(
    proof: &OperationProof<mmr::Family, EngineDigest, CHUNK_BYTES>,
    header: &Header,
) -> Result<ActivePlace, Error> {
    let (leaves, start, location) = (header.ledger_end, header.ledger_start, *proof.loc);
    let in_last_chunk = location / CHUNK_OPERATIONS == leaves / CHUNK_OPERATIONS;
    let partial = proof.range_proof.partial_chunk_digest.filter(|_| !in_last_chunk);
    Ok(ActivePlace {
        chunk: proof.chunk,
        location,
        partial: partial.map(from_engine),
        tree: tree_path(leaves, start, location, &proof.range_proof.proof.digests)?,
    })
}

fn tree_path(
    leaves: u64,
    start: u64,
    location: u64,
    digests: &[EngineDigest],
) -> Result<TreePath, Error> {
    let digests: Vec<_> = digests.iter().copied().map(from_engine).collect();
    TreePath::of_engine(leaves, start, location, &digests)
        .ok_or_else(|| damaged(&"a proof does not have the form of its database"))
}

fn from_engine(digest: EngineDigest) -> Digest {
    Digest(digest.0)
}

fn damaged(problem: &dyn std::fmt::Display) -> Error {
    Error::Damaged(format!("proofs: {problem}"))
}
