//! `pacta key`: key files.

use std::path::PathBuf;

use clap::Subcommand;
use pacta_law::{ActorId, KeyId, MandateId, NetworkId, PublicKey, Purpose, possession_message};
use serde::Serialize;
use serde_json::json;

use crate::failure::{Exit, Failure, Result};
use crate::keyfile::KeyFile;
use crate::passphrase::PassphraseArgs;
use crate::printer::{Printer, facts};
use crate::seal::Effort;
use crate::signer::{Secret, Signer};

/// Make and look after key files
///
/// Example: pacta key new minister.json
#[derive(Subcommand)]
pub enum KeyCommand {
    New(NewArgs),
    Show(ShowArgs),
    Prove(ProveArgs),
    Mandate(MandateArgs),
    ChangePassphrase(ChangeArgs),
}

/// Make a new key
///
/// Makes an Ed25519 key for one purpose and writes it, sealed under a passphrase, to a file that
/// only you can read. A key becomes an actor's by registration on the ledger.
#[derive(clap::Args)]
pub struct NewArgs {
    /// File to write; it must not exist
    file: PathBuf,
    /// What the key is for: sign-act, node-vote, node-transport, encrypt or recovery
    #[arg(long, default_value = "sign-act", value_parser = purpose)]
    purpose: Purpose,
    #[command(flatten)]
    passphrase: PassphraseArgs,
}

/// Show the public half of a key
#[derive(clap::Args)]
pub struct ShowArgs {
    /// Key file
    file: PathBuf,
}

/// Prove that you hold a key, to who registers it
///
/// Signs the network, the actor that registers the key (of a new actor: the one that vouches for
/// it) and the purpose. Give the public key and this proof to that actor.
#[derive(clap::Args)]
pub struct ProveArgs {
    /// Key file
    file: PathBuf,
    /// Actor that registers the key
    #[arg(long, value_name = "ID")]
    actor: ActorId,
    /// Network on which it is registered
    #[arg(long, value_name = "DIGEST")]
    network: NetworkId,
    #[command(flatten)]
    passphrase: PassphraseArgs,
}

/// Note the mandate by which a key acts
///
/// It stands in the key file and is taken when no other is named.
#[derive(clap::Args)]
pub struct MandateArgs {
    /// Key file
    file: PathBuf,
    /// Mandate: its id
    mandate: MandateId,
}

/// Change the passphrase of a key file
///
/// The old passphrase is taken as everywhere, the new one from --new-passphrase-file, otherwise
/// you are asked.
#[derive(clap::Args)]
pub struct ChangeArgs {
    /// Key file
    file: PathBuf,
    #[command(flatten)]
    passphrase: PassphraseArgs,
    /// File whose first line is the new passphrase
    #[arg(long, value_name = "FILE")]
    new_passphrase_file: Option<PathBuf>,
}

/// What is public of a key.
#[derive(Serialize)]
struct Shown {
    file: PathBuf,
    purpose: Purpose,
    algorithm: String,
    key: KeyId,
    public: PublicKey,
    #[serde(skip_serializing_if = "Option::is_none")]
    mandate: Option<MandateId>,
}

/// Runs the command.
///
/// # Errors
/// See [`Exit`].
pub fn run(command: KeyCommand, printer: Printer) -> Result<Exit> {
    match command {
        KeyCommand::New(args) => new(&args, printer),
        KeyCommand::Show(args) => show(args.file, printer, None),
        KeyCommand::Prove(args) => prove(&args, printer),
        KeyCommand::Mandate(args) => mandate(args, printer),
        KeyCommand::ChangePassphrase(args) => change(args, printer),
    }
}

fn new(args: &NewArgs, printer: Printer) -> Result<Exit> {
    if args.file.exists() {
        return Err(Failure::cannot_create(&args.file, "it exists; choose another name"));
    }
    let secret = Secret::generate(args.purpose)?;
    KeyFile::seal(&secret, &args.passphrase.new_one()?, Effort::FULL)?.write_new(&args.file)?;
    let next = "Next: have a key of your actor register it: pacta actor register-key --public ..";
    show(args.file.clone(), printer, Some(next))
}

fn show(file: PathBuf, printer: Printer, next: Option<&str>) -> Result<Exit> {
    let KeyFile { purpose, algorithm, key, public, mandate, .. } = KeyFile::read(&file)?;
    let shown = Shown { file, purpose, algorithm, key, public, mandate };
    printer.answer(&shown, || {
        let mut text = facts(&[
            ("file", &shown.file.display().to_string()),
            ("purpose", &format!("to {}", shown.purpose)),
            ("algorithm", &shown.algorithm),
            ("key", &shown.key.to_string()),
            ("public", &shown.public.to_string()),
            ("mandate", &shown.mandate.map_or("none noted".to_owned(), |id| id.to_string())),
        ]);
        if let Some(next) = next {
            text.push_str(&format!("\n{}\n", next.replace("..", &shown.public.to_string())));
        }
        text
    })?;
    Ok(Exit::Done)
}

fn prove(args: &ProveArgs, printer: Printer) -> Result<Exit> {
    let secret = KeyFile::read(&args.file)?.open(&args.passphrase.existing()?)?;
    let purpose = secret.purpose;
    let message = possession_message(args.network, args.actor, purpose);
    let possession = secret.sign(purpose, &message)?;
    let public = secret.public();
    let value = json!({ "public": public, "purpose": purpose, "possession": possession });
    printer.answer(&value, || {
        facts(&[("public", &public.to_string()), ("possession", &possession.to_string())])
    })?;
    Ok(Exit::Done)
}

fn mandate(args: MandateArgs, printer: Printer) -> Result<Exit> {
    let file = KeyFile::read(&args.file)?;
    KeyFile { mandate: Some(args.mandate), ..file }.replace(&args.file)?;
    show(args.file, printer, None)
}

fn change(args: ChangeArgs, printer: Printer) -> Result<Exit> {
    let file = KeyFile::read(&args.file)?;
    let secret = file.open(&args.passphrase.existing()?)?;
    let fresh = PassphraseArgs { passphrase_file: args.new_passphrase_file };
    let passphrase = fresh.replacement()?;
    let sealed = KeyFile::seal(&secret, &passphrase, Effort::FULL)?;
    KeyFile { mandate: file.mandate, ..sealed }.replace(&args.file)?;
    let next = "The passphrase is changed. Copies of the file keep the old one: destroy them.";
    show(args.file, printer, Some(next))
}

/// Reads a purpose, such as `sign-act`.
///
/// # Errors
/// What a purpose can be.
pub fn purpose(text: &str) -> std::result::Result<Purpose, String> {
    serde_json::from_value(serde_json::Value::from(text)).map_err(|_| {
        "a purpose is sign-act, node-vote, node-transport, encrypt or recovery".to_owned()
    })
}
