//! How far the conditions for entry into force are, each in words and as a bar.

use maud::{Markup, html};
use pacta_law::treaty::{Participant, Progress};

use super::words;
use crate::standing::Row;

/// The conditions as a list; `rows` give the names.
pub fn list(progress: &Progress, rows: &[Row]) -> Markup {
    html! {
        ul.conditions {
            @match progress {
                Progress::AllOf(all) => @for each in all { (item(each, rows)) },
                other => (item(other, rows)),
            }
        }
    }
}

fn item(progress: &Progress, rows: &[Row]) -> Markup {
    html! {
        li {
            @match progress {
                Progress::Test { counted, have, need, missing } => {
                    p {
                        @if progress.is_met() {
                            span.mark.good { "met" }
                        } @else {
                            span.mark.warn { "missing" }
                        }
                        " " (counted) ": " strong { (have.to_string()) } " of "
                        (need.to_string())
                        @if !missing.is_empty() { "; not yet " (names(missing, rows)) }
                    }
                    progress value=(thousandths(have.0, need.0)) max="1000"
                        aria-label=(format!("{counted}: {have} of {need}")) {}
                }
                Progress::AllOf(all) => {
                    p { "All of these:" }
                    ul.conditions { @for each in all { (item(each, rows)) } }
                }
                Progress::AnyOf(any) => {
                    p { "One of these:" }
                    ul.conditions { @for each in any { (item(each, rows)) } }
                }
            }
        }
    }
}

fn names(missing: &[Participant], rows: &[Row]) -> String {
    let name = |who: &Participant| {
        let row = rows.iter().find(|row| row.participant == *who);
        row.map_or_else(|| who.to_string(), |row| row.name.clone())
    };
    words::listed(&missing.iter().map(name).collect::<Vec<_>>())
}

/// The part of `need` that there is, in thousandths, never more than all.
fn thousandths(have: u128, need: u128) -> u128 {
    match need {
        0 => 1_000,
        need => have.min(need).saturating_mul(1_000) / need,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_never_more_than_full() {
        assert_eq!(thousandths(0, 0), 1_000);
        assert_eq!(thousandths(1, 3), 333);
        assert_eq!(thousandths(9, 3), 1_000);
    }
}
