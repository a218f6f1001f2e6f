//! `/`: the network: who runs this node, how far its copy reaches, who takes part, what is new.

use std::collections::BTreeSet;

use axum::extract::State;
use axum::response::Html;
use maud::{Markup, html};
use pacta_index::{Entry, Position};
use pacta_law::ActorId;
use pacta_law::network::ValidatorChange;
use serde::Deserialize;

use super::frame::{Copy, Page, Section};
use super::{feed, words};
use crate::api::evidence::{Accusation, accusations};
use crate::extract::Asked;
use crate::node::Status;
use crate::pages::Failed;
use crate::seats::{Proposal, Seat, Seats, seats};
use crate::state::AppState;

/// Entries shown at once.
const ENTRIES: u32 = 25;
/// Blocks by which the pages may be behind the node before the page says so.
const BEHIND_MAX: u64 = 20;

/// Which part of the journal is shown.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shown {
    before: Option<String>,
}

/// The page.
///
/// # Errors
/// [`Failed`], a page that says what is wrong.
pub async fn page(
    State(state): State<AppState>,
    asked: Result<Asked<Shown>, crate::problem::Problem>,
) -> Result<Html<String>, Failed> {
    let Asked(shown) = asked?;
    let before = super::place(shown.before.as_deref())?;
    let entries = state.read(move |reader| reader.entries_before(before, ENTRIES)).await?;
    let copy = super::copy(&state).await?;
    let seats = seats(&state).await.ok();
    let status = state.node.status().await.ok();
    let body = html! {
        @if before.is_none() {
            (introduction(&state, &copy, status.as_ref()))
        } @else {
            h1 { "Earlier acts" }
        }
        section #latest data-live[before.is_none()] { (latest(&entries, before)) }
        @if before.is_none() && let Some(seats) = &seats {
            (validators(seats, state.node.operator()))
        }
    };
    let title = copy.network.clone();
    let page = Page {
        title: &title,
        section: Section::Network,
        treaty: None,
        blocks: before.is_none(),
        after: before.is_none().then(|| newest(&entries, copy.height)),
        copy: Some(copy),
        body,
    };
    Ok(page.render())
}

fn newest(entries: &[Entry], height: u64) -> Position {
    entries.first().map_or(Position { height, index: 0 }, |entry| entry.position)
}

fn introduction(state: &AppState, copy: &Copy, status: Option<&Status>) -> Markup {
    let founding = state.node.founding();
    html! {
        p.over { "The network" }
        h1 { (copy.network) }
        p.lead {
            "Every party keeps this ledger together and holds all of it. What you read is the copy "
            "of " strong { (copy.operator) } ", computed by its own node."
        }
        @if founding.dealer {
            div.note.warn role="note" {
                p {
                    strong { "A network for trying things out. " }
                    "The shares of its network key were made in one place, by a dealer, who could "
                    "have kept them. What is recorded here binds nobody."
                }
            }
        }
        @if founding.validators.len() == 1 {
            div.note.warn role="note" {
                p { "This network has a single custodian: one node alone decides what is final." }
            }
        }
        div #facts data-live { (facts(state, copy, status)) }
    }
}

fn facts(state: &AppState, copy: &Copy, status: Option<&Status>) -> Markup {
    html! {
        @match status {
            None => {
                div.note.bad {
                    p {
                        "The node does not answer. This page shows what its index holds; reload "
                        "in a minute, or read at another party's node."
                    }
                }
            }
            Some(status) if status.height > copy.height + BEHIND_MAX => {
                div.note.warn {
                    p {
                        "These pages are " (words::number(status.height - copy.height))
                        " blocks behind the node and are catching up."
                    }
                }
            }
            Some(_) => {}
        }
        @for accusation in one_each(accusations(state)) {
            div.note.bad role="note" {
                p {
                    strong { "Misconduct. " }
                    (words::sentence(&accusation.proves)) " "
                    a href=(accusation.url) { "The evidence" }
                    " can be verified offline."
                }
            }
        }
        dl.facts {
            dt { "Height" }
            dd { strong { (words::number(copy.height)) } }
            dt { "Final at" }
            dd { (words::time(copy.instant)) }
            @if let Some(status) = status {
                dt { "Ledger root" }
                dd { code { (status.ledger_root) } }
                dt { "Journal root" }
                dd { code { (status.journal_root) } }
                dt { "Other nodes heard" }
                dd {
                    (words::number(status.peers)) " of "
                    (words::number(status.validators.saturating_sub(1)))
                }
                dt { "Waiting acts" }
                dd { (words::number(status.mempool)) }
            }
            dt { "Network id" }
            dd { code { (state.node.founding().network()) } }
        }
        p.small.quiet {
            "Two nodes with the same roots at the same height hold the same ledger. "
            "Receipts are verified from the network id alone: "
            code { "pacta verify FILE" } "."
        }
    }
}

