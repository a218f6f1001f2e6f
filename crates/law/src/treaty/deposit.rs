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
            "{} deposits its instrument of {} of {name}{succession}{instrument}, and consents to \
             be bound.",
            author.name(),
            self.consent,
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
/// [`Refusal::AccessionNotOpen`], [`Refusal::NotSigned`], [`Refusal::AlreadyConsented`] or
/// [`Refusal::TooManySpells`].
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
            Accession::AfterEntryIntoForce => Some(course.treaty.entry.unwrap_or(Date::MAX)),
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
