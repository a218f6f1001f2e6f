//! The pages say what the ledger says, in the conventions of depositaries.

use pacta_law::Data;
use pacta_law::treaty::{ConsentKind, SignatureKind};

use crate::support::World;
use crate::treaty::{SLUG, conclude, deposit, sign, withdraw};

const TREATY: &str = "/treaties/transit";

/// The text of a page without its tags.
fn text(html: &str) -> String {
    let mut text = String::new();
    let mut inside = false;
    for letter in html.chars() {
        match letter {
            '<' => inside = true,
            '>' => inside = false,
            _ if !inside => text.push(letter),
            _ => {}
        }
    }
    text
}

async fn page(world: &World, path: &str) -> String {
    let (status, html) = world.get(path).await;
    assert_eq!(status, 200, "{path}: {html}");
    html
}

#[tokio::test]
async fn an_empty_network_says_so() {
    let world = World::start().await;
    let home = page(&world, "/").await;
    for name in crate::support::STATES {
        assert!(home.contains(name), "{name} is missing");
    }
    assert!(home.contains("Nothing has been recorded yet"));
    assert!(home.contains("binds nobody"), "a dealer's network says what it is");
    assert!(page(&world, "/treaties").await.contains("There is no treaty yet"));
}

#[tokio::test]
async fn a_treaty_is_shown_from_draft_to_force_and_withdrawal() {
    let world = World::start().await;
    world.act(0, Data::DraftTreaty(crate::treaty::draft(&world, "Transit"))).await;
    let shown = text(&page(&world, TREATY).await);
    assert!(shown.contains("0 of 5 who draw it up have adopted it"), "{shown}");

    let world = World::start().await;
    conclude(&world, "Transit").await;
    world.act(1, sign(SignatureKind::Simple)).await;
    world.act(1, deposit(ConsentKind::Acceptance)).await;
    let html = page(&world, TREATY).await;
    let shown = text(&html);
    assert!(shown.contains("not yet in force"), "{shown}");
    assert!(shown.contains("it still needs 1 more participant (1 of 2)"), "{shown}");
    assert!(html.contains("<abbr title=\"acceptance\">A</abbr>"));
    assert!(html.contains("contracting, not yet bound"));
    assert!(html.contains("<li lang=\"ru\" dir=\"ltr\">Конвенция о транзите</li>"));

    world.act(2, sign(SignatureKind::Definitive)).await;
    let shown = text(&page(&world, TREATY).await);
    assert!(shown.contains("it enters into force on 1 January 2027"), "{shown}");
    assert!(shown.contains("2026-12-31 + 1 day (art. 9(1)) = 2027-01-01"), "{shown}");

    world.pass_days(1).await;
    let html = page(&world, TREATY).await;
    assert!(text(&html).contains("In force since 1 January 2027"));
    assert!(html.contains("definitive signature, which is itself consent\">s</abbr>"));
    world.act(2, withdraw()).await;
    assert!(page(&world, TREATY).await.contains("party, withdrawing"));
    world.pass_days(1).await;
    let shown = text(&page(&world, TREATY).await);
    assert!(shown.contains("[Kazakhstan]"), "{shown}");
    assert!(shown.contains("Kazakhstan gave notice of withdrawal on 1 January 2027"), "{shown}");
}

#[tokio::test]
async fn the_list_says_where_each_treaty_stands() {
    let world = World::start().await;
    conclude(&world, "Transit").await;
    let shown = text(&page(&world, "/treaties").await);
    assert!(shown.contains("not yet in force"), "{shown}");
    assert!(shown.contains("missing: 2 more participants (0 of 2)"), "{shown}");
}

#[tokio::test]
async fn an_act_has_a_page_with_its_sentence_and_its_refusal() {
    let world = World::start().await;
    conclude(&world, "Transit").await;
    let act = world.act(1, sign(SignatureKind::Simple)).await;
    let shown = text(&page(&world, &format!("/acts/{act}")).await);
    assert!(shown.contains("Executed"), "{shown}");
    assert!(shown.contains("Belarus signs"), "{shown}");
    assert!(shown.contains("Belarus signed transit"), "{shown}");
    let again = world.sign(1, sign(SignatureKind::Simple));
    let refused = again.id();
    world.post("/api/v1/acts?on_record=true&wait=final", again.bytes().to_vec()).await;
    let shown = text(&page(&world, &format!("/acts/{refused}")).await);
    assert!(shown.contains("Refused") && shown.contains("already_signed"), "{shown}");
}

#[tokio::test]
async fn everything_that_was_written_by_others_is_escaped() {
    let world = World::start().await;
    conclude(&world, "<script>alert(1)</script> & \"co\"").await;
    let act = world.act(1, sign(SignatureKind::Simple)).await;
    for path in ["/", "/treaties", TREATY, &format!("/acts/{act}")] {
        let html = page(&world, path).await;
        assert!(!html.contains("<script>"), "{path}");
        assert!(!html.contains(" style=") && !html.contains("<style"), "{path}");
        assert!(!html.contains(" onclick="), "{path}");
    }
    assert!(page(&world, TREATY).await.contains("&lt;script&gt;alert(1)"));
}

#[tokio::test]
async fn what_is_not_there_is_a_page_that_says_what_to_do() {
    let world = World::start().await;
    let none = "0".repeat(64);
    for path in ["/treaties/none", "/nowhere", &format!("/acts/{none}"), "/treaties/%ff"] {
        let (status, html) = world.get(path).await;
        assert_eq!(status, 404, "{path}");
        assert!(html.contains("<html lang=\"en\""), "{path}");
        assert!(html.contains("Nothing was recorded"), "{path}");
    }
    assert_eq!(world.get("/?before=nonsense").await.0, 400);
}

#[tokio::test]
async fn a_page_is_one_document_with_its_landmarks_and_captions() {
    let world = World::start().await;
    conclude(&world, "Transit").await;
    for path in ["/", "/treaties", TREATY] {
        let html = page(&world, path).await;
        assert_eq!(html.matches("<h1").count(), 1, "{path}");
        assert_eq!(html.matches("<main").count(), 1, "{path}");
        assert_eq!(html.matches("<table").count(), html.matches("<caption").count(), "{path}");
        assert!(html.contains("<th scope=\"col\""), "{path}");
        assert!(html.contains("name=\"viewport\""), "{path}");
    }
    assert!(page(&world, TREATY).await.contains(&format!("data-treaty=\"{SLUG}\"")));
}
