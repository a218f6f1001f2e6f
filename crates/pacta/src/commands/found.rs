//! `pacta found`: a network founded by its founders together, without a dealer.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use pacta_law::actor::{ActorKind, Office};
use pacta_law::{Date, Purpose};
use serde_json::json;

use crate::commands::actor::{date, word};
use crate::failure::{Exit, Failure, Result};
use crate::files::{self, Access};
use crate::keyfile::KeyFile;
use crate::network::ceremony::{self, Run, expect_fingerprint, official_file, tolerance};
use crate::network::directory::KEYS_FOLDER;
use crate::network::enrolment::{Enrolment, Founder, FoundingPlan, fingerprint};
use crate::network::founding::NODE_KEY_FILE;
use crate::passphrase::PassphraseArgs;
use crate::printer::{Printer, facts};
use crate::seal::Effort;
use crate::signer::{Secret, Signer};

/// Found a network together, so that nobody ever holds all shares of its key
///
/// Each founder enrols on its own machine, all exchange their enrolments, one plan is made of them,
/// and each founder runs the ceremony with that plan at an agreed time. See
/// docs/operate/founding.md.
///
/// Example: pacta found run --dir armenia plan.json
#[derive(Subcommand)]
pub enum FoundCommand {
    Enroll(EnrollArgs),
    Plan(PlanArgs),
    Run(RunArgs),
}

/// Enrol as a founder
///
/// Makes the validator's key and the official's key in a directory, sealed under one passphrase,
/// and writes the enrolment, which both sign. Give that file to the other founders, and its
/// fingerprint by another way. Called again, it takes the keys that are there.
#[derive(clap::Args)]
pub struct EnrollArgs {
    /// Directory of the founder; it becomes that of its node
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// Name of the State or organization, as all will see it
    #[arg(long)]
    name: String,
    /// Where the other founders' nodes reach yours: an address and a port
    #[arg(long, value_name = "IP:PORT")]
    address: SocketAddr,
    /// What the founder is: state or organization
    #[arg(long, default_value = "state", value_parser = word::<ActorKind>)]
    kind: ActorKind,
    /// Office of the official who will act for it; by default the foreign minister of a State, the
    /// executive head of an organization
    #[arg(long, value_parser = word::<Office>)]
    office: Option<Office>,
    /// File to write
    #[arg(long, value_name = "FILE", default_value = "enrolment.json")]
    out: PathBuf,
    #[command(flatten)]
    passphrase: PassphraseArgs,
}

/// Make the plan of a founding
///
/// Checks all enrolments and puts them together with the network's name and first day. Whoever
/// makes it of the same files makes the same plan; all founders must have the same.
#[derive(clap::Args)]
pub struct PlanArgs {
    /// The network's name
    #[arg(long)]
    name: String,
    /// Day from which the founders' officials may act, for example 2027-03-01
    #[arg(long, value_name = "DATE", value_parser = date)]
    from: Date,
    /// File to write
    #[arg(long, value_name = "FILE", default_value = "plan.json")]
    out: PathBuf,
    /// Enrolments of all founders, yours included
    #[arg(required = true, value_name = "ENROLMENT")]
    enrolments: Vec<PathBuf>,
}

/// Take part in the ceremony
///
/// Connects to all founders, waits until all are there with the same plan, makes the network key
/// with them, compares the network that came of it, and writes the node's directory. Stays until
/// all founders have done so. Stopped or killed, it goes on when the same command is given again.
/// If a share became public, it founds nothing and says that all need another attempt.
#[derive(clap::Args)]
pub struct RunArgs {
    /// Directory in which you enrolled
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// Plan that all founders have
    plan: PathBuf,
    /// Fingerprint that the plan must have, as published
    #[arg(long, value_name = "FINGERPRINT")]
    expect: Option<String>,
    /// Attempt: one more than before, for all founders, when the command says so
    #[arg(long, value_name = "N", default_value = "1")]
    attempt: NonZeroU32,
    /// Address to listen on, where it is not the one you enrolled with
    #[arg(long, value_name = "IP:PORT")]
    listen: Option<SocketAddr>,
    /// Address at which the node will answer HTTP
    #[arg(long, value_name = "IP:PORT", default_value = "127.0.0.1:8080")]
    http: SocketAddr,
    #[command(flatten)]
    passphrase: PassphraseArgs,
}

/// Runs the command.
///
/// # Errors
/// See [`Exit`].
pub fn run(command: FoundCommand, printer: Printer) -> Result<Exit> {
    match command {
        FoundCommand::Enroll(args) => enroll(&args, printer)?,
        FoundCommand::Plan(args) => plan(&args, printer)?,
        FoundCommand::Run(args) => hold(args, printer)?,
    }
    Ok(Exit::Done)
}

