//! The limits of a tree, and that it says something.

use alloc::collections::BTreeSet;
use alloc::format;

use crate::electorate::Ballots;
use crate::error::Error;
use crate::tree::{
    COEFFICIENT_MAX, Comparison, DEPTH_MAX, Linear, NAME_BYTES_MAX, NAMES_MAX, NODES_MAX, Quantity,
    Rule, Set, Tally, Term, Weight,
};

/// The word for everybody, which no set may have as its name.
pub const EVERYBODY: &str = "all";
/// The word for one vote each, which no column may have as its name.
pub const ONE_EACH: &str = "unit";

impl Rule {
    /// Checks the limits of `tree.rs`, and that every part of the tree says something.
    ///
    /// # Errors
    /// [`Error::Limit`] above a limit; [`Error::Form`] where a combination or sum is empty, a
    /// number is out of range, or a name cannot be one. Places begin with `rule`.
    pub fn check(&self) -> Result<(), Error> {
        let mut found = Found::default();
        found.rule(self, "rule", 0)?;
        limit("nodes of a rule", found.nodes, NODES_MAX)?;
        limit("sets that a rule names", found.sets.len(), NAMES_MAX)?;
        limit("columns that a rule names", found.columns.len(), NAMES_MAX)
    }
}

/// Refuses more than a limit.
pub(crate) fn limit(what: &'static str, found: usize, limit: usize) -> Result<(), Error> {
    if found <= limit {
        return Ok(());
    }
    Err(Error::Limit { what, found: found as u64, limit: limit as u64 })
}

/// Refuses what cannot be a name of a set or column.
pub(crate) fn name(name: &str, reserved: &str, at: &str) -> Result<(), Error> {
    limit("bytes of a name", name.len(), NAME_BYTES_MAX)?;
    if name == reserved {
        return Err(Error::form(
            at,
            format!("the name `{name}` has a meaning of its own; choose another"),
        ));
    }
    if name.is_empty() || name.chars().any(char::is_control) {
        return Err(Error::form(at, "a name is empty or has control characters; write a word"));
    }
    Ok(())
}

#[derive(Default)]
struct Found<'a> {
    nodes: usize,
    sets: BTreeSet<&'a str>,
    columns: BTreeSet<&'a str>,
}

impl<'a> Found<'a> {
    fn rule(&mut self, rule: &'a Rule, at: &str, depth: usize) -> Result<(), Error> {
        self.nodes += 1;
        match rule {
            Rule::Compare(comparison) => self.comparison(comparison, at),
            Rule::Not(of) => {
                limit("nested combinations", depth + 1, DEPTH_MAX)?;
                self.rule(of, &format!("{at}.arg"), depth + 1)
            }
            Rule::And(args) | Rule::Or(args) => self.args(args, at, depth + 1),
            Rule::KOf { k, args } => {
                self.args(args, at, depth + 1)?;
                if *k == 0 || *k as usize > args.len() {
                    let problem = format!("k is {k}; it must be from 1 to {}", args.len());
                    return Err(Error::form(format!("{at}.k"), problem));
                }
                Ok(())
            }
        }
    }

    fn args(&mut self, args: &'a [Rule], at: &str, depth: usize) -> Result<(), Error> {
        limit("nested combinations", depth, DEPTH_MAX)?;
        if args.is_empty() {
            return Err(Error::form(format!("{at}.args"), "combines nothing; give a rule"));
        }
        let mut each = args.iter().enumerate();
        each.try_for_each(|(i, arg)| self.rule(arg, &format!("{at}.args[{i}]"), depth))
    }

    fn comparison(&mut self, of: &'a Comparison, at: &str) -> Result<(), Error> {
        self.linear(&of.left, &format!("{at}.l"))?;
        self.linear(&of.right, &format!("{at}.r"))
    }

    fn linear(&mut self, Linear(terms): &'a Linear, at: &str) -> Result<(), Error> {
        self.nodes += terms.len();
        if terms.is_empty() {
            return Err(Error::form(at, "a sum has no terms; write [[0,1,1]] for zero"));
        }
        terms.iter().enumerate().try_for_each(|(i, term)| self.term(term, &format!("{at}[{i}]")))
    }

    fn term(&mut self, term: &'a Term, at: &str) -> Result<(), Error> {
        let largest = u64::from(COEFFICIENT_MAX);
        if term.numerator.unsigned_abs() > largest || u64::from(term.denominator) > largest {
            let found = term.numerator.unsigned_abs().max(u64::from(term.denominator));
            return Err(Error::Limit { what: "numerator or denominator", found, limit: largest });
        }
        if term.denominator == 0 {
            return Err(Error::form(at, "the denominator is 0; write a number above it"));
        }
        match &term.of {
            Quantity::One => Ok(()),
            Quantity::Tally(tally) => self.tally(tally, &format!("{at}[2]")),
        }
    }

