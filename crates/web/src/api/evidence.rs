//! Evidence of misconduct of validators.

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use pacta_chain::{Evidence, Verdict};
use serde::Serialize;

use crate::cache::IMMUTABLE;
use crate::extract::Named;
use crate::problem::Problem;
use crate::state::AppState;

/// A piece of evidence in a few words.
#[derive(Debug, Serialize)]
pub struct Accusation {
    /// The digest of the evidence, which names it.
    pub digest: String,
    /// The key of the validator that it convicts.
    pub validator: String,
    /// What it proves.
    pub proves: String,
    /// Where it is; `pacta verify` checks it offline.
    pub url: String,
}

/// All evidence of a node in a few words each.
#[derive(Debug, Serialize)]
pub struct Accusations {
    evidence: Vec<Accusation>,
}

/// What a node's evidence proves.
pub fn accusations(state: &AppState) -> Vec<Accusation> {
    let accusation = |evidence: Evidence| match evidence.verify() {
        Verdict::Genuine(proven) => Some(Accusation {
            digest: evidence.digest().to_string(),
            validator: evidence.validator().to_string(),
            proves: proven.to_string(),
            url: format!("/api/v1/evidence/{}", evidence.digest()),
        }),
        _ => None,
    };
    state.node.evidence().into_iter().filter_map(accusation).collect()
}

/// `GET /api/v1/evidence`: evidence that this node has against validators.
pub async fn list(State(state): State<AppState>) -> Json<Accusations> {
    Json(Accusations { evidence: accusations(&state) })
}

/// `GET /api/v1/evidence/{digest}`: one piece of evidence, to be verified offline.
///
/// # Errors
/// A [`Problem`] of status 404 when this node has no such evidence.
pub async fn one(State(state): State<AppState>, Named(digest): Named) -> Result<Response, Problem> {
    let evidence = state.node.evidence();
    let found = evidence.iter().find(|evidence| evidence.digest().to_string() == digest);
    let found = found.ok_or_else(|| {
        Problem::not_found("this node has no such evidence; see /api/v1/evidence for what it has")
    })?;
    let file = super::file(&format!("evidence-{digest}.json"), found.to_bytes());
    Ok(([(header::CACHE_CONTROL, IMMUTABLE)], file).into_response())
}
