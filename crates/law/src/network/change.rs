//! Proposals to change the set of validators, and how they take effect by the consent of all.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::{
    CHANGES_PATH, VALIDATORS_PATH, Validator, check_address, epochs, is_single, seats_max, sorted,
    wanted,
};
use crate::actor::{Author, Key, Purpose};
use crate::date::Instant;
use crate::event::Event;
use crate::ids::{ActId, ActorId, KeyId, PublicKey};
use crate::ledger::{Ledger, Missing, Path, Stop};
use crate::limits::SEATS_MIN;
use crate::refusal::Refusal;

/// A change of the set of validators that needs the consent of all members.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ValidatorChange {
    /// Give a seat to an actor, which registered the key to vote as a validator before, and by
    /// that offered its node.
    Admit(Validator),
    /// Take an actor's seat.
    Remove {
        /// The actor.
        actor: ActorId,
    },
}

/// A proposal that waits for consent, at [`change_path`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PendingChange {
    /// Who proposes it.
    pub by: ActorId,
    /// What is proposed.
    pub change: ValidatorChange,
    /// Who consents, with the proposer, in the order of their ids.
    pub consents: Vec<ActorId>,
    /// When it was proposed.
    pub since: Instant,
    /// Version of this form.
    pub v: u8,
}

/// The proposals that wait for consent, at [`CHANGES_PATH`], the earliest first: one of each member
/// at most.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PendingChanges {
    /// The acts that proposed them.
    pub changes: Vec<ActId>,
    /// Version of this form.
    pub v: u8,
}

/// Path of a proposal, by the act that made it.
#[must_use]
pub fn change_path(act: ActId) -> Path {
    format!("network/change/{act}")
}

impl ValidatorChange {
    /// Whose seat it is about.
    #[must_use]
    pub fn actor(&self) -> ActorId {
        match self {
            Self::Admit(validator) => validator.actor,
            Self::Remove { actor } => *actor,
        }
    }

    /// What is proposed in words, as in "proposes to ...".
    pub(super) fn words(&self, ledger: &Ledger) -> Result<String, Stop> {
        let name = ledger.actor(self.actor())?.name;
        Ok(match self {
            Self::Admit(Validator { address, key, .. }) => {
                format!("admit {name} as a validator, with the node key {key} at {address}")
            }
            Self::Remove { .. } => format!("remove {name} from the validators"),
        })
    }

    /// Checks that the change can be made to these validators.
    ///
    /// # Errors
    /// For an admission [`Refusal::UnknownActor`], [`Refusal::CannotValidate`],
    /// [`Refusal::SeatTaken`], [`Refusal::NoSeatFree`], [`Refusal::BadAddress`] or
    /// [`Refusal::NotNodeKey`]; for a removal [`Refusal::NoSeat`] or [`Refusal::TooFewValidators`].
    pub(super) fn check(&self, ledger: &Ledger, wanted: &[Validator]) -> Result<(), Stop> {
        let seated = |actor| wanted.iter().any(|validator| validator.actor == actor);
        match self {
            Self::Admit(validator) => {
                let actor = validator.actor;
                let record = ledger.actor(actor)?;
                if !record.kind.vouches() {
                    return Err(Refusal::CannotValidate { kind: record.kind }.into());
                }
                if seated(actor) {
                    return Err(Refusal::SeatTaken { actor }.into()); // one actor, one seat
                }
                let max = seats_max(epochs(ledger)?.length);
                if wanted.len() >= max {
                    let max = u32::try_from(max).unwrap_or(u32::MAX);
                    return Err(Refusal::NoSeatFree { max }.into());
                }
                check_address(&validator.address)?;
                let id = KeyId::of(&validator.key);
                let key: Option<Key> = ledger.record(&Key::path(id))?;
                let offered = |key: Key| {
                    key.actor == actor && key.purpose == Purpose::NodeVote && key.revoked.is_none()
                };
                if !key.is_some_and(offered) {
                    return Err(Refusal::NotNodeKey { actor, key: id }.into());
                }
            }
            Self::Remove { actor } => {
                if !seated(*actor) {
                    return Err(Refusal::NoSeat { actor: *actor }.into());
                }
                require_more(wanted)?;
            }
        }
        Ok(())
    }

    /// Records read by [`Self::words`] and [`Self::check`].
    pub(super) fn reads(&self, paths: &mut Vec<Path>) {
        paths.push(crate::actor::actor_path(self.actor()));
        if let Self::Admit(validator) = self {
            paths.push(Key::path(KeyId::of(&validator.key)));
        }
        common_reads(paths);
    }
}

/// Records read by every act on validators.
pub(super) fn common_reads(paths: &mut Vec<Path>) {
    paths.extend([VALIDATORS_PATH, super::EPOCHS_PATH, CHANGES_PATH].map(ToString::to_string));
}

