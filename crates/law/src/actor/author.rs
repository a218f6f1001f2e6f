//! On whose behalf an act is done, and what its mandate empowers it to.

use super::{Actor, Mandate, MandateScope, Office, Power};
use crate::ids::{ActorId, KeyId, MandateId, TreatyId};
use crate::refusal::Refusal;

/// The actor on whose behalf an act is done, with the key that signed and the mandate that
/// empowers it. The key, and the mandate's time, were checked before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    /// The actor.
    pub actor: ActorId,
    /// Its record.
    pub record: Actor,
    /// The key that signed.
    pub key: KeyId,
    /// The mandate, if one was named.
    pub mandate: Option<(MandateId, Mandate)>,
}

impl Author {
    /// The actor's legal name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.record.name
    }

    /// Checks that the actor is a State or an organization.
    ///
    /// # Errors
    /// [`Refusal::CannotConclude`] (VCLT art. 6).
    pub fn require_treaty_actor(&self) -> Result<(), Refusal> {
        if self.record.kind.concludes_treaties() {
            return Ok(());
        }
        Err(Refusal::CannotConclude { actor: self.actor })
    }

    /// Checks that the author may do a treaty act for its actor: by one of the three offices; for
    /// adoption, also as head of mission or accredited representative; else by full powers that
    /// name the treaty and the act (VCLT art. 7).
    ///
    /// # Errors
    /// [`Refusal::CannotConclude`], [`Refusal::MandateNeeded`] or [`Refusal::NoFullPowers`].
    pub fn require_authority(&self, treaty: &TreatyId, power: Power) -> Result<(), Refusal> {
        self.require_treaty_actor()?;
        let Some((_, mandate)) = &self.mandate else {
            return Err(Refusal::MandateNeeded { actor: self.actor });
        };
        let empowered = match &mandate.scope {
            MandateScope::Office(office) if office.represents() => true, // VCLT art. 7(2)(a)
            MandateScope::Office(Office::HeadOfMission | Office::Representative) => {
                power == Power::Adopt // VCLT art. 7(2)(b)-(c)
            }
            MandateScope::Office(_) => false,
            MandateScope::FullPowers { powers, treaty: named } => {
                named == treaty && powers.contains(&power) // VCLT art. 7(1)(a)
            }
        };
        if empowered {
            Ok(())
        } else {
            Err(Refusal::NoFullPowers { treaty: treaty.clone(), power })
        }
    }

    /// Checks that the author may change the actor's keys, mandates and seat: for a State or an
    /// organization, one of the offices that represent it; any key of another actor.
    ///
    /// # Errors
    /// [`Refusal::MandateNeeded`] or [`Refusal::NotEmpowered`].
    pub(crate) fn require_administration(&self, kind: &'static str) -> Result<(), Refusal> {
        match &self.mandate {
            Some((_, mandate)) if mandate.represents() => Ok(()),
            Some((mandate, _)) => Err(Refusal::NotEmpowered { mandate: *mandate, kind }),
            None if self.record.kind.concludes_treaties() => {
                Err(Refusal::MandateNeeded { actor: self.actor })
            }
            None => Ok(()),
        }
    }
}
