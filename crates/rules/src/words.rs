//! Conditions in plain words.
//!
//! "At least two thirds of those present and voting are in favour": a sentence for who decides,
//! exact enough for who must apply it.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use crate::condition::{Condition, Groups, Sign};
use crate::decision_rule::DecisionRule;
use crate::electorate::{Ballot, Ballots};
use crate::tree::{Linear, Quantity, Rule, Set, Tally, Term, Weight};

/// How sets and columns are called.
#[derive(Clone, Copy)]
pub(crate) struct Speaker<'a> {
    /// The rule that describes them, if there is one.
    rule: Option<&'a DecisionRule>,
    /// Whether consents to be bound are counted rather than votes.
    consents: bool,
    /// The word that stands for the group of which is spoken.
    group: Option<&'a str>,
}

impl Rule {
    /// The rule in plain words, one condition a line.
    #[must_use]
    pub fn words(&self) -> String {
        Condition::from(self).words()
    }
}

impl Condition {
    /// The condition in plain words, one part a line.
    #[must_use]
    pub fn words(&self) -> String {
        Speaker { rule: None, consents: false, group: None }.condition(self).join("\n")
    }
}

impl<'a> Speaker<'a> {
    pub(crate) const fn of(rule: &'a DecisionRule, consents: bool) -> Self {
        Self { rule: Some(rule), consents, group: None }
    }

