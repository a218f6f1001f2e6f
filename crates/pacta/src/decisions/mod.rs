//! Votes decided again, power under rules, and the rules of decision themselves: what `pacta
//! decide`, `pacta power` and `pacta rule` answer.
//!
//! Nothing here needs a network: the answers are those of `pacta-rules`, with words around them.

pub mod analysis;
pub mod compare;
pub mod decide;
mod decide_words;
mod difference;
mod flips;
pub mod game;
pub mod lint;
mod lint_ballots;
mod lint_words;
pub mod power;
mod power_words;
pub mod show;
pub mod source;

/// Names in a sentence: the first few, and how many more there are.
fn names<T: AsRef<str>>(names: &[T]) -> String {
    const SHOWN_MAX: usize = 8;
    let shown: Vec<&str> = names.iter().take(SHOWN_MAX).map(AsRef::as_ref).collect();
    match names.len().saturating_sub(SHOWN_MAX) {
        0 if names.is_empty() => "nobody".to_owned(),
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// A number with its noun, which takes an `s` if there are several.
fn count(number: impl std::fmt::Display, noun: &str) -> String {
    let number = number.to_string();
    let plural = if number == "1" { "" } else { "s" };
    format!("{number} {noun}{plural}")
}
