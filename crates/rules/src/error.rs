//! What is wrong with a rule, an electorate or ballots.

use alloc::string::String;

/// Why something is refused. The message says where, what is wrong, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It is not in form.
    #[error("{at}: {problem}")]
    Form {
        /// Where: a place in the tree such as `rule.args[1].l`, or a member's id.
        at: String,
        /// What is wrong, and what to do.
        problem: String,
    },
    /// It exceeds a limit.
    #[error("{what}: {found} is more than the limit of {limit}")]
    Limit {
        /// What is counted.
        what: &'static str,
        /// How much there is.
        found: u64,
        /// How much there may be.
        limit: u64,
    },
}

impl Error {
    /// Something at a place is not in form.
    pub fn form(at: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Form { at: at.into(), problem: problem.into() }
    }
}
