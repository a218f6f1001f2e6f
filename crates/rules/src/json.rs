//! The canonical JSON of a rule: members sorted, no white space, integers only.
//!
//! One tree has one text in bytes, so that two parties who hold the same rule hold the same digest.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde_json::{Map, Value, json};

use crate::check::{EVERYBODY, ONE_EACH, limit};
use crate::electorate::{Ballot, Ballots};
use crate::error::Error;
use crate::tree::{Comparison, DEPTH_MAX, Linear, Quantity, Rule, Set, Tally, Term, Weight};

/// Most bytes of a rule in JSON that are read.
pub const JSON_BYTES_MAX: usize = 1 << 20;

impl Rule {
    /// The canonical JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        canonical(&self.to_value())
    }

    /// The JSON as a value, to be placed in a larger one.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let all = |args: &[Self]| args.iter().map(Self::to_value).collect::<Vec<_>>();
        match self {
            Self::And(args) => json!({"op": "and", "args": all(args)}),
            Self::Or(args) => json!({"op": "or", "args": all(args)}),
            Self::Not(arg) => json!({"op": "not", "arg": arg.to_value()}),
            Self::KOf { k, args } => json!({"op": "kofn", "k": k, "args": all(args)}),
            Self::Compare(Comparison { strict, left, right }) => {
                let op = if *strict { "gt" } else { "ge" };
                json!({"op": op, "l": linear_value(left), "r": linear_value(right)})
            }
        }
    }

    /// Reads canonical JSON.
    ///
    /// # Errors
    /// [`Error`] if it is not JSON, not canonical, not a rule, or above a limit.
    pub fn from_json(text: &str) -> Result<Self, Error> {
        let rule = Self::from_value(&parse(text, "rule")?, "rule")?;
        require_canonical(text, &rule.to_json(), "rule")?;
        Ok(rule)
    }

    /// Reads a rule from a JSON value; `at` is the place that errors name. Members may stand in
    /// any order here, and so may the ballots of a list.
    ///
    /// # Errors
    /// [`Error`] if it is not a rule, or above a limit.
    pub fn from_value(value: &Value, at: &str) -> Result<Self, Error> {
        let rule = read_rule(value, at, 0)?;
        rule.check()?;
        Ok(rule)
    }
}

/// The canonical text of a JSON value: members sorted by name, no white space.
#[must_use]
pub fn canonical(value: &Value) -> String {
    match value {
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(canonical).collect();
            format!("[{}]", items.join(","))
        }
        Value::Object(members) => {
            // The library keeps the order of insertion where another crate asks it to.
            let mut sorted: Vec<_> = members.iter().collect();
            sorted.sort_by_key(|(name, _)| name.as_str());
            let member = |(name, value): &(&String, &Value)| {
                format!("{}:{}", Value::from(name.as_str()), canonical(value))
            };
            let members: Vec<_> = sorted.iter().map(member).collect();
            format!("{{{}}}", members.join(","))
        }
        simple => simple.to_string(),
    }
}

/// Reads a text of limited length as JSON.
pub(crate) fn parse(text: &str, at: &str) -> Result<Value, Error> {
    limit("bytes of a JSON text", text.len(), JSON_BYTES_MAX)?;
    serde_json::from_str(text).map_err(|error| Error::form(at, format!("is not JSON: {error}")))
}

/// Refuses a text other than the canonical one, and says where they part.
pub(crate) fn require_canonical(text: &str, canonical: &str, at: &str) -> Result<(), Error> {
    if text == canonical {
        return Ok(());
    }
    let same = text.bytes().zip(canonical.bytes()).take_while(|(a, b)| a == b).count();
    let rest = canonical.char_indices().filter(|(at, _)| *at >= same).map(|(_, c)| c);
    let rest: String = rest.take(24).collect();
    let problem = format!("is not canonical JSON from byte {same}; write `{rest}` there");
    Err(Error::form(at, problem))
}

pub(crate) fn linear_value(Linear(terms): &Linear) -> Value {
    terms.iter().map(term_value).collect()
}

