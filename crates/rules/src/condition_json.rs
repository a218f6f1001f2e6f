//! The JSON of a condition: that of a rule, with groups and five signs.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde_json::{Map, Value, json};

use crate::check::limit;
use crate::condition::{Condition, Groups, Sign};
use crate::error::Error;
use crate::json::{array, field, integer, linear_value, object, only, read_linear, string};
use crate::tree::{DEPTH_MAX, NODES_MAX};

/// The JSON as a value.
pub(crate) fn condition_value(condition: &Condition) -> Value {
    let all = |of: &[Condition]| of.iter().map(condition_value).collect::<Vec<_>>();
    match condition {
        Condition::All(of) => json!({"op": "and", "args": all(of)}),
        Condition::Any(of) => json!({"op": "or", "args": all(of)}),
        Condition::Not(of) => json!({"op": "not", "arg": condition_value(of)}),
        Condition::KOf { k, of } => json!({"op": "kofn", "k": k, "args": all(of)}),
        Condition::Groups { k, variable, of, holds } => {
            let of = match of {
                Groups::Partition(name) => json!(name),
                Groups::Listed(names) => json!(names),
            };
            let arg = condition_value(holds);
            json!({"op": "groups", "k": k, "variable": variable, "of": of, "arg": arg})
        }
        Condition::Compare { left, sign, right } => {
            json!({"op": sign.op(), "l": linear_value(left), "r": linear_value(right)})
        }
    }
}

/// Reads a condition from a JSON value; `at` is the place that errors name.
pub(crate) fn read_condition(value: &Value, at: &str) -> Result<Condition, Error> {
    Reader { nodes: 0 }.condition(value, at, 0)
}

struct Reader {
    nodes: usize,
}

impl Reader {
    fn condition(&mut self, value: &Value, at: &str, depth: usize) -> Result<Condition, Error> {
        self.nodes += 1;
        limit("nodes of a condition", self.nodes, NODES_MAX)?;
        limit("nested combinations", depth, DEPTH_MAX)?;
        let fields = object(value, at)?;
        let op = string(field(fields, "op", at)?, &format!("{at}.op"))?;
        match op {
            "and" => self.list(fields, &["op", "args"], at, depth).map(Condition::All),
            "or" => self.list(fields, &["op", "args"], at, depth).map(Condition::Any),
            "kofn" => {
                let k = integer(field(fields, "k", at)?, &format!("{at}.k"))?;
                let of = self.list(fields, &["op", "k", "args"], at, depth)?;
                Ok(Condition::KOf { k, of })
            }
            "not" => {
                only(fields, &["op", "arg"], at)?;
                self.arg(fields, at, depth).map(Condition::Not)
            }
            "groups" => self.groups(fields, at, depth),
            op => {
                let sign = Sign::ALL.into_iter().find(|sign| sign.op() == op).ok_or_else(|| {
                    let known = "and, or, not, kofn, groups, ge, gt, le, lt or eq";
                    let problem = format!("`{op}` is no operation; use {known}");
                    Error::form(format!("{at}.op"), problem)
                })?;
                only(fields, &["op", "l", "r"], at)?;
                let left = read_linear(field(fields, "l", at)?, &format!("{at}.l"))?;
                let right = read_linear(field(fields, "r", at)?, &format!("{at}.r"))?;
                Ok(Condition::Compare { left, sign, right })
            }
        }
    }

    fn list(
        &mut self,
        fields: &Map<String, Value>,
        names: &[&str],
        at: &str,
        depth: usize,
    ) -> Result<Vec<Condition>, Error> {
        only(fields, names, at)?;
        let at = format!("{at}.args");
        let args = array(field(fields, "args", &at)?, &at)?.iter().enumerate();
        args.map(|(i, arg)| self.condition(arg, &format!("{at}[{i}]"), depth + 1)).collect()
    }

    fn arg(
        &mut self,
        fields: &Map<String, Value>,
        at: &str,
        depth: usize,
    ) -> Result<Box<Condition>, Error> {
        let arg = field(fields, "arg", at)?;
        self.condition(arg, &format!("{at}.arg"), depth + 1).map(Box::new)
    }

    fn groups(
        &mut self,
        fields: &Map<String, Value>,
        at: &str,
        depth: usize,
    ) -> Result<Condition, Error> {
        only(fields, &["op", "k", "variable", "of", "arg"], at)?;
        let k = match field(fields, "k", at)? {
            Value::Null => None,
            k => Some(integer(k, &format!("{at}.k"))?),
        };
        let variable = string(field(fields, "variable", at)?, &format!("{at}.variable"))?.into();
        let of = match field(fields, "of", at)? {
            Value::String(name) => Groups::Partition(name.clone()),
            listed => {
                let name = |name| string(name, &format!("{at}.of")).map(String::from);
                let names = array(listed, &format!("{at}.of"))?.iter().map(name);
                Groups::Listed(names.collect::<Result<_, _>>()?)
            }
        };
        Ok(Condition::Groups { k, variable, of, holds: self.arg(fields, at, depth)? })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing;

    proptest! {
        #[test]
        fn the_json_of_a_condition_is_read_as_the_same_condition(of in testing::condition()) {
            prop_assert_eq!(read_condition(&condition_value(&of), "if"), Ok(of));
        }
    }

    #[test]
    fn the_json_of_a_condition_has_limits() {
        let leaf = condition_value(&Condition::from_text("yes > 1").unwrap());
        let nest = |depth: usize| {
            let nested = (0..depth).fold(leaf.clone(), |arg, _| json!({"op": "not", "arg": arg}));
            read_condition(&nested, "if")
        };
        assert!(nest(DEPTH_MAX).is_ok());
        assert!(nest(DEPTH_MAX + 1).is_err());
        let list = |count: usize| {
            read_condition(&json!({"op": "or", "args": alloc::vec![&leaf; count]}), "if")
        };
        assert!(list(NODES_MAX - 1).is_ok());
        assert!(list(NODES_MAX).is_err());
    }
}
