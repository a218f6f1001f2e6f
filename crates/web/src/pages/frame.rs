//! What every page shares: the head, the way around, and who serves the page.

use axum::response::Html;
use maud::{DOCTYPE, Markup, html};
use pacta_index::Position;

use super::words;
use crate::assets;

/// The part of the site a page belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// The network and its latest acts.
    Network,
    /// The treaties.
    Treaties,
    /// Neither.
    Other,
}

/// A page before it is put into its frame.
pub struct Page<'a> {
    /// The title of the page, without the product's name.
    pub title: &'a str,
    /// Where it belongs.
    pub section: Section,
    /// The treaty it is about: only entries on it make the page read itself again.
    pub treaty: Option<&'a str>,
    /// Whether each new block makes the page read itself again, and not only new entries.
    pub blocks: bool,
    /// The place in the journal up to which the page tells; live updates continue from there.
    pub after: Option<Position>,
    /// Whose copy this is.
    pub copy: Option<Copy>,
    /// The content.
    pub body: Markup,
}

/// Whose copy of the ledger a page was made from, and how far it reaches.
#[derive(Clone, Debug)]
pub struct Copy {
    /// The network's name.
    pub network: String,
    /// The name of the actor that operates this node.
    pub operator: String,
    /// The height of the last block in it.
    pub height: u64,
    /// The instant of that block, in milliseconds UTC.
    pub instant: u64,
}

impl Page<'_> {
    /// The whole document.
    pub fn render(&self) -> Html<String> {
        let after = self.after.map(|after| after.to_string());
        let markup = html! {
            (DOCTYPE)
            html lang="en" data-treaty=[self.treaty] data-after=[after.as_deref()]
                data-blocks[self.blocks] {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    title { (self.title) " – pacta" }
                    link rel="stylesheet" href=(assets::STYLE.href());
                    link rel="icon" type="image/svg+xml" href=(assets::SEAL.href());
                    @if after.is_some() { script src=(assets::LIVE.href()) defer {} }
                }
                body {
                    a.skip href="#main" { "Skip to the content" }
                    (self.masthead())
                    main #main.frame tabindex="-1" { (self.body) }
                    p #spoken.frame.quiet.small role="status" {}
                    (self.foot())
                }
            }
        };
        Html(markup.into_string())
    }

    fn masthead(&self) -> Markup {
        let current = |section| (self.section == section).then_some("page");
        html! {
            header.masthead {
                div.frame {
                    a.brand href="/" {
                        img src=(assets::SEAL.href()) alt="" width="28" height="28";
                        @match &self.copy {
                            Some(copy) => (copy.network),
                            None => "pacta",
                        }
                    }
                    nav aria-label="Main" {
                        ul {
                            li {
                                a href="/" aria-current=[current(Section::Network)] { "Network" }
                            }
                            li {
                                a href="/treaties" aria-current=[current(Section::Treaties)] {
                                    "Treaties"
                                }
                            }
                        }
                    }
                    button #pause type="button" hidden {}
                }
            }
        }
    }

    fn foot(&self) -> Markup {
        html! {
            footer.foot {
                div.frame #foot data-live {
                    @if let Some(copy) = &self.copy {
                        p {
                            "This is the copy of " strong { (copy.operator) }
                            ", computed by its own node: record " (words::number(copy.height))
                            ", final at " (words::time(copy.instant)) "."
                        }
                    }
                    p {
                        "Taking part in this network, or being named on one page with another, "
                        "implies no recognition of any State, name, territory or capacity."
                    }
                    p.screen {
                        "pacta, free software under the Apache License 2.0. "
                        a href="/api/v1/network" { "This network as JSON" } "."
                    }
                }
            }
        }
    }
}
