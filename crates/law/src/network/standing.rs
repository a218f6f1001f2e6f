//! All that decides who is in the next committee, read at once, and the rule.

use alloc::vec::Vec;

use super::{Attended, Ready, Validator, committee, epochs, faults_max, is_single, signing_path};
use super::{Epochs, Validators, attendance, last_ceremony, wanted};
use crate::date::Instant;
use crate::ids::PublicKey;
use crate::ledger::{Ledger, Missing};
use crate::limits::{READY_MS_MAX, SEATS_MIN};

/// Who is wanted, who signs, whose committee was frozen last, and who attends.
#[derive(Clone)]
pub(super) struct Standing {
    pub(super) epochs: Epochs,
    pub(super) wanted: Vec<Validator>,
    /// Who signs now.
    pub(super) signing: Vec<Validator>,
    /// The committee that was frozen last.
    pub(super) frozen: Vec<Validator>,
    /// Whether the last ceremony failed.
    pub(super) failed: bool,
    pub(super) attendance: Vec<Attended>,
    now: Instant,
}

pub(super) fn has(validators: &[Validator], key: &PublicKey) -> bool {
    validators.iter().any(|validator| validator.key == *key)
}

impl Standing {
    pub(super) fn read(ledger: &Ledger) -> Result<Self, Missing> {
        let epochs = epochs(ledger)?;
        let signing: Option<Validators> = ledger.record(&signing_path(epochs.current))?;
        Ok(Self {
            epochs,
            wanted: wanted(ledger)?,
            signing: signing.expect("someone signs in the current epoch").validators,
            frozen: committee(ledger, epochs.frozen)?.expect("the last frozen committee is kept"),
            failed: last_ceremony(ledger)?.failures > 0,
            attendance: attendance(ledger)?,
            now: ledger.now(),
        })
    }

    pub(super) fn attended(&self, key: &PublicKey) -> Attended {
        let found = self.attendance.iter().find(|attended| attended.key == *key);
        found.copied().unwrap_or(Attended::present(*key))
    }

    /// The report of a validator, unless it is too old to rely on.
    pub(super) fn ready(&self, key: &PublicKey) -> Option<Ready> {
        let fresh =
            |ready: &Ready| self.now.ms().saturating_sub(ready.instant.ms()) <= READY_MS_MAX;
        self.attended(key).ready.filter(fresh)
    }

    /// Whether a validator missed the last ceremony and has not been heard of since.
    fn is_absent(&self, key: &PublicKey) -> bool {
        self.attended(key).reveals > 0 && self.ready(key).is_none()
    }

    /// Whether a member came back and waits for a share that is not public.
    pub(super) fn awaits_share(&self) -> bool {
        let waits = |validator: &Validator| {
            self.attended(&validator.key).reveals > 0 && self.ready(&validator.key).is_some()
        };
        self.signing.iter().any(|validator| has(&self.frozen, &validator.key) && waits(validator))
    }

    /// Whether a validator of the last frozen committee stays by the rule. Who is wanted under
    /// another key stays until the node with that key is admitted in its place.
    fn stays(&self, member: &Validator) -> bool {
        let key = &member.key;
        self.wanted.iter().any(|wanted| wanted.actor == member.actor)
            && !self.attended(key).suspended
            // Which of those who hold no share yet made the ceremony fail is not known.
            && (!self.failed || has(&self.signing, key) || self.ready(key).is_some())
    }

    /// The committee that would be frozen now, in the order of keys.
    pub(super) fn next(&self) -> Vec<Validator> {
        if is_single(self.frozen.len()) {
            return self.frozen.clone();
        }
        let mut next: Vec<Validator> =
            self.frozen.iter().filter(|member| self.stays(member)).cloned().collect();
        for newcomer in self.newcomers() {
            let mut with = next.clone();
            with.retain(|member| member.actor != newcomer.actor);
            with.push(newcomer);
            if self.tolerates(&with) {
                next = with;
            }
        }
        for member in self.reserve() {
            if next.len() < SEATS_MIN && next.iter().all(|other| other.actor != member.actor) {
                next.push(member);
            }
        }
        next.sort_by_key(|validator| validator.key);
        next
    }

    /// Whether a report of a validator would give it something: a place in the next committee, if
    /// it has none.
    pub(super) fn admits_ready(&self, key: &PublicKey) -> bool {
        if has(&self.frozen, key) {
            return true;
        }
        let ready = Some(Ready { height: u64::MAX, instant: self.now });
        let mut with = self.clone();
        with.attendance.retain(|attended| attended.key != *key);
        with.attendance.push(Attended { ready, suspended: false, ..self.attended(key) });
        has(&with.next(), key)
    }

    /// Wanted validators outside the last frozen committee that are ready, the earliest first.
    fn newcomers(&self) -> Vec<Validator> {
        let ready = |validator: &Validator| Some((self.ready(&validator.key)?, validator.clone()));
        let outside = |validator: &&Validator| !has(&self.frozen, &validator.key);
        let mut newcomers: Vec<_> = self.wanted.iter().filter(outside).filter_map(ready).collect();
        newcomers.sort_by_key(|(ready, validator)| (*ready, validator.key));
        newcomers.into_iter().map(|(_, validator)| validator).collect()
    }

    /// Whether the ceremonies of a committee succeed even if all who hold no share yet are away,
    /// beside those who are known to be.
    fn tolerates(&self, committee: &[Validator]) -> bool {
        let doubtful =
            |member: &&Validator| !has(&self.signing, &member.key) || self.is_absent(&member.key);
        let doubtful = committee.iter().filter(doubtful).count();
        let count = committee.len().max(SEATS_MIN);
        doubtful <= faults_max(count).min(faults_max(self.frozen.len()))
    }

    /// Who keeps its seat so that there are never fewer than four: those still wanted first.
    fn reserve(&self) -> Vec<Validator> {
        let mut reserve: Vec<_> =
            self.frozen.iter().filter(|member| !self.stays(member)).cloned().collect();
        reserve.sort_by_key(|member| (!has(&self.wanted, &member.key), member.key));
        reserve
    }
}

impl Attended {
    /// Of a validator that is present and waits for nothing.
    pub(super) fn present(key: PublicKey) -> Self {
        Self { key, ready: None, reported: None, reveals: 0, suspended: false }
    }
}
