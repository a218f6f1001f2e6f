//! Revokes a notice of withdrawal before it takes effect (VCLT art. 68).

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::participant::Participant;
use super::store;
use crate::actor::{Author, Power};
use crate::ids::{ActorId, TreatyId};
use crate::ledger::{Ledger, Path, Stop};
use crate::refusal::Refusal;

/// Revokes a notice of withdrawal before it takes effect (VCLT art. 68).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RevokeWithdrawal {
    /// The treaty.
    pub treaty: TreatyId,
}

impl RevokeWithdrawal {
    pub(crate) fn says(&self, ledger: &Ledger, author: &Author) -> Result<String, Stop> {
        let name = store::name(ledger, &self.treaty)?;
        Ok(format!("{} revokes its notice of withdrawal from {name}.", author.name()))
    }

    pub(crate) fn reads(&self, actor: ActorId, paths: &mut Vec<Path>) {
        store::reads(&self.treaty, &Participant::Actor(actor), paths);
    }
}

/// Revokes a notice that has not taken effect.
///
/// # Errors
/// [`Refusal::UnknownTreaty`], those of [`Author::require_authority`],
/// [`Refusal::NotAuthenticated`] or [`Refusal::NoNotice`].
pub fn revoke_withdrawal(
    ledger: &mut Ledger,
    author: &Author,
    act: &RevokeWithdrawal,
) -> Result<(), Stop> {
    let (id, on) = (&act.treaty, ledger.today());
    store::treaty(ledger, id)?;
    author.require_authority(id, Power::Withdraw)?;
    let (mut course, _) = store::open_authentic(ledger, id)?;
    let (mut party, known) = store::own_party(ledger, id, author)?;
    if !course.revoke_notice(&mut party, on) {
        let participant = party.participant;
        return Err(Refusal::NoNotice { participant, treaty: id.clone() }.into());
    }
    let entry = course.treaty.entry;
    store::save(ledger, course, &party, known, entry)
}

#[cfg(test)]
mod tests {
    use super::super::kind::ConsentKind;
    use super::super::testing::{World, rivers, told, usual};
    use super::super::withdraw::Withdraw;
    use super::*;
    use crate::act::Data;
    use crate::event::Event;

    fn revoke(world: &mut World) -> Result<Vec<Event>, Refusal> {
        world.does("Norland", Data::RevokeWithdrawal(RevokeWithdrawal { treaty: rivers() }))
    }

    #[test]
    fn a_notice_is_taken_back_before_its_effect_and_not_after() {
        let mut world = World::concluded(usual());
        for who in ["Norland", "Sudmark"] {
            world.deposit(who, ConsentKind::Accession).expect("it is open");
        }
        world.day("2028-01-31");
        let no_notice = || {
            let participant = World::new().participant("Norland");
            Err(Refusal::NoNotice { participant, treaty: rivers() })
        };
        assert_eq!(revoke(&mut world), no_notice());
        let withdraw = Data::Withdraw(Withdraw { treaty: rivers() });
        world.must("Norland", withdraw.clone());
        world.day("2029-01-30");
        assert_eq!(told(&revoke(&mut world).expect("it runs")), ["withdrawal_revoked"]);
        assert_eq!(revoke(&mut world), no_notice());

        assert_eq!(told(&world.must("Norland", withdraw)), ["notice 2030-01-30"]);
        world.day("2030-01-30");
        assert_eq!(revoke(&mut world), no_notice());
    }

    #[test]
    fn full_powers_are_needed() {
        let mut world = World::concluded(usual());
        let act = Data::RevokeWithdrawal(RevokeWithdrawal { treaty: rivers() });
        world.empower_envoy(&[Power::Deposit]);
        let refusal = Refusal::NoFullPowers { treaty: rivers(), power: Power::Withdraw };
        assert_eq!(world.does("envoy", act), Err(refusal));
    }
}
