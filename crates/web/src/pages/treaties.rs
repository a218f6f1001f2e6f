//! `/treaties`: all treaties, and where each stands.

use axum::extract::State;
use axum::response::Html;
use maud::{Markup, html};
use pacta_law::treaty::TreatyStatus;
use serde::Deserialize;

use super::frame::{Page, Section};
use super::{Failed, words};
use crate::extract::Asked;
use crate::problem::Problem;
use crate::standing::{self, Summary};
use crate::state::AppState;

/// Treaties shown at once.
const TREATIES: u32 = 50;

/// Which part of the list is shown.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shown {
    #[serde(default)]
    after: String,
}

/// The page.
///
/// # Errors
/// [`Failed`], a page that says what is wrong.
pub async fn page(
    State(state): State<AppState>,
    asked: Result<Asked<Shown>, Problem>,
) -> Result<Html<String>, Failed> {
    let Asked(shown) = asked?;
    let first = shown.after.is_empty();
    // The place comes before the list: live updates may repeat an entry, never miss one.
    let after = state.read(|reader| reader.last()).await?;
    let copy = super::copy(&state).await?;
    let list = standing::list(&state, shown.after, TREATIES).await?;
    let body = html! {
        h1 { "Treaties" }
        p.lead {
            "Every party's node keeps the original of each treaty, receives the instruments, and "
            "computes who is bound, and since when."
        }
        div #treaties data-live { (table(&list.treaties)) }
        nav.pages aria-label="Pages of the list" {
            @if !first { a href="/treaties" { "First" } }
            @if let Some(next) = &list.next {
                a href=(format!("/treaties?after={next}")) rel="next" { "Further treaties" }
            }
        }
    };
    let page = Page {
        title: "Treaties",
        section: Section::Treaties,
        treaty: None,
        blocks: false,
        after: super::start(after, copy.height),
        copy: Some(copy),
        body,
    };
    Ok(page.render())
}

fn table(treaties: &[Summary]) -> Markup {
    html! {
        @if treaties.is_empty() {
            div.note {
                p { "There is no treaty yet. One that is drafted or transcribed appears here." }
            }
        } @else {
            div.region role="region" aria-label="Treaties" tabindex="0" {
                table {
                    caption {
                        "In the order of their short names. The last columns say how many signed "
                        "and how many consented to be bound."
                    }
                    thead {
                        tr {
                            th scope="col" { "Treaty" }
                            th scope="col" { "Status" }
                            th scope="col" { "In force from" }
                            th scope="col" { "Signed" }
                            th scope="col" { "Consented" }
                        }
                    }
                    tbody { @for treaty in treaties { (row(treaty)) } }
                }
            }
        }
    }
}

fn row(treaty: &Summary) -> Markup {
    html! {
        tr {
            th scope="row" {
                a href=(format!("/treaties/{}", treaty.id)) { (treaty.title) }
                div.small.quiet {
                    (treaty.id)
                    @if let Some(source) = &treaty.source { ", transcribed from " (source) }
                }
            }
            td { (mark(treaty.status)) }
            td {
                @match (&treaty.entry_into_force, &treaty.missing) {
                    (Some(entry), _) => (words::date(&entry.to_string())),
                    (None, Some(missing)) => span.small.quiet { "missing: " (missing) },
                    (None, None) => { "not fixed" }
                }
            }
            td { (treaty.counts.signatures) }
            td { (treaty.counts.consents) }
        }
    }
}

/// The stage of a treaty's life, as a word in a frame.
pub fn mark(status: TreatyStatus) -> Markup {
    let (class, word) = match status {
        TreatyStatus::UnderNegotiation => ("mark", "under negotiation"),
        TreatyStatus::Adopted => ("mark", "text adopted"),
        TreatyStatus::Authenticated => ("mark warn", "not yet in force"),
        TreatyStatus::InForce => ("mark good", "in force"),
    };
    html! { span class=(class) { (word) } }
}
