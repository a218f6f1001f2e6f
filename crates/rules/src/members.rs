//! Who decides: read from a file of its own, or shipped with the library.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde_json::{Map, Value};

use crate::case::{CASE_MEMBERS_MAX, Scales, read_members, scaled};
use crate::check::limit;
use crate::electorate::{Electorate, Member};
use crate::error::Error;
use crate::json::{array, field, integer, object, string};
use crate::strict::read_json;
use crate::tree::Rule;

/// Columns of a table of a bank to which the same basic votes are added for every member.
const SHARES: [&str; 2] = ["shares", "quota_100k_sdr"];

/// Who decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// The members.
    pub electorate: Electorate,
    scales: Scales,
}

impl Membership {
    /// Reads a list of members, or an object that has one under `members`: each `{id, n, g, w}` as
    /// in a case, or a row of a table, `{id, votes, ...}`, in which every further member is a
    /// column of weights.
    ///
    /// # Errors
    /// [`Error`], naming the place, if it is out of form; of a table also if the votes do not add
    /// up to its `total_votes`, or are not the shares and the same basic votes for all.
    pub fn from_json(text: &str, at: &str) -> Result<Self, Error> {
        let value = read_json(text, at)?;
        let list = match &value {
            Value::Object(fields) => field(fields, "members", at)?,
            list => list,
        };
        let at = format!("{at}.members");
        let rows = array(list, &at)?;
        limit("members", rows.len(), CASE_MEMBERS_MAX)?;
        if rows.is_empty() {
            return Err(Error::form(at, "names nobody; list the members"));
        }
        let of_case = |row: &Value| ["n", "g", "w"].iter().any(|name| row.get(name).is_some());
        if rows.iter().any(of_case) {
            let (electorate, scales) = read_members(list, &at)?;
            return Ok(Self { electorate, scales });
        }
        let electorate = read_table(rows, &at)?;
        check_votes(&electorate, value.get("total_votes"), &at)?;
        Ok(Self { electorate, scales: Scales::new() })
    }

    /// A rule as it counts these members: columns published as fractions are whole here, and
    /// greater by a factor by which the rule is divided.
    ///
    /// # Errors
    /// [`Error`] if that exceeds the limit of a coefficient.
    pub fn scale(&self, rule: &Rule) -> Result<Rule, Error> {
        scaled(rule.clone(), &self.scales)
    }
}

fn read_table(rows: &[Value], at: &str) -> Result<Electorate, Error> {
    let mut ids = BTreeSet::new();
    let mut members = Vec::with_capacity(rows.len());
    for (number, row) in rows.iter().enumerate() {
        let at = format!("{at}[{number}]");
        let member = read_row(object(row, &at)?, &at)?;
        if !ids.insert(member.id.clone()) {
            return Err(Error::form(at, format!("`{}` stands twice; list it once", member.id)));
        }
        members.push(member);
    }
    check_columns(&members, at)?;
    Ok(Electorate { members })
}

/// That a column is one of all members: a sum over some of them would be taken for all.
fn check_columns(members: &[Member], at: &str) -> Result<(), Error> {
    let columns: BTreeSet<&String> = members.iter().flat_map(|m| m.weights.keys()).collect();
    for (number, member) in members.iter().enumerate() {
        let mut missing = columns.iter().filter(|column| !member.weights.contains_key(**column));
        if let Some(column) = missing.next() {
            let problem = format!("has no `{column}`, which others have; give it, or to nobody");
            return Err(Error::form(format!("{at}[{number}]"), problem));
        }
    }
    Ok(())
}

fn read_row(fields: &Map<String, Value>, at: &str) -> Result<Member, Error> {
    let id = string(field(fields, "id", at)?, &format!("{at}.id"))?.into();
    let mut weights = BTreeMap::new();
    for (column, weight) in fields.iter().filter(|(name, _)| *name != "id") {
        let at = format!("{at}.{column}");
        let whole: i64 = integer(weight, &at)?;
        let whole = u64::try_from(whole).map_err(|_| Error::form(at, "is below zero"))?;
        weights.insert(column.clone(), whole);
    }
    if weights.is_empty() {
        let problem = "has no weight; give one, such as `votes`, or write {id, n, g}";
        return Err(Error::form(at, problem));
    }
    Ok(Member { id, count: 1, sets: BTreeSet::new(), weights })
}

/// The votes of all, and of each beside its shares.
fn check_votes(electorate: &Electorate, total: Option<&Value>, at: &str) -> Result<(), Error> {
    let votes = |member: &Member| member.weights.get("votes").copied();
    if let Some(total) = total {
        let sum: u128 = electorate.members.iter().filter_map(votes).map(u128::from).sum();
        let total: u64 = integer(total, "total_votes")?;
        if u128::from(total) != sum {
            let problem = format!("the votes add up to {sum}, not to {total}; correct one of them");
            return Err(Error::form(at, problem));
        }
    }
    for column in SHARES {
        let of = |member: &Member| {
            let basic = |shares: &u64| Some(i128::from(votes(member)?) - i128::from(*shares));
            Some((member.id.clone(), member.weights.get(column).and_then(basic)?))
        };
        let mut basic = electorate.members.iter().filter_map(of);
        let Some((first, most)) = basic.next() else { continue };
        if let Some((id, other)) = basic.find(|(_, other)| *other != most) {
            let problem = format!(
                "votes less {column} is {other} for {id}, but {most} for {first}; correct one"
            );
            return Err(Error::form(at, problem));
        }
    }
    Ok(())
}

