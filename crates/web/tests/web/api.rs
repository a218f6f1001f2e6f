//! The API: what it takes, what it refuses and in which words, and the live feed.

use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, Response};
use http_body_util::BodyExt;
use pacta_law::treaty::{ConsentKind, SignatureKind};
use serde_json::{Value, json};

use crate::support::{World, read};
use crate::treaty::{conclude, deposit, sign};

const TYPE: &str = "application/problem+json";

async fn concluded() -> World {
    let world = World::start().await;
    conclude(&world, "Transit").await;
    world
}

#[tokio::test]
async fn an_act_is_taken_and_its_status_stays_for_ever() {
    let world = concluded().await;
    let signed = world.sign(1, sign(SignatureKind::Simple));
    let taken = world.post("/api/v1/acts?wait=final", signed.bytes().to_vec()).await;
    let (status, mut answer) = taken;
    assert_eq!((status, &answer["status"]), (200, &json!("final")), "{answer}");
    assert_eq!(answer["outcome"]["result"], "executed");
    assert_eq!(answer["id"], signed.id().to_string());
    answer.as_object_mut().expect("an object").remove("admission").expect("an admission");
    let (status, again) = world.post("/api/v1/acts", signed.bytes().to_vec()).await;
    assert_eq!((status, &again), (200, &answer), "to hand in the same act again is no fault");
    world.pass_days(40).await;
    let (status, later) = world.json(&format!("/api/v1/acts/{}", signed.id())).await;
    assert_eq!((status, &later), (200, &answer));
}

#[tokio::test]
async fn whoever_hands_in_an_act_gets_the_signed_word_of_the_node_at_once() {
    let world = concluded().await;
    let signed = world.sign(1, sign(SignatureKind::Simple));
    let request = Request::post("/api/v1/acts").body(signed.bytes().to_vec().into());
    let (status, text) = read(world.send(request.expect("a request")).await).await;
    assert_eq!(status, 202);
    let (_, admission) = text.split_once(r#""admission":"#).expect("an admission");
    let admission = admission.strip_suffix('}').expect("the last member");
    let verdict = pacta_chain::verify(admission.as_bytes(), None);
    let pacta_chain::Verdict::Genuine(proven) = verdict else { panic!("{verdict:?}") };
    assert!(proven.sentence.contains(&format!("had taken the act {}", signed.id())), "{proven}");
}

#[tokio::test]
async fn whoever_floods_is_told_when_to_come_again() {
    let world = concluded().await;
    let signed = world.sign(1, sign(SignatureKind::Simple));
    world.node.floods.store(true, Ordering::Relaxed);
    let request = Request::post("/api/v1/acts").body(signed.bytes().to_vec().into());
    let response = world.send(request.expect("a request")).await;
    assert_eq!(response.headers()["retry-after"], "1");
    assert_eq!(response.headers()["content-type"], TYPE);
    let (status, text) = read(response).await;
    let problem: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!((status, &problem["status"]), (429, &json!(429)));
    assert_eq!((&problem["code"], &problem["transient"]), (&json!(190), &json!(true)));
    world.node.floods.store(false, Ordering::Relaxed);
    assert_eq!(world.post("/api/v1/acts?wait=final", signed.bytes().to_vec()).await.0, 200);
}

#[tokio::test]
async fn an_act_that_would_be_refused_is_told_so_and_may_go_on_record() {
    let world = concluded().await;
    let signed = world.sign(1, deposit(ConsentKind::Ratification));
    let (status, problem) = world.post("/api/v1/acts", signed.bytes().to_vec()).await;
    assert_eq!((status, &problem["code"]), (422, &json!(219)), "{problem}");
    assert_eq!(problem["name"], "not_signed");
    assert!(problem["detail"].as_str().expect("a sentence").contains("sign it first"));
    let path = "/api/v1/acts?on_record=true&wait=final";
    let (status, answer) = world.post(path, signed.bytes().to_vec()).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["outcome"]["result"], "refused");
    assert_eq!(answer["outcome"]["refusal"], "not_signed");
}

