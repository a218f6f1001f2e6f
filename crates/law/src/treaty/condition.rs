//! Conditions for entry into force: a tree of exact tests over the counted instruments.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Serialize};

use super::kind::ConsentKind;
use super::participant::Participant;
use crate::refusal::Refusal;

/// Most tests and combinations in one tree.
pub const CONDITIONS_MAX: usize = 32;
/// Deepest nesting of combinations.
pub const CONDITION_DEPTH_MAX: usize = 4;
/// Most participants in one list, group or table.
pub const LISTED_PARTICIPANTS_MAX: usize = 256;
/// Largest numerator and denominator of a fraction.
pub const FRACTION_TERM_MAX: u64 = 1_000_000_000;
/// Largest weight, and largest total of a table.
pub const WEIGHT_MAX: u128 = 1_000_000_000_000_000_000_000_000;

/// What must hold, at the end of a day, for a treaty to enter into force (VCLT art. 24(1)).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Condition {
    /// A number of participants.
    Count {
        /// The number that must be reached.
        at_least: u64,
        /// Who is counted.
        #[serde(default, skip_serializing_if = "Counted::is_everyone")]
        of: Counted,
    },
    /// Every one of the listed participants.
    Named {
        /// The list.
        participants: Vec<Participant>,
        /// Who is counted.
        #[serde(default, skip_serializing_if = "Counted::is_everyone")]
        of: Counted,
    },
    /// A share of a number that the treaty states: of parties, members or signatories.
    Fraction {
        /// The share that must be reached.
        fraction: Fraction,
        /// What it is a share of.
        base: u64,
        /// Who is counted.
        #[serde(default, skip_serializing_if = "Counted::is_everyone")]
        of: Counted,
    },
    /// A share of the total of a table of weights, frozen with the treaty.
    Weight {
        /// What is weighed, for readers.
        measure: String,
        /// The share that must be reached.
        fraction: Fraction,
        /// What it is a share of.
        total: Amount,
        /// The weights. A participant that is not listed weighs nothing, but counts as one.
        table: Vec<Weighed>,
        /// Who is counted.
        #[serde(default, skip_serializing_if = "Counted::is_everyone")]
        of: Counted,
    },
    /// All of these.
    AllOf(Vec<Condition>),
    /// Any of these; so also the smaller of two numbers.
    AnyOf(Vec<Condition>),
}

/// Whose instruments a test counts. Every given restriction must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counted {
    /// Only instruments of these kinds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<ConsentKind>,
    /// Only members of this group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<Box<Group>>,
    /// Only participants that also signed.
    #[serde(default, skip_serializing_if = "is_false")]
    pub signatories: bool,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // the form that serde asks for
fn is_false(value: &bool) -> bool {
    !value
}

impl Counted {
    fn is_everyone(&self) -> bool {
        *self == Self::default()
    }

    fn members(&self) -> impl Iterator<Item = &Participant> {
        self.group.iter().flat_map(|group| &group.members)
    }
}

/// A named list of participants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// What the members are, such as "member States of the Council of Europe".
    pub name: String,
    /// The members.
    pub members: Vec<Participant>,
}

/// A participant and its weight.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Weighed {
    /// Who.
    pub participant: Participant,
    /// How much.
    pub weight: Amount,
}

/// A share, exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Fraction {
    /// The fraction or more.
    AtLeast(Ratio),
    /// More than the fraction.
    MoreThan(Ratio),
}

impl Fraction {
    /// The smallest whole amount of `total` that satisfies the fraction.
    ///
    /// # Errors
    /// [`Refusal::ClauseOutOfForm`] when the numbers are above their limits.
    pub fn of(self, total: u128) -> Result<u128, Refusal> {
        let (Self::AtLeast(ratio) | Self::MoreThan(ratio)) = self;
        let too_large = || out_of_form("has a fraction or total that is too large");
        let product = total.checked_mul(u128::from(ratio.numerator)).ok_or_else(too_large)?;
        let denominator = u128::from(ratio.denominator);
        Ok(match self {
            Self::AtLeast(_) => product.div_ceil(denominator),
            Self::MoreThan(_) => product / denominator + 1,
        })
    }
}

impl fmt::Display for Fraction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtLeast(ratio) => write!(f, "{ratio}"),
            Self::MoreThan(ratio) => write!(f, "more than {ratio}"),
        }
    }
}

/// A numerator over a denominator, written `55/100`; at most one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Ratio {
    numerator: u64,
    denominator: u64,
}

