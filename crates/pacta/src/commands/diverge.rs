//! `pacta diverge`: the first thing in which two nodes differ.

use std::path::Path;

use serde::Serialize;
use serde_json::Value;

use crate::act;
use crate::client::Client;
use crate::divergence::{Report, VERSION, first_difference};
use crate::failure::{Exit, Failure, Result};
use crate::files;
use crate::printer::{Printer, facts};

/// Name the first thing in which two nodes differ
///
/// Of two nodes: finds the first final block that differs, and in it the first outcome. Of a report
/// that a node wrote where it computed other roots than a block states (in the folder `divergence`
/// of its data) and a node: names the first outcome, else the first record, that the node has
/// otherwise. Exit code 0 if they agree, 65 if they differ.
///
/// Example: `pacta diverge http://one.example:8000 http://other.example:8000`
#[derive(clap::Args)]
pub struct DivergeArgs {
    /// A node, by its address, or a report, by its file
    one: String,
    /// Another node, by its address
    other: String,
}

/// How two sides compare.
#[derive(Debug, Default, Serialize)]
struct Found {
    agree: bool,
    /// The last height that was compared, or the one at which they differ.
    height: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    differs: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    one: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    other: Option<Value>,
}

/// Runs the command.
///
/// # Errors
/// Exit code 69 when a node does not answer, 65 and 74 for a report.
pub fn run(args: &DivergeArgs, printer: Printer) -> Result<Exit> {
    let other = Client::new(&args.other);
    let found = match args.one.starts_with("http://") || args.one.starts_with("https://") {
        true => of_nodes(&Client::new(&args.one), &other)?,
        false => of_report(Path::new(&args.one), &other)?,
    };
    printer.answer(&found, || describe(&found))?;
    Ok(if found.agree { Exit::Done } else { Exit::Defective })
}

fn describe(found: &Found) -> String {
    let height = found.height.to_string();
    let text = |value: &Option<Value>| value.as_ref().map_or_else(String::new, Value::to_string);
    let (one, other) = (text(&found.one), text(&found.other));
    match &found.differs {
        None => facts(&[("agree", "up to this height"), ("height", &height)]),
        Some(what) => facts(&[
            ("differ", what.as_str()),
            ("height", &height),
            ("one", &one),
            ("other", &other),
        ]),
    }
}

fn block(client: &Client, height: u64) -> Result<Value> {
    client.get_json(&format!("/api/v1/blocks/{height}"))
}

/// Compares the final blocks of two nodes of one network.
fn of_nodes(one: &Client, other: &Client) -> Result<Found> {
    let (first, second) = (act::network(one)?, act::network(other)?);
    if first.id != second.id {
        return Err(Failure::usage("these nodes are of different networks; name two of one"));
    }
    let last = first.node.height.min(second.node.height);
    let same = |height: u64| -> Result<bool> {
        Ok(height == 0 || block(one, height)?["digest"] == block(other, height)?["digest"])
    };
    // Each block names the one before it, so from the first difference on all differ.
    let (mut agree, mut differ) = (0, last + 1);
    if same(last)? {
        agree = last;
    }
    while agree + 1 < differ {
        let middle = agree + (differ - agree) / 2;
        match middle == last || !same(middle)? {
            true => differ = middle,
            false => agree = middle,
        }
    }
    let height = if agree == last { last } else { differ };
    if height == 0 {
        return Ok(Found { agree: true, ..Found::default() });
    }
    Ok(compare_blocks(height, &block(one, height)?, &block(other, height)?))
}

/// Compares two blocks of one height: outcomes first, since they say most.
fn compare_blocks(height: u64, one: &Value, other: &Value) -> Found {
    for part in ["acts", "outcomes"] {
        if let Some(found) = first_of_list(height, part, &one[part], &other[part]) {
            return found;
        }
    }
    let (mut ours, mut theirs) = (one.clone(), other.clone());
    for side in [&mut ours, &mut theirs] {
        if let Some(members) = side.as_object_mut() {
            members.remove("header"); // its members are there, readable
            members.remove("digest"); // follows from them
        }
    }
    match first_difference(&ours, &theirs) {
        None => Found { agree: true, height, ..Found::default() },
        Some(member) => Found {
            height,
            one: Some(ours[&member].clone()),
            other: Some(theirs[&member].clone()),
            differs: Some(format!("the header, in {member}")),
            ..Found::default()
        },
    }
}

fn first_of_list(height: u64, part: &str, one: &Value, other: &Value) -> Option<Found> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let (one, other) = (list(one), list(other));
    let place =
        (0..one.len().max(other.len())).find(|place| one.get(*place) != other.get(*place))?;
    let (one, other) = (one.get(place).cloned(), other.get(place).cloned());
    let null = Value::Null;
    let member = first_difference(one.as_ref().unwrap_or(&null), other.as_ref().unwrap_or(&null));
    let within = member.filter(|member| !member.is_empty());
    let within = within.map_or_else(String::new, |member| format!(", in {member}"));
    let differs = Some(format!("{part}[{place}] of the block{within}"));
    Some(Found { height, differs, one, other, ..Found::default() })
}

/// Compares what a node computed with what another has.
fn of_report(path: &Path, other: &Client) -> Result<Found> {
    let report: Report = files::read_json(path, "a report of a divergence")?;
    if report.v != VERSION {
        return Err(Failure::defective(format!(
            "{} has a form that this version does not know; use a newer pacta",
            path.display()
        )));
    }
    let height = report.height;
    let theirs = block(other, height)?;
    if theirs["digest"] != report.block.to_string() {
        return Err(Failure::failed(format!(
            "another block than that of the report is final at height {height}, so its leader was \
             in error and was refused; there is nothing to compare"
        )));
    }
    let outcomes = Value::Array(report.outcomes.clone());
    if let Some(found) = first_of_list(height, "outcomes", &outcomes, &theirs["outcomes"]) {
        return Ok(found);
    }
    let mut view = act::View::open(other)?;
    for (path, ours) in &report.records {
        let theirs: Value = view.record(path)?.unwrap_or(Value::Null);
        if let Some(member) = first_difference(ours, &theirs) {
            let within = match member.is_empty() {
                true => String::new(),
                false => format!(", in {member}"),
            };
            let differs = format!("the record at {path}{within}, as the node has it now");
            return Ok(Found {
                height,
                differs: Some(differs),
                one: Some(ours.clone()),
                other: Some(theirs),
                ..Found::default()
            });
        }
    }
    let differs = match report.stated == report.found {
        true => None,
        false => Some("the roots only: a record was written there that is not here".to_owned()),
    };
    Ok(Found { agree: differs.is_none(), height, differs, ..Found::default() })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_first_outcome_that_differs_is_named() {
        let one = json!({"acts": ["a"], "outcomes": [{"events": []}, {"events": [1]}], "view": 3});
        let mut other = one.clone();
        assert!(compare_blocks(5, &one, &other).agree);
        other["view"] = json!(4);
        let found = compare_blocks(5, &one, &other);
        assert_eq!(found.differs.as_deref(), Some("the header, in view"));
        other["outcomes"][1]["events"] = json!([2]);
        let found = compare_blocks(5, &one, &other);
        let expected = "outcomes[1] of the block, in events[0]";
        assert_eq!((found.agree, found.differs.as_deref()), (false, Some(expected)));
        other["acts"] = json!([]);
        let found = compare_blocks(5, &one, &other);
        assert_eq!(found.differs.as_deref(), Some("acts[0] of the block"));
        assert_eq!((found.one, found.other), (Some(json!("a")), None));
    }
}
