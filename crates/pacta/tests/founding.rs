//! Five founders found a network over real processes, without a dealer, and it works.

mod support;

use std::fs;
use std::process::Command;

use support::founders::{Founders, Kept, LONG, NAMES};
use support::{Network, PACTA, json, pacta, stderr, text, wait_until};

#[test]
fn five_founders_found_a_network_that_works_and_a_founder_that_differs_is_named() {
    let parent = tempfile::tempdir().expect("a temporary directory");
    let founders = Founders::enrol(parent.path());
    let (plan, digest) = founders.plan("Union", "plan.json", [0, 1, 2, 3, 4]);
    let (_, same) = founders.plan("Union", "same.json", [4, 2, 0, 1, 3]);
    assert_eq!(digest, same, "the order in which files are named does not matter");
    let (other, _) = founders.plan("Onion", "other.json", [0, 1, 2, 3, 4]);

    let mut running: Vec<_> = (0..4).map(|place| founders.run(place, &plan, "1")).collect();
    wait_until("four founders wait for the fifth", LONG, || {
        (0..4).all(|place| founders.said(place).contains("4 of 5 founders are here; missing"))
    });

    // The fifth comes with another plan: it is told, and the others name it.
    let mut fifth = founders.run(4, &other, "1");
    assert_eq!(fifth.code(), Some(65), "{}", founders.said(4));
    let said = founders.said(4);
    assert!(said.contains("have another plan") && said.contains(&digest), "{said}");
    let naming = |place: &usize| founders.said(*place).contains("Zubrowka has another plan");
    wait_until("others name it", LONG, || (0..4).filter(naming).count() >= 2);

    // Another is killed before the ceremony, and comes back after the fifth with the right plan.
    running[3].kill();
    wait_until("the others miss it", LONG, || {
        (0..3).all(|place| founders.said(place).contains("missing: Genovia, Zubrowka"))
    });
    running.push(founders.run(4, &plan, "1"));
    running[3] = founders.run(3, &plan, "1");
    let network = founders.all_found(&mut running);

    // Told again, a founder says what it founded, and changes nothing.
    let mut again = founders.run(1, &plan, "1");
    assert_eq!(again.code(), Some(0), "{}", founders.said(1));
    assert_eq!(founders.answer(1)["network"], network.as_str());
    let mut late = founders.run(1, &other, "1");
    assert_eq!(late.code(), Some(73), "{}", founders.said(1));

    let network = founders.start(&network);
    wait_until("the network agrees", LONG, || {
        (0..NAMES.len()).all(|place| network.heights(place).0 > 0)
    });
    final_act(&founders, &network);
}

/// An act becomes final and its receipt is genuine; it does not speak of a dealer.
fn final_act(founders: &Founders, network: &Network) {
    let fresh = founders.root.join("fresh.json");
    let made = founders.pacta(&["key", "new", text(&fresh)], &[]);
    assert!(made.status.success(), "{}", stderr(&made));
    let (code, act) = json(&network.sign(2, &["actor", "register-key", "--new-key", text(&fresh)]));
    assert_eq!(code, 0, "{act}");
    let receipt = founders.root.join("receipt.json");
    let (receipt, act) = (text(&receipt), act["act"].as_str().expect("an act"));
    let (node, id) = (network.url(4), network.file["network"].as_str().expect("a network"));
    let of_node = ["--output", receipt, "--node", &node, "--network", id];
    wait_until("another founder's node has the receipt", LONG, || {
        pacta(&[&["receipt", "act", act], &of_node[..]].concat()).status.success()
    });
    let (code, verdict) = json(&pacta(&["verify", receipt, "--network", id, "--json"]));
    assert_eq!((code, verdict["verdict"].as_str()), (0, Some("genuine")), "{verdict}");
    let receipt = fs::read_to_string(receipt).expect("a receipt");
    assert!(!receipt.contains("\"dealer\":true"), "no dealer knew all shares");
}

#[test]
fn a_founder_killed_in_the_ceremony_goes_on_or_all_make_another_attempt() {
    let parent = tempfile::tempdir().expect("a temporary directory");
    let founders = Founders::enrol(parent.path());
    let (plan, _) = founders.plan("Union", "plan.json", [0, 1, 2, 3, 4]);
    let start = |attempt: &str| -> Vec<Kept> {
        (0..NAMES.len()).map(|place| founders.run(place, &plan, attempt)).collect()
    };
    let mut running = start("1");
    wait_until("the ceremony begins", LONG, || founders.said(2).contains("the ceremony begins"));
    running[2].kill();
    running[2] = founders.run(2, &plan, "1");
    let codes: Vec<_> = running.iter_mut().map(Kept::code).collect();
    if codes != [Some(0); 5] {
        // The share of who was away may have become public. Then nobody has founded anything.
        for (place, code) in codes.iter().enumerate() {
            let said = founders.said(place);
            assert_eq!(*code, Some(1), "{}: {said}", NAMES[place]);
            assert!(said.contains("start again with --attempt 2"), "{said}");
            assert!(!founders.dir(place).join("node.json").exists());
        }
        running = start("2");
    }
    founders.all_found(&mut running);
}

#[test]
fn too_few_founders_and_wrong_files_are_refused_with_advice() {
    let parent = tempfile::tempdir().expect("a temporary directory");
    let founders = Founders::enrol(parent.path());
    let path = |place: usize| text(&founders.enrolment(place)).to_owned();
    let out = parent.path().join("plan.json");
    let plan = |enrolments: &[String]| {
        Command::new(PACTA)
            .args(["found", "plan", "--from", "2026-01-05", "--name", "Union", "--out"])
            .arg(&out)
            .args(enrolments)
            .output()
            .expect("the program runs")
    };
    let alone = plan(&[path(0)]);
    assert_eq!(alone.status.code(), Some(2));
    assert!(stderr(&alone).contains("pacta devnet"), "{}", stderr(&alone));
    let three = plan(&[path(0), path(1), path(2)]);
    assert_eq!(three.status.code(), Some(2), "{}", stderr(&three));
    let twice = plan(&[path(0), path(1), path(2), path(2)]);
    assert_eq!(twice.status.code(), Some(65), "{}", stderr(&twice));

    let enrolment = fs::read_to_string(path(3)).expect("an enrolment");
    fs::write(path(3), enrolment.replace("Genovia", "Genoa")).expect("it can be written");
    let forged = plan(&[path(0), path(1), path(2), path(3)]);
    assert_eq!(forged.status.code(), Some(65));
    assert!(stderr(&forged).contains("signature"), "{}", stderr(&forged));

    // A founder that is not in the plan takes no part, and a fingerprint is compared.
    let output = plan(&[path(0), path(1), path(2), path(4)]);
    assert!(output.status.success(), "{}", stderr(&output));
    let (dir, plan) = (founders.dir(3), text(&out));
    let stranger = founders.pacta(&["found", "run", plan], &[("--dir", &dir)]);
    assert_eq!(stranger.status.code(), Some(65), "{}", stderr(&stranger));
    let dir = founders.dir(0);
    let zeros = "0".repeat(64);
    let wrong = founders.pacta(&["found", "run", plan, "--expect", &zeros], &[("--dir", &dir)]);
    assert_eq!(wrong.status.code(), Some(65), "{}", stderr(&wrong));
}
