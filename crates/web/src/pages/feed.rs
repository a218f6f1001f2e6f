//! The journal as a list: each entry says when, who and what.

use maud::{Markup, html};
use pacta_index::Entry;

use super::words;

/// Entries as an ordered list, newest first.
pub fn list(entries: &[Entry]) -> Markup {
    html! {
        @if entries.is_empty() {
            p.quiet { "Nothing has been recorded yet. What becomes final appears here at once." }
        } @else {
            ol.feed {
                @for entry in entries {
                    li id=(format!("e-{}", entry.position)) {
                        div.when {
                            (words::time(entry.instant)) br;
                            "record " (entry.position)
                        }
                        (item(entry))
                    }
                }
            }
        }
    }
}

fn item(entry: &Entry) -> Markup {
    html! {
        div {
            @match entry.result.as_str() {
                "due" => {
                    p { span.mark { "fell due" } " " (events(entry)) }
                }
                "refused" => {
                    p { span.mark.bad { "refused" } " " (said(entry)) }
                    @if let Some(sentence) = &entry.sentence {
                        p.quiet.small { "Why: " (sentence) "." }
                    }
                }
                _ => p { (said(entry)) },
            }
            p.small.quiet {
                @if let Some(name) = &entry.actor_name { (name) " · " }
                @if let Some(treaty) = &entry.treaty {
                    a href=(format!("/treaties/{treaty}")) { (treaty) } " · "
                }
                @if let Some(act) = &entry.act {
                    a href=(format!("/acts/{act}")) {
                        "act " span aria-hidden="true" { (words::short(act)) }
                        @if let Some(says) = &entry.says {
                            span.unseen { ": " (says) }
                        }
                    }
                }
            }
        }
    }
}

/// The sentence that was signed, or the kind of an act that could not be read.
pub fn said(entry: &Entry) -> Markup {
    html! {
        @match (&entry.says, &entry.kind) {
            (Some(says), _) => (says),
            (None, Some(kind)) => (kind.replace('_', " ")),
            (None, None) => "Bytes that are no act.",
        }
    }
}

/// What an entry brought about, in sentences.
pub fn events(entry: &Entry) -> Markup {
    html! {
        @for (place, event) in entry.events.iter().enumerate() {
            @if place > 0 { " " }
            (super::events::sentence(event, &entry.names))
        }
    }
}