impl Ratio {
    /// The ratio, if it is at most one and its terms are from 1 to [`FRACTION_TERM_MAX`].
    #[must_use]
    pub fn new(numerator: u64, denominator: u64) -> Option<Self> {
        let valid = numerator >= 1 && numerator <= denominator && denominator <= FRACTION_TERM_MAX;
        valid.then_some(Self { numerator, denominator })
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.numerator, self.denominator)
    }
}

impl From<Ratio> for String {
    fn from(ratio: Ratio) -> Self {
        ratio.to_string()
    }
}

impl TryFrom<String> for Ratio {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        const FORM: &str = "a fraction is written 2/3 and is at most one";
        let (numerator, denominator) = text.split_once('/').ok_or(FORM)?;
        let numerator = decimal(numerator).and_then(|n| u64::try_from(n).ok()).ok_or(FORM)?;
        let denominator = decimal(denominator).and_then(|n| u64::try_from(n).ok()).ok_or(FORM)?;
        Self::new(numerator, denominator).ok_or(FORM)
    }
}

/// A count or sum of weights, written in decimal digits as a string, since it may be larger
/// than the integers of JSON.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Amount(pub u128);

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl From<Amount> for String {
    fn from(amount: Amount) -> Self {
        amount.to_string()
    }
}

impl TryFrom<String> for Amount {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        decimal(&text).map(Self).ok_or("an amount is written in decimal digits without a leading 0")
    }
}

/// Reads the one canonical decimal form of a number.
fn decimal(text: &str) -> Option<u128> {
    let canonical =
        text == "0" || (text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0'));
    if canonical { text.parse().ok() } else { None }
}

impl Condition {
    /// Checks the limits and that no list names a participant twice.
    ///
    /// # Errors
    /// [`Refusal::ClauseOutOfForm`], naming the problem.
    pub fn check(&self) -> Result<(), Refusal> {
        let mut nodes = 0;
        self.check_within(1, &mut nodes)
    }

    fn check_within(&self, depth: usize, nodes: &mut usize) -> Result<(), Refusal> {
        *nodes += 1;
        if *nodes > CONDITIONS_MAX || depth > CONDITION_DEPTH_MAX {
            return Err(out_of_form(&format!(
                "has over {CONDITIONS_MAX} tests or is nested deeper than {CONDITION_DEPTH_MAX}"
            )));
        }
        match self {
            Self::AllOf(conditions) | Self::AnyOf(conditions) => {
                if conditions.is_empty() {
                    return Err(out_of_form("combines no tests"));
                }
                conditions.iter().try_for_each(|each| each.check_within(depth + 1, nodes))
            }
            Self::Count { of, .. } | Self::Fraction { of, .. } => check_counted(of),
            Self::Named { participants, of } => {
                check_list(participants.iter())?;
                check_counted(of)
            }
            Self::Weight { total, table, of, measure, .. } => {
                check_list(table.iter().map(|row| &row.participant))?;
                let mut sum: u128 = 0;
                for row in table {
                    sum = sum.saturating_add(row.weight.0);
                }
                if sum > WEIGHT_MAX || total.0 > WEIGHT_MAX || total.0 == 0 || measure.len() > 200 {
                    return Err(out_of_form("has weights or a total out of range"));
                }
                check_counted(of)
            }
        }?;
        if self.need()? == Some(0) { Err(out_of_form("is met by nothing")) } else { Ok(()) }
    }

    /// Every participant that a list, group or table of the tree names.
    #[must_use]
    pub fn participants(&self) -> Vec<&Participant> {
        match self {
            Self::AllOf(all) | Self::AnyOf(all) => {
                all.iter().flat_map(Self::participants).collect()
            }
            Self::Count { of, .. } | Self::Fraction { of, .. } => of.members().collect(),
            Self::Named { participants, of } => participants.iter().chain(of.members()).collect(),
            Self::Weight { table, of, .. } => {
                table.iter().map(|row| &row.participant).chain(of.members()).collect()
            }
        }
    }

    /// The amount at which a test holds; none for a combination of tests.
    ///
    /// # Errors
    /// [`Refusal::ClauseOutOfForm`] when the numbers are above their limits.
    pub fn need(&self) -> Result<Option<u128>, Refusal> {
        Ok(match self {
            Self::Count { at_least, .. } => Some(u128::from(*at_least)),
            Self::Named { participants, .. } => Some(participants.len() as u128),
            Self::Fraction { fraction, base, .. } => Some(fraction.of(u128::from(*base))?),
            Self::Weight { fraction, total, .. } => Some(fraction.of(total.0)?),
            Self::AllOf(_) | Self::AnyOf(_) => None,
        })
    }
}

fn check_counted(of: &Counted) -> Result<(), Refusal> {
    let mut kinds = of.kinds.clone();
    kinds.sort();
    kinds.dedup();
    if kinds.len() != of.kinds.len() {
        return Err(out_of_form("names a kind of instrument twice"));
    }
    match &of.group {
        Some(group) if group.name.len() > 200 => Err(out_of_form("has a group with a long name")),
        Some(group) => check_list(group.members.iter()),
        None => Ok(()),
    }
}

fn check_list<'a>(list: impl Iterator<Item = &'a Participant>) -> Result<(), Refusal> {
    let mut names: Vec<&Participant> = list.collect();
    names.iter().try_for_each(|participant| participant.check())?;
    let listed = names.len();
    names.sort();
    names.dedup();
    if names.len() != listed {
        return Err(out_of_form("lists a participant twice"));
    }
    if names.is_empty() || listed > LISTED_PARTICIPANTS_MAX {
        return Err(out_of_form(&format!(
            "has a list of no or over {LISTED_PARTICIPANTS_MAX} participants"
        )));
    }
    Ok(())
}

