//! The OpenAPI document, which is kept in `docs/api` and served as it is.

use axum::http::header;
use axum::response::{IntoResponse, Response};

/// OpenAPI 3.1, as JSON.
pub const OPENAPI: &str = include_str!("../../../../docs/api/openapi.json");

/// `GET /api/v1/openapi.json`
pub async fn openapi() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], OPENAPI).into_response()
}
