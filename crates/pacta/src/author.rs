//! From the options of a command that signs to an act that is final: shown, asked, signed, sent.

use std::path::PathBuf;

use pacta_law::actor::Key;
use pacta_law::{Data, MandateId};
use serde_json::{Value, json};

use crate::act::{self, Author, Final, Prepared, View};
use crate::client::Client;
use crate::failure::{Exit, Failure, Result};
use crate::keyfile::KeyFile;
use crate::passphrase::PassphraseArgs;
use crate::printer::{Printer, ask, progress};

/// Who signs, at which node, and how far to go.
#[derive(Clone, Debug, clap::Args)]
pub struct SigningArgs {
    /// Key file of the key that signs
    #[arg(long = "key", env = "PACTA_KEY", value_name = "FILE")]
    key_file: PathBuf,
    /// Mandate by which the key acts (otherwise the one that the key file names)
    #[arg(long, env = "PACTA_MANDATE", value_name = "ID")]
    mandate: Option<MandateId>,
    #[command(flatten)]
    passphrase: PassphraseArgs,
    /// Node to ask and to submit to
    #[arg(long, env = "PACTA_NODE", value_name = "URL", default_value = act::DEFAULT_NODE)]
    node: String,
    /// Show what would be signed and what would come of it, and stop
    #[arg(long)]
    dry_run: bool,
    /// Do not ask before signing
    #[arg(long, short)]
    yes: bool,
    /// Submit the act even if it would be refused, so that the refusal is on record
    #[arg(long)]
    on_record: bool,
    /// Write the receipt of the act to this file
    #[arg(long, value_name = "FILE")]
    receipt: Option<PathBuf>,
    /// Write the node's signed word that it took the act to this file, at once: `pacta verify
    /// FILE --against URL` tells later whether the act became final
    #[arg(long, value_name = "FILE")]
    admission: Option<PathBuf>,
}

impl SigningArgs {
    /// The node.
    pub fn client(&self) -> Client {
        Client::new(&self.node)
    }

    /// The passphrase of the key that signs.
    pub fn passphrase(&self) -> &PassphraseArgs {
        &self.passphrase
    }

    /// Who acts: the key of the file, for the actor that the ledger says it belongs to.
    ///
    /// # Errors
    /// Exit code 1 when the key is not registered; those of [`KeyFile::read`].
    pub fn author(&self) -> Result<Author> {
        let file = KeyFile::read(&self.key_file)?;
        let mut view = View::open(&self.client())?;
        let registered: Option<Key> = view.record(&Key::path(file.key))?;
        let registered = registered.ok_or_else(|| {
            Failure::failed(format!(
                "the key {} is not registered on this network; have a key of its actor register \
                 it: pacta actor register-key",
                file.key
            ))
        })?;
        let mandate = self.mandate.or(file.mandate);
        Ok(Author { key: file.key, actor: registered.actor, mandate })
    }

    /// Does an act: composes it, tries it, shows it, asks, signs, submits, waits until it is final.
    ///
    /// # Errors
    /// Exit code 1 when the act is refused, 2 when nobody can be asked, 69 when the node does not
    /// answer.
    pub fn perform(&self, data: Data, printer: Printer) -> Result<Exit> {
        let client = self.client();
        let author = self.author()?;
        let prepared = act::prepare(&client, &author, data)?;
        progress(describe(&prepared));
        if self.dry_run {
            return dry(&prepared, printer);
        }
        if let Err(refusal) = &prepared.tried
            && !self.on_record
        {
            let failure = Failure::from(refusal);
            return Err(Failure::failed(format!("{failure}; nothing was signed")));
        }
        if !self.yes && !ask("Sign this?")? {
            return Err(Failure::failed("nothing was signed"));
        }
        let secret = KeyFile::read(&self.key_file)?.open(&self.passphrase.existing()?)?;
        let signed = act::sign(&secret, &prepared.act)?;
        if let Some(file) = &self.admission {
            act::admit(&client, &signed, self.on_record, file)?;
        }
        let done = act::submit(&client, &signed, self.on_record)?;
        if let Some(file) = &self.receipt {
            act::write_receipt(&client, done.standing.id, file)?;
        }
        printer.answer(&answer(&done, self), || text(&done, self))?;
        match done.is_executed() {
            true => Ok(Exit::Done),
            false => Ok(Exit::Failed),
        }
    }
}

fn describe(prepared: &Prepared) -> String {
    let tried = match &prepared.tried {
        Ok(_) => "The ledger would execute it.".to_owned(),
        Err(refusal) => format!("The ledger would refuse it: {refusal}."),
    };
    format!("You sign:\n\n  {}\n\n{tried}", prepared.act.says)
}

fn dry(prepared: &Prepared, printer: Printer) -> Result<Exit> {
    let act: Value = serde_json::from_slice(&prepared.act.to_bytes()).map_err(Failure::failed)?;
    let (value, exit) = match &prepared.tried {
        Ok(events) => (json!({ "act": act, "would_be": "executed", "events": events }), Exit::Done),
        Err(refusal) => {
            let (code, name) = (refusal.code(), refusal.name());
            let sentence = refusal.to_string();
            let value = json!({
                "act": act, "would_be": "refused", "code": code, "refusal": name,
                "sentence": sentence,
            });
            (value, Exit::Failed)
        }
    };
    printer.answer(&value, || "Nothing was signed.\n".to_owned())?;
    Ok(exit)
}

fn answer(done: &Final, args: &SigningArgs) -> Value {
    json!({
        "act": done.standing.id,
        "status": done.standing.status,
        "height": done.standing.height,
        "outcome": done.standing.outcome,
        "ms": u64::try_from(done.elapsed.as_millis()).unwrap_or(u64::MAX),
        "receipt": args.receipt,
        "admission": args.admission,
    })
}

fn text(done: &Final, args: &SigningArgs) -> String {
    let id = done.standing.id;
    let height = done.standing.height.unwrap_or_default();
    let became = match done.is_executed() {
        true => "executed".to_owned(),
        false => format!("refused: {}", done.refusal().unwrap_or("see its receipt")),
    };
    let next = match &args.receipt {
        Some(file) => format!("pacta verify {}", file.display()),
        None => format!("pacta receipt act {id} -o receipt.json"),
    };
    let ms = done.elapsed.as_millis();
    format!("Final in block {height} after {ms} ms, {became}.\nact  {id}\n\nNext: {next}\n")
}
