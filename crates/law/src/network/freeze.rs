//! Freezes the committee of an epoch two epochs ahead.

use alloc::vec::Vec;

use super::standing::{Standing, has};
use super::{EPOCHS_PATH, Epochs, Validator, committee_path, sorted};
use crate::event::Event;
use crate::ledger::{Ledger, Missing};

/// Whether validators have something to wait for from the next epochs: the wanted set differs, by
/// what the rule admits now, from the last frozen committee or from who signs, or a member that
/// came back awaits a share that is not public. Nodes then make blocks without waiting for acts.
///
/// # Errors
/// [`Missing`] when a record must be loaded first.
pub fn wants_change(ledger: &Ledger) -> Result<bool, Missing> {
    let standing = Standing::read(ledger)?;
    Ok(standing.next() != standing.frozen
        || standing.frozen != standing.signing
        || standing.awaits_share())
}

/// Freezes the committee of the second epoch after `epoch`, unless that was done.
pub(super) fn freeze(ledger: &mut Ledger, epoch: u64) -> Result<(), Missing> {
    let standing = Standing::read(ledger)?;
    let frozen = epoch + 2;
    if standing.epochs.frozen >= frozen {
        return Ok(());
    }
    let next = standing.next();
    ledger.put(committee_path(frozen), &sorted(next.clone()));
    ledger.put(EPOCHS_PATH.into(), &Epochs { frozen, ..standing.epochs });
    if next != standing.frozen {
        let without = |one: &[Validator], other: &[Validator]| -> Vec<_> {
            let left = one.iter().filter(|validator| !has(other, &validator.key));
            left.map(|validator| validator.key).collect()
        };
        let (joins, leaves) = (without(&next, &standing.frozen), without(&standing.frozen, &next));
        ledger.emit(Event::CommitteeFrozen { epoch: frozen, joins, leaves });
    }
    Ok(())
}
