//! Gives notice of withdrawal (VCLT art. 54, 56, 65).

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::course::NoticeOutcome;
use super::dates::NoticeEffect;
use super::participant::Participant;
use super::store;
use crate::actor::{Author, Power};
use crate::ids::{ActorId, TreatyId};
use crate::ledger::{Ledger, Path, Stop};
use crate::refusal::Refusal;

/// Gives notice of withdrawal (VCLT art. 54, 56, 65).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Withdraw {
    /// The treaty.
    pub treaty: TreatyId,
}

impl Withdraw {
    pub(crate) fn says(&self, ledger: &Ledger, author: &Author) -> Result<String, Stop> {
        let name = store::name(ledger, &self.treaty)?;
        Ok(format!("{} gives notice of withdrawal from {name}.", author.name()))
    }

    pub(crate) fn reads(&self, actor: ActorId, paths: &mut Vec<Path>) {
        store::reads(&self.treaty, &Participant::Actor(actor), paths);
    }
}

/// Gives notice; its effect is computed from the clause and told.
///
/// # Errors
/// [`Refusal::UnknownTreaty`], those of [`Author::require_authority`],
/// [`Refusal::NotAuthenticated`], [`Refusal::NotContracting`], [`Refusal::NotYetBound`],
/// [`Refusal::NoticeRunning`], [`Refusal::WithdrawalTooEarly`] or
/// [`Refusal::NoWithdrawalClause`].
pub fn withdraw(ledger: &mut Ledger, author: &Author, act: &Withdraw) -> Result<(), Stop> {
    let (id, on) = (&act.treaty, ledger.today());
    store::treaty(ledger, id)?;
    author.require_authority(id, Power::Withdraw)?;
    let (mut course, _) = store::open_authentic(ledger, id)?;
    let (mut party, known) = store::own_party(ledger, id, author)?;
    let participant = party.participant.clone();
    let treaty = id.clone();
    if party.standing(on).is_none() {
        return Err(Refusal::NotContracting { participant, treaty }.into());
    }
    if !party.is_bound(&course.clauses, course.treaty.dates(), on)? {
        return Err(Refusal::NotYetBound { participant, treaty }.into());
    }
    let entry = course.treaty.entry;
    match course.notice(&mut party, on)? {
        NoticeOutcome::NotBound => Err(Refusal::NotYetBound { participant, treaty }.into()),
        NoticeOutcome::Running(effect) => Err(Refusal::NoticeRunning { treaty, effect }.into()),
        NoticeOutcome::Judged(NoticeEffect::NoClause) => {
            Err(Refusal::NoWithdrawalClause { treaty }.into())
        }
        NoticeOutcome::Judged(NoticeEffect::TooEarly(Some(earliest))) => {
            Err(Refusal::WithdrawalTooEarly { treaty, earliest }.into())
        }
        NoticeOutcome::Judged(NoticeEffect::TooEarly(None)) => {
            Err(Refusal::NotYetBound { participant, treaty }.into())
        }
        NoticeOutcome::Judged(NoticeEffect::Effective(_)) => {
            store::save(ledger, course, &party, known, entry)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::clauses::{FinalClauses, Withdrawal};
    use super::super::kind::ConsentKind;
    use super::super::testing::{World, date, rivers, told, usual};
    use super::*;
    use crate::act::Data;
    use crate::event::Event;

    /// In force since 2027-01-31 for Norland and Sudmark.
    fn in_force(withdrawal: Withdrawal) -> World {
        let mut world = World::concluded(FinalClauses { withdrawal, ..usual() });
        for who in ["Norland", "Sudmark"] {
            world.deposit(who, ConsentKind::Accession).expect("it is open");
        }
        world
    }

    fn withdraw(world: &mut World, who: &str) -> Result<Vec<Event>, Refusal> {
        world.does(who, Data::Withdraw(Withdraw { treaty: rivers() }))
    }

    #[test]
    fn a_party_leaves_on_a_years_notice_after_a_year() {
        let mut world = in_force(usual().withdrawal);
        let (participant, treaty) = (world.participant("Norland"), rivers());
        let early = withdraw(&mut world, "Norland");
        assert_eq!(early, Err(Refusal::NotYetBound { participant, treaty: treaty.clone() }));
        world.day("2028-01-30");
        let earliest = date("2028-01-31");
        let early = withdraw(&mut world, "Norland");
        assert_eq!(early, Err(Refusal::WithdrawalTooEarly { treaty, earliest }));
        world.day("2028-01-31");
        let events = withdraw(&mut world, "Norland").expect("a year has passed");
        assert_eq!(told(&events), ["notice 2029-01-31"]);
        let (treaty, effect) = (rivers(), date("2029-01-31"));
        let twice = withdraw(&mut world, "Norland");
        assert_eq!(twice, Err(Refusal::NoticeRunning { treaty, effect }));
    }

    #[test]
    fn who_left_is_not_bound_on_the_day_of_effect_and_may_return() {
        let mut world = in_force(usual().withdrawal);
        world.day("2028-01-31");
        withdraw(&mut world, "Norland").expect("a year has passed");
        let bound = |world: &World, day: &str| {
            let party = world.party(&world.participant("Norland")).expect("a party");
            party.is_bound(&usual(), world.treaty().dates(), date(day)).expect("in range")
        };
        assert!(bound(&world, "2029-01-30"));
        assert!(!bound(&world, "2029-01-31"));
        world.day("2029-01-31");
        let participant = world.participant("Norland");
        let gone = withdraw(&mut world, "Norland");
        assert_eq!(gone, Err(Refusal::NotContracting { participant, treaty: rivers() }));
        world.day("2029-02-01");
        let events = world.deposit("Norland", ConsentKind::Accession).expect("it may return");
        assert_eq!(told(&events), ["consent 2029-03-03"]);
        assert!(bound(&world, "2029-01-30") && !bound(&world, "2029-03-02"));
        assert!(bound(&world, "2029-03-03"));
        assert_eq!(world.treaty().entry, Some(date("2027-01-31")), "nothing moves it");
    }

    #[test]
    fn a_silent_treaty_lets_go_only_where_it_implies_so() {
        let mut world = in_force(Withdrawal::Silent { permitted: true });
        world.day("2027-01-31");
        let events = withdraw(&mut world, "Norland").expect("it is implied");
        assert_eq!(told(&events), ["notice 2028-01-31"]); // VCLT art. 56(2)
        for clause in [Withdrawal::Silent { permitted: false }, Withdrawal::Unrecorded] {
            let mut world = in_force(clause);
            world.day("2027-01-31");
            let refusal = Refusal::NoWithdrawalClause { treaty: rivers() };
            assert_eq!(withdraw(&mut world, "Norland"), Err(refusal));
        }
    }

    #[test]
    fn a_stranger_and_an_envoy_without_full_powers_do_not_withdraw() {
        let mut world = in_force(usual().withdrawal);
        world.day("2028-01-31");
        let participant = world.participant("Ostia");
        let refusal = Refusal::NotContracting { participant, treaty: rivers() };
        assert_eq!(withdraw(&mut world, "Ostia"), Err(refusal));
        world.empower_envoy(&[Power::Deposit]);
        let refusal = Refusal::NoFullPowers { treaty: rivers(), power: Power::Withdraw };
        assert_eq!(withdraw(&mut world, "envoy"), Err(refusal));
        world.empower_envoy(&[Power::Withdraw]);
        withdraw(&mut world, "envoy").expect("it has full powers");
        let refusal = Refusal::UnknownTreaty { treaty: rivers() };
        assert_eq!(withdraw(&mut World::new(), "Norland"), Err(refusal));
    }
}
