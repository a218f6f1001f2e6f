//! Pages of other sites may read the API (Fetch standard, 3.3): all that it says is public, and no
//! answer depends on who asks. They may not send with it: acts and files come from programs.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::guard::is_api;

const READABLE: &str = "etag, link, location, retry-after, content-disposition";
const DAY_SECONDS: &str = "86400";

/// Lets other sites read what the API answers, and answers their browsers' question beforehand.
pub async fn reading(request: Request, next: Next) -> Response {
    if !is_api(request.uri().path()) {
        return next.run(request).await;
    }
    let asks = request.headers().get(header::ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = match (request.method(), asks) {
        (&Method::OPTIONS, Some(_)) => allowed(),
        _ => next.run(request).await,
    };
    put(response.headers_mut());
    response
}

fn put(headers: &mut HeaderMap) {
    let any = HeaderValue::from_static("*");
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, any);
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(READABLE));
    let policy = HeaderName::from_static("cross-origin-resource-policy");
    headers.insert(policy, HeaderValue::from_static("cross-origin"));
}

fn allowed() -> Response {
    let headers = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "accept, if-none-match, last-event-id"),
        (header::ACCESS_CONTROL_MAX_AGE, DAY_SECONDS),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}
