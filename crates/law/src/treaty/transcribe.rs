//! Facts of a treaty's history, from the record of an earlier depositary. They take the same way
//! as acts of today, so that the dates follow from the clauses again.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::clauses::{EntryIntoForce, SignatureKind};
use super::course::{Course, NoticeOutcome};
use super::dates::NoticeEffect;
use super::kind::{ConsentKind, FactKind};
use super::participant::Participant;
use super::record::{Consent, Party, Stage, clauses_path, party_path, tally_path, treaty_path};
use super::store;
use super::transcribe_treaty::require_transcriber;
use crate::actor::{ActorKind, Author, actor_path};
use crate::date::Date;
use crate::event::Event;
use crate::ids::{ActorId, TreatyId};
use crate::ledger::{Ledger, Path, Stop};
use crate::limits::FACTS_MAX;
use crate::refusal::Refusal;

/// Enters facts of one treaty, in the order of their dates; signatures in any order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transcribe {
    /// The facts.
    pub facts: Vec<Fact>,
    /// The treaty.
    pub treaty: TreatyId,
}

/// One fact of a history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fact {
    /// What happened.
    pub fact: FactKind,
    /// The day.
    pub on: Date,
    /// Who did it.
    pub participant: Participant,
    /// Of a successor State: the day of succession, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub succession: Option<Date>,
}

impl Transcribe {
    pub(crate) fn says(&self, ledger: &Ledger, author: &Author) -> Result<String, Stop> {
        let name = store::name(ledger, &self.treaty)?;
        let dates = || self.facts.iter().map(|fact| fact.on);
        let (Some(first), Some(last)) = (dates().min(), dates().max()) else {
            return Err(Refusal::FactsCount { max: FACTS_MAX }.into());
        };
        let count = self.facts.len();
        let author = author.name();
        Ok(format!("{author} transcribes {count} facts of {name}, from {first} to {last}."))
    }

    pub(crate) fn reads(&self, _: ActorId, paths: &mut Vec<Path>) {
        paths.push(treaty_path(&self.treaty));
        paths.push(clauses_path(&self.treaty));
        paths.push(tally_path(&self.treaty));
        for fact in &self.facts {
            paths.push(party_path(&self.treaty, &fact.participant));
            if let Participant::Actor(actor) = fact.participant {
                paths.push(actor_path(actor));
            }
        }
    }
}

/// Enters facts: all of them or none.
///
/// # Errors
/// [`Refusal::CannotConclude`], [`Refusal::MandateNeeded`], [`Refusal::UnknownTreaty`],
/// [`Refusal::NotTranscribed`], [`Refusal::OtherTranscriber`], [`Refusal::FactsCount`],
/// [`Refusal::ClauseOutOfForm`] for a name, [`Refusal::UnknownActor`], [`Refusal::SuccessionDate`],
/// [`Refusal::FactInFuture`], [`Refusal::FactOutOfOrder`], [`Refusal::PublishedNotNeeded`] or
/// [`Refusal::TooManySpells`].
pub fn transcribe(ledger: &mut Ledger, author: &Author, act: &Transcribe) -> Result<(), Stop> {
    require_transcriber(author)?;
    let count = u32::try_from(act.facts.len()).unwrap_or(u32::MAX);
    if count == 0 || count > FACTS_MAX {
        return Err(Refusal::FactsCount { max: FACTS_MAX }.into());
    }
    let mut course = store::open(ledger, &act.treaty)?;
    if course.treaty.stage != Stage::Transcribed {
        return Err(Refusal::NotTranscribed { treaty: act.treaty.clone() }.into());
    }
    if course.treaty.drafted_by != author.actor {
        let actor = course.treaty.drafted_by;
        return Err(Refusal::OtherTranscriber { actor, treaty: act.treaty.clone() }.into());
    }
    let (today, entry) = (ledger.today(), course.treaty.entry);
    let mut parties: BTreeMap<&Participant, Party> = BTreeMap::new();
    for fact in &act.facts {
        if !parties.contains_key(&fact.participant) {
            let organization = is_organization(ledger, &course, &fact.participant)?;
            let (party, known) =
                store::party(ledger, &act.treaty, &fact.participant, organization)?;
            if !known {
                course.treaty.register.enter(&fact.participant);
            }
            parties.insert(&fact.participant, party);
        }
        let party = parties.get_mut(&fact.participant).expect("it was just entered");
        enter(&mut course, party, fact, today)?;
    }
    for (participant, party) in parties {
        ledger.put(party_path(&act.treaty, participant), &party);
    }
    store::close(ledger, course, entry)
}

