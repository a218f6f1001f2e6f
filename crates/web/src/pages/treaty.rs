//! `/treaties/{slug}`: one treaty, with its status table in depositary conventions.

use axum::extract::State;
use axum::response::Html;
use maud::{Markup, html};
use pacta_law::treaty::{Stage, Text, Texts, TreatyStatus};

use super::frame::{Page, Section};
use super::{Failed, clauses, conditions, feed, status_table, treaties, words};
use crate::api;
use crate::extract::Named;
use crate::problem::Problem;
use crate::standing::{self, Row, Whole};
use crate::state::AppState;

/// Entries of the journal shown.
const ENTRIES: u32 = 20;

/// The page.
///
/// # Errors
/// [`Failed`], a page that says what is wrong.
pub async fn page(
    State(state): State<AppState>,
    named: Result<Named, Problem>,
) -> Result<Html<String>, Failed> {
    let Named(slug) = named?;
    let after = state.read(|reader| reader.last()).await?;
    let copy = super::copy(&state).await?;
    let whole = standing::whole(&state, &slug).await?;
    let whole = whole.ok_or_else(api::treaties::unknown)?;
    let asked = slug.clone();
    let entries = state.read(move |reader| reader.entries_on(&asked, ENTRIES)).await?;
    let summary = &whole.summary;
    let body = html! {
        p.over { a href="/treaties" { "Treaties" } " / " (summary.id) }
        h1 { (summary.title) }
        (titles(&whole))
        div #state data-live { (state_of(&whole)) }
        section #table data-live { (status_table::section(&whole)) }
        section #drawing data-live { (drawing_up(&whole)) }
        section #texts { (texts(whole.texts.as_ref())) (clauses::section(&whole)) }
        section #history data-live {
            h2 { "Latest acts on this treaty" }
            (feed::list(&entries))
        }
        (proof(&whole))
    };
    let page = Page {
        title: &summary.title,
        section: Section::Treaties,
        treaty: Some(summary.id.as_str()),
        blocks: false,
        after: super::start(after, copy.height),
        copy: Some(copy),
        body,
    };
    Ok(page.render())
}

fn titles(whole: &Whole) -> Markup {
    let summary = &whole.summary;
    let others = summary.titles.iter().filter(|(_, title)| **title != summary.title);
    html! {
        ul.titles {
            @for (language, title) in others {
                li lang=(language) dir=(words::direction(language)) { (title) }
            }
        }
    }
}

fn state_of(whole: &Whole) -> Markup {
    let summary = &whole.summary;
    html! {
        p { (treaties::mark(summary.status)) }
        @if let Some(source) = &summary.source {
            p.quiet {
                "This treaty is kept by an earlier depositary. Its history was transcribed from "
                (source) "; nothing can be deposited here."
            }
        }
        (entry(whole))
        @if let Some(progress) = &whole.progress && whole.trigger.is_none() {
            h2 { "What is still missing for entry into force" }
            (conditions::list(progress, &whole.participants))
        }
    }
}

/// The day of entry into force and how it came about, or why there is none yet.
fn entry(whole: &Whole) -> Markup {
    let summary = &whole.summary;
    let explanation = html! {
        @if let Some(text) = &whole.explanation { p.small { "How it was computed: " (text) "." } }
    };
    html! {
        @match (summary.entry_into_force, summary.status) {
            (Some(day), TreatyStatus::InForce) => {
                div.note.good {
                    p { "In force since " strong { (words::date(&day.to_string())) } "." }
                    (explanation)
                }
            }
            (Some(day), _) => {
                div.note {
                    p {
                        "The conditions are met: it enters into force on "
                        strong { (words::date(&day.to_string())) } "."
                    }
                    (explanation)
                }
            }
            (None, _) => {
                div.note.warn {
                    p {
                        strong { "Not in force. " }
                        (stage(whole))
                        @if let Some(missing) = &summary.missing {
                            " For entry into force it still needs " (missing) "."
                        } @else {
                            " No day of entry into force is recorded."
                        }
                    }
                }
            }
        }
    }
}

fn stage(whole: &Whole) -> Markup {
    let counts = &whole.summary.counts;
    html! {
        @match whole.stage {
            Stage::UnderNegotiation => {
                "Its text is not adopted yet: " (counts.adopted) " of " (counts.negotiating)
                " who draw it up have adopted it."
            }
            Stage::Adopted { on } => {
                "Its text was adopted on " (words::date(&on.to_string()))
                " and is not authenticated yet: " (counts.authenticated) " of "
                (counts.negotiating) " have."
            }
            Stage::Authenticated { on } => {
                "Its texts are authentic since " (words::date(&on.to_string())) "."
            }
            Stage::Transcribed => {}
        }
    }
}

/// Who drew the text up, and who has adopted and authenticated it (VCLT art. 9-10).
fn drawing_up(whole: &Whole) -> Markup {
    let rows: Vec<&Row> =
        whole.participants.iter().filter(|row| row.negotiating.is_some()).collect();
    html! {
        @if !rows.is_empty() {
            h2 { "Drawing up of the text" }
            div.region role="region" aria-label="Drawing up of the text" tabindex="0" {
                table {
                    caption {
                        "Adoption by all who drew the text up (VCLT art. 9), and authentication "
                        "of its texts (art. 10)."
                    }
                    thead {
                        tr {
                            th scope="col" { "Negotiating State" }
                            th scope="col" { "Adopted" }
                            th scope="col" { "Authenticated" }
                        }
                    }
                    tbody {
                        @for row in rows {
                            tr {
                                th scope="row" { (row.name) }
                                td { (day(row.negotiating.and_then(|did| did.adopted))) }
                                td { (day(row.negotiating.and_then(|did| did.authenticated))) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn day(date: Option<pacta_law::Date>) -> Markup {
    html! {
        @match date {
            Some(date) => (words::date(&date.to_string())),
            None => { span.quiet { "not yet" } }
        }
    }
}

fn texts(texts: Option<&Texts>) -> Markup {
    html! {
        @if let Some(texts) = texts {
            h2 { "Authentic texts" }
            p {
                "In " (texts.texts.len()) " language(s), each equally authentic unless the treaty "
                "says otherwise. The ledger holds their digests; whoever has a text can check it."
            }
            div.region role="region" aria-label="Authentic texts" tabindex="0" {
                table {
                    caption { "The set of texts has the digest " code { (texts.digest) } "." }
                    thead {
                        tr {
                            th scope="col" { "Language" }
                            th scope="col" { "Form" }
                            th scope="col" { "Bytes" }
                            th scope="col" { "SHA-256" }
                        }
                    }
                    tbody { @for (language, text) in &texts.texts { (text_row(language, text)) } }
                }
            }
        }
    }
}

fn text_row(language: &str, text: &Text) -> Markup {
    html! {
        tr {
            th scope="row" {
                span lang=(language) dir=(words::direction(language)) {
                    (words::language(language))
                }
            }
            td { (text.media_type) }
            td { (words::number(text.bytes)) }
            td { code { (text.document) } }
        }
    }
}

fn proof(whole: &Whole) -> Markup {
    let id = &whole.summary.id;
    html! {
        section {
            h2 { "Proof" }
            p {
                a href=(format!("/api/v1/records/receipt?path=treaty/{id}")) download {
                    "Download the receipt of this treaty's record"
                }
                " and check it offline with " code { "pacta verify" } "; or read this page "
                a href=(format!("/api/v1/treaties/{id}")) { "as JSON" } "."
            }
        }
    }
}
