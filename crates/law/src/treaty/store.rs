//! Treaties and their parties between the ledger and the hands of a handler.

use alloc::string::String;
use alloc::vec::Vec;

use super::clauses::{FinalClauses, Participation};
use super::course::Course;
use super::participant::Participant;
use super::record::{
    Clauses, Negotiating, Party, Stage, Treaty, clauses_path, negotiating_path, party_path,
    tally_path, treaty_path,
};
use crate::actor::{ActorKind, Author};
use crate::date::Date;
use crate::due::{self, DueItem};
use crate::event::Event;
use crate::ids::TreatyId;
use crate::ledger::{Ledger, Path, Stop};
use crate::refusal::Refusal;

/// The treaty's record.
///
/// # Errors
/// [`Refusal::UnknownTreaty`], or `Missing`.
pub(super) fn treaty(ledger: &Ledger, id: &TreatyId) -> Result<Treaty, Stop> {
    let found = ledger.record(&treaty_path(id))?;
    Ok(found.ok_or_else(|| Refusal::UnknownTreaty { treaty: id.clone() })?)
}

/// The treaty's title in English or its first language, with its short name, for sentences.
///
/// # Errors
/// As [`treaty`].
pub(super) fn name(ledger: &Ledger, id: &TreatyId) -> Result<String, Stop> {
    let treaty = treaty(ledger, id)?;
    Ok(alloc::format!("\"{}\" ({id})", treaty.title("en")))
}

/// The final clauses of a treaty that exists.
///
/// # Errors
/// `Missing`.
pub(super) fn clauses(ledger: &Ledger, id: &TreatyId) -> Result<FinalClauses, Stop> {
    let found: Option<Clauses> = ledger.record(&clauses_path(id))?;
    Ok(found.expect("a treaty has clauses").clauses)
}

/// All that an act on consent needs of a treaty, except its parties.
///
/// # Errors
/// [`Refusal::UnknownTreaty`], or `Missing`.
pub(super) fn open(ledger: &Ledger, id: &TreatyId) -> Result<Course, Stop> {
    let treaty = treaty(ledger, id)?;
    let clauses = clauses(ledger, id)?;
    let tally = ledger.record(&tally_path(id))?;
    Ok(Course { id: id.clone(), treaty, clauses, tally, events: Vec::new() })
}

/// As [`open`], for a treaty whose texts are authentic and whose participants act themselves.
///
/// # Errors
/// [`Refusal::NotAuthenticated`], [`Refusal::KeptElsewhere`], those of [`open`], or `Missing`.
pub(super) fn open_authentic(ledger: &Ledger, id: &TreatyId) -> Result<(Course, Date), Stop> {
    let course = open(ledger, id)?;
    match course.treaty.stage {
        Stage::Authenticated { on } => Ok((course, on)),
        Stage::Transcribed => Err(Refusal::KeptElsewhere { treaty: id.clone() }.into()),
        _ => Err(Refusal::NotAuthenticated { treaty: id.clone() }.into()),
    }
}

/// Records read by every act on consent.
pub(super) fn reads(id: &TreatyId, participant: &Participant, paths: &mut Vec<Path>) {
    paths.push(treaty_path(id));
    paths.push(clauses_path(id));
    paths.push(tally_path(id));
    paths.push(party_path(id, participant));
}

/// The party, or a participant that has done nothing yet; and whether it has a record.
///
/// # Errors
/// `Missing`.
pub(super) fn party(
    ledger: &Ledger,
    id: &TreatyId,
    participant: &Participant,
    organization: bool,
) -> Result<(Party, bool), Stop> {
    let found: Option<Party> = ledger.record(&party_path(id, participant))?;
    let known = found.is_some();
    Ok((found.unwrap_or_else(|| Party::new(participant.clone(), organization)), known))
}

/// The author as a party.
///
/// # Errors
/// `Missing`.
pub(super) fn own_party(
    ledger: &Ledger,
    id: &TreatyId,
    author: &Author,
) -> Result<(Party, bool), Stop> {
    let organization = author.record.kind == ActorKind::Organization;
    party(ledger, id, &Participant::Actor(author.actor), organization)
}

/// Writes the party that an act changed, and the treaty after it.
///
/// # Errors
/// Those of [`close`].
pub(super) fn save(
    ledger: &mut Ledger,
    mut course: Course,
    party: &Party,
    known: bool,
    entry_before: Option<Date>,
) -> Result<(), Stop> {
    if !known {
        course.treaty.register.enter(&party.participant);
    }
    ledger.put(party_path(&course.id, &party.participant), party);
    close(ledger, course, entry_before)
}

/// Writes the treaty with its tally, tells the events, and enters a new date in the queue. A date
/// that is reached already comes true at once.
///
/// # Errors
/// [`Refusal::DueQueueFull`], or `Missing`.
pub(super) fn close(
    ledger: &mut Ledger,
    course: Course,
    entry_before: Option<Date>,
) -> Result<(), Stop> {
    let Course { id, mut treaty, tally, events, .. } = course;
    for event in events {
        ledger.emit(event);
    }
    if let Some(on) = treaty.entry.filter(|_| treaty.entry != entry_before) {
        match on.start() {
            // A date that was unset and is fixed again waits in the queue already.
            Some(start) if start > ledger.now() => {
                if treaty.due != Some(on) {
                    let item = DueItem::EntryIntoForce { on, treaty: id.clone() };
                    due::schedule(ledger, start, item)?;
                    treaty.due = Some(on);
                }
            }
            _ => ledger.emit(Event::EnteredIntoForce { on, treaty: id.clone() }),
        }
    }
    if let Some(tally) = tally {
        ledger.put(tally_path(&id), &tally);
    }
    ledger.put(treaty_path(&id), &treaty);
    Ok(())
}

/// Checks that the author is among those whom the treaty admits (VCLT art. 15).
///
/// # Errors
/// [`Refusal::NotEntitled`], or `Missing`.
pub(super) fn require_entitled(
    ledger: &Ledger,
    course: &Course,
    author: &Author,
) -> Result<(), Stop> {
    let organization = author.record.kind == ActorKind::Organization;
    let admitted = match &course.clauses.participation {
        Participation::AllStates => !organization || course.clauses.organizations.may_join,
        Participation::Listed(listed) => {
            let of_kind = !organization || course.clauses.organizations.may_join;
            of_kind && listed.contains(&Participant::Actor(author.actor))
        }
        Participation::NegotiatingStates => {
            let path = negotiating_path(&course.id, author.actor);
            let drew_up = ledger.record::<Negotiating>(&path)?.is_some();
            drew_up && (!organization || course.clauses.organizations.may_join)
        }
    };
    if admitted {
        return Ok(());
    }
    Err(Refusal::NotEntitled { actor: author.actor, treaty: course.id.clone() }.into())
}
