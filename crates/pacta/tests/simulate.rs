//! `pacta sim`: its evidence verifies with `pacta verify`, and logging changes no answer.

mod support;

use std::fs;
use std::process::Command;

use serde_json::json;
use support::{PACTA, json, pacta, stderr};

#[test]
fn evidence_of_a_simulation_is_genuine_to_everybody() {
    let parent = tempfile::tempdir().expect("a temporary directory");
    let folder = parent.path().join("evidence").display().to_string();
    let found = ["sim", "--seeds", "100..103", "--validators", "4", "--hostile", "1", "--json"];
    let found = pacta(&[&found[..], &["--evidence-dir", &folder]].concat());
    let (code, summary) = json(&found);
    assert_eq!((code, &summary["holds"]), (0, &json!(true)), "{summary}");
    assert_eq!(summary["with_hostile"], json!(3));
    assert_eq!(stderr(&found).lines().count(), 3, "{}", stderr(&found));
    let files: Vec<String> = fs::read_dir(&folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path().display().to_string())
        .collect();
    assert!(
        !files.is_empty() && files.len() as u64 <= summary["accusations"].as_u64().unwrap_or(0)
    );
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let (code, verified) = json(&pacta(&[&["verify", "--json"][..], &files].concat()));
    assert_eq!(code, 0, "{verified}");
}

#[test]
fn what_nodes_log_goes_to_standard_error_and_changes_no_answer() {
    let args = ["sim", "--seed", "4", "--validators", "4", "--json"];
    let silent = pacta(&args);
    let logged = Command::new(PACTA).args(args).env("PACTA_LOG", "pacta_node=debug").output();
    let logged = logged.expect("the program runs");
    assert_eq!(json(&silent).0, 0, "{}", stderr(&silent));
    assert!(silent.stderr.is_empty(), "{}", stderr(&silent));
    assert_eq!(silent.stdout, logged.stdout);
    let log = stderr(&logged);
    let proposed = log.lines().filter(|line| line.contains("proposed")).count();
    assert!(proposed > 0 && log.contains("\"validator\":2"), "{log}");
}

#[test]
fn more_hostile_validators_than_is_borne_are_simulated_only_when_it_is_said() {
    let hostile = ["sim", "--seed", "0", "--validators", "4", "--hostile", "2"];
    let refused = pacta(&hostile);
    assert_eq!(refused.status.code(), Some(2), "{}", stderr(&refused));
    assert!(stderr(&refused).contains("at most 1"), "{}", stderr(&refused));
    let (code, report) = json(&pacta(&[&hostile[..], &["--beyond", "--json"]].concat()));
    assert_eq!((code, &report["beyond"]), (0, &json!(true)), "{report}");
    let few = ["sim", "--validators", "4", "--hostile", "1", "--beyond"];
    assert_eq!(pacta(&few).status.code(), Some(2));
}
