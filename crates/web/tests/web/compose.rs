//! What a client needs before it signs.

use axum::body::Body;
use axum::http::Request;
use pacta_law::Data;
use pacta_law::treaty::{ConsentKind, SignatureKind};
use pacta_web::router;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::support::{DAY_MS, NOON_MS, World};
use crate::treaty::{conclude, deposit, sign};

const COMPOSE: &str = "/api/v1/acts/compose";

/// The draft that a client would send for what a State is about to sign.
fn draft(world: &World, state: usize, data: Data) -> (Value, Value) {
    let signed = world.sign(state, data);
    let act: Value = serde_json::from_slice(&signed.act().to_bytes()).expect("JSON");
    let mut draft = act.clone();
    for member in ["network", "says", "sequence", "v"] {
        draft.as_object_mut().expect("an object").remove(member);
    }
    (draft, act)
}

#[tokio::test]
async fn a_draft_comes_back_as_the_act_to_sign_with_what_would_come_of_it() {
    let world = World::start().await;
    conclude(&world, "Transit").await;
    let (draft, act) = draft(&world, 1, sign(SignatureKind::Simple));
    let (status, composed) = world.post(COMPOSE, draft.to_string()).await;
    assert_eq!((status, &composed["act"]), (200, &act), "{composed}");
    assert_eq!(composed["would_be"], "executed");
    assert_eq!(composed["events"][0]["event"], "treaty_signed");
    let signed = world.sign(1, sign(SignatureKind::Simple));
    assert_eq!(composed["id"], signed.id().to_string());
    let (_, entries) = world.json("/api/v1/acts").await;
    let kinds = entries["entries"].as_array().expect("entries").iter();
    assert!(!kinds.clone().any(|entry| entry["kind"] == "sign"), "nothing is recorded");
}

#[tokio::test]
async fn a_draft_that_would_be_refused_comes_back_with_the_reason() {
    let world = World::start().await;
    conclude(&world, "Transit").await;
    let (draft, _) = draft(&world, 1, deposit(ConsentKind::Ratification));
    let (status, composed) = world.post(COMPOSE, draft.to_string()).await;
    assert_eq!((status, &composed["would_be"]), (200, &json!("refused")), "{composed}");
    assert_eq!((&composed["code"], &composed["refusal"]), (&json!(219), &json!("not_signed")));
}

#[tokio::test]
async fn an_act_expires_in_an_hour_if_nothing_is_said() {
    let world = World::start().await;
    conclude(&world, "Transit").await;
    let (mut draft, _) = draft(&world, 1, sign(SignatureKind::Simple));
    draft.as_object_mut().expect("an object").remove("expires");
    let (_, composed) = world.post(COMPOSE, draft.to_string()).await;
    let expires = composed["act"]["expires"].as_u64().expect("an instant");
    assert!((NOON_MS + 3_600_000..NOON_MS + DAY_MS).contains(&expires), "{expires}");
}

#[tokio::test]
async fn what_cannot_become_an_act_is_refused_in_words() {
    let world = World::start().await;
    conclude(&world, "Transit").await;
    let (good, _) = draft(&world, 1, sign(SignatureKind::Simple));
    let with = |name: &str, value: Value| {
        let mut draft = good.clone();
        draft[name] = value;
        draft.to_string()
    };
    let bad = [
        (String::new(), 400),
        ("[]".to_owned(), 400),
        (with("other", json!(1)), 400),
        (with("kind", json!("no_such_kind")), 422),
        (with("data", json!({})), 422),
        (with("data", json!({ "treaty": 1.5 })), 422),
        (with("actor", json!("zz")), 422),
        (with("key", json!("0".repeat(64))), 422),
        (with("expires", json!(u64::MAX)), 422),
        (with("expires", json!(1.0)), 422),
        (with("expires", Value::Null), 422),
        (with("mandate", Value::Null), 422),
        (with("kind", json!(7)), 422),
        (" ".repeat(pacta_web::api::records::BODY_BYTES_MAX + 1), 413),
    ];
    for (body, expected) in bad {
        let (status, problem) = world.post(COMPOSE, body.clone()).await;
        let shown = body.get(..80).unwrap_or(&body);
        assert_eq!(status, expected, "{shown}: {problem}");
        assert!(problem["detail"].as_str().is_some_and(|detail| !detail.is_empty()));
    }
}

#[tokio::test]
async fn a_client_sends_one_draft_at_a_time_and_holds_up_nobody_else() {
    let world = World::start().await;
    conclude(&world, "Transit").await;
    let (draft, _) = draft(&world, 1, sign(SignatureKind::Simple));
    let state = world.state();
    let begun = state.composing.begin(None).await.expect("nothing is begun");
    let ask = || {
        let request = Request::post(COMPOSE).body(Body::from(draft.to_string()));
        router(state.clone()).oneshot(request.expect("a request"))
    };
    let answer = ask().await.expect("an answer");
    assert_eq!(answer.status(), 503);
    assert_eq!(answer.headers()["retry-after"], "1");
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
    drop(begun);
    assert_eq!(ask().await.expect("an answer").status(), 200);
    // Another client has a draft begun, and waits for its records.
    let other = Some([192, 0, 2, 1].into());
    let _begun = state.composing.begin(other).await.expect("nothing of it is begun");
    assert_eq!(ask().await.expect("an answer").status(), 200);
}

#[tokio::test]
async fn a_draft_has_a_turn_only_while_the_law_runs() {
    let world = World::start().await;
    conclude(&world, "Transit").await;
    let (draft, _) = draft(&world, 1, sign(SignatureKind::Simple));
    let state = world.state();
    let begun = state.composing.begin(Some([192, 0, 2, 1].into())).await.expect("a place");
    let turn = begun.turn().await.expect("a turn");
    let request = Request::post(COMPOSE).body(Body::from(draft.to_string())).expect("a request");
    let answer = tokio::spawn(router(state.clone()).oneshot(request));
    tokio::task::yield_now().await;
    assert!(!answer.is_finished(), "the law runs for another");
    turn.end();
    assert_eq!(answer.await.expect("no panic").expect("an answer").status(), 200);
    assert!(begun.turn().await.is_some(), "all turns were given back");
}