fn term_value(Term { numerator, denominator, of }: &Term) -> Value {
    match of {
        Quantity::One => json!([numerator, denominator, 1]),
        Quantity::Tally(tally) => json!([numerator, denominator, tally_value(tally)]),
    }
}

fn tally_value(Tally { weight, set, ballots }: &Tally) -> Value {
    let weight = match weight {
        Weight::Unit => ONE_EACH,
        Weight::Column(column) => column,
    };
    let set = match set {
        Set::All => EVERYBODY,
        Set::Named(set) => set,
    };
    json!({"w": weight, "s": set, "b": ballots_value(*ballots)})
}

/// One ballot alone is a string, all eligible ones are `all`, several others a list.
pub(crate) fn ballots_value(ballots: Ballots) -> Value {
    if ballots == Ballots::ELIGIBLE {
        return EVERYBODY.into();
    }
    let names: Vec<&str> = ballots.iter().map(Ballot::name).collect();
    match names.as_slice() {
        [one] => (*one).into(),
        several => several.into(),
    }
}

fn read_rule(value: &Value, at: &str, depth: usize) -> Result<Rule, Error> {
    limit("nested combinations", depth, DEPTH_MAX)?;
    let fields = object(value, at)?;
    let op = string(field(fields, "op", at)?, &format!("{at}.op"))?;
    match op {
        "and" => {
            only(fields, &["op", "args"], at)?;
            Ok(Rule::And(read_args(fields, at, depth)?))
        }
        "or" => {
            only(fields, &["op", "args"], at)?;
            Ok(Rule::Or(read_args(fields, at, depth)?))
        }
        "not" => {
            only(fields, &["op", "arg"], at)?;
            let arg = read_rule(field(fields, "arg", at)?, &format!("{at}.arg"), depth + 1)?;
            Ok(Rule::Not(Box::new(arg)))
        }
        "kofn" => {
            only(fields, &["op", "k", "args"], at)?;
            let k = integer(field(fields, "k", at)?, &format!("{at}.k"))?;
            Ok(Rule::KOf { k, args: read_args(fields, at, depth)? })
        }
        "ge" | "gt" => {
            only(fields, &["op", "l", "r"], at)?;
            let left = read_linear(field(fields, "l", at)?, &format!("{at}.l"))?;
            let right = read_linear(field(fields, "r", at)?, &format!("{at}.r"))?;
            Ok(Rule::Compare(Comparison { strict: op == "gt", left, right }))
        }
        other => {
            let problem = format!("`{other}` is no operation; use and, or, not, kofn, ge or gt");
            Err(Error::form(format!("{at}.op"), problem))
        }
    }
}

fn read_args(fields: &Map<String, Value>, at: &str, depth: usize) -> Result<Vec<Rule>, Error> {
    let at = format!("{at}.args");
    let args = array(field(fields, "args", &at)?, &at)?.iter().enumerate();
    args.map(|(i, arg)| read_rule(arg, &format!("{at}[{i}]"), depth + 1)).collect()
}

pub(crate) fn read_linear(value: &Value, at: &str) -> Result<Linear, Error> {
    let terms = array(value, at)?.iter().enumerate();
    let terms = terms.map(|(i, term)| read_term(term, &format!("{at}[{i}]")));
    terms.collect::<Result<_, _>>().map(Linear)
}

fn read_term(value: &Value, at: &str) -> Result<Term, Error> {
    let [numerator, denominator, of] = array(value, at)?.as_slice() else {
        let problem = "a term is a list of numerator, denominator, and 1 or a tally";
        return Err(Error::form(at, problem));
    };
    let numerator = integer(numerator, &format!("{at}[0]"))?;
    let denominator = integer(denominator, &format!("{at}[1]"))?;
    let at = format!("{at}[2]");
    let of = match of {
        Value::Number(one) if one.as_u64() == Some(1) => Quantity::One,
        Value::Number(_) => return Err(Error::form(at, "the only number here is 1")),
        tally => Quantity::Tally(read_tally(tally, &at)?),
    };
    Ok(Term { numerator, denominator, of })
}

