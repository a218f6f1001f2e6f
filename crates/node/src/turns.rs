//! Who leads which view: each validator in turn.

use commonware_consensus::{
    simplex::elector::{Config, Elector, Scheduled, Terms},
    types::Round,
};
use commonware_utils::{Participant, ordered::Set};

use crate::types::{Scheme, ValidatorKey};

/// Validators lead in the order of their keys, each epoch beginning one further.
///
/// The first two views of an epoch have one leader. At an epoch's start a validator has not heard
/// of the others yet, and would give up the leader of the second view at once; when some do and
/// some do not, finality stops until the view times out.
#[derive(Clone, Copy, Debug, Default)]
pub struct Turns {
    validators: u64,
}

impl Turns {
    /// The turns of so many validators.
    pub fn of(validators: usize) -> Self {
        Self { validators: validators as u64 }
    }

    /// The place of the leader of a view of an epoch.
    pub fn leader(&self, epoch: u64, view: u64) -> usize {
        let turn = epoch.wrapping_add(view.max(2)) % self.validators.max(1);
        usize::try_from(turn).expect("less than the number of validators")
    }
}

impl Config<Scheme> for Turns {
    type Elector = Self;

    fn build(self, participants: &Set<ValidatorKey>) -> Self {
        Self::of(participants.len())
    }
}

impl Elector<Scheme> for Turns {
    type Mode = Scheduled;

    fn terms(&self) -> Terms {
        Terms::rotating()
    }

    fn elect(&self, round: Round, _: ()) -> Participant {
        Participant::from_usize(self.leader(round.epoch().get(), round.view().get()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_two_views_have_one_leader_and_then_all_lead_in_turn() {
        let turns = Turns::of(5);
        for epoch in 0..7 {
            assert_eq!(turns.leader(epoch, 1), turns.leader(epoch, 2));
            let mut leaders: Vec<_> = (2..7).map(|view| turns.leader(epoch, view)).collect();
            leaders.sort_unstable();
            assert_eq!(leaders, [0, 1, 2, 3, 4]);
        }
    }
}
