//! Published cases: who the members were, what the rule was, how they voted, what came of it.
//!
//! Their format is that of `data/cases/README.md`.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde_json::{Map, Value};

use crate::check::limit;
use crate::electorate::{Ballot, Count, Electorate, Member};
use crate::error::Error;
use crate::json::{array, field, integer, object, only, read_ballot, string};
use crate::strict::read_json;
use crate::tree::{COEFFICIENT_MAX, Comparison, Quantity, Rule, Tally, Weight};

/// Most members, each under its own id, of one case.
pub const CASE_MEMBERS_MAX: usize = 4_096;
/// Most named outcomes of one case.
pub const CASE_OUTCOMES_MAX: usize = 64;

/// Fields that a case may have, of either kind.
const FIELDS: [&str; 17] = [
    "id",
    "kind",
    "title",
    "members",
    "members_file",
    "outcomes",
    "default",
    "votes",
    "rule",
    "players",
    "winning_coalitions",
    "expect",
    "source",
    "confidence",
    "retrieved",
    "basis",
    "note",
];

/// A recorded or constructed vote, or a question of power.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// A name that no other case has.
    pub id: String,
    /// What happened, for readers.
    pub title: String,
    /// Who decides.
    pub members: CaseMembers,
    /// What is asked.
    pub question: Question,
    /// What the answer must be, as published; null if nothing was.
    pub expect: Value,
}

/// Where the members of a case stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CaseMembers {
    /// In the case.
    Listed(Electorate),
    /// In a file of this name, which the caller reads.
    File(String),
}

/// What a case asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// What comes of these ballots?
    Vote {
        /// The first whose rule holds is the answer.
        outcomes: Vec<NamedOutcome>,
        /// The answer if none holds.
        default: String,
        /// How they voted, in the order of the members.
        ballots: Vec<Count>,
    },
    /// Who has how much power under this rule?
    Power {
        /// The rule.
        rule: Rule,
    },
}

/// By column, how many times greater its weights are in the electorate than as published, so that
/// all are whole. The rules of a case are divided by it, and so mean what was published.
pub type Scales = BTreeMap<String, u32>;

/// What comes of a vote if a rule holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedOutcome {
    /// The rule.
    pub rule: Rule,
    /// What then comes of the vote, such as `adopted`.
    pub label: String,
}

impl Case {
    /// Reads a list of cases.
    ///
    /// # Errors
    /// [`Error`], naming the case and the place in it.
    pub fn read_all(text: &str) -> Result<Vec<Self>, Error> {
        let value = read_json(text, "cases")?;
        array(&value, "cases")?.iter().map(Self::from_value).collect()
    }

    /// Reads one case.
    ///
    /// # Errors
    /// [`Error`], naming the case and the place in it.
    pub fn from_value(value: &Value) -> Result<Self, Error> {
        let fields = object(value, "case")?;
        let id: String = string(field(fields, "id", "case")?, "case.id")?.into();
        only(fields, &FIELDS, &id)?;
        let text = |name: &str| {
            string(field(fields, name, &id)?, &format!("{id}.{name}")).map(String::from)
        };
        let (members, scales) = read_members_or_file(fields, &id)?;
        let question = match text("kind")?.as_str() {
            "vote" => read_vote(fields, &members, &scales, &id)?,
            "index" => {
                let rule = Rule::from_value(field(fields, "rule", &id)?, &format!("{id}.rule"))?;
                Question::Power { rule: scaled(rule, &scales)? }
            }
            other => {
                let problem = format!("`{other}` is no kind of case; use vote or index");
                return Err(Error::form(format!("{id}.kind"), problem));
            }
        };
        let expect = fields.get("expect").cloned().unwrap_or_default();
        Ok(Self { title: text("title")?, members, question, expect, id })
    }
}

fn read_members_or_file(
    fields: &Map<String, Value>,
    id: &str,
) -> Result<(CaseMembers, Scales), Error> {
    match (fields.get("members"), fields.get("members_file")) {
        (Some(members), None) => {
            let (electorate, scales) = read_members(members, &format!("{id}.members"))?;
            Ok((CaseMembers::Listed(electorate), scales))
        }
        (None, Some(file)) => {
            let file = string(file, &format!("{id}.members_file"))?;
            Ok((CaseMembers::File(file.into()), Scales::new()))
        }
        _ => Err(Error::form(id, "needs either `members` or `members_file`; give one of them")),
    }
}

