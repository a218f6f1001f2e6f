//! Events in sentences.

use std::collections::BTreeMap;

use maud::{Markup, html};
use pacta_law::actor::Power;
use pacta_law::network::{Validator, ValidatorChange};
use pacta_law::treaty::SignatureKind;
use pacta_law::{ActId, Event, PublicKey};
use serde_json::Value;

use super::words;

/// What an event says; `names` are those of the actors in it.
pub fn sentence(event: &Value, names: &BTreeMap<String, String>) -> Markup {
    match serde_json::from_value::<Event>(event.clone()) {
        Ok(event) => known(&event, &Names(names)),
        // Of a later version of the law than this program: its name is all that can be said.
        Err(_) => {
            let name = event.get("event").and_then(Value::as_str).unwrap_or("an event");
            html! { (name.replace('_', " ")) "." }
        }
    }
}

struct Names<'a>(&'a BTreeMap<String, String>);

impl Names<'_> {
    fn of(&self, who: &impl ToString) -> String {
        let who = who.to_string();
        self.0.get(&who).cloned().unwrap_or(who)
    }

    fn all(&self, who: &[impl ToString]) -> String {
        let names: Vec<String> = who.iter().map(|one| self.of(one)).collect();
        words::listed(&names)
    }
}

fn date(date: &pacta_law::Date) -> Markup {
    words::date(&date.to_string())
}

fn known(event: &Event, names: &Names<'_>) -> Markup {
    match event {
        Event::ActorRegistered { .. }
        | Event::KeyRegistered { .. }
        | Event::KeyRevoked { .. }
        | Event::OfficeGranted { .. }
        | Event::FullPowersGranted { .. }
        | Event::MandateEnded { .. } => of_actor(event, names),
        Event::TreatySigned { .. }
        | Event::ConsentEstablished { .. }
        | Event::ConsentVoided { .. }
        | Event::WithdrawalNotified { .. }
        | Event::WithdrawalRevoked { .. }
        | Event::WithdrawalSuspended { .. }
        | Event::EntryPublished { .. }
        | Event::EndPublished { .. }
        | Event::FactRecorded { .. } => of_participant(event, names),
        Event::ValidatorChangeProposed { .. }
        | Event::ValidatorChangeConsented { .. }
        | Event::ValidatorConsentWithdrawn { .. }
        | Event::ValidatorChangeWithdrawn { .. }
        | Event::ValidatorChangeDropped { .. } => of_change(event, names),
        Event::ValidatorAdmitted { .. }
        | Event::ValidatorRemoved { .. }
        | Event::ValidatorLeft { .. }
        | Event::ValidatorKeyReplaced { .. }
        | Event::ValidatorReady { .. }
        | Event::ValidatorSuspended { .. } => of_validator(event, names),
        Event::CommitteeFrozen { .. }
        | Event::CommitteeSeated { .. }
        | Event::CeremonyEnded { .. } => of_epoch(event, names),
        _ => of_treaty(event, names),
    }
}

fn of_actor(event: &Event, names: &Names<'_>) -> Markup {
    match event {
        Event::ActorRegistered { kind, name, parent, .. } => html! {
            (name) " was registered as " (kind.to_string()) "; " (names.of(parent))
            " vouches for it."
        },
        Event::KeyRegistered { actor, key, purpose, .. } => html! {
            "Key " (words::short(&key.to_string())) " of " (names.of(actor)) " was registered to "
            (purpose.to_string()) "."
        },
        Event::KeyRevoked { actor, key } => html! {
            "Key " (words::short(&key.to_string())) " of " (names.of(actor)) " was revoked."
        },
        Event::OfficeGranted { actor, from, key, office, until, .. } => html! {
            "Key " (words::short(&key.to_string())) " holds the office of " (office.to_string())
            " of " (names.of(actor)) " from " (date(from))
            @if let Some(until) = until { " until " (date(until)) } "."
        },
        Event::FullPowersGranted { actor, from, key, powers, treaty, until, .. } => html! {
            "Key " (words::short(&key.to_string())) " has full powers of " (names.of(actor)) " to "
            (words::listed(&powers.iter().map(Power::to_string).collect::<Vec<_>>()))
            " " (treaty) " from " (date(from))
            @if let Some(until) = until { " until " (date(until)) } "."
        },
        Event::MandateEnded { actor, mandate } => html! {
            "Mandate " (words::short(&mandate.to_string())) " of " (names.of(actor)) " was ended."
        },
        _ => html! {},
    }
}

fn of_treaty(event: &Event, names: &Names<'_>) -> Markup {
    match event {
        Event::TreatyDrafted { by, negotiating, treaty, .. } => html! {
            (names.of(by)) " drafted " (treaty) "; drawn up by " (names.all(negotiating)) "."
        },
        Event::DraftAdopted { adopted, by, of, treaty, .. } => html! {
            (names.of(by)) " adopted the text of " (treaty) ": " (adopted) " of " (of) " have."
        },
        Event::TreatyAdopted { on, treaty } => html! {
            "The text of " (treaty) " is adopted, on " (date(on)) "."
        },
        Event::TextsAuthenticated { authenticated, by, of, treaty, .. } => html! {
            (names.of(by)) " authenticated the texts of " (treaty) ": " (authenticated) " of " (of)
            " have."
        },
        Event::TreatyAuthenticated { on, treaty } => html! {
            "The texts of " (treaty) " are authentic and definitive, since " (date(on)) "."
        },
        Event::TreatyTranscribed { by, source, treaty, .. } => html! {
            (names.of(by)) " transcribed " (treaty) " from the record of " (source) "."
        },
        Event::EntryDateFixed { date: day, explanation, participant, treaty, .. } => html! {
            "With " (names.of(participant)) " the conditions of " (treaty)
            " are met: it enters into force on " (date(day)) " (" (explanation) ")."
        },
        Event::EntryDateUnset { treaty, .. } => html! {
            "The conditions of " (treaty) " are not met any more; no date is fixed."
        },
        Event::EnteredIntoForce { on, treaty } => html! {
            (treaty) " is in force since " (date(on)) "."
        },
        _ => html! {},
    }
}