    /// The same, speaking of the members of a group.
    pub(crate) fn within<'b>(self, variable: &'b str) -> Speaker<'b>
    where
        'a: 'b,
    {
        Speaker { group: Some(variable), ..self }
    }

    /// The lines of a condition; those after the first are its parts.
    pub(crate) fn condition(self, condition: &Condition) -> Vec<String> {
        match condition {
            Condition::All(of) | Condition::Any(of) if of.len() == 1 => self.condition(&of[0]),
            Condition::All(of) => self.list("all of these hold:", of),
            Condition::Any(of) => self.list("at least one of these holds:", of),
            Condition::KOf { k, of } => self.list(&format!("at least {k} of these hold:"), of),
            Condition::Not(of) => self.negation(of),
            Condition::Groups { k, variable, of, holds } => {
                let groups = self.groups(of);
                let head = match k {
                    None => format!("for each of {groups}, taken by itself:"),
                    Some(k) => format!("for at least {k} of {groups}, each taken by itself:"),
                };
                indented(head, vec![self.within(variable).condition(holds)])
            }
            Condition::Compare { left, sign, right } => vec![self.compare(left, *sign, right)],
        }
    }

    fn list(self, head: &str, of: &[Condition]) -> Vec<String> {
        indented(head.into(), of.iter().map(|each| self.condition(each)).collect())
    }

    /// The opposite of a comparison is a comparison.
    fn negation(self, of: &Condition) -> Vec<String> {
        match of {
            Condition::Compare { left, sign: Sign::AtLeast, right } => {
                vec![self.compare(left, Sign::LessThan, right)]
            }
            Condition::Compare { left, sign: Sign::MoreThan, right } => {
                vec![self.compare(left, Sign::AtMost, right)]
            }
            Condition::Compare { left, sign: Sign::AtMost, right } => {
                vec![self.compare(left, Sign::MoreThan, right)]
            }
            Condition::Compare { left, sign: Sign::LessThan, right } => {
                vec![self.compare(left, Sign::AtLeast, right)]
            }
            other => indented("this does not hold:".into(), vec![self.condition(other)]),
        }
    }

    /// The groups of a partition or list, by what they are.
    pub(crate) fn groups(self, of: &Groups) -> String {
        let names = match of {
            Groups::Listed(names) => names.as_slice(),
            Groups::Partition(name) => {
                let partitions = self.rule.iter().flat_map(|rule| &rule.partitions);
                let mut found = partitions.filter(|partition| partition.name == *name);
                match found.next() {
                    Some(partition) => {
                        let groups = self.sets(&partition.groups);
                        return format!("the {} ({groups})", partition.words);
                    }
                    None => return format!("the groups of `{name}`"),
                }
            }
        };
        format!("these groups ({})", self.sets(names))
    }

    fn sets(self, names: &[String]) -> String {
        let sets = names.iter().map(|name| self.members(&Set::Named(name.clone())));
        sets.collect::<Vec<_>>().join("; ")
    }

    /// Who is in a set, in the plural.
    pub(crate) fn members(self, set: &Set) -> String {
        let name = match set {
            Set::All => return "members".into(),
            Set::Named(name) => name,
        };
        let sets = self.rule.iter().flat_map(|rule| &rule.sets);
        match sets.into_iter().find(|set| set.name == *name) {
            _ if self.group == Some(name) => "members of the group".into(),
            Some(set) => set.words.clone(),
            None => format!("members of {name}"),
        }
    }

    fn weight(self, column: &str) -> String {
        let columns = self.rule.iter().flat_map(|rule| &rule.columns);
        let found = columns.into_iter().find(|known| known.name == column);
        found.map_or_else(|| format!("weight `{column}`"), |known| known.words.clone())
    }

    /// A comparison, in the words of its kind if it is one of those that law knows.
    fn compare(self, left: &Linear, sign: Sign, right: &Linear) -> String {
        let reversed = self.known(right, reverse(sign), left);
        if let Some(words) = self.known(left, sign, right).or(reversed) {
            return words;
        }
        // A sum is said to be greater than a number, not a number less than a sum.
        let is_number = left.0.iter().all(|term| term.of == Quantity::One);
        let (left, sign, right) =
            if is_number { (right, reverse(sign), left) } else { (left, sign, right) };
        format!("{} is {} {}", self.sum(left), sign_words(sign), self.sum(right))
    }

    fn known(self, left: &Linear, sign: Sign, right: &Linear) -> Option<String> {
        let (of, what) = (single(left)?, right);
        if *what == Linear::zero() {
            return self.nobody(of, sign);
        }
        let [term] = what.0.as_slice() else { return None };
        match &term.of {
            Quantity::One => self.number(of, sign, &number_words(term)?),
            Quantity::Tally(base) => self.share(of, sign, term, base),
        }
    }

    /// "no permanent member is against"
    fn nobody(self, of: &Tally, sign: Sign) -> Option<String> {
        let (members, is) = (self.members(&of.set), self.verb(of.ballots));
        let weighed = self.weighed(of);
        match sign {
            Sign::Equal | Sign::AtMost => Some(format!("none of the {members}{weighed} {is}")),
            Sign::MoreThan => Some(format!("one or more of the {members}{weighed} {is}")),
            Sign::AtLeast | Sign::LessThan => None,
        }
    }

    /// "at least 9 members are in favour"
    fn number(self, of: &Tally, sign: Sign, number: &str) -> Option<String> {
        let (members, are) = (self.members(&of.set), self.verb(of.ballots));
        let many = sign_words(sign);
        Some(match &of.weight {
            Weight::Unit => format!("{many} {number} {members} {are}"),
            Weight::Column(column) => {
                let weight = self.weight(column);
                format!(
                    "the {members} that {are} together hold {many} {number}, counted by {weight}"
                )
            }
        })
    }

    /// "at least two thirds of those present and voting are in favour"
    fn share(self, of: &Tally, sign: Sign, term: &Term, base: &Tally) -> Option<String> {
        if of.weight != base.weight || of.set != base.set {
            return None;
        }
        let (many, are) = (sign_words(sign), self.verb(of.ballots));
        let one = term.numerator == 1 && term.denominator == 1;
        if one && base.ballots.iter().count() == 1 {
            return self.more(of, sign, base);
        }
        if one {
            return self.everybody(of, sign, base);
        }
        let whom = self.base(base);
        let share = format!("{many} {}", fraction_words(term.numerator, term.denominator)?);
        Some(match &of.weight {
            Weight::Unit => format!("{share} of {whom} {are}"),
            Weight::Column(column) => {
                let (weight, members) = (self.weight(column), self.members(&of.set));
                let whom = whom.trim_end_matches(',');
                format!("the {members} that {are} together hold {share} of the {weight} of {whom}")
            }
        })
    }

    /// "all States of annex 2 have consented to be bound"
    fn everybody(self, of: &Tally, sign: Sign, base: &Tally) -> Option<String> {
        let unweighed = of.weight == Weight::Unit && base.ballots == Ballots::ELIGIBLE;
        if !unweighed || !matches!(sign, Sign::AtLeast | Sign::Equal) {
            return None;
        }
        Some(format!("all {} {}", self.members(&of.set), self.verb(of.ballots)))
    }

    /// "more members are in favour than against"
    fn more(self, of: &Tally, sign: Sign, than: &Tally) -> Option<String> {
        let members = self.members(&of.set);
        let (are, other) = (self.verb(of.ballots), self.verb(than.ballots));
        let other = other.strip_prefix("are ").unwrap_or(&other);
        let weight = match &of.weight {
            Weight::Unit => String::new(),
            Weight::Column(column) => format!(", counted by {},", self.weight(column)),
        };
        match sign {
            Sign::MoreThan => Some(format!("more {members}{weight} {are} than {other}")),
            Sign::AtLeast => Some(format!("at least as many {members}{weight} {are} as {other}")),
            Sign::AtMost | Sign::LessThan | Sign::Equal => None,
        }
    }

    fn weighed(self, of: &Tally) -> String {
        match &of.weight {
            Weight::Unit => String::new(),
            Weight::Column(column) => format!(" with any {}", self.weight(column)),
        }
    }

    /// Of whom a share is taken.
    fn base(self, base: &Tally) -> String {
        let whom = match &base.set {
            Set::All => "those".into(),
            named @ Set::Named(_) => format!("the {}", self.members(named)),
        };
        match base.ballots {
            Ballots::CAST => format!("{whom} present and voting"),
            Ballots::PRESENT => format!("{whom} present, abstaining or not,"),
            Ballots::ELIGIBLE if self.consents => format!("all {}", self.members(&base.set)),
            Ballots::ELIGIBLE => format!("all {}, voting or not,", self.members(&base.set)),
            other => format!("{whom} that {}", self.verb(other)),
        }
    }

    /// What members do that cast one of these ballots.
    pub(crate) fn verb(self, ballots: Ballots) -> String {
        match ballots {
            Ballots::CAST => "vote in favour or against".into(),
            Ballots::PRESENT => "are present".into(),
            Ballots::ELIGIBLE => "may vote".into(),
            other => {
                let verbs: Vec<&str> = other.iter().map(|ballot| self.one_verb(ballot)).collect();
                joined(&verbs, "or")
            }
        }
    }

    const fn one_verb(self, ballot: Ballot) -> &'static str {
        match ballot {
            Ballot::Yes if self.consents => "have consented to be bound",
            Ballot::Yes => "are in favour",
            Ballot::No => "are against",
            Ballot::Abstain => "abstain",
            Ballot::Veto => "are strongly against",
            Ballot::Absent => "do not vote",
            Ballot::Excluded => "may not vote",
        }
    }

    /// A sum of whatever kind.
    fn sum(self, Linear(terms): &Linear) -> String {
        let mut text = String::new();
        for (i, term) in terms.iter().enumerate() {
            text.push_str(match (i, term.numerator < 0) {
                (0, false) => "",
                (0, true) => "minus ",
                (_, false) => " plus ",
                (_, true) => " less ",
            });
            text.push_str(&self.term(term));
        }
        text
    }

    fn term(self, term: &Term) -> String {
        let size = term.numerator.unsigned_abs();
        let fraction = match (size, term.denominator) {
            (size, 1) => size.to_string(),
            (size, denominator) => format!("{size}/{denominator}"),
        };
        let tally = match &term.of {
            Quantity::One => return fraction,
            Quantity::Tally(tally) => tally,
        };
        let (members, are) = (self.members(&tally.set), self.verb(tally.ballots));
        let what = match &tally.weight {
            Weight::Unit => format!("the number of {members} that {are}"),
            Weight::Column(column) => {
                format!("the {} of {members} that {are}", self.weight(column))
            }
        };
        if fraction == "1" { what } else { format!("{fraction} of {what}") }
    }
}