fn read_tally(value: &Value, at: &str) -> Result<Tally, Error> {
    let fields = object(value, at)?;
    only(fields, &["w", "s", "b"], at)?;
    let weight = match string(field(fields, "w", at)?, &format!("{at}.w"))? {
        ONE_EACH => Weight::Unit,
        column => Weight::Column(column.into()),
    };
    let set = match string(field(fields, "s", at)?, &format!("{at}.s"))? {
        EVERYBODY => Set::All,
        set => Set::Named(set.into()),
    };
    let ballots = read_ballots(field(fields, "b", at)?, &format!("{at}.b"))?;
    Ok(Tally { weight, set, ballots })
}

pub(crate) fn read_ballots(value: &Value, at: &str) -> Result<Ballots, Error> {
    if let Value::String(name) = value {
        return if name == EVERYBODY {
            Ok(Ballots::ELIGIBLE)
        } else {
            read_ballot(name, at).map(Ballots::of)
        };
    }
    let mut ballots = Ballots::default();
    for (i, name) in array(value, at)?.iter().enumerate() {
        let at = format!("{at}[{i}]");
        let ballot = read_ballot(string(name, &at)?, &at)?;
        if ballots.contains(ballot) {
            let problem = format!("`{}` stands twice; name it once", ballot.name());
            return Err(Error::form(at, problem));
        }
        ballots = ballots.with(ballot);
    }
    Ok(ballots)
}

/// Reads the name of a ballot.
pub(crate) fn read_ballot(name: &str, at: &str) -> Result<Ballot, Error> {
    Ballot::of_name(name).ok_or_else(|| {
        let names: Vec<&str> = Ballot::ALL.into_iter().map(Ballot::name).collect();
        Error::form(at, format!("`{name}` is no ballot; use {}", names.join(", ")))
    })
}

/// The members of an object.
pub(crate) fn object<'a>(value: &'a Value, at: &str) -> Result<&'a Map<String, Value>, Error> {
    value.as_object().ok_or_else(|| Error::form(at, "is not an object; write {...}"))
}

/// The items of a list.
pub(crate) fn array<'a>(value: &'a Value, at: &str) -> Result<&'a Vec<Value>, Error> {
    value.as_array().ok_or_else(|| Error::form(at, "is not a list; write [...]"))
}

/// A text.
pub(crate) fn string<'a>(value: &'a Value, at: &str) -> Result<&'a str, Error> {
    value.as_str().ok_or_else(|| Error::form(at, "is not a text; write \"...\""))
}

/// A whole number that fits its type.
pub(crate) fn integer<T: TryFrom<i64>>(value: &Value, at: &str) -> Result<T, Error> {
    let number = value.as_i64().and_then(|number| T::try_from(number).ok());
    number.ok_or_else(|| Error::form(at, "is not a whole number within its range"))
}

/// A member that must be there.
pub(crate) fn field<'a>(
    fields: &'a Map<String, Value>,
    name: &str,
    at: &str,
) -> Result<&'a Value, Error> {
    fields.get(name).ok_or_else(|| Error::form(at, format!("has no `{name}`; add it")))
}