/// A proposal of a change of validators, by the act that made it.
fn of_change(event: &Event, names: &Names<'_>) -> Markup {
    let short = |change: &ActId| words::short(&change.to_string());
    match event {
        Event::ValidatorChangeProposed { by, change, proposal } => html! {
            (names.of(by)) " proposes to "
            @match proposal {
                ValidatorChange::Admit(Validator { actor, .. }) => {
                    "admit " (names.of(actor)) " as a validator"
                }
                ValidatorChange::Remove { actor } => {
                    "remove " (names.of(actor)) " from the validators"
                }
            }
            " (proposal " (short(change)) ")."
        },
        Event::ValidatorChangeConsented { awaits, by, change } => html! {
            (names.of(by)) " consents to proposal " (short(change)) "; "
            @match awaits {
                0 => "all have.",
                1 => "1 member has not yet.",
                more => { (more) " members have not yet." }
            }
        },
        Event::ValidatorConsentWithdrawn { by, change } => html! {
            (names.of(by)) " withdrew its consent to proposal " (short(change)) "."
        },
        Event::ValidatorChangeWithdrawn { by, change } => html! {
            (names.of(by)) " withdrew its proposal " (short(change)) "."
        },
        Event::ValidatorChangeDropped { change } => html! {
            "Proposal " (short(change)) " was overtaken and is dropped."
        },
        _ => html! {},
    }
}

fn of_validator(event: &Event, names: &Names<'_>) -> Markup {
    let short = |key: &PublicKey| words::short(&key.to_string());
    match event {
        Event::ValidatorAdmitted { actor, address, .. } => html! {
            (names.of(actor)) " has a seat as a validator, at " (address) "."
        },
        Event::ValidatorRemoved { actor, .. } => html! {
            (names.of(actor)) " has no seat as a validator any more."
        },
        Event::ValidatorLeft { actor, .. } => html! {
            (names.of(actor)) " gave up its seat as a validator."
        },
        Event::ValidatorKeyReplaced { actor, address, key, .. } => html! {
            "The validator of " (names.of(actor)) " has a new key, " (short(key)) ", at "
            (address) "."
        },
        Event::ValidatorReady { actor, height, .. } => html! {
            "The node of " (names.of(actor)) " is synchronised to height "
            (words::number(*height)) "."
        },
        Event::ValidatorSuspended { key } => html! {
            "The validator " (short(key)) " was away three times and is left out until it reports."
        },
        _ => html! {},
    }
}

fn of_epoch(event: &Event, names: &Names<'_>) -> Markup {
    match event {
        Event::CommitteeFrozen { epoch, joins, leaves } => html! {
            "The committee of epoch " (epoch) " is fixed: " (joins.len()) " join, "
            (leaves.len()) " leave."
        },
        Event::CommitteeSeated { epoch, validators } => html! {
            "From epoch " (epoch) " on these sign: "
            (names.all(&validators.iter().map(|validator| validator.actor).collect::<Vec<_>>()))
            "."
        },
        Event::CeremonyEnded { epoch, failures, revealed, succeeded } => html! {
            @if *succeeded {
                "The shares were renewed in epoch " (epoch) " without " (revealed.len())
                " of the validators."
            } @else {
                "The shares could not be renewed in epoch " (epoch) "; " (failures)
                " such failures in a row."
            }
        },
        _ => html! {},
    }
}

fn of_participant(event: &Event, names: &Names<'_>) -> Markup {
    match event {
        Event::TreatySigned { participant, signature, treaty, .. } => html! {
            (names.of(participant)) " signed " (treaty)
            @if *signature == SignatureKind::Definitive { ", definitively" } "."
        },
        Event::ConsentEstablished { consent, entry, missing, participant, treaty, .. } => html! {
            (names.of(participant)) " consented to be bound by " (treaty) ": " (consent.words())
            @match (entry, missing) {
                (Some(entry), _) => { "; in force for it from " (date(entry)) }
                (None, Some(missing)) => {
                    "; for entry into force the treaty still needs "
                    (crate::standing::with_names(missing, names.0))
                }
                (None, None) => {}
            }
            "."
        },
        Event::ConsentVoided { participant, treaty, .. } => html! {
            (names.of(participant)) " withdrew its consent to " (treaty) " before it took effect."
        },
        Event::WithdrawalNotified { effect, explanation, participant, treaty, .. } => html! {
            (names.of(participant)) " gave notice of withdrawal from " (treaty)
            "; it is not bound from " (date(effect)) " on (" (explanation) ")."
        },
        Event::WithdrawalRevoked { participant, treaty, .. } => html! {
            (names.of(participant)) " took back its notice of withdrawal from " (treaty) "."
        },
        Event::WithdrawalSuspended { participant, treaty, .. } => html! {
            "The end of the notice of " (names.of(participant)) " to " (treaty) " was left open."
        },
        Event::EntryPublished { date: day, participant, treaty } => html! {
            (treaty) " is published as in force for " (names.of(participant)) " from " (date(day))
            "."
        },
        Event::EndPublished { date: day, participant, treaty } => html! {
            (treaty) " is published as not in force for " (names.of(participant)) " from "
            (date(day)) " on."
        },
        Event::FactRecorded { fact, on, participant, treaty, .. } => html! {
            (names.of(participant)) ", " (treaty) ", " (date(on)) ": " (fact.words()) "."
        },
        _ => html! {},
    }
}
