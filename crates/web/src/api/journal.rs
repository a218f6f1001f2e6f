//! Lists in the order of the journal: all entries, or acts alone.
//!
//! The journal only grows at its end, so a place in it is a cursor that stays right while it grows:
//! who walks from page to page meets each entry once.

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use pacta_index::{Entry, Position, Reader};
use serde::{Deserialize, Serialize};

use crate::extract::Asked;
use crate::problem::Problem;
use crate::state::AppState;

/// Most entries in one answer.
pub const ENTRIES_MAX: u32 = 200;
/// Entries in one answer, if nothing is said.
pub const ENTRIES_DEFAULT: u32 = 50;

/// Which part of a list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// The place after which the part begins, as `height-index`.
    after: Option<String>,
    /// How many entries at most, from 1 to [`ENTRIES_MAX`].
    limit: Option<u32>,
}

/// A part of the journal.
#[derive(Debug, Serialize)]
pub struct Entries {
    /// Oldest first.
    entries: Vec<Entry>,
    /// The place up to which this part tells: ask after it, now or later, for what follows.
    #[serde(skip_serializing_if = "Option::is_none")]
    last: Option<Position>,
    /// The address of the next part; none when this is the end for now.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// `GET /api/v1/journal`: what became of acts and what fell due, oldest first.
///
/// # Errors
/// A [`Problem`] of status 400 for a place or a limit that cannot be.
pub async fn all(
    State(state): State<AppState>,
    Asked(part): Asked<Part>,
) -> Result<Response, Problem> {
    list(&state, "/api/v1/journal", part, Reader::entries_after).await
}

/// `GET /api/v1/acts`: what became of acts, oldest first.
///
/// # Errors
/// As [`all`].
pub async fn acts(
    State(state): State<AppState>,
    Asked(part): Asked<Part>,
) -> Result<Response, Problem> {
    list(&state, "/api/v1/acts", part, Reader::acts_after).await
}

/// A query for so many entries after a place.
type Query = fn(&Reader, Option<Position>, u32) -> Result<Vec<Entry>, pacta_index::Error>;

async fn list(state: &AppState, path: &str, part: Part, read: Query) -> Result<Response, Problem> {
    let limit = super::limit(part.limit, ENTRIES_DEFAULT, ENTRIES_MAX)?;
    let after = part.after.as_deref().map(str::parse::<Position>).transpose();
    let after = after.map_err(|error| Problem::bad_request(error.to_string()))?;
    let asked = limit.saturating_add(1);
    let mut entries = state.read(move |reader| read(reader, after, asked)).await?;
    let shown = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = entries.len() > shown;
    entries.truncate(shown);
    let last = entries.last().map(|entry| entry.position).or(after);
    let next = last.filter(|_| more).map(|last| format!("{path}?after={last}&limit={limit}"));
    Ok(linked(next.clone(), Json(Entries { entries, last, next })))
}

/// An answer with the address of the next part in its `Link` (RFC 8288), if there is one.
pub fn linked(next: Option<String>, answer: impl IntoResponse) -> Response {
    match next {
        Some(next) => ([(header::LINK, format!("<{next}>; rel=\"next\""))], answer).into_response(),
        None => answer.into_response(),
    }
}
