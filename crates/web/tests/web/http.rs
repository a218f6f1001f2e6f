//! What holds for every address of the API: tags, other sites, media types, and where to look next.

use axum::body::Body;
use axum::http::{Request, Response};
use pacta_law::treaty::SignatureKind;
use serde_json::json;

use crate::support::{World, read};
use crate::treaty::{conclude, sign};

async fn ask(world: &World, method: &str, path: &str, headers: &[(&str, &str)]) -> Response<Body> {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    world.send(request.body(Body::empty()).expect("a request")).await
}

fn header(response: &Response<Body>, name: &str) -> String {
    let value = response.headers().get(name).unwrap_or_else(|| panic!("no {name}"));
    value.to_str().expect("text").to_owned()
}

#[tokio::test]
async fn who_has_an_answer_is_told_so_until_it_changes() {
    let world = World::start().await;
    conclude(&world, "Transit").await;
    let paths = [
        "/",
        "/treaties/transit",
        "/api/v1/treaties",
        "/api/v1/treaties/transit",
        "/api/v1/acts",
        "/api/v1/journal",
        "/api/v1/blocks/1",
        "/api/v1/openapi.json",
    ];
    let mut tags = Vec::new();
    for path in paths {
        let whole = ask(&world, "GET", path, &[]).await;
        let tag = header(&whole, "etag");
        let kept = ask(&world, "GET", path, &[("if-none-match", &tag)]).await;
        assert_eq!((kept.status().as_u16(), header(&kept, "etag")), (304, tag.clone()), "{path}");
        assert_eq!(read(kept).await.1, "", "{path}");
        let other = ask(&world, "GET", path, &[("if-none-match", "\"0\"")]).await;
        assert_eq!(other.status(), 200, "{path}");
        tags.push(tag);
    }
    world.act(1, sign(SignatureKind::Simple)).await;
    for (path, old) in paths.iter().zip(tags) {
        let again = ask(&world, "GET", path, &[("if-none-match", &old)]).await;
        let still = path.contains("blocks") || path.contains("openapi");
        assert_eq!(again.status(), if still { 304 } else { 200 }, "{path}");
    }
}

#[tokio::test]
async fn head_says_what_get_would_without_the_body() {
    let world = World::start().await;
    for path in ["/", "/api/v1/network", "/api/v1/acts", "/api/v1/treaties/none"] {
        let get = ask(&world, "GET", path, &[]).await;
        let head = ask(&world, "HEAD", path, &[]).await;
        assert_eq!(head.status(), get.status(), "{path}");
        for name in ["content-type", "content-length"] {
            assert_eq!(header(&head, name), header(&get, name), "{path} {name}");
        }
        assert_eq!(head.headers().get("etag"), get.headers().get("etag"), "{path}");
        assert_eq!(read(head).await.1, "", "{path}");
    }
}

#[tokio::test]
async fn what_cannot_change_is_kept_for_ever_and_the_rest_is_asked_for_again() {
    let world = World::start().await;
    conclude(&world, "Transit").await;
    let act = world.act(1, sign(SignatureKind::Simple)).await;
    let executed = ask(&world, "GET", &format!("/api/v1/acts/{act}"), &[]).await;
    assert!(header(&executed, "cache-control").contains("immutable"));
    for path in ["/api/v1/treaties", "/api/v1/acts", "/api/v1/blocks/1", "/api/v1/founding"] {
        let answer = ask(&world, "GET", path, &[]).await;
        assert_eq!(header(&answer, "cache-control"), "no-cache", "{path}");
    }
}

#[tokio::test]
async fn other_sites_may_read_and_not_send() {
    let world = World::start().await;
    let asks = [("origin", "https://example.org"), ("access-control-request-method", "POST")];
    let before = ask(&world, "OPTIONS", "/api/v1/acts", &asks).await;
    assert_eq!(before.status(), 204);
    assert_eq!(header(&before, "access-control-allow-methods"), "GET, HEAD");
    for path in ["/api/v1/network", "/api/v1/nowhere", "/api/v1/events"] {
        let answer = ask(&world, "GET", path, &[]).await;
        assert_eq!(header(&answer, "access-control-allow-origin"), "*", "{path}");
    }
    let page = ask(&world, "GET", "/", &[]).await;
    assert!(!page.headers().contains_key("access-control-allow-origin"));
}

#[tokio::test]
async fn other_media_types_are_refused_with_the_right_one() {
    let world = World::start().await;
    let refused = [
        ("GET", "/api/v1/network", "accept", "text/html", 406),
        ("GET", "/api/v1/events", "accept", "application/json", 406),
        ("POST", "/api/v1/acts", "accept", "text/plain", 406),
        ("POST", "/api/v1/acts", "content-type", "text/plain", 415),
        ("POST", "/api/v1/acts/compose", "content-type", "application/xml", 415),
        ("POST", "/api/v1/records/load", "content-type", "application/cbor", 415),
        ("OPTIONS", "/api/v1/network", "origin", "https://example.org", 405),
        ("GET", "/api/v1/acts/compose", "accept", "*/*", 405),
        ("GET", "/api/v1/nowhere", "accept", "text/html", 404),
    ];
    for (method, path, name, value, status) in refused {
        let answer = ask(&world, method, path, &[(name, value)]).await;
        assert_eq!(answer.status(), status, "{method} {path} {name}: {value}");
        assert_eq!(header(&answer, "content-type"), "application/problem+json", "{path}");
        if status == 405 {
            assert!(!header(&answer, "allow").is_empty());
        }
    }
    let json = [("content-type", "application/json; charset=utf-8")];
    assert_eq!(ask(&world, "POST", "/api/v1/acts", &json).await.status(), 422);
}

#[tokio::test]
async fn who_cannot_be_answered_now_is_told_when_to_ask_again() {
    let world = World::start().await;
    let answer = ask(&world, "GET", "/api/v1/records/receipt?path=a", &[]).await;
    assert_eq!((answer.status().as_u16(), header(&answer, "retry-after")), (503, "1".into()));
}

#[tokio::test]
async fn an_act_that_is_not_final_is_waited_for_where_the_answer_says() {
    let world = World::start().await;
    conclude(&world, "Transit").await;
    let signed = world.sign(1, sign(SignatureKind::Simple));
    world.node.hold(true);
    let body = || Body::from(signed.bytes().to_vec());
    let post = |query: &str| {
        Request::post(format!("/api/v1/acts{query}")).body(body()).expect("a request")
    };
    for query in ["", "?wait=0"] {
        let answer = world.send(post(query)).await;
        assert_eq!((answer.status().as_u16(), header(&answer, "retry-after")), (202, "1".into()));
        assert_eq!(header(&answer, "location"), format!("/api/v1/acts/{}", signed.id()));
    }
    let here = format!("/api/v1/acts/{}", signed.id());
    let (status, pending) = world.json(&here).await;
    assert_eq!((status, &pending["status"]), (200, &json!("pending")));
    assert_eq!(world.json(&format!("{here}?wait=0")).await.0, 202);
    for wait in ["61", "-1", "1.5", "soon", ""] {
        assert_eq!(world.json(&format!("{here}?wait={wait}")).await.0, 400, "{wait:?}");
    }
    let patiently = format!("{here}?wait=60");
    let (waited, ()) = tokio::join!(world.json(&patiently), async {
        tokio::task::yield_now().await;
        world.node.hold(false);
    });
    assert_eq!((waited.0, &waited.1["status"]), (200, &json!("final")));
    let again = world.post("/api/v1/acts", body()).await;
    assert_eq!(again, waited, "the same act, the same answer");
}
