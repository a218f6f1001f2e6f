//! A member replaces the key of its node, and where the node is reached.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::change::{common_reads, put_wanted, require_seat};
use super::{Validator, check_address, wanted};
use crate::actor::{Author, Key, Purpose, check_new};
use crate::event::Event;
use crate::ids::{ActorId, KeyId, PublicKey, Signature};
use crate::ledger::{Ledger, Path, Stop};

/// Replaces the key of the author's validator. The old key is revoked; the node that has it keeps
/// its place in the committees until the new one reports that it is ready.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReplaceValidatorKey {
    /// Where the node with the new key is reached, if elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The new key.
    pub key: PublicKey,
    /// The new key's signature of [`crate::possession_message`] for the author and `node-vote`.
    pub possession: Signature,
}

impl ReplaceValidatorKey {
    pub(crate) fn says(&self, ledger: &Ledger, author: &Author) -> Result<String, Stop> {
        let members = wanted(ledger)?;
        let old = require_seat(author, &members)?;
        let at = self.address.as_ref().unwrap_or(&old.address);
        let (name, new, old) = (author.name(), self.key, old.key);
        Ok(format!("{name} replaces the node key {old} of its validator by {new}, at {at}."))
    }

    pub(crate) fn reads(&self, _actor: ActorId, paths: &mut Vec<Path>) {
        paths.push(Key::path(KeyId::of(&self.key)));
        common_reads(paths);
    }
}

/// Replaces the key.
///
/// # Errors
/// [`Refusal::MandateNeeded`], [`Refusal::NotEmpowered`], [`Refusal::NetworkOfOne`],
/// [`Refusal::NoSeat`], [`Refusal::BadAddress`], [`Refusal::WeakKey`], [`Refusal::KeyExists`] or
/// [`Refusal::NoPossession`].
///
/// [`Refusal::MandateNeeded`]: crate::Refusal::MandateNeeded
/// [`Refusal::NotEmpowered`]: crate::Refusal::NotEmpowered
/// [`Refusal::NetworkOfOne`]: crate::Refusal::NetworkOfOne
/// [`Refusal::NoSeat`]: crate::Refusal::NoSeat
/// [`Refusal::BadAddress`]: crate::Refusal::BadAddress
/// [`Refusal::WeakKey`]: crate::Refusal::WeakKey
/// [`Refusal::KeyExists`]: crate::Refusal::KeyExists
/// [`Refusal::NoPossession`]: crate::Refusal::NoPossession
pub fn replace_validator_key(
    ledger: &mut Ledger,
    author: &Author,
    act: &ReplaceValidatorKey,
) -> Result<(), Stop> {
    author.require_administration("replace_validator_key")?;
    let mut members = wanted(ledger)?;
    let old = require_seat(author, &members)?.clone();
    if let Some(address) = &act.address {
        check_address(address)?;
    }
    let (actor, purpose) = (author.actor, Purpose::NodeVote);
    let new = check_new(ledger, actor, &act.key, purpose, &act.possession)?;
    let replaced = KeyId::of(&old.key);
    let before = ledger.key(replaced)?;

    let revoked = before.revoked.or(Some(ledger.now()));
    ledger.put(Key::path(replaced), &Key { revoked, ..before });
    ledger.put(Key::path(new), &Key::of_node(actor, act.key));
    let (address, key) = (act.address.clone().unwrap_or(old.address), act.key);
    members.retain(|validator| validator.actor != actor);
    members.push(Validator { actor, address: address.clone(), key });
    put_wanted(ledger, members);
    ledger.emit(Event::ValidatorKeyReplaced { actor, address, key, old: old.key });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Net, address};
    use super::*;
    use crate::act::Data;
    use crate::actor::revoke_key::RevokeKey;
    use crate::refusal::Refusal;

    #[test]
    fn a_key_is_replaced_by_one_that_signs_for_itself_and_the_old_one_is_revoked() {
        let mut net = Net::new(4, 5);
        let old = net.node(1);
        assert_eq!(net.replace(1, false), Err(Refusal::NoPossession));
        let actor = net.actor(4);
        assert_eq!(net.replace(4, true), Err(Refusal::NoSeat { actor }));
        let (events, actor) = (net.replace(1, true).expect("its own seat"), net.actor(1));
        let (key, address) = (net.node(1), address(1));
        assert_eq!(events, [Event::ValidatorKeyReplaced { actor, address, key, old }]);
        assert!(net.ledger.key(KeyId::of(&old)).expect("known").revoked.is_some());
        let new = net.ledger.key(KeyId::of(&key)).expect("known");
        assert_eq!((new.purpose, new.actor), (Purpose::NodeVote, actor));
        assert!(wanted(&net.ledger).expect("loaded").iter().any(|other| other.key == key));
    }

    #[test]
    fn the_key_of_a_seat_is_replaced_or_goes_with_the_seat_and_is_not_revoked() {
        let mut net = Net::new(5, 5);
        let revoke = |net: &Net| {
            let key = KeyId::of(&net.node(1));
            (key, Data::RevokeKey(RevokeKey { key }))
        };
        let (key, data) = revoke(&net);
        assert_eq!(net.does(1, data.clone()), Err(Refusal::SeatedKey { key }));
        net.replace(1, true).expect("its own seat");
        assert!(matches!(net.does(1, data), Err(Refusal::KeyRevoked { .. })));
        net.leave(1).expect("its own seat");
        let (_, data) = revoke(&net);
        net.does(1, data).expect("it is the key of no seat any more");
    }

    #[test]
    fn a_node_may_move_with_its_new_key() {
        let mut net = Net::new(4, 4);
        let (key, old) = (PublicKey([3; 32]), net.node(1));
        let replace = |address: Option<&str>| {
            let address = address.map(Into::into);
            let possession = Signature([0; 64]);
            Data::ReplaceValidatorKey(ReplaceValidatorKey { address, key, possession })
        };
        let says = |net: &Net, address| net.says(1, replace(address)).expect("a sentence");
        let words = format!("State 1 replaces the node key {old} of its validator by {key}, at");
        assert_eq!(says(&net, None), format!("{words} {}.", address(1)));
        assert_eq!(says(&net, Some("[::1]:7")), format!("{words} [::1]:7."));
        assert_eq!(net.does(1, replace(Some("nowhere"))), Err(Refusal::BadAddress));
    }
}
