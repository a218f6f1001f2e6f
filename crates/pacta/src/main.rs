//! The ledger that States keep together: the command.

#![deny(missing_docs)]

mod act;
mod against;
mod author;
mod backup;
mod cli;
mod client;
mod commands;
mod decisions;
mod disk;
mod divergence;
mod doctor;
mod evidence;
mod failure;
mod files;
mod keyfile;
mod network;
mod passphrase;
mod printer;
mod replay;
mod seal;
mod serve;
mod signer;

use std::process::ExitCode;

fn main() -> ExitCode {
    match cli::run() {
        Ok(exit) => ExitCode::from(exit as u8),
        Err(failure) => {
            printer::progress(format!("error: {failure}"));
            ExitCode::from(failure.exit as u8)
        }
    }
}