fn single(linear: &Linear) -> Option<&Tally> {
    match linear.0.as_slice() {
        [Term { numerator: 1, denominator: 1, of: Quantity::Tally(tally) }] => Some(tally),
        _ => None,
    }
}

/// The sign after both sides have changed places.
const fn reverse(sign: Sign) -> Sign {
    match sign {
        Sign::AtLeast => Sign::AtMost,
        Sign::MoreThan => Sign::LessThan,
        Sign::AtMost => Sign::AtLeast,
        Sign::LessThan => Sign::MoreThan,
        Sign::Equal => Sign::Equal,
    }
}

const fn sign_words(sign: Sign) -> &'static str {
    match sign {
        Sign::AtLeast => "at least",
        Sign::MoreThan => "more than",
        Sign::AtMost => "at most",
        Sign::LessThan => "less than",
        Sign::Equal => "exactly",
    }
}

fn number_words(term: &Term) -> Option<String> {
    match (term.numerator, term.denominator) {
        (..=-1, _) => None,
        (numerator, 1) => Some(numerator.to_string()),
        (numerator, denominator) => Some(format!("{numerator}/{denominator}")),
    }
}

/// "two thirds", "65 %", "33.4 %", or the fraction itself; exact in each case.
pub(crate) fn fraction_words(numerator: i64, denominator: u32) -> Option<String> {
    let words = match (numerator, denominator) {
        (..=0, _) => return None,
        (1, 2) => "half",
        (1, 3) => "one third",
        (2, 3) => "two thirds",
        (1, 4) => "one quarter",
        (3, 4) => "three quarters",
        (1, 5) => "one fifth",
        (2, 5) => "two fifths",
        (3, 5) => "three fifths",
        (4, 5) => "four fifths",
        (numerator, 100) => return Some(format!("{numerator} %")),
        (numerator, 1_000) if numerator % 10 > 0 => {
            return Some(format!("{}.{} %", numerator / 10, numerator % 10));
        }
        (numerator, 1_000) => return Some(format!("{} %", numerator / 10)),
        (numerator, 1) => return Some(format!("{numerator} times the number")),
        (numerator, denominator) => return Some(format!("{numerator}/{denominator}")),
    };
    Some(words.into())
}

/// Words in a row, the last after a conjunction.
pub(crate) fn joined(words: &[&str], conjunction: &str) -> String {
    match words {
        [] => String::new(),
        [one] => (*one).into(),
        [many @ .., last] => format!("{} {conjunction} {last}", many.join(", ")),
    }
}

/// A head, and below it the parts, each with a dash and its own parts further in.
pub(crate) fn indented(head: String, parts: Vec<Vec<String>>) -> Vec<String> {
    let mut lines = vec![head];
    for part in parts {
        for (i, line) in part.into_iter().enumerate() {
            lines.push(if i == 0 { format!("- {line}") } else { format!("  {line}") });
        }
    }
    lines
}

#[cfg(test)]
mod tests;
