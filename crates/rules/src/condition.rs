//! A condition as people write it: with groups and all five signs. It expands into a [`Rule`].

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use crate::check::limit;
use crate::electorate::Ballots;
use crate::error::Error;
use crate::tree::{
    Comparison, Linear, NAMES_MAX, NODES_MAX, Quantity, Rule, Set, Tally, Term, Weight,
};

/// What must hold, as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// All of these.
    All(Vec<Condition>),
    /// At least one of these.
    Any(Vec<Condition>),
    /// The opposite of this.
    Not(Box<Condition>),
    /// At least so many of these.
    KOf {
        /// How many.
        k: u32,
        /// Of what.
        of: Vec<Condition>,
    },
    /// The same for every group, or for at least so many.
    Groups {
        /// For how many groups it must hold; for every one if none is given.
        k: Option<u32>,
        /// The word that stands for the group.
        variable: String,
        /// Which groups.
        of: Groups,
        /// What must hold for each.
        holds: Box<Condition>,
    },
    /// A comparison of tallies.
    Compare {
        /// The left side.
        left: Linear,
        /// How it must stand to the right side.
        sign: Sign,
        /// The right side.
        right: Linear,
    },
}

/// The groups for which something must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Groups {
    /// Those of a partition that the decision rule declares.
    Partition(String),
    /// These sets.
    Listed(Vec<String>),
}

/// How two sums must stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// `>=`
    AtLeast,
    /// `>`
    MoreThan,
    /// `<=`
    AtMost,
    /// `<`
    LessThan,
    /// `=`
    Equal,
}

impl Sign {
    /// All signs.
    pub const ALL: [Self; 5] =
        [Self::AtLeast, Self::MoreThan, Self::AtMost, Self::LessThan, Self::Equal];

    /// As it is written in text.
    #[must_use]
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::AtLeast => ">=",
            Self::MoreThan => ">",
            Self::AtMost => "<=",
            Self::LessThan => "<",
            Self::Equal => "=",
        }
    }

    /// As it is written in JSON.
    #[must_use]
    pub const fn op(self) -> &'static str {
        match self {
            Self::AtLeast => "ge",
            Self::MoreThan => "gt",
            Self::AtMost => "le",
            Self::LessThan => "lt",
            Self::Equal => "eq",
        }
    }
}

/// What a condition says of a group in which nobody voted, where `0 >= 0` would decide by accident.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmptyGroup {
    /// The condition is counted as it stands, nothing against nothing.
    Counted,
    /// The condition holds for the group.
    Holds,
    /// The condition fails for the group.
    Fails,
}

/// Sets of which no member is in two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partition {
    /// Its name.
    pub name: String,
    /// The names of the sets.
    pub groups: Vec<String>,
    /// What the sets are, for readers, such as "chambers of the Council".
    pub words: String,
}

/// What the expansion of a condition needs to know of the decision rule around it.
#[derive(Clone, Copy, Debug)]
pub struct Surroundings<'a> {
    /// The partitions.
    pub partitions: &'a [Partition],
    /// What is said of groups in which nobody voted.
    pub empty: EmptyGroup,
}

impl Surroundings<'static> {
    /// No partitions; groups are counted as they stand.
    pub const NONE: Self = Self { partitions: &[], empty: EmptyGroup::Counted };
}

impl From<&Rule> for Condition {
    fn from(rule: &Rule) -> Self {
        let all = |args: &[Rule]| args.iter().map(Self::from).collect();
        match rule {
            Rule::And(args) => Self::All(all(args)),
            Rule::Or(args) => Self::Any(all(args)),
            Rule::Not(arg) => Self::Not(Box::new(Self::from(&**arg))),
            Rule::KOf { k, args } => Self::KOf { k: *k, of: all(args) },
            Rule::Compare(Comparison { strict, left, right }) => {
                let sign = if *strict { Sign::MoreThan } else { Sign::AtLeast };
                Self::Compare { left: left.clone(), sign, right: right.clone() }
            }
        }
    }
}

impl Condition {
    /// The tree that is counted: every group written out, every sign turned into `>=` or `>`.
    ///
    /// # Errors
    /// [`Error`] if a partition is not declared, a word for a group stands within its like, or the
    /// tree exceeds a limit.
    pub fn expand(&self, surroundings: Surroundings<'_>) -> Result<Rule, Error> {
        let mut expansion = Expansion { surroundings, groups: Vec::new(), nodes: 0 };
        let rule = expansion.rule(self)?;
        rule.check()?;
        Ok(rule)
    }

    /// Whether it, or a part of it, speaks of groups.
    #[must_use]
    pub fn has_groups(&self) -> bool {
        match self {
            Self::All(of) | Self::Any(of) | Self::KOf { of, .. } => of.iter().any(Self::has_groups),
            Self::Not(of) => of.has_groups(),
            Self::Groups { .. } => true,
            Self::Compare { .. } => false,
        }
    }
}

struct Expansion<'a> {
    surroundings: Surroundings<'a>,
    /// The words for groups around the current place, and the group that each stands for.
    groups: Vec<(&'a str, &'a str)>,
    nodes: usize,
}