    fn tally(&mut self, tally: &'a Tally, at: &str) -> Result<(), Error> {
        if tally.ballots == Ballots::default() {
            return Err(Error::form(format!("{at}.b"), "counts no ballot; name one"));
        }
        if let Set::Named(set) = &tally.set {
            name(set, EVERYBODY, &format!("{at}.s"))?;
            self.sets.insert(set);
        }
        if let Weight::Column(column) = &tally.weight {
            name(column, ONE_EACH, &format!("{at}.w"))?;
            self.columns.insert(column);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use alloc::boxed::Box;
    use alloc::string::ToString;
    use alloc::vec;
    use alloc::vec::Vec;

    use super::*;
    use crate::electorate::Ballot;

    fn term(numerator: i64, denominator: u32, set: Set) -> Term {
        let tally = Tally { weight: Weight::Unit, set, ballots: Ballots::of(Ballot::Yes) };
        Term { numerator, denominator, of: Quantity::Tally(tally) }
    }

    fn compare(terms: Vec<Term>) -> Rule {
        let right = Linear(vec![Term { numerator: 1, denominator: 1, of: Quantity::One }]);
        Rule::Compare(Comparison { strict: false, left: Linear(terms), right })
    }

    fn leaf() -> Rule {
        compare(vec![term(1, 1, Set::All)])
    }

    #[test]
    fn a_tree_has_at_most_so_many_nodes() {
        // The comparison and its right side are two nodes.
        let of = |terms: usize| compare(vec![term(1, 1, Set::All); terms]);
        assert_eq!(of(NODES_MAX - 2).check(), Ok(()));
        assert!(matches!(of(NODES_MAX - 1).check(), Err(Error::Limit { found: 2_049, .. })));
    }

    #[test]
    fn combinations_nest_at_most_so_deep() {
        let of = |depth: usize| (0..depth).fold(leaf(), |rule, _| Rule::Not(Box::new(rule)));
        assert_eq!(of(DEPTH_MAX).check(), Ok(()));
        assert!(matches!(of(DEPTH_MAX + 1).check(), Err(Error::Limit { found: 17, .. })));
        let of = |depth: usize| (0..depth).fold(leaf(), |rule, _| Rule::Or(vec![rule]));
        assert_eq!(of(DEPTH_MAX).check(), Ok(()));
        assert!(of(DEPTH_MAX + 1).check().is_err());
    }

    #[test]
    fn a_tree_names_at_most_so_many_sets_and_columns() {
        let sets = |count: usize| {
            compare((0..count).map(|i| term(1, 1, Set::Named(format!("s{i}")))).collect())
        };
        assert_eq!(sets(NAMES_MAX).check(), Ok(()));
        assert!(matches!(sets(NAMES_MAX + 1).check(), Err(Error::Limit { found: 257, .. })));
        let column = |i: usize| {
            let weight = Weight::Column(format!("w{i}"));
            let tally = Tally { weight, set: Set::All, ballots: Ballots::YES };
            Term { numerator: 1, denominator: 1, of: Quantity::Tally(tally) }
        };
        assert_eq!(compare((0..NAMES_MAX).map(column).collect()).check(), Ok(()));
        assert!(compare((0..=NAMES_MAX).map(column).collect()).check().is_err());
    }

    #[test]
    fn names_and_coefficients_have_limits() {
        let named = |bytes: usize| compare(vec![term(1, 1, Set::Named("s".repeat(bytes)))]);
        assert_eq!(named(NAME_BYTES_MAX).check(), Ok(()));
        assert!(named(NAME_BYTES_MAX + 1).check().is_err());
        assert!(named(0).check().is_err());
        assert!(compare(vec![term(1, 1, Set::Named("all".into()))]).check().is_err());
        assert!(compare(vec![term(1, 1, Set::Named("a\nb".into()))]).check().is_err());

        let of = |n: i64, d: u32| compare(vec![term(n, d, Set::All)]).check();
        let largest = i64::from(COEFFICIENT_MAX);
        assert_eq!(of(largest, COEFFICIENT_MAX), Ok(()));
        assert_eq!(of(-largest, 1), Ok(()));
        assert!(of(largest + 1, 1).is_err());
        assert!(of(-largest - 1, 1).is_err());
        assert!(of(1, COEFFICIENT_MAX + 1).is_err());
        assert!(of(1, 0).is_err());
    }

    #[test]
    fn a_tree_that_says_nothing_is_refused() {
        assert!(Rule::And(vec![]).check().is_err());
        assert!(Rule::Or(vec![]).check().is_err());
        assert!(compare(vec![]).check().is_err());
        let of = |k: u32| Rule::KOf { k, args: vec![leaf(), leaf()] }.check();
        assert!(of(0).is_err());
        assert_eq!(of(1), Ok(()));
        assert_eq!(of(2), Ok(()));
        assert!(of(3).is_err());
    }

    #[test]
    fn a_problem_is_told_with_its_place() {
        let rule = Rule::And(vec![leaf(), compare(vec![term(1, 0, Set::All)])]);
        let message = rule.check().unwrap_err().to_string();
        let expected = "rule.args[1].l[0]: the denominator is 0; write a number above it";
        assert_eq!(message, expected);
    }
}
