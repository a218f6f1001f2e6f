//! `pacta replay`: the law computes the published dates again, and says where it does not.

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use support::{json as answer, pacta, stderr};

const REPLAYED: [(&str, &str, &str); 6] = [
    ("paris-2015", "2016-10-05", "2016-11-04"),
    ("cptpp-2018", "2018-10-31", "2018-12-30"),
    ("lisbon-2007", "2009-11-13", "2009-12-01"),
    ("budapest-2001", "2004-03-18", "2004-07-01"),
    ("ottawa-1997", "1998-09-16", "1999-03-01"),
    ("apostille-1961", "1964-11-25", "1965-01-24"),
];

fn data(name: &str) -> String {
    format!("{}/tests/data/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// A history, changed, in a file of its own.
fn changed(folder: &Path, name: &str, change: impl FnOnce(&mut Value)) -> PathBuf {
    let text = fs::read(data(name)).expect("the history is readable");
    let mut history = serde_json::from_slice(&text).expect("it is JSON");
    change(&mut history);
    let file = folder.join(name);
    fs::write(&file, history.to_string()).expect("a file can be written");
    file
}

fn replay(file: &Path) -> std::process::Output {
    pacta(&["replay", "--json", file.to_str().expect("a path is UTF-8")])
}

#[test]
fn every_published_date_is_computed_again() {
    let files = REPLAYED.map(|(id, ..)| data(&format!("{id}.json")));
    let mut args = vec!["replay", "--json"];
    args.extend(files.iter().map(String::as_str));
    let (exit, value) = answer(&pacta(&args));
    assert_eq!((exit, &value["differences"]), (0, &json!(0)), "{value:#}");
    for (treaty, (id, trigger, entry)) in
        value["treaties"].as_array().expect("a list").iter().zip(REPLAYED)
    {
        assert_eq!(treaty["id"], id);
        assert_eq!(
            (&treaty["trigger"], &treaty["entry_into_force"]),
            (&json!(trigger), &json!(entry))
        );
        assert_ne!(treaty["party_dates"], 0, "{id}");
    }
    assert_eq!(value["withdrawal_dates"], 7);
}

#[test]
fn a_list_that_is_too_partial_is_named_and_not_compared() {
    let (exit, value) = answer(&replay(Path::new(&data("bbnj-2023.json"))));
    assert_eq!((exit, &value["compared"]), (0, &json!(0)));
    assert_eq!(value["not_replayed"][0]["id"], "bbnj-2023");
}

#[test]
fn a_date_that_differs_is_told_and_ends_with_65() {
    let folder = tempfile::tempdir().expect("a temporary directory");
    type Change = fn(&mut Value);
    let changes: [(&str, &str, Change); 5] = [
        ("cptpp-2018.json", "entry into force", |history| {
            history["expected"]["entry_into_force"] = json!("2018-12-31");
        }),
        ("cptpp-2018.json", "trigger", |history| {
            history["expected"]["trigger_deposit"]["date"] = json!("2018-10-30");
        }),
        ("cptpp-2018.json", "counted instrument", |history| {
            history["expected"]["trigger_deposit"]["party"] = json!("Mexico");
        }),
        ("budapest-2001.json", "date for a party", |history| {
            history["expected"]["party_entry_into_force"]["Lithuania"] = json!("2004-07-02");
        }),
        ("ottawa-1997.json", "effect of a withdrawal", |history| {
            history["expected"]["party_withdrawal_effective"]["Estonia"] = json!("2025-12-28");
        }),
    ];
    for (name, of, change) in changes {
        let (exit, value) = answer(&replay(&changed(folder.path(), name, change)));
        assert_eq!((exit, &value["ok"]), (65, &json!(false)), "{value:#}");
        let differences = value["treaties"][0]["differences"].as_array().expect("a list");
        assert!(differences.iter().any(|difference| difference["of"] == of), "{differences:?}");
    }
}

#[test]
fn a_fact_that_is_left_out_moves_the_date() {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let file = changed(folder.path(), "cptpp-2018.json", |history| {
        let actions = history["actions"].as_array_mut().expect("a list");
        actions.retain(|action| action["party"] != "Mexico");
    });
    let (exit, value) = answer(&replay(&file));
    assert_eq!(exit, 65, "{value:#}");
    assert_ne!(value["treaties"][0]["entry_into_force"], "2018-12-30");
}

#[test]
fn a_member_of_another_form_is_named_with_its_file() {
    let folder = tempfile::tempdir().expect("a temporary directory");
    type Change = fn(&mut Value);
    let changes: [(&str, Change); 6] = [
        ("actions[1]", |history| history["actions"][1]["date"] = json!("2018-02-30")),
        ("actions[2]", |history| history["actions"][2]["action"] = json!("ratificaton")),
        ("late_partty", |history| {
            let clauses = &mut history["final_clauses"];
            clauses["late_partty"] = clauses["late_party"].take();
        }),
        ("entry_into_force.delay", |history| {
            history["final_clauses"]["entry_into_force"]["delay"]["kind"] = json!("weeks");
        }),
        ("instrumments", |history| {
            history["final_clauses"]["entry_into_force"]["conditions"]["instrumments"] = json!(6);
        }),
        ("unexpected", |history| history["unexpected"] = json!(1)),
    ];
    for (member, change) in changes {
        let output = replay(&changed(folder.path(), "cptpp-2018.json", change));
        let error = stderr(&output);
        assert_eq!(output.status.code(), Some(65), "{error}");
        assert!(error.contains("cptpp-2018.json") && error.contains(member), "{member}: {error}");
    }
}

#[test]
fn a_bulk_of_facts_is_counted_with_its_imprecise_dates() {
    let (exit, value) = answer(&pacta(&["replay", "--json", "--bulk", &data("bulk.csv")]));
    assert_eq!(exit, 0, "{value:#}");
    for (member, number) in [
        ("rows", 4),
        ("treaties", 2),
        ("facts", 10),
        ("imprecise", 3),
        ("left_out", 1),
        ("in_force_dates", 3),
        ("in_force_dates_equal", 3),
    ] {
        assert_eq!(value[member], number, "{member}");
    }
}
