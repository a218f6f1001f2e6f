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
    let DueItem::EntryIntoForce { on, treaty } = item else {
        return Ok(()); // what comes with a height is never in the queue
    };
    // A date that was moved or unset since leaves its item behind: nothing happens on that day.
    let record: Option<Treaty> = ledger.record(&treaty_path(treaty))?;
    if record.is_some_and(|record| record.entry == Some(*on)) {
        ledger.emit(Event::EnteredIntoForce { on: *on, treaty: treaty.clone() });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::adopt::Adopt;
    use super::authenticate::Authenticate;
    use super::deposit::Deposit;
    use super::revoke_withdrawal::RevokeWithdrawal;
    use super::sign::Sign;
    use super::testing::{World, date, rivers, usual};
    use super::withdraw::Withdraw;
    use super::withdraw_instrument::WithdrawInstrument;
    use super::*;
    use crate::act::Data;
    use crate::ids::Digest;

    #[test]
    fn an_act_on_a_treaty_says_what_it_does() {
        let world = World::concluded(usual());
        let (treaty, digest) = (rivers(), Digest([0xab; 32]));
        let hex = digest.to_string();
        let deposit = Deposit {
            consent: ConsentKind::Succession,
            instrument: Some(digest),
            succession: Some(date("2026-05-01")),
            treaty: treaty.clone(),
        };
        let ratify = Deposit {
            consent: ConsentKind::Ratification,
            instrument: None,
            succession: None,
            ..deposit.clone()
        };
        let sign = |signature| Data::Sign(Sign { signature, treaty: rivers() });
        for (data, says) in [
            (
                Data::Adopt(Adopt { draft: digest, treaty: treaty.clone() }),
                alloc::format!("Norland adopts the draft {hex} of \"Treaty on Rivers\" (rivers)."),
            ),
            (
                Data::Authenticate(Authenticate { texts: digest, treaty: treaty.clone() }),
                alloc::format!(
                    "Norland authenticates the texts {hex} of \"Treaty on Rivers\" (rivers) in: \
                     en, ru."
                ),
            ),
            (
                sign(SignatureKind::Simple),
                "Norland signs \"Treaty on Rivers\" (rivers), subject to ratification, acceptance \
                 or approval."
                    .into(),
            ),
            (
                sign(SignatureKind::Definitive),
                "Norland signs \"Treaty on Rivers\" (rivers), definitively, and by this consents \
                 to be bound."
                    .into(),
            ),
            (
                Data::Deposit(ratify),
                "Norland deposits its instrument of ratification of \"Treaty on Rivers\" \
                 (rivers), and consents to be bound."
                    .into(),
            ),
            (
                Data::Deposit(deposit),
                alloc::format!(
                    "Norland deposits its instrument of succession to \"Treaty on Rivers\" \
                     (rivers), with effect from the succession of States on 2026-05-01, by the \
                     document {hex}, and consents to be bound."
                ),
            ),
            (
                Data::Withdraw(Withdraw { treaty: treaty.clone() }),
                "Norland gives notice of withdrawal from \"Treaty on Rivers\" (rivers).".into(),
            ),
            (
                Data::RevokeWithdrawal(RevokeWithdrawal { treaty: treaty.clone() }),
                "Norland revokes its notice of withdrawal from \"Treaty on Rivers\" (rivers)."
                    .into(),
            ),
            (
                Data::WithdrawInstrument(WithdrawInstrument { treaty: treaty.clone() }),
                "Norland withdraws, before the treaty is in force for it, its instrument on \
                 \"Treaty on Rivers\" (rivers)."
                    .into(),
            ),
        ] {
            assert_eq!(world.says("Norland", data), says);
        }
    }

    #[test]
    fn digests_that_are_signed_and_proven_are_frozen() {
        let world = World::new();
        let draft = world.draft(usual());
        let mut register = Register::empty();
        register.enter(&world.participant("Norland"));
        register.enter(&Participant::Name("Côte d'Ivoire".into()));
        let digests = [draft.digest(), draft.texts_digest(), register.digest];
        let frozen = [
            "3de2da0bbf25f8e9c165245084e0707df425ce1f58ca4cd056f4d1ffa122dd0a",
            "82cd60b5ed7d9d3f85d1d1b768d13f9558ed69f5c8fd5c7307e259d1df423069",
            "9f6a048a8927cef56af79911abf710fbfbdde869fc159145f496f3e666eb092b",
        ];
        assert_eq!(digests.map(|digest| digest.to_string()), frozen);
    }
}
