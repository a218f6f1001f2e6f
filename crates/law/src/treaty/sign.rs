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
use crate::event::Event;
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
/// [`Refusal::AlreadySigned`] or [`Refusal::AlreadyConsented`].
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

    let entry = course.treaty.entry;
    course.sign(&mut party, act.signature, on)?;
    ledger.emit(Event::TreatySigned {
        on,
        participant: participant.clone(),
        signature: act.signature,
        treaty: treaty(),
    });
    if act.signature == SignatureKind::Definitive {
        let kind = ConsentKind::DefinitiveSignature;
        let consent = Consent { kind, on, succession: None };
        if !course.consent(&mut party, consent)? {
            return Err(Refusal::AlreadyConsented { participant, treaty: treaty(), on }.into());
        }
    }
    store::save(ledger, course, &party, known, entry)
}
