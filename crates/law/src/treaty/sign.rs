//! Signature: subject to ratification, or definitive (VCLT art. 10(b), 12, 18).

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::clauses::SignatureKind;
use super::kind::ConsentKind;
use super::participant::Participant;
use super::record::{Consent, negotiating_path};
use super::store;
use crate::actor::{Author, Power};
use crate::ids::{ActorId, TreatyId};
use crate::ledger::{Ledger, Path, Stop};
use crate::refusal::Refusal;

/// Signs a treaty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sign {
    /// What the signature does.
    pub signature: SignatureKind,
    /// The treaty.
    pub treaty: TreatyId,
}

impl Sign {
    pub(crate) fn says(&self, ledger: &Ledger, author: &Author) -> Result<String, Stop> {
        let name = store::name(ledger, &self.treaty)?;
        let effect = match self.signature {
            SignatureKind::Simple => "subject to ratification, acceptance or approval",
            SignatureKind::Definitive => "definitively, and by this consents to be bound",
        };
        Ok(format!("{} signs {name}, {effect}.", author.name()))
    }

    pub(crate) fn reads(&self, actor: ActorId, paths: &mut Vec<Path>) {
        store::reads(&self.treaty, &Participant::Actor(actor), paths);
        paths.push(negotiating_path(&self.treaty, actor));
    }
}

