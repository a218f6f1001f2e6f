//! `pacta treaty`: treaties from draft to withdrawal, and what the ledger says of them.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use pacta_law::treaty::adopt::Adopt;
use pacta_law::treaty::authenticate::Authenticate;
use pacta_law::treaty::deposit::Deposit;
use pacta_law::treaty::draft_treaty::DraftTreaty;
use pacta_law::treaty::revoke_withdrawal::RevokeWithdrawal;
use pacta_law::treaty::sign::Sign;
use pacta_law::treaty::withdraw::Withdraw;
use pacta_law::treaty::withdraw_instrument::WithdrawInstrument;
use pacta_law::treaty::{ConsentKind, SignatureKind, Text, Texts, Treaty};
use pacta_law::{Data, Date, Digest, TreatyId};
use serde_json::{Map, Value, json};

use crate::act::{self, View};
use crate::author::SigningArgs;
use crate::client::Client;
use crate::commands::actor::{date, word};
use crate::commands::demo::clauses;
use crate::failure::{Exit, Failure, Result};
use crate::files;
use crate::printer::Printer;

/// Treaties: draft, adopt, authenticate, sign, deposit, withdraw, show
///
/// Each act is shown, asked for and signed; `--dry-run` stops before it is signed.
///
/// Example: pacta treaty deposit friendship ratification --key minister.json
#[derive(Subcommand)]
pub enum TreatyCommand {
    List(ListArgs),
    Show(ShowArgs),
    /// Print a draft that can be changed and given to `draft`
    Example,
    Draft(DraftArgs),
    Adopt(AdoptArgs),
    Authenticate(AuthenticateArgs),
    Sign(SignArgs),
    Deposit(DepositArgs),
    Withdraw(WithdrawArgs),
    RevokeWithdrawal(RevokeWithdrawalArgs),
    WithdrawInstrument(WithdrawInstrumentArgs),
}

/// List the treaties
#[derive(clap::Args)]
pub struct ListArgs {
    /// Node to ask
    #[arg(long, env = "PACTA_NODE", value_name = "URL", default_value = act::DEFAULT_NODE)]
    node: String,
}

/// Show a treaty with its parties and what is still missing for its entry into force
#[derive(clap::Args)]
pub struct ShowArgs {
    /// Treaty, for example `friendship`
    treaty: TreatyId,
    /// Node to ask
    #[arg(long, env = "PACTA_NODE", value_name = "URL", default_value = act::DEFAULT_NODE)]
    node: String,
}

/// Draft a treaty
///
/// The file is JSON with the members `treaty` (its short name), `titles` (by language), `clauses`
/// (the final clauses) and `negotiating` (the actors that draw it up). The texts are files beside
/// it: the ledger keeps their digests, and all validators keep the files themselves once you hand
/// them in with `pacta file add`. `pacta treaty example` prints such a draft; --dry-run shows what
/// the ledger makes of it.
///
/// Example: pacta treaty draft friendship.json --text en=english.pdf --text ru=russian.pdf
#[derive(clap::Args)]
pub struct DraftArgs {
    /// Draft: a JSON file
    draft: PathBuf,
    /// Text in a language; may be given several times
    #[arg(long = "text", value_name = "LANGUAGE=FILE", required = true, value_parser = text)]
    texts: Vec<(String, PathBuf)>,
    #[command(flatten)]
    signing: SigningArgs,
}

/// Adopt the draft of a treaty, if you drew it up (VCLT art. 9)
#[derive(clap::Args)]
pub struct AdoptArgs {
    /// Treaty
    treaty: TreatyId,
    /// Digest of the draft (otherwise the one that the ledger holds)
    #[arg(long, value_name = "DIGEST")]
    draft: Option<Digest>,
    #[command(flatten)]
    signing: SigningArgs,
}

/// Authenticate the texts of a treaty (VCLT art. 10)
#[derive(clap::Args)]
pub struct AuthenticateArgs {
    /// Treaty
    treaty: TreatyId,
    /// Digest of the set of texts (otherwise the one that the ledger holds)
    #[arg(long, value_name = "DIGEST")]
    texts: Option<Digest>,
    #[command(flatten)]
    signing: SigningArgs,
}

