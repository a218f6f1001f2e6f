//! Where the passphrase of a key file comes from: a file, the environment, or a person.

use std::env;
use std::io::{self, IsTerminal};
use std::path::PathBuf;

use crate::failure::{Failure, Result};
use crate::files;

const VARIABLE: &str = "PACTA_PASSPHRASE";
const PASSPHRASE_BYTES_MIN: usize = 6;

/// Where to take the passphrase from.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct PassphraseArgs {
    /// File whose first line is the passphrase of the key file (otherwise the environment
    /// variable PACTA_PASSPHRASE, otherwise you are asked)
    #[arg(long, value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,
}

impl PassphraseArgs {
    /// The passphrase of a key file that exists.
    ///
    /// # Errors
    /// Exit code 2 when none is given and nobody can be asked.
    pub fn existing(&self) -> Result<String> {
        match self.given()? {
            Some(passphrase) => Ok(passphrase),
            None => prompt("Passphrase: "),
        }
    }

    /// A passphrase for a new key file: typed twice if typed.
    ///
    /// # Errors
    /// Exit code 2 when none is given and nobody can be asked, or when it is too short.
    pub fn new_one(&self) -> Result<String> {
        match self.given()? {
            Some(passphrase) => long_enough(passphrase),
            None => typed_twice(),
        }
    }

    /// As [`PassphraseArgs::new_one`], but never from the environment, which holds the old one.
    ///
    /// # Errors
    /// As [`PassphraseArgs::new_one`].
    pub fn replacement(&self) -> Result<String> {
        match self.of_file()? {
            Some(passphrase) => long_enough(passphrase),
            None => typed_twice(),
        }
    }

    fn given(&self) -> Result<Option<String>> {
        Ok(self.of_file()?.or_else(|| env::var(VARIABLE).ok()))
    }

    fn of_file(&self) -> Result<Option<String>> {
        let Some(path) = &self.passphrase_file else {
            return Ok(None);
        };
        let text = String::from_utf8(files::read(path)?)
            .map_err(|_| Failure::defective(format!("{} is not UTF-8", path.display())))?;
        Ok(Some(text.lines().next().unwrap_or_default().to_owned()))
    }
}

fn typed_twice() -> Result<String> {
    let passphrase = prompt("New passphrase: ")?;
    match prompt("The same again: ")? == passphrase {
        true => long_enough(passphrase),
        false => Err(Failure::usage("the two passphrases differ; try again")),
    }
}

fn long_enough(passphrase: String) -> Result<String> {
    match passphrase.len() < PASSPHRASE_BYTES_MIN {
        true => Err(Failure::usage(format!(
            "the passphrase is under {PASSPHRASE_BYTES_MIN} bytes; choose a longer one"
        ))),
        false => Ok(passphrase),
    }
}

fn prompt(question: &str) -> Result<String> {
    if !io::stdin().is_terminal() {
        return Err(Failure::usage(format!(
            "no passphrase is given and nobody can be asked; pass --passphrase-file or set \
             {VARIABLE}"
        )));
    }
    rpassword::prompt_password(question)
        .map_err(|error| Failure::failed(format!("cannot read a passphrase: {error}")))
}
