//! Who holds a seat in agreement, who signs now, and which changes are proposed: from the records
//! of one final ledger.

use std::collections::BTreeMap;

use pacta_law::actor::{Actor, actor_path};
use pacta_law::network::{
    ATTENDANCE_PATH, Attendance, Attended, CEREMONY_PATH, CHANGES_PATH, EPOCHS_PATH, Epochs,
    LastCeremony, PendingChange, PendingChanges, VALIDATORS_PATH, Validator, ValidatorChange,
    Validators, change_path, signing_path,
};
use pacta_law::{ActId, ActorId, Instant, Path, PublicKey};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::problem::Problem;
use crate::state::AppState;

/// Times the records are asked for until they are of one ledger, which moves on meanwhile.
const ROUNDS_MAX: usize = 8;

/// The validators of a final ledger.
#[derive(Clone, Debug, Serialize)]
pub struct Seats {
    /// The height of the ledger.
    pub height: u64,
    /// The instant of its block.
    pub instant: Instant,
    /// The epoch of the next block.
    pub epoch: u64,
    /// Blocks of an epoch.
    pub epoch_blocks: u64,
    /// Ceremonies that failed since the last that succeeded.
    pub failed_ceremonies: u32,
    /// Those who are wanted or sign, in the order of their keys.
    pub validators: Vec<Seat>,
    /// Proposals that wait for consent, the earliest first.
    pub changes: Vec<Proposal>,
}

/// A validator.
#[derive(Clone, Debug, Serialize)]
pub struct Seat {
    /// The actor that operates it.
    pub actor: ActorId,
    /// The actor's name.
    pub name: String,
    /// Where it is reached.
    pub address: String,
    /// Its Ed25519 key.
    pub key: PublicKey,
    /// Whether the members want it; one that they do not want any more signs for some epochs yet.
    pub wanted: bool,
    /// Whether it signs in this epoch.
    pub signs: bool,
    /// Ceremonies in a row that it missed; its share is public until it attends one.
    pub missed_ceremonies: u32,
    /// Whether it is left out until it reports that it is synchronised.
    pub suspended: bool,
}

/// A proposal that waits for consent.
#[derive(Clone, Debug, Serialize)]
pub struct Proposal {
    /// The act that made it.
    pub id: ActId,
    /// Who proposes it.
    pub by: ActorId,
    /// The name of who proposes it.
    pub by_name: String,
    /// What is proposed.
    pub change: ValidatorChange,
    /// The name of the actor whose seat it is about.
    pub name: String,
    /// When it was proposed.
    pub since: Instant,
    /// Who consents, with the proposer.
    pub consents: Vec<ActorId>,
    /// Whose consent is missing.
    pub awaits: Vec<ActorId>,
    /// Their names.
    pub awaits_names: Vec<String>,
}

/// Records that were loaded at once.
struct View {
    records: BTreeMap<Path, Vec<u8>>,
}

impl View {
    fn read<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>, Problem> {
        let Some(bytes) = self.records.get(path) else { return Ok(None) };
        serde_json::from_slice(bytes).map(Some).map_err(|error| {
            tracing::error!(%error, path, "a record of this node cannot be read");
            Problem::internal()
        })
    }

    /// The records that are needed, as far as those at hand tell.
    fn needed(&self) -> Result<Vec<Path>, Problem> {
        let fixed = [VALIDATORS_PATH, EPOCHS_PATH, CEREMONY_PATH, ATTENDANCE_PATH, CHANGES_PATH];
        let mut paths: Vec<Path> = fixed.map(ToOwned::to_owned).into();
        let epochs: Option<Epochs> = self.read(EPOCHS_PATH)?;
        let changes: Option<PendingChanges> = self.read(CHANGES_PATH)?;
        let changes = changes.map_or_else(Vec::new, |changes| changes.changes);
        let mut actors = Vec::new();
        for set in [Some(VALIDATORS_PATH.to_owned()), epochs.map(|now| signing_path(now.current))] {
            let Some(path) = set else { continue };
            let found: Option<Validators> = self.read(&path)?;
            let found = found.map_or_else(Vec::new, |set| set.validators);
            actors.extend(found.into_iter().map(|validator| validator.actor));
            paths.push(path);
        }
        for act in changes {
            let path = change_path(act);
            if let Some(pending) = self.read::<PendingChange>(&path)? {
                actors.extend([pending.by, pending.change.actor()]);
            }
            paths.push(path);
        }
        paths.extend(actors.into_iter().map(actor_path));
        paths.sort_unstable();
        paths.dedup();
        Ok(paths)
    }

