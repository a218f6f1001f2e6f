//! Treaties, from draft to force and beyond.

pub mod adopt;
pub mod authenticate;
pub mod clauses;
pub mod condition;
pub mod course;
pub mod dates;
pub mod delay;
pub mod deposit;
pub mod draft_treaty;
pub mod explain;
pub mod kind;
pub mod participant;
pub mod record;
pub mod revoke_withdrawal;
pub mod sign;
pub mod status;
mod store;
pub mod tally;
#[cfg(test)]
pub(crate) mod testing;
pub mod transcribe;
pub mod transcribe_treaty;
pub mod withdraw;
pub mod withdraw_instrument;

pub use clauses::{
    Accession, ConsentClause, EntryIntoForce, FinalClauses, Floors, LateParty, Organizations,
    Parent, Participation, ReturningParty, SignatureClause, SignatureKind, Withdrawal,
    WithdrawalClause,
};
pub use condition::{Amount, Condition, Counted, Fraction, Group, Ratio, Weighed};
pub use course::Course;
pub use dates::TreatyDates;
pub use delay::Delay;
pub use explain::Explanation;
pub use kind::{ConsentKind, FactKind};
pub use participant::Participant;
pub use record::{
    Clauses, Consent, Counts, Negotiating, Notice, Party, Register, Signed, Spell, Stage, Text,
    Texts, Titles, Treaty, TreatyStatus, clauses_path, negotiating_path, party_path, tally_path,
    texts_path, treaty_path,
};
pub use tally::{Progress, Tally};

use crate::due::DueItem;
use crate::event::Event;
use crate::ledger::{Ledger, Stop};

/// What happens when the day of something entered in the queue has come.
///
/// # Errors
/// `Missing` when a record must be loaded first.
pub(crate) fn fall_due(ledger: &mut Ledger, item: &DueItem) -> Result<(), Stop> {
    let DueItem::EntryIntoForce { on, treaty } = item;
    // A date that was moved or unset since leaves its item behind: nothing happens on that day.
    let record: Option<Treaty> = ledger.record(&treaty_path(treaty))?;
    if record.is_some_and(|record| record.entry == Some(*on)) {
        ledger.emit(Event::EnteredIntoForce { on: *on, treaty: treaty.clone() });
    }
    Ok(())
}
