//! What anybody may do to a node by its files: take space, places and what others have sent.

use std::{
    fs,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    os::unix::fs::MetadataExt as _,
    path::Path,
    time::{Duration, Instant},
};

use super::{FOUR, PLENTY, Two, bytes_of, open, upload};
use crate::{CHUNK_BYTES, Digest, Error, Limits, Shape, Standing, State, Store, Wanted};

const CHUNK: u64 = CHUNK_BYTES as u64;
const HOUR: Duration = Duration::from_secs(60 * 60);

fn names(folder: &Path) -> usize {
    fs::read_dir(folder).expect("a folder").count()
}

/// A chunk of a file, the state before it, and its bytes.
type Chunk = (u64, State, Vec<u8>);

/// A digest made up from its end: chunks lead to it, but not from the first state. Its shape, and
/// the chunks with the states before them, the last first.
fn made_up(chunks: u64) -> (Digest, Shape, Vec<Chunk>) {
    let shape = Shape::of(chunks * CHUNK).expect("not empty");
    let mut state = State([7; 32]);
    let mut all = Vec::new();
    for chunk in 0..chunks {
        let bytes = bytes_of(CHUNK_BYTES, chunk);
        let after = shape.after(chunk, state, &bytes).expect("it has its length");
        all.insert(0, (chunk, state, bytes));
        state = after;
    }
    (Digest(state.0), shape, all)
}

fn want(store: &Store, id: Digest, named: bool) -> Result<(), Error> {
    store.want(Wanted { id, media_type: None, named })
}

#[test]
fn chunks_that_lead_nowhere_count_and_are_removed_after_a_time() {
    let folder = tempfile::tempdir().expect("a folder");
    let limits = Limits { unnamed_bytes_max: 8 * CHUNK, ..PLENTY };
    let open = || Store::open(folder.path(), limits).expect("a store");
    let arriving = folder.path().join("arriving");
    let store = open();
    let (id, shape, chunks) = made_up(4);
    want(&store, id, false).expect("wanted");
    let mut arrival = store.arrive(id, shape).expect("nobody knows yet");
    let full = Err(Error::FullOfUnnamed { max: 8 * CHUNK });
    let take = |store: &Store, chunks: u64| {
        let mut upload = store.upload(None, None)?;
        upload.write(&vec![1; (chunks * CHUNK) as usize])?;
        upload.write(&[1]) // so that all before it is on the disk
    };
    for (chunk, before, bytes) in &chunks[..3] {
        arrival.accept(*chunk, *before, bytes).expect("it leads to the digest");
        let disk = fs::metadata(arriving.join(id.to_string())).expect("there").blocks() * 512;
        assert!(disk <= (4 - chunk) * CHUNK, "only what has come is on the disk");
        assert_eq!(take(&store, 5), full, "it counts as a whole");
    }
    let (chunk, before, bytes) = &chunks[3];
    assert_eq!(arrival.accept(*chunk, *before, bytes), Err(Error::WrongChunk));
    drop(arrival);
    assert_eq!(take(&store, 5), Ok(()), "three chunks count");
    assert_eq!(take(&store, 6), full);
    drop(store);
    let store = open();
    assert_eq!(take(&store, 6), full, "also after a restart");
    assert_eq!((names(&arriving), store.wanted().len()), (2, 1));
    store.forget_still(Instant::now() + HOUR);
    assert_eq!((names(&arriving), store.wanted().len()), (0, 0));
    assert_eq!(take(&store, 8), Ok(()));
}

#[test]
fn a_lie_about_the_length_loses_nothing_that_has_come() {
    let two = Two::new(FOUR);
    let mut arrival = two.arrival();
    two.give(&mut arrival, 2);
    drop(arrival);
    let refused = Some(Error::OtherLength { bytes: FOUR as u64 });
    for lie in [1, FOUR as u64 - 1, FOUR as u64 + 1, 100 * CHUNK] {
        let shape = Shape::of(lie).expect("not empty");
        let store = two.wanting();
        assert_eq!(store.arrive(two.id, shape).err(), refused);
        drop(store.arrive(two.id, two.shape).expect("what is proved is still listened to"));
        assert_eq!(store.arrive(two.id, shape).err(), refused);
        assert_eq!(store.standing(&two.id), two.standing(2 * CHUNK_BYTES));
    }
    assert_eq!(two.arrival().next(), Some(1));
    // Before a chunk has come, the liar is only one who says something.
    let other = Two::new(FOUR);
    let store = other.wanting();
    let lie = store.arrive(other.id, Shape::of(9).expect("not empty")).expect("it is not known");
    assert!(matches!(store.standing(&other.id), Standing::Wanted(_, None, 0)));
    drop(lie);
    drop(store);
    other.complete();
    two.complete();
}

