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

use crate::cache::IMMUTABLE;
use crate::connections::Client;
use crate::extract::{Asked, Named};
use crate::guard::RETRY_AFTER_SECONDS;
use crate::node::NotSubmitted;
use crate::problem::Problem;
use crate::state::AppState;

/// Largest body of a signed act, in bytes: the law's limit for an act.
pub const BODY_BYTES_MAX: usize = pacta_law::limits::ACT_BYTES_MAX;
/// How long a request may wait for an act to become final, in seconds.
pub const WAIT_SECONDS_MAX: u64 = 60;
/// How long it waits when it only says that it waits.
const WAIT_SECONDS_DEFAULT: u64 = 10;
const BODY_MS_MAX: u64 = 15_000;
/// How long the index may take to learn of an act that the node says is used up.
const INDEX_MS_MAX: u64 = 2_000;
const INDEX_STEP_MS: u64 = 20;

/// What may be asked when an act is handed in.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Submission {
    wait: Option<Wait>,
    #[serde(default)]
    on_record: bool,
}

/// What may be asked of an act that was handed in.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Patience {
    wait: Option<Wait>,
}

/// How long to wait until an act is final: so many seconds, or `final` for the usual time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
struct Wait(Duration);

impl TryFrom<String> for Wait {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let seconds = match text.as_str() {
            "final" => Some(WAIT_SECONDS_DEFAULT),
            text => text.parse().ok().filter(|seconds| *seconds <= WAIT_SECONDS_MAX),
        };
        match seconds {
            Some(seconds) => Ok(Self(Duration::from_secs(seconds))),
            None => Err(format!("wait is from 0 to {WAIT_SECONDS_MAX} seconds, or final")),
        }
    }
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
        Err(NotSubmitted::Refused(refusal)) => {
            // Handing in the same act twice is no fault: the answer is what became of it.
            return match recorded(&state, &signed, &refusal).await? {
                Some(entry) => Ok(answer(entry)),
                None => Err(Problem::refused(&refusal)),
            };
        }
        Err(NotSubmitted::TooMany(refusal)) => return Err(Problem::too_many_acts(&refusal)),
        Err(NotSubmitted::Unavailable(unavailable)) => return Err(unavailable.into()),
    };
    let (id, expires) = (taken.act.to_string(), taken.expires.ms());
    let admission = written(&taken.admission);
    let again = state.submitted.remember(&id, expires);
    let entry = match asked.wait {
        None if !again => None,
        wait => final_within(&state, &id, wait.unwrap_or(Wait(Duration::ZERO))).await?,
    };
    match entry {
        Some(entry) => Ok(answer(Standing { admission, ..Standing::of(id, entry) })),
        None => Ok(accepted(Standing { admission, ..Standing::pending(id, expires, 0) })),
    }
}

/// An admission byte by byte as it is verified.
fn written(admission: &Admission) -> Option<Box<RawValue>> {
    String::from_utf8(admission.to_bytes()).ok().and_then(|text| RawValue::from_string(text).ok())
}

/// Where an act stands that the node does not take any more, if it is final. If its number is
/// used, it may just have become final: then the index is about to know.
async fn recorded(
    state: &AppState,
    signed: &[u8],
    refusal: &Refusal,
) -> Result<Option<Standing>, Problem> {
    let Ok(act) = SignedAct::decode(signed) else { return Ok(None) };
    let id = act.id().to_string();
    let height = *state.node.finalized().borrow();
    let used = matches!(refusal, Refusal::SequenceUsed { .. });
    for _ in 0..=INDEX_MS_MAX / INDEX_STEP_MS {
        let act = id.clone();
        let read = state.read(move |reader| Ok((reader.tip()?, reader.act(&act)?)));
        let (tip, entry) = read.await?;
        if entry.is_some() || !used || tip.map_or(0, |block| block.height) >= height {
            return Ok(entry.map(|entry| Standing::of(id, entry)));
        }
        tokio::time::sleep(Duration::from_millis(INDEX_STEP_MS)).await;
    }
    Ok(None)
}

/// What became of an act, if the index knows it now or within the time.
async fn final_within(state: &AppState, id: &str, wait: Wait) -> Result<Option<Entry>, Problem> {
    let mut outcome = state.hub.outcome_of(id);
    let act = id.to_owned();
    if let Some(entry) = state.read(move |reader| reader.act(&act)).await? {
        return Ok(Some(entry));
    }
    match tokio::time::timeout(wait.0, outcome.heard()).await {
        Ok(true) => {
            let act = id.to_owned();
            state.read(move |reader| reader.act(&act)).await
        }
        _ => Ok(None),
    }
}

/// Where an act stands. Nothing changes any more what is told of an act that was executed.
fn answer(standing: Standing) -> Response {
    let executed = standing.outcome.as_ref().is_some_and(|entry| entry.result == "executed");
    match executed {
        true => ([(header::CACHE_CONTROL, IMMUTABLE)], Json(standing)).into_response(),
        false => Json(standing).into_response(),
    }
}

/// The act is not final yet: where to look, and when.
fn accepted(standing: Standing) -> Response {
    let headers = [
        (header::LOCATION, standing.status_url.clone()),
        (header::RETRY_AFTER, RETRY_AFTER_SECONDS.to_owned()),
    ];
    (StatusCode::ACCEPTED, headers, Json(standing)).into_response()
}

/// `GET /api/v1/acts/{id}`: where an act stands; with `wait`, as soon as it is final, else 202.
///
/// # Errors
/// A [`Problem`] of status 404 for an act that this node has not seen.
pub async fn standing(
    State(state): State<AppState>,
    Named(id): Named,
    Asked(asked): Asked<Patience>,
) -> Result<Response, Problem> {
    let wait = asked.wait.filter(|_| state.submitted.expiry(&id).is_some());
    if let Some(entry) = final_within(&state, &id, wait.unwrap_or(Wait(Duration::ZERO))).await? {
        return Ok(answer(Standing::of(id, entry)));
    }
    let expires = state.submitted.expiry(&id).ok_or_else(unknown)?;
    let tip = state.read(|reader| reader.tip()).await?;
    let standing = Standing::pending(id, expires, tip.map_or(0, |block| block.instant));
    match asked.wait {
        Some(_) if standing.status == "pending" => Ok(accepted(standing)),
        _ => Ok(answer(standing)),
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
    let file = super::file(&format!("receipt-{id}.json"), receipt.to_bytes());
    match entry.result == "executed" {
        true => Ok(([(header::CACHE_CONTROL, IMMUTABLE)], file).into_response()),
        false => Ok(file),
    }
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