/// Checks that a validator can go: a network never has fewer than four, nor does one of one end.
///
/// # Errors
/// [`Refusal::TooFewValidators`].
pub(super) fn require_more(wanted: &[Validator]) -> Result<(), Refusal> {
    if wanted.len() > SEATS_MIN { Ok(()) } else { Err(Refusal::TooFewValidators) }
}

/// Checks that the author is a member of a network that can change: it holds a seat.
///
/// # Errors
/// [`Refusal::NetworkOfOne`] or [`Refusal::NoSeat`].
pub(super) fn require_seat<'a>(
    author: &Author,
    wanted: &'a [Validator],
) -> Result<&'a Validator, Refusal> {
    if is_single(wanted.len()) {
        return Err(Refusal::NetworkOfOne);
    }
    let own = wanted.iter().find(|validator| validator.actor == author.actor);
    own.ok_or(Refusal::NoSeat { actor: author.actor })
}

/// The proposals that wait for consent.
///
/// # Errors
/// `Missing`.
pub fn pending_changes(ledger: &Ledger) -> Result<Vec<ActId>, Missing> {
    let found: Option<PendingChanges> = ledger.record(CHANGES_PATH)?;
    Ok(found.map_or_else(Vec::new, |pending| pending.changes))
}

/// A proposal that waits for consent.
///
/// # Errors
/// [`Refusal::UnknownChange`], or `Missing`.
pub(super) fn pending(ledger: &Ledger, change: ActId) -> Result<PendingChange, Stop> {
    let found = ledger.record(&change_path(change))?;
    Ok(found.ok_or(Refusal::UnknownChange { change })?)
}

pub(super) fn put_pending(ledger: &mut Ledger, changes: Vec<ActId>) {
    ledger.put(CHANGES_PATH.into(), &PendingChanges { changes, v: 1 });
}

/// Takes a proposal off the list.
pub(super) fn close(ledger: &mut Ledger, change: ActId) -> Result<(), Missing> {
    let mut changes = pending_changes(ledger)?;
    changes.retain(|other| *other != change);
    put_pending(ledger, changes);
    ledger.remove(change_path(change));
    Ok(())
}

impl PendingChange {
    /// Whose consent is still missing among the members: that of the one to be removed is not
    /// needed.
    #[must_use]
    pub fn awaits(&self, wanted: &[Validator]) -> Vec<ActorId> {
        let removed = match &self.change {
            ValidatorChange::Remove { actor } => Some(*actor),
            ValidatorChange::Admit(_) => None,
        };
        let members = wanted.iter().map(|validator| validator.actor);
        let missing = |actor: &ActorId| Some(*actor) != removed && !self.consents.contains(actor);
        members.filter(missing).collect()
    }
}

/// Makes the changes to which all consent, and drops those that cannot be made any more or whose
/// proposer is no member any more, until nothing is left to do.
///
/// # Errors
/// `Missing`.
pub(super) fn settle(ledger: &mut Ledger) -> Result<(), Stop> {
    let mut all = pending_changes(ledger)?;
    let mut place = 0;
    while let Some(act) = all.get(place).copied() {
        let found = pending(ledger, act)?;
        let members = wanted(ledger)?;
        let proposed = members.iter().any(|validator| validator.actor == found.by);
        let possible = match found.change.check(ledger, &members) {
            Ok(()) => proposed,
            Err(Stop::Refused(_)) => false,
            Err(missing) => return Err(missing),
        };
        if !possible {
            ledger.emit(Event::ValidatorChangeDropped { change: act });
        } else if found.awaits(&members).is_empty() {
            make(ledger, act, found.change, members);
        } else {
            place += 1;
            continue;
        }
        close(ledger, act)?;
        all.remove(place);
        place = 0; // what was changed may complete or preclude an earlier one
    }
    Ok(())
}

fn make(ledger: &mut Ledger, act: ActId, change: ValidatorChange, mut members: Vec<Validator>) {
    let event = match change {
        ValidatorChange::Admit(validator) => {
            members.push(validator.clone());
            let Validator { actor, address, key } = validator;
            Event::ValidatorAdmitted { actor, address, change: act, key }
        }
        ValidatorChange::Remove { actor } => {
            members.retain(|validator| validator.actor != actor);
            Event::ValidatorRemoved { actor, change: act }
        }
    };
    put_wanted(ledger, members);
    ledger.emit(event);
}

pub(super) fn put_wanted(ledger: &mut Ledger, members: Vec<Validator>) {
    ledger.put(VALIDATORS_PATH.into(), &sorted(members));
}

/// The wanted validator with a key.
pub(super) fn by_key<'a>(wanted: &'a [Validator], key: &PublicKey) -> Option<&'a Validator> {
    wanted.iter().find(|validator| validator.key == *key)
}
