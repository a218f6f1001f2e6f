//! What was said long ago.

use std::collections::BTreeMap;

use bytes::Bytes;
use rand::{RngExt as _, rngs::StdRng};

/// Messages of one channel that are kept.
const KEPT_MAX: usize = 64;
/// Of them, the oldest are kept for good; later ones take each other's place.
const OLDEST: usize = 16;
/// Once so many are kept, of so many later messages one is.
const LATER_PER_KEPT: u32 = 16;

/// Messages by channel: the oldest of all, and some of the later ones. It knows nothing of what is
/// in them, so it outlives views, epochs and restarts.
#[derive(Default)]
pub struct Past(BTreeMap<u64, Vec<Bytes>>);

impl Past {
    /// Keeps a message, or not.
    pub fn note(&mut self, rng: &mut StdRng, channel: u64, message: &[u8]) {
        let kept = self.0.entry(channel).or_default();
        if kept.len() < KEPT_MAX {
            kept.push(Bytes::copy_from_slice(message));
        } else if rng.random_range(0..LATER_PER_KEPT) == 0 {
            let place = rng.random_range(OLDEST..KEPT_MAX);
            kept[place] = Bytes::copy_from_slice(message);
        }
    }

    /// Any message of a channel.
    pub fn any(&self, rng: &mut StdRng, channel: u64) -> Option<Bytes> {
        let kept = self.0.get(&channel)?;
        Some(kept[rng.random_range(0..kept.len())].clone())
    }
}
