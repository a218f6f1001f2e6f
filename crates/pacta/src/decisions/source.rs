//! Files of cases, of rules and of members, and the rules of the library by name.

use std::path::Path;

use pacta_rules::library::{LIBRARY, LibraryRule};
use pacta_rules::members::LibraryMembership;
use pacta_rules::strict::read_json;
use pacta_rules::{Case, DecisionRule, Error, Membership, Question};
use serde_json::Value;

use crate::failure::{Exit, Failure, Result};
use crate::files;

/// A case as it stands in a file.
#[derive(Clone, Debug)]
pub struct Published {
    /// The case.
    pub case: Case,
    /// All of it, with members that only some commands read.
    pub value: Value,
    /// Where it stands: file and case, as errors name them.
    pub place: String,
}

/// A rule of decision and where it is from.
#[derive(Clone, Debug)]
pub struct Named {
    /// The name of the library, or of the file.
    pub name: String,
    /// The rule.
    pub rule: DecisionRule,
}

/// What is wrong at a place, as the failure of a command.
pub fn out_of_form(place: &str, error: &Error) -> Failure {
    Failure::defective(match error {
        Error::Form { .. } => format!("{place}: {error}"),
        Error::Limit { .. } => format!("{place}: {error}; make it smaller"),
    })
}

/// The text of a file that is not empty.
///
/// # Errors
/// Exit code 74 when it cannot be read, 65 when it holds no text.
pub fn text(path: &Path, what: &str) -> Result<String> {
    let name = path.display();
    let text = String::from_utf8(files::read(path)?).map_err(|_| {
        Failure::defective(format!("{name} is not text in UTF-8; give a file that holds {what}"))
    })?;
    if text.trim().is_empty() {
        return Err(Failure::defective(format!("{name} is empty; give a file that holds {what}")));
    }
    Ok(text)
}

/// The cases of a file, all of them votes, or all questions of power.
///
/// # Errors
/// Exit code 74 when it cannot be read, 65 when it or a case in it is out of form or of the other
/// kind, naming the case.
pub fn cases(path: &Path, votes: bool) -> Result<Vec<Published>> {
    let name = path.display();
    let text = text(path, "a list of cases")?;
    let value = read_json(&text, &name.to_string())
        .map_err(|error| Failure::defective(format!("{error}; correct it there")))?;
    let Value::Array(list) = value else {
        return Err(Failure::defective(format!("{name} holds no list; write the cases in [...]")));
    };
    if list.is_empty() {
        return Err(Failure::defective(format!("{name} holds no case; add one to the list")));
    }
    let read = |(number, value): (usize, Value)| {
        let id = value.get("id").and_then(Value::as_str).unwrap_or("without id");
        let place = format!("{name}, case {} ({id})", number + 1);
        let case = Case::from_value(&value).map_err(|error| out_of_form(&place, &error))?;
        let other = match (&case.question, votes) {
            (Question::Vote { .. }, true) | (Question::Power { .. }, false) => None,
            (Question::Power { .. }, true) => Some("is of kind index; use `pacta power`"),
            (Question::Vote { .. }, false) => Some("is of kind vote; use `pacta decide`"),
        };
        match other {
            Some(problem) => Err(Failure::defective(format!("{place}: {problem}"))),
            None => Ok(Published { case, value, place }),
        }
    };
    list.into_iter().enumerate().map(read).collect()
}

/// The members of a file.
///
/// # Errors
/// Exit code 74 when it cannot be read, 65 when it is out of form.
pub fn members(path: &Path) -> Result<Membership> {
    let name = path.display().to_string();
    Membership::from_json(&text(path, "members")?, "members")
        .map_err(|error| out_of_form(&name, &error))
}

/// The members that are asked for, by the name of shipped ones or in a file; else those that are
/// shipped under the name of the rule, or with it.
///
/// # Errors
/// As [`members`], and exit code 2 if none are asked for and none are shipped.
pub fn members_of(name: &str, asked: Option<&Path>) -> Result<Membership> {
    let shipped = match asked.map(Path::to_str) {
        Some(asked) => asked.and_then(LibraryMembership::of_slug),
        None => LibraryMembership::of_slug(name).or_else(|| LibraryMembership::of_rule(name)),
    };
    match (shipped, asked) {
        (Some(shipped), _) => shipped.read().map_err(|error| out_of_form(name, &error)),
        (None, Some(file)) => members(file),
        (None, None) => Err(Failure::usage(format!(
            "who decides under {name} is not known; give its members with --members FILE"
        ))),
    }
}

/// A rule of the library by its name or that of its members, or a rule in a file, as text or as
/// JSON.
///
/// # Errors
/// Exit code 2 for a name that the library lacks, 74 when a file cannot be read, 65 when it is out
/// of form.
pub fn rule(name: &str) -> Result<Named> {
    let slug = LibraryMembership::of_slug(name).map_or(name, |membership| membership.rule);
    if let Some(rule) = LibraryRule::of_slug(slug) {
        return read_rule(name, rule.text);
    }
    let path = Path::new(name);
    if !path.exists() && !name.contains(['/', '.']) {
        return Err(unknown(name));
    }
    read_rule(name, &text(path, "a rule, as text or as canonical JSON")?)
}

/// JSON begins with a brace, and no text of a rule does.
fn read_rule(name: &str, text: &str) -> Result<Named> {
    let read = match text.trim_start().starts_with('{') {
        true => DecisionRule::from_json(text.trim()),
        false => DecisionRule::from_text(text),
    };
    let rule = read.map_err(|error| out_of_form(name, &error))?;
    Ok(Named { name: name.to_owned(), rule })
}

fn unknown(name: &str) -> Failure {
    let words: Vec<&str> = name.split('-').filter(|word| word.len() > 2).collect();
    let shared =
        |rule: &&LibraryRule| words.iter().filter(|word| rule.slug.contains(**word)).count();
    let most = LIBRARY.iter().map(|rule| shared(&rule)).max().filter(|most| *most > 0);
    let near = LIBRARY.iter().filter(|rule| Some(shared(rule)) == most);
    let near: Vec<&str> = near.map(|rule| rule.slug).take(4).collect();
    let hint = match near.as_slice() {
        [] => "see `pacta rule list`".to_owned(),
        near => format!("did you mean {}? all are in `pacta rule list`", near.join(" or ")),
    };
    Failure::new(Exit::Usage, format!("`{name}` is no rule of the library and no file; {hint}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_that_are_asked_for_go_before_those_that_are_shipped() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("members.json");
        std::fs::write(&file, r#"[{"id": "m", "n": 3, "g": ["P5"]}]"#).expect("it is written");
        let lines = |asked: Option<&Path>| {
            let found = members_of("unsc-1965", asked).expect("members");
            found.electorate.members.iter().map(|member| member.count).collect::<Vec<_>>()
        };
        assert_eq!(lines(None), [5, 10]);
        assert_eq!(lines(Some(&file)), [3]);
        assert_eq!(lines(Some(Path::new("unsc-1945"))), [5, 6]);
    }

    #[test]
    fn a_file_of_members_is_never_one_that_is_shipped() {
        assert!(LibraryMembership::of_slug("unsc-1945").is_some());
        assert!(members(Path::new("unsc-1945")).is_err(), "there is no file of this name");
    }
}
