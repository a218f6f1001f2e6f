//! `pacta validator`: who agrees on the order of acts, and how that changes.

use clap::Subcommand;
use pacta_law::actor::{Actor, actor_path};
use pacta_law::network::consent_to_validator_change::ConsentToValidatorChange;
use pacta_law::network::leave_validators::LeaveValidators;
use pacta_law::network::propose_validator_change::ProposeValidatorChange;
use pacta_law::network::replace_validator_key::ReplaceValidatorKey;
use pacta_law::network::withdraw_validator_change::WithdrawValidatorChange;
use pacta_law::network::{
    ATTENDANCE_PATH, Attendance, Attended, CHANGES_PATH, EPOCHS_PATH, Epochs, PendingChange,
    PendingChanges, VALIDATORS_PATH, Validator, ValidatorChange, Validators, change_path,
    signing_path,
};
use pacta_law::{ActId, ActorId, Data, PublicKey, Purpose};
use serde::Serialize;
use serde_json::json;

use crate::act::{self, View};
use crate::author::SigningArgs;
use crate::client::Client;
use crate::commands::actor::NewKey;
use crate::failure::{Exit, Failure, Result};
use crate::printer::Printer;

/// Validators: who agrees on the order of acts, and how that changes
///
/// Admission and removal need the consent of all members; the one to be removed is not asked. An
/// actor that shall be admitted first offers its node: `pacta actor register-key --purpose
/// node-vote`. A change is decided at once, and signs some epochs later.
///
/// Example: pacta validator propose-removal ACTOR --key minister.json
#[derive(Subcommand)]
pub enum ValidatorCommand {
    List(ListArgs),
    Changes(ChangesArgs),
    ProposeAdmission(ProposeAdmissionArgs),
    ProposeRemoval(ProposeRemovalArgs),
    Consent(ConsentArgs),
    Withdraw(WithdrawArgs),
    ReplaceKey(ReplaceKeyArgs),
    Leave(LeaveArgs),
}

/// List the validators: those that the members want, and whether each signs now
#[derive(clap::Args)]
pub struct ListArgs {
    /// Node to ask
    #[arg(long, env = "PACTA_NODE", value_name = "URL", default_value = act::DEFAULT_NODE)]
    node: String,
}

/// List the proposals that wait for consent, and whose is missing
#[derive(clap::Args)]
pub struct ChangesArgs {
    /// Node to ask
    #[arg(long, env = "PACTA_NODE", value_name = "URL", default_value = act::DEFAULT_NODE)]
    node: String,
}

/// Propose to admit an actor as a validator
///
/// The actor offered its node before, by registering the node's key with the purpose node-vote.
///
/// Example: pacta validator propose-admission ACTOR NODE-KEY node.example:7000 --key minister.json
#[derive(clap::Args)]
pub struct ProposeAdmissionArgs {
    /// Actor: its id
    actor: ActorId,
    /// Public key of its node
    node_key: PublicKey,
    /// Where its node is reached: host:port
    address: String,
    #[command(flatten)]
    signing: SigningArgs,
}

/// Propose to remove an actor from the validators
#[derive(clap::Args)]
pub struct ProposeRemovalArgs {
    /// Actor: its id
    actor: ActorId,
    #[command(flatten)]
    signing: SigningArgs,
}

/// Consent to a proposal of another member
///
/// With the last consent the change is made, and another proposal is needed to undo it.
#[derive(clap::Args)]
pub struct ConsentArgs {
    /// Proposal: the id of the act that made it; see `pacta validator changes`
    change: ActId,
    #[command(flatten)]
    signing: SigningArgs,
}

/// Withdraw your proposal, or your consent to another's
#[derive(clap::Args)]
pub struct WithdrawArgs {
    /// Proposal: the id of the act that made it
    change: ActId,
    #[command(flatten)]
    signing: SigningArgs,
}

/// Replace the key of your node
///
/// The old key is revoked at once and for ever. The old node keeps its place until the new one has
/// reported that it is synchronised, so keep it running until then.
#[derive(clap::Args)]
pub struct ReplaceKeyArgs {
    /// Where the node with the new key is reached, if elsewhere: host:port
    #[arg(long, value_name = "HOST:PORT")]
    address: Option<String>,
    #[command(flatten)]
    new_key: NewKey,
    #[command(flatten)]
    signing: SigningArgs,
}

/// Give up your seat
///
/// Your node signs on until a committee without it has taken over; keep it running until then. To
/// come back, all members have to admit you again.
#[derive(clap::Args)]
pub struct LeaveArgs {
    #[command(flatten)]
    signing: SigningArgs,
}

/// Runs the command.
///
/// # Errors
/// See [`Exit`].
pub fn run(command: ValidatorCommand, printer: Printer) -> Result<Exit> {
    match command {
        ValidatorCommand::List(args) => list(&args, printer),
        ValidatorCommand::Changes(args) => changes(&args, printer),
        ValidatorCommand::ProposeAdmission(args) => {
            let ProposeAdmissionArgs { actor, node_key: key, address, signing } = args;
            let change = ValidatorChange::Admit(Validator { actor, address, key });
            let data = ProposeValidatorChange { change };
            signing.perform(Data::ProposeValidatorChange(data), printer)
        }
        ValidatorCommand::ProposeRemoval(ProposeRemovalArgs { actor, signing }) => {
            let change = ValidatorChange::Remove { actor };
            let data = ProposeValidatorChange { change };
            signing.perform(Data::ProposeValidatorChange(data), printer)
        }
        ValidatorCommand::Consent(ConsentArgs { change, signing }) => {
            let data = ConsentToValidatorChange { change };
            signing.perform(Data::ConsentToValidatorChange(data), printer)
        }
        ValidatorCommand::Withdraw(WithdrawArgs { change, signing }) => {
            let data = WithdrawValidatorChange { change };
            signing.perform(Data::WithdrawValidatorChange(data), printer)
        }
        ValidatorCommand::ReplaceKey(ReplaceKeyArgs { address, new_key, signing }) => {
            let (key, possession) = new_key.proven(&signing, Purpose::NodeVote)?;
            let data = ReplaceValidatorKey { address, key, possession };
            signing.perform(Data::ReplaceValidatorKey(data), printer)
        }
        ValidatorCommand::Leave(LeaveArgs { signing }) => {
            signing.perform(Data::LeaveValidators(LeaveValidators {}), printer)
        }
    }
}

