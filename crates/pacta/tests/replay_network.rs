//! `pacta replay --network`: every node gives the same dates and the same roots.

mod support;

use serde_json::json;
use support::{json as answer, pacta};

#[test]
fn five_nodes_give_the_published_date_of_the_paris_agreement_and_one_pair_of_roots() {
    let file = format!("{}/tests/data/paris-2015.json", env!("CARGO_MANIFEST_DIR"));
    let (exit, value) = answer(&pacta(&["replay", &file, "--network", "--json"]));
    assert_eq!(exit, 0, "{value:#}");
    let nodes = value["network"]["nodes"].as_array().expect("a list");
    assert_eq!(nodes.len(), 5);
    for node in nodes {
        assert_eq!(node["treaties"][0]["entry_into_force"], "2016-11-04");
        assert_eq!(node["treaties"][0]["differences"], json!([]));
        for root in ["ledger_root", "journal_root"] {
            assert_eq!(node[root], value["network"]["roots"][root]);
            assert!(node[root].is_string(), "{node}");
        }
    }
}
