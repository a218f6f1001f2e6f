//! Entity tags and caching (RFC 9110, 8.8.3 and 13.1.2; RFC 9111).
//!
//! The tag of an answer is the digest of its bytes. So it is right for every route, also where an
//! answer is made of several records, and who asks again pays for the bytes only if they changed.

use std::fmt::Write;

use axum::body::{Body, HttpBody, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use crate::problem::Problem;

/// Largest answer that gets a tag here, in bytes. Larger ones are streams, or name their own.
pub const TAGGED_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// For what its own address determines, and nothing else can ever be there.
pub const IMMUTABLE: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// Puts a tag on every whole answer to a reading request, and answers 304 to who has it already.
pub async fn tags(request: Request, next: Next) -> Response {
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return next.run(request).await;
    }
    let known = request.headers().get_all(header::IF_NONE_MATCH).iter().cloned();
    let known: Vec<HeaderValue> = known.collect();
    let mut response = next.run(request).await;
    if response.status() != StatusCode::OK {
        return response;
    }
    if !response.headers().contains_key(header::ETAG) {
        response = match tagged(response).await {
            Ok(response) => response,
            Err(problem) => return problem.into_response(),
        };
    }
    match response.headers().get(header::ETAG) {
        Some(tag) if known.iter().any(|list| names(list, tag)) => unchanged(response),
        _ => response,
    }
}

async fn tagged(response: Response) -> Result<Response, Problem> {
    if response.body().size_hint().exact().is_none_or(|bytes| bytes > TAGGED_BYTES_MAX) {
        return Ok(response);
    }
    let (mut parts, body) = response.into_parts();
    let limit = usize::try_from(TAGGED_BYTES_MAX).unwrap_or(usize::MAX);
    let bytes = to_bytes(body, limit).await.map_err(|_| Problem::internal())?;
    let mut tag = String::from("\"");
    for byte in &Sha256::digest(&bytes)[..16] {
        let _ = write!(tag, "{byte:02x}"); // Writing to a string does not fail.
    }
    tag.push('"');
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        parts.headers.insert(header::ETAG, tag);
    }
    Ok(Response::from_parts(parts, Body::from(bytes)))
}

/// Whether a list of tags names one. The comparison is the weak one.
fn names(list: &HeaderValue, tag: &HeaderValue) -> bool {
    let (Ok(list), Ok(tag)) = (list.to_str(), tag.to_str()) else { return false };
    let strong = |tag: &str| tag.strip_prefix("W/").unwrap_or(tag).to_owned();
    list.trim() == "*" || list.split(',').any(|one| strong(one.trim()) == strong(tag))
}

/// The same answer without its body: the asker has it.
fn unchanged(response: Response) -> Response {
    let mut headers: HeaderMap = response.into_parts().0.headers;
    for name in [header::CONTENT_TYPE, header::CONTENT_LENGTH, header::CONTENT_DISPOSITION] {
        headers.remove(name);
    }
    (StatusCode::NOT_MODIFIED, headers).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_tags_is_read_as_the_standard_says() {
        let tag = HeaderValue::from_static("\"a1\"");
        let named = |list| names(&HeaderValue::from_static(list), &tag);
        for yes in ["\"a1\"", "*", "\"b\", \"a1\"", "W/\"a1\"", " \"a1\" "] {
            assert!(named(yes), "{yes}");
        }
        for no in ["\"b\"", "a1", "", "\"a1", "\"*\""] {
            assert!(!named(no), "{no}");
        }
    }
}