/// One accusation of each validator: one convicts it, and the API lists them all.
fn one_each(mut accusations: Vec<Accusation>) -> Vec<Accusation> {
    let mut accused = BTreeSet::new();
    accusations.retain(|accusation| accused.insert(accusation.validator.clone()));
    accusations
}

fn latest(entries: &[Entry], before: Option<Position>) -> Markup {
    html! {
        @if before.is_none() { h2 { "Latest acts" } }
        (feed::list(entries))
        nav.pages aria-label="Pages of the journal" {
            @if before.is_some() { a href="/" { "Newest" } }
            @if entries.len() == ENTRIES as usize && let Some(oldest) = entries.last() {
                a href=(format!("/?before={}", oldest.position)) rel="next" { "Earlier" }
            }
        }
    }
}

fn validators(seats: &Seats, operator: ActorId) -> Markup {
    let signing = seats.validators.iter().filter(|seat| seat.signs).count();
    let tolerated = signing.saturating_sub(1) / 3;
    html! {
        h2 { "Validators" }
        @if seats.failed_ceremonies > 0 {
            div.note.warn role="note" {
                p {
                    "The shares of the network key could not be renewed "
                    (seats.failed_ceremonies) " times in a row, so no change of validators takes "
                    "effect until they are."
                }
            }
        }
        div.region role="region" aria-label="Validators" tabindex="0" {
            table {
                caption {
                    "One seat each. More than two thirds of those who sign make a block final; "
                    (tolerated) " of " (signing) " may fail without stopping the rest. "
                    "This is epoch " (words::number(seats.epoch)) "."
                }
                thead {
                    tr {
                        th scope="col" { "Operated by" }
                        th scope="col" { "Stands" }
                        th scope="col" { "Address" }
                        th scope="col" { "Key" }
                    }
                }
                tbody { @for seat in &seats.validators { (row(seat, operator)) } }
            }
        }
        @if !seats.changes.is_empty() {
            h3 { "Proposed changes" }
            ul { @for change in &seats.changes { li { (proposed(change)) } } }
        }
    }
}

fn row(seat: &Seat, operator: ActorId) -> Markup {
    html! {
        tr {
            th scope="row" {
                (seat.name)
                @if seat.actor == operator { " " span.mark.good { "this node" } }
            }
            td {
                @match (seat.wanted, seat.signs) {
                    (true, true) => "signs",
                    (true, false) => "waits for its place",
                    (false, _) => "leaves",
                }
                @if seat.suspended {
                    "; was away, and is left out until it reports"
                } @else if seat.missed_ceremonies > 0 {
                    "; was away lately"
                }
            }
            td { (seat.address) }
            td { code { (seat.key) } }
        }
    }
}

fn proposed(proposal: &Proposal) -> Markup {
    let verb = match proposal.change {
        ValidatorChange::Admit(_) => "admit",
        ValidatorChange::Remove { .. } => "remove",
    };
    html! {
        (proposal.by_name) " proposes to " (verb) " " (proposal.name) " (proposal "
        a href=(format!("/acts/{}", proposal.id)) { (words::short(&proposal.id.to_string())) }
        "). The consent of " (words::listed(&proposal.awaits_names)) " is missing."
    }
}