/// Checks a participant, and says whether it is an organization: an actor by its record, a name by
/// the clauses.
fn is_organization(
    ledger: &Ledger,
    course: &Course,
    participant: &Participant,
) -> Result<bool, Stop> {
    participant.check()?;
    let Participant::Actor(actor) = participant else {
        return Ok(course.clauses.organizations.named.contains(participant));
    };
    match ledger.actor(*actor)?.kind {
        ActorKind::Organization => Ok(true),
        ActorKind::State => Ok(false),
        _ => Err(Refusal::CannotConclude { actor: *actor }.into()), // VCLT art. 6
    }
}

fn enter(course: &mut Course, party: &mut Party, fact: &Fact, today: Date) -> Result<(), Refusal> {
    let on = fact.on;
    if fact.succession.is_some() && !fact.fact.consent().is_some_and(ConsentKind::is_succession) {
        return Err(Refusal::SuccessionDate);
    }
    let published = matches!(fact.fact, FactKind::PublishedEntryIntoForce | FactKind::PublishedEnd);
    if on > today && !published {
        return Err(Refusal::FactInFuture { date: on });
    }
    if published && course.clauses.entry_into_force != EntryIntoForce::AsPublished {
        return Err(Refusal::PublishedNotNeeded { treaty: course.id.clone() });
    }
    if fact.fact.is_ordered() {
        if let Some(latest) = course.treaty.latest.filter(|latest| on < *latest) {
            return Err(Refusal::FactOutOfOrder { date: on, latest });
        }
        course.treaty.latest = Some(on);
    }
    if let Some(reason) = apply(course, party, fact)? {
        course.events.push(Event::FactRecorded {
            fact: fact.fact,
            on,
            participant: fact.participant.clone(),
            reason,
            treaty: course.id.clone(),
        });
    }
    Ok(())
}

/// Applies a fact; returns why it changes nothing, if it does not.
fn apply(course: &mut Course, party: &mut Party, fact: &Fact) -> Result<Option<String>, Refusal> {
    let on = fact.on;
    let unless = |done: bool, reason: &str| (!done).then(|| reason.to_string());
    if let Some(kind) = fact.fact.consent() {
        let consent = Consent { kind, on, succession: fact.succession };
        let done = course.consent(party, consent)?;
        return Ok(unless(done, "an earlier consent stands"));
    }
    Ok(match fact.fact {
        FactKind::Signature => {
            let done = course.sign(party, SignatureKind::Simple, on)?;
            unless(done, "an earlier signature stands")
        }
        FactKind::RatificationWithdrawal | FactKind::InstrumentWithdrawnBeforeEffect => {
            unless(course.void(party, on)?, "no instrument stands that is not in force")
        }
        FactKind::WithdrawalNotification | FactKind::DenunciationNotification => {
            notice(course, party, on)?
        }
        FactKind::WithdrawalRevocation => {
            unless(course.revoke_notice(party, on), "no notice of withdrawal is running")
        }
        FactKind::WithdrawalSuspension => {
            unless(course.suspend_notice(party, on), "no notice of withdrawal is running")
        }
        FactKind::PublishedEntryIntoForce => {
            course.publish_entry(party, on)?;
            None
        }
        FactKind::PublishedEnd => {
            unless(course.publish_end(party, on), "nothing is recorded that could end")
        }
        other => Some(format!("{} changes no date", other.words())),
    })
}

