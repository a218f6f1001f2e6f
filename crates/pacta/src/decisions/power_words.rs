//! Power as a table for people.

use std::cmp::Reverse;

use pacta_rules::power::{Answer, Exactness, Fraction, Indices, Power};

use super::power::{Powers, middle};
use super::{count, names};

/// Most members in a table.
const SHOWN_MAX: usize = 20;
/// Most digits of a count of swings in a table.
const DIGITS_MAX: usize = 16;

impl Powers {
    /// The power of the case, for people: the most powerful first.
    pub fn words(&self) -> String {
        let mut text = format!("{}: {}\n{}", self.id, self.title, summary(&self.indices));
        let list = |ids: &Option<Vec<String>>| match ids {
            Some(ids) => names(ids),
            None => "not known, since a vote in favour may hurt".to_owned(),
        };
        text.push_str(&format!("  vetoers      {}\n", list(&self.vetoers)));
        if self.dictators.as_ref().is_some_and(|ids| !ids.is_empty()) {
            text.push_str(&format!("  dictators    {}\n", list(&self.dictators)));
        }
        text.push_str(&format!("  dummies      {}\n", list(&self.dummies)));
        text.push_str(&table(&self.indices));
        self.differences.iter().for_each(|difference| text.push_str(&difference.line()));
        if !self.not_compared.is_empty() {
            text.push_str(&format!("  not compared {}\n", names(&self.not_compared)));
        }
        text
    }
}

/// How many coalitions win, and how that was found.
pub fn summary(indices: &Indices) -> String {
    let share = percent(&indices.winning_share());
    let winning = &indices.winning;
    let exactness = match winning.exactness {
        Exactness::Exact => "exact",
        Exactness::Proved => "between proved bounds",
        Exactness::Sampled { .. } => "sampled, not exact",
    };
    let (players, method) = (count(indices.players, "member"), winning.method.name());
    let mut text = format!("  {players}; {share} of coalitions win; {exactness}, by {method}\n");
    let proved = |of: &Power| of.shapley.exactness == Exactness::Proved;
    if indices.members.iter().any(proved) {
        let widths = indices.members.iter().map(|of| of.shapley.high.minus(&of.shapley.low));
        if let Some(width) = widths.max() {
            let width = width.decimal(15);
            text.push_str(&format!("  Shapley      between proved bounds at most {width} apart\n"));
        }
    }
    text
}

/// Swings and both indices of a single member of each line.
pub fn table(indices: &Indices) -> String {
    let members = by_power(indices);
    let digits = members.iter().map(|of| of.swings.high.to_string().len()).max().unwrap_or(0);
    let swings = |of: &Power| match of.swings.value() {
        Some(value) if digits <= DIGITS_MAX => value.to_string(),
        _ => String::new(),
    };
    let shown = &members[..members.len().min(SHOWN_MAX)];
    let width = shown.iter().map(|of| of.id.chars().count()).max().unwrap_or(0).max(6);
    let mut text = match digits <= DIGITS_MAX {
        true => format!("  {:width$}     n {:>16}    Banzhaf    Shapley\n", "member", "swings"),
        false => format!("  {:width$}     n    Banzhaf    Shapley\n", "member"),
    };
    for of in shown {
        let (banzhaf, shapley) = (percent(&of.banzhaf), percent(&of.shapley));
        let swings = match digits <= DIGITS_MAX {
            true => format!("{:>16} ", swings(of)),
            false => String::new(),
        };
        let line = format!("{:>5} {swings}{banzhaf:>10} {shapley:>10}", of.count);
        text.push_str(&format!("  {:width$} {line}\n", of.id));
    }
    if let Some(more) = members.len().checked_sub(SHOWN_MAX + 1) {
        text.push_str(&format!("  and {} with less; --json lists all\n", count(more + 1, "line")));
    }
    text
}

/// A share in percent with four places, or the bounds between which it is known to lie.
pub fn percent(share: &Answer<Fraction>) -> String {
    let [low, high] = [&share.low, &share.high].map(|bound| bound.times(100).decimal(4));
    match low == high || share.exactness == Exactness::Proved {
        true => format!("{} %", middle(share).times(100).decimal(4)),
        false => format!("{low} to {high} %"),
    }
}

/// The most powerful first.
pub fn by_power(indices: &Indices) -> Vec<&Power> {
    let mut members: Vec<&Power> = indices.members.iter().collect();
    members.sort_by_key(|of| Reverse((middle(&of.banzhaf), middle(&of.shapley))));
    members
}
