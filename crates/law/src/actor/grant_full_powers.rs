//! A State or organization grants full powers for one treaty (VCLT art. 2(1)(c), 7).

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::grant_office::{check_grant, period};
use super::{Author, Key, Mandate, MandateScope, Power};
use crate::date::Date;
use crate::event::Event;
use crate::ids::{ActorId, Digest, KeyId, TreatyId};
use crate::ledger::{Ledger, Path, Stop};
use crate::limits::FULL_POWERS_ACTS_MAX;
use crate::refusal::Refusal;

/// Empowers a key of the author's actor to do the named acts on one treaty. The treaty need not
/// exist yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrantFullPowers {
    /// First day (UTC).
    pub from: Date,
    /// Salted digest of the holder's particulars, which are kept elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holder: Option<Digest>,
    /// The key that is to hold them.
    pub key: KeyId,
    /// The acts they extend to, each once.
    pub powers: Vec<Power>,
    /// The treaty.
    pub treaty: TreatyId,
    /// Last day, inclusive (UTC); without it, until ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
}

impl GrantFullPowers {
    pub(crate) fn says(&self, author: &Author) -> String {
        let powers: Vec<String> = self.powers.iter().map(ToString::to_string).collect();
        format!(
            "{} grants its key {} full powers to {} \"{}\", {}.",
            author.name(),
            self.key,
            powers.join(", "),
            self.treaty,
            period(self.from, self.until),
        )
    }

    pub(crate) fn reads(&self, _actor: ActorId, paths: &mut Vec<Path>) {
        paths.push(Key::path(self.key));
    }
}

/// Grants full powers; the mandate's id is the first half of this act's id.
///
/// # Errors
/// [`Refusal::CannotConclude`], [`Refusal::PowersNotUnique`], [`Refusal::EmptyPeriod`],
/// [`Refusal::UnknownKey`] or [`Refusal::KeyCannotHold`].
pub fn grant_full_powers(
    ledger: &mut Ledger,
    author: &Author,
    act: &GrantFullPowers,
) -> Result<(), Stop> {
    author.require_treaty_actor()?; // VCLT art. 6
    author.require_administration("grant_full_powers")?; // VCLT art. 7(2)(a)
    let once = |power| act.powers.iter().filter(|other| *other == power).count() == 1;
    if act.powers.is_empty()
        || act.powers.len() > FULL_POWERS_ACTS_MAX
        || !act.powers.iter().all(once)
    {
        return Err(Refusal::PowersNotUnique.into());
    }
    check_grant(ledger, author, act.key, act.from, act.until)?;

    let mandate = ledger.act().mandate();
    let GrantFullPowers { from, holder, key, until, .. } = *act;
    let (powers, treaty) = (act.powers.clone(), act.treaty.clone());
    let record = Mandate {
        actor: author.actor,
        ended: None,
        from,
        granted_by: Some(author.key),
        holder,
        key,
        scope: MandateScope::FullPowers { powers: powers.clone(), treaty: treaty.clone() },
        until,
        v: 1,
    };
    ledger.put(Mandate::path(mandate), &record);
    let actor = author.actor;
    ledger.emit(Event::FullPowersGranted {
        actor,
        from,
        holder,
        key,
        mandate,
        powers,
        treaty,
        until,
    });
    Ok(())
}