fn out_of_form(problem: &str) -> Refusal {
    Refusal::ClauseOutOfForm { clause: "condition".into(), problem: problem.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ratio(text: &str) -> Ratio {
        Ratio::try_from(String::from(text)).expect("a ratio of the test")
    }

    #[test]
    fn a_share_exactly_at_the_fraction_is_reached_and_one_unit_below_is_not() {
        // Paris Agreement, art. 21(1): 55 % of 37 168 344 is 20 442 589.2.
        assert_eq!(Fraction::AtLeast(ratio("55/100")).of(37_168_344), Ok(20_442_590));
        assert_eq!(Fraction::AtLeast(ratio("2/3")).of(166), Ok(111)); // WTO fisheries
        assert_eq!(Fraction::AtLeast(ratio("2/3")).of(150), Ok(100));
        assert_eq!(Fraction::MoreThan(ratio("2/3")).of(150), Ok(101));
        assert_eq!(Fraction::AtLeast(ratio("50/100")).of(11), Ok(6)); // CPTPP
        assert_eq!(Fraction::MoreThan(ratio("1/2")).of(11), Ok(6));
    }

    #[test]
    fn fractions_and_amounts_have_one_form() {
        for wrong in ["0/3", "4/3", "1", "1/0", "01/3", "1/ 3", "+1/3", "1/2/3", "-1/3", "/"] {
            assert!(Ratio::try_from(String::from(wrong)).is_err(), "{wrong}");
        }
        for wrong in ["", "00", "01", "-1", "1.0", "1e3", "340282366920938463463374607431768211456"]
        {
            assert!(Amount::try_from(String::from(wrong)).is_err(), "{wrong}");
        }
        assert_eq!(Amount::try_from(String::from("0")), Ok(Amount(0)));
    }

    fn listed(count: usize) -> Condition {
        let names = (0..count).map(|n| Participant::Name(format!("n{n}")));
        Condition::Named { participants: names.collect(), of: Counted::default() }
    }

    #[test]
    fn a_tree_at_its_limits_passes_and_one_above_them_is_refused() {
        let one = Condition::Count { at_least: 1, of: Counted::default() };
        let of = |n: usize| Condition::AllOf(alloc::vec![one.clone(); n]);
        assert!(of(CONDITIONS_MAX - 1).check().is_ok());
        assert!(of(CONDITIONS_MAX).check().is_err());
        assert!(of(0).check().is_err());

        let nest = |depth: usize| {
            (1..depth).fold(one.clone(), |inner, _| Condition::AnyOf(alloc::vec![inner]))
        };
        assert!(nest(CONDITION_DEPTH_MAX).check().is_ok());
        assert!(nest(CONDITION_DEPTH_MAX + 1).check().is_err());

        assert!(listed(LISTED_PARTICIPANTS_MAX).check().is_ok());
        assert!(listed(LISTED_PARTICIPANTS_MAX + 1).check().is_err());
        assert!(listed(0).check().is_err());
        assert!(Condition::Count { at_least: 0, of: Counted::default() }.check().is_err());
    }

    #[test]
    fn no_list_names_a_participant_twice() {
        let twice = alloc::vec![Participant::Name("Norland".into()); 2];
        let condition = Condition::Named { participants: twice, of: Counted::default() };
        assert!(condition.check().is_err());
    }
}
