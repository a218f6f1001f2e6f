//! The API, under `/api/v1`: JSON in and out, problems (RFC 9457) for errors. Each route is
//! described in `docs/api/openapi.json`; a test holds the two together.

pub mod acts;
pub mod compose;
pub mod document;
pub mod events;
pub mod evidence;
pub mod files;
pub mod journal;
pub mod network;
mod pace;
pub mod records;
pub mod routes;
pub mod treaties;

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};

use crate::problem::Problem;
use routes::Gives::{Bytes, Events, Json};
use routes::Routes;
use routes::Takes;
use routes::Time::{Own, Short};

/// Every route of the API.
#[must_use]
pub fn routes() -> Routes {
    Routes::default()
        .get("/api/v1/openapi.json", Json, Short, document::openapi)
        .get("/api/v1/acts", Json, Short, journal::acts)
        .post("/api/v1/acts", Takes::Json, Json, Own, acts::submit)
        .post("/api/v1/acts/compose", Takes::Json, Json, Short, compose::composed)
        .get("/api/v1/acts/{id}", Json, Own, acts::standing)
        .get("/api/v1/acts/{id}/receipt", Json, Short, acts::receipt)
        .get("/api/v1/journal", Json, Short, journal::all)
        .get("/api/v1/events", Events, Own, events::feed)
        .get("/api/v1/treaties", Json, Short, treaties::list)
        .get("/api/v1/treaties/{slug}", Json, Short, treaties::one)
        .get("/api/v1/records", Json, Short, records::proven)
        .get("/api/v1/records/receipt", Json, Short, records::receipt)
        .post("/api/v1/records/load", Takes::Json, Json, Short, records::load)
        .get("/api/v1/network", Json, Short, network::network)
        .get("/api/v1/validators", Json, Short, network::validators)
        .get("/api/v1/founding", Json, Short, network::founding)
        .get("/api/v1/genesis", Json, Short, network::genesis)
        .get("/api/v1/blocks/{height}", Json, Short, network::block)
        .get("/api/v1/blocks/{height}/archive", Bytes, Short, network::archive)
        .get("/api/v1/evidence", Json, Short, evidence::list)
        .get("/api/v1/evidence/{digest}", Json, Short, evidence::one)
        .get("/api/v1/files", Json, Own, files::list)
        .post("/api/v1/files", Takes::Bytes, Json, Own, files::upload)
        .get("/api/v1/files/{id}", Bytes, Own, files::read)
        .get("/api/v1/files/{id}/status", Json, Short, files::standing)
        .post("/api/v1/files/{id}/fetch", Takes::Bytes, Json, Short, files::fetch)
        .get("/api/v1/health", Json, Short, network::health)
}

/// How many items a part of a list holds, from 1 to `max`.
fn limit(asked: Option<u32>, default: u32, max: u32) -> Result<u32, Problem> {
    match asked.unwrap_or(default) {
        limit if (1..=max).contains(&limit) => Ok(limit),
        _ => Err(Problem::bad_request(format!("a limit is from 1 to {max}; correct it"))),
    }
}

/// JSON that is already written, as it is.
fn json(bytes: Vec<u8>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], bytes).into_response()
}

/// JSON that is already written, to be saved under a name.
fn file(name: &str, bytes: Vec<u8>) -> Response {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let disposition = format!("attachment; filename=\"{name}\"");
    if let Ok(disposition) = HeaderValue::from_str(&disposition) {
        headers.insert(header::CONTENT_DISPOSITION, disposition);
    }
    (headers, bytes).into_response()
}
