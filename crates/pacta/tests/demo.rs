//! Five States conclude a treaty on five nodes, and receipts of it are verified offline.

mod support;

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use support::{json, pacta, stderr};

#[test]
fn five_nodes_bring_a_treaty_into_force_and_receipts_are_genuine_or_found_out() {
    let parent = tempfile::tempdir().expect("a temporary directory");
    let dir = parent.path().join("demo");
    let path = dir.to_str().expect("a path is UTF-8");
    let output = pacta(&["demo", "--exit", "--json", "--dir", path]);
    assert!(output.status.success(), "{}", stderr(&output));
    let (_, demo) = json(&output);

    assert_eq!(demo["ok"], json!(true));
    assert_eq!(demo["dealer"], json!(true), "a dealt network says so");
    assert_eq!(demo["treaty"]["status"], json!("in_force"));
    assert_eq!(demo["treaty"]["titles"].as_object().map(|titles| titles.len()), Some(2));
    assert_eq!(demo["roots"]["nodes"], json!(5));
    let nodes = demo["nodes"].as_array().expect("nodes");
    for member in ["directory", "http", "process", "actor"] {
        let mut values: Vec<_> = nodes.iter().map(|node| node[member].to_string()).collect();
        values.sort();
        values.dedup();
        assert_eq!(values.len(), 5, "each node has its own {member}");
    }
    let steps = demo["steps"].as_array().expect("steps");
    let of = |step: &str| steps.iter().filter(|done| done["step"] == json!(step)).count();
    for (step, count) in [("draft", 1), ("adopt", 5), ("authenticate", 5), ("sign", 5)] {
        assert_eq!(of(step), count, "{step}");
    }
    assert_eq!((of("deposit"), of("deposit_again")), (5, 1));
    assert!(steps.iter().all(|step| step["ms"].as_f64().is_some_and(|ms| ms > 0.0)));

    let network = demo["network"].as_str().expect("a network");
    for receipt in ["executed-act", "refused-act", "record", "absence"] {
        verify_with_its_tampered_variants(&dir.join("receipts"), receipt, network);
    }
}

/// The receipt is genuine, and with any one of its fields changed it is not.
fn verify_with_its_tampered_variants(folder: &Path, name: &str, network: &str) {
    let file = folder.join(format!("{name}.json"));
    let path = file.to_str().expect("a path is UTF-8");
    let (code, verdict) = json(&pacta(&["verify", path, "--network", network, "--json"]));
    assert_eq!((code, &verdict["verdict"]), (0, &json!("genuine")), "{name}: {verdict}");
    let other = "0".repeat(64);
    let (code, verdict) = json(&pacta(&["verify", path, "--network", &other, "--json"]));
    assert_eq!((code, &verdict["verdict"]), (65, &json!("not_genuine")), "{name}: {verdict}");

    let genuine: Value =
        serde_json::from_slice(&fs::read(&file).expect("a receipt")).expect("it is JSON");
    let mut places = Vec::new();
    leaves(&genuine, String::new(), &mut places);
    assert!(places.len() >= 20, "{name} has only {} fields", places.len());
    let mut files = Vec::new();
    for (number, place) in places.iter().enumerate() {
        let mut tampered = genuine.clone();
        let leaf = tampered.pointer_mut(place).expect("a leaf is where it was found");
        *leaf = changed(leaf);
        let file = folder.join(format!("{name}-tampered-{number}.json"));
        fs::write(&file, tampered.to_string()).expect("a file can be written");
        files.push(file.to_str().expect("a path is UTF-8").to_owned());
    }
    let mut args = vec!["verify", "--json"];
    args.extend(files.iter().map(String::as_str));
    let (code, verdicts) = json(&pacta(&args));
    assert_eq!(code, 65);
    let verdicts = verdicts["results"].as_array().expect("results").clone();
    assert_eq!(verdicts.len(), places.len());
    let mut not_genuine = 0;
    for (place, verdict) in places.iter().zip(&verdicts) {
        assert_ne!(verdict["verdict"], json!("genuine"), "{name}{place} was changed");
        not_genuine += usize::from(verdict["verdict"] == json!("not_genuine"));
    }
    // What names an unknown form leaves one unable to tell; all else is found out.
    assert!(not_genuine >= 20, "{name}: {not_genuine} of {} are not genuine", places.len());
}

/// The places of all values that hold no others.
fn leaves(value: &Value, place: String, places: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let name = name.replace('~', "~0").replace('/', "~1");
                leaves(member, format!("{place}/{name}"), places);
            }
        }
        Value::Array(items) => {
            for (number, item) in items.iter().enumerate() {
                leaves(item, format!("{place}/{number}"), places);
            }
        }
        _ => places.push(place),
    }
}

/// Another value of the same kind and form.
fn changed(value: &Value) -> Value {
    match value {
        Value::Bool(is) => json!(!is),
        Value::Number(number) => json!(number.as_u64().unwrap_or_default() + 1),
        Value::String(text) => {
            let (head, last) =
                text.split_at(text.len() - text.chars().last().map_or(0, char::len_utf8));
            json!(format!("{head}{}", if last == "1" { "2" } else { "1" }))
        }
        other => other.clone(),
    }
}
