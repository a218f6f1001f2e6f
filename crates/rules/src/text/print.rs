//! From a condition to its one text.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::parse::{BALLOT_WORDS, CONSENTS};
use super::token::name_text;
use crate::condition::{Condition, Groups};
use crate::electorate::Ballots;
use crate::tree::{Linear, Quantity, Set, Tally, Term, Weight};

/// How closely what is around holds its parts: parts that hold less closely need parentheses.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Around {
    Nothing,
    Any,
    All,
    Not,
}

/// Prints conditions, with the word of votes or of consents.
#[derive(Clone, Copy)]
pub(crate) struct Printer {
    /// Whether consents to be bound are counted rather than votes.
    pub(crate) consents: bool,
}

impl Printer {
    pub(crate) fn condition(self, condition: &Condition) -> String {
        self.within(condition, Around::Nothing)
    }

    fn within(self, condition: &Condition, around: Around) -> String {
        let (text, needs_parentheses) = match condition {
            Condition::All(of) if of.len() > 1 => {
                (self.joined(of, Around::All, " & "), around > Around::Any)
            }
            Condition::Any(of) if of.len() > 1 => {
                (self.joined(of, Around::Any, " | "), around > Around::Nothing)
            }
            Condition::All(of) => (self.listed("all", of), false),
            Condition::Any(of) => (self.listed("any", of), false),
            Condition::KOf { k, of } => (self.listed(&k.to_string(), of), false),
            Condition::Not(of) => (format!("!{}", self.within(of, Around::Not)), false),
            Condition::Groups { k, variable, of, holds } => {
                let many = k.map_or("each".into(), |k| format!("some {k}"));
                let (variable, of) = (name_text(variable), groups(of));
                let holds = self.within(holds, Around::All);
                (format!("{many} {variable} in {of}: {holds}"), around == Around::Not)
            }
            Condition::Compare { left, sign, right } => {
                let (left, right) = (self.linear(left), self.linear(right));
                (format!("{left} {} {right}", sign.symbol()), around == Around::Not)
            }
        };
        if needs_parentheses { format!("({text})") } else { text }
    }

    fn joined(self, of: &[Condition], around: Around, sign: &str) -> String {
        of.iter().map(|each| self.within(each, around)).collect::<Vec<_>>().join(sign)
    }

    fn listed(self, many: &str, of: &[Condition]) -> String {
        format!("{many} of {{{}}}", self.joined(of, Around::Nothing, ", "))
    }

    fn linear(self, Linear(terms): &Linear) -> String {
        let mut text = String::new();
        for (i, term) in terms.iter().enumerate() {
            text.push_str(match (i, term.numerator < 0) {
                (0, false) => "",
                (0, true) => "-",
                (_, false) => " + ",
                (_, true) => " - ",
            });
            text.push_str(&self.term(term));
        }
        text
    }

    /// A term without its sign.
    fn term(self, Term { numerator, denominator, of }: &Term) -> String {
        let fraction = match (numerator.unsigned_abs(), denominator) {
            (numerator, 1) => numerator.to_string(),
            (numerator, denominator) => format!("{numerator}/{denominator}"),
        };
        match of {
            Quantity::One => fraction,
            Quantity::Tally(tally) if fraction == "1" => self.tally(tally),
            Quantity::Tally(tally) => format!("{fraction} {}", self.tally(tally)),
        }
    }

    fn tally(self, Tally { weight, set, ballots }: &Tally) -> String {
        let mut text = self.ballots(*ballots);
        if let Set::Named(set) = set {
            text = format!("{text}@{}", name_text(set));
        }
        if let Weight::Column(column) = weight {
            text = format!("{text}*{}", name_text(column));
        }
        text
    }

    pub(crate) fn ballots(self, ballots: Ballots) -> String {
        match BALLOT_WORDS.into_iter().find(|(_, known)| *known == ballots) {
            Some(("yes", _)) if self.consents => CONSENTS.into(),
            Some((word, _)) => word.into(),
            None => {
                let each = ballots.iter().map(|ballot| self.ballots(Ballots::of(ballot)));
                format!("({})", each.collect::<Vec<_>>().join("+"))
            }
        }
    }
}

fn groups(of: &Groups) -> String {
    match of {
        Groups::Partition(name) => name_text(name),
        Groups::Listed(names) => name_list(names),
    }
}

/// Names in braces.
pub(crate) fn name_list(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| name_text(name)).collect();
    format!("{{{}}}", names.join(", "))
}
