//! Sets the speed of the engine's clock: slow while there is nothing to do and the leader of the
//! view is there to do it when there is; fast while there is something to do and the leader is
//! gone, or others than who may be faulty have given the view up.

use std::{sync::Arc, time::Duration};

use commonware_actor::Feedback;
use commonware_consensus::{Reporter, Viewable as _, simplex::types::Activity};
use commonware_macros::select;

use crate::{
    application::now_ms,
    elastic::{Pace, Speed},
    shared::Shared,
    types::{BlockDigest, Context, Scheme, ValidatorKey},
};

/// Whatever nobody tells of, such as time, is looked at again after this time.
const LOOK: Duration = Duration::from_secs(1);
/// How much faster than others a leader that is gone loses its turn. It is not given up at once:
/// who alone does not hear it should not be the first to say so.
const HASTE: u32 = 8;

/// Passes on what the engine reports, and notes the view that it has entered.
#[derive(Clone)]
pub struct Views<R> {
    inner: R,
    shared: Shared,
    epoch: u64,
}

impl<R> Views<R> {
    /// Puts itself before the reporter of an epoch.
    pub fn new(inner: R, shared: Shared, epoch: u64) -> Self {
        Self { inner, shared, epoch }
    }
}

impl<R: Reporter<Activity = Activity<Scheme, BlockDigest>>> Reporter for Views<R> {
    type Activity = Activity<Scheme, BlockDigest>;

    fn report(&mut self, activity: Self::Activity) -> Feedback {
        let left = match &activity {
            Activity::Certification(certified) => Some(certified.view()),
            Activity::Nullification(nullified) => Some(nullified.view()),
            Activity::Finalization(finalized) => Some(finalized.view()),
            Activity::Nullify(vote) => {
                let signer = usize::from(vote.attestation.signer);
                self.shared.note_leaving(self.epoch, vote.round.view().get(), signer);
                None
            }
            _ => None,
        };
        if let Some(left) = left {
            self.shared.enter(self.epoch, left.get() + 1);
        }
        self.inner.report(activity)
    }
}

/// Starts to watch.
pub fn start<E: Context>(context: E, shared: Shared, speed: Arc<Speed<E>>, me: ValidatorKey) {
    let idle = shared.pacing().idle_slowness();
    context.spawn(move |context| async move {
        loop {
            let change = shared.changes().next();
            let now = now_ms(&context);
            let leader = shared.leader();
            let led = leader
                .is_none_or(|leader| leader == me || shared.presence().can_lead(&leader, now))
                && !shared.is_given_up();
            speed.set(match (led, shared.is_busy(now)) {
                (true, false) => Pace::Slow(idle),
                (true, true) | (false, false) => Pace::Slow(1),
                (false, true) => Pace::Hasty(HASTE),
            });
            select! {
                _ = context.sleep(LOOK) => {},
                _ = change => {},
            }
        }
    });
}
