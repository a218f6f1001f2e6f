//! Verifies each act's signature once per node, on all cores.

use std::sync::Arc;

use commonware_cryptography::{Hasher as _, Sha256};
use pacta_law::{SignedAct, VerifiedAct};

use crate::{execute::Candidate, shared::Shared, types::Context};

/// Acts that one task verifies: a few milliseconds of work.
const ACTS_PER_TASK: usize = 64;

/// Decodes and verifies one act.
fn verify(bytes: &[u8]) -> Option<Arc<VerifiedAct>> {
    SignedAct::decode(bytes).and_then(SignedAct::verify).ok().map(Arc::new)
}

/// Decodes and verifies acts, a part of them on each core.
pub async fn verify_all<E: Context>(
    context: &E,
    acts: Vec<Arc<[u8]>>,
) -> Vec<Option<Arc<VerifiedAct>>> {
    if acts.len() <= ACTS_PER_TASK / 8 {
        return acts.iter().map(|act| verify(act)).collect();
    }
    let tasks: Vec<_> = acts
        .chunks(ACTS_PER_TASK)
        .map(|part| {
            let part = part.to_vec();
            let count = part.len();
            let task = context
                .child("verify")
                .shared(true)
                .spawn(move |_| async move { part.iter().map(|act| verify(act)).collect() });
            (count, task)
        })
        .collect();
    let mut verified = Vec::with_capacity(acts.len());
    for (count, task) in tasks {
        let part: Vec<_> = task.await.unwrap_or_else(|_| vec![None; count]);
        verified.extend(part);
    }
    verified
}

/// The acts of a block, ready to execute, and those of them that were not known here but have good
/// signatures. Those that wait in the mempool are verified already.
pub async fn block_acts<E: Context>(
    context: &E,
    shared: &Shared,
    acts: &[Arc<[u8]>],
) -> (Vec<Candidate>, Vec<Arc<VerifiedAct>>) {
    let mut candidates = Vec::with_capacity(acts.len());
    let mut unknown = Vec::new();
    for (index, bytes) in acts.iter().enumerate() {
        let known = shared.mempool().get_by_bytes(&Sha256::hash(&[bytes]));
        if known.is_none() {
            unknown.push(index);
        }
        candidates.push(match known {
            Some(act) => Candidate::Verified(act),
            None => Candidate::Raw(bytes.clone()),
        });
    }
    let bytes = unknown.iter().map(|index| acts[*index].clone()).collect();
    let mut good = Vec::new();
    for (index, act) in unknown.into_iter().zip(verify_all(context, bytes).await) {
        if let Some(act) = act {
            candidates[index] = Candidate::Verified(act.clone());
            good.push(act);
        }
    }
    (candidates, good)
}
