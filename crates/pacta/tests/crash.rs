//! Nodes that are killed lose nothing that was final, and come back to the tip.

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use support::company::Company;
use support::{Ends, Network, get, post, wait_until};

/// What a test remembers of final acts: where each is, by its id.
type Finals = BTreeMap<String, (u64, u64)>;

#[test]
fn nothing_final_is_lost_when_nodes_are_killed_or_a_directory_is_deleted() {
    let parent = tempfile::tempdir().expect("a temporary directory");
    let mut network = Network::start(&parent.path().join("network"), 5);
    let mut company = Company::register(&network, 0, "Load Ltd", 77);
    let mut finals = Finals::new();

    one_is_killed_under_load(&mut network, &mut company, &mut finals);
    all_are_killed(&mut network, &mut company, &mut finals);
    a_directory_is_deleted(&mut network, &mut company, &mut finals);
}

/// One of five is killed under load: acts keep becoming final; it is at the tip in 10 s.
fn one_is_killed_under_load(network: &mut Network, company: &mut Company, finals: &mut Finals) {
    const KILLED: usize = 4;
    let url = network.api(0);
    let stop = AtomicBool::new(false);
    let after_kill = thread::scope(|scope| {
        let ends = Ends(&stop);
        let load = scope.spawn(|| {
            let mut found = Vec::new();
            while !stop.load(Ordering::Relaxed) {
                found.push((Instant::now(), submit(&url, &company.signed())));
            }
            found
        });
        thread::sleep(Duration::from_secs(3));
        network.kill(KILLED);
        let killed = Instant::now();
        // Long enough for the killed node's turn to come several times.
        thread::sleep(Duration::from_secs(15));
        let (height, _) = network.heights(0);
        network.run(KILLED);
        wait_until("the restarted node is at the tip", 10, || {
            network.heights(KILLED).0 >= height.max(network.heights(0).0.saturating_sub(2))
        });
        drop(ends);
        let found = load.join().expect("the load runs to its end");
        let after = found.iter().filter(|(at, _)| *at > killed).count();
        finals.extend(found.into_iter().map(|(_, found)| found));
        after
    });
    assert!(after_kill >= 20, "only {after_kill} acts became final after the crash");
    assert_all_agree(network, finals);
}

/// All five are killed at once and started again: every final act is where it was.
fn all_are_killed(network: &mut Network, company: &mut Company, finals: &mut Finals) {
    let (height, _) = network.heights(0);
    let before = network.roots(0, height);
    (0..network.len()).for_each(|place| network.kill(place));
    (0..network.len()).for_each(|place| network.run(place));
    (0..network.len()).for_each(|place| network.wait_ready(place));
    let url = network.api(1);
    finals.extend([submit(&url, &company.signed())]);
    assert_eq!(network.roots(2, height), before, "history has changed");
    assert_all_agree(network, finals);
}

/// A node whose directory is deleted rebuilds everything from the others, its index included.
fn a_directory_is_deleted(network: &mut Network, company: &mut Company, finals: &mut Finals) {
    const DELETED: usize = 2;
    network.kill(DELETED);
    fs::remove_dir_all(network.folder(DELETED).join("data")).expect("it can be deleted");
    let url = network.api(0);
    finals.extend((0..5).map(|_| submit(&url, &company.signed())));
    network.run(DELETED);
    network.wait_ready(DELETED);
    let (height, _) = network.heights(0);
    wait_until("the node and its index are rebuilt", 60, || {
        let (node, index) = network.heights(DELETED);
        node >= height && index >= height
    });
    assert_all_agree(network, finals);
    // It takes part again: an act handed in there becomes final.
    finals.extend([submit(&network.api(DELETED), &company.signed())]);
    assert_all_agree(network, finals);
}

/// Submits an act and waits until it is final: its id, and its place.
fn submit(api: &str, act: &[u8]) -> (String, (u64, u64)) {
    let url = format!("{api}/acts?wait=15");
    let (status, answer) = post(&url, act).expect("the node answers");
    assert!(status < 300, "{status} {answer}");
    let id = answer["id"].as_str().expect("an id").to_owned();
    let mut last = answer;
    wait_until("an act is final", 30, || {
        if last["status"] != "final" {
            last = get(&format!("{api}/acts/{id}")).map(|(_, answer)| answer).unwrap_or_default();
        }
        last["status"] == "final"
    });
    assert_eq!(last["outcome"]["result"], "executed", "{last}");
    (id, place(&last))
}

fn place(standing: &Value) -> (u64, u64) {
    let number = |member: &str| standing[member].as_u64().expect("a final act has a place");
    (number("height"), number("index"))
}

/// Every node answers every final act from the same place, and has the same roots.
fn assert_all_agree(network: &Network, finals: &Finals) {
    let highest = finals.values().map(|(height, _)| *height).max().expect("some act is final");
    for node in 0..network.len() {
        wait_until("a node has all final acts", 20, || network.heights(node).1 >= highest);
        assert_eq!(network.roots(node, highest), network.roots(0, highest), "node {node}");
        for (id, expected) in finals {
            let url = format!("{}/acts/{id}", network.api(node));
            let (status, standing) = get(&url).expect("an answer");
            assert_eq!(status, 200, "node {node} lost act {id}: {standing}");
            assert_eq!(place(&standing), *expected, "node {node}, act {id}");
        }
    }
}
