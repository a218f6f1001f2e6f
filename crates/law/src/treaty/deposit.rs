//! Deposit of an instrument by which a State or organization consents to be bound
//! (VCLT art. 11, 14-16; VCST art. 17).

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::clauses::Accession;
use super::course::Course;
use super::kind::ConsentKind;
use super::participant::Participant;
use super::record::{Consent, Party, negotiating_path};
use super::store;
use crate::actor::{ActorKind, Author, Power};
use crate::date::Date;
use crate::ids::{ActorId, Digest, TreatyId};
use crate::ledger::{Ledger, Path, Stop};
use crate::refusal::Refusal;

/// Deposits an instrument with all parties at once: each node keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deposit {
    /// How consent is expressed.
    pub consent: ConsentKind,
    /// Digest of the instrument's document, if there is one on paper.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instrument: Option<Digest>,
    /// Of a successor State: the day of succession.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub succession: Option<Date>,
    /// The treaty.
    pub treaty: TreatyId,
}

impl Deposit {
    pub(crate) fn says(&self, ledger: &Ledger, author: &Author) -> Result<String, Stop> {
        let name = store::name(ledger, &self.treaty)?;
        let succession = match self.succession {
            Some(on) => format!(", with effect from the succession of States on {on}"),
            None => String::new(),
        };
        let instrument = match self.instrument {
            Some(digest) => format!(", by the document {digest}"),
            None => String::new(),
        };
        Ok(format!(
            "{} deposits its instrument of {} {} {name}{succession}{instrument}, and consents to \
             be bound.",
            author.name(),
            self.consent,
            self.consent.preposition(),
        ))
    }

    pub(crate) fn reads(&self, actor: ActorId, paths: &mut Vec<Path>) {
        store::reads(&self.treaty, &Participant::Actor(actor), paths);
        paths.push(negotiating_path(&self.treaty, actor));
    }
}

/// Deposits an instrument; if the conditions for entry into force hold by it, fixes the date.
///
/// # Errors
/// [`Refusal::UnknownTreaty`], those of [`Author::require_authority`],
/// [`Refusal::NotAuthenticated`], [`Refusal::NotEntitled`], [`Refusal::InstrumentNotForKind`],
/// [`Refusal::SuccessionDate`], [`Refusal::InstrumentNotAllowed`], [`Refusal::AccessionClosed`],
/// [`Refusal::AccessionNotOpen`], [`Refusal::AccessionAfterEntry`], [`Refusal::NotSigned`],
/// [`Refusal::AlreadyConsented`] or [`Refusal::TooManySpells`].
pub fn deposit(ledger: &mut Ledger, author: &Author, act: &Deposit) -> Result<(), Stop> {
    let (id, on) = (&act.treaty, ledger.today());
    store::treaty(ledger, id)?;
    author.require_authority(id, Power::Deposit)?;
    let (mut course, authenticated) = store::open_authentic(ledger, id)?;
    store::require_entitled(ledger, &course, author)?;
    require_form(author, act, on)?;
    let (mut party, known) = store::own_party(ledger, id, author)?;
    require_way(&course, &party, act, authenticated, on)?;
    let participant = party.participant.clone();
    if let Some(standing) = party.standing(on) {
        let on = standing.consent.as_ref().map_or(on, |consent| consent.on);
        let treaty = id.clone();
        return Err(Refusal::AlreadyConsented { participant, treaty, on }.into());
    }

    let entry = course.treaty.entry;
    course.consent(&mut party, Consent { kind: act.consent, on, succession: act.succession })?;
    store::save(ledger, course, &party, known, entry)
}

/// Checks what the instrument is, apart from the treaty.
fn require_form(author: &Author, act: &Deposit, on: Date) -> Result<(), Refusal> {
    let kind = act.consent;
    let organization = author.record.kind == ActorKind::Organization;
    let not_for_kind = match kind {
        ConsentKind::Ratification => organization, // VCLT-IO art. 14
        ConsentKind::FormalConfirmation => !organization,
        kind if kind.is_succession() => organization,
        _ => false,
    };
    if not_for_kind {
        return Err(Refusal::InstrumentNotForKind { kind });
    }
    let succession = act.succession.is_some_and(|day| day <= on);
    if succession != kind.is_succession() || act.succession.is_some() != succession {
        return Err(Refusal::SuccessionDate);
    }
    Ok(())
}

