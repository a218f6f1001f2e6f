//! Who agrees on the order of acts: validators, by records that acts and the heights change.
//!
//! The validators that the members want ([`Validators`] at [`VALIDATORS_PATH`]) change at once by
//! acts. Which of them receive shares of the network key in an epoch, and sign in the one after
//! it, is frozen well before ([`turn`]), so that all nodes see one committee.

mod address;
mod ceremony;
pub mod change;
pub mod consent_to_validator_change;
mod freeze;
pub mod leave_validators;
pub mod propose_validator_change;
pub mod replace_validator_key;
pub mod report_ready;
mod standing;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
pub mod withdraw_validator_change;

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::actor::Key;
use crate::date::Instant;
use crate::ids::{ActorId, KeyId, PublicKey};
use crate::ledger::{Ledger, Missing, Path};
use crate::limits::{EPOCH_BLOCKS_MAX, EPOCH_BLOCKS_USUAL, SEATS_MIN, VALIDATORS_MAX};

pub use address::check_address;
pub use ceremony::{Ceremony, turn};
pub use change::{PendingChange, PendingChanges, ValidatorChange, change_path};
pub use freeze::wants_change;
pub use report_ready::must_report;

/// Path of the validators that the members want.
pub const VALIDATORS_PATH: &str = "network/validators";
/// Path of the epochs: how long they are, and how far they are.
pub const EPOCHS_PATH: &str = "network/epochs";
/// Path of the outcome of the last ceremony.
pub const CEREMONY_PATH: &str = "network/ceremony";
/// Path of what is known of validators that were away, or that wait to be admitted.
pub const ATTENDANCE_PATH: &str = "network/attendance";
/// Path of the list of proposals that wait for consent.
pub const CHANGES_PATH: &str = "network/changes";

/// A validator: one seat in agreement, of one actor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Validator {
    /// The actor that operates it.
    pub actor: ActorId,
    /// Where others reach it, `host:port`; empty only in a founding of form 1.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub address: String,
    /// Its Ed25519 key for connections, for votes and for its place in the committee.
    pub key: PublicKey,
}

/// A set of validators in the order of their keys, at [`VALIDATORS_PATH`], [`committee_path`] and
/// [`signing_path`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Validators {
    /// Version of this form.
    pub v: u8,
    /// The validators.
    pub validators: Vec<Validator>,
}

/// How long epochs are and how far they are, at [`EPOCHS_PATH`]. Epoch `e` covers the heights from
/// `e` times `length`, the length included once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Epochs {
    /// The epoch of the next block.
    pub current: u64,
    /// The last epoch whose committee is frozen.
    pub frozen: u64,
    /// Blocks of an epoch, for ever those of the founding.
    pub length: u64,
    /// Version of this form.
    pub v: u8,
}

/// The outcome of the last ceremony in which shares were renewed, at [`CEREMONY_PATH`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LastCeremony {
    /// Its epoch; none before the first has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<u64>,
    /// Ceremonies that failed since the last that succeeded.
    pub failures: u32,
    /// Who did not take part, so that its share became public.
    pub revealed: Vec<PublicKey>,
    /// Version of this form.
    pub v: u8,
}

/// What is known of validators that were away or wait, at [`ATTENDANCE_PATH`], in the order of
/// their keys. Who is present and waits for nothing has no entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attendance {
    /// Version of this form.
    pub v: u8,
    /// One entry for each.
    pub validators: Vec<Attended>,
}

/// One validator's attendance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attended {
    /// Its key.
    pub key: PublicKey,
    /// Its report that it is synchronised, unless an absence since has belied it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ready: Option<Ready>,
    /// When it last reported, belied or not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reported: Option<Instant>,
    /// Ceremonies in a row that it missed; its share is public until it attends one.
    pub reveals: u32,
    /// Left out of the committees that are frozen until it reports that it is ready.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub suspended: bool,
}

/// A report of a validator that it is synchronised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ready {
    /// Height of the block that holds it.
    pub height: u64,
    /// Instant of that block.
    pub instant: Instant,
}

/// Path of the committee of an epoch, frozen: who receives shares in it, and signs in the next one
/// if the ceremony succeeds.
#[must_use]
pub fn committee_path(epoch: u64) -> Path {
    format!("network/committee/{epoch}")
}

/// Path of the validators that sign in an epoch.
#[must_use]
pub fn signing_path(epoch: u64) -> Path {
    format!("network/signing/{epoch}")
}

/// The frozen committee of an epoch, in the order of keys; none when it is not frozen yet, or was
/// long ago.
///
/// # Errors
/// [`Missing`] when a record must be loaded first.
pub fn committee(ledger: &Ledger, epoch: u64) -> Result<Option<Vec<Validator>>, Missing> {
    Ok(ledger.record::<Validators>(&committee_path(epoch))?.map(|found| found.validators))
}

