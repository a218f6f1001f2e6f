//! Requests to a node: whatever is asked, the answer comes soon, is no fault of the server, and
//! is JSON where it says so.

#![no_main]
#![allow(clippy::unwrap_used)] // who fails here says where

#[path = "../../../crates/web/tests/web/support.rs"]
#[allow(dead_code)] // the tests use more of it
mod support;

use std::sync::OnceLock;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, header};
use http_body_util::BodyExt as _;
use libfuzzer_sys::fuzz_target;
use support::World;
use tokio::runtime::Runtime;

/// The addresses, to which the rest of the first line of an input is added.
const ADDRESSES: [(&str, &str); 18] = [
    ("POST", "/api/v1/acts"),
    ("GET", "/api/v1/acts/"),
    ("GET", "/api/v1/treaties"),
    ("GET", "/api/v1/treaties/"),
    ("GET", "/api/v1/records"),
    ("GET", "/api/v1/records/receipt"),
    ("POST", "/api/v1/records/load"),
    ("GET", "/api/v1/blocks/"),
    ("GET", "/api/v1/evidence"),
    ("GET", "/api/v1/events"),
    ("GET", "/treaties"),
    ("GET", "/treaties/"),
    ("GET", "/acts/"),
    ("GET", "/assets/"),
    ("GET", "/"),
    ("GET", ""),
    ("POST", "/"),
    ("HEAD", "/"),
];
const ANSWER_MAX: Duration = Duration::from_secs(5);

struct Server {
    runtime: Runtime,
    world: World,
}

fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let world = runtime.block_on(World::start());
        Server { runtime, world }
    })
}

fuzz_target!(|input: &[u8]| {
    let Some((which, rest)) = input.split_first() else { return };
    let (method, address) = ADDRESSES[usize::from(*which) % ADDRESSES.len()];
    let end = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
    let (line, body) = (&rest[..end], rest.get(end + 1..).unwrap_or_default());
    let Ok(line) = std::str::from_utf8(line) else { return };
    let request = Request::builder()
        .method(method)
        .uri(format!("{address}{line}"))
        .header(header::CONTENT_TYPE, "application/json")
        .header("last-event-id", body.get(..8).unwrap_or_default())
        .body(Body::from(body.to_vec()));
    let Ok(request) = request else { return };
    let Server { runtime, world } = server();
    runtime.block_on(async {
        let answer = tokio::time::timeout(ANSWER_MAX, world.send(request)).await;
        let (head, body) = answer.expect("an answer comes soon").into_parts();
        let status = head.status.as_u16();
        assert!(status < 500, "{method} {address}{line}: {status}");
        let kind = head.headers.get(header::CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default().to_string();
        if kind.starts_with("text/event-stream") {
            return; // it goes on
        }
        let bytes = body.collect().await.expect("a body").to_bytes();
        if kind.contains("json") && method != "HEAD" {
            let problem: serde_json::Value = serde_json::from_slice(&bytes).expect("JSON");
            assert!(status < 400 || problem["status"] == status, "{problem}");
        }
    });
});
