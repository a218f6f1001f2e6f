//! Files over HTTP.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, Response, header};
use http_body_util::BodyExt;
use pacta_files::{Digest, Limits, Store};
use pacta_web::{AppState, Client, router};
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
    folder: tempfile::TempDir,
}

impl Archive {
    async fn start() -> Self {
        let world = World::start().await;
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(folder.path(), LIMITS).expect("a store");
        let state: AppState = world.state().with_files(store);
        Self { world, router: router(state), folder }
    }

    /// Waits until so many files are being handed in.
    async fn until_names(&self, count: usize) {
        let folder = self.folder.path().join("uploading");
        for _ in 0..3000 {
            if std::fs::read_dir(&folder).expect("a folder").count() == count {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("not {count} files are being handed in");
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
async fn only_so_many_files_are_fetched_and_handed_in_at_a_time() {
    let archive = Archive::start().await;
    let fetch = |number: u8| {
        let path = format!("/api/v1/files/{}/fetch", Digest::of(&[&[number]]));
        Request::post(path).body(Body::empty()).expect("a request")
    };
    for number in 0..64 {
        assert_eq!(archive.send(fetch(number)).await.status(), 202);
    }
    let refused = archive.send(fetch(64)).await;
    assert_eq!(refused.status(), 429);
    assert_eq!(header(&refused, header::CONTENT_TYPE), "application/problem+json");
    assert_eq!(header(&refused, header::RETRY_AFTER), "1");
    let problem: Value = serde_json::from_slice(&bytes(refused).await).expect("JSON");
    assert_eq!(problem["type"], "urn:pacta:problem:too_many", "{problem}");
    assert_eq!(archive.send(fetch(63)).await.status(), 202, "it is wanted already");

    let fetches = Archive::start().await;
    let fetch_of = |last: u8, number: u8| {
        let mut request = fetch(number);
        request.extensions_mut().insert(ConnectInfo(Client(([192, 0, 2, last], 4000).into())));
        request
    };
    for number in 0..16 {
        assert_eq!(fetches.send(fetch_of(1, number)).await.status(), 202);
    }
    assert_eq!(fetches.send(fetch_of(1, 16)).await.status(), 429, "one client has its share");
    assert_eq!(fetches.send(fetch_of(2, 16)).await.status(), 202);

    let uploads = Archive::start().await;
    let from = ConnectInfo(Client(([192, 0, 2, 1], 4000).into()));
    let give = async |body: Body| {
        let mut request = Request::post("/api/v1/files").body(body).expect("a request");
        request.extensions_mut().insert(from);
        uploads.send(request).await.status().as_u16()
    };
    let endless = || Body::from_stream(futures::stream::pending::<Result<Vec<u8>, Infallible>>());
    let four = futures::future::join_all((0..4).map(|_| give(endless())));
    let fifth = async {
        uploads.until_names(4).await;
        give(Body::from("text")).await
    };
    tokio::select! {
        _ = four => panic!("they have not ended"),
        status = fifth => assert_eq!(status, 429),
    }
    uploads.until_names(0).await; // nothing is left of what was given up
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