/// Checks that the treaty provides for this way of consenting, now and for this participant.
fn require_way(
    course: &Course,
    party: &Party,
    act: &Deposit,
    authenticated: Date,
    on: Date,
) -> Result<(), Refusal> {
    let (clause, kind, treaty) = (&course.clauses.consent, act.consent, &act.treaty);
    if kind.is_succession() {
        return Ok(()); // whatever the clauses say (VCST art. 17)
    }
    if kind == ConsentKind::Accession {
        let from = match clause.accession {
            Accession::Closed => None,
            Accession::Open => Some(authenticated),
            Accession::From(date) => Some(date),
            Accession::AfterSignatureCloses => {
                course.clauses.signature.until.and_then(|until| until.next().ok())
            }
            Accession::AfterEntryIntoForce => {
                let entry = course.treaty.entry;
                let unknown = || Refusal::AccessionAfterEntry { treaty: treaty.clone() };
                Some(entry.ok_or_else(unknown)?)
            }
        };
        return match from {
            None => Err(Refusal::AccessionClosed { treaty: treaty.clone() }),
            Some(from) if on < from => {
                Err(Refusal::AccessionNotOpen { treaty: treaty.clone(), from })
            }
            Some(_) => Ok(()),
        };
    }
    if kind == ConsentKind::DefinitiveSignature || !clause.kinds.contains(&kind) {
        return Err(Refusal::InstrumentNotAllowed { treaty: treaty.clone(), kind });
    }
    if clause.signature_required && kind.completes_a_signature() && party.signature.is_none() {
        let participant = party.participant.clone();
        return Err(Refusal::NotSigned { participant, treaty: treaty.clone() });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::clauses::{EntryIntoForce, FinalClauses, Participation, SignatureKind};
    use super::super::delay::Delay;
    use super::super::record::TreatyStatus;
    use super::super::testing::{World, date, rivers, told, usual};
    use super::*;
    use crate::act::Data;
    use crate::event::Event;
    use ConsentKind::{Acceptance, Accession as Acceding, FormalConfirmation, Ratification};

    fn clauses(change: impl FnOnce(&mut FinalClauses)) -> FinalClauses {
        let mut clauses = usual();
        change(&mut clauses);
        clauses
    }

    fn succeed(world: &mut World, who: &str, consent: ConsentKind, day: &str) -> Option<Refusal> {
        let succession = (!day.is_empty()).then(|| date(day));
        let act = Deposit { consent, instrument: None, succession, treaty: rivers() };
        world.does(who, Data::Deposit(act)).err()
    }

    #[test]
    fn the_second_deposit_brings_the_treaty_into_force_after_thirty_days() {
        let mut world = World::concluded(usual());
        for who in ["Norland", "Sudmark", "Ostia"] {
            world.sign(who, SignatureKind::Simple).expect("it may sign");
        }
        world.day("2027-03-01");
        let first = world.deposit("Norland", Ratification).expect("it signed");
        let [Event::ConsentEstablished { missing: Some(missing), .. }] = &first[..] else {
            panic!("{first:?}");
        };
        assert_eq!(missing, "1 more participant (1 of 2)");
        world.day("2027-03-05");
        let second = world.deposit("Sudmark", Acceptance).expect("it signed");
        assert_eq!(told(&second), ["consent 2027-04-04", "fixed 2027-04-04 by 2027-03-05"]);
        world.day("2027-03-06");
        let third = world.deposit("Ostia", Ratification).expect("it signed");
        assert_eq!(told(&third), ["consent 2027-04-05"]);
        assert!(world.day("2027-04-03").is_empty());
        assert_eq!(world.status(), TreatyStatus::Authenticated);
        assert_eq!(told(&world.day("2027-04-04")), ["in force 2027-04-04"]);
        assert_eq!(world.status(), TreatyStatus::InForce);
        assert!(world.day("2027-04-05").is_empty());
    }

    #[test]
    fn a_treaty_without_a_delay_is_in_force_at_once() {
        let mut world = World::concluded(clauses(|clauses| {
            if let EntryIntoForce::Threshold { delay, .. } = &mut clauses.entry_into_force {
                *delay = Delay::None;
            }
        }));
        world.deposit("Norland", Acceding).expect("it is open");
        let events = told(&world.deposit("Sudmark", Acceding).expect("it is open"));
        assert_eq!(events[1..], ["fixed 2027-01-01 by 2027-01-01", "in force 2027-01-01"]);
        assert_eq!(world.status(), TreatyStatus::InForce);
    }

    #[test]
    fn a_second_deposit_is_refused() {
        let mut world = World::concluded(usual());
        world.deposit("Norland", Acceding).expect("it is open");
        world.day("2027-01-02");
        let (participant, on) = (world.participant("Norland"), date("2027-01-01"));
        let refusal = Refusal::AlreadyConsented { participant, treaty: rivers(), on };
        assert_eq!(world.deposit("Norland", Acceding), Err(refusal));
    }

    #[test]
    fn ratification_completes_a_signature() {
        let mut world = World::concluded(usual());
        let participant = world.participant("Norland");
        let refusal = Refusal::NotSigned { participant, treaty: rivers() };
        assert_eq!(world.deposit("Norland", Ratification), Err(refusal));
        let mut world =
            World::concluded(clauses(|clauses| clauses.consent.signature_required = false));
        world.deposit("Norland", Ratification).expect("no signature is needed");
    }

    #[test]
    fn the_clauses_say_by_what_instrument() {
        let mut world = World::concluded(usual());
        for kind in [ConsentKind::Approval, ConsentKind::DefinitiveSignature] {
            let refusal = Refusal::InstrumentNotAllowed { treaty: rivers(), kind };
            assert_eq!(world.deposit("Norland", kind), Err(refusal));
        }
    }

    #[test]
    fn states_ratify_and_organizations_confirm_formally() {
        let mut world = World::concluded(clauses(|clauses| {
            clauses.organizations.may_join = true;
            clauses.consent.signature_required = false;
        }));
        for (who, kind) in [
            ("Norland", FormalConfirmation),
            ("Union", Ratification),
            ("Union", ConsentKind::Succession),
        ] {
            let refusal = Refusal::InstrumentNotForKind { kind };
            assert_eq!(world.deposit(who, kind), Err(refusal), "{who}");
        }
        world.deposit("Union", FormalConfirmation).expect("organizations may join");
        world.deposit("Norland", Ratification).expect("States ratify");
        assert_eq!(world.treaty().trigger, None, "an organization does not count here");
        world.deposit("Sudmark", Ratification).expect("States ratify");
        assert_eq!(world.treaty().trigger, Some(date("2027-01-01")));
    }

    #[test]
    fn accession_is_open_when_the_clauses_say() {
        let with = |accession, until: Option<&str>| {
            World::concluded(clauses(|clauses| {
                clauses.consent.accession = accession;
                clauses.signature.until = until.map(date);
            }))
        };
        let treaty = rivers;
        let mut closed = with(Accession::Closed, None);
        let refusal = Refusal::AccessionClosed { treaty: treaty() };
        assert_eq!(closed.deposit("Ostia", Acceding), Err(refusal));

        for mut world in [
            with(Accession::From(date("2027-01-03")), None),
            with(Accession::AfterSignatureCloses, Some("2027-01-02")),
        ] {
            world.day("2027-01-02");
            let from = date("2027-01-03");
            let refusal = Refusal::AccessionNotOpen { treaty: treaty(), from };
            assert_eq!(world.deposit("Ostia", Acceding), Err(refusal));
            world.day("2027-01-03");
            world.deposit("Ostia", Acceding).expect("it is open");
        }

        let mut world = with(Accession::AfterEntryIntoForce, None);
        let refusal = Refusal::AccessionAfterEntry { treaty: treaty() };
        assert_eq!(world.deposit("Ostia", Acceding), Err(refusal));
        for who in ["Norland", "Sudmark"] {
            world.sign(who, SignatureKind::Definitive).expect("it may sign");
        }
        let from = date("2027-01-31");
        let refusal = Refusal::AccessionNotOpen { treaty: treaty(), from };
        assert_eq!(world.deposit("Ostia", Acceding), Err(refusal));
        world.day("2027-01-31");
        world.deposit("Ostia", Acceding).expect("the treaty is in force");
    }

    #[test]
    fn a_closed_list_admits_no_other() {
        let listed = World::new().participant("Ostia");
        let mut world = World::concluded(clauses(|clauses| {
            clauses.participation = Participation::Listed(alloc::vec![listed]);
        }));
        let refusal = Refusal::NotEntitled { actor: world.actor("Westria"), treaty: rivers() };
        assert_eq!(world.deposit("Westria", Acceding), Err(refusal));
        world.deposit("Ostia", Acceding).expect("it is listed");
    }

    #[test]
    fn a_successor_states_its_date_and_is_bound_from_it() {
        let mut world = World::concluded(usual());
        for (consent, day) in [
            (ConsentKind::Succession, ""),
            (ConsentKind::Succession, "2027-01-02"),
            (Acceding, "2026-12-01"),
        ] {
            let refusal = succeed(&mut world, "Ostia", consent, day);
            assert_eq!(refusal, Some(Refusal::SuccessionDate), "{consent} {day}");
        }
        for who in ["Norland", "Sudmark"] {
            world.deposit(who, Acceding).expect("it is open");
        }
        world.day("2027-06-01");
        assert_eq!(succeed(&mut world, "Ostia", ConsentKind::Succession, "2027-05-01"), None);
        let party = world.party(&world.participant("Ostia")).expect("a party");
        let dates = world.treaty().dates();
        assert_eq!(party.is_bound(&usual(), dates, date("2027-05-01")), Ok(true));
        assert_eq!(party.is_bound(&usual(), dates, date("2027-04-30")), Ok(false));
    }

    #[test]
    fn no_deposit_goes_without_full_powers_or_a_treaty() {
        let mut world = World::concluded(usual());
        world.empower_envoy(&[Power::Sign]);
        let refusal = Refusal::NoFullPowers { treaty: rivers(), power: Power::Deposit };
        assert_eq!(world.deposit("envoy", Acceding), Err(refusal));
        let refusal = Refusal::UnknownTreaty { treaty: rivers() };
        assert_eq!(World::new().deposit("Norland", Acceding), Err(refusal));
        let refusal = Refusal::KeptElsewhere { treaty: rivers() };
        assert_eq!(World::transcribed(usual()).deposit("Norland", Acceding), Err(refusal));
    }
}
