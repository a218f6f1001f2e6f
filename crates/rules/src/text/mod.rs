//! Rules as text: `yes >= 2/3 pv & each g in {A, B}: yes@g > no@g`.
//!
//! The grammar is in `docs/rules.md`. One tree has one text; a reader may write it with other
//! spaces and with more parentheses, and gets it back in the one form.

mod parse;
mod parse_rule;
mod print;
mod print_rule;
#[cfg(test)]
mod rule_tests;
#[cfg(test)]
mod tests;
mod token;

use alloc::string::String;

pub use parse::TEXT_NESTING_MAX;
pub use token::TEXT_BYTES_MAX;

pub(crate) use token::is_word;

use parse::Parser;
use print::Printer;

use crate::condition::{Condition, Surroundings};
use crate::decision_rule::DecisionRule;
use crate::electorate::Ballots;
use crate::error::Error;
use crate::tree::Rule;

impl Condition {
    /// Reads a condition over votes.
    ///
    /// # Errors
    /// [`Error::Form`] with line, column and the line itself; [`Error::Limit`] above a limit.
    pub fn from_text(text: &str) -> Result<Self, Error> {
        let mut parser = Parser::new(text)?;
        let condition = parser.condition()?;
        parser.end()?;
        Ok(condition)
    }

    /// The one text of a condition over votes.
    #[must_use]
    pub fn to_text(&self) -> String {
        Printer { consents: false }.condition(self)
    }
}

impl Rule {
    /// Reads a rule that speaks of no partition.
    ///
    /// # Errors
    /// As [`Condition::from_text`] and [`Condition::expand`].
    pub fn from_text(text: &str) -> Result<Self, Error> {
        Condition::from_text(text)?.expand(Surroundings::NONE)
    }

    /// The text that is read as this very tree.
    #[must_use]
    pub fn to_text(&self) -> String {
        Condition::from(self).to_text()
    }
}

impl DecisionRule {
    /// Reads a whole decision rule and checks it.
    ///
    /// # Errors
    /// [`Error::Form`] with line and column where the text is not in form or a field is missing,
    /// or with the field where what it says does not fit; [`Error::Limit`] above a limit.
    pub fn from_text(text: &str) -> Result<Self, Error> {
        let rule = Parser::new(text)?.decision_rule()?;
        rule.check()?;
        Ok(rule)
    }

    /// The one text of the rule.
    #[must_use]
    pub fn to_text(&self) -> String {
        print_rule::decision_rule(self)
    }
}

impl Ballots {
    /// As they are written in text, such as `pv`.
    pub(crate) fn text(self) -> String {
        Printer { consents: false }.ballots(self)
    }
}
