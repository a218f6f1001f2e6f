//! What is still missing for entry into force: for pages and commands.

use alloc::string::String;

use serde::{Deserialize, Serialize};

use super::record::{Clauses, Treaty, TreatyStatus};
use super::tally::{Progress, Tally};
use crate::date::Date;
use crate::refusal::Refusal;

/// Where a treaty stands on a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Standing {
    /// The day of entry into force, once it is fixed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<Date>,
    /// What is still missing, as a clause of a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<String>,
    /// How far each test is, where the conditions are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,
    /// The stage.
    pub status: TreatyStatus,
    /// The day on which the conditions were met.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trigger: Option<Date>,
}

/// Where a treaty stands on a day, from its records.
///
/// # Errors
/// [`Refusal::ClauseOutOfForm`] when the numbers of the conditions are above their limits.
pub fn standing(
    treaty: &Treaty,
    clauses: &Clauses,
    tally: Option<&Tally>,
    today: Date,
) -> Result<Standing, Refusal> {
    let conditions = clauses.clauses.entry_into_force.conditions();
    let progress = match (conditions, tally) {
        (Some(conditions), Some(tally)) => Some(tally.progress(conditions)?),
        _ => None,
    };
    let missing = match treaty.trigger {
        Some(_) => None,
        None => progress.as_ref().and_then(Progress::sentence),
    };
    let status = treaty.status(today);
    Ok(Standing { entry: treaty.entry, missing, progress, status, trigger: treaty.trigger })
}

#[cfg(test)]
mod tests {
    use super::super::kind::ConsentKind;
    use super::super::record::{clauses_path, tally_path};
    use super::super::testing::{World, date, rivers, usual};
    use super::*;

    fn stands(world: &World) -> Standing {
        let clauses = world.ledger.record(&clauses_path(&rivers())).expect("loaded");
        let tally: Option<Tally> = world.ledger.record(&tally_path(&rivers())).expect("loaded");
        let today = world.ledger.today();
        standing(&world.treaty(), &clauses.expect("clauses"), tally.as_ref(), today)
            .expect("in range")
    }

    #[test]
    fn a_treaty_says_what_is_missing_until_its_day_is_fixed() {
        let mut world = World::concluded(usual());
        assert_eq!(stands(&world).missing.as_deref(), Some("2 more participants (0 of 2)"));
        for who in ["Norland", "Sudmark"] {
            world.deposit(who, ConsentKind::Accession).expect("it is open");
        }
        let fixed = stands(&world);
        assert_eq!((fixed.missing, fixed.entry), (None, Some(date("2027-01-31"))));
        assert_eq!(fixed.status, TreatyStatus::Authenticated);
        world.day("2027-01-31");
        assert_eq!(stands(&world).status, TreatyStatus::InForce);
    }
}
