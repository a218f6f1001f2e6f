//! Records of the ledger, with their proofs; and many at once, to compose and try an act.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;
use pacta_chain::Receipt;
use pacta_law::Instant;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::extract::Asked;
use crate::problem::Problem;
use crate::state::AppState;

/// Longest path asked for, in characters, which are all ASCII.
pub const PATH_BYTES_MAX: usize = 1_024;
/// Most records in one answer.
pub const PATHS_MAX: usize = 512;
/// Largest body of a batch read, in bytes.
pub const BODY_BYTES_MAX: usize = 64 * 1_024;

/// Which record.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Which {
    path: String,
}

/// Which records.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Batch {
    paths: Vec<String>,
}

/// A record, or its absence, and the proof of it.
#[derive(Debug, Serialize)]
pub struct Proven {
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<Value>,
    /// Readable offline; says the same of the record as this answer does.
    receipt: Value,
}

/// Records of one final height.
#[derive(Debug, Serialize)]
pub struct Loaded {
    height: u64,
    instant: Instant,
    /// In the order of the paths asked.
    records: Vec<LoadedRecord>,
}

/// The exact text of a record; none when it is absent.
#[derive(Debug, Serialize)]
pub struct LoadedRecord {
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<String>,
}

/// `GET /api/v1/records?path=`: a record, or its absence, with its proof.
///
/// # Errors
/// A [`Problem`] when the path is too long or the node cannot prove it now.
pub async fn proven(
    State(state): State<AppState>,
    Asked(which): Asked<Which>,
) -> Result<Json<Proven>, Problem> {
    let receipt = prove(&state, &which.path).await?;
    let record = match receipt.record() {
        Some(record) => Some(read(record)?),
        None => None,
    };
    Ok(Json(Proven { path: which.path, record, receipt: read(&receipt.to_bytes())? }))
}

/// `GET /api/v1/records/receipt?path=`: the proof alone, of a record or of its absence.
///
/// # Errors
/// As [`proven`].
pub async fn receipt(
    State(state): State<AppState>,
    Asked(which): Asked<Which>,
) -> Result<Response, Problem> {
    let receipt = prove(&state, &which.path).await?;
    Ok(super::file("receipt-record.json", receipt.to_bytes()))
}

async fn prove(state: &AppState, path: &str) -> Result<Receipt, Problem> {
    check(path)?;
    let receipt = state.node.record_receipt(path.to_owned()).await?;
    receipt.ok_or_else(|| {
        Problem::unavailable("this node cannot prove a record yet; try again in a moment")
    })
}

/// `POST /api/v1/records/load`: `{"paths": [...]}` gives the records, all of one final height.
///
/// # Errors
/// A [`Problem`] for a body that is no such object or asks for too much.
pub async fn load(
    State(state): State<AppState>,
    body: Result<Bytes, axum::extract::rejection::BytesRejection>,
) -> Result<Json<Loaded>, Problem> {
    let body = body.map_err(|_| Problem::too_large(BODY_BYTES_MAX))?;
    let batch: Batch = serde_json::from_slice(&body)
        .map_err(|error| Problem::bad_request(format!("{error}; send {{\"paths\": [\"...\"]}}")))?;
    if batch.paths.len() > PATHS_MAX {
        let detail = format!("over {PATHS_MAX} paths are asked; ask in several requests");
        return Err(Problem::bad_request(detail));
    }
    for path in &batch.paths {
        check(path)?;
    }
    let loaded = state.node.load(batch.paths.clone()).await?;
    let records = batch.paths.into_iter().zip(loaded.records);
    let records = records.map(|(path, record)| LoadedRecord {
        path,
        record: record.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
    });
    let (height, instant) = (loaded.height, loaded.instant);
    Ok(Json(Loaded { height, instant, records: records.collect() }))
}

fn check(path: &str) -> Result<(), Problem> {
    let printable = path.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    if path.is_empty() || path.len() > PATH_BYTES_MAX || !printable {
        let detail = format!("a path has 1 to {PATH_BYTES_MAX} characters of ASCII; correct it");
        return Err(Problem::bad_request(detail));
    }
    Ok(())
}

/// What the node gave as canonical JSON, as a value.
fn read(bytes: &[u8]) -> Result<Value, Problem> {
    serde_json::from_slice(bytes).map_err(|error| {
        tracing::error!(%error, "a record or receipt of this node cannot be read");
        Problem::internal()
    })
}
