//! Sets the speed of the engine's clock: slow while there is nothing to do and the leader of the
//! view is there to do it when there is.

use std::{sync::Arc, time::Duration};

use commonware_actor::Feedback;
use commonware_consensus::{
    Reporter, Viewable as _,
    simplex::{
        elector::{Config as _, Elector as _, RoundRobin, RoundRobinElector},
        types::Activity,
    },
    types::{Epoch, Round, View},
};
use commonware_cryptography::Sha256;
use commonware_macros::select;
use commonware_utils::ordered::Set;

use crate::{
    application::now_ms,
    elastic::Speed,
    shared::Shared,
    types::{BlockDigest, Context, Scheme, ValidatorKey},
};

/// Whatever nobody tells of, such as time, is looked at again after this time.
const LOOK: Duration = Duration::from_secs(1);

/// Passes on what the engine reports, and notes the view that it has entered.
#[derive(Clone)]
pub struct Views<R> {
    inner: R,
    shared: Shared,
}

impl<R> Views<R> {
    /// Puts itself before a reporter.
    pub fn new(inner: R, shared: Shared) -> Self {
        Self { inner, shared }
    }
}

impl<R: Reporter<Activity = Activity<Scheme, BlockDigest>>> Reporter for Views<R> {
    type Activity = Activity<Scheme, BlockDigest>;

    fn report(&mut self, activity: Self::Activity) -> Feedback {
        let left = match &activity {
            Activity::Certification(certified) => Some(certified.view()),
            Activity::Nullification(nullified) => Some(nullified.view()),
            Activity::Finalization(finalized) => Some(finalized.view()),
            _ => None,
        };
        if let Some(left) = left {
            self.shared.enter(left.get() + 1);
        }
        self.inner.report(activity)
    }
}

/// Who leads which view.
pub struct Leaders {
    elector: RoundRobinElector<Scheme>,
    committee: Set<ValidatorKey>,
}

impl Leaders {
    /// The order in which a committee leads.
    pub fn of(committee: Set<ValidatorKey>) -> Self {
        Self { elector: RoundRobin::<Sha256>::default().build(&committee), committee }
    }

    /// The leader of a view of epoch 0.
    fn of_view(&self, view: u64) -> Option<&ValidatorKey> {
        let leader = self.elector.elect(Round::new(Epoch::zero(), View::new(view)), ());
        self.committee.get(leader.into())
    }
}

/// Starts to watch.
pub fn start<E: Context>(
    context: E,
    shared: Shared,
    speed: Arc<Speed<E>>,
    leaders: Leaders,
    me: ValidatorKey,
) {
    let idle = shared.pacing().idle_slowness();
    if idle == 1 {
        return;
    }
    context.spawn(move |context| async move {
        loop {
            let change = shared.changes().next();
            let now = now_ms(&context);
            let leader = leaders.of_view(shared.view());
            let led = leader
                .is_none_or(|leader| *leader == me || shared.presence().is_there(leader, now));
            let slow = led && !shared.is_busy(now);
            speed.set_slowness(if slow { idle } else { 1 });
            select! {
                _ = context.sleep(LOOK) => {},
                _ = change => {},
            }
        }
    });
}
