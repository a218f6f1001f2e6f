//! When a validator that lost its votes may vote again.
//!
//! It could have voted in a view only after it had a certificate of the view before, so a quorum
//! had been there. A quorum has also made every final block. Of the two, an honest validator is in
//! both, and validators never go back. So if a block was made after this node had started, what
//! was said before that start is of its view, of an earlier one, or of the next: this node says
//! nothing up to there.
//!
//! That a block was made later is shown by its instant, since an honest validator helps to make a
//! block final only when its own clock has come near that instant. This node's own clock is good
//! once it is connected to more validators than can be faulty: they refuse each other over a
//! difference of clocks.

use std::time::Duration;

use crate::{application::now_ms, shared::Shared, types::Context};

/// What matters is looked at again after this time.
const LOOK: Duration = Duration::from_secs(1);
/// By how many times the bound on clocks an instant must be later than the start: a voter may be
/// one early, and be one apart from a validator that is one apart from this one.
const CLOCKS: u32 = 3;

/// Starts to watch for the moment.
pub fn start<E: Context>(context: E, shared: Shared) {
    context.spawn(move |context| async move {
        let voting = shared.voting().clone();
        let margin = shared.pacing().clock_difference * CLOCKS;
        let margin = u64::try_from(margin.as_millis()).unwrap_or(u64::MAX);
        let mut connected_ms: Option<u64> = None;
        loop {
            let turned = voting.turned().next();
            let last = shared.last_final().header;
            let (instant, place) = (last.instant.ms(), (last.epoch, last.view));
            if voting.abstains() {
                if shared.presence().is_connected() {
                    let since = *connected_ms.get_or_insert_with(|| now_ms(&context));
                    if instant > since.saturating_add(margin) {
                        voting.resume(place);
                        shared.changed();
                        continue;
                    }
                }
            } else {
                match voting.floor() {
                    Some(floor) if place > floor => voting.settle(),
                    Some(_) => {}
                    None => {
                        turned.await;
                        continue;
                    }
                }
            }
            context.sleep(LOOK).await;
        }
    });
}
