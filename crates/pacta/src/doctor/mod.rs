//! What is checked of a node, from its directory and over HTTP.

mod directory;
mod nodes;

use serde::Serialize;

pub use self::directory::check_directory;
pub use self::nodes::check_nodes;

/// What came of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// As it should be.
    Good,
    /// Something to look at.
    Warning,
    /// Something to put right.
    Bad,
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was checked: a name for programs.
    pub check: &'static str,
    /// Of what: a file, a folder or an address.
    pub of: String,
    /// What came of it.
    pub state: State,
    /// What was found.
    pub found: String,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
}

/// Checks as they are made.
#[derive(Default)]
pub struct Checks(pub Vec<Check>);

impl Checks {
    /// Something is as it should be.
    pub fn good(&mut self, check: &'static str, of: impl ToString, found: impl ToString) {
        self.push(check, of, State::Good, found, None);
    }

    /// Something needs a look.
    pub fn warn(
        &mut self,
        check: &'static str,
        of: impl ToString,
        found: impl ToString,
        advice: &str,
    ) {
        self.push(check, of, State::Warning, found, Some(advice));
    }

    /// Something must be put right.
    pub fn bad(
        &mut self,
        check: &'static str,
        of: impl ToString,
        found: impl ToString,
        advice: &str,
    ) {
        self.push(check, of, State::Bad, found, Some(advice));
    }

    fn push(
        &mut self,
        check: &'static str,
        of: impl ToString,
        state: State,
        found: impl ToString,
        advice: Option<&str>,
    ) {
        let (of, found, advice) = (of.to_string(), found.to_string(), advice.map(str::to_owned));
        self.0.push(Check { check, of, state, found, advice });
    }
}
