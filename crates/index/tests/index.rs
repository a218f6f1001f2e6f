//! The index is what the final blocks say, whatever happened to its file.

use std::path::{Path, PathBuf};

use pacta_chain::{FinalBlock, Header};
use pacta_index::{EMPTY_BLOCKS_MAX, Error, Index, Position};
use pacta_law::actor::{ActorKind, Office};
use pacta_law::treaty::{Participant, SignatureKind};
use pacta_law::{
    ActorId, Date, Digest, Event, Genesis, GenesisBuilder, Instant, NetworkKey, Outcome, PublicKey,
    Verdict,
};

const NOON_MS: u64 = 1_798_718_400_000;

fn genesis(name: &str) -> (Genesis, ActorId) {
    let mut builder = GenesisBuilder::new(name, Date::MIN).expect("a name");
    // RFC 8032, section 7.1, test 1.
    let public = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
    let public: PublicKey = public.parse().expect("a key");
    let office = Office::ForeignMinister;
    let (actor, _) = builder.actor(ActorKind::State, "Alba", public, office).expect("an actor");
    // RFC 8032, section 7.1, test 2.
    let node = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";
    builder.validator(actor, node.parse().expect("a key"), "alba.example:7000");
    (builder.found(NetworkKey([7; 96]), true, 16, None).expect("a genesis"), actor)
}

fn block(height: u64, acts: &[String], outcomes: Vec<Outcome>) -> FinalBlock {
    let digest = Digest([0; 32]);
    let header = Header {
        epoch: 0,
        view: height,
        leader: [1; 32],
        parent_view: height - 1,
        parent_digest: digest,
        height,
        instant: Instant::from_ms(NOON_MS + height).expect("an instant"),
        acts_root: digest,
        ledger_root: digest,
        ledger_ops_root: digest,
        ledger_start: 0,
        ledger_end: 0,
        journal_root: digest,
        journal_ops_root: digest,
        journal_start: 0,
        journal_end: 0,
        law_version: 1,
    };
    let acts = acts.iter().map(|act| act.clone().into_bytes()).collect();
    FinalBlock { header, acts, ceremony: None, outcomes }
}

fn outcome(height: u64, index: u32, result: Verdict, events: Vec<Event>) -> Outcome {
    let act = pacta_law::ActId(Digest::of(&[&height.to_be_bytes(), &index.to_be_bytes()]).0);
    Outcome {
        act: (result != Verdict::Due).then_some(act),
        code: (result == Verdict::Refused).then_some(203),
        due: None,
        events,
        height,
        index,
        instant: Instant::from_ms(NOON_MS + height).expect("an instant"),
        refusal: (result == Verdict::Refused).then(|| "unknown_treaty".into()),
        result,
        sentence: (result == Verdict::Refused).then(|| "there is no such treaty".into()),
        v: 1,
    }
}

