//! Verifies each act's signature once per node, on all cores.

use std::sync::Arc;

use commonware_cryptography::{Hasher as _, Sha256};
use ed25519_consensus::{Signature, VerificationKeyBytes, batch::Verifier};
use pacta_law::{SignedAct, VerifiedAct};
use rand_core_6::OsRng;

use crate::{execute::Candidate, shared::Shared, types::Context};

/// Acts that one task verifies: a few milliseconds of work.
const ACTS_PER_TASK: usize = 64;

/// Acts from which on their signatures are verified together: fewer gain nothing.
const TOGETHER_MIN: usize = 4;

/// Decodes and verifies acts. Their signatures are verified together, and by halves if any is bad,
/// so that a few bad ones among many cost little: by ZIP 215 both ways agree.
pub fn verify_acts(acts: &[Arc<[u8]>]) -> Vec<Option<Arc<VerifiedAct>>> {
    let mut decoded: Vec<_> = acts.iter().map(|act| SignedAct::decode(act).ok()).collect();
    let mut verified = Vec::with_capacity(acts.len());
    verify_by_halves(&mut decoded, &mut verified);
    verified
}

fn verify_by_halves(acts: &mut [Option<SignedAct>], verified: &mut Vec<Option<Arc<VerifiedAct>>>) {
    if acts.len() < TOGETHER_MIN {
        let acts = acts.iter_mut().map(|act| act.take()?.verify().ok().map(Arc::new));
        verified.extend(acts);
    } else if are_good_together(acts.iter().flatten()) {
        let acts = acts.iter_mut().map(Option::take);
        verified.extend(acts.map(|act| act.map(VerifiedAct::assume_verified).map(Arc::new)));
    } else {
        let (first, second) = acts.split_at_mut(acts.len() / 2);
        verify_by_halves(first, verified);
        verify_by_halves(second, verified);
    }
}

fn are_good_together<'a>(acts: impl Iterator<Item = &'a SignedAct>) -> bool {
    let mut batch = Verifier::new();
    for act in acts {
        let key = VerificationKeyBytes::from(act.public().0);
        batch.queue((key, Signature::from(act.signature().0), &act.message()));
    }
    batch.verify(OsRng).is_ok()
}

/// Decodes and verifies acts, a part of them on each core.
pub async fn verify_all<E: Context>(
    context: &E,
    acts: Vec<Arc<[u8]>>,
) -> Vec<Option<Arc<VerifiedAct>>> {
    if acts.len() <= ACTS_PER_TASK / 8 {
        return verify_acts(&acts);
    }
    let tasks: Vec<_> = acts
        .chunks(ACTS_PER_TASK)
        .map(|part| {
            let part = part.to_vec();
            let count = part.len();
            let task = context
                .child("verify")
                .shared(true)
                .spawn(move |_| async move { verify_acts(&part) });
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
