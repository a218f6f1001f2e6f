//! `/acts/{id}`: what an act says, what became of it, and the proof.

use axum::extract::State;
use axum::response::Html;
use maud::{Markup, html};
use pacta_index::{Entry, Position};

use super::frame::{Page, Section};
use super::{Failed, feed, words};
use crate::extract::Named;
use crate::problem::Problem;
use crate::state::AppState;

/// The page.
///
/// # Errors
/// [`Failed`], a page that says what is wrong.
pub async fn page(
    State(state): State<AppState>,
    named: Result<Named, Problem>,
) -> Result<Html<String>, Failed> {
    let Named(id) = named?;
    let asked = id.clone();
    let entry = state.read(move |reader| reader.act(&asked)).await?;
    let copy = super::copy(&state).await?;
    let (title, body) = match &entry {
        Some(entry) => (format!("Act of {}", author(entry)), outcome(&id, entry)),
        None => match state.submitted.expiry(&id) {
            Some(expires) => ("A pending act".to_string(), pending(&id, expires, copy.instant)),
            None => return Err(unknown().into()),
        },
    };
    let after = Position { height: copy.height, index: u64::from(u32::MAX) };
    let page = Page {
        title: &title,
        section: Section::Other,
        treaty: None,
        blocks: false,
        after: entry.is_none().then_some(after),
        copy: Some(copy),
        body: html! { div #act data-live { (body) } },
    };
    Ok(page.render())
}

fn author(entry: &Entry) -> &str {
    entry.actor_name.as_deref().or(entry.actor.as_deref()).unwrap_or("an unknown actor")
}

fn unknown() -> Problem {
    Problem::not_found(
        "no final record holds an act of this id, and it was not submitted through this node; \
         check that the id was copied whole, or ask the node it was submitted to",
    )
}

fn pending(id: &str, expires: u64, now_ms: u64) -> Markup {
    let expired = now_ms > expires;
    html! {
        p.over { "An act" }
        h1 { @if expired { "This act expired" } @else { "This act is pending" } }
        div.note.warn {
            p {
                @if expired {
                    "No block took it in time. It has no effect and never will; sign it again."
                } @else {
                    "It was handed in through this node and is in no final block yet. This page "
                    "tells as soon as it is final; it expires at " (words::time(expires)) "."
                }
            }
        }
        dl.facts { dt { "Id" } dd { code { (id) } } }
    }
}

fn outcome(id: &str, entry: &Entry) -> Markup {
    let refused = entry.result == "refused";
    html! {
        p.over { "An act of " (author(entry)) }
        h1 { @if refused { "Refused" } @else { "Executed" } }
        div.note.good[!refused].bad[refused] {
            p {
                @if refused {
                    "The ledger did not execute this act. It changed nothing but the key's "
                    "sequence number, and the refusal is on record."
                } @else {
                    "This act is final: it was executed in block "
                    (words::number(entry.position.height)) " and will not be undone."
                }
            }
            @if let Some(sentence) = &entry.sentence { p { strong { "Why: " } (sentence) "." } }
        }
        h2 { "What was signed" }
        blockquote.says { (feed::said(entry)) }
        @if !entry.events.is_empty() {
            h2 { "What it brought about" }
            ul {
                @for event in &entry.events {
                    li { (super::events::sentence(event, &entry.names)) }
                }
            }
        }
        h2 { "Proof" }
        p {
            a href=(format!("/api/v1/acts/{id}/receipt")) download { "Download the receipt" }
            " and check it offline with " code { "pacta verify" }
            ". It proves, to whoever knows the network's id, what became of this act."
        }
        (facts(id, entry))
    }
}

fn facts(id: &str, entry: &Entry) -> Markup {
    html! {
        dl.facts {
            dt { "Final at" }
            dd { (words::time(entry.instant)) }
            dt { "Record" }
            dd { (entry.position) }
            @if let Some(treaty) = &entry.treaty {
                dt { "Treaty" }
                dd { a href=(format!("/treaties/{treaty}")) { (treaty) } }
            }
            @if let (Some(code), Some(name)) = (entry.code, &entry.refusal) {
                dt { "Refusal" }
                dd { (code) " " code { (name) } }
            }
            dt { "Id" }
            dd { code { (id) } }
            @if let Some(key) = &entry.key {
                dt { "Signed with key" }
                dd { code { (key) } }
            }
            @if let Some(sequence) = entry.sequence {
                dt { "Number of the key" }
                dd { (words::number(sequence)) }
            }
            dt { "As data" }
            dd { a href=(format!("/api/v1/acts/{id}")) { "this act as JSON" } }
        }
    }
}