impl Two {
    fn standing(&self, missing: usize) -> Standing {
        let media_type = Some("application/pdf".to_owned());
        let wanted = Wanted { id: self.id, media_type, named: true };
        let had = self.shape.bytes() - missing as u64;
        Standing::Wanted(wanted, Some(self.shape.bytes()), had)
    }
}

#[test]
fn one_client_does_not_take_all_places_of_files_that_are_wanted() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path());
    let id = |number: u8| Digest::of(&[&[number]]);
    let ask = |client: IpAddr, number: u8, named: bool| {
        store.want_of(Some(client), Wanted { id: id(number), media_type: None, named })
    };
    let line = |last: u16| IpAddr::from(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, last));
    let other = IpAddr::from(Ipv4Addr::new(192, 0, 2, 1));
    (0..16).for_each(|number| ask(line(number.into()), number, false).expect("wanted"));
    let full = Err(Error::Busy { max: 16 });
    assert_eq!(ask(line(99), 16, false), full, "all addresses of a line are one client");
    assert_eq!(ask(line(99), 3, false), Ok(()), "it is wanted already");
    assert_eq!(ask(line(99), 17, true), Ok(()), "an act names it");
    assert_eq!(ask(other, 16, false), Ok(()));
    assert_eq!(store.want(Wanted { id: id(18), media_type: None, named: false }), Ok(()));
    assert_eq!(ask(line(99), 3, true), Ok(()), "an act names one of them");
    assert_eq!(ask(line(99), 19, false), Ok(()), "so there is a place");
    assert_eq!(ask(line(99), 20, false), full);
}

#[test]
fn what_nobody_holds_is_soon_forgotten_and_makes_place() {
    let folder = tempfile::tempdir().expect("a folder");
    let began = Instant::now();
    let store = open(folder.path());
    let id = |number: u8| Digest::of(&[&[number]]);
    (0..64).for_each(|number| want(&store, id(number), false).expect("wanted"));
    want(&store, id(64), true).expect("wanted");
    let (made_up, shape, chunks) = made_up(2);
    want(&store, made_up, true).expect("wanted");
    let mut arrival = store.arrive(made_up, shape).expect("wanted");
    arrival.accept(chunks[0].0, chunks[0].1, &chunks[0].2).expect("it leads to the digest");
    drop(arrival);
    let ids: Vec<_> = store.wanted().iter().map(|wanted| wanted.id).collect();
    let now = Instant::now();
    store.forget_unknown(&ids, began + Duration::from_secs(59));
    assert_eq!(want(&store, id(99), false), Err(Error::Busy { max: 64 }));
    store.forget_unknown([&id(1), &id(64)], now + Duration::from_secs(120));
    assert_eq!(store.standing(&id(1)), Standing::Unknown);
    assert_eq!(want(&store, id(99), false), Ok(()));
    store.forget_unknown(&ids, now + Duration::from_secs(120));
    let left = |store: &Store| store.wanted().len();
    assert_eq!(left(&store), 3, "what acts name, and what was wanted since");
    store.forget_still(now + 2 * HOUR);
    assert_eq!(left(&open(folder.path())), 2);
    assert_eq!(names(&folder.path().join("arriving")), 2, "an act names it");
    store.forget_still(now + 8 * 24 * HOUR);
    assert_eq!(left(&open(folder.path())), 2);
    assert_eq!(names(&folder.path().join("arriving")), 0);
}

#[test]
fn what_cannot_be_resumed_is_removed_at_the_start() {
    let two = Two::new(FOUR);
    two.give(&mut two.arrival(), 2);
    let other = Digest::of(&[b"not wanted"]);
    for name in [format!("{other}"), format!("{other}.states"), "odd".into()] {
        fs::write(two.file("arriving").join(name), b"anything").expect("written");
    }
    drop(two.wanting());
    assert_eq!(names(&two.file("arriving")), 2, "what can be resumed stays");
    assert_eq!(two.arrival().next(), Some(1));
    fs::write(two.file("arriving/ID.states"), [1; 64]).expect("written");
    drop(two.wanting());
    assert_eq!(names(&two.file("arriving")), 0);
    two.complete();
}

#[test]
fn an_error_of_the_disk_is_no_damage_and_loses_nothing() {
    let two = Two::new(FOUR);
    two.give(&mut two.arrival(), 2);
    // A folder can be opened, but not read: any error but an early end will do.
    let (states, away) = (two.file("arriving/ID.states"), two.file("away"));
    fs::rename(&states, &away).expect("moved");
    fs::create_dir(&states).expect("made");
    let store = two.wanting();
    assert!(matches!(store.arrive(two.id, two.shape).err(), Some(Error::Disk(_))));
    fs::remove_dir(&states).expect("removed");
    fs::rename(&away, &states).expect("moved");
    assert_eq!(two.arrival().next(), Some(1), "what had come is there");
    two.complete();

    let store = two.wanting();
    fs::rename(two.file("held/ID"), &away).expect("moved");
    fs::create_dir(two.file("held/ID")).expect("made");
    let reader = store.read(&two.id).expect("it can be opened");
    assert!(matches!(reader.chunk(0, 0), Err(Error::Disk(_))));
    assert!(matches!(store.repair(&two.id), Err(Error::Disk(_))));
    assert!(store.held(&two.id).is_some() && store.wanted().is_empty());
    assert_eq!(names(&two.file("held")), 3);
    fs::remove_dir(two.file("held/ID")).expect("removed");
    fs::rename(&away, two.file("held/ID")).expect("moved");
    two.assert_held();
}

