//! `pacta rule`: rules of decision, shown, explained, checked, compared.

use std::path::PathBuf;

use serde_json::json;

use crate::decisions::compare::compare;
use crate::decisions::lint::{Standing, lint};
use crate::decisions::{show, source};
use crate::failure::{Exit, Result};
use crate::printer::Printer;

/// Rules of decision: list, show, explain, check, compare
#[derive(clap::Subcommand)]
pub enum RuleCommand {
    List(ListArgs),
    Show(ShowArgs),
    Explain(ExplainArgs),
    Lint(LintArgs),
    Compare(CompareArgs),
}

/// List the rules of the library
///
/// Rules of organizations and States. A star marks those that were written from memory.
#[derive(clap::Args)]
pub struct ListArgs {}

/// Show a rule as text
///
/// With --json also as canonical JSON. The language is described in docs/rules.md.
///
/// Example: pacta rule show 01-unsc-substance
#[derive(clap::Args)]
pub struct ShowArgs {
    /// Name in the library, or file with the rule as text or as canonical JSON
    #[arg(value_name = "SLUG|FILE")]
    rule: String,
}

/// Explain a rule in plain words
///
/// Example: pacta rule explain 49-eu-qualified
#[derive(clap::Args)]
pub struct ExplainArgs {
    /// Name in the library, or file with the rule as text or as canonical JSON
    #[arg(value_name = "SLUG|FILE")]
    rule: String,
}

/// Check whether a rule would be admitted
///
/// Each check has a verdict and, where it fails, the votes that show it; then come vetoers,
/// smallest coalitions and power, for those who vote on the rule. Exits with 65 if the rule would
/// be refused, with 3 if the analysis is too large to say.
///
/// Example: pacta rule lint my.rule --members members.json
#[derive(clap::Args)]
pub struct LintArgs {
    /// Name in the library, or file with the rule as text or as canonical JSON
    #[arg(value_name = "SLUG|FILE")]
    rule: String,
    /// Members, each {id, n, g, w} or a row of a table of votes; or the name of shipped ones
    #[arg(long, value_name = "FILE")]
    members: Option<PathBuf>,
}

/// Compare power before and after a change of rule or membership
///
/// Each side is a case `FILE#ID` of kind index, members that are shipped (unsc-1945, unsc-1965), or
/// a rule with --members; given twice, the first is for before and the second for after. Of a rule
/// with several stages the last vote is compared. Fractions are exact.
///
/// Example: pacta rule compare unsc-1945 unsc-1965
#[derive(clap::Args)]
pub struct CompareArgs {
    /// What is before
    before: String,
    /// What is after
    after: String,
    /// Members of the rules, where they are not shipped
    #[arg(long, value_name = "FILE")]
    members: Vec<PathBuf>,
}

/// Runs the command.
///
/// # Errors
/// Exit code 2 for a name that is not known, 74 when a file cannot be read, 65 when one is out of
/// form.
pub fn run(command: RuleCommand, printer: Printer) -> Result<Exit> {
    match command {
        RuleCommand::List(ListArgs {}) => {
            let rules = show::list()?;
            printer.answer(&json!({ "rules": rules }), || show::list_words(&rules))?;
        }
        RuleCommand::Show(ShowArgs { rule }) => {
            let shown = show::show(&source::rule(&rule)?)?;
            printer.answer(&shown, || shown.text.clone())?;
        }
        RuleCommand::Explain(ExplainArgs { rule }) => {
            let words = source::rule(&rule)?.rule.words();
            printer.answer(&json!({ "name": rule, "words": words }), || words.clone())?;
        }
        RuleCommand::Lint(args) => return run_lint(&args, printer),
        RuleCommand::Compare(CompareArgs { before, after, members }) => {
            let compared = compare(&before, &after, &members)?;
            printer.answer(&compared, || compared.words())?;
        }
    }
    Ok(Exit::Done)
}

fn run_lint(args: &LintArgs, printer: Printer) -> Result<Exit> {
    let named = source::rule(&args.rule)?;
    let membership = source::members_of(&named.name, args.members.as_deref())?;
    let report = lint(&named, &membership)?;
    printer.answer(&report, || report.words())?;
    Ok(match (report.any(Standing::Refused), report.admitted) {
        (true, _) => Exit::Defective,
        (false, true) => Exit::Done,
        (false, false) => Exit::CannotTell,
    })
}
