//! `pacta actor`: actors, their keys and their mandates.

use std::path::PathBuf;

use clap::Subcommand;
use pacta_law::actor::end_mandate::EndMandate;
use pacta_law::actor::grant_full_powers::GrantFullPowers;
use pacta_law::actor::grant_office::GrantOffice;
use pacta_law::actor::register_actor::RegisterActor;
use pacta_law::actor::register_key::RegisterKey;
use pacta_law::actor::revoke_key::RevokeKey;
use pacta_law::actor::{Actor, ActorKind, Office, Power, actor_path};
use pacta_law::{
    ActorId, Data, Date, Digest, Instant, KeyId, MandateId, PublicKey, Purpose, Signature,
    TreatyId, possession_message,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::act::{self, View, now_ms};
use crate::author::SigningArgs;
use crate::client::Client;
use crate::commands::key::purpose;
use crate::failure::{Exit, Failure, Result};
use crate::keyfile::KeyFile;
use crate::printer::{Printer, facts};
use crate::signer::Signer;

/// Actors, their keys and their mandates
///
/// Example: pacta actor grant-full-powers KEY friendship --power sign --power deposit
#[derive(Subcommand)]
pub enum ActorCommand {
    List(ListArgs),
    Show(ShowArgs),
    Register(RegisterArgs),
    RegisterKey(RegisterKeyArgs),
    RevokeKey(RevokeKeyArgs),
    GrantOffice(GrantOfficeArgs),
    GrantFullPowers(GrantFullPowersArgs),
    EndMandate(EndMandateArgs),
}

/// List the actors that operate validators
#[derive(clap::Args)]
pub struct ListArgs {
    /// Node to ask
    #[arg(long, env = "PACTA_NODE", value_name = "URL", default_value = act::DEFAULT_NODE)]
    node: String,
}

/// Show an actor
#[derive(clap::Args)]
pub struct ShowArgs {
    /// Actor: its id
    actor: ActorId,
    /// Node to ask
    #[arg(long, env = "PACTA_NODE", value_name = "URL", default_value = act::DEFAULT_NODE)]
    node: String,
}

/// Register an actor, for which yours vouches
///
/// The new actor's first key comes with it: its public half and the proof of `pacta key prove`, or
/// its key file. The actor's id is the first half of the act's id.
#[derive(clap::Args)]
pub struct RegisterArgs {
    /// What it is: authority, company, person or observer
    #[arg(value_parser = word::<ActorKind>)]
    kind: ActorKind,
    /// Legal name; of a natural person, a handle
    name: String,
    #[command(flatten)]
    new_key: NewKey,
    #[command(flatten)]
    signing: SigningArgs,
}

/// Register a further key of your actor
#[derive(clap::Args)]
pub struct RegisterKeyArgs {
    /// What the key is for: sign-act, node-vote, node-transport, encrypt or recovery
    #[arg(long, default_value = "sign-act", value_parser = purpose)]
    purpose: Purpose,
    #[command(flatten)]
    new_key: NewKey,
    #[command(flatten)]
    signing: SigningArgs,
}

/// Revoke a key of your actor, from now on
#[derive(clap::Args)]
pub struct RevokeKeyArgs {
    /// Key: its id
    key: KeyId,
    #[command(flatten)]
    signing: SigningArgs,
}

/// Grant an office to a key of your actor
#[derive(clap::Args)]
pub struct GrantOfficeArgs {
    /// Key: its id
    key: KeyId,
    /// Office: head-of-state, head-of-government, foreign-minister, executive-head,
    /// head-of-mission, representative or treaty-officer
    #[arg(value_parser = word::<Office>)]
    office: Office,
    #[command(flatten)]
    period: Period,
    #[command(flatten)]
    signing: SigningArgs,
}

/// Grant a key of your actor full powers for one treaty (VCLT art. 7)
#[derive(clap::Args)]
pub struct GrantFullPowersArgs {
    /// Key: its id
    key: KeyId,
    /// Treaty, which need not exist yet
    treaty: TreatyId,
    /// What they extend to: adopt, authenticate, sign, deposit, withdraw; may be given several
    /// times
    #[arg(long = "power", required = true, value_parser = word::<Power>)]
    powers: Vec<Power>,
    #[command(flatten)]
    period: Period,
    #[command(flatten)]
    signing: SigningArgs,
}

/// End a mandate before its time
#[derive(clap::Args)]
pub struct EndMandateArgs {
    /// Mandate: its id
    ending: MandateId,
    #[command(flatten)]
    signing: SigningArgs,
}

/// A key that is to be registered.
#[derive(clap::Args)]
pub struct NewKey {
    /// Public half of the new key
    #[arg(long, requires = "possession", required_unless_present = "new_key")]
    public: Option<PublicKey>,
    /// What `pacta key prove` printed for it
    #[arg(long, requires = "public")]
    possession: Option<Signature>,
    /// Key file of the new key, if you hold it yourself; same passphrase as the key that signs
    #[arg(long, value_name = "FILE", conflicts_with_all = ["public", "possession"])]
    new_key: Option<PathBuf>,
}

/// From when to when, and by whom a mandate is held.
#[derive(clap::Args)]
struct Period {
    /// First day (UTC); today without it
    #[arg(long, value_name = "DATE", value_parser = date)]
    from: Option<Date>,
    /// Last day (UTC), inclusive
    #[arg(long, value_name = "DATE", value_parser = date)]
    until: Option<Date>,
    /// Salted digest of the holder's particulars
    #[arg(long, value_name = "DIGEST")]
    holder: Option<Digest>,
}

/// Runs the command.
///
/// # Errors
/// See [`Exit`].
pub fn run(command: ActorCommand, printer: Printer) -> Result<Exit> {
    match command {
        ActorCommand::List(args) => list(&args, printer),
        ActorCommand::Show(args) => show(&args, printer),
        ActorCommand::Register(args) => register(args, printer),
        ActorCommand::RegisterKey(RegisterKeyArgs { purpose, new_key, signing }) => {
            let (public, possession) = new_key.proven(&signing, purpose)?;
            let data = RegisterKey { possession, public, purpose };
            signing.perform(Data::RegisterKey(data), printer)
        }
        ActorCommand::RevokeKey(RevokeKeyArgs { key, signing }) => {
            signing.perform(Data::RevokeKey(RevokeKey { key }), printer)
        }
        ActorCommand::GrantOffice(GrantOfficeArgs { key, office, period, signing }) => {
            let (from, Period { until, holder, .. }) = (period.first_day()?, period);
            let data = GrantOffice { from, holder, key, office, until };
            signing.perform(Data::GrantOffice(data), printer)
        }
        ActorCommand::GrantFullPowers(args) => {
            let GrantFullPowersArgs { key, treaty, powers, period, signing } = args;
            let (from, Period { until, holder, .. }) = (period.first_day()?, period);
            let data = GrantFullPowers { from, holder, key, powers, treaty, until };
            signing.perform(Data::GrantFullPowers(data), printer)
        }
        ActorCommand::EndMandate(EndMandateArgs { ending, signing }) => {
            signing.perform(Data::EndMandate(EndMandate { mandate: ending }), printer)
        }
    }
}

fn register(args: RegisterArgs, printer: Printer) -> Result<Exit> {
    let RegisterArgs { kind, name, new_key, signing } = args;
    let (public, possession) = new_key.proven(&signing, Purpose::SignAct)?;
    let data = RegisterActor { kind, name, possession, public };
    signing.perform(Data::RegisterActor(data), printer)
}

impl NewKey {
    /// The public key, and the proof that its holder has it.
    ///
    /// # Errors
    /// Exit code 2 when no key is named, 69 when the node does not answer, and those of
    /// [`KeyFile::read`].
    pub fn proven(
        &self,
        signing: &SigningArgs,
        purpose: Purpose,
    ) -> Result<(PublicKey, Signature)> {
        if let (Some(public), Some(possession)) = (self.public, self.possession) {
            return Ok((public, possession));
        }
        let path = self.new_key.as_deref();
        let path = path.ok_or_else(|| Failure::usage("name the new key: --new-key FILE"))?;
        let secret = KeyFile::read(path)?.open(&signing.passphrase().existing()?)?;
        let network = act::network(&signing.client())?.id;
        let message = possession_message(network, signing.author()?.actor, purpose);
        Ok((secret.public(), secret.sign(purpose, &message)?))
    }
}

impl Period {
    fn first_day(&self) -> Result<Date> {
        match self.from {
            Some(from) => Ok(from),
            None => Ok(Instant::from_ms(now_ms()).map_err(|error| Failure::from(&error))?.date()),
        }
    }
}

fn list(args: &ListArgs, printer: Printer) -> Result<Exit> {
    let network: Value = Client::new(&args.node).get_json("/api/v1/network")?;
    let validators = network.get("validators").cloned().unwrap_or_default();
    printer.answer(&json!({ "actors": validators }), || {
        let rows = validators.as_array().map(Vec::as_slice).unwrap_or_default();
        let word = |row: &Value, name: &str| {
            row.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let line = |row: &Value| format!("{}  {}\n", word(row, "actor"), word(row, "name"));
        let lines: String = rows.iter().map(line).collect();
        format!("{lines}\nNext: pacta actor show ID, or pacta treaty list\n")
    })?;
    Ok(Exit::Done)
}

fn show(args: &ShowArgs, printer: Printer) -> Result<Exit> {
    let mut view = View::open(&Client::new(&args.node))?;
    let actor: Option<Actor> = view.record(&actor_path(args.actor))?;
    let Some(actor) = actor else {
        return Err(Failure::failed(format!(
            "there is no actor {} on this network; see pacta actor list",
            args.actor
        )));
    };
    let value = json!({ "id": args.actor, "actor": actor });
    printer.answer(&value, || {
        let parent = actor.parent.map_or("the founding".to_owned(), |parent| parent.to_string());
        facts(&[
            ("id", &args.actor.to_string()),
            ("name", &actor.name),
            ("kind", &actor.kind.to_string()),
            ("vouched for by", &parent),
        ])
    })?;
    Ok(Exit::Done)
}

/// Reads a word of an act, with hyphens for underscores.
pub fn word<T: DeserializeOwned>(text: &str) -> std::result::Result<T, String> {
    serde_json::from_value(Value::from(text.replace('-', "_"))).map_err(|error| error.to_string())
}

/// Reads a date.
///
/// # Errors
/// What is wrong with it.
pub fn date(text: &str) -> std::result::Result<Date, String> {
    text.parse::<Date>().map_err(|error| error.to_string())
}
