//! The final clauses of a treaty, in words.

use maud::{Markup, html};
use pacta_law::treaty::{
    Accession, EntryIntoForce, FinalClauses, LateParty, Participation, SignatureKind, Withdrawal,
};

use super::words;
use crate::standing::Whole;

/// The clauses by which the dates of this treaty are computed.
pub fn section(whole: &Whole) -> Markup {
    let clauses = &whole.clauses.clauses;
    html! {
        h2 { "Final clauses" }
        p.quiet { "As data, from which every node computes the same dates." }
        dl.facts {
            dt { "Open to" }
            dd { (participation(clauses, whole)) }
            dt { "Signature" }
            dd { (signature(clauses)) }
            dt { "Consent to be bound" }
            dd { (consent(clauses)) }
            dt { "Accession" }
            dd { (accession(clauses)) }
            dt { "Entry into force" }
            dd { (entry(clauses)) }
            dt { "For later parties" }
            dd { (late(clauses)) }
            dt { "Withdrawal" }
            dd { (withdrawal(clauses)) }
        }
    }
}

fn date(date: pacta_law::Date) -> Markup {
    words::date(&date.to_string())
}

fn article(article: Option<&String>) -> Markup {
    html! { @if let Some(article) = article { " (" (article) ")" } }
}

fn participation(clauses: &FinalClauses, whole: &Whole) -> Markup {
    html! {
        @match &clauses.participation {
            Participation::AllStates => { "all States" }
            Participation::NegotiatingStates => { "those who drew the text up" }
            Participation::Listed(listed) => {
                (words::listed(&listed.iter().map(|who| {
                    let row = whole.participants.iter().find(|row| row.participant == *who);
                    row.map_or_else(|| who.to_string(), |row| row.name.clone())
                }).collect::<Vec<_>>()))
            }
        }
        @if clauses.organizations.may_join { ", and organizations" }
    }
}

fn signature(clauses: &FinalClauses) -> Markup {
    let signature = &clauses.signature;
    let kinds = signature.kinds.iter().map(|kind| match kind {
        SignatureKind::Simple => "subject to ratification".to_owned(),
        SignatureKind::Definitive => "definitive".to_owned(),
    });
    html! {
        @if signature.kinds.is_empty() {
            "not provided for"
        } @else {
            (words::listed(&kinds.collect::<Vec<_>>()))
            @if let Some(from) = signature.from { ", from " (date(from)) }
            @match signature.until {
                Some(until) => { ", until " (date(until)) }
                None => { ", without a closing day" }
            }
        }
    }
}

fn consent(clauses: &FinalClauses) -> Markup {
    let kinds = clauses.consent.kinds.iter().map(|kind| kind.words().to_owned());
    html! {
        @if clauses.consent.kinds.is_empty() {
            "by no instrument but those named here"
        } @else {
            (words::listed(&kinds.collect::<Vec<_>>()))
            @if clauses.consent.signature_required { ", after signature" }
        }
    }
}

fn accession(clauses: &FinalClauses) -> Markup {
    html! {
        @match clauses.consent.accession {
            Accession::Closed => { "not open" }
            Accession::Open => { "open" }
            Accession::From(from) => { "open from " (date(from)) }
            Accession::AfterSignatureCloses => { "open when signature has closed" }
            Accession::AfterEntryIntoForce => { "open from entry into force" }
        }
        @if clauses.consent.accession_awaits_objections { ", subject to objections" }
    }
}

fn entry(clauses: &FinalClauses) -> Markup {
    html! {
        @match &clauses.entry_into_force {
            EntryIntoForce::AsPublished => { "as published by the earlier depositary" }
            EntryIntoForce::Threshold { delay, article: source, .. } => {
                "from the day on which its conditions are met: " (delay.to_string())
                (article(source.as_ref()))
            }
            EntryIntoForce::FixedDateIf { date: day, otherwise, article: source, .. } => {
                "on " (date(*day)) " if its conditions are met by then; otherwise, from the day on "
                "which they are met: " (otherwise.to_string()) (article(source.as_ref()))
            }
        }
    }
}

fn late(clauses: &FinalClauses) -> Markup {
    html! {
        @match &clauses.late_party {
            LateParty::AfterThreshold { delay, article: source } => {
                "who consents after the conditions were met, from its own consent: "
                (delay.to_string()) (article(source.as_ref()))
            }
            LateParty::AfterEntryIntoForce { delay, article: source } => {
                "who consents after entry into force, from its own consent: "
                (delay.to_string()) (article(source.as_ref()))
            }
            LateParty::Silent => {
                "the treaty is silent: the day of consent (VCLT art. 24(3))"
            }
        }
    }
}

fn withdrawal(clauses: &FinalClauses) -> Markup {
    html! {
        @match &clauses.withdrawal {
            Withdrawal::Unrecorded => { "not recorded" }
            Withdrawal::Silent { permitted: true } => {
                "the treaty is silent but permits it: twelve months' notice (VCLT art. 56)"
            }
            Withdrawal::Silent { permitted: false } => {
                "not provided for: only by consent of all parties (VCLT art. 54(b), 56)"
            }
            Withdrawal::Clause(clause) => {
                "takes effect after the notice: " (clause.notice.to_string())
                @if let Some(years) = clause.not_before_years_in_force_for_party {
                    ", not before " (years) " year(s) in force for the party"
                }
                @if let Some(years) = clause.not_before_years_in_force {
                    ", not before " (years) " year(s) in force"
                }
                (article(clause.article.as_ref()))
            }
        }
    }
}
