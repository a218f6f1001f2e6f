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
use crate::actor::{Author, actor_path, check_line};
use crate::event::Event;
use crate::ids::{ActorId, Digest, TreatyId};
use crate::json;
use crate::ledger::{Ledger, Path, Stop};
use crate::limits::{LANGUAGES_MAX, MEDIA_TYPE_BYTES_MAX, NEGOTIATING_MAX, TITLE_BYTES_MAX};
use crate::refusal::Refusal;

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
            "{} lays before {} participants the draft {} of the treaty \"{}\" ({}), with texts in: \
             {}.",
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
        if !self.titles.keys().eq(self.texts.keys()) {
            return refuse("are not in the same languages");
        }
        check_titles(&self.titles)?;
        for text in self.texts.values() {
            let media_type = 1..=MEDIA_TYPE_BYTES_MAX;
            if text.bytes == 0 || !media_type.contains(&text.media_type.len()) {
                return refuse("hold an empty text, or one whose media type is empty or long");
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
        }?;
        let conditions = self.clauses.entry_into_force.conditions();
        if conditions.is_some_and(|conditions| conditions.participants().into_iter().any(named)) {
            return refuse("entry_into_force", "lists a name; list actors by id");
        }
        Ok(())
    }
}

/// Checks titles: in 1 to [`LANGUAGES_MAX`] languages, each named by two or three lower-case
/// letters (ISO 639), and each title in form.
pub(super) fn check_titles(titles: &Titles) -> Result<(), Refusal> {
    if titles.is_empty() || titles.len() > LANGUAGES_MAX {
        return Err(Refusal::BadTitles { problem: "are in no language, or in more than 32" });
    }
    for (language, title) in titles {
        let letters = language.bytes().all(|byte| byte.is_ascii_lowercase());
        if !letters || !(2..=3).contains(&language.len()) {
            return Err(Refusal::BadTitles { problem: "name a language otherwise than ISO 639" });
        }
        check_line("a title", title, TITLE_BYTES_MAX)?;
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
        due: None,
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

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeMap;
    use alloc::vec;

    use super::super::condition::{Condition, Counted};
    use super::super::kind::ConsentKind;
    use super::super::record::TreatyStatus;
    use super::super::testing::{Hand, World, rivers, usual};
    use super::*;
    use crate::act::{Act, Data};
    use crate::compose::{Draft, compose};

    /// What comes of a draft that is changed in one respect.
    fn drafted(change: impl FnOnce(&World, &mut DraftTreaty)) -> Result<Vec<Event>, Refusal> {
        let mut world = World::new();
        let mut draft = world.draft(usual());
        change(&world, &mut draft);
        world.does("Norland", Data::DraftTreaty(draft))
    }

    #[test]
    fn a_draft_lies_before_those_who_draw_it_up() {
        let mut world = World::new();
        let draft = world.draft(usual());
        world.must("Norland", Data::DraftTreaty(draft.clone()));
        assert_eq!(world.status(), TreatyStatus::UnderNegotiation);
        assert_eq!(world.treaty().draft, Some(draft.digest()));
        assert_eq!(world.treaty().counts.negotiating, 2);
        let again = world.does("Sudmark", Data::DraftTreaty(draft));
        assert_eq!(again, Err(Refusal::TreatyExists { treaty: rivers() }));
    }

    #[test]
    fn a_draft_is_laid_by_a_mandate() {
        let mut world = World::new();
        let act = Data::DraftTreaty(world.draft(usual()));
        let actor = world.actor("Norland");
        assert_eq!(world.does("envoy", act), Err(Refusal::MandateNeeded { actor }));
    }

    #[test]
    fn those_who_draw_up_are_in_order_and_include_the_author() {
        for change in [
            (|_, draft| draft.negotiating.reverse()) as fn(&World, &mut DraftTreaty),
            |world, draft| draft.negotiating.retain(|actor| *actor != world.actor("Norland")),
            |_, draft| draft.negotiating = vec![ActorId([0; 16]); NEGOTIATING_MAX + 1],
            |_, draft| draft.negotiating.push(draft.negotiating[1]),
        ] {
            let refusal = drafted(change);
            assert!(matches!(refusal, Err(Refusal::BadNegotiators { .. })), "{refusal:?}");
        }
        // At the limit, the list is in form: what is wrong is that nobody knows the actors.
        let at_limit = drafted(|world, draft| {
            let many = (1..NEGOTIATING_MAX).map(|n| {
                let mut id = [0; 16];
                id[..8].copy_from_slice(&n.to_be_bytes());
                ActorId(id)
            });
            draft.negotiating = many.chain([world.actor("Norland")]).collect();
        });
        assert!(matches!(at_limit, Err(Refusal::UnknownActor { .. })), "{at_limit:?}");
        let actor = ActorId([0xff; 16]);
        let unknown = drafted(|_, draft| draft.negotiating.push(actor));
        assert_eq!(unknown, Err(Refusal::UnknownActor { actor }));
    }

    #[test]
    fn titles_and_texts_are_in_the_same_languages_and_in_form() {
        let text = |draft: &DraftTreaty| draft.texts["en"].clone();
        let letters = |n: usize| {
            let letter = |n: usize| char::from(b'a' + u8::try_from(n % 26).expect("a letter"));
            [letter(n / 26), letter(n)].iter().collect::<String>()
        };
        let languages = |count: usize| {
            drafted(|_, draft| {
                let (text, title) = (text(draft), "Treaty");
                draft.texts = (0..count).map(|n| (letters(n), text.clone())).collect();
                draft.titles = (0..count).map(|n| (letters(n), title.into())).collect();
            })
        };
        let media_type = |bytes| {
            drafted(|_, draft| {
                draft.texts.get_mut("en").expect("a text").media_type = "m".repeat(bytes);
            })
        };
        assert!(languages(LANGUAGES_MAX).is_ok());
        assert!(media_type(MEDIA_TYPE_BYTES_MAX).is_ok());
        for refusal in [
            languages(LANGUAGES_MAX + 1),
            languages(0),
            drafted(|_, draft| drop(draft.titles.remove("ru"))),
            drafted(|_, draft| draft.texts.get_mut("en").expect("a text").bytes = 0),
            media_type(0),
            media_type(MEDIA_TYPE_BYTES_MAX + 1),
            drafted(|_, draft| {
                drop((
                    draft.titles.insert("EN".into(), "Treaty".into()),
                    draft.titles.remove("en"),
                ));
                drop((draft.texts.insert("EN".into(), text(draft)), draft.texts.remove("en")));
            }),
        ] {
            assert!(matches!(refusal, Err(Refusal::BadTitles { .. })), "{refusal:?}");
        }
    }

    #[test]
    fn a_title_of_the_longest_length_passes_and_one_byte_more_does_not() {
        let title = |bytes: usize| {
            drafted(|_, draft| drop(draft.titles.insert("en".into(), "t".repeat(bytes))))
        };
        assert!(title(TITLE_BYTES_MAX).is_ok());
        assert!(matches!(title(TITLE_BYTES_MAX + 1), Err(Refusal::TooLong { .. })));
        assert!(matches!(title(0), Err(Refusal::BadName { .. })));
    }

    #[test]
    fn clauses_name_actors_and_conditions() {
        let name = || vec![Participant::Name("Norland".into())];
        for refusal in [
            drafted(|_, draft| draft.clauses.participation = Participation::Listed(name())),
            drafted(|_, draft| draft.clauses.organizations.named = name()),
            drafted(|_, draft| draft.clauses.entry_into_force = EntryIntoForce::AsPublished),
            drafted(|_, draft| draft.clauses.consent.kinds.push(ConsentKind::Accession)),
            drafted(|_, draft| {
                if let EntryIntoForce::Threshold { conditions, .. } =
                    &mut draft.clauses.entry_into_force
                {
                    let of = Counted::default();
                    *conditions = Condition::Named { participants: name(), of };
                }
            }),
        ] {
            assert!(matches!(refusal, Err(Refusal::ClauseOutOfForm { .. })), "{refusal:?}");
        }
    }

    #[test]
    fn clauses_are_signed_in_one_form() {
        let world = World::new();
        let Hand { actor, key, mandate, .. } = world.hand("Norland");
        let (data, expires) = (Data::DraftTreaty(world.draft(usual())), world.ledger.now());
        let act = compose(&world.ledger, Draft { actor, data, expires, key, mandate });
        let act = act.expect("a sentence");
        let text = String::from_utf8(act.to_bytes()).expect("text");
        assert_eq!(Act::from_bytes(text.as_bytes()), Ok(act));
        for (find, replace) in [
            (r#""organizations":{"count":false,"may_join":false},"#, ""),
            (r#""may_join":false}"#, r#""may_join":false,"named":[]}"#),
        ] {
            assert_eq!(text.matches(find).count(), 1, "{find}");
            let other = Act::from_bytes(text.replace(find, replace).as_bytes());
            assert!(matches!(other, Err(Refusal::BadMember { .. })), "{find}: {other:?}");
        }
        // The members in their order, without their names.
        let members: BTreeMap<String, serde_json::Value> =
            serde_json::from_str(&text).expect("an object");
        let array = json::to_bytes(&members.into_values().collect::<Vec<_>>());
        let other = Act::from_bytes(&array);
        assert!(matches!(other, Err(Refusal::BadMember { .. })), "{other:?}");
    }
}
