//! The ceiling: each act's signature verified once per node, one at a time, and nothing else.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use ed25519_consensus::{Signature, VerificationKey};
use pacta_law::{SignedAct, act_message};

use crate::failure::{Failure, Result};

const WINDOW: Duration = Duration::from_secs(2);
const SAMPLE: usize = 512;

/// The acts per second that all processors together can verify for all nodes.
///
/// # Errors
/// When an act cannot be read.
pub fn measure(acts: &[Vec<u8>], nodes: usize) -> Result<f64> {
    let read = |bytes: &Vec<u8>| {
        let signed = SignedAct::decode(bytes).map_err(|refusal| Failure::from(&refusal))?;
        let signature = Signature::from(signed.signature().0);
        Ok((signed.public().0, signature, act_message(signed.act())))
    };
    let sample = acts.iter().take(SAMPLE).map(read).collect::<Result<Vec<_>>>()?;
    let processors = thread::available_parallelism().map_or(1, usize::from);
    let (verified, failed) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let start = Instant::now();
    thread::scope(|scope| {
        for _ in 0..processors {
            scope.spawn(|| {
                for (public, signature, message) in sample.iter().cycle() {
                    if start.elapsed() > WINDOW {
                        return;
                    }
                    let genuine = VerificationKey::try_from(*public)
                        .and_then(|key| key.verify(signature, message))
                        .is_ok();
                    let counter = if genuine { &verified } else { &failed };
                    counter.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    let seconds = start.elapsed().as_secs_f64();
    match failed.into_inner() {
        0 => Ok(verified.into_inner() as f64 / seconds / nodes as f64),
        _ => Err(Failure::failed("an act of the load has a bad signature; report this")),
    }
}
