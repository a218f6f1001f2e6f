//! Whether this validator may vote.
//!
//! A validator that forgot its votes could contradict them in a view that is still open. So what it
//! has said is kept twice: in the engine's journal of votes, which is asked before each vote, and
//! as marks apart from the data directory ([`Marks`]), which show that a journal is missing or
//! older than the votes. A validator whose votes are lost abstains: it follows and serves, but
//! neither votes nor proposes, until the network has moved on past all that it could have said
//! ([`resume`](mod@resume)). `docs/adr/0011-a-node-without-its-votes-abstains.md` says why that
//! suffices.

mod marks;
pub mod resume;

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use commonware_actor::Feedback;
use commonware_consensus::{
    Reporter,
    simplex::types::{Activity, Subject},
    types::Round,
};
use commonware_cryptography::Digest;
use commonware_utils::Participant;

pub use self::marks::{Keeper, Marks, never_started};
use crate::{
    bell::Bell,
    types::{BlockDigest, Scheme},
};

/// Where a vote belongs: its epoch, then its view.
pub type Place = (u64, u64);

/// The place of a round.
pub fn place(round: Round) -> Place {
    (round.epoch().get(), round.view().get())
}

/// The place of what is to be signed.
pub fn place_of<D: Digest>(subject: &Subject<'_, D>) -> Place {
    place(match subject {
        Subject::Notarize { proposal } | Subject::Finalize { proposal } => proposal.round,
        Subject::Nullify { round } => *round,
    })
}

#[derive(Debug)]
struct State {
    marks: Marks,
    /// The last place of which this validator's own vote is known, from the journal or since.
    heard: Place,
    /// Whether the journal was compared with the marks.
    judged: bool,
    /// The last place in which a vote was refused.
    refused: Place,
    closed: bool,
}

struct Inner {
    state: Mutex<State>,
    /// Tells the keeper of changed marks.
    marked: Condvar,
    /// Rings when the validator begins or ceases to abstain.
    turned: Bell,
}

/// Whether a validator may vote. Clones are the same.
#[derive(Clone)]
pub struct Voting(Arc<Inner>);

impl std::fmt::Debug for Voting {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.lock().fmt(formatter)
    }
}

impl Voting {
    /// By what was kept of earlier votes.
    pub fn new(marks: Marks) -> Self {
        let (heard, refused) = (Place::default(), Place::default());
        let state = State { marks, heard, judged: false, refused, closed: false };
        Self(Arc::new(Inner {
            state: Mutex::new(state),
            marked: Condvar::new(),
            turned: Bell::default(),
        }))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the journal for whole, whatever the marks say.
    fn trust(&self) {
        self.lock().judged = true;
    }

    /// Whether the validator abstains, since its votes are lost.
    pub fn abstains(&self) -> bool {
        self.lock().marks.abstains
    }

    /// What is to be kept of its votes.
    pub fn marks(&self) -> Marks {
        self.lock().marks.clone()
    }

    /// Rings when the validator begins or ceases to abstain.
    pub(crate) fn turned(&self) -> &Bell {
        &self.0.turned
    }

    /// Notes a vote of this validator that its journal holds: it was read there, or was written
    /// there before it was sent.
    pub fn heard(&self, place: Place) {
        let mut state = self.lock();
        state.heard = state.heard.max(place);
        if state.heard > state.marks.voted {
            state.marks.voted = state.heard;
            self.0.marked.notify_all();
        }
    }

    /// Whether the validator may vote in a place. The first question of all comes after the engine
    /// has read its journal: then it shows whether the journal holds what was said.
    pub fn allows(&self, place: Place) -> bool {
        let mut state = self.lock();
        if !std::mem::replace(&mut state.judged, true) && state.journal_is_lost(place) {
            tracing::warn!(
                marked = ?state.marks.voted, found = ?state.heard,
                "the journal of votes is missing or older than what this validator has said; it \
                 abstains until the network has moved on, some minutes at most"
            );
            state.marks.abstains = true;
            self.0.marked.notify_all();
            self.0.turned.ring();
        }
        let allowed = !state.marks.abstains && state.marks.is_open(place);
        if !allowed {
            state.refused = state.refused.max(place);
        }
        allowed
    }

    /// Votes again, after the places that may have been open when the votes were lost: a block is
    /// final at `place` that others made after this node had started.
    pub fn resume(&self, place: Place) {
        let mut state = self.lock();
        // The engine takes a vote that it was refused for a vote: there it could vote unrecorded.
        let floor = (place.0, place.1.saturating_add(1)).max(state.refused);
        state.marks.abstains = false;
        state.marks.floor = Some(floor);
        tracing::info!(epoch = floor.0, view = floor.1, "votes again after this view");
        self.0.marked.notify_all();
        self.0.turned.ring();
    }

    /// The last place in which nothing may be said, after the validator has abstained.
    pub fn floor(&self) -> Option<Place> {
        self.lock().marks.floor
    }

    /// Forgets the floor: a block is final after it, and the engine never votes before that.
    pub fn settle(&self) {
        self.lock().marks.floor = None;
        self.0.marked.notify_all();
    }
}

impl State {
    /// Whether the marks know of a vote that the journal does not.
    fn journal_is_lost(&self, place: Place) -> bool {
        let Marks { voted, floor, .. } = self.marks;
        let covered = floor.is_some_and(|floor| floor >= voted);
        // The journal of an epoch holds the votes of that epoch only.
        !covered && self.heard < voted && place.0 <= voted.0
    }
}

/// Passes on what the engine reports, and notes this validator's own votes.
#[derive(Clone)]
pub struct Told<R> {
    inner: R,
    me: Option<Participant>,
    voting: Voting,
}

impl<R> Told<R> {
    /// Puts itself before a reporter; `me` is this validator's place in the committee, if it has
    /// one.
    pub fn new(inner: R, me: Option<Participant>, voting: Voting) -> Self {
        Self { inner, me, voting }
    }
}

impl<R: Reporter<Activity = Activity<Scheme, BlockDigest>>> Reporter for Told<R> {
    type Activity = Activity<Scheme, BlockDigest>;

    fn report(&mut self, activity: Self::Activity) -> Feedback {
        let (signer, round) = match &activity {
            Activity::Notarize(vote) => (Some(vote.attestation.signer), vote.proposal.round),
            Activity::Finalize(vote) => (Some(vote.attestation.signer), vote.proposal.round),
            Activity::Nullify(vote) => (Some(vote.attestation.signer), vote.round),
            _ => return self.inner.report(activity),
        };
        if signer == self.me {
            self.voting.heard(place(round));
        }
        self.inner.report(activity)
    }
}