#[test]
fn a_file_is_held_after_a_start_only_if_all_of_it_is_right() {
    let two = Two::new(FOUR);
    two.give(&mut two.arrival(), 2);
    fs::write(two.file("held/ID.json"), two.description()).expect("written");
    assert_eq!(fs::metadata(two.file("arriving/ID")).expect("there").len(), FOUR as u64);
    let store = two.wanting();
    assert!(store.held(&two.id).is_none(), "half of it is a hole");
    assert_eq!(two.arrival().next(), Some(1), "what had come is there");
    two.complete();

    // One that the disk has cut is kept aside, also over restarts, until it has come again.
    fs::write(two.file("held/ID"), &two.bytes[..10]).expect("written");
    for _ in 0..2 {
        let store = two.wanting();
        assert!(matches!(
            store.standing(&two.id),
            Standing::Wanted(Wanted { named: true, .. }, ..)
        ));
        assert_eq!(fs::read(two.file("damaged/ID")).expect("kept aside"), two.bytes[..10]);
    }
    two.complete();
}

#[test]
fn a_damaged_file_that_no_act_names_stays_wanted_and_aside() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path());
    let held = upload(&store, b"the only copy").expect("taken");
    fs::write(folder.path().join("held").join(held.id.to_string()), b"damaged").expect("written");
    assert_eq!(store.repair(&held.id), Ok(false));
    let later = Instant::now() + 24 * HOUR;
    store.forget_unknown([&held.id], later);
    store.forget_still(later);
    let store = open(folder.path());
    assert!(store.wants(&held.id).is_some());
    let aside = folder.path().join("damaged").join(held.id.to_string());
    assert_eq!(fs::read(&aside).expect("kept aside"), b"damaged");
    upload(&store, b"the only copy").expect("taken");
    assert!(store.wanted().is_empty() && !fs::exists(aside).expect("readable"));
}

#[test]
fn uploads_are_few_and_small_in_all_and_of_one_client() {
    let folder = tempfile::tempdir().expect("a folder");
    let limits = Limits { file_bytes_max: 4 * CHUNK, ..PLENTY };
    let store = Store::open(folder.path(), limits).expect("a store");
    let client = |last: u8| Some(IpAddr::from(Ipv4Addr::new(192, 0, 2, last)));
    let begin = |client| store.upload_of(client, None, None);
    let fill = |upload: &mut crate::Upload, chunks: u64| {
        upload.write(&vec![1; (chunks * CHUNK) as usize])?;
        upload.write(&[]) // a full chunk is written when more comes
    };
    let mut of_one: Vec<_> = (0..4).map(|_| begin(client(1)).expect("a place")).collect();
    assert_eq!(begin(client(1)).err(), Some(Error::Busy { max: 4 }));
    let mapped = Ipv4Addr::new(192, 0, 2, 1).to_ipv6_mapped();
    assert_eq!(begin(Some(mapped.into())).err(), Some(Error::Busy { max: 4 }));
    let line = |last| Some(IpAddr::from(Ipv6Addr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, last])));
    let of_line: Vec<_> = (0..4).map(|last| begin(line(last)).expect("a place")).collect();
    assert_eq!(begin(client(2)).err(), Some(Error::Busy { max: 8 }), "in all");
    drop(of_line);

    let busy = |chunks: u64| Err(Error::BusyBytes { max: chunks * CHUNK });
    assert_eq!(fill(&mut of_one[0], 4), Ok(()), "three of its chunks are written");
    assert_eq!(fill(&mut of_one[1], 2), Ok(()), "one is");
    assert_eq!(fill(&mut of_one[1], 1), busy(4));
    let [mut other, mut third] = [2, 3].map(|last| begin(client(last)).expect("a place"));
    assert_eq!(fill(&mut other, 4), Ok(()));
    assert_eq!(fill(&mut third, 2), Ok(()));
    assert_eq!(fill(&mut third, 2), busy(8), "in all");
    drop((of_one, other));
    assert_eq!(fill(&mut third, 1), Ok(()));
    drop(third);
    assert_eq!(names(&folder.path().join("uploading")), 0);
    assert!(begin(client(1)).is_ok());
}
