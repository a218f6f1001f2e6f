//! A treaty of an earlier depositary enters the ledger, with its final clauses as data.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::clauses::FinalClauses;
use super::draft_treaty::check_titles;
use super::record::{
    Clauses, Counts, Register, Stage, Titles, Treaty, clauses_path, tally_path, treaty_path,
};
use super::tally::Tally;
use crate::actor::{Author, check_name};
use crate::event::Event;
use crate::ids::{ActorId, TreatyId};
use crate::ledger::{Ledger, Path, Stop};
use crate::refusal::Refusal;

/// Enters a treaty whose history is kept elsewhere. Its facts follow by
/// [`Transcribe`](super::transcribe::Transcribe).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TranscribeTreaty {
    /// The final clauses, as far as they are known.
    pub clauses: FinalClauses,
    /// Whose record is transcribed, and when it was read.
    pub source: String,
    /// The title in each language that is known.
    pub titles: Titles,
    /// The short name.
    pub treaty: TreatyId,
}

impl TranscribeTreaty {
    pub(crate) fn says(&self, _: &Ledger, author: &Author) -> Result<String, Stop> {
        let title = self.titles.get("en").or_else(|| self.titles.values().next());
        Ok(format!(
            "{} transcribes the treaty \"{}\" ({}) from: {}.",
            author.name(),
            title.map_or("", String::as_str),
            self.treaty,
            self.source,
        ))
    }

    pub(crate) fn reads(&self, _: ActorId, paths: &mut Vec<Path>) {
        paths.push(treaty_path(&self.treaty));
    }
}

/// Checks that the author is a State or organization and acts by a mandate.
pub(super) fn require_transcriber(author: &Author) -> Result<(), Refusal> {
    author.require_treaty_actor()?;
    match author.mandate {
        Some(_) => Ok(()),
        None => Err(Refusal::MandateNeeded { actor: author.actor }),
    }
}

/// Enters the treaty.
///
/// # Errors
/// [`Refusal::CannotConclude`], [`Refusal::MandateNeeded`], [`Refusal::TreatyExists`],
/// [`Refusal::BadTitles`], those of [`check_name`], or [`Refusal::ClauseOutOfForm`].
pub fn transcribe_treaty(
    ledger: &mut Ledger,
    author: &Author,
    act: &TranscribeTreaty,
) -> Result<(), Stop> {
    require_transcriber(author)?;
    let treaty = &act.treaty;
    if ledger.has(&treaty_path(treaty))? {
        return Err(Refusal::TreatyExists { treaty: treaty.clone() }.into());
    }
    if act.titles.is_empty() {
        return Err(Refusal::BadTitles { problem: "are in no language" }.into());
    }
    check_titles(&act.titles)?;
    check_name(&act.source)?;
    act.clauses.check()?;

    let record = Treaty {
        counts: Counts::default(),
        draft: None,
        drafted_by: author.actor,
        entry: None,
        latest: None,
        register: Register::empty(),
        stage: Stage::Transcribed,
        titles: act.titles.clone(),
        trigger: None,
        v: 1,
    };
    ledger.put(treaty_path(treaty), &record);
    ledger.put(clauses_path(treaty), &Clauses { clauses: act.clauses.clone(), v: 1 });
    if let Some(conditions) = act.clauses.entry_into_force.conditions() {
        ledger.put(tally_path(treaty), &Tally::new(conditions));
    }
    ledger.emit(Event::TreatyTranscribed {
        by: author.actor,
        clauses: act.clauses.clone().into(),
        on: ledger.today(),
        source: act.source.clone(),
        titles: act.titles.clone(),
        treaty: treaty.clone(),
    });
    Ok(())
}
