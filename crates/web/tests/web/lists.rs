//! Cursors: parts of lists and live feeds, in the order of the journal.

use axum::body::Body;
use axum::http::Request;
use pacta_law::Data;
use pacta_law::treaty::draft_treaty::DraftTreaty;
use pacta_law::treaty::{ConsentKind, SignatureKind};
use serde_json::{Value, json};

use crate::api::{entries, feed};
use crate::support::World;
use crate::treaty::{conclude, deposit, draft, sign};

fn places(list: &Value) -> Vec<String> {
    let entries = list["entries"].as_array().expect("entries").iter();
    entries.map(|entry| entry["position"].as_str().expect("a place").to_owned()).collect()
}

/// Walks a list from a first address, and does something after each part.
async fn walk(world: &World, first: &str, after_each: impl AsyncFn(usize)) -> Vec<String> {
    let (mut next, mut all) = (Some(first.to_owned()), Vec::new());
    while let Some(path) = next {
        let request = Request::get(&path).body(Body::empty()).expect("a request");
        let answer = world.send(request).await;
        let link = answer.headers().get("link").map(|link| link.to_str().expect("text").to_owned());
        let (status, list) = world.json(&path).await;
        assert_eq!(status, 200, "{list}");
        let found = places(&list);
        assert_eq!(list["last"].as_str(), found.last().map(String::as_str));
        all.extend(found);
        next = list["next"].as_str().map(Into::into);
        assert_eq!(link, next.as_ref().map(|next| format!("<{next}>; rel=\"next\"")));
        after_each(all.len()).await;
    }
    all
}

#[tokio::test]
async fn parts_of_a_list_hold_each_entry_once_while_it_grows() {
    let world = World::start().await;
    conclude(&world, "Transit").await;
    let before = places(&world.json("/api/v1/journal").await.1);
    let signing = async |seen: usize| {
        if seen == 3 {
            world.act(1, sign(SignatureKind::Simple)).await;
            world.pass_days(1).await;
        }
    };
    let walked = walk(&world, "/api/v1/journal?limit=3", signing).await;
    let after = places(&world.json("/api/v1/journal").await.1);
    assert_eq!(walked, after);
    assert_eq!(walked.len(), before.len() + 1);
    assert_eq!(walked[..before.len()], before);
}

#[tokio::test]
async fn the_list_of_acts_leaves_out_what_fell_due() {
    let world = World::start().await;
    conclude(&world, "Transit").await;
    for state in [1, 2] {
        world.act(state, sign(SignatureKind::Simple)).await;
        world.act(state, deposit(ConsentKind::Ratification)).await;
    }
    world.pass_days(40).await;
    world.act(3, sign(SignatureKind::Simple)).await;
    let acts = walk(&world, "/api/v1/acts?limit=4", async |_| {}).await;
    let (_, journal) = world.json("/api/v1/journal").await;
    let (of_acts, due): (Vec<&Value>, Vec<&Value>) = journal["entries"]
        .as_array()
        .expect("entries")
        .iter()
        .partition(|entry| entry.get("act").is_some());
    assert_eq!((due.len(), &due[0]["result"]), (1, &json!("due")));
    let of_acts = of_acts.iter().map(|entry| entry["position"].as_str().expect("a place"));
    assert!(acts.iter().eq(of_acts));
}

#[tokio::test]
async fn the_end_of_a_list_is_a_place_to_ask_after() {
    let world = World::start().await;
    assert_eq!(world.json("/api/v1/acts").await.1, json!({ "entries": [] }));
    let (_, list) = world.json("/api/v1/acts?after=7-0").await;
    assert_eq!(list, json!({ "entries": [], "last": "7-0" }));
    for bad in ["limit=0", "limit=201", "limit=x", "after=1", "after=", "before=1-0"] {
        assert_eq!(world.json(&format!("/api/v1/acts?{bad}")).await.0, 400, "{bad}");
    }
    assert_eq!(world.json("/api/v1/treaties?limit=0").await.0, 400);
    assert_eq!(world.json("/api/v1/treaties?limit=101").await.0, 400);
}

#[tokio::test]
async fn treaties_are_listed_in_parts_with_a_link() {
    let world = World::start().await;
    conclude(&world, "Transit").await;
    let second = DraftTreaty { treaty: "water".parse().expect("a name"), ..draft(&world, "Water") };
    world.act(0, Data::DraftTreaty(second)).await;
    let request = Request::get("/api/v1/treaties?limit=1").body(Body::empty()).expect("a request");
    let answer = world.send(request).await;
    let next = "/api/v1/treaties?after=transit&limit=1";
    assert_eq!(answer.headers()["link"], format!("<{next}>; rel=\"next\""));
    let (_, list) = world.json(next).await;
    assert_eq!((&list["treaties"][0]["id"], list.get("next")), (&json!("water"), None));
}

#[tokio::test]
async fn a_feed_from_the_distant_past_tells_all_that_the_journal_holds() {
    let world = World::start().await;
    conclude(&world, "Transit").await;
    // More than a feed reads at once: each is refused, on record.
    let more = usize::try_from(pacta_web::live::STREAM_ENTRIES_MAX).expect("few") + 20;
    for _ in 0..more {
        let signed = world.sign(1, deposit(ConsentKind::Ratification));
        world.refuse_on_record(signed.bytes().to_vec()).await;
    }
    world.indexed().await;
    let journal = walk(&world, "/api/v1/journal?limit=100", async |_| {}).await;
    let mut old = feed(&world, Some(&journal[0]), "").await;
    let told: Vec<String> =
        entries(&mut old, journal.len() - 1).await.into_iter().map(|(place, _)| place).collect();
    assert_eq!(told, journal[1..]);
}