/// Members of an organ, shipped with the library.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LibraryMembership {
    /// Its name, which neither another membership nor a rule has.
    pub slug: &'static str,
    /// The name of the rule under which these members decide.
    pub rule: &'static str,
    /// Its text.
    pub text: &'static str,
}

impl LibraryMembership {
    /// The membership of a name.
    #[must_use]
    pub fn of_slug(slug: &str) -> Option<&'static Self> {
        MEMBERSHIPS.iter().find(|membership| membership.slug == slug)
    }

    /// The membership of a rule.
    #[must_use]
    pub fn of_rule(slug: &str) -> Option<&'static Self> {
        MEMBERSHIPS.iter().find(|membership| membership.rule == slug)
    }

    /// Reads its text.
    ///
    /// # Errors
    /// As [`Membership::from_json`]; the tests show that none occurs.
    pub fn read(&self) -> Result<Membership, Error> {
        Membership::from_json(self.text, self.slug)
    }
}

/// All memberships.
pub const MEMBERSHIPS: &[LibraryMembership] = &[
    LibraryMembership {
        slug: "unsc-1945",
        rule: "03-unsc-1946",
        text: include_str!("../data/members/unsc-1945.json"),
    },
    LibraryMembership {
        slug: "unsc-1965",
        rule: "01-unsc-substance",
        text: include_str!("../data/members/unsc-1965.json"),
    },
];

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;
    use crate::library::LibraryRule;

    fn refused(text: &str) -> String {
        Membership::from_json(text, "file").expect_err("it is out of form").to_string()
    }

    #[test]
    fn the_tables_of_the_banks_are_read_with_their_votes_checked() {
        let imf = include_str!("../data/cases/imf_2022-10-02.json");
        let read = Membership::from_json(imf, "imf").expect("in form");
        assert_eq!(read.electorate.members.len(), 190);
        let ibrd = include_str!("../data/cases/ibrd_2023-02-06.json");
        assert!(Membership::from_json(ibrd, "ibrd").is_ok());
        let wrong = imf.replacen("\"votes\": 4697", "\"votes\": 4698", 1);
        assert!(refused(&wrong).contains("add up to 5039931"), "{}", refused(&wrong));
        let row = "\"quota_100k_sdr\": 3238, \"votes\": 4697";
        let shifted = imf.replacen(row, "\"quota_100k_sdr\": 3237, \"votes\": 4697", 1);
        assert!(refused(&shifted).contains("less quota_100k_sdr"), "{}", refused(&shifted));
    }

    #[test]
    fn what_is_out_of_form_is_named_with_its_place() {
        for (text, problem) in [
            ("", "file: is not JSON"),
            ("[]", "names nobody"),
            ("{}", "has no `members`"),
            (r#"[{"id": "A"}]"#, "file.members[0]: has no weight"),
            (r#"[{"id": "A", "votes": -1}]"#, "file.members[0].votes: is below zero"),
            (r#"[{"id": "A", "votes": 1}, {"id": "A", "votes": 1}]"#, "stands twice"),
            (r#"[{"id": "A", "n": 1}]"#, "has no `g`"),
        ] {
            assert!(refused(text).contains(problem), "{text}: {}", refused(text));
        }
    }

    #[test]
    fn a_column_of_a_table_is_one_of_all_members_or_of_none() {
        let members = r#"[{"id": "A", "votes": 9, "shares": 1}, {"id": "B", "votes": 8}]"#;
        let problem = "file.members[1]: has no `shares`, which others have";
        assert!(refused(members).contains(problem), "{}", refused(members));
        let one = r#"{"members": [{"id": "A", "shares": 5}, {"id": "B", "votes": 5, "shares": 5}],
            "total_votes": 5}"#;
        assert!(refused(one).contains("has no `votes`"), "{}", refused(one));
        let both =
            r#"[{"id": "A", "votes": 9, "shares": 1}, {"id": "B", "votes": 9, "shares": 1}]"#;
        assert!(Membership::from_json(both, "file").is_ok());
    }

    #[test]
    fn columns_of_fractions_leave_a_rule_as_it_was_published() {
        let text = r#"[{"id": "A", "n": 2, "g": [], "w": {"v": "1/2"}}]"#;
        let membership = Membership::from_json(text, "file").expect("in form");
        assert_eq!(membership.electorate.members[0].weights["v"], 1);
        let rule = Rule::from_text("yes*v >= 1").expect("a rule");
        assert_eq!(membership.scale(&rule), Rule::from_text("1/2 yes*v >= 1"));
    }

    #[test]
    fn every_shipped_membership_is_read_and_has_a_rule_of_the_library() {
        for membership in MEMBERSHIPS {
            assert!(membership.read().is_ok(), "{}", membership.slug);
            assert!(LibraryRule::of_slug(membership.rule).is_some(), "{}", membership.rule);
            assert!(LibraryRule::of_slug(membership.slug).is_none(), "{}", membership.slug);
            assert_eq!(LibraryMembership::of_rule(membership.rule), Some(membership));
        }
    }
}