#[tokio::test]
async fn bad_input_is_answered_with_a_problem_and_never_a_panic() {
    let world = World::start().await;
    let none = "0".repeat(64);
    let bad = [
        ("/api/v1/nowhere", 404),
        ("/api/v1/treaties/none", 404),
        ("/api/v1/treaties?limit=x", 400),
        ("/api/v1/records?path=%C3%A9", 400),
        ("/api/v1/records", 400),
        ("/api/v1/records?path=", 400),
        ("/api/v1/records?path=a&other=b", 400),
        ("/api/v1/records/receipt?path=a", 503),
        ("/api/v1/blocks/x", 400),
        ("/api/v1/blocks/999", 404),
        ("/api/v1/blocks/18446744073709551616", 400),
        ("/api/v1/events?after=nonsense", 400),
        (&format!("/api/v1/acts/{none}"), 404),
        (&format!("/api/v1/acts/{none}/receipt"), 404),
        (&format!("/api/v1/records?path={}", "a".repeat(1_025)), 400),
    ];
    for (path, expected) in bad {
        let (status, problem) = world.json(path).await;
        assert_eq!(status, expected, "{path}: {problem}");
        assert_eq!(problem["status"], expected, "{path}");
        assert!(problem["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{path}");
    }
    for (body, code) in [("", 101), ("{", 101), ("{\"a\":1,\"a\":1}", 102), ("null", 107)] {
        let (status, problem) = world.post("/api/v1/acts", body).await;
        assert_eq!((status, &problem["code"]), (422, &json!(code)), "{body:?}: {problem}");
    }
}

#[tokio::test]
async fn bodies_have_a_limit() {
    let world = World::start().await;
    let max = pacta_web::api::acts::BODY_BYTES_MAX;
    assert_eq!(world.post("/api/v1/acts", "a".repeat(max)).await.0, 422);
    assert_eq!(world.post("/api/v1/acts", "a".repeat(max + 1)).await.0, 413);
    let load = "/api/v1/records/load";
    let max = pacta_web::api::records::BODY_BYTES_MAX;
    assert_eq!(world.post(load, " ".repeat(max)).await.0, 400);
    assert_eq!(world.post(load, " ".repeat(max + 1)).await.0, 413);
    let paths = |count: usize| json!({ "paths": vec!["a"; count] }).to_string();
    let max = pacta_web::api::records::PATHS_MAX;
    assert_eq!(world.post(load, paths(max)).await.0, 200);
    assert_eq!(world.post(load, paths(max + 1)).await.0, 400);
}

#[tokio::test]
async fn a_method_that_is_not_taken_is_a_problem_with_the_one_that_is() {
    let world = World::start().await;
    let request = Request::delete("/api/v1/network").body(Body::empty()).expect("a request");
    let response = world.send(request).await;
    assert_eq!(response.status(), 405);
    assert!(response.headers().contains_key("allow"));
    assert_eq!(response.headers()["content-type"], TYPE);
}

#[tokio::test]
async fn every_answer_carries_the_policy_of_contents() {
    let world = World::start().await;
    for path in ["/", "/nowhere", "/api/v1/network", "/api/v1/nowhere", "/api/v1/events"] {
        let request = Request::get(path).body(Body::empty()).expect("a request");
        let response = world.send(request).await;
        let policy = response.headers()["content-security-policy"].to_str().expect("text");
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{path}");
        assert_eq!(response.headers()["x-content-type-options"], "nosniff", "{path}");
    }
}

#[tokio::test]
async fn treaties_records_blocks_and_the_network_are_data() {
    let world = concluded().await;
    world.act(1, sign(SignatureKind::Simple)).await;
    world.act(1, deposit(ConsentKind::Acceptance)).await;
    let (_, list) = world.json("/api/v1/treaties").await;
    assert_eq!(list["treaties"][0]["id"], "transit");
    assert_eq!(list["treaties"][0]["status"], "authenticated");
    let (_, whole) = world.json("/api/v1/treaties/transit").await;
    assert_eq!(whole["complete"], true);
    assert_eq!(whole["missing"], "1 more participant (1 of 2)");
    let belarus = &whole["participants"][1];
    assert_eq!(
        (&belarus["name"], &belarus["position"]),
        (&json!("Belarus"), &json!("contracting"))
    );
    assert_eq!(belarus["spells"][0]["mark"], "A");
    assert_eq!(belarus["spells"][0]["consent"]["on"], "2026-12-31");
    let asked = json!({ "paths": ["treaty/transit", "treaty/none"] }).to_string();
    let (_, loaded) = world.post("/api/v1/records/load", asked).await;
    assert!(loaded["records"][0]["record"].as_str().is_some_and(|text| text.contains("titles")));
    assert_eq!(loaded["records"][1].get("record"), None);
    let (_, block) = world.json("/api/v1/blocks/1").await;
    assert_eq!(block["outcomes"][0]["result"], "executed");
    assert_eq!(block["acts"][0]["act"]["kind"], "draft_treaty");
    let (_, network) = world.json("/api/v1/network").await;
    assert_eq!(network["validators"].as_array().map(Vec::len), Some(5));
    let (_, founding) = world.json("/api/v1/founding").await;
    assert_eq!(founding, network["founding"]);
    let (status, health) = world.json("/api/v1/health").await;
    assert_eq!((status, &health["status"]), (200, &json!("healthy")));
}

/// The next entries of a feed.
pub async fn entries(response: &mut Response<Body>, count: usize) -> Vec<(String, Value)> {
    let mut text = String::new();
    let mut found = Vec::new();
    while found.len() < count {
        let frame = response.body_mut().frame();
        let frame = tokio::time::timeout(Duration::from_secs(10), frame).await.expect("in time");
        let data = frame.expect("more").expect("whole").into_data().expect("data");
        text.push_str(std::str::from_utf8(&data).expect("text"));
        while let Some((event, rest)) = text.split_once("\n\n") {
            let line = |name: &str| event.lines().find_map(|line| line.strip_prefix(name));
            if line("event: ") == Some("entry") {
                let data = serde_json::from_str(line("data: ").expect("data")).expect("JSON");
                found.push((line("id: ").expect("an id").to_owned(), data));
            }
            text = rest.to_owned();
        }
    }
    found
}

pub async fn feed(world: &World, last: Option<&str>, query: &str) -> Response<Body> {
    let mut request = Request::get(format!("/api/v1/events{query}"));
    if let Some(last) = last {
        request = request.header("last-event-id", last);
    }
    world.send(request.body(Body::empty()).expect("a request")).await
}

#[tokio::test]
async fn a_feed_resumes_after_the_last_event_without_gap_or_repetition() {
    let world = concluded().await;
    let mut all = feed(&world, None, "?after=0-0").await;
    let told = entries(&mut all, 11).await;
    let (third, fourth) = (&told[2].0, &told[3].0);
    let mut resumed = feed(&world, Some(third), "?after=0-0").await;
    assert_eq!(&entries(&mut resumed, 1).await[0].0, fourth, "the header counts, not the query");
    let mut fresh = feed(&world, None, "").await;
    let act = world.act(3, sign(SignatureKind::Simple)).await;
    let (_, entry) = entries(&mut fresh, 1).await.remove(0);
    assert_eq!(entry["act"], act.to_string());
    assert_eq!(entry["treaty"], "transit");
    assert_eq!(entries(&mut all, 1).await[0].1, entry);
}

#[tokio::test]
async fn feeds_end_when_the_server_stops() {
    let world = World::start().await;
    let response = feed(&world, None, "").await;
    world.hub.close();
    let ended = tokio::time::timeout(Duration::from_secs(10), response.into_body().collect());
    assert!(ended.await.is_ok());
}