fn notice(course: &mut Course, party: &mut Party, on: Date) -> Result<Option<String>, Refusal> {
    Ok(match course.notice(party, on)? {
        NoticeOutcome::NotBound => Some("no consent stands".to_string()),
        NoticeOutcome::Running(effect) => {
            Some(format!("a notice is running that takes effect on {effect}"))
        }
        NoticeOutcome::Judged(NoticeEffect::TooEarly(Some(earliest))) => {
            Some(format!("no notice may be given before {earliest}"))
        }
        NoticeOutcome::Judged(NoticeEffect::TooEarly(None)) => {
            Some("no notice may be given before entry into force".to_string())
        }
        NoticeOutcome::Judged(NoticeEffect::NoClause) => {
            Some("no clause on withdrawal is known".to_string())
        }
        NoticeOutcome::Judged(NoticeEffect::Effective(_)) => None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::clauses::FinalClauses;
    use super::super::testing::{World, date, rivers, told, usual};
    use super::*;
    use crate::act::Data;

    fn all(world: &mut World, facts: &[&str]) -> Vec<String> {
        told(&world.transcribe(facts).expect("facts in form"))
    }

    #[test]
    fn dates_of_a_history_follow_from_its_clauses() {
        let mut world = World::transcribed(usual());
        let events = all(
            &mut world,
            &[
                "1990-05-02 A signature",
                "1990-01-01 B signature",
                "1991-01-01 A ratification",
                "1991-02-01 B ratification",
                "1991-02-10 C accession",
                "1991-03-20 D accession",
                "1995-01-01 A withdrawal_notification",
            ],
        );
        assert_eq!(
            events,
            [
                "treaty_signed",
                "treaty_signed",
                "consent",
                "consent 1991-03-03",
                "fixed 1991-03-03 by 1991-02-01",
                "consent 1991-03-12",
                "consent 1991-04-19",
                "notice 1996-01-01",
                "in force 1991-03-03",
            ]
        );
    }

    #[test]
    fn a_batch_gives_what_single_facts_give() {
        let facts = [
            "1990-05-02 A signature",
            "1991-01-01 A ratification",
            "1991-01-02 A ratification_withdrawal",
            "1991-02-01 B accession",
            "1991-02-01 C accession",
            "1991-02-01 C instrument_withdrawn_before_effect",
            "1991-02-03 D accession",
            "1995-02-01 B denunciation_notification",
            "1995-03-01 B withdrawal_revocation",
        ];
        let (mut whole, mut single) = (World::transcribed(usual()), World::transcribed(usual()));
        all(&mut whole, &facts);
        for fact in facts {
            all(&mut single, &[fact]);
        }
        assert_eq!(whole.treaty(), single.treaty());
        assert_eq!(whole.treaty().trigger, Some(date("1991-02-03")));
        for name in ["A", "B", "C", "D"] {
            let participant = Participant::Name(name.into());
            assert_eq!(whole.party(&participant), single.party(&participant));
        }
    }

    #[test]
    fn what_changes_no_date_is_recorded_with_its_reason() {
        let mut world = World::transcribed(usual());
        let facts = [
            "1991-01-01 A accession",
            "1991-01-02 A ratification",
            "1991-01-02 B withdrawal_notification",
            "1991-01-02 B withdrawal_revocation",
            "1991-01-02 B ratification_withdrawal",
            "1991-01-02 A provisional_application",
            "1991-01-02 A withdrawal_notification",
        ];
        assert_eq!(
            all(&mut world, &facts),
            [
                "consent",
                "an earlier consent stands",
                "no consent stands",
                "no notice of withdrawal is running",
                "no instrument stands that is not in force",
                "provisional application changes no date",
                "no notice may be given before entry into force",
            ]
        );
    }

    #[test]
    fn published_dates_stand_for_unknown_clauses() {
        let mut world = World::transcribed(FinalClauses::as_published());
        let facts = [
            "1950-01-01 A ratification",
            "1952-01-01 A published_entry_into_force",
            "1951-01-01 B published_entry_into_force",
            "1960-01-01 A published_end",
        ];
        all(&mut world, &facts);
        assert_eq!(world.treaty().entry, Some(date("1951-01-01")));
        let party = world.party(&Participant::Name("A".into())).expect("a party");
        assert_eq!(party.spells.len(), 1);
        let known = World::transcribed(usual()).transcribe(&facts[1..2]);
        assert_eq!(known, Err(Refusal::PublishedNotNeeded { treaty: rivers() }));
    }

    #[test]
    fn facts_come_in_order_and_not_from_the_future() {
        let mut world = World::transcribed(usual());
        let (date_1, latest) = (date("1990-12-31"), date("1991-01-01"));
        let wrong = world.transcribe(&["1991-01-01 A accession", "1990-12-31 B accession"]);
        assert_eq!(wrong, Err(Refusal::FactOutOfOrder { date: date_1, latest }));
        assert_eq!(world.treaty().register.count, 0, "all or none");
        all(&mut world, &["1991-01-01 A accession", "1990-12-31 B signature"]);
        let wrong = world.transcribe(&["1990-12-31 B accession"]);
        assert_eq!(wrong, Err(Refusal::FactOutOfOrder { date: date_1, latest }));
        let future = world.transcribe(&["2027-01-02 C accession"]);
        assert_eq!(future, Err(Refusal::FactInFuture { date: date("2027-01-02") }));
        all(&mut world, &["2027-01-01 C accession"]);
    }

    #[test]
    fn a_batch_has_from_one_fact_to_the_limit() {
        let mut world = World::transcribed(usual());
        let facts = |count: u32| {
            let fact = World::new().fact("1991-01-01 A signature");
            let facts = alloc::vec![fact; usize::try_from(count).expect("small")];
            Data::Transcribe(Transcribe { facts, treaty: rivers() })
        };
        let refusal = Err(Refusal::FactsCount { max: FACTS_MAX });
        assert_eq!(world.does("Norland", facts(0)), refusal);
        assert_eq!(world.does("Norland", facts(FACTS_MAX + 1)), refusal);
        world.must("Norland", facts(FACTS_MAX));
    }

    #[test]
    fn the_history_is_entered_by_one_actor_and_for_transcribed_treaties_only() {
        let mut world = World::transcribed(usual());
        let facts = alloc::vec![world.fact("1991-01-01 A accession")];
        let act = Data::Transcribe(Transcribe { facts, treaty: rivers() });
        let (actor, treaty) = (world.actor("Norland"), rivers());
        let other = world.does("Sudmark", act.clone());
        assert_eq!(other, Err(Refusal::OtherTranscriber { actor, treaty: treaty.clone() }));
        assert_eq!(world.does("envoy", act.clone()), Err(Refusal::MandateNeeded { actor }));
        let own = World::concluded(usual()).does("Norland", act.clone());
        assert_eq!(own, Err(Refusal::NotTranscribed { treaty: treaty.clone() }));
        let unknown = World::new().does("Norland", act);
        assert_eq!(unknown, Err(Refusal::UnknownTreaty { treaty }));
    }

    #[test]
    fn a_participant_is_a_short_name_or_an_actor_that_concludes_treaties() {
        let mut world = World::transcribed(usual());
        let mut enter = |participant, succession| {
            let fact = FactKind::Accession;
            let fact = Fact { fact, on: date("1991-01-01"), participant, succession };
            let facts = alloc::vec![fact];
            world.does("Norland", Data::Transcribe(Transcribe { facts, treaty: rivers() }))
        };
        let long = enter(Participant::Name("n".repeat(121)), None);
        assert!(matches!(long, Err(Refusal::ClauseOutOfForm { .. })), "{long:?}");
        let actor = ActorId([9; 16]);
        let unknown = enter(Participant::Actor(actor), None);
        assert_eq!(unknown, Err(Refusal::UnknownActor { actor }));
        let dated = enter(Participant::Name("A".into()), Some(date("1990-01-01")));
        assert_eq!(dated, Err(Refusal::SuccessionDate));
        enter(World::new().participant("Union"), None).expect("an organization");
        let counted = world.treaty().counts.consents;
        assert_eq!((counted, world.treaty().trigger), (1, None));
        all(&mut world, &["1991-01-01 A accession"]);
        assert_eq!(world.treaty().trigger, None, "an organization does not count here");
    }
}
