//! Errors of the API: `application/problem+json` (RFC 9457).

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use pacta_law::Refusal;
use serde::Serialize;

/// An error answer. It says what is wrong, then what to do, and keeps a refusal's code and name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// A stable name of the kind of problem, as a URI that need not be fetched.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind of problem in a few words, the same each time.
    pub title: &'static str,
    /// The HTTP status.
    #[serde(serialize_with = "status_number")]
    pub status: StatusCode,
    /// What is wrong this time, then what to do.
    pub detail: String,
    /// The frozen code of a refusal of the law.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<u16>,
    /// The stable name of a refusal of the law.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whether the same act may be taken later, unchanged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transient: Option<bool>,
}

impl Problem {
    /// The ledger refuses the act: its sentence, code and name are the law's.
    pub fn refused(refusal: &Refusal) -> Self {
        let status = match refusal.transient() {
            true => StatusCode::CONFLICT,
            false => StatusCode::UNPROCESSABLE_ENTITY,
        };
        Self {
            kind: format!("urn:pacta:refusal:{}", refusal.name()),
            title: "the act is refused",
            status,
            detail: refusal.to_string(),
            code: Some(refusal.code()),
            name: Some(refusal.name().to_string()),
            transient: Some(refusal.transient()),
        }
    }

    /// The request itself cannot be understood.
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", "the request is malformed", detail)
    }

    /// Nothing is at this address.
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "nothing is here", detail)
    }

    /// The address exists, but not for this method.
    pub fn wrong_method() -> Self {
        let detail = "this address does not take this method; use the one in the allow header";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "wrong_method", "wrong method", detail)
    }

    /// The asker takes nothing that this address gives.
    pub fn not_acceptable(gives: &str) -> Self {
        let detail = format!("this address gives {gives}; name it in accept, or leave accept out");
        Self::new(StatusCode::NOT_ACCEPTABLE, "not_acceptable", "no such form", detail)
    }

    /// The body is of a media type that this address does not take.
    pub fn wrong_media_type(takes: &str) -> Self {
        let detail = format!("this address takes {takes}; send it with that content-type");
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        Self::new(status, "wrong_media_type", "wrong media type", detail)
    }

    /// The body exceeds `bytes_max`.
    pub fn too_large(bytes_max: usize) -> Self {
        let detail = format!("the body is over {bytes_max} bytes; send a smaller one");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "the body is too large", detail)
    }

    /// What is handed in is longer than this node takes.
    pub fn too_much(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "the body is too large", detail)
    }

    /// This node has no space for what is handed in.
    pub fn no_space(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::INSUFFICIENT_STORAGE, "no_space", "there is no space", detail)
    }

    /// So much of this is under way that more has to wait.
    pub fn too_many(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many", "too many at a time", detail)
    }

    /// What is handed in comes too slowly to wait for it.
    pub fn too_slow(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, "too_slow", "the body comes too slowly", detail)
    }

    /// The bytes are of another media type than declared.
    pub fn other_type(detail: impl Into<String>) -> Self {
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        Self::new(status, "other_type", "the media type is another", detail)
    }

    /// A range that a file of so many bytes does not have.
    pub fn outside(bytes: u64) -> Self {
        let detail = format!("the file has {bytes} bytes; ask for a range within it");
        Self::new(StatusCode::RANGE_NOT_SATISFIABLE, "outside", "there is no such range", detail)
    }

    /// The node or its index cannot answer now.
    pub fn unavailable(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "not available now", detail)
    }

    /// So much waits here of the same actor that more would be at the cost of others.
    pub fn too_many_acts(refusal: &Refusal) -> Self {
        Self { status: StatusCode::TOO_MANY_REQUESTS, ..Self::refused(refusal) }
    }

    /// The answer took longer than this node allows.
    pub fn timeout() -> Self {
        let detail = "the answer took too long and was given up; try again";
        Self::new(StatusCode::GATEWAY_TIMEOUT, "timeout", "the answer took too long", detail)
    }

    /// A fault of this node, described in its log and not here.
    pub fn internal() -> Self {
        let detail = "this node failed to answer; nothing was recorded by this request; try again, \
                      or ask the operator of the node";
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        Self::new(status, "internal", "this node failed", detail)
    }

    fn new(status: StatusCode, name: &str, title: &'static str, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("urn:pacta:problem:{name}"),
            title,
            status,
            detail: detail.into(),
            code: None,
            name: None,
            transient: None,
        }
    }
}

impl From<pacta_index::Error> for Problem {
    fn from(error: pacta_index::Error) -> Self {
        tracing::error!(%error, "the index failed to answer");
        Self::internal()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let kind = HeaderValue::from_static("application/problem+json");
        (self.status, [(header::CONTENT_TYPE, kind)], body).into_response()
    }
}

fn status_number<S: serde::Serializer>(
    status: &StatusCode,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}