/// Who signs in an epoch: its predecessor's committee, or whoever signed before if the ceremony
/// failed. None for an epoch that has not begun, or ended long ago.
///
/// # Errors
/// [`Missing`] when a record must be loaded first.
pub fn signing_committee(ledger: &Ledger, epoch: u64) -> Result<Option<Vec<Validator>>, Missing> {
    Ok(ledger.record::<Validators>(&signing_path(epoch))?.map(|found| found.validators))
}

/// The validators that the members want now, in the order of keys.
///
/// # Errors
/// [`Missing`] when a record must be loaded first.
///
/// # Panics
/// On a ledger that was not founded by this law.
pub fn wanted(ledger: &Ledger) -> Result<Vec<Validator>, Missing> {
    let found: Option<Validators> = ledger.record(VALIDATORS_PATH)?;
    Ok(found.expect("a network is founded with validators").validators)
}

/// How long epochs are and how far they are.
///
/// # Errors
/// [`Missing`] when a record must be loaded first.
///
/// # Panics
/// As [`wanted`].
pub fn epochs(ledger: &Ledger) -> Result<Epochs, Missing> {
    Ok(ledger.record(EPOCHS_PATH)?.expect("a network is founded with epochs"))
}

/// The outcome of the last ceremony.
///
/// # Errors
/// [`Missing`] when a record must be loaded first.
///
/// # Panics
/// As [`wanted`].
pub fn last_ceremony(ledger: &Ledger) -> Result<LastCeremony, Missing> {
    Ok(ledger.record(CEREMONY_PATH)?.expect("a network is founded with a ceremony"))
}

/// What is known of validators that were away or wait.
///
/// # Errors
/// [`Missing`] when a record must be loaded first.
pub fn attendance(ledger: &Ledger) -> Result<Vec<Attended>, Missing> {
    Ok(ledger.record::<Attendance>(ATTENDANCE_PATH)?.map_or_else(Vec::new, |all| all.validators))
}

/// Validators that may fail among so many: fewer than a third.
#[must_use]
pub fn faults_max(count: usize) -> usize {
    count.saturating_sub(1) / 3
}

/// Validators that a decision needs among so many.
#[must_use]
pub fn threshold(count: usize) -> usize {
    count - faults_max(count)
}

/// Most validators whose ceremony fits into an epoch of so many blocks: the logs of a threshold
/// of dealers, one a block, in its second half but two blocks. At most [`VALIDATORS_MAX`].
#[must_use]
pub fn seats_max(epoch_blocks: u64) -> usize {
    let logs = usize::try_from((epoch_blocks / 2).saturating_sub(2)).unwrap_or(usize::MAX);
    (0..=VALIDATORS_MAX).rev().find(|count| threshold(*count) <= logs).unwrap_or(0)
}

/// Blocks of an epoch that suit so many validators, with room for some more.
#[must_use]
pub fn default_epoch_blocks(validators: usize) -> u64 {
    let blocks = 2 * (validators as u64 + 3);
    blocks.clamp(EPOCH_BLOCKS_USUAL, EPOCH_BLOCKS_MAX)
}

/// Whether so many validators are a network of one, whose set never changes: fewer than four
/// tolerate no fault, so a network does not pass through two and three.
fn is_single(count: usize) -> bool {
    count < SEATS_MIN
}

fn sorted(mut validators: Vec<Validator>) -> Validators {
    validators.sort_by_key(|validator| validator.key);
    Validators { v: 1, validators }
}

/// The records of a founding: its validators sign in epoch 0, and are the committees of epochs 0
/// and 1. With each comes its key, which signs reports and no other acts.
pub(crate) fn first_records(
    validators: &[Validator],
    epoch_blocks: u64,
) -> Vec<(Path, serde_json::Value)> {
    fn value<T: Serialize>(record: &T) -> serde_json::Value {
        serde_json::to_value(record).expect("our records are JSON")
    }
    let all = value(&sorted(validators.to_vec()));
    let epochs = Epochs { current: 0, frozen: 1, length: epoch_blocks, v: 1 };
    let ceremony = LastCeremony { epoch: None, failures: 0, revealed: Vec::new(), v: 1 };
    let mut records = vec![
        (VALIDATORS_PATH.into(), all.clone()),
        (committee_path(0), all.clone()),
        (committee_path(1), all.clone()),
        (signing_path(0), all),
        (EPOCHS_PATH.into(), value(&epochs)),
        (CEREMONY_PATH.into(), value(&ceremony)),
    ];
    let keys = validators.iter().map(|validator| {
        let key = Key::of_node(validator.actor, validator.key);
        (Key::path(KeyId::of(&validator.key)), value(&key))
    });
    records.extend(keys);
    records
}