/// Sign a treaty (VCLT art. 12, 18)
#[derive(clap::Args)]
pub struct SignArgs {
    /// Treaty
    treaty: TreatyId,
    /// Sign definitively, which is consent to be bound; otherwise subject to ratification
    #[arg(long)]
    definitive: bool,
    #[command(flatten)]
    signing: SigningArgs,
}

/// Deposit an instrument of consent to be bound (VCLT art. 14-16)
#[derive(clap::Args)]
pub struct DepositArgs {
    /// Treaty
    treaty: TreatyId,
    /// Instrument: ratification, acceptance, approval, accession, formal-confirmation or succession
    #[arg(value_parser = word::<ConsentKind>)]
    kind: ConsentKind,
    /// Document of the instrument, whose digest is signed
    #[arg(long, value_name = "FILE")]
    instrument: Option<PathBuf>,
    /// Day of succession, for an instrument of succession
    #[arg(long, value_name = "DATE", value_parser = date)]
    succession: Option<Date>,
    #[command(flatten)]
    signing: SigningArgs,
}

/// Give notice of withdrawal (VCLT art. 54, 56)
#[derive(clap::Args)]
pub struct WithdrawArgs {
    /// Treaty
    treaty: TreatyId,
    #[command(flatten)]
    signing: SigningArgs,
}

/// Take back a notice of withdrawal before its effect (VCLT art. 68)
#[derive(clap::Args)]
pub struct RevokeWithdrawalArgs {
    /// Treaty
    treaty: TreatyId,
    #[command(flatten)]
    signing: SigningArgs,
}

/// Take back an instrument before it binds
#[derive(clap::Args)]
pub struct WithdrawInstrumentArgs {
    /// Treaty
    treaty: TreatyId,
    #[command(flatten)]
    signing: SigningArgs,
}

/// Runs the command.
///
/// # Errors
/// See [`Exit`].
pub fn run(command: TreatyCommand, printer: Printer) -> Result<Exit> {
    match command {
        TreatyCommand::List(args) => list(&args, printer),
        TreatyCommand::Show(args) => show(&args, printer),
        TreatyCommand::Example => example(),
        TreatyCommand::Draft(args) => {
            let data = read_draft(&args.draft, &args.texts)?;
            args.signing.perform(Data::DraftTreaty(data), printer)
        }
        TreatyCommand::Adopt(AdoptArgs { treaty, draft, signing }) => {
            let draft = match draft {
                Some(draft) => draft,
                None => held_draft(&signing.client(), &treaty)?,
            };
            signing.perform(Data::Adopt(Adopt { draft, treaty }), printer)
        }
        TreatyCommand::Authenticate(AuthenticateArgs { treaty, texts, signing }) => {
            let texts = match texts {
                Some(texts) => texts,
                None => held_texts(&signing.client(), &treaty)?,
            };
            signing.perform(Data::Authenticate(Authenticate { texts, treaty }), printer)
        }
        TreatyCommand::Sign(SignArgs { treaty, definitive, signing }) => {
            let signature =
                if definitive { SignatureKind::Definitive } else { SignatureKind::Simple };
            signing.perform(Data::Sign(Sign { signature, treaty }), printer)
        }
        TreatyCommand::Deposit(args) => {
            let DepositArgs { treaty, kind: consent, instrument, succession, signing } = args;
            let bytes = instrument.as_deref().map(files::read).transpose()?;
            let instrument = bytes.map(|bytes| Digest::of(&[&bytes]));
            let data = Deposit { consent, instrument, succession, treaty };
            signing.perform(Data::Deposit(data), printer)
        }
        TreatyCommand::Withdraw(WithdrawArgs { treaty, signing }) => {
            signing.perform(Data::Withdraw(Withdraw { treaty }), printer)
        }
        TreatyCommand::RevokeWithdrawal(RevokeWithdrawalArgs { treaty, signing }) => {
            signing.perform(Data::RevokeWithdrawal(RevokeWithdrawal { treaty }), printer)
        }
        TreatyCommand::WithdrawInstrument(WithdrawInstrumentArgs { treaty, signing }) => {
            signing.perform(Data::WithdrawInstrument(WithdrawInstrument { treaty }), printer)
        }
    }
}

fn example() -> Result<Exit> {
    let draft = json!({
        "treaty": "friendship",
        "titles": { "en": "Treaty of Friendship" },
        "clauses": clauses(2),
        "negotiating": ["an actor's id", "another actor's id"],
    });
    Printer::new(true).answer(&draft, String::new)?;
    Ok(Exit::Done)
}

