//! A member withdraws its proposal, or its consent to another's, before the change is made.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::change::{change_path, close, common_reads, pending};
use crate::actor::Author;
use crate::event::Event;
use crate::ids::{ActId, ActorId};
use crate::ledger::{Ledger, Path, Stop};
use crate::refusal::Refusal;

/// Withdraws a proposal of the author, or its consent to a proposal of another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WithdrawValidatorChange {
    /// The act that proposed it.
    pub change: ActId,
}

impl WithdrawValidatorChange {
    pub(crate) fn says(&self, ledger: &Ledger, author: &Author) -> Result<String, Stop> {
        let found = pending(ledger, self.change)?;
        let (name, words, change) = (author.name(), found.change.words(ledger)?, self.change);
        Ok(if found.by == author.actor {
            format!("{name} withdraws its proposal to {words}, made by the act {change}.")
        } else {
            format!("{name} withdraws its consent to {words}, as proposed by the act {change}.")
        })
    }

    pub(crate) fn reads(&self, _actor: ActorId, paths: &mut Vec<Path>) {
        paths.push(change_path(self.change));
        common_reads(paths);
    }
}

/// Withdraws. Who is no member any more may do so too, since it undoes what it did as one.
///
/// # Errors
/// [`Refusal::UnknownChange`], [`Refusal::MandateNeeded`], [`Refusal::NotEmpowered`] or
/// [`Refusal::NotConsented`].
pub fn withdraw_validator_change(
    ledger: &mut Ledger,
    author: &Author,
    act: &WithdrawValidatorChange,
) -> Result<(), Stop> {
    author.require_administration("withdraw_validator_change")?;
    let (change, by) = (act.change, author.actor);
    let mut found = pending(ledger, change)?;
    if !found.consents.contains(&by) {
        return Err(Refusal::NotConsented { change }.into());
    }
    if found.by == by {
        close(ledger, change)?;
        ledger.emit(Event::ValidatorChangeWithdrawn { by, change });
    } else {
        found.consents.retain(|actor| *actor != by);
        ledger.put(change_path(change), &found);
        ledger.emit(Event::ValidatorConsentWithdrawn { by, change });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::testing::Net;
    use super::*;
    use crate::act::Data;

    #[test]
    fn a_proposal_or_a_consent_is_withdrawn_by_who_gave_it() {
        let mut net = Net::new(4, 5);
        net.offer(4);
        let change = net.propose(0, net.admit(4)).expect("a member");
        assert_eq!(net.withdraw(1, change), Err(Refusal::NotConsented { change }));
        net.consent(1, change).expect("asked");
        let says = |net: &Net, by| {
            let data = Data::WithdrawValidatorChange(WithdrawValidatorChange { change });
            net.says(by, data).expect("a sentence")
        };
        let own = says(&net, 0);
        assert!(own.starts_with("State 0 withdraws its proposal to admit State 4 "), "{own}");
        assert!(own.ends_with(&format!(", made by the act {change}.")), "{own}");
        let other = says(&net, 1);
        assert!(other.starts_with("State 1 withdraws its consent to admit State 4 "), "{other}");

        let by = net.actor(1);
        let events = net.withdraw(1, change);
        assert_eq!(events, Ok(alloc::vec![Event::ValidatorConsentWithdrawn { by, change }]));
        net.consent(2, change).expect("asked");
        net.consent(3, change).expect("asked");
        assert_eq!(net.wanted().len(), 4, "one consent is missing again");
        let by = net.actor(0);
        let events = net.withdraw(0, change);
        assert_eq!(events, Ok(alloc::vec![Event::ValidatorChangeWithdrawn { by, change }]));
        assert_eq!(net.consent(1, change), Err(Refusal::UnknownChange { change }));
        net.propose(0, net.admit(4)).expect("nothing of it is left");
    }
}
