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
use crate::actor::{Author, check_line};
use crate::event::Event;
use crate::ids::{ActorId, TreatyId};
use crate::ledger::{Ledger, Path, Stop};
use crate::limits::TITLE_BYTES_MAX;
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
/// [`Refusal::BadTitles`], [`Refusal::BadName`], [`Refusal::TooLong`] or
/// [`Refusal::ClauseOutOfForm`].
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
    check_titles(&act.titles)?;
    check_line("the source", &act.source, TITLE_BYTES_MAX)?;
    act.clauses.check()?;

    let record = Treaty {
        counts: Counts::default(),
        draft: None,
        drafted_by: author.actor,
        due: None,
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

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeMap;

    use super::super::testing::{World, rivers, usual};
    use super::*;
    use crate::act::Data;

    fn act(source: &str, titles: &[(&str, &str)]) -> Data {
        let titles = titles.iter().map(|(language, title)| ((*language).into(), (*title).into()));
        let (clauses, titles) = (usual(), titles.collect::<BTreeMap<_, _>>());
        Data::TranscribeTreaty(TranscribeTreaty {
            clauses,
            source: source.into(),
            titles,
            treaty: rivers(),
        })
    }

    #[test]
    fn a_treaty_enters_once_with_a_source_and_a_title() {
        let mut world = World::new();
        let mut code =
            |act| world.does("Norland", act).map_or_else(|refusal| refusal.code(), |_| 0);
        assert_eq!(code(act("", &[("en", "Treaty")])), 117);
        assert_eq!(code(act(&"s".repeat(TITLE_BYTES_MAX + 1), &[("en", "Treaty")])), 110);
        assert_eq!(code(act("the gazette", &[])), 204);
        assert_eq!(code(act("the gazette", &[("english", "Treaty")])), 204);
        assert_eq!(code(act(&"s".repeat(TITLE_BYTES_MAX), &[("en", "Treaty")])), 0);
        assert_eq!(code(act("the gazette", &[("en", "Treaty")])), 202);
    }

    #[test]
    fn a_mandate_is_needed() {
        let mut world = World::new();
        let actor = world.actor("Norland");
        let refusal = world.does("envoy", act("the gazette", &[("en", "Treaty")]));
        assert_eq!(refusal, Err(Refusal::MandateNeeded { actor }));
    }
}