fn signed(actor: ActorId, kind: &str, says: &str) -> String {
    let data = r#"{"treaty":"transit"}"#;
    let by = format!(r#""actor":"{actor}","data":{data},"key":"k""#);
    format!(r#"{{"act":{{{by},"kind":"{kind}","says":"{says}","sequence":7}}}}"#)
}

fn signature(actor: ActorId) -> Event {
    Event::TreatySigned {
        on: "2026-12-31".parse().expect("a date"),
        participant: Participant::Actor(actor),
        signature: SignatureKind::Simple,
        treaty: "transit".parse().expect("a short name"),
    }
}

fn file() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("index.sqlite");
    (folder, path)
}

fn with_two_blocks(path: &Path) -> (Index, ActorId) {
    let (genesis, actor) = genesis("Test");
    let mut index = Index::open(path, &genesis).expect("an index");
    let (signs, draws) =
        (signed(actor, "sign", "Alba signs"), signed(actor, "adopt", "Alba adopts"));
    let entries = vec![
        outcome(1, 0, Verdict::Due, Vec::new()),
        outcome(1, 1, Verdict::Executed, vec![signature(actor)]),
        outcome(1, 2, Verdict::Refused, Vec::new()),
    ];
    index.apply(&block(1, &[signs, draws], entries)).expect("a block");
    index.apply(&block(2, &[], Vec::new())).expect("an empty block");
    (index, actor)
}

#[test]
fn outcomes_are_read_back_with_their_acts_and_names() {
    let (_folder, path) = file();
    let (index, actor) = with_two_blocks(&path);
    let reader = index.reader();
    let entries = reader.entries_after(None, 10).expect("entries");
    let results: Vec<&str> = entries.iter().map(|entry| entry.result.as_str()).collect();
    assert_eq!(results, ["due", "executed", "refused"]);
    assert_eq!(entries[0].act, None);
    assert_eq!(entries[1].says.as_deref(), Some("Alba signs"));
    assert_eq!(entries[1].actor_name.as_deref(), Some("Alba"));
    assert_eq!(entries[1].names[&actor.to_string()], "Alba");
    assert_eq!((entries[2].code, entries[2].kind.as_deref()), (Some(203), Some("adopt")));
    let id = entries[2].act.clone().expect("an act");
    assert_eq!(reader.act(&id).expect("an answer"), Some(entries[2].clone()));
    assert_eq!(reader.act("none").expect("an answer"), None);
    let participants = reader.participants("transit").expect("participants");
    assert_eq!(participants, [Participant::Actor(actor)]);
    assert_eq!(reader.entries_on("transit", 10).expect("entries").len(), 2);
}

#[test]
fn a_reader_goes_on_from_any_place_in_both_directions() {
    let (_folder, path) = file();
    let (index, _) = with_two_blocks(&path);
    let reader = index.reader();
    let second = Position { height: 1, index: 1 };
    let places = |entries: Vec<pacta_index::Entry>| -> Vec<u64> {
        entries.iter().map(|entry| entry.position.index).collect()
    };
    assert_eq!(places(reader.entries_after(Some(second), 10).expect("entries")), [2]);
    assert_eq!(places(reader.entries_before(Some(second), 10).expect("entries")), [0]);
    assert_eq!(places(reader.entries_before(None, 2).expect("entries")), [2, 1]);
    assert_eq!(reader.last().expect("an answer"), Some(Position { height: 1, index: 2 }));
}

#[test]
fn blocks_are_applied_once_and_in_order() {
    let (_folder, path) = file();
    let (mut index, actor) = with_two_blocks(&path);
    assert_eq!(index.height(), 2);
    index.apply(&block(2, &[], Vec::new())).expect("the same again");
    let gap = index.apply(&block(4, &[], Vec::new()));
    assert!(matches!(gap, Err(Error::Gap { last: 2, got: 4 })), "{gap:?}");
    let mut other = block(1, &[], Vec::new());
    other.header.leader = [2; 32];
    assert!(matches!(index.apply(&other), Err(Error::Conflict { height: 1 })));
    let mut other = block(2, &[], Vec::new());
    other.header.leader = [2; 32];
    assert!(matches!(index.apply(&other), Err(Error::Conflict { height: 2 })));
    let more_acts = block(3, &[signed(actor, "sign", "s")], Vec::new());
    assert!(matches!(index.apply(&more_acts), Err(Error::Malformed { height: 3, .. })));
    assert_eq!(index.height(), 2);
}

#[test]
fn empty_blocks_are_known_at_once_and_written_together() {
    let (_folder, path) = file();
    let (genesis, _) = genesis("Test");
    let mut index = Index::open(&path, &genesis).expect("an index");
    let reader = index.reader();
    assert_eq!(reader.tip().expect("an answer"), None);
    let last = u64::try_from(EMPTY_BLOCKS_MAX).expect("small");
    for height in 1..=last {
        index.apply(&block(height, &[], Vec::new())).expect("a block");
    }
    let tip = reader.tip().expect("an answer").expect("a tip");
    assert_eq!((tip.height, tip.instant), (last, NOON_MS + last));
    assert_eq!(Index::open(&path, &genesis).expect("an index").height(), 0);
    index.apply(&block(last + 1, &[], Vec::new())).expect("a block");
    assert_eq!(Index::open(&path, &genesis).expect("an index").height(), last + 1);
}

#[test]
fn an_index_goes_on_where_it_was_left_and_is_rebuilt_for_another_network() {
    let (_folder, path) = file();
    drop(with_two_blocks(&path));
    let index = Index::open(&path, &genesis("Test").0).expect("an index");
    assert_eq!(index.height(), 1);
    assert_eq!(index.reader().tip().expect("an answer").expect("a tip").height, 1);
    drop(index);
    let index = Index::open(&path, &genesis("Other").0).expect("an index");
    assert_eq!(index.height(), 0);
    assert!(index.reader().entries_after(None, 10).expect("entries").is_empty());
    assert_eq!(index.reader().actors("", 10).expect("actors").len(), 1);
}

#[test]
fn a_damaged_or_foreign_file_is_replaced() {
    for bytes in [&b"this is no database, but long enough to be read as one"[..], b""] {
        let (_folder, path) = file();
        std::fs::write(&path, bytes.repeat(100)).expect("a file");
        let index = Index::open(&path, &genesis("Test").0).expect("an index");
        assert_eq!(index.height(), 0);
    }
}
