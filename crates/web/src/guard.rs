//! What holds for every answer: security headers, a time limit, and no panic that reaches a reader.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::FutureExt;

use crate::pages;
use crate::problem::Problem;

/// How long a page or a read may take.
pub const ANSWER_MS_MAX: u64 = 15_000;

/// When to ask again who was told that this node cannot answer now.
pub const RETRY_AFTER_SECONDS: &str = "1";

/// Nothing but this node's own files and its own API; no inline script or style; no frame.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; \
    script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; \
    frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types pacta";

const HEADERS: [(HeaderName, &str); 7] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    ),
];

/// Puts the security headers on every answer.
pub async fn security_headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    put_security_headers(response.headers_mut());
    let later = [StatusCode::SERVICE_UNAVAILABLE, StatusCode::TOO_MANY_REQUESTS];
    if later.contains(&response.status()) {
        let soon = HeaderValue::from_static(RETRY_AFTER_SECONDS);
        response.headers_mut().entry(header::RETRY_AFTER).or_insert(soon);
    }
    response
}

fn put_security_headers(headers: &mut HeaderMap) {
    let file_policy = headers.remove(header::CONTENT_SECURITY_POLICY); // files have a stricter one
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if let Some(policy) = file_policy {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-cache"));
}

/// Gives up an answer after [`ANSWER_MS_MAX`]. Streams and waits are not behind it.
pub async fn time_limit(request: Request, next: Next) -> Response {
    let api = is_api(request.uri().path());
    match tokio::time::timeout(Duration::from_millis(ANSWER_MS_MAX), next.run(request)).await {
        Ok(response) => response,
        Err(_) => failure(api, Problem::timeout()),
    }
}

/// Turns a panic of a handler, which would be a fault of ours, into a plain answer of status 500.
pub async fn no_panic(request: Request, next: Next) -> Response {
    let api = is_api(request.uri().path());
    match AssertUnwindSafe(next.run(request)).catch_unwind().await {
        Ok(response) => response,
        Err(_) => {
            tracing::error!("a handler panicked");
            failure(api, Problem::internal())
        }
    }
}

/// Whether an address belongs to the API, whose errors are problems and not pages.
pub fn is_api(path: &str) -> bool {
    let operate = ["/healthz", "/readyz", "/metrics"];
    path.starts_with("/api/") || path.ends_with(".json") || operate.contains(&path)
}

/// An error as a problem or as a page, by where it happened.
pub fn failure(api: bool, problem: Problem) -> Response {
    match api {
        true => problem.into_response(),
        false => pages::error::page(&problem).into_response(),
    }
}

/// The answer for an address that does not exist.
pub async fn nothing_here(request: Request) -> Response {
    let path = request.uri().path();
    let detail = "nothing is at this address; look in the list of treaties or the latest acts";
    failure(is_api(path), Problem::not_found(detail))
}

/// The answer for a method that an address does not take.
pub async fn wrong_method(request: Request) -> Response {
    let response = failure(is_api(request.uri().path()), Problem::wrong_method());
    debug_assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
    response
}
