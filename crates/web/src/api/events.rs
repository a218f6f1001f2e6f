//! The live feed of the API.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use pacta_index::Position;
use serde::Deserialize;

use crate::extract::Asked;
use crate::problem::Problem;
use crate::state::AppState;

/// Where a feed starts.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Start {
    /// The last entry already known, as `height-index`.
    after: Option<String>,
}

/// `GET /api/v1/events`: each entry of the journal, as a server-sent event whose id is its place.
///
/// It starts after `Last-Event-ID`, else after `?after=`, else with what comes next.
///
/// # Errors
/// A [`Problem`] for a place that cannot be read, or when too many feeds are open.
pub async fn feed(
    State(state): State<AppState>,
    Asked(start): Asked<Start>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let last = headers.get("last-event-id").filter(|value| !value.is_empty());
    let last = last.map(|value| value.to_str().unwrap_or("unreadable").to_string());
    let after = match last.or(start.after) {
        Some(place) => {
            let place = place.parse::<Position>();
            Some(place.map_err(|error| Problem::bad_request(error.to_string()))?)
        }
        None => state.read(|reader| reader.last()).await?,
    };
    Ok(state.hub.stream(state.reader.clone(), after)?.into_response())
}
