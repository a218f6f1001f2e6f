//! The network, its founding, its blocks, and the health of this node.

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use pacta_law::{ActorId, PublicKey};
use serde::Serialize;
use serde_json::{Value, json};

use crate::extract::Named;
use crate::node::Status;
use crate::problem::Problem;
use crate::seats::{Seat, Seats, seats};
use crate::state::AppState;

/// The network as this node sees it.
#[derive(Debug, Serialize)]
pub struct Network {
    /// The network's id: the digest of its founding.
    id: String,
    name: String,
    /// Whether one dealer made the validators' shares, as on a devnet.
    dealer: bool,
    /// The actor that operates this node, by id.
    operator: String,
    /// Those that the members want, while the node can tell; `/api/v1/validators` says more.
    #[serde(skip_serializing_if = "Option::is_none")]
    validators: Option<Vec<Validator>>,
    node: Status,
    /// How far the index of this node is, from which lists and pages are made.
    #[serde(skip_serializing_if = "Option::is_none")]
    index_height: Option<u64>,
    founding: Value,
}

/// A validator and the actor that operates it.
#[derive(Debug, Serialize)]
pub struct Validator {
    /// The actor's id.
    pub actor: ActorId,
    /// Its name, as recorded.
    pub name: String,
    /// The Ed25519 key of its votes.
    pub key: PublicKey,
}

/// `GET /api/v1/validators`: who holds a seat, who signs now, and which changes are proposed.
///
/// # Errors
/// A [`Problem`] when the node cannot answer.
pub async fn validators(State(state): State<AppState>) -> Result<Json<Seats>, Problem> {
    seats(&state).await.map(Json)
}

/// `GET /api/v1/network`
///
/// # Errors
/// A [`Problem`] when the node or its index cannot answer.
pub async fn network(State(state): State<AppState>) -> Result<Json<Network>, Problem> {
    let founding = state.node.founding();
    let node = state.node.status().await?;
    let tip = state.read(|reader| reader.tip()).await?;
    let seats = seats(&state).await.ok();
    let validators = seats.map(|seats| {
        let wanted = seats.validators.into_iter().filter(|seat| seat.wanted);
        wanted.map(|Seat { actor, name, key, .. }| Validator { actor, name, key }).collect()
    });
    Ok(Json(Network {
        id: founding.network().to_string(),
        name: founding.name.clone(),
        dealer: founding.dealer,
        operator: state.node.operator().to_string(),
        validators,
        node,
        index_height: tip.map(|block| block.height),
        founding: serde_json::from_slice(&founding.to_bytes()).map_err(|_| Problem::internal())?,
    }))
}

/// `GET /api/v1/founding`: the founding object, whose digest names the network.
pub async fn founding(State(state): State<AppState>) -> Response {
    super::json(state.node.founding().to_bytes())
}

/// `GET /api/v1/genesis`: the founding and the first records, from which a node can join.
pub async fn genesis(State(state): State<AppState>) -> Response {
    super::json(state.node.genesis())
}

/// `GET /api/v1/blocks/{height}`: a final block: its header, acts and outcomes.
///
/// # Errors
/// A [`Problem`] of status 404 when no block of this height is final.
pub async fn block(
    State(state): State<AppState>,
    Named(height): Named,
) -> Result<Json<Value>, Problem> {
    let missing = || Problem::not_found("no block of this height is final; see /api/v1/network");
    let height: u64 = height.parse().map_err(|_| {
        Problem::bad_request("a height is a whole number; take it from /api/v1/network")
    })?;
    let block = state.node.block(height).await?.ok_or_else(missing)?;
    let header = &block.header;
    let acts: Vec<Value> = block.acts.iter().map(|act| readable(act)).collect();
    let outcomes: Vec<Value> =
        block.outcomes.iter().map(|outcome| readable(&outcome.to_bytes())).collect();
    Ok(Json(json!({
        "height": header.height,
        "digest": header.digest().to_string(),
        "header": hex::encode(header.encode()),
        "epoch": header.epoch,
        "view": header.view,
        "instant": header.instant,
        "parent_digest": header.parent_digest.to_string(),
        "acts_root": header.acts_root.to_string(),
        "ledger_root": header.ledger_root.to_string(),
        "journal_root": header.journal_root.to_string(),
        "law_version": header.law_version,
        "acts": acts,
        "outcomes": outcomes,
    })))
}

/// `GET /api/v1/blocks/{height}/archive`: final blocks from a height on, with their certificates,
/// in the form of backups: some megabytes at once. Whoever wants all asks again from the height
/// after the last one; an empty answer is the end.
///
/// # Errors
/// A [`Problem`] of status 400 for what is no height, 503 when the node cannot answer.
pub async fn archive(
    State(state): State<AppState>,
    Named(height): Named,
) -> Result<Response, Problem> {
    let height: u64 = height
        .parse()
        .ok()
        .filter(|height| (1..=HEIGHT_MAX).contains(height))
        .ok_or_else(|| Problem::bad_request("a height is a whole number; begin with 1"))?;
    let bytes = state.node.entries(height).await?;
    Ok(([(header::CONTENT_TYPE, "application/octet-stream")], bytes).into_response())
}

/// `GET /api/v1/health`: 200 while the node answers and the index keeps up.
pub async fn health(State(state): State<AppState>) -> Response {
    let index = state.read(|reader| reader.tip()).await;
    let node = state.node.status().await;
    let (index, node) = match (index, node) {
        (Ok(index), Ok(node)) => (index.map_or(0, |block| block.height), node),
        (Err(problem), _) => return problem.into_response(),
        (_, Err(unavailable)) => return Problem::from(unavailable).into_response(),
    };
    if node.height.saturating_sub(index) > INDEX_BEHIND_MAX {
        let detail = format!("the index is at {index} of {}; ask again later", node.height);
        return Problem::unavailable(detail).into_response();
    }
    let body = json!({ "status": "healthy", "height": node.height, "index_height": index });
    Json(body).into_response()
}

/// The greatest height that may be asked for: JSON's numbers are exact so far.
const HEIGHT_MAX: u64 = (1 << 53) - 1;

/// Blocks by which the index may be behind the node and still count as keeping up.
const INDEX_BEHIND_MAX: u64 = 64;

/// Canonical JSON as a value; bytes of a block that are no JSON at all, as hexadecimal.
fn readable(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap_or_else(|_| json!({ "bytes": hex::encode(bytes) }))
}
