//! For whoever operates the node: whether it lives, whether it is ready, and its measures.

use std::fmt::Write as _;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::node::{Health, Status};
use crate::problem::Problem;
use crate::state::AppState;

/// Blocks by which a ready node may be behind the others, or its index behind it.
const BEHIND_MAX: u64 = 20;
/// Free bytes of the disk below which a node is not ready: 1 GiB.
const DISK_FREE_MIN: u64 = 1 << 30;
/// The form of measures.
const METRICS_FORM: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Whether a node is ready, and why not.
#[derive(Debug, Serialize)]
pub struct Readiness {
    /// Whether nothing is amiss.
    pub ready: bool,
    /// What is amiss, each a sentence that says what to do where something can be done.
    pub reasons: Vec<String>,
    /// How the node is.
    pub node: Status,
    /// What it knows of its own health.
    pub health: Health,
    /// How far its index is.
    pub index_height: u64,
    /// The version of the program.
    pub version: &'static str,
}

/// What keeps a node from being ready. Blocks with other roots do not: one lying leader could make
/// them for all.
fn reasons(node: &Status, health: &Health, index_height: u64) -> Vec<String> {
    let mut reasons = Vec::new();
    if !node.votes {
        let reason = "the node abstains, since what it has voted is lost; it votes again once the \
                      network has moved on, about a minute after it is connected";
        reasons.push(reason.into());
    }
    let quorum = node.validators - node.validators.saturating_sub(1) / 3;
    if node.peers + 1 < quorum {
        reasons.push(format!(
            "the node hears {} of {} other validators, too few to agree; look at the network and \
             at the clocks",
            node.peers,
            node.validators.saturating_sub(1)
        ));
    }
    let behind = health.claimed_height.saturating_sub(node.height);
    if behind > BEHIND_MAX {
        reasons.push(format!("the node is {behind} blocks behind the others and catches up"));
    }
    let behind = node.height.saturating_sub(index_height);
    if behind > BEHIND_MAX {
        reasons.push(format!(
            "the index is {behind} blocks behind the node; if that does not shrink, look at the log"
        ));
    }
    if let Some(free) = health.disk_free_bytes.filter(|free| *free < DISK_FREE_MIN) {
        let free = free / (1 << 20);
        reasons.push(format!("the disk has {free} MiB left; free some space"));
    }
    reasons
}

async fn look(state: &AppState) -> Result<(Status, Health, u64), Problem> {
    let node = state.node.status().await?;
    let health = state.node.health();
    let index = state.read(|reader| reader.tip()).await?;
    Ok((node, health, index.map_or(0, |block| block.height)))
}

/// `GET /healthz`: 200 while the process answers.
pub async fn alive() -> &'static str {
    "alive\n"
}

/// `GET /readyz`: 200 if the node is ready, 503 with the reasons if it is not.
///
/// # Errors
/// A [`Problem`] when the node or its index cannot answer.
pub async fn ready(State(state): State<AppState>) -> Result<Response, Problem> {
    let (node, health, index_height) = look(&state).await?;
    let reasons = reasons(&node, &health, index_height);
    let (ready, version) = (reasons.is_empty(), env!("CARGO_PKG_VERSION"));
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = Readiness { ready, reasons, node, health, index_height, version };
    Ok((status, Json(body)).into_response())
}

/// `GET /metrics`: the node's measures, then the engine's, for Prometheus.
///
/// # Errors
/// A [`Problem`] when the node or its index cannot answer.
pub async fn metrics(State(state): State<AppState>) -> Result<Response, Problem> {
    let (node, health, index_height) = look(&state).await?;
    let ready = reasons(&node, &health, index_height).is_empty();
    let mut text = String::new();
    for (name, help, value) in [
        ("ready", "whether the node is ready", u64::from(ready)),
        ("votes", "whether the node votes", u64::from(node.votes)),
        ("height", "height of the last final block", node.height),
        ("instant_milliseconds", "instant of the last final block", node.instant),
        ("view", "view in which the last final block was proposed", node.view),
        ("index_height", "height of the index", index_height),
        ("claimed_height", "height that the others have reached", health.claimed_height),
        ("validators", "validators of the network", node.validators),
        ("peers", "other validators that were heard lately", node.peers),
        ("mempool_acts", "acts that wait for a block", node.mempool),
        ("evidence", "pieces of evidence against validators", state.node.evidence().len() as u64),
        ("disagreements", "blocks with other roots than computed here", health.disagreements),
        ("clock_milliseconds", "this machine's clock", health.now_ms),
    ] {
        gauge(&mut text, name, help, value);
    }
    if let Some(free) = health.disk_free_bytes {
        gauge(&mut text, "disk_free_bytes", "free bytes of the disk", free);
    }
    text.push_str(&state.node.metrics().await?);
    if !text.ends_with("# EOF\n") {
        text.push_str("# EOF\n");
    }
    Ok(([(header::CONTENT_TYPE, METRICS_FORM)], text).into_response())
}

fn gauge(text: &mut String, name: &str, help: &str, value: u64) {
    // Writing to a string cannot fail.
    let _ = write!(
        text,
        "# HELP pacta_{name} {help}.\n# TYPE pacta_{name} gauge\npacta_{name} {value}\n"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> (Status, Health) {
        let node = Status {
            height: 100,
            digest: String::new(),
            instant: 0,
            ledger_root: String::new(),
            journal_root: String::new(),
            view: 1,
            votes: true,
            validators: 4,
            peers: 3,
            mempool: 0,
        };
        let health = Health {
            claimed_height: 100,
            disk_free_bytes: Some(DISK_FREE_MIN),
            disagreements: 0,
            now_ms: 0,
        };
        (node, health)
    }

    #[test]
    fn a_node_is_ready_when_nothing_is_amiss() {
        let (mut node, health) = good();
        assert_eq!(reasons(&node, &health, 100 - BEHIND_MAX), [] as [String; 0]);
        node.peers = 2;
        assert_eq!(reasons(&node, &health, 100), [] as [String; 0], "one of four may be away");
    }

    #[test]
    fn each_thing_that_is_amiss_is_named() {
        let amiss = |word: &str, change: fn(&mut Status, &mut Health)| {
            let (mut node, mut health) = good();
            change(&mut node, &mut health);
            let found = reasons(&node, &health, node.height);
            assert_eq!(found.len(), 1, "{found:?}");
            assert!(found[0].contains(word), "{found:?}");
        };
        amiss("abstains", |node, _| node.votes = false);
        amiss("hears 1 of 3", |node, _| node.peers = 1);
        amiss("21 blocks behind the others", |_, health| health.claimed_height = 121);
        amiss("1023 MiB", |_, health| health.disk_free_bytes = Some(DISK_FREE_MIN - 1));
        let (node, health) = good();
        assert!(reasons(&node, &health, 79)[0].contains("index is 21"));
    }
}