impl<'a> Expansion<'a> {
    fn rule(&mut self, condition: &'a Condition) -> Result<Rule, Error> {
        self.nodes += 1;
        limit("nodes of a rule", self.nodes, NODES_MAX)?;
        match condition {
            Condition::All(of) => Ok(Rule::And(self.all(of)?)),
            Condition::Any(of) => {
                of.iter().map(|each| self.rule(each)).collect::<Result<_, _>>().map(Rule::Or)
            }
            Condition::Not(of) => Ok(Rule::Not(Box::new(self.rule(of)?))),
            Condition::KOf { k, of } => {
                let args = of.iter().map(|each| self.rule(each)).collect::<Result<_, _>>()?;
                Ok(Rule::KOf { k: *k, args })
            }
            Condition::Groups { k: None, variable, of, holds } => {
                Ok(Rule::And(self.groups(variable, of, holds)?))
            }
            Condition::Groups { k: Some(k), variable, of, holds } => {
                Ok(Rule::KOf { k: *k, args: self.groups(variable, of, holds)? })
            }
            Condition::Compare { left, sign, right } => self.compare(left, *sign, right),
        }
    }

    /// Every group among other conditions that must all hold is one more of these.
    fn all(&mut self, of: &'a [Condition]) -> Result<Vec<Rule>, Error> {
        let mut args = Vec::new();
        for condition in of {
            match condition {
                Condition::Groups { k: None, variable, of, holds } => {
                    args.extend(self.groups(variable, of, holds)?);
                }
                other => args.push(self.rule(other)?),
            }
        }
        Ok(args)
    }

    fn groups(
        &mut self,
        variable: &'a str,
        of: &'a Groups,
        holds: &'a Condition,
    ) -> Result<Vec<Rule>, Error> {
        if self.groups.iter().any(|(word, _)| *word == variable) {
            let problem = "already stands for a group around it; choose another word";
            return Err(Error::form(format!("`{variable}`"), problem));
        }
        let groups = self.names(of)?;
        limit("groups", groups.len(), NAMES_MAX)?;
        let mut args = Vec::new();
        for group in groups {
            self.groups.push((variable, group));
            let rule = self.rule(holds);
            self.groups.pop();
            args.push(self.unless_empty(group, rule?));
        }
        Ok(args)
    }

    fn names(&self, of: &'a Groups) -> Result<&'a [String], Error> {
        match of {
            Groups::Listed(names) => Ok(names),
            Groups::Partition(name) => {
                let mut known = self.surroundings.partitions.iter();
                let found = known.find(|known| known.name == *name);
                found.map(|known| known.groups.as_slice()).ok_or_else(|| {
                    let problem = "is no partition; declare it, or list the groups in {}";
                    Error::form(format!("`{name}`"), problem)
                })
            }
        }
    }

    /// What is said of a group in which nobody voted, beside what its votes say.
    fn unless_empty(&mut self, group: &str, rule: Rule) -> Rule {
        let cast =
            Tally { weight: Weight::Unit, set: Set::Named(group.into()), ballots: Ballots::CAST };
        let cast = Linear(vec![Term { numerator: 1, denominator: 1, of: Quantity::Tally(cast) }]);
        match self.surroundings.empty {
            EmptyGroup::Counted => rule,
            EmptyGroup::Holds => {
                self.nodes += 4;
                Rule::Or(vec![at_least(Linear::zero(), cast), rule])
            }
            EmptyGroup::Fails => {
                self.nodes += 4;
                let some = Comparison { strict: true, left: cast, right: Linear::zero() };
                Rule::And(vec![Rule::Compare(some), rule])
            }
        }
    }

    fn compare(&mut self, left: &Linear, sign: Sign, right: &Linear) -> Result<Rule, Error> {
        self.nodes += left.0.len() + right.0.len();
        limit("nodes of a rule", self.nodes, NODES_MAX)?;
        let (left, right) = (self.linear(left), self.linear(right));
        let compare = |strict, left, right| Rule::Compare(Comparison { strict, left, right });
        Ok(match sign {
            Sign::AtLeast => compare(false, left, right),
            Sign::MoreThan => compare(true, left, right),
            Sign::AtMost => compare(false, right, left),
            Sign::LessThan => compare(true, right, left),
            // Nothing is less than zero where nothing is subtracted, so one side suffices.
            Sign::Equal if right == Linear::zero() && left.never_negative() => {
                compare(false, right, left)
            }
            Sign::Equal => {
                self.nodes += left.0.len() + right.0.len() + 2;
                let reverse = compare(false, right.clone(), left.clone());
                Rule::And(vec![compare(false, left, right), reverse])
            }
        })
    }

    fn linear(&self, Linear(terms): &Linear) -> Linear {
        let mut terms = terms.clone();
        for term in &mut terms {
            let Quantity::Tally(Tally { set: Set::Named(name), .. }) = &mut term.of else {
                continue;
            };
            if let Some((_, group)) = self.groups.iter().find(|(word, _)| *word == name.as_str()) {
                *name = (*group).into();
            }
        }
        Linear(terms)
    }
}

fn at_least(left: Linear, right: Linear) -> Rule {
    Rule::Compare(Comparison { strict: false, left, right })
}

impl Linear {
    /// The number zero.
    #[must_use]
    pub fn zero() -> Self {
        Self(vec![Term { numerator: 0, denominator: 1, of: Quantity::One }])
    }

    /// Whether it subtracts nothing, and so is never below zero.
    #[must_use]
    pub fn never_negative(&self) -> bool {
        self.0.iter().all(|term| term.numerator >= 0)
    }
}
