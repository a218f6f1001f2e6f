//! A member proposes to admit or to remove a validator.

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::change::{
    PendingChange, ValidatorChange, change_path, pending, pending_changes, put_pending,
    require_seat, settle,
};
use super::wanted;
use crate::actor::Author;
use crate::event::Event;
use crate::ids::ActorId;
use crate::ledger::{Ledger, Path, Stop};
use crate::refusal::Refusal;

/// Proposes a change of the set of validators, and consents to it. It takes effect when all
/// members consent; the one to be removed is not asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProposeValidatorChange {
    /// What is proposed.
    pub change: ValidatorChange,
}

impl ProposeValidatorChange {
    pub(crate) fn says(&self, ledger: &Ledger, author: &Author) -> Result<String, Stop> {
        Ok(format!("{} proposes to {}.", author.name(), self.change.words(ledger)?))
    }

    pub(crate) fn reads(&self, _actor: ActorId, paths: &mut Vec<Path>) {
        self.change.reads(paths);
    }
}

/// Enters a proposal, named by its act.
///
/// # Errors
/// [`Refusal::MandateNeeded`], [`Refusal::NotEmpowered`], [`Refusal::NetworkOfOne`],
/// [`Refusal::NoSeat`], [`Refusal::OwnSeat`], [`Refusal::ProposalPending`],
/// [`Refusal::SameProposal`], and those of the change: [`Refusal::CannotValidate`],
/// [`Refusal::SeatTaken`], [`Refusal::NoSeatFree`], [`Refusal::BadAddress`],
/// [`Refusal::NotNodeKey`], [`Refusal::TooFewValidators`].
pub fn propose_validator_change(
    ledger: &mut Ledger,
    author: &Author,
    act: &ProposeValidatorChange,
) -> Result<(), Stop> {
    author.require_administration("propose_validator_change")?;
    let members = wanted(ledger)?;
    require_seat(author, &members)?;
    if act.change == (ValidatorChange::Remove { actor: author.actor }) {
        return Err(Refusal::OwnSeat.into());
    }
    act.change.check(ledger, &members)?;
    let mut changes = pending_changes(ledger)?;
    for change in &changes {
        let other = pending(ledger, *change)?;
        if other.change == act.change {
            return Err(Refusal::SameProposal { change: *change }.into());
        }
        if other.by == author.actor {
            return Err(Refusal::ProposalPending { change: *change }.into());
        }
    }

    let (change, by) = (ledger.act(), author.actor);
    let since = ledger.now();
    let proposal =
        PendingChange { by, change: act.change.clone(), consents: vec![by], since, v: 1 };
    ledger.put(change_path(change), &proposal);
    changes.push(change);
    put_pending(ledger, changes);
    ledger.emit(Event::ValidatorChangeProposed { by, change, proposal: act.change.clone() });
    settle(ledger)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Net, address};
    use super::super::{Validator, seats_max};
    use super::*;
    use crate::act::Data;
    use crate::actor::ActorKind;
    use crate::actor::register_actor::RegisterActor;
    use crate::actor::{Purpose, possession_message};
    use crate::ids::{KeyId, PublicKey, Signature};

    fn says(net: &Net, change: ValidatorChange) -> String {
        let data = Data::ProposeValidatorChange(ProposeValidatorChange { change });
        net.says(0, data).expect("a sentence")
    }

    #[test]
    fn a_proposal_says_what_it_would_change() {
        let net = Net::new(4, 5);
        let key = net.node(4);
        assert_eq!(
            says(&net, net.admit(4)),
            format!(
                "State 0 proposes to admit State 4 as a validator, with the node key {key} at {}.",
                address(4)
            )
        );
        let removal = "State 0 proposes to remove State 3 from the validators.";
        assert_eq!(says(&net, net.remove(3)), removal);
    }

    #[test]
    fn a_member_proposes_one_change_at_a_time_and_none_twice() {
        let mut net = Net::new(5, 7);
        net.offer(5);
        net.offer(6);
        let actor = net.actor(6);
        assert_eq!(net.propose(6, net.admit(5)), Err(Refusal::NoSeat { actor }));
        let change = net.propose(0, net.admit(5)).expect("a member");
        assert_eq!(net.propose(0, net.admit(6)), Err(Refusal::ProposalPending { change }));
        assert_eq!(net.propose(1, net.admit(5)), Err(Refusal::SameProposal { change }));
        net.propose(1, net.admit(6)).expect("another member");
        assert_eq!(net.propose(2, net.remove(2)), Err(Refusal::OwnSeat));
    }

    #[test]
    fn an_admission_needs_an_actor_without_seat_its_key_and_an_address() {
        let mut net = Net::new(4, 6);
        let (actor, key) = (net.actor(4), KeyId::of(&net.node(4)));
        assert_eq!(net.propose(0, net.admit(4)), Err(Refusal::NotNodeKey { actor, key }));
        net.offer(4);
        net.offer(5);
        let admit = |actor, address: &str, key| {
            ValidatorChange::Admit(Validator { actor, address: address.into(), key })
        };
        let of_other = admit(actor, "node.example:1", net.node(5));
        let key = KeyId::of(&net.node(5));
        assert_eq!(net.propose(0, of_other), Err(Refusal::NotNodeKey { actor, key }));
        let nowhere = admit(actor, "node.example", net.node(4));
        assert_eq!(net.propose(0, nowhere), Err(Refusal::BadAddress));
        let seated = admit(net.actor(1), "node.example:1", net.node(4));
        let actor = net.actor(1);
        assert_eq!(net.propose(0, seated), Err(Refusal::SeatTaken { actor }));
        let actor = ActorId([9; 16]);
        let unknown = admit(actor, "node.example:1", net.node(4));
        assert_eq!(net.propose(0, unknown), Err(Refusal::UnknownActor { actor }));
        assert_eq!(net.propose(0, net.remove(4)), Err(Refusal::NoSeat { actor: net.actor(4) }));
        assert_eq!(net.propose(0, net.remove(1)), Err(Refusal::TooFewValidators));
    }

    #[test]
    fn a_company_holds_no_seat() {
        let mut net = Net::new(4, 4);
        let secret = ed25519_consensus::SigningKey::from([150; 32]);
        let public = PublicKey(secret.verification_key().to_bytes());
        let network = net.ledger.network();
        let message = possession_message(network, net.actor(0), Purpose::SignAct);
        let possession = Signature(secret.sign(&message).to_bytes());
        let kind = ActorKind::Company;
        let act = RegisterActor { kind, name: "Works".into(), possession, public };
        let (id, _) = net.does(0, Data::RegisterActor(act)).expect("it vouches");
        let validator = Validator { actor: id.actor(), address: address(4), key: public };
        let change = ValidatorChange::Admit(validator);
        assert_eq!(net.propose(0, change), Err(Refusal::CannotValidate { kind }));
    }

    #[test]
    fn there_are_as_many_seats_as_epochs_have_room_for() {
        let max = seats_max(super::super::testing::LENGTH);
        let mut net = Net::new(max - 1, max + 1);
        for state in [max - 1, max] {
            net.offer(state);
        }
        let overtaken = net.propose(0, net.admit(max)).expect("a seat is free");
        net.agree_by(1, net.admit(max - 1));
        assert_eq!(net.wanted().len(), max);
        let max = u32::try_from(max).expect("small");
        let full = Err(Refusal::NoSeatFree { max });
        assert_eq!(net.propose(0, net.admit(max as usize)), full);
        let dropped = Refusal::UnknownChange { change: overtaken };
        assert_eq!(net.consent(1, overtaken), Err(dropped), "it was dropped");
    }
}
