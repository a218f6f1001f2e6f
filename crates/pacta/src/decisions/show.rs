//! Rules of the library and of files: listed, shown, explained.

use pacta_rules::DecisionRule;
use pacta_rules::library::{LIBRARY, LibraryRule};
use pacta_rules::members::LibraryMembership;
use serde::Serialize;
use serde_json::Value;

use super::source::{Named, out_of_form};
use crate::failure::{Failure, Result};

/// A rule of the library in a list.
#[derive(Clone, Debug, Serialize)]
pub struct Listed {
    /// Its number in the catalogue.
    pub number: u32,
    /// Its name.
    pub slug: &'static str,
    /// What it is the rule of.
    pub title: String,
    /// Where it is laid down.
    pub source: String,
    /// Why it must be compared with its source before it is relied on, if it must.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verify: Option<&'static str>,
    /// The members that are shipped with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub members: Option<&'static str>,
}

/// All rules of the library.
///
/// # Errors
/// None: the tests read every rule.
pub fn list() -> Result<Vec<Listed>> {
    let listed = |library: &LibraryRule| {
        let rule = library.read().map_err(|error| out_of_form(library.slug, &error))?;
        Ok(Listed {
            number: library.number,
            slug: library.slug,
            title: rule.title,
            source: rule.source,
            verify: rule.verify.map(|verify| verify.word()),
            members: LibraryMembership::of_rule(library.slug).map(|members| members.slug),
        })
    };
    LIBRARY.iter().map(listed).collect()
}

/// The list, for people.
pub fn list_words(rules: &[Listed]) -> String {
    let width = rules.iter().map(|rule| rule.slug.len()).max().unwrap_or(0);
    let line = |rule: &Listed| {
        let verify = if rule.verify.is_some() { "*" } else { " " };
        format!("{:width$} {verify} {}\n", rule.slug, rule.title)
    };
    let mut text: String = rules.iter().map(line).collect();
    text.push_str("* written from memory: compare it with its source before you rely on it\n");
    text.push_str(
        "Show one with `pacta rule show SLUG`, in plain words with `pacta rule explain SLUG`.\n",
    );
    text
}

/// A rule in both its forms.
#[derive(Clone, Debug, Serialize)]
pub struct Shown {
    /// Its name.
    pub name: String,
    /// Its text.
    pub text: String,
    /// Its JSON.
    pub json: Value,
}

/// A rule in both its forms.
///
/// # Errors
/// None: what was read is written as JSON.
pub fn show(named: &Named) -> Result<Shown> {
    let rule: &DecisionRule = &named.rule;
    let json = serde_json::from_str(&rule.to_json()).map_err(Failure::failed)?;
    Ok(Shown { name: named.name.clone(), text: rule.to_text(), json })
}
