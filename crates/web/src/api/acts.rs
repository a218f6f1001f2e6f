//! Acts: handing them in, and what became of them, for ever.

use std::time::Duration;

use axum::Json;
use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use pacta_chain::Admission;
use pacta_index::Entry;
use pacta_law::{Refusal, SignedAct};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::connections::Client;
use crate::extract::{Asked, Named};
use crate::node::NotSubmitted;
use crate::problem::Problem;
use crate::state::AppState;

/// Largest body of a signed act, in bytes: the law's limit for an act.
pub const BODY_BYTES_MAX: usize = pacta_law::limits::ACT_BYTES_MAX;
/// How long a request may wait for an act to become final.
pub const WAIT_MS_MAX: u64 = 60_000;
const WAIT_MS_DEFAULT: u64 = 10_000;
const BODY_MS_MAX: u64 = 15_000;

/// What may be asked when an act is handed in.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Submission {
    wait: Option<WaitFor>,
    timeout_ms: Option<u64>,
    #[serde(default)]
    on_record: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum WaitFor {
    Final,
}

/// Where an act stands.
#[derive(Debug, Serialize)]
pub struct Standing {
    id: String,
    /// `pending`, `final` or `expired`.
    status: &'static str,
    status_url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    height: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<Entry>,
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt_url: Option<String>,
    /// The node's signed word that it took the act: in the answer to its submission only.
    #[serde(skip_serializing_if = "Option::is_none")]
    admission: Option<Box<RawValue>>,
}

impl Standing {
    fn pending(id: String, expires: u64, now_ms: u64) -> Self {
        Self {
            status: if now_ms > expires { "expired" } else { "pending" },
            status_url: format!("/api/v1/acts/{id}"),
            expires: Some(expires),
            height: None,
            index: None,
            outcome: None,
            receipt_url: None,
            admission: None,
            id,
        }
    }

    fn of(id: String, entry: Entry) -> Self {
        Self {
            status: "final",
            status_url: format!("/api/v1/acts/{id}"),
            expires: None,
            height: Some(entry.position.height),
            index: Some(entry.position.index),
            outcome: Some(entry),
            receipt_url: Some(format!("/api/v1/acts/{id}/receipt")),
            admission: None,
            id,
        }
    }
}

/// `POST /api/v1/acts`: hands in a signed act; 202, or 200 when it is final already.
///
/// # Errors
/// A [`Problem`] with the refusal's code, name and sentence; of status 429 with `Retry-After` when
/// too many acts of its actor wait.
pub async fn submit(
    State(state): State<AppState>,
    Asked(asked): Asked<Submission>,
    request: Request,
) -> Result<Response, Problem> {
    let client = request.extensions().get::<ConnectInfo<Client>>();
    let client = client.map(|ConnectInfo(Client(address))| *address);
    let signed = read_body(request.into_body()).await?;
    // It is not decoded here: whoever floods the node is turned away before that.
    let taken = match state.node.submit(signed.clone(), asked.on_record, client).await {
        Ok(taken) => taken,
        Err(NotSubmitted::Refused(refusal)) => return refused(&state, &signed, &refusal).await,
        Err(NotSubmitted::TooMany(refusal)) => return Err(Problem::too_many(&refusal)),
        Err(NotSubmitted::Unavailable(unavailable)) => return Err(unavailable.into()),
    };
    let (id, expires) = (taken.act.to_string(), taken.expires.ms());
    let admission = written(&taken.admission);
    state.submitted.remember(&id, expires);
    if asked.wait == Some(WaitFor::Final) {
        let wait_ms = asked.timeout_ms.unwrap_or(WAIT_MS_DEFAULT).min(WAIT_MS_MAX);
        if let Some(entry) = final_within(&state, &id, wait_ms).await? {
            return Ok(Json(Standing { admission, ..Standing::of(id, entry) }).into_response());
        }
    }
    let standing = Standing { admission, ..Standing::pending(id, expires, 0) };
    let location = [(header::LOCATION, standing.status_url.clone())];
    Ok((StatusCode::ACCEPTED, location, Json(standing)).into_response())
}

/// Handing in the same act twice is no fault: the answer is what became of it.
async fn refused(state: &AppState, signed: &[u8], refusal: &Refusal) -> Result<Response, Problem> {
    let Ok(act) = SignedAct::decode(signed) else { return Err(Problem::refused(refusal)) };
    let (id, known) = (act.id().to_string(), act.id().to_string());
    match state.read(move |reader| reader.act(&known)).await? {
        Some(entry) => Ok(Json(Standing::of(id, entry)).into_response()),
        None => Err(Problem::refused(refusal)),
    }
}

/// An admission byte by byte as it is verified.
fn written(admission: &Admission) -> Option<Box<RawValue>> {
    String::from_utf8(admission.to_bytes()).ok().and_then(|text| RawValue::from_string(text).ok())
}

/// What became of an act, if the index knows it now or within so many milliseconds.
async fn final_within(state: &AppState, id: &str, wait_ms: u64) -> Result<Option<Entry>, Problem> {
    let mut outcome = state.hub.outcome_of(id);
    let act = id.to_owned();
    if let Some(entry) = state.read(move |reader| reader.act(&act)).await? {
        return Ok(Some(entry));
    }
    match tokio::time::timeout(Duration::from_millis(wait_ms), outcome.heard()).await {
        Ok(true) => {
            let act = id.to_owned();
            state.read(move |reader| reader.act(&act)).await
        }
        _ => Ok(None),
    }
}

/// `GET /api/v1/acts/{id}`: where an act stands.
///
/// # Errors
/// A [`Problem`] of status 404 for an act that this node has not seen.
pub async fn standing(
    State(state): State<AppState>,
    Named(id): Named,
) -> Result<Json<Standing>, Problem> {
    let asked = id.clone();
    let (entry, tip) = state.read(move |reader| Ok((reader.act(&asked)?, reader.tip()?))).await?;
    if let Some(entry) = entry {
        return Ok(Json(Standing::of(id, entry)));
    }
    match state.submitted.expiry(&id) {
        Some(expires) => {
            let now_ms = tip.map_or(0, |block| block.instant);
            Ok(Json(Standing::pending(id, expires, now_ms)))
        }
        None => Err(unknown()),
    }
}

/// `GET /api/v1/acts/{id}/receipt`: the proof of what became of an act.
///
/// # Errors
/// A [`Problem`] of status 404 for an act that is not final.
pub async fn receipt(State(state): State<AppState>, Named(id): Named) -> Result<Response, Problem> {
    let asked = id.clone();
    let entry = state.read(move |reader| reader.act(&asked)).await?.ok_or_else(unknown)?;
    let place = entry.position;
    let receipt = state.node.act_receipt(place.height, place.index).await?;
    let receipt = receipt.ok_or_else(|| {
        Problem::unavailable("this node cannot prove this act yet; try again in a moment")
    })?;
    Ok(super::file(&format!("receipt-{id}.json"), receipt.to_bytes()))
}

async fn read_body(body: Body) -> Result<Vec<u8>, Problem> {
    let limit = Duration::from_millis(BODY_MS_MAX);
    match tokio::time::timeout(limit, to_bytes(body, BODY_BYTES_MAX)).await {
        Ok(Ok(bytes)) => Ok(bytes.to_vec()),
        Ok(Err(_)) => Err(Problem::too_large(BODY_BYTES_MAX)),
        Err(_) => Err(Problem::timeout()),
    }
}

fn unknown() -> Problem {
    Problem::not_found(
        "no final block holds an act of this id, and it was not submitted through this node; \
         check the id, or ask the node it was submitted to",
    )
}