/// Refuses members that nobody would read.
pub(crate) fn only(fields: &Map<String, Value>, names: &[&str], at: &str) -> Result<(), Error> {
    match fields.keys().find(|name| !names.contains(&name.as_str())) {
        None => Ok(()),
        Some(unknown) => {
            let problem = format!("`{unknown}` means nothing here; use {}", names.join(", "));
            Err(Error::form(at, problem))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO_THIRDS: &str = concat!(
        r#"{"l":[[1,1,{"b":"yes","s":"all","w":"unit"}]],"op":"ge","#,
        r#""r":[[2,3,{"b":["yes","no"],"s":"all","w":"unit"}]]}"#
    );

    fn message(text: &str) -> String {
        Rule::from_json(text).unwrap_err().to_string()
    }

    #[test]
    fn the_canonical_json_of_a_rule_is_read_and_written_as_the_same_bytes() {
        let all = r#"{"l":[[-1,2,{"b":"all","s":"P5","w":"pop"}]],"op":"gt","r":[[9,1,1]]}"#;
        let not = format!(r#"{{"arg":{all},"op":"not"}}"#);
        let one_of = format!(r#"{{"args":[{all}],"k":1,"op":"kofn"}}"#);
        let combined = format!(r#"{{"args":[{TWO_THIRDS},{not},{one_of}],"op":"or"}}"#);
        for text in [TWO_THIRDS, all, &combined] {
            assert_eq!(Rule::from_json(text).unwrap().to_json(), text);
        }
    }

    #[test]
    fn ballots_have_one_canonical_form() {
        let one = TWO_THIRDS.replace(r#""yes","s""#, r#"["yes"],"s""#);
        let order = TWO_THIRDS.replace(r#"["yes","no"]"#, r#"["no","yes"]"#);
        let all =
            TWO_THIRDS.replace(r#"["yes","no"]"#, r#"["yes","no","abstain","veto","absent"]"#);
        for text in [one, order, all] {
            assert!(message(&text).starts_with("rule: is not canonical JSON from byte "), "{text}");
            let value: Value = serde_json::from_str(&text).unwrap();
            assert!(Rule::from_value(&value, "rule").is_ok());
        }
    }

    #[test]
    fn an_error_names_the_place_and_what_to_do() {
        let and = |rule: &str| format!(r#"{{"args":[{TWO_THIRDS},{rule}],"op":"and"}}"#);
        assert_eq!(
            message(&and(&TWO_THIRDS.replace("\"yes\",\"s\"", "\"aye\",\"s\""))),
            concat!(
                "rule.args[1].l[0][2].b: `aye` is no ballot; ",
                "use yes, no, abstain, veto, absent, excluded"
            )
        );
        assert_eq!(
            message(&TWO_THIRDS.replace("\"ge\"", "\"le\"")),
            "rule.op: `le` is no operation; use and, or, not, kofn, ge or gt"
        );
        assert_eq!(message(r#"{"op":"not"}"#), "rule: has no `arg`; add it");
        assert_eq!(
            message(r#"{"arg":1,"k":2,"op":"not"}"#),
            "rule: `k` means nothing here; use op, arg"
        );
        let float = TWO_THIRDS.replace("[2,3", "[2.0,3");
        assert_eq!(message(&float), "rule.r[0][0]: is not a whole number within its range");
        let twice = TWO_THIRDS.replace(r#"["yes","no"]"#, r#"["yes","yes"]"#);
        assert_eq!(message(&twice), "rule.r[0][2].b[1]: `yes` stands twice; name it once");
    }

    #[test]
    fn white_space_repeated_members_and_long_texts_are_refused() {
        assert!(Rule::from_json(&TWO_THIRDS.replace(',', ", ")).is_err());
        assert!(
            Rule::from_json(&TWO_THIRDS.replace(r#""op":"ge""#, r#""op":"gt","op":"ge""#)).is_err()
        );
        let padded = |bytes: usize| format!("{TWO_THIRDS}{}", " ".repeat(bytes - TWO_THIRDS.len()));
        assert!(message(&padded(JSON_BYTES_MAX)).contains("not canonical"));
        assert!(message(&padded(JSON_BYTES_MAX + 1)).contains("limit"));
    }

    #[test]
    fn no_nesting_exhausts_the_stack() {
        let deep = |depth: usize| {
            let (open, close) = (r#"{"arg":"#, r#","op":"not"}"#);
            format!("{}{TWO_THIRDS}{}", open.repeat(depth), close.repeat(depth))
        };
        assert!(Rule::from_json(&deep(DEPTH_MAX)).is_ok());
        assert!(message(&deep(DEPTH_MAX + 1)).contains("nested combinations"));
        assert!(Rule::from_json(&deep(10_000)).is_err());
    }
}
