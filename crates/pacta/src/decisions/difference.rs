//! In what an answer differs from what a case expects.

use serde::Serialize;

/// Something that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// What.
    pub of: String,
    /// What the case expects.
    pub expected: String,
    /// What was found.
    pub found: String,
}

impl Difference {
    /// A difference if the two are not equal.
    pub fn between(of: &str, expected: impl ToString, found: impl ToString) -> Option<Self> {
        let (expected, found) = (expected.to_string(), found.to_string());
        (expected != found).then(|| Self { of: of.to_owned(), expected, found })
    }

    /// As a line for people.
    pub fn line(&self) -> String {
        let Self { of, expected, found } = self;
        format!("  differs      {of}: {found}, but the case expects {expected}\n")
    }
}
