//! Withdraws an instrument before it takes effect.

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

/// Withdraws an instrument before it takes effect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WithdrawInstrument {
    /// The treaty.
    pub treaty: TreatyId,
}

impl WithdrawInstrument {
    pub(crate) fn says(&self, ledger: &Ledger, author: &Author) -> Result<String, Stop> {
        let name = store::name(ledger, &self.treaty)?;
        Ok(format!(
            "{} withdraws, before the treaty is in force for it, its instrument on {name}.",
            author.name()
        ))
    }

    pub(crate) fn reads(&self, actor: ActorId, paths: &mut Vec<Path>) {
        store::reads(&self.treaty, &Participant::Actor(actor), paths);
    }
}

/// Withdraws an instrument. If the conditions for entry into force held by it since the same day,
/// the date is unset again.
///
/// # Errors
/// [`Refusal::UnknownTreaty`], those of [`Author::require_authority`],
/// [`Refusal::NotAuthenticated`], [`Refusal::NotContracting`] or [`Refusal::BoundAlready`].
pub fn withdraw_instrument(
    ledger: &mut Ledger,
    author: &Author,
    act: &WithdrawInstrument,
) -> Result<(), Stop> {
    let (id, on) = (&act.treaty, ledger.today());
    store::treaty(ledger, id)?;
    author.require_authority(id, Power::Deposit)?;
    let (mut course, _) = store::open_authentic(ledger, id)?;
    let (mut party, known) = store::own_party(ledger, id, author)?;
    let participant = party.participant.clone();
    let treaty = id.clone();
    let Some(spell) = party.standing(on).filter(|spell| spell.consent.is_some()) else {
        return Err(Refusal::NotContracting { participant, treaty }.into());
    };
    let bound = spell.entry(&course.clauses, course.treaty.dates())?.map(|entry| entry.date);
    let entry = course.treaty.entry;
    // What is in force stays so, even on the day on which the conditions were met.
    if let Some(on) = bound.filter(|date| *date <= on) {
        return Err(Refusal::BoundAlready { participant, treaty, on }.into());
    }
    if !course.void(&mut party, on)? {
        return Err(Refusal::NotContracting { participant, treaty }.into());
    }
    store::save(ledger, course, &party, known, entry)
}

#[cfg(test)]
mod tests {
    use super::super::kind::ConsentKind;
    use super::super::record::SPELLS_MAX;
    use super::super::testing::{World, date, rivers, told, usual};
    use super::*;
    use crate::act::Data;
    use crate::event::Event;
    use ConsentKind::Accession;

    fn void(world: &mut World, who: &str) -> Result<Vec<Event>, Refusal> {
        world.does(who, Data::WithdrawInstrument(WithdrawInstrument { treaty: rivers() }))
    }

    #[test]
    fn an_instrument_withdrawn_before_the_threshold_does_not_count() {
        let mut world = World::concluded(usual());
        world.deposit("Norland", Accession).expect("it is open");
        assert_eq!(
            told(&void(&mut world, "Norland").expect("nothing binds yet")),
            ["consent_voided"]
        );
        assert_eq!(world.treaty().counts.consents, 0);
        world.deposit("Sudmark", Accession).expect("it is open");
        assert_eq!(world.treaty().trigger, None);
        let participant = world.participant("Norland");
        let refusal = Refusal::NotContracting { participant, treaty: rivers() };
        assert_eq!(void(&mut world, "Norland"), Err(refusal));
    }

    #[test]
    fn the_day_of_the_threshold_may_undo_it_and_a_later_day_does_not() {
        let mut world = World::concluded(usual());
        for who in ["Norland", "Sudmark"] {
            world.deposit(who, Accession).expect("it is open");
        }
        let events = void(&mut world, "Norland").expect("the day is not over");
        assert_eq!(told(&events), ["unset 2027-01-01", "consent_voided"]);
        assert_eq!(world.treaty().entry, None);
        world.deposit("Ostia", Accession).expect("it is open");
        assert_eq!(world.treaty().entry, Some(date("2027-01-31")));
        world.day("2027-01-02");
        assert_eq!(told(&void(&mut world, "Ostia").expect("not in force")), ["consent_voided"]);
        assert_eq!(world.treaty().entry, Some(date("2027-01-31")));
        // Fixed twice, it is told once.
        assert_eq!(told(&world.day("2027-02-01")), ["in force 2027-01-31"]);
        let (participant, on) = (world.participant("Sudmark"), date("2027-01-31"));
        let refusal = Refusal::BoundAlready { participant, treaty: rivers(), on };
        assert_eq!(void(&mut world, "Sudmark"), Err(refusal));
    }

    #[test]
    fn a_participant_has_a_limited_number_of_spells() {
        let mut world = World::concluded(usual());
        for _ in 0..SPELLS_MAX {
            world.deposit("Norland", Accession).expect("it is open");
            void(&mut world, "Norland").expect("nothing binds yet");
        }
        let participant = world.participant("Norland");
        let refusal = Refusal::TooManySpells { participant };
        assert_eq!(world.deposit("Norland", Accession), Err(refusal));
    }

    #[test]
    fn full_powers_to_deposit_extend_to_it() {
        let mut world = World::concluded(usual());
        world.deposit("Norland", Accession).expect("it is open");
        world.empower_envoy(&[Power::Withdraw]);
        let refusal = Refusal::NoFullPowers { treaty: rivers(), power: Power::Deposit };
        assert_eq!(void(&mut world, "envoy"), Err(refusal));
        world.empower_envoy(&[Power::Deposit]);
        void(&mut world, "envoy").expect("it has full powers");
    }
}