    fn name(&self, actor: ActorId) -> Result<String, Problem> {
        let found: Option<Actor> = self.read(&actor_path(actor))?;
        Ok(found.map_or_else(|| actor.to_string(), |actor| actor.name))
    }
}

/// The validators of the latest final ledger.
///
/// # Errors
/// A [`Problem`] when the node cannot answer, or holds no ledger yet.
pub async fn seats(state: &AppState) -> Result<Seats, Problem> {
    let mut view = View { records: BTreeMap::new() };
    let mut asked = view.needed()?;
    for _ in 0..ROUNDS_MAX {
        let loaded = state.node.load(asked.clone()).await?;
        let found = asked.iter().cloned().zip(loaded.records);
        let found = found.filter_map(|(path, record)| Some((path, record?.to_vec())));
        view.records = found.collect();
        let needed = view.needed()?;
        if needed == asked {
            return read(&view, loaded.height, loaded.instant);
        }
        asked = needed;
    }
    Err(Problem::unavailable("the validators are changing; ask again in a moment"))
}

fn read(view: &View, height: u64, instant: Instant) -> Result<Seats, Problem> {
    let none = || Problem::unavailable("this node has no ledger yet; ask again in a moment");
    let wanted: Validators = view.read(VALIDATORS_PATH)?.ok_or_else(none)?;
    let epochs: Epochs = view.read(EPOCHS_PATH)?.ok_or_else(none)?;
    let ceremony: LastCeremony = view.read(CEREMONY_PATH)?.ok_or_else(none)?;
    let signing: Validators = view.read(&signing_path(epochs.current))?.ok_or_else(none)?;
    let attendance: Option<Attendance> = view.read(ATTENDANCE_PATH)?;
    let attendance = attendance.map_or_else(Vec::new, |attendance| attendance.validators);
    let has = |set: &Validators, key| set.validators.iter().any(|validator| validator.key == key);
    let leaving = signing.validators.iter().filter(|validator| !has(&wanted, validator.key));
    let mut validators = Vec::new();
    for validator in wanted.validators.iter().chain(leaving) {
        let Validator { actor, address, key } = validator.clone();
        let attended = attendance.iter().find(|attended: &&Attended| attended.key == key);
        validators.push(Seat {
            name: view.name(actor)?,
            wanted: has(&wanted, key),
            signs: has(&signing, key),
            missed_ceremonies: attended.map_or(0, |attended| attended.reveals),
            suspended: attended.is_some_and(|attended| attended.suspended),
            actor,
            address,
            key,
        });
    }
    validators.sort_by_key(|seat| seat.key);
    let listed: Option<PendingChanges> = view.read(CHANGES_PATH)?;
    let mut changes = Vec::new();
    for id in listed.map_or_else(Vec::new, |listed| listed.changes) {
        let pending: PendingChange = view.read(&change_path(id))?.ok_or_else(none)?;
        changes.push(proposal(view, id, pending, &wanted.validators)?);
    }
    Ok(Seats {
        height,
        instant,
        epoch: epochs.current,
        epoch_blocks: epochs.length,
        failed_ceremonies: ceremony.failures,
        validators,
        changes,
    })
}

fn proposal(
    view: &View,
    id: ActId,
    pending: PendingChange,
    wanted: &[Validator],
) -> Result<Proposal, Problem> {
    let awaits = pending.awaits(wanted);
    let awaits_names = awaits.iter().map(|actor| view.name(*actor)).collect::<Result<_, _>>()?;
    let (by_name, name) = (view.name(pending.by)?, view.name(pending.change.actor())?);
    let PendingChange { by, change, consents, since, .. } = pending;
    Ok(Proposal { id, by, by_name, change, name, since, consents, awaits, awaits_names })
}