/// Reads members, each `{id, n, g, w}`: its id, how many there are of it, its sets, its weights.
///
/// # Errors
/// [`Error`] if a member is out of form or stands twice, or if there are too many.
pub fn read_members(value: &Value, at: &str) -> Result<(Electorate, Scales), Error> {
    let list = array(value, at)?;
    limit("members of a case", list.len(), CASE_MEMBERS_MAX)?;
    let scales = read_scales(list, at)?;
    let each = list.iter().enumerate();
    let read = each.map(|(i, member)| read_member(member, &scales, &format!("{at}[{i}]")));
    let members = read.collect::<Result<Vec<_>, _>>()?;
    let mut ids = BTreeSet::new();
    match members.iter().find(|member| !ids.insert(member.id.as_str())) {
        Some(twice) => Err(Error::form(at, format!("`{}` stands twice; list it once", twice.id))),
        None => Ok((Electorate { members }, scales)),
    }
}

fn read_member(value: &Value, scales: &Scales, at: &str) -> Result<Member, Error> {
    let fields = object(value, at)?;
    only(fields, &["id", "n", "g", "w"], at)?;
    let id = string(field(fields, "id", at)?, &format!("{at}.id"))?.into();
    let count = integer(field(fields, "n", at)?, &format!("{at}.n"))?;
    if count == 0 {
        return Err(Error::form(format!("{at}.n"), "there are none of it; leave it out"));
    }
    let mut sets = BTreeSet::new();
    for (i, set) in array(field(fields, "g", at)?, &format!("{at}.g"))?.iter().enumerate() {
        sets.insert(String::from(string(set, &format!("{at}.g[{i}]"))?));
    }
    let mut weights = BTreeMap::new();
    for (column, weight) in columns(value, at)? {
        let at = format!("{at}.w.{column}");
        let (numerator, denominator) = read_fraction(weight, &at)?;
        // The scale is a multiple of every denominator of its column.
        let times = scales.get(column).copied().unwrap_or(1) / denominator;
        let whole = numerator.checked_mul(u64::from(times));
        weights.insert(column.clone(), whole.ok_or_else(|| Error::form(at, "is too large"))?);
    }
    Ok(Member { id, count, sets, weights })
}

/// The smallest scale of each column at which every weight of it is whole.
fn read_scales(list: &[Value], at: &str) -> Result<Scales, Error> {
    let mut scales = Scales::new();
    for (i, member) in list.iter().enumerate() {
        for (column, weight) in columns(member, &format!("{at}[{i}]"))? {
            let at = format!("{at}[{i}].w.{column}");
            let (_, denominator) = read_fraction(weight, &at)?;
            let scale = scales.get(column).copied().unwrap_or(1);
            let common = least_common_multiple(scale, denominator);
            let common = common.filter(|common| *common <= COEFFICIENT_MAX);
            let common = common.ok_or_else(|| Error::form(at, "needs too large a denominator"))?;
            scales.insert(column.clone(), common);
        }
    }
    Ok(scales)
}

fn columns<'a>(member: &'a Value, at: &str) -> Result<Vec<(&'a String, &'a Value)>, Error> {
    match object(member, at)?.get("w") {
        None => Ok(Vec::new()),
        Some(columns) => Ok(object(columns, &format!("{at}.w"))?.iter().collect()),
    }
}

/// Reads a weight: a whole number, or a fraction as text, such as `"5675/72"`.
fn read_fraction(value: &Value, at: &str) -> Result<(u64, u32), Error> {
    let Value::String(text) = value else {
        let whole: i64 = integer(value, at)?;
        let whole = u64::try_from(whole).map_err(|_| Error::form(at, "is below zero"))?;
        return Ok((whole, 1));
    };
    let parts = text.split_once('/').and_then(|(n, d)| Some((n.parse().ok()?, d.parse().ok()?)));
    let parts = parts.filter(|(_, denominator)| *denominator > 0);
    parts.ok_or_else(|| Error::form(at, "is no fraction; write it as \"5675/72\""))
}

fn least_common_multiple(a: u32, b: u32) -> Option<u32> {
    let (mut divisor, mut rest) = (a, b);
    while rest > 0 {
        (divisor, rest) = (rest, divisor % rest);
    }
    (a / divisor).checked_mul(b)
}

/// The same rule over columns whose weights have become greater by their scale.
pub(crate) fn scaled(mut rule: Rule, scales: &Scales) -> Result<Rule, Error> {
    scale(&mut rule, scales);
    rule.check()?;
    Ok(rule)
}

fn scale(rule: &mut Rule, scales: &Scales) {
    match rule {
        Rule::And(args) | Rule::Or(args) | Rule::KOf { args, .. } => {
            args.iter_mut().for_each(|arg| scale(arg, scales));
        }
        Rule::Not(arg) => scale(arg, scales),
        Rule::Compare(Comparison { left, right, .. }) => {
            for term in left.0.iter_mut().chain(&mut right.0) {
                let Quantity::Tally(Tally { weight: Weight::Column(column), .. }) = &term.of else {
                    continue;
                };
                let scale = scales.get(column).copied().unwrap_or(1);
                // Beyond the limit of a denominator, which the check above then refuses.
                term.denominator = term.denominator.saturating_mul(scale);
            }
        }
    }
}