/// Reads a draft, and puts the digests of its texts into it.
fn read_draft(path: &Path, texts: &[(String, PathBuf)]) -> Result<DraftTreaty> {
    let mut draft: Map<String, Value> = files::read_json(path, "a draft")?;
    let mut digests = Map::new();
    for (language, file) in texts {
        let bytes = files::read(file)?;
        let text = Text {
            bytes: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
            document: Digest::of(&[&bytes]),
            media_type: media_type(file).to_owned(),
        };
        digests.insert(language.clone(), serde_json::to_value(text).map_err(Failure::failed)?);
    }
    draft.insert("texts".to_owned(), Value::Object(digests));
    if let Some(Value::Array(negotiating)) = draft.get_mut("negotiating") {
        negotiating.sort_by_key(Value::to_string);
    }
    serde_json::from_value(Value::Object(draft)).map_err(|error| {
        Failure::defective(format!("{} is no draft: {error}; correct it", path.display()))
    })
}

fn media_type(file: &Path) -> &'static str {
    match file.extension().and_then(|extension| extension.to_str()) {
        Some("pdf") => "application/pdf",
        Some("html" | "htm") => "text/html; charset=utf-8",
        Some("xml" | "akn") => "application/xml",
        Some("txt" | "md") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

fn held_draft(client: &Client, treaty: &TreatyId) -> Result<Digest> {
    let head: Option<Treaty> = View::open(client)?.record(&format!("treaty/{treaty}"))?;
    let draft = head.ok_or_else(|| unknown(treaty))?.draft;
    draft.ok_or_else(|| {
        Failure::failed(format!("{treaty} was not drafted here, so nobody adopts it"))
    })
}

fn held_texts(client: &Client, treaty: &TreatyId) -> Result<Digest> {
    let texts: Option<Texts> = View::open(client)?.record(&format!("treaty/{treaty}/texts"))?;
    Ok(texts.ok_or_else(|| unknown(treaty))?.digest)
}

fn unknown(treaty: &TreatyId) -> Failure {
    Failure::failed(format!("there is no treaty {treaty} on this network; see pacta treaty list"))
}

fn list(args: &ListArgs, printer: Printer) -> Result<Exit> {
    let treaties: Value = Client::new(&args.node).get_json("/api/v1/treaties")?;
    printer.answer(&treaties, || {
        let rows = treaties.get("treaties").and_then(Value::as_array);
        let rows = rows.map(Vec::as_slice).unwrap_or_default();
        let lines: String = rows.iter().map(line).collect();
        match lines.is_empty() {
            true => "There is no treaty yet.\n\nNext: pacta treaty draft --help\n".to_owned(),
            false => format!("{lines}\nNext: pacta treaty show NAME\n"),
        }
    })?;
    Ok(Exit::Done)
}

fn line(row: &Value) -> String {
    let word = |name: &str| row.get(name).and_then(Value::as_str).unwrap_or_default();
    let title = row.get("titles").and_then(|titles| titles.get("en")).and_then(Value::as_str);
    format!("{:<24}{:<20}{}\n", word("id"), word("status"), title.unwrap_or(word("title")))
}

fn show(args: &ShowArgs, printer: Printer) -> Result<Exit> {
    let client = Client::new(&args.node);
    let answer = client.try_get(&format!("/api/v1/treaties/{}", args.treaty))?;
    let treaty: Value = match answer {
        Err(problem) if problem.status == 404 => return Err(unknown(&args.treaty)),
        answer => client.parse(&answer?)?,
    };
    let shown = json!(treaty);
    printer.answer(&shown, || {
        let text = serde_json::to_string_pretty(&shown).unwrap_or_default();
        format!("{text}\n\nNext: pacta receipt record treaty/{} -o receipt.json\n", args.treaty)
    })?;
    Ok(Exit::Done)
}

/// Reads `LANGUAGE=FILE`.
fn text(text: &str) -> std::result::Result<(String, PathBuf), String> {
    match text.split_once('=') {
        Some((language, file)) if !language.is_empty() && !file.is_empty() => {
            Ok((language.to_owned(), PathBuf::from(file)))
        }
        _ => Err("a text is written LANGUAGE=FILE, for example en=treaty-en.pdf".to_owned()),
    }
}
