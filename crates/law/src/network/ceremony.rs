//! What the heights bring about: committees are frozen, ceremonies end, epochs follow one another.

use alloc::vec;
use alloc::vec::Vec;

use super::freeze::freeze;
use super::standing::{Standing, has};
use super::{
    ATTENDANCE_PATH, Attendance, Attended, CEREMONY_PATH, EPOCHS_PATH, Epochs, LastCeremony,
    Validator, committee, committee_path, epochs, last_ceremony, signing_path, sorted,
};
use crate::due::DueItem;
use crate::event::Event;
use crate::ids::{ActId, PublicKey};
use crate::ledger::{Ledger, Missing};
use crate::limits::{COMMITTEES_KEPT, REVEALS_MAX};
use crate::outcome::Outcome;

/// How the ceremony of an epoch ended, by the epoch's final block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ceremony {
    /// Whether the epoch's committee holds new shares; if not, the old shares stay good.
    pub succeeded: bool,
    /// Whose shares became public since they were away. Of a failed one, this is not known.
    pub revealed: Vec<PublicKey>,
}

/// What the height of the block brings about, before its acts: at the last height before the
/// middle of an epoch the committee of the second epoch after it is frozen, and with the final
/// block of an epoch its ceremony ends. `ceremony` is the outcome that this final block carries;
/// without one it failed. At other heights it is not looked at.
///
/// At most one outcome, and none where nobody need be told.
///
/// # Errors
/// [`Missing`] when a record must be loaded first; call again, and nothing is done twice.
pub fn turn(ledger: &mut Ledger, ceremony: Option<&Ceremony>) -> Result<Vec<Outcome>, Missing> {
    ledger.begin(ActId([0; 32]));
    let length = epochs(ledger)?.length;
    let (epoch, place) = (ledger.height() / length, ledger.height() % length);
    let item = if place + 1 == length / 2 {
        freeze(ledger, epoch)?;
        DueItem::CommitteeFreeze { epoch: epoch + 2 }
    } else if place + 1 == length {
        let failed = Ceremony { succeeded: false, revealed: Vec::new() };
        end(ledger, epoch, ceremony.unwrap_or(&failed))?;
        DueItem::EpochEnd { epoch }
    } else {
        return Ok(Vec::new());
    };
    let events = ledger.keep();
    if events.is_empty() {
        return Ok(Vec::new());
    }
    Ok(vec![Outcome::due(ledger, item, Ok(events))])
}

/// Ends an epoch: who signs in the next one, and who was away.
fn end(ledger: &mut Ledger, epoch: u64, ceremony: &Ceremony) -> Result<(), Missing> {
    let standing = Standing::read(ledger)?;
    if standing.epochs.current > epoch {
        return Ok(());
    }
    let players = committee(ledger, epoch)?.expect("the committee of an epoch is frozen before");
    let failures = last_ceremony(ledger)?.failures;

    let missed =
        |player: &&Validator| ceremony.succeeded && ceremony.revealed.contains(&player.key);
    let revealed: Vec<_> = players.iter().filter(missed).map(|player| player.key).collect();
    let failures = if ceremony.succeeded { 0 } else { failures.saturating_add(1) };
    if failures > 0 || !revealed.is_empty() {
        let revealed = revealed.clone();
        let succeeded = ceremony.succeeded;
        ledger.emit(Event::CeremonyEnded { epoch, failures, revealed, succeeded });
    }
    let attended = ceremony.succeeded.then_some(players.as_slice());
    let validators = attendance_after(&standing, epoch, attended, &revealed);
    for after in &validators {
        if after.suspended && !standing.attended(&after.key).suspended {
            ledger.emit(Event::ValidatorSuspended { key: after.key });
        }
    }
    ledger.put(ATTENDANCE_PATH.into(), &Attendance { v: 1, validators });
    let last = LastCeremony { epoch: Some(epoch), failures, revealed, v: 1 };
    ledger.put(CEREMONY_PATH.into(), &last);
    let next = if ceremony.succeeded { players } else { standing.signing.clone() };
    if next != standing.signing {
        ledger.emit(Event::CommitteeSeated { epoch: epoch + 1, validators: next.clone() });
    }
    ledger.put(signing_path(epoch + 1), &sorted(next));
    ledger.put(EPOCHS_PATH.into(), &Epochs { current: epoch + 1, ..standing.epochs });
    if let Some(old) = epoch.checked_sub(COMMITTEES_KEPT) {
        ledger.remove(committee_path(old));
        ledger.remove(signing_path(old));
    }
    Ok(())
}

/// Attendance after a ceremony of these players, of whom some were away. A failed one, of which no
/// players are given, does not show who was: whoever holds no share yet must report again.
fn attendance_after(
    standing: &Standing,
    epoch: u64,
    players: Option<&[Validator]>,
    revealed: &[PublicKey],
) -> Vec<Attended> {
    let before = standing.attendance.iter().map(|attended| attended.key);
    let mut keys: Vec<PublicKey> = before.chain(revealed.iter().copied()).collect();
    keys.sort_unstable();
    keys.dedup();
    let began = epoch * standing.epochs.length;
    let known = [&standing.wanted, &standing.frozen, &standing.signing];
    keys.retain(|key| known.iter().any(|validators| has(validators, key)));
    let after = |key: PublicKey| {
        let before = standing.attended(&key);
        match players {
            None => {
                let ready = before.ready.filter(|_| has(&standing.signing, &key));
                Attended { ready, ..before }
            }
            Some(_) if revealed.contains(&key) => missed(before, began),
            Some(players) if has(players, &key) => Attended::present(key),
            Some(_) => before,
        }
    };
    // When it last reported matters only of one that waits or was away.
    let waits =
        |after: &Attended| Attended { reported: None, ..*after } != Attended::present(after.key);
    keys.into_iter().map(after).filter(waits).collect()
}

/// Attendance of who missed a ceremony. Who came back while it ran could not take part any more:
/// that is held against nobody.
fn missed(before: Attended, began: u64) -> Attended {
    if before.ready.is_some_and(|ready| ready.height >= began) {
        return Attended { reveals: before.reveals.max(1), ..before };
    }
    let reveals = before.reveals.saturating_add(1);
    let suspended = before.suspended || reveals >= REVEALS_MAX;
    Attended { ready: None, reveals, suspended, ..before }
}