/// A validator as it is listed.
#[derive(Serialize)]
struct Row {
    #[serde(flatten)]
    validator: Validator,
    name: String,
    /// Whether the members want it; who left or was removed may sign for some epochs more.
    wanted: bool,
    /// Whether it signs in this epoch.
    signs: bool,
    /// Ceremonies in a row that it missed.
    missed: u32,
    /// Whether it is left out until it reports that it is synchronised.
    suspended: bool,
}

impl Row {
    fn line(&self) -> String {
        let Self { validator: Validator { actor, address, .. }, name, .. } = self;
        let stands = match (self.wanted, self.signs) {
            (true, true) => "signs",
            (true, false) => "waits",
            (false, _) => "leaves",
        };
        let missed = match (self.suspended, self.missed) {
            (true, _) => ", left out until it reports".to_owned(),
            (false, 0) => String::new(),
            (false, missed) => format!(", missed the last {missed} ceremonies"),
        };
        format!("{actor}  {stands:<7}{address:<24}{name}{missed}\n")
    }
}

fn list(args: &ListArgs, printer: Printer) -> Result<Exit> {
    let mut view = View::open(&Client::new(&args.node))?;
    let wanted = wanted(&mut view)?;
    let epochs: Epochs = view.record(EPOCHS_PATH)?.ok_or_else(no_validators)?;
    let signing: Option<Validators> = view.record(&signing_path(epochs.current))?;
    let signing = signing.map_or_else(Vec::new, |signing| signing.validators);
    let attendance: Option<Attendance> = view.record(ATTENDANCE_PATH)?;
    let attendance = attendance.map_or_else(Vec::new, |attendance| attendance.validators);
    let has = |all: &[Validator], key| all.iter().any(|validator| validator.key == key);
    let leaving = signing.iter().filter(|validator| !has(&wanted, validator.key));
    let mut rows = Vec::new();
    for validator in wanted.iter().chain(leaving) {
        let of_key = |attended: &&Attended| attended.key == validator.key;
        let attended = attendance.iter().find(of_key);
        rows.push(Row {
            validator: validator.clone(),
            name: name(&mut view, validator.actor)?,
            wanted: has(&wanted, validator.key),
            signs: has(&signing, validator.key),
            missed: attended.map_or(0, |attended| attended.reveals),
            suspended: attended.is_some_and(|attended| attended.suspended),
        });
    }
    printer.answer(&json!({ "epoch": epochs.current, "validators": rows }), || {
        let lines: String = rows.iter().map(Row::line).collect();
        format!("{lines}\nNext: pacta validator changes\n")
    })?;
    Ok(Exit::Done)
}

/// A proposal as it is listed.
#[derive(Serialize)]
struct Proposal {
    id: ActId,
    #[serde(flatten)]
    pending: PendingChange,
    /// What is proposed, in words.
    words: String,
    /// Whose consent is missing.
    awaits: Vec<ActorId>,
}

fn changes(args: &ChangesArgs, printer: Printer) -> Result<Exit> {
    let mut view = View::open(&Client::new(&args.node))?;
    let wanted = wanted(&mut view)?;
    let changes: Option<PendingChanges> = view.record(CHANGES_PATH)?;
    let mut proposals = Vec::new();
    for id in changes.map_or_else(Vec::new, |changes| changes.changes) {
        let Some(pending) = view.record::<PendingChange>(&change_path(id))? else { continue };
        let (by, whom) = (name(&mut view, pending.by)?, name(&mut view, pending.change.actor())?);
        let words = match &pending.change {
            ValidatorChange::Admit(_) => format!("{by} proposes to admit {whom}"),
            ValidatorChange::Remove { .. } => format!("{by} proposes to remove {whom}"),
        };
        let awaits = pending.awaits(&wanted);
        proposals.push(Proposal { id, pending, words, awaits });
    }
    let mut names = Vec::new();
    for proposal in &proposals {
        let missing = proposal.awaits.iter().map(|actor| name(&mut view, *actor));
        names.push(missing.collect::<Result<Vec<_>>>()?.join(", "));
    }
    printer.answer(&json!({ "changes": proposals }), || {
        let line = |(Proposal { id, words, .. }, missing): (&Proposal, &String)| {
            format!("{id}\n  {words}; the consent of {missing} is missing\n")
        };
        let lines: String = proposals.iter().zip(&names).map(line).collect();
        match lines.is_empty() {
            true => "No proposal waits for consent.\n".to_owned(),
            false => format!("{lines}\nNext: pacta validator consent ID\n"),
        }
    })?;
    Ok(Exit::Done)
}

fn wanted(view: &mut View) -> Result<Vec<Validator>> {
    let found: Option<Validators> = view.record(VALIDATORS_PATH)?;
    Ok(found.ok_or_else(no_validators)?.validators)
}

fn no_validators() -> Failure {
    Failure::failed("the node holds no records of validators yet; ask again after its first block")
}

fn name(view: &mut View, actor: ActorId) -> Result<String> {
    let found: Option<Actor> = view.record(&actor_path(actor))?;
    Ok(found.map_or_else(|| actor.to_string(), |actor| actor.name))
}
