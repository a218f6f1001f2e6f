//! Checks of nodes over HTTP, each by itself and all against each other.

use pacta_law::NetworkId;
use serde_json::Value;

use super::Checks;
use crate::act::now_ms;
use crate::client::Client;
use crate::commands::verify::verify_bytes;

/// Milliseconds by which clocks may differ: validators refuse each other over five seconds.
const CLOCK_BAD_MS: u64 = 5_000;
const CLOCK_WARN_MS: u64 = 1_000;
/// Blocks by which a node may be behind another.
const BEHIND_MAX: u64 = 20;

/// A node that answers.
struct Node<'a> {
    client: &'a Client,
    height: u64,
}

/// Checks nodes; `network` is the one that all must be of, if it is known.
pub fn check_nodes(clients: &[Client], network: Option<NetworkId>, checks: &mut Checks) {
    let mut network = network;
    let mut nodes = Vec::new();
    for client in clients {
        if let Some(height) = check_node(client, &mut network, checks) {
            nodes.push(Node { client, height });
        }
    }
    let Some(highest) = nodes.iter().map(|node| node.height).max() else { return };
    for node in &nodes {
        let behind = highest - node.height;
        let found = format!("height {}", node.height);
        match behind > BEHIND_MAX {
            true => checks.bad(
                "height",
                node.client.base(),
                format!("{found}, {behind} behind the highest of these nodes"),
                "wait while it catches up; if it does not, look at its log",
            ),
            false => checks.good("height", node.client.base(), found),
        }
    }
    check_roots(&nodes, checks);
}

/// All nodes have the same block at the last height that all have.
fn check_roots(nodes: &[Node<'_>], checks: &mut Checks) {
    let Some(height) = nodes.iter().map(|node| node.height).min().filter(|height| *height > 0)
    else {
        return;
    };
    let mut first: Option<(String, Value)> = None;
    for node in nodes {
        let block: Value = match node.client.get_json(&format!("/api/v1/blocks/{height}")) {
            Ok(block) => block,
            Err(failure) => {
                checks.bad("block", node.client.base(), failure, "look at its log");
                continue;
            }
        };
        let digest = block["digest"].clone();
        match &first {
            None => first = Some((node.client.base().to_owned(), digest.clone())),
            Some((_, other)) if *other == digest => {}
            Some((other, _)) => {
                let found = format!("another block than {other} at height {height}");
                let advice = "stop, and run pacta diverge on the two addresses";
                checks.bad("block", node.client.base(), found, advice);
                continue;
            }
        }
        checks.good("block", node.client.base(), format!("{digest} at height {height}"));
    }
}

/// Checks one node; its height, if it answers.
fn check_node(
    client: &Client,
    network: &mut Option<NetworkId>,
    checks: &mut Checks,
) -> Option<u64> {
    let of = client.base().to_owned();
    let asked_ms = now_ms();
    let answer = client.get_whatever("/readyz").and_then(|bytes| client.parse::<Value>(&bytes));
    let ready: Value = match answer {
        Ok(answer) => answer,
        Err(failure) => {
            checks.bad("answer", &of, failure, "start the node, or correct the address");
            return None;
        }
    };
    check_clock(&of, &ready, asked_ms, checks);
    check_version(&of, &ready, checks);
    match ready["ready"].as_bool() {
        Some(true) => checks.good("ready", &of, "it is ready"),
        _ => {
            let reasons = ready["reasons"].as_array().cloned().unwrap_or_default();
            let texts: Vec<_> = reasons.iter().filter_map(Value::as_str).collect();
            checks.bad("ready", &of, texts.join("; "), "as the reasons say");
        }
    }
    let founded = client.get_json::<Value>("/api/v1/network");
    let id: Option<NetworkId> = founded.ok().and_then(|found| found["id"].as_str()?.parse().ok());
    match (id, *network) {
        (None, _) => checks.bad("network", &of, "it does not tell", "use the same version"),
        (Some(id), Some(expected)) if id != expected => {
            checks.bad("network", &of, format!("{id}, another one"), "correct the address");
            return None;
        }
        (Some(id), _) => {
            checks.good("network", &of, id);
            *network = Some(id);
        }
    }
    check_certificate(&of, client, *network, checks);
    check_evidence(&of, client, checks);
    ready["node"]["height"].as_u64()
}

fn check_clock(of: &str, ready: &Value, asked_ms: u64, checks: &mut Checks) {
    let answered_ms = now_ms();
    let Some(theirs) = ready["health"]["now_ms"].as_u64() else { return };
    let took = answered_ms.saturating_sub(asked_ms);
    let middle = asked_ms + took / 2;
    // The answer was made at some moment between both.
    let differ = theirs.abs_diff(middle).saturating_sub(took / 2);
    let found = format!("differs from this machine's by {differ} ms or little more");
    let advice = "let both machines follow a time service";
    match differ {
        CLOCK_BAD_MS.. => checks.bad("clock", of, found, advice),
        CLOCK_WARN_MS.. => checks.warn("clock", of, found, advice),
        _ => checks.good("clock", of, found),
    }
}

fn check_version(of: &str, ready: &Value, checks: &mut Checks) {
    let (ours, theirs) = (env!("CARGO_PKG_VERSION"), ready["version"].as_str());
    match theirs {
        Some(theirs) if theirs == ours => checks.good("version", of, theirs),
        theirs => checks.warn(
            "version",
            of,
            format!("{}, while this program is {ours}", theirs.unwrap_or("unknown")),
            "use one version on all nodes",
        ),
    }
}

/// The node proves what its last ledger says; here, that there is nothing at a path.
fn check_certificate(of: &str, client: &Client, network: Option<NetworkId>, checks: &mut Checks) {
    let receipt = match client.get("/api/v1/records/receipt?path=treaty/none") {
        Ok(receipt) => receipt,
        Err(failure) => {
            let advice = "try again; if it stays so, look at its log";
            return checks.warn("certificate", of, failure, advice);
        }
    };
    let verified = verify_bytes(of.as_ref(), &receipt, network);
    match verified.is_genuine() {
        true => {
            let height = verified.height.unwrap_or_default();
            checks.good("certificate", of, format!("proves its ledger of height {height}"));
        }
        false => checks.bad(
            "certificate",
            of,
            verified.sentence.unwrap_or_default(),
            "do not trust what it says; look at its log and its disk",
        ),
    }
}

fn check_evidence(of: &str, client: &Client, checks: &mut Checks) {
    let Ok(listed) = client.get_json::<Value>("/api/v1/evidence") else { return };
    match listed["evidence"].as_array().map_or(0, Vec::len) {
        0 => checks.good("evidence", of, "none against any validator"),
        count => checks.warn(
            "evidence",
            of,
            format!("{count} pieces against validators"),
            "see its page; verify each with pacta verify, and tell the others",
        ),
    }
}
