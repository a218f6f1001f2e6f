//! Treaties: the list, and one with its status table.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use super::journal::linked;
use crate::extract::{Asked, Named};
use crate::problem::Problem;
use crate::standing::{self, Whole};
use crate::state::AppState;

/// Most treaties in one answer.
pub const TREATIES_MAX: u32 = 100;

/// Which part of the list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// The short name after which the part begins: `next` of the part before.
    #[serde(default)]
    after: String,
    /// How many, from 1 to [`TREATIES_MAX`].
    limit: Option<u32>,
}

/// `GET /api/v1/treaties`
///
/// # Errors
/// A [`Problem`] for a limit that cannot be, or when the node or its index cannot answer.
pub async fn list(
    State(state): State<AppState>,
    Asked(part): Asked<Part>,
) -> Result<Response, Problem> {
    let limit = super::limit(part.limit, TREATIES_MAX, TREATIES_MAX)?;
    let list = standing::list(&state, part.after, limit).await?;
    let next = list.next.as_ref();
    let next = next.map(|next| format!("/api/v1/treaties?after={next}&limit={limit}"));
    Ok(linked(next, Json(list)))
}

/// `GET /api/v1/treaties/{slug}`: where a treaty stands, with its status table.
///
/// # Errors
/// A [`Problem`] of status 404 when there is no such treaty.
pub async fn one(
    State(state): State<AppState>,
    Named(slug): Named,
) -> Result<Json<Whole>, Problem> {
    let whole = standing::whole(&state, &slug).await?;
    whole.map(Json).ok_or_else(unknown)
}

/// There is no such treaty.
#[must_use]
pub fn unknown() -> Problem {
    Problem::not_found("there is no treaty of this short name; look in the list of treaties")
}
