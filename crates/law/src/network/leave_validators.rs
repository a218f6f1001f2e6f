//! A member gives up its seat.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::change::{common_reads, put_wanted, require_more, require_seat, settle};
use super::wanted;
use crate::actor::Author;
use crate::event::Event;
use crate::ids::ActorId;
use crate::ledger::{Ledger, Path, Stop};

/// Gives up the author's seat. Its node signs on until a committee without it has taken over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeaveValidators {}

impl LeaveValidators {
    pub(crate) fn says(&self, author: &Author) -> String {
        format!("{} gives up its seat as a validator.", author.name())
    }

    pub(crate) fn reads(&self, _actor: ActorId, paths: &mut Vec<Path>) {
        common_reads(paths);
    }
}

/// Leaves the validators.
///
/// # Errors
/// [`Refusal::MandateNeeded`], [`Refusal::NotEmpowered`], [`Refusal::NetworkOfOne`],
/// [`Refusal::NoSeat`] or [`Refusal::TooFewValidators`].
///
/// [`Refusal::MandateNeeded`]: crate::Refusal::MandateNeeded
/// [`Refusal::NotEmpowered`]: crate::Refusal::NotEmpowered
/// [`Refusal::NetworkOfOne`]: crate::Refusal::NetworkOfOne
/// [`Refusal::NoSeat`]: crate::Refusal::NoSeat
/// [`Refusal::TooFewValidators`]: crate::Refusal::TooFewValidators
pub fn leave_validators(
    ledger: &mut Ledger,
    author: &Author,
    _: &LeaveValidators,
) -> Result<(), Stop> {
    author.require_administration("leave_validators")?;
    let mut members = wanted(ledger)?;
    let key = require_seat(author, &members)?.key;
    require_more(&members)?;

    members.retain(|validator| validator.actor != author.actor);
    put_wanted(ledger, members);
    ledger.emit(Event::ValidatorLeft { actor: author.actor, key });
    settle(ledger)
}

#[cfg(test)]
mod tests {
    use super::super::testing::Net;
    use super::*;
    use crate::act::Data;
    use crate::refusal::Refusal;

    #[test]
    fn a_member_leaves_unless_only_four_are_left() {
        let mut net = Net::new(5, 5);
        let (actor, key) = (net.actor(2), net.node(2));
        let says = net.says(2, Data::LeaveValidators(LeaveValidators {})).expect("a sentence");
        assert_eq!(says, "State 2 gives up its seat as a validator.");
        assert_eq!(net.leave(2), Ok(alloc::vec![Event::ValidatorLeft { actor, key }]));
        assert_eq!(net.wanted(), [0, 1, 3, 4]);
        assert_eq!(net.leave(2), Err(Refusal::NoSeat { actor }));
        assert_eq!(net.leave(3), Err(Refusal::TooFewValidators));
    }

    #[test]
    fn proposals_that_wait_for_the_leaver_alone_are_made_and_its_own_dropped() {
        let mut net = Net::new(6, 8);
        net.offer(6);
        net.offer(7);
        let made = net.propose(0, net.admit(6)).expect("a member");
        let dropped = net.propose(5, net.admit(7)).expect("a member");
        for by in [1, 2, 3, 4] {
            net.consent(by, made).expect("asked");
        }
        let events = net.leave(5).expect("six are left");
        assert!(matches!(
            events[..],
            [
                Event::ValidatorLeft { .. },
                Event::ValidatorAdmitted { change, .. },
                Event::ValidatorChangeDropped { change: other },
            ] if change == made && other == dropped
        ));
        assert_eq!(net.wanted(), [0, 1, 2, 3, 4, 6]);
    }

    #[test]
    fn a_removal_that_would_leave_too_few_is_dropped() {
        let mut net = Net::new(5, 5);
        let change = net.propose(0, net.remove(4)).expect("a member");
        net.leave(3).expect("five");
        assert_eq!(net.consent(1, change), Err(Refusal::UnknownChange { change }));
    }
}
