//! The page for what went wrong: it says so, says what was not done, and says what to do.

use axum::response::{IntoResponse, Response};
use maud::html;

use super::frame::{Page, Section};
use crate::problem::Problem;

/// A problem as a page, with the problem's status.
pub fn page(problem: &Problem) -> Response {
    let title = format!("{}: {}", problem.status.as_u16(), problem.title);
    let body = html! {
        p.over { "Error " (problem.status.as_u16()) }
        h1 { (sentence(problem.title)) }
        p.lead { (sentence(&problem.detail)) "." }
        ul {
            li { a href="/treaties" { "All treaties" } }
            li { a href="/" { "The network and its latest acts" } }
        }
        p.quiet { "Nothing was recorded, and nothing was changed, by this request." }
    };
    let page = Page {
        title: &title,
        section: Section::Other,
        treaty: None,
        blocks: false,
        after: None,
        copy: None,
        body,
    };
    (problem.status, page.render()).into_response()
}

/// The same words with a capital at the start, as a page begins a sentence.
fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}
