//! What may change, and what stays for ever: each record after a change against the one before.

use std::collections::BTreeMap;

use pacta_law::actor::{Key, Mandate};
use pacta_law::treaty::{Negotiating, Party, Stage, Treaty};
use pacta_law::{Date, Instant, Path, Record};
use serde::de::DeserializeOwned;

use super::records::Records;

/// Holds changes, of one act or of what fell due, against the records before them.
pub fn are_allowed(before: &Records, changes: &BTreeMap<Path, Record>, now: Instant) {
    for (path, new) in changes {
        let parts: Vec<&str> = path.split('/').collect();
        let Some(new) = new else {
            let goes = matches!(
                parts.as_slice(),
                ["due", "heap", _] | ["network", "change" | "committee" | "signing", _]
            );
            assert!(goes, "{path} was removed");
            continue;
        };
        let Some(old) = before.get(path).filter(|old| *old != new) else { continue };
        match parts.as_slice() {
            ["key", _] => key(&read(old), &read(new), now),
            ["mandate", _] => mandate(&read(old), &read(new), now),
            ["treaty", _] => head(&read(old), &read(new), now.date()),
            ["treaty", _, "party", _] => party(&read(old), &read(new), now.date()),
            ["treaty", _, "negotiating", _] => negotiating(&read(old), &read(new), now.date()),
            ["treaty", _, "clauses" | "texts"]
            | ["actor", _]
            | ["name", _]
            | ["network", "committee" | "signing", _] => panic!("{path} is for ever"),
            _ => {}
        }
    }
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> T {
    serde_json::from_slice(bytes).unwrap()
}

fn key(old: &Key, new: &Key, now: Instant) {
    assert!(old.revoked.is_none() && new.revoked == Some(now), "a key changes by revocation");
    assert_eq!(Key { revoked: None, ..new.clone() }, *old);
}

fn mandate(old: &Mandate, new: &Mandate, now: Instant) {
    assert!(old.ended.is_none() && new.ended == Some(now), "a mandate changes by its end");
    assert_eq!(Mandate { ended: None, ..new.clone() }, *old);
}

fn rank(stage: Stage) -> (u8, Option<Date>) {
    match stage {
        Stage::UnderNegotiation => (0, None),
        Stage::Adopted { on } => (1, Some(on)),
        Stage::Authenticated { on } => (2, Some(on)),
        Stage::Transcribed => (3, None),
    }
}

fn head(old: &Treaty, new: &Treaty, today: Date) {
    assert_eq!((old.draft, old.drafted_by, &old.titles), (new.draft, new.drafted_by, &new.titles));
    let (was, is) = (rank(old.stage), rank(new.stage));
    assert!(is == was || is.0 == was.0 + 1 && is.1 == Some(today), "stages follow each other");
    assert!(is.0 < 3 || was.0 == 3, "a history was one from the start");
    assert!(new.register.count >= old.register.count);
    let same = new.register.count == old.register.count;
    assert!(!same || new.register == old.register, "the register only grows");
    let (was, is) = (old.counts, new.counts);
    assert!(is.adopted >= was.adopted && is.authenticated >= was.authenticated);
    assert!(is.signatures >= was.signatures && is.negotiating == was.negotiating);
    assert!(new.latest >= old.latest);
    // The day on which the conditions were met may undo them; once it is over, nothing does.
    let day = old.latest.unwrap_or(today);
    if old.trigger.is_some_and(|trigger| trigger < day || trigger < today && old.latest.is_none()) {
        assert_eq!((old.trigger, old.entry), (new.trigger, new.entry), "the day was over");
    }
    // A published history may state an earlier date later, but no later one.
    if let (None, Some(entry), None) = (old.trigger, old.entry, new.trigger) {
        assert!(new.entry.is_some_and(|new| new <= entry), "a published date was moved back");
    }
}

fn party(old: &Party, new: &Party, today: Date) {
    assert_eq!((&old.participant, old.organization), (&new.participant, new.organization));
    assert!(old.signature.is_none() || old.signature == new.signature, "a signature stays");
    assert!(new.signature.is_none_or(|signed| signed.on <= today));
    assert!(old.spells.len() <= new.spells.len(), "no spell is forgotten");
    for (at, (was, is)) in old.spells.iter().zip(&new.spells).enumerate() {
        assert_eq!(was.consent, is.consent, "a consent stays as it was");
        assert!(was.voided.is_none() || was.voided == is.voided, "what is void stays so");
        assert!(was.published_entry.is_none() || was.published_entry == is.published_entry);
        assert!(was.published_end.is_none() || was.published_end == is.published_end);
        assert!(at + 1 >= old.spells.len() || was == is, "only the last spell changes");
    }
}

fn negotiating(old: &Negotiating, new: &Negotiating, today: Date) {
    let kept =
        |was: Option<Date>, is: Option<Date>| was == is || was.is_none() && is == Some(today);
    assert!(kept(old.adopted, new.adopted) && kept(old.authenticated, new.authenticated));
}
