//! The list of commands.

use clap::{Parser, Subcommand};

use crate::commands::{
    actor, backup, bench, decide, demo, devnet, diverge, doctor, file, found, join, key, node,
    power, receipt, replay, rule, sim, treaty, validator, verify,
};
use crate::failure::{EXIT_CODES, Exit, Result};
use crate::printer::Printer;

/// The ledger that the parties of international agreements keep together
///
/// One program is the node, the command, the API and the web interface. Start with `pacta demo`:
/// five nodes on this machine conclude a treaty.
#[derive(Parser)]
#[command(name = "pacta", version, after_help = EXIT_CODES, propagate_version = true)]
struct Cli {
    /// Print one JSON object on standard output
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Demo(demo::DemoArgs),
    Devnet(devnet::DevnetArgs),
    #[command(subcommand)]
    Found(found::FoundCommand),
    Node(node::NodeArgs),
    Join(join::JoinArgs),
    Backup(backup::BackupArgs),
    Restore(backup::RestoreArgs),
    Doctor(doctor::DoctorArgs),
    Diverge(diverge::DivergeArgs),
    #[command(subcommand)]
    Key(key::KeyCommand),
    #[command(subcommand)]
    Actor(actor::ActorCommand),
    #[command(subcommand)]
    Treaty(treaty::TreatyCommand),
    #[command(subcommand)]
    Validator(validator::ValidatorCommand),
    #[command(subcommand)]
    Receipt(receipt::ReceiptCommand),
    #[command(subcommand)]
    File(file::FileCommand),
    Verify(verify::VerifyArgs),
    Replay(replay::ReplayArgs),
    Decide(decide::DecideArgs),
    Power(power::PowerArgs),
    #[command(subcommand)]
    Rule(rule::RuleCommand),
    Bench(bench::BenchArgs),
    Sim(sim::SimArgs),
}

/// Reads the command line and runs the command.
///
/// # Errors
/// What the command failed with. Wrong usage ends the program here, with exit code 2.
pub fn run() -> Result<Exit> {
    let cli = Cli::parse();
    let printer = Printer::new(cli.json);
    match cli.command {
        Command::Demo(args) => demo::run(&args, printer),
        Command::Devnet(args) => devnet::run(&args, printer),
        Command::Found(command) => found::run(command, printer),
        Command::Node(args) => node::run(&args),
        Command::Join(args) => join::run(&args, printer),
        Command::Backup(args) => backup::back_up(&args, printer),
        Command::Restore(args) => backup::restore(&args, printer),
        Command::Doctor(args) => doctor::run(&args, printer),
        Command::Diverge(args) => diverge::run(&args, printer),
        Command::Key(command) => key::run(command, printer),
        Command::Actor(command) => actor::run(command, printer),
        Command::Treaty(command) => treaty::run(command, printer),
        Command::Validator(command) => validator::run(command, printer),
        Command::Receipt(command) => receipt::run(command, printer),
        Command::File(command) => file::run(command, printer),
        Command::Verify(args) => verify::run(&args, printer),
        Command::Replay(args) => replay::run(&args, printer),
        Command::Decide(args) => decide::run(&args, printer),
        Command::Power(args) => power::run(&args, printer),
        Command::Rule(command) => rule::run(command, printer),
        Command::Bench(args) => bench::run(&args, printer),
        Command::Sim(args) => sim::run(&args, printer),
    }
}