fn enroll(args: &EnrollArgs, printer: Printer) -> Result<()> {
    let office = args.office.unwrap_or(match args.kind {
        ActorKind::Organization => Office::ExecutiveHead,
        _ => Office::ForeignMinister,
    });
    if !args.kind.concludes_treaties() || !office.is_of(args.kind) {
        return Err(Failure::usage(
            "only States and organizations found a network, each by an office that it has; choose \
             another --kind or --office",
        ));
    }
    let keys = args.dir.join(KEYS_FOLDER);
    let (node_path, official_path) =
        (args.dir.join(NODE_KEY_FILE), keys.join(official_file(office)));
    let passphrase = match node_path.exists() {
        true => args.passphrase.existing()?,
        false => args.passphrase.new_one()?,
    };
    files::make_folder(&keys)?;
    let node = own_key(&node_path, Purpose::NodeVote, &passphrase)?;
    let official = own_key(&official_path, Purpose::SignAct, &passphrase)?;
    let founder = Founder {
        address: args.address,
        kind: args.kind,
        name: args.name.clone(),
        node: node.public(),
        office,
        official: official.public(),
    };
    let enrolment = Enrolment::sign(founder, &node, &official)?;
    files::write_json(&args.out, &enrolment, Access::Everyone)?;
    let digest = enrolment.digest();
    let value = json!({
        "enrolment": args.out,
        "digest": digest,
        "fingerprint": fingerprint(&digest.0),
        "founder": enrolment.founder,
        "directory": args.dir,
    });
    printer.answer(&value, || {
        let mut text = facts(&[
            ("enrolment", &args.out.display().to_string()),
            ("founder", &enrolment.founder.name),
            ("address", &enrolment.founder.address.to_string()),
            ("fingerprint", &fingerprint(&digest.0)),
        ]);
        text.push_str(
            "\nNext: give the file to all founders, and the fingerprint by another way; keep the \
             directory and its passphrase safe, there is no copy of its keys.\n",
        );
        text
    })
}

/// The key that is there, or a new one.
fn own_key(path: &Path, purpose: Purpose, passphrase: &str) -> Result<Secret> {
    if !path.exists() {
        let secret = Secret::generate(purpose)?;
        KeyFile::seal(&secret, passphrase, Effort::FULL)?.write_new(path)?;
        return Ok(secret);
    }
    let secret = KeyFile::read(path)?.open(passphrase)?;
    match secret.purpose == purpose {
        true => Ok(secret),
        false => Err(Failure::usage(format!(
            "{} holds a key to {}, not to {purpose}; choose another directory",
            path.display(),
            secret.purpose
        ))),
    }
}

fn plan(args: &PlanArgs, printer: Printer) -> Result<()> {
    let enrolments: Vec<_> =
        args.enrolments.iter().map(|path| Enrolment::read(path)).collect::<Result<_>>()?;
    let plan = FoundingPlan::new(&args.name, args.from, enrolments)?;
    files::write_json(&args.out, &plan, Access::Everyone)?;
    let digest = plan.digest();
    let founders = plan.founders.iter().map(|one| {
        json!({
            "name": one.founder.name,
            "address": one.founder.address,
            "fingerprint": fingerprint(&one.digest().0),
        })
    });
    let value = json!({
        "plan": args.out,
        "digest": digest,
        "fingerprint": fingerprint(&digest.0),
        "founders": founders.collect::<Vec<_>>(),
    });
    printer.answer(&value, || {
        let mut text = facts(&[
            ("plan", &args.out.display().to_string()),
            ("name", &plan.name),
            ("from", &plan.from.to_string()),
            ("fingerprint", &fingerprint(&digest.0)),
        ]);
        text.push_str(&format!("\n{}\n\n", tolerance(plan.founders.len())));
        for one in &plan.founders {
            let (name, address) = (&one.founder.name, &one.founder.address);
            text.push_str(&format!("{name}, {address}\n  {}\n", fingerprint(&one.digest().0)));
        }
        text.push_str(
            "\nNext: compare each founder's fingerprint with what it published, then the plan's \
             with the other founders; then, each at the agreed time:\n  pacta found run --dir DIR \
             PLAN\n",
        );
        text
    })
}

fn hold(args: RunArgs, printer: Printer) -> Result<()> {
    if std::env::var_os("PACTA_LOG").is_some() {
        super::node::log();
    }
    let plan = FoundingPlan::read(&args.plan)?;
    expect_fingerprint(&plan, args.expect.as_deref(), &args.plan)?;
    let passphrase = args.passphrase.existing()?;
    let RunArgs { dir, attempt, listen, http, .. } = args;
    ceremony::run(Run { dir, plan, attempt, listen, http, passphrase }, printer)
}