fn read_vote(
    fields: &Map<String, Value>,
    members: &CaseMembers,
    scales: &Scales,
    id: &str,
) -> Result<Question, Error> {
    let default = string(field(fields, "default", id)?, &format!("{id}.default"))?.into();
    let mut outcomes = read_outcomes(field(fields, "outcomes", id)?, &format!("{id}.outcomes"))?;
    for outcome in &mut outcomes {
        outcome.rule = scaled(outcome.rule.clone(), scales)?;
    }
    let votes = object(field(fields, "votes", id)?, &format!("{id}.votes"))?;
    let CaseMembers::Listed(electorate) = members else {
        let problem = "a vote lists its members; give `members`";
        return Err(Error::form(format!("{id}.members"), problem));
    };
    let ballots = read_votes(votes, electorate, &format!("{id}.votes"))?;
    Ok(Question::Vote { outcomes, default, ballots })
}

/// Reads an ordered list of `{if, then}`.
///
/// # Errors
/// [`Error`] if one is out of form, or if there are none or too many.
pub fn read_outcomes(value: &Value, at: &str) -> Result<Vec<NamedOutcome>, Error> {
    let list = array(value, at)?;
    limit("outcomes", list.len(), CASE_OUTCOMES_MAX)?;
    if list.is_empty() {
        return Err(Error::form(at, "there is no outcome; name one"));
    }
    let read = |(i, value): (usize, &Value)| {
        let at = format!("{at}[{i}]");
        let fields = object(value, &at)?;
        only(fields, &["if", "then"], &at)?;
        let rule = Rule::from_value(field(fields, "if", &at)?, &format!("{at}.if"))?;
        let label = string(field(fields, "then", &at)?, &format!("{at}.then"))?.into();
        Ok(NamedOutcome { rule, label })
    };
    list.iter().enumerate().map(read).collect()
}

/// Reads ballots by member, `{id: ballot}` or `{id: {ballot: count}}`, into the order of the
/// members. What is missing up to a member's count is absent.
///
/// # Errors
/// [`Error`] for a ballot of nobody, of an unknown kind, or more ballots than members.
pub fn read_votes(
    votes: &Map<String, Value>,
    electorate: &Electorate,
    at: &str,
) -> Result<Vec<Count>, Error> {
    let members: BTreeSet<&str> = electorate.members.iter().map(|m| m.id.as_str()).collect();
    if let Some(stranger) = votes.keys().find(|id| !members.contains(id.as_str())) {
        return Err(Error::form(at, format!("`{stranger}` is no member; correct its id")));
    }
    let count = |member: &Member| match votes.get(&member.id) {
        None => with_absent([0; 6], member, at),
        Some(value) => read_count(value, member, &format!("{at}.{}", member.id)),
    };
    electorate.members.iter().map(count).collect()
}

fn read_count(value: &Value, member: &Member, at: &str) -> Result<Count, Error> {
    let mut count = [0; 6];
    if let Value::String(ballot) = value {
        count[read_ballot(ballot, at)? as usize] = member.count;
        return Ok(count);
    }
    for (ballot, number) in object(value, at)? {
        count[read_ballot(ballot, at)? as usize] = integer(number, &format!("{at}.{ballot}"))?;
    }
    with_absent(count, member, at)
}

