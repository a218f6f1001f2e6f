//! A member consents to a change of validators that another proposed.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::change::{ValidatorChange, change_path, common_reads, pending, require_seat, settle};
use super::wanted;
use crate::actor::Author;
use crate::event::Event;
use crate::ids::{ActId, ActorId};
use crate::ledger::{Ledger, Path, Stop};
use crate::refusal::Refusal;

/// Consents to a proposed change of validators.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsentToValidatorChange {
    /// The act that proposed it.
    pub change: ActId,
}

impl ConsentToValidatorChange {
    pub(crate) fn says(&self, ledger: &Ledger, author: &Author) -> Result<String, Stop> {
        let found = pending(ledger, self.change)?;
        let (name, by) = (author.name(), ledger.actor(found.by)?.name);
        let (words, change) = (found.change.words(ledger)?, self.change);
        Ok(format!("{name} consents to {words}, as {by} proposes by the act {change}."))
    }

    pub(crate) fn reads(&self, _actor: ActorId, paths: &mut Vec<Path>) {
        paths.push(change_path(self.change));
        common_reads(paths);
    }
}

/// Consents; with the last consent the change is made.
///
/// # Errors
/// [`Refusal::UnknownChange`], [`Refusal::MandateNeeded`], [`Refusal::NotEmpowered`],
/// [`Refusal::NetworkOfOne`], [`Refusal::NoSeat`], [`Refusal::NotAsked`],
/// [`Refusal::ConsentedAlready`], and those of the change if it cannot be made any more.
pub fn consent_to_validator_change(
    ledger: &mut Ledger,
    author: &Author,
    act: &ConsentToValidatorChange,
) -> Result<(), Stop> {
    author.require_administration("consent_to_validator_change")?;
    let (change, by) = (act.change, author.actor);
    let mut found = pending(ledger, change)?;
    let members = wanted(ledger)?;
    require_seat(author, &members)?;
    if found.change == (ValidatorChange::Remove { actor: by }) {
        return Err(Refusal::NotAsked { change }.into());
    }
    if found.consents.contains(&by) {
        return Err(Refusal::ConsentedAlready { change }.into());
    }
    found.change.check(ledger, &members)?;

    found.consents.push(by);
    found.consents.sort_unstable();
    let awaits = u32::try_from(found.awaits(&members).len()).unwrap_or(u32::MAX);
    ledger.put(change_path(change), &found);
    ledger.emit(Event::ValidatorChangeConsented { awaits, by, change });
    settle(ledger)
}

#[cfg(test)]
mod tests {
    use super::super::testing::Net;
    use super::*;
    use crate::act::Data;

    #[test]
    fn a_change_is_made_with_the_consent_of_the_last_member() {
        let mut net = Net::new(4, 5);
        net.offer(4);
        let change = net.propose(0, net.admit(4)).expect("a member");
        let consent = Data::ConsentToValidatorChange(ConsentToValidatorChange { change });
        let says = net.says(1, consent).expect("a sentence");
        assert!(says.starts_with("State 1 consents to admit State 4 as a validator, with"));
        assert!(says.ends_with(&format!(", as State 0 proposes by the act {change}.")), "{says}");
        for by in [1, 2] {
            let events = net.consent(by, change).expect("asked");
            let awaits = 3 - u32::try_from(by).expect("small");
            let by = net.actor(by);
            assert_eq!(events, [Event::ValidatorChangeConsented { awaits, by, change }]);
        }
        assert_eq!(net.wanted().len(), 4);
        assert_eq!(net.consent(0, change), Err(Refusal::ConsentedAlready { change }));
        let (actor, by) = (net.actor(4), net.actor(3));
        assert_eq!(net.consent(4, change), Err(Refusal::NoSeat { actor }));
        let events = net.consent(3, change).expect("asked");
        let (address, key) = (super::super::testing::address(4), net.node(4));
        let admitted = Event::ValidatorAdmitted { actor, address, change, key };
        let consented = Event::ValidatorChangeConsented { awaits: 0, by, change };
        assert_eq!(events, [consented, admitted]);
        assert_eq!(net.wanted(), [0, 1, 2, 3, 4]);
        assert_eq!(net.consent(1, change), Err(Refusal::UnknownChange { change }));
    }

    #[test]
    fn who_is_to_be_removed_is_not_asked_and_a_new_member_is() {
        let mut net = Net::new(5, 6);
        net.offer(5);
        let removal = net.propose(0, net.remove(4)).expect("a member");
        assert_eq!(net.consent(4, removal), Err(Refusal::NotAsked { change: removal }));
        for by in [1, 2] {
            net.consent(by, removal).expect("asked");
        }
        net.agree_by(1, net.admit(5));
        net.consent(3, removal).expect("asked");
        assert_eq!(net.wanted(), [0, 1, 2, 3, 4, 5], "the new member is asked too");
        net.consent(5, removal).expect("asked");
        assert_eq!(net.wanted(), [0, 1, 2, 3, 5]);
    }

    #[test]
    fn a_revoked_key_is_not_admitted() {
        let mut net = Net::new(4, 5);
        net.offer(4);
        let change = net.propose(0, net.admit(4)).expect("a member");
        let key = crate::ids::KeyId::of(&net.node(4));
        let revoke = Data::RevokeKey(crate::actor::revoke_key::RevokeKey { key });
        net.does(4, revoke).expect("its own");
        let actor = net.actor(4);
        assert_eq!(net.consent(1, change), Err(Refusal::NotNodeKey { actor, key }));
    }
}
