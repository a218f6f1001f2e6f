//! A node reports that it is synchronised: by its own key, not by an official's.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::change::{by_key, common_reads};
use super::standing::{Standing, has};
use super::{ATTENDANCE_PATH, Attendance, Attended, CEREMONY_PATH, Ready, wanted};
use crate::actor::Author;
use crate::date::Instant;
use crate::event::Event;
use crate::ids::{ActorId, PublicKey};
use crate::ledger::{Ledger, Missing, Path, Stop};
use crate::limits::{READY_AGAIN_MS, READY_AGAIN_MS_MAX};
use crate::refusal::Refusal;

/// Reports that the author's node is synchronised. Signed with the node's key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReportReady {
    /// The final block up to which the node has executed.
    pub height: u64,
}

impl ReportReady {
    pub(crate) fn says(&self, author: &Author) -> String {
        let (name, key, height) = (author.name(), author.key, self.height);
        format!("The node of {name} with the key {key} is synchronised to height {height}.")
    }

    pub(crate) fn reads(&self, _actor: ActorId, paths: &mut Vec<Path>) {
        common_reads(paths);
        paths.extend([ATTENDANCE_PATH, CEREMONY_PATH].map(ToString::to_string));
    }
}

/// Whether the node with this key has something to report: its validator is wanted, but waits for
/// a place in a committee that its report would give it, or for a share that is not public, and did
/// not report lately. The more ceremonies it missed in a row, the longer it waits until it reports
/// again.
///
/// # Errors
/// [`Missing`] when a record must be loaded first.
pub fn must_report(ledger: &Ledger, key: &PublicKey) -> Result<bool, Missing> {
    if by_key(&wanted(ledger)?, key).is_none() {
        return Ok(false);
    }
    let standing = Standing::read(ledger)?;
    let Attended { ready, reported, reveals, suspended, .. } = standing.attended(key);
    let unproven = standing.failed && !has(&standing.signing, key);
    let waits = reveals > 0 || suspended || unproven || !has(&standing.frozen, key);
    let since = |at: Instant| ledger.now().ms().saturating_sub(at.ms());
    let lately = match reveals {
        0 => ready.is_some_and(|ready| since(ready.instant) < READY_AGAIN_MS),
        _ => reported.is_some_and(|at| since(at) < pause(reveals)),
    };
    Ok(waits && !lately && standing.admits_ready(key))
}

/// How long a validator that missed so many ceremonies in a row waits until it reports again, in
/// milliseconds: each miss doubles it.
fn pause(reveals: u32) -> u64 {
    let times = 1u64.checked_shl(reveals).unwrap_or(u64::MAX);
    READY_AGAIN_MS.saturating_mul(times).min(READY_AGAIN_MS_MAX)
}

/// Enters the report.
///
/// # Errors
/// [`Refusal::NotValidatorKey`], [`Refusal::ReportNotNeeded`] or [`Refusal::ReportOutOfDate`].
pub fn report_ready(ledger: &mut Ledger, author: &Author, act: &ReportReady) -> Result<(), Stop> {
    let key = ledger.key(author.key)?.public;
    if by_key(&wanted(ledger)?, &key).is_none() {
        return Err(Refusal::NotValidatorKey { key: author.key }.into());
    }
    if !must_report(ledger, &key)? {
        return Err(Refusal::ReportNotNeeded.into());
    }
    let standing = Standing::read(ledger)?;
    let (height, now) = (ledger.height(), ledger.now());
    if act.height >= height || height - act.height > standing.epochs.length {
        return Err(Refusal::ReportOutOfDate { height: height.saturating_sub(1) }.into());
    }

    let before = standing.attended(&key);
    let ready = Some(Ready { height, instant: now });
    let mut validators = standing.attendance;
    validators.retain(|attended| attended.key != key);
    validators.push(Attended { ready, reported: Some(now), suspended: false, ..before });
    validators.sort_by_key(|attended| attended.key);
    ledger.put(ATTENDANCE_PATH.into(), &Attendance { v: 1, validators });
    ledger.emit(Event::ValidatorReady { actor: author.actor, height: act.height, key });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::testing::Net;
    use super::*;
    use crate::act::Data;
    use crate::ids::KeyId;

    #[test]
    fn a_node_signs_its_report_and_nothing_else() {
        let mut net = Net::new(4, 5);
        net.offer(4);
        net.agree(net.admit(4));
        net.reach(2);
        let (actor, node) = (net.actor(4), net.node(4));
        let minister = net.does(4, Data::ReportReady(ReportReady { height: 1 }));
        assert!(matches!(minister, Err(Refusal::NodeKeyNeeded { .. })), "{minister:?}");
        let (key, purpose) = (KeyId::of(&node), crate::actor::Purpose::NodeVote);
        let leave = super::super::leave_validators::LeaveValidators {};
        let other = net.act(actor, node, None, Data::LeaveValidators(leave));
        assert_eq!(other, Err(Refusal::WrongPurpose { key, purpose }));

        let says = ReportReady { height: 1 }.says(&Author {
            actor,
            record: net.ledger.actor(actor).expect("an actor"),
            key,
            mandate: None,
        });
        let words = "The node of State 4 with the key";
        assert_eq!(says, format!("{words} {key} is synchronised to height 1."));
        let events = net.report(4).expect("it waits");
        assert_eq!(events, [Event::ValidatorReady { actor, height: 1, key: node }]);
    }
}
