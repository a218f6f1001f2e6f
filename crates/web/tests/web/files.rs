//! Files over HTTP.

use axum::body::Body;
use axum::http::{Request, Response, header};
use http_body_util::BodyExt;
use pacta_files::{Digest, Limits, Store};
use pacta_web::{AppState, router};
use serde_json::Value;
use tower::ServiceExt;

use crate::support::World;

const LIMITS: Limits = Limits {
    file_bytes_max: 1_000_000,
    total_bytes_max: 2_000_000,
    unnamed_bytes_max: 2_000_000,
    reserve_bytes: 0,
};

struct Archive {
    world: World,
    router: axum::Router,
    _folder: tempfile::TempDir,
}

impl Archive {
    async fn start() -> Self {
        let world = World::start().await;
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(folder.path(), LIMITS).expect("a store");
        let state: AppState = world.state().with_files(store);
        Self { world, router: router(state), _folder: folder }
    }

    async fn send(&self, request: Request<Body>) -> Response<Body> {
        self.router.clone().oneshot(request).await.expect("an answer")
    }

    async fn post(&self, path: &str, media_type: &str, body: impl Into<Body>) -> (u16, Value) {
        let request = Request::post(path).header("content-type", media_type).body(body.into());
        let response = self.send(request.expect("a request")).await;
        let status = response.status().as_u16();
        (status, serde_json::from_slice(&bytes(response).await).expect("JSON"))
    }

    async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Response<Body> {
        let request = headers
            .iter()
            .fold(Request::get(path), |request, (name, value)| request.header(*name, *value));
        self.send(request.body(Body::empty()).expect("a request")).await
    }
}

async fn bytes(response: Response<Body>) -> Vec<u8> {
    response.into_body().collect().await.expect("a body").to_bytes().to_vec()
}

fn header(response: &Response<Body>, name: header::HeaderName) -> String {
    response.headers().get(name).map_or(String::new(), |it| it.to_str().expect("text").into())
}

#[tokio::test]
async fn a_file_is_handed_in_and_read_whole_and_in_parts() {
    let archive = Archive::start().await;
    let file: Vec<u8> = b"%PDF-1.7 ".iter().copied().cycle().take(700_000).collect();
    let id = Digest::of(&[&file]).to_string();
    let path = format!("/api/v1/files/{id}");
    let announced = format!("/api/v1/files?id={id}");
    let (status, answer) = archive.post(&announced, "application/pdf", file.clone()).await;
    assert_eq!((status, answer["id"].as_str()), (201, Some(id.as_str())), "{answer}");
    let (status, answer) = archive.post("/api/v1/files", "application/pdf", file.clone()).await;
    assert_eq!(answer["status"], "held", "{status} {answer}");

    let whole = archive.get(&path, &[]).await;
    assert_eq!(whole.status(), 200);
    assert_eq!(header(&whole, header::CONTENT_TYPE), "application/pdf");
    assert_eq!(
        header(&whole, header::CONTENT_DISPOSITION),
        format!("attachment; filename=\"{id}.pdf\"")
    );
    assert!(header(&whole, header::CONTENT_SECURITY_POLICY).contains("sandbox"));
    assert_eq!(header(&whole, header::X_CONTENT_TYPE_OPTIONS), "nosniff");
    assert!(header(&whole, header::CACHE_CONTROL).contains("immutable"));
    let tag = header(&whole, header::ETAG);
    assert_eq!(bytes(whole).await, file);

    let inline = archive.get(&format!("{path}?inline=true"), &[]).await;
    assert!(header(&inline, header::CONTENT_DISPOSITION).starts_with("inline"));
    let known = archive.get(&path, &[("if-none-match", &tag)]).await;
    assert_eq!((known.status().as_u16(), bytes(known).await.len()), (304, 0));
    let part = archive.get(&path, &[("range", "bytes=262140-524300")]).await;
    assert_eq!(part.status(), 206);
    assert_eq!(header(&part, header::CONTENT_RANGE), "bytes 262140-524300/700000");
    assert_eq!(bytes(part).await, file[262_140..=524_300]);
    let other = archive.get(&path, &[("range", "bytes=5-9"), ("if-range", "\"x\"")]).await;
    assert_eq!(bytes(other).await.len(), file.len(), "it is no part of another file");
    let outside = archive.get(&path, &[("range", "bytes=700000-")]).await;
    assert_eq!(header(&outside, header::CONTENT_RANGE), "bytes */700000");
    assert_eq!(outside.status(), 416);
    let head = Request::head(&path).body(Body::empty()).expect("a request");
    let head = archive.send(head).await;
    assert_eq!(header(&head, header::CONTENT_LENGTH), "700000");
    assert!(bytes(head).await.is_empty());

    let list = archive.get("/api/v1/files", &[]).await;
    let list: Value = serde_json::from_slice(&bytes(list).await).expect("JSON");
    assert_eq!(list["files"][0]["id"], id.as_str(), "{list}");
}

#[tokio::test]
async fn what_is_not_a_file_of_this_node_is_refused_clearly() {
    let archive = Archive::start().await;
    let refused = async |path: &str, media_type: &str, body: Vec<u8>| {
        let (status, problem) = archive.post(path, media_type, body).await;
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.len() > 20), "{problem}");
        status
    };
    let other = format!("/api/v1/files?id={}", "ab".repeat(32));
    assert_eq!(refused(&other, "text/plain", b"text".to_vec()).await, 400);
    assert_eq!(refused("/api/v1/files?id=xyz", "text/plain", b"text".to_vec()).await, 400);
    assert_eq!(refused("/api/v1/files", "text/plain", Vec::new()).await, 400);
    assert_eq!(refused("/api/v1/files", "nothing", b"text".to_vec()).await, 400);
    assert_eq!(refused("/api/v1/files", "application/pdf", b"<html>".to_vec()).await, 415);
    assert_eq!(refused("/api/v1/files", "text/plain", vec![b'a'; 1_000_001]).await, 413);
    for seed in [b'a', b'b'] {
        let (status, _) = archive.post("/api/v1/files", "text/plain", vec![seed; 900_000]).await;
        assert_eq!(status, 201);
    }
    assert_eq!(refused("/api/v1/files", "text/plain", vec![b'c'; 900_000]).await, 507);
    let absent = format!("/api/v1/files/{}", "cd".repeat(32));
    assert_eq!(archive.get(&absent, &[]).await.status(), 404);
    assert_eq!(archive.get(&format!("{absent}/status"), &[]).await.status(), 404);
    assert_eq!(archive.get("/api/v1/files/..%2f..%2fetc", &[]).await.status(), 400);
    let (status, answer) = archive.post(&format!("{absent}/fetch"), "text/plain", "").await;
    assert_eq!((status, answer["status"].as_str()), (202, Some("wanted")), "{answer}");
    assert_eq!(archive.get(&format!("{absent}/status"), &[]).await.status(), 200);
    // A node that keeps none says so.
    assert_eq!(archive.world.get("/api/v1/files").await.0, 503);
}

#[tokio::test]
async fn what_could_run_in_a_browser_is_only_saved() {
    let archive = Archive::start().await;
    let page = b"<script>alert(1)</script>".to_vec();
    let (status, answer) = archive.post("/api/v1/files", "text/html", page).await;
    assert_eq!(status, 201, "{answer}");
    let url = format!("{}?inline=true", answer["url"].as_str().expect("a url"));
    let served = archive.get(&url, &[]).await;
    assert_eq!(header(&served, header::CONTENT_TYPE), "application/octet-stream");
    assert!(header(&served, header::CONTENT_DISPOSITION).starts_with("attachment"));
}
