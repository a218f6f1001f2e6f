//! What an operator asks of a node: whether it lives, is ready, and what is wrong with it.

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::{Value, json};
use support::company::Company;
use support::{Network, agent, get, json, pacta, post, wait_until};

#[test]
fn a_node_tells_how_it_is_and_what_is_wrong_with_it() {
    let parent = tempfile::tempdir().expect("a temporary directory");
    let mut network = Network::start(&parent.path().join("network"), 4);
    let mut company = Company::register(&network, 0, "Operated Ltd", 66);
    let url = format!("{}/acts?wait=final", network.api(0));
    let (status, act) = post(&url, &company.signed()).expect("the node answers");
    assert_eq!(status, 200, "{act}");

    for place in 0..4 {
        wait_until("the node is ready", 30, || is_ready(&network, place));
    }
    let (status, text) = text(&format!("{}/healthz", network.url(0)));
    assert_eq!((status, text.as_str()), (200, "alive\n"));
    measures(&network);
    let url = network.url(1);
    wait_until("doctor finds nothing wrong", 30, || {
        let (code, found) = doctor(&network.folder(0), &[&url]);
        code == 0 && states(&found, "clock").len() == 2
    });
    let (code, found) = diverge(&network.url(0), &url);
    assert_eq!((code, &found["agree"]), (0, &json!(true)), "{found}");

    let share = network.folder(0).join("share.json");
    fs::set_permissions(&share, fs::Permissions::from_mode(0o644)).expect("it can be changed");
    let (code, found) = doctor(&network.folder(0), &[&url]);
    assert_eq!(code, 1, "{found}");
    assert!(states(&found, "permissions").contains(&json!("bad")), "{found}");
    fs::set_permissions(&share, fs::Permissions::from_mode(0o600)).expect("it can be changed");
    let genesis = network.folder(0).join("genesis.json");
    let kept = fs::read(&genesis).expect("it can be read");
    fs::write(&genesis, "{}").expect("it can be written");
    let (code, found) = doctor(&network.folder(0), &[]);
    assert_eq!((code, &found["state"]), (1, &json!("bad")), "{found}");
    fs::write(&genesis, kept).expect("it can be written");

    network.kill(2);
    network.kill(3);
    wait_until("two of four are too few", 30, || {
        get(&format!("{}/readyz", network.url(0)))
            .is_some_and(|(status, body)| status == 503 && body.to_string().contains("too few"))
    });
    let (code, found) = doctor(&network.folder(0), &[&network.url(2)]);
    assert_eq!(code, 1, "{found}");
    assert!(states(&found, "answer").contains(&json!("bad")), "{found}");
    assert!(states(&found, "peer").contains(&json!("warning")), "{found}");
    assert_eq!(pacta(&["doctor"]).status.code(), Some(2));
}

fn is_ready(network: &Network, place: usize) -> bool {
    let url = format!("{}/readyz", network.url(place));
    get(&url).is_some_and(|(status, body)| status == 200 && body["ready"] == true)
}

/// Measures have the form that Prometheus reads, and tell what the node tells.
fn measures(network: &Network) {
    let (status, text) = text(&format!("{}/metrics", network.url(0)));
    assert_eq!(status, 200);
    assert!(text.ends_with("# EOF\n"), "{text}");
    assert_eq!(text.matches("# EOF").count(), 1);
    let value = |name: &str| {
        let line = text.lines().find(|line| line.starts_with(&format!("{name} ")));
        let value = line.and_then(|line| line.split(' ').nth(1)?.parse::<f64>().ok());
        value.unwrap_or_else(|| panic!("no {name}: {text}"))
    };
    assert!(value("pacta_height") >= 1.0 && value("pacta_ready") == 1.0);
    assert_eq!((value("pacta_votes"), value("pacta_validators")), (1.0, 4.0));
    assert!(value("pacta_disk_free_bytes") > 0.0);
    assert!(text.contains("\nruntime_"), "the engine's measures are missing: {text}");
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let number = line.rsplit(' ').next().and_then(|number| number.parse::<f64>().ok());
        assert!(number.is_some(), "{line}");
    }
}

fn text(url: &str) -> (u16, String) {
    let mut answer = agent().get(url).call().expect("an answer");
    let status = answer.status().as_u16();
    (status, answer.body_mut().read_to_string().expect("a text"))
}

fn doctor(folder: &Path, urls: &[&str]) -> (i32, Value) {
    let mut args = vec!["doctor", folder.to_str().expect("a path is UTF-8"), "--json"];
    urls.iter().for_each(|url| args.extend(["--url", url]));
    json(&pacta(&args))
}

fn diverge(one: &str, other: &str) -> (i32, Value) {
    json(&pacta(&["diverge", one, other, "--json"]))
}

/// What came of all checks of a name.
fn states(found: &Value, check: &str) -> Vec<Value> {
    let checks = found["checks"].as_array().expect("a list");
    let of = checks.iter().filter(|one| one["check"] == check);
    of.map(|one| one["state"].clone()).collect()
}
