//! The status table, in the conventions of depositaries.

use maud::{Markup, html};
use pacta_law::Date;
use pacta_law::treaty::SignatureKind;

use super::words;
use crate::standing::{Position, Row, SpellRow, Whole};

/// The marks behind a date of consent, and what they mean.
const MARKS: [(&str, &str); 9] = [
    ("no mark", "ratification, or consent to be bound expressed by other means"),
    ("A", "acceptance"),
    ("AA", "approval"),
    ("a", "accession"),
    ("c", "formal confirmation, the ratification of an international organization"),
    ("d", "succession, or declaration of continued application"),
    ("n", "notification that domestic procedures are complete"),
    ("P", "acceptance under a simplified procedure"),
    ("s", "definitive signature, which is itself consent"),
];

/// The table with its notes and its legend.
pub fn section(whole: &Whole) -> Markup {
    let rows: Vec<&Row> = whole.participants.iter().collect();
    html! {
        h2 { "Status table" }
        @if !whole.complete {
            div.note.warn {
                p {
                    "Somebody who took part is not listed yet: the index of this node is catching "
                    "up with its ledger. Reload in a moment."
                }
            }
        }
        @if rows.is_empty() {
            p.quiet { "Nobody has done anything under this treaty yet." }
        } @else {
            div.region role="region" aria-label="Status table" tabindex="0" {
                (table(whole, &rows))
            }
            (notes(&rows))
            (legend())
        }
    }
}

fn table(whole: &Whole, rows: &[&Row]) -> Markup {
    let today = whole.instant.date().to_string();
    html! {
        table.status {
            caption {
                "Status as of " (words::date(&today)) " (UTC), record "
                (words::number(whole.height)) ". Participants in the order of their names; those "
                "that are not bound any more stand in brackets, with a note."
            }
            thead {
                tr {
                    th scope="col" { "Participant" }
                    th scope="col" { "Signature" }
                    th scope="col" { "Consent to be bound" }
                    th scope="col" { "In force for it" }
                    th scope="col" { "Withdrawal" }
                    th scope="col" { "Position" }
                }
            }
            tbody { @for row in rows { (participant(rows, row)) } }
        }
    }
}

fn participant(rows: &[&Row], row: &Row) -> Markup {
    let lines = row.spells.len().max(1);
    html! {
        @for line in 0..lines {
            tr {
                @if line == 0 {
                    th scope="row" rowspan=(lines) { (name(rows, row)) }
                    td rowspan=(lines) { (signature(row)) }
                }
                (spell(row.spells.get(line)))
                @if line == 0 { td rowspan=(lines) { (position(row.position)) } }
            }
        }
    }
}

fn name(rows: &[&Row], row: &Row) -> Markup {
    html! {
        @match note_number(rows, row) {
            Some(number) => {
                "[" (row.name) "]"
                sup {
                    a id=(format!("back-{number}")) href=(format!("#note-{number}"))
                        aria-label=(format!("note {number}")) { (number) }
                }
            }
            None => (row.name),
        }
        @if row.organization { span.quiet { " (organization)" } }
    }
}

fn signature(row: &Row) -> Markup {
    html! {
        @if let Some(signature) = row.signature {
            @let mark = if signature.kind == SignatureKind::Definitive { "s" } else { "" };
            (dated(signature.on, mark))
        } @else { (nothing()) }
    }
}

fn spell(spell: Option<&SpellRow>) -> Markup {
    let consent = spell.and_then(|one| one.spell.consent);
    html! {
        td {
            @match (consent, spell) {
                (Some(consent), Some(one)) => {
                    (dated(consent.on, one.mark))
                    @if let Some(on) = consent.succession {
                        div.small.quiet { "succession on " (date(on)) }
                    }
                    @if let Some(voided) = one.spell.voided {
                        div.small.quiet { "withdrawn on " (date(voided)) ", before effect" }
                    }
                }
                _ => (nothing()),
            }
        }
        td {
            @match spell.and_then(|one| one.entry_into_force) {
                Some(entry) => {
                    (date(entry))
                    @if let Some(why) = spell.and_then(|one| one.explanation.as_ref()) {
                        div.small.quiet { (why) }
                    }
                }
                None => (nothing()),
            }
        }
        td { (withdrawal(spell)) }
    }
}

fn withdrawal(spell: Option<&SpellRow>) -> Markup {
    let notice = spell.and_then(|one| one.spell.notice);
    html! {
        @match (notice, spell.and_then(|one| one.end)) {
            (Some(notice), Some(end)) => {
                (date(notice.on)) div.small.quiet { "not bound from " (date(end)) }
            }
            (Some(notice), None) => {
                (date(notice.on)) div.small.quiet { "its end is left open" }
            }
            (None, Some(end)) => { "not bound from " (date(end)) }
            (None, None) => (nothing()),
        }
    }
}

fn position(position: Position) -> Markup {
    html! {
        @match position {
            Position::Negotiating => span.quiet { "drew the text up" },
            Position::Signatory => { "signatory" }
            Position::Contracting => { "contracting, not yet bound" }
            Position::Party => { span.mark.good { "party" } }
            Position::Withdrawing => { span.mark.warn { "party, withdrawing" } }
            Position::Former => { "former party" }
            Position::ConsentWithdrawn => { "consent withdrawn" }
        }
    }
}

/// The number of the note of a participant that is not bound any more.
fn note_number(rows: &[&Row], row: &Row) -> Option<usize> {
    let mut noted = rows.iter().filter(|other| other.position == Position::Former);
    noted.position(|other| other.participant == row.participant).map(|place| place + 1)
}

fn notes(rows: &[&Row]) -> Markup {
    let noted: Vec<&&Row> = rows.iter().filter(|row| row.position == Position::Former).collect();
    html! {
        @if !noted.is_empty() {
            h3 { "Notes" }
            ol.small {
                @for (place, row) in noted.iter().enumerate() {
                    li id=(format!("note-{}", place + 1)) {
                        (row.name)
                        @if let Some(last) = row.spells.last() {
                            @if let Some(notice) = last.spell.notice {
                                " gave notice of withdrawal on " (date(notice.on)) " and"
                            }
                            @if let Some(end) = last.end {
                                " is not bound from " (date(end)) " on"
                            }
                        }
                        ". "
                        a href=(format!("#back-{}", place + 1)) { "Back to the table" }
                    }
                }
            }
        }
    }
}

fn legend() -> Markup {
    html! {
        details open {
            summary { "Marks behind the dates" }
            dl.facts.small {
                @for (mark, meaning) in MARKS { dt { (mark) } dd { (meaning) } }
            }
        }
    }
}

/// A date with the mark behind it, on one line.
fn dated(on: Date, mark: &str) -> Markup {
    let meaning = MARKS.iter().find(|(known, _)| *known == mark).map(|(_, meaning)| *meaning);
    html! {
        span.dated {
            (date(on))
            @if let Some(meaning) = meaning { " " abbr title=(meaning) { (mark) } }
        }
    }
}

fn date(date: Date) -> Markup {
    words::date(&date.to_string())
}

fn nothing() -> Markup {
    html! { span.quiet aria-hidden="true" { "–" } span.unseen { "none" } }
}
