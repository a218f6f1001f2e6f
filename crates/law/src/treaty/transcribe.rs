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
use super::kind::FactKind;
use super::participant::Participant;
use super::record::{Consent, Party, Stage, party_path};
use super::store;
use super::transcribe_treaty::require_transcriber;
use crate::actor::Author;
use crate::date::Date;
use crate::event::Event;
use crate::ids::{ActorId, TreatyId};
use crate::ledger::{Ledger, Path, Stop};
use crate::refusal::Refusal;

/// Facts of one transcription, at most.
pub const FACTS_MAX: u32 = 512;

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
        let Some(first) = self.facts.first() else { return };
        store::reads(&self.treaty, &first.participant, paths);
        let others = self.facts.iter().skip(1);
        paths.extend(others.map(|fact| party_path(&self.treaty, &fact.participant)));
    }
}

/// Enters facts: all of them or none.
///
/// # Errors
/// [`Refusal::CannotConclude`], [`Refusal::MandateNeeded`], [`Refusal::UnknownTreaty`],
/// [`Refusal::NotTranscribed`], [`Refusal::OtherTranscriber`], [`Refusal::FactsCount`],
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
            fact.participant.check()?;
            let organization = course.clauses.organizations.named.contains(&fact.participant);
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

fn enter(course: &mut Course, party: &mut Party, fact: &Fact, today: Date) -> Result<(), Refusal> {
    let on = fact.on;
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
        FactKind::Signature | FactKind::SuccessionToSignature => {
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