fn with_absent(mut count: Count, member: &Member, at: &str) -> Result<Count, Error> {
    let given: u64 = count.iter().copied().map(u64::from).sum();
    let missing = u64::from(member.count).checked_sub(given).ok_or_else(|| {
        let problem = format!("{given} ballots of {} members; correct the counts", member.count);
        Error::form(at, problem)
    })?;
    // What is missing is at most the number of members, and so is the sum.
    count[Ballot::Absent as usize] += u32::try_from(missing).unwrap_or(0);
    Ok(count)
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use serde_json::json;

    use super::*;

    fn case(votes: Value) -> Value {
        let yes = json!([[1, 1, {"w": "unit", "s": "all", "b": "yes"}]]);
        json!({
            "id": "test", "kind": "vote", "title": "a test",
            "members": [
                {"id": "A", "n": 1, "g": ["P5"]},
                {"id": "B", "n": 10, "g": [], "w": {"v": 3}}
            ],
            "outcomes": [{"if": {"op": "ge", "l": yes, "r": [[9, 1, 1]]}, "then": "adopted"}],
            "default": "rejected", "votes": votes, "expect": {"outcome": "rejected"},
        })
    }

    fn ballots(votes: Value) -> Result<Vec<Count>, String> {
        match Case::from_value(&case(votes)).map_err(|error| error.to_string())?.question {
            Question::Vote { ballots, .. } => Ok(ballots),
            Question::Power { .. } => panic!("the test asks for a vote"),
        }
    }

    #[test]
    fn ballots_stand_in_the_order_of_the_members_and_what_is_missing_is_absent() {
        let read = ballots(json!({"B": {"no": 4, "abstain": 1}, "A": "yes"}));
        assert_eq!(read, Ok(alloc::vec![[1, 0, 0, 0, 0, 0], [0, 4, 1, 0, 5, 0]]));
        let read = ballots(json!({"B": "excluded"}));
        assert_eq!(read, Ok(alloc::vec![[0, 0, 0, 0, 1, 0], [0, 0, 0, 0, 0, 10]]));
    }

    #[test]
    fn a_member_casts_as_many_ballots_as_there_are_of_it_and_no_more() {
        assert!(ballots(json!({"B": {"yes": 6, "no": 4}})).is_ok());
        assert_eq!(
            ballots(json!({"B": {"yes": 7, "no": 4}})).unwrap_err(),
            "test.votes.B: 11 ballots of 10 members; correct the counts"
        );
        assert_eq!(
            ballots(json!({"C": "yes"})).unwrap_err(),
            "test.votes: `C` is no member; correct its id"
        );
        assert!(ballots(json!({"B": {"yes": -1}})).is_err());
        assert!(ballots(json!({"B": {"aye": 1}})).is_err());
    }

    #[test]
    fn a_member_that_votes_twice_and_a_field_that_means_nothing_are_refused() {
        let text = alloc::format!("[{}]", case(json!({"A": "yes"})));
        assert!(Case::read_all(&text).is_ok());
        let twice = text.replace(r#""A":"yes""#, r#""A":"yes","A":"no""#);
        let error = Case::read_all(&twice).unwrap_err().to_string();
        assert!(error.contains("`A` stands twice"), "{error}");
        let mut unknown = case(json!({}));
        unknown["vote"] = json!({"A": "yes"});
        let error = Case::from_value(&unknown).unwrap_err().to_string();
        assert!(error.contains("`vote` means nothing here"), "{error}");
    }

    #[test]
    fn a_case_has_at_most_so_many_members_and_outcomes() {
        let members = |count: usize| {
            let all = (0..count).map(|i| json!({"id": i.to_string(), "n": 1, "g": []}));
            read_members(&all.collect(), "members")
        };
        assert!(members(CASE_MEMBERS_MAX).is_ok());
        assert!(members(CASE_MEMBERS_MAX + 1).is_err());
        let outcome = case(json!({}))["outcomes"][0].clone();
        let outcomes = |count: usize| read_outcomes(&json!(alloc::vec![&outcome; count]), "o");
        assert!(outcomes(CASE_OUTCOMES_MAX).is_ok());
        assert!(outcomes(CASE_OUTCOMES_MAX + 1).is_err());
        assert!(outcomes(0).is_err());
    }

    #[test]
    fn fractions_of_weight_become_whole_and_the_rule_means_the_same() {
        let mut case = case(json!({"A": "yes"}));
        case["members"] = json!([
            {"id": "A", "n": 1, "g": [], "w": {"v": "3/4"}},
            {"id": "B", "n": 1, "g": [], "w": {"v": "1/6"}},
            {"id": "C", "n": 1, "g": [], "w": {"v": 2}}
        ]);
        case["outcomes"][0]["if"]["l"][0] = json!([1, 2, {"w": "v", "s": "all", "b": "yes"}]);
        let case = Case::from_value(&case).unwrap();
        let CaseMembers::Listed(electorate) = case.members else { panic!("the test lists them") };
        let weights: Vec<u64> = electorate.members.iter().map(|m| m.weights["v"]).collect();
        assert_eq!(weights, [9, 2, 24]);
        let Question::Vote { outcomes, .. } = case.question else { panic!("the test votes") };
        let Rule::Compare(comparison) = &outcomes[0].rule else { panic!("the test compares") };
        assert_eq!((comparison.left.0[0].numerator, comparison.left.0[0].denominator), (1, 24));
        for wrong in ["1/0", "1", "-1/2", "1/2/3", "x/2"] {
            let members = json!([{"id": "A", "n": 1, "g": [], "w": {"v": wrong}}]);
            assert!(read_members(&members, "members").is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_member_stands_once_and_is_at_least_one() {
        let twice = json!([{"id": "A", "n": 1, "g": []}, {"id": "A", "n": 1, "g": []}]);
        assert!(read_members(&twice, "members").is_err());
        assert!(read_members(&json!([{"id": "A", "n": 0, "g": []}]), "members").is_err());
        assert!(read_members(&json!([{"id": "A", "n": 1, "g": [], "x": 1}]), "members").is_err());
    }
}