/// Signs; a definitive signature is consent to be bound.
///
/// # Errors
/// [`Refusal::UnknownTreaty`], those of [`Author::require_authority`],
/// [`Refusal::NotAuthenticated`], [`Refusal::NotEntitled`], [`Refusal::SignatureNotOpen`],
/// [`Refusal::SignatureClosed`], [`Refusal::SignatureKindNotAllowed`],
/// [`Refusal::AlreadySigned`], [`Refusal::AlreadyConsented`] or [`Refusal::TooManySpells`].
pub fn sign(ledger: &mut Ledger, author: &Author, act: &Sign) -> Result<(), Stop> {
    let (id, on) = (&act.treaty, ledger.today());
    store::treaty(ledger, id)?;
    author.require_authority(id, Power::Sign)?;
    let (mut course, authenticated) = store::open_authentic(ledger, id)?;
    store::require_entitled(ledger, &course, author)?;
    let treaty = || id.clone();
    let window = &course.clauses.signature;
    let from = window.from.unwrap_or(authenticated);
    if on < from {
        return Err(Refusal::SignatureNotOpen { treaty: treaty(), from }.into());
    }
    if let Some(until) = window.until.filter(|until| *until < on) {
        return Err(Refusal::SignatureClosed { treaty: treaty(), until }.into());
    }
    if !window.kinds.contains(&act.signature) {
        return Err(Refusal::SignatureKindNotAllowed { treaty: treaty() }.into());
    }
    let (mut party, known) = store::own_party(ledger, id, author)?;
    let participant = party.participant.clone();
    if let Some(signed) = party.signature {
        let on = signed.on;
        return Err(Refusal::AlreadySigned { participant, treaty: treaty(), on }.into());
    }
    let definitive = act.signature == SignatureKind::Definitive;
    if let Some(standing) = party.standing(on).filter(|_| definitive) {
        let on = standing.consent.map_or(on, |consent| consent.on);
        return Err(Refusal::AlreadyConsented { participant, treaty: treaty(), on }.into());
    }

    let entry = course.treaty.entry;
    course.sign(&mut party, act.signature, on)?;
    if definitive {
        let kind = ConsentKind::DefinitiveSignature; // VCLT art. 12
        course.consent(&mut party, Consent { kind, on, succession: None })?;
    }
    store::save(ledger, course, &party, known, entry)
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::super::clauses::Participation;
    use super::super::testing::{World, date, rivers, told, usual};
    use super::*;
    use crate::act::Data;
    use SignatureKind::{Definitive, Simple};

    #[test]
    fn a_simple_signature_binds_to_nothing_and_a_definitive_one_is_consent() {
        let mut world = World::concluded(usual());
        let events = world.sign("Norland", Simple).expect("it may sign");
        assert_eq!(told(&events), ["treaty_signed"]);
        let events = world.sign("Sudmark", Definitive).expect("it may sign");
        assert_eq!(told(&events), ["treaty_signed", "consent"]);
        assert_eq!(world.treaty().counts.signatures, 2);
        assert_eq!(world.treaty().counts.consents, 1);
        let (participant, treaty) = (world.participant("Norland"), rivers());
        let on = date("2027-01-01");
        let twice = world.sign("Norland", Definitive);
        assert_eq!(twice, Err(Refusal::AlreadySigned { participant, treaty, on }));
    }

    #[test]
    fn definitive_signatures_alone_may_meet_the_threshold() {
        let mut world = World::concluded(usual());
        world.sign("Norland", Definitive).expect("it may sign");
        world.day("2027-01-05");
        let events = world.sign("Sudmark", Definitive).expect("it may sign");
        let fixed = "fixed 2027-02-04 by 2027-01-05";
        assert_eq!(told(&events), ["treaty_signed", "consent 2027-02-04", fixed]);
    }

    #[test]
    fn the_window_is_open_on_its_first_and_last_day() {
        let mut clauses = usual();
        clauses.signature.from = Some(date("2027-01-03"));
        clauses.signature.until = Some(date("2027-01-04"));
        let mut world = World::concluded(clauses);
        let treaty = rivers();
        world.day("2027-01-02");
        let (from, until) = (date("2027-01-03"), date("2027-01-04"));
        let early = world.sign("Norland", Simple);
        assert_eq!(early, Err(Refusal::SignatureNotOpen { treaty: treaty.clone(), from }));
        world.day("2027-01-03");
        world.sign("Norland", Simple).expect("the first day");
        world.day("2027-01-04");
        world.sign("Sudmark", Simple).expect("the last day");
        world.day("2027-01-05");
        let late = world.sign("Ostia", Simple);
        assert_eq!(late, Err(Refusal::SignatureClosed { treaty, until }));
    }

    #[test]
    fn the_clauses_say_who_signs_and_how() {
        let mut clauses = usual();
        clauses.signature.kinds = vec![Simple];
        clauses.participation = Participation::NegotiatingStates;
        let mut world = World::concluded(clauses);
        let treaty = rivers();
        let kind = world.sign("Norland", Definitive);
        assert_eq!(kind, Err(Refusal::SignatureKindNotAllowed { treaty: treaty.clone() }));
        let actor = world.actor("Ostia");
        assert_eq!(world.sign("Ostia", Simple), Err(Refusal::NotEntitled { actor, treaty }));
        world.sign("Sudmark", Simple).expect("it drew the text up");
    }

    #[test]
    fn an_organization_signs_only_where_organizations_may_join() {
        let mut world = World::concluded(usual());
        let actor = world.actor("Union");
        let refusal = Err(Refusal::NotEntitled { actor, treaty: rivers() });
        assert_eq!(world.sign("Union", Simple), refusal);
        let mut clauses = usual();
        clauses.organizations.may_join = true;
        World::concluded(clauses).sign("Union", Simple).expect("organizations may join");
    }

    #[test]
    fn who_acceded_does_not_sign_definitively() {
        let mut world = World::concluded(usual());
        world.deposit("Norland", ConsentKind::Accession).expect("it is open");
        world.day("2027-01-09");
        let (participant, on) = (world.participant("Norland"), date("2027-01-01"));
        let refusal = Refusal::AlreadyConsented { participant, treaty: rivers(), on };
        assert_eq!(world.sign("Norland", Definitive), Err(refusal));
    }

    #[test]
    fn without_authority_or_authentic_texts_nothing_is_signed() {
        let mut world = World::concluded(usual());
        world.empower_envoy(&[Power::Deposit]);
        let refusal = Refusal::NoFullPowers { treaty: rivers(), power: Power::Sign };
        assert_eq!(world.sign("envoy", Simple), Err(refusal));
        let mut world = World::new();
        let draft = world.draft(usual());
        world.must("Norland", Data::DraftTreaty(draft));
        let refusal = Refusal::NotAuthenticated { treaty: rivers() };
        assert_eq!(world.sign("Norland", Simple), Err(refusal));
        let refusal = Refusal::UnknownTreaty { treaty: rivers() };
        assert_eq!(World::new().sign("Norland", Simple), Err(refusal));
        let refusal = Refusal::KeptElsewhere { treaty: rivers() };
        assert_eq!(World::transcribed(usual()).sign("Norland", Simple), Err(refusal));
    }
}
