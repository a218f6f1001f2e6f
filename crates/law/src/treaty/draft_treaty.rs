//! The draft of a treaty: its texts by digest, its final clauses as data, and who draws it up.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::clauses::{EntryIntoForce, FinalClauses, Participation};
use super::participant::Participant;
use super::record::{
    Clauses, Counts, Negotiating, Register, Stage, Text, Texts, Titles, Treaty, clauses_path,
    negotiating_path, tally_path, texts_path, treaty_path,
};
use super::tally::Tally;
use crate::actor::{Author, actor_path, check_name};
use crate::event::Event;
use crate::ids::{ActorId, Digest, TreatyId};
use crate::json;
use crate::ledger::{Ledger, Path, Stop};
use crate::refusal::Refusal;

/// Those who draw a treaty up, at most.
pub const NEGOTIATING_MAX: usize = 256;
/// Languages of one treaty, at most.
pub const LANGUAGES_MAX: usize = 32;

/// Lays the draft of a treaty before those who draw it up (VCLT art. 2(1)(e), 9).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DraftTreaty {
    /// The final clauses.
    pub clauses: FinalClauses,
    /// Who draws the text up; the author is among them. In rising order.
    pub negotiating: Vec<ActorId>,
    /// The text in each language, by digest.
    pub texts: alloc::collections::BTreeMap<String, Text>,
    /// The title in each language.
    pub titles: Titles,
    /// The short name.
    pub treaty: TreatyId,
}

impl DraftTreaty {
    /// The digest that those who adopt the draft name.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(&[b"pacta/draft/v1", &json::to_bytes(self)])
    }

    /// The digest that those who authenticate the texts name.
    #[must_use]
    pub fn texts_digest(&self) -> Digest {
        Digest::of(&[b"pacta/texts/v1", &json::to_bytes(&self.texts)])
    }

    pub(crate) fn says(&self, _: &Ledger, author: &Author) -> Result<String, Stop> {
        let title = self.titles.get("en").or_else(|| self.titles.values().next());
        let languages: Vec<&str> = self.texts.keys().map(String::as_str).collect();
        Ok(format!(
            "{} lays before {} participants the draft {} of the treaty \"{}\" ({}), with texts in: {}.",
            author.name(),
            self.negotiating.len(),
            self.digest(),
            title.map_or("", String::as_str),
            self.treaty,
            languages.join(", "),
        ))
    }

    pub(crate) fn reads(&self, _: ActorId, paths: &mut Vec<Path>) {
        paths.push(treaty_path(&self.treaty));
        paths.extend(self.negotiating.iter().map(|actor| actor_path(*actor)));
    }

    fn check_negotiating(&self, ledger: &Ledger, author: &Author) -> Result<(), Stop> {
        let refuse = |problem| Err(Refusal::BadNegotiators { problem }.into());
        if self.negotiating.len() > NEGOTIATING_MAX {
            return refuse("is longer than 256");
        }
        if !self.negotiating.is_sorted_by(|one, next| one < next) {
            return refuse("is not in rising order, or names someone twice");
        }
        if !self.negotiating.contains(&author.actor) {
            return refuse("leaves the author of the draft out");
        }
        for actor in &self.negotiating {
            if !ledger.actor(*actor)?.kind.concludes_treaties() {
                return Err(Refusal::CannotConclude { actor: *actor }.into()); // VCLT art. 6
            }
        }
        Ok(())
    }

    fn check_texts(&self) -> Result<(), Refusal> {
        let refuse = |problem| Err(Refusal::BadTitles { problem });
        if self.texts.is_empty() || self.texts.len() > LANGUAGES_MAX {
            return refuse("are in no language, or in more than 32");
        }
        if !self.titles.keys().eq(self.texts.keys()) {
            return refuse("are not in the same languages");
        }
        check_titles(&self.titles)?;
        for text in self.texts.values() {
            if text.bytes == 0 || text.media_type.is_empty() || text.media_type.len() > 100 {
                return refuse("hold an empty text, or one without a media type");
            }
        }
        Ok(())
    }

    fn check_clauses(&self) -> Result<(), Refusal> {
        let refuse = |clause: &str, problem: &str| {
            Err(Refusal::ClauseOutOfForm { clause: clause.into(), problem: problem.into() })
        };
        self.clauses.check()?;
        if self.clauses.entry_into_force == EntryIntoForce::AsPublished {
            return refuse("entry_into_force", "is that of a history; state the conditions");
        }
        let named = |participant: &Participant| matches!(participant, Participant::Name(_));
        match &self.clauses.participation {
            Participation::Listed(listed) if listed.iter().any(named) => {
                refuse("participation", "lists a name; list actors by id")
            }
            _ if !self.clauses.organizations.named.is_empty() => {
                refuse("organizations", "lists names; actors say themselves what they are")
            }
            _ => Ok(()),
        }
    }
}

/// Checks titles: languages as two or three lower-case letters, each title in form.
pub(super) fn check_titles(titles: &Titles) -> Result<(), Refusal> {
    for (language, title) in titles {
        let letters = language.bytes().all(|byte| byte.is_ascii_lowercase());
        if !letters || !(2..=3).contains(&language.len()) {
            return Err(Refusal::BadTitles { problem: "name a language otherwise than ISO 639" });
        }
        check_name(title)?;
    }
    Ok(())
}

/// Enters a draft.
///
/// # Errors
/// [`Refusal::CannotConclude`], [`Refusal::MandateNeeded`], [`Refusal::TreatyExists`],
/// [`Refusal::BadNegotiators`], [`Refusal::BadTitles`] or [`Refusal::ClauseOutOfForm`].
pub fn draft_treaty(ledger: &mut Ledger, author: &Author, act: &DraftTreaty) -> Result<(), Stop> {
    author.require_treaty_actor()?; // VCLT art. 6
    if author.mandate.is_none() {
        return Err(Refusal::MandateNeeded { actor: author.actor }.into());
    }
    let treaty = &act.treaty;
    if ledger.has(&treaty_path(treaty))? {
        return Err(Refusal::TreatyExists { treaty: treaty.clone() }.into());
    }
    act.check_texts()?;
    act.check_clauses()?;
    act.check_negotiating(ledger, author)?;

    let draft = act.digest();
    let negotiating = u32::try_from(act.negotiating.len()).expect("a short list");
    let record = Treaty {
        counts: Counts { negotiating, ..Counts::default() },
        draft: Some(draft),
        drafted_by: author.actor,
        entry: None,
        latest: None,
        register: Register::empty(),
        stage: Stage::UnderNegotiation,
        titles: act.titles.clone(),
        trigger: None,
        v: 1,
    };
    let texts = Texts { digest: act.texts_digest(), texts: act.texts.clone(), v: 1 };
    ledger.put(treaty_path(treaty), &record);
    ledger.put(clauses_path(treaty), &Clauses { clauses: act.clauses.clone(), v: 1 });
    ledger.put(texts_path(treaty), &texts);
    if let Some(conditions) = act.clauses.entry_into_force.conditions() {
        ledger.put(tally_path(treaty), &Tally::new(conditions));
    }
    for actor in &act.negotiating {
        let record = Negotiating { adopted: None, authenticated: None, v: 1 };
        ledger.put(negotiating_path(treaty, *actor), &record);
    }
    ledger.emit(Event::TreatyDrafted {
        by: author.actor,
        clauses: act.clauses.clone().into(),
        draft,
        negotiating: act.negotiating.clone(),
        on: ledger.today(),
        texts: texts.into(),
        titles: act.titles.clone(),
        treaty: treaty.clone(),
    });
    Ok(())
}
