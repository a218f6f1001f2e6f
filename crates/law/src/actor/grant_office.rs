//! A State or organization grants an office to one of its keys.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write as _;

use serde::{Deserialize, Serialize};

use super::{Author, Key, Mandate, MandateScope, Office, Purpose};
use crate::date::Date;
use crate::event::Event;
use crate::ids::{ActorId, Digest, KeyId};
use crate::ledger::{Ledger, Path, Stop};
use crate::refusal::Refusal;

/// Grants an office to a key of the author's actor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrantOffice {
    /// First day (UTC).
    pub from: Date,
    /// Salted digest of the holder's particulars, which are kept elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holder: Option<Digest>,
    /// The key that is to hold the office.
    pub key: KeyId,
    /// The office.
    pub office: Office,
    /// Last day, inclusive (UTC); without it, until ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
}

impl GrantOffice {
    pub(crate) fn says(&self, author: &Author) -> String {
        let (name, office, key) = (author.name(), self.office, self.key);
        let period = period(self.from, self.until);
        format!("{name} grants the office of {office} to its key {key}, {period}.")
    }

    pub(crate) fn reads(&self, _actor: ActorId, paths: &mut Vec<Path>) {
        paths.push(Key::path(self.key));
    }
}

/// Grants an office; the mandate's id is the first half of this act's id.
///
/// # Errors
/// [`Refusal::OfficeNotForKind`], [`Refusal::EmptyPeriod`], [`Refusal::UnknownKey`] or
/// [`Refusal::KeyCannotHold`].
pub fn grant_office(ledger: &mut Ledger, author: &Author, act: &GrantOffice) -> Result<(), Stop> {
    author.require_administration("grant_office")?;
    let (office, kind) = (act.office, author.record.kind);
    if !office.is_of(kind) {
        return Err(Refusal::OfficeNotForKind { office, kind }.into());
    }
    check_grant(ledger, author, act.key, act.from, act.until)?;

    let mandate = ledger.act().mandate();
    let GrantOffice { from, holder, key, office, until } = *act;
    let record = Mandate {
        actor: author.actor,
        ended: None,
        from,
        granted_by: Some(author.key),
        holder,
        key,
        scope: MandateScope::Office(office),
        until,
        v: 1,
    };
    ledger.put(Mandate::path(mandate), &record);
    let actor = author.actor;
    ledger.emit(Event::OfficeGranted { actor, from, holder, key, mandate, office, until });
    Ok(())
}

/// Checks that a period is not empty and that the key is a signing key of the actor, in use.
pub(super) fn check_grant(
    ledger: &Ledger,
    author: &Author,
    key: KeyId,
    from: Date,
    until: Option<Date>,
) -> Result<(), Stop> {
    if let Some(until) = until.filter(|until| *until < from) {
        return Err(Refusal::EmptyPeriod { from, until }.into());
    }
    let holder = ledger.key(key)?;
    let can_hold = holder.actor == author.actor
        && holder.purpose == Purpose::SignAct
        && holder.revoked.is_none();
    if can_hold { Ok(()) } else { Err(Refusal::KeyCannotHold { key }.into()) }
}

/// A period in words: "from 2027-01-01", "from 2027-01-01 until 2027-12-31".
pub(super) fn period(from: Date, until: Option<Date>) -> String {
    let mut period = format!("from {from}");
    if let Some(until) = until {
        let _ = write!(period, " until {until}"); // writing to a String cannot fail
    }
    period
}
