//! The store over crashes, liars and full disks.

mod hostile;

use std::fs;
use std::path::Path;

use crate::{
    Arrival, CHUNK_BYTES, Digest, Error, Held, Limits, Reader, Shape, Standing, State, Store,
    Wanted, disk,
};

const PLENTY: Limits = Limits {
    file_bytes_max: 1 << 30,
    total_bytes_max: 1 << 30,
    unnamed_bytes_max: 1 << 30,
    reserve_bytes: 0,
};
/// A length of four chunks, the last of which is short.
const FOUR: usize = 3 * CHUNK_BYTES + 1000;

fn open(folder: &Path) -> Store {
    Store::open(folder, PLENTY).expect("a store")
}

fn bytes_of(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed | 1;
    let mut next = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    (0..length).map(|_| next()).collect()
}

fn upload(store: &Store, bytes: &[u8]) -> Result<Held, Error> {
    let mut upload = store.upload(None, None)?;
    bytes.chunks(70_000).try_for_each(|part| upload.write(part))?;
    upload.finish()
}

/// A holder of a file, and another store that wants it.
struct Two {
    folder: tempfile::TempDir,
    bytes: Vec<u8>,
    id: Digest,
    shape: Shape,
    reader: Reader,
}

impl Two {
    fn new(length: usize) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let bytes = bytes_of(length, 7);
        let holder = open(&folder.path().join("holder"));
        let held = upload(&holder, &bytes).expect("taken");
        let shape = Shape::of(held.bytes).expect("not empty");
        let reader = holder.read(&held.id).expect("held");
        let two = Self { folder, bytes, id: held.id, shape, reader };
        let media_type = Some("application/pdf".to_owned());
        two.wanting().want(Wanted { id: two.id, media_type, named: true }).expect("wanted");
        two
    }

    fn wanting(&self) -> Store {
        open(&self.folder.path().join("wanting"))
    }

    fn file(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join("wanting").join(name.replace("ID", &self.id.to_string()))
    }

    /// What is kept beside its bytes when it is held.
    fn description(&self) -> String {
        let bytes = self.bytes.len();
        let types = r#""media_type":"application/pdf","named":true,"sniffed":"x""#;
        format!(r#"{{"bytes":{bytes},{types},"v":1}}"#)
    }

    fn arrival(&self) -> Arrival {
        self.wanting().arrive(self.id, self.shape).expect("it is wanted")
    }

    fn give(&self, arrival: &mut Arrival, count: u64) {
        for _ in 0..count {
            let chunk = arrival.next().expect("it is not whole");
            let (before, bytes) = self.reader.chunk(chunk, 0).expect("held");
            arrival.accept(chunk, before, &bytes).expect("genuine");
        }
    }

    /// Ends whatever has come, and looks at the file that is held then.
    fn complete(&self) {
        let mut arrival = self.arrival();
        while arrival.next().is_some() {
            self.give(&mut arrival, 1);
        }
        arrival.finish().expect("whole");
        self.assert_held();
    }

    fn assert_held(&self) {
        let store = self.wanting();
        let held = store.held(&self.id).expect("held");
        assert!(held.named && store.wanted().is_empty());
        assert_eq!((held.media_type.as_str(), held.bytes), ("application/pdf", self.shape.bytes()));
        assert_eq!(fs::read(self.file("held/ID")).expect("readable"), self.bytes);
        assert_eq!(whole(&store, &self.id), self.bytes);
        for folder in ["arriving", "damaged", "wanted"] {
            assert_eq!(fs::read_dir(self.file(folder)).expect("a folder").count(), 0, "{folder}");
        }
    }
}

fn whole(store: &Store, id: &Digest) -> Vec<u8> {
    let reader = store.read(id).expect("held");
    let chunk = |chunk| reader.chunk(chunk, 0).expect("genuine").1;
    (0..reader.shape().chunks()).flat_map(chunk).collect()
}

#[test]
fn a_file_is_held_under_its_digest_after_a_restart_and_once() {
    let folder = tempfile::tempdir().expect("a folder");
    for length in [1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, FOUR] {
        let bytes = bytes_of(length, 3);
        let held = upload(&open(folder.path()), &bytes).expect("taken");
        assert_eq!(held.id, Digest::of(&[&bytes]));
        let store = open(folder.path());
        assert_eq!(store.standing(&held.id), Standing::Held(held.clone()));
        assert_eq!(whole(&store, &held.id), bytes);
        assert_eq!(upload(&store, &bytes), Ok(held));
    }
    let store = open(folder.path());
    let all = store.list(None, 9);
    assert_eq!(all.len(), 5);
    assert_eq!(store.list(Some(all[1].id), 2), all[2..4]);
    assert_eq!(upload(&store, b"").unwrap_err(), Error::Empty);
    assert_eq!(fs::read_dir(folder.path().join("uploading")).expect("a folder").count(), 0);
}

#[test]
fn a_file_arrives_from_its_end_over_any_number_of_interruptions() {
    let two = Two::new(FOUR);
    for had in 0..4 {
        let mut arrival = two.arrival();
        assert_eq!(arrival.next(), Some(3 - had), "what had come is there");
        two.give(&mut arrival, 1);
        let standing = arrival.had_bytes();
        assert_eq!(standing, two.shape.bytes() - two.shape.start(3 - had));
    }
    let arrival = two.arrival();
    assert_eq!(arrival.next(), None);
    arrival.finish().expect("whole");
    two.assert_held();
}

#[test]
fn nothing_of_a_wrong_chunk_is_kept() {
    let two = Two::new(FOUR);
    let mut arrival = two.arrival();
    assert_eq!(arrival.finish(), Err(Error::WrongChunk), "nothing has come");
    arrival = two.arrival();
    for chunk in [3, 2, 1, 0] {
        let (before, bytes) = two.reader.chunk(chunk, 0).expect("held");
        let mut other = bytes.clone();
        other[bytes.len() / 2] ^= 1;
        let mut state = before;
        state.0[31] ^= 1;
        for (chunk, before, bytes) in [
            (chunk, before, &other[..]),
            (chunk, state, &bytes[..]),
            (chunk, before, &bytes[..bytes.len() - 1]),
            (chunk, before, &[]),
            (chunk + 1, before, &bytes[..]),
            (u64::MAX, before, &bytes[..]),
        ] {
            assert_eq!(arrival.accept(chunk, before, bytes), Err(Error::WrongChunk));
        }
        arrival.accept(chunk, before, &bytes).expect("the right one is still taken");
    }
    arrival.finish().expect("whole");
    two.assert_held();
}

#[test]
fn a_length_that_is_a_lie_takes_no_space_and_no_chunk() {
    let two = Two::new(FOUR);
    for lie in [1, FOUR as u64 - 1, FOUR as u64 + 1, 100 * CHUNK_BYTES as u64] {
        let shape = Shape::of(lie).expect("not empty");
        let mut arrival = two.wanting().arrive(two.id, shape).expect("nobody knows yet");
        let chunk = arrival.next().expect("nothing has come");
        let bytes = vec![0; shape.chunk_bytes(chunk)];
        assert_eq!(arrival.accept(chunk, State::FIRST, &bytes), Err(Error::WrongChunk));
        drop(arrival);
        assert!(!fs::exists(two.file("arriving/ID")).expect("readable"));
    }
    two.complete();
}

/// Whatever a crash leaves of the two files that grow, the file becomes whole.
#[test]
fn it_does_not_matter_where_a_crash_cut() {
    let two = Two::new(FOUR);
    let (data, states) = (two.file("arriving/ID"), two.file("arriving/ID.states"));
    let cut = |path: &Path, length: u64| {
        let file = fs::OpenOptions::new().write(true).open(path).expect("there");
        file.set_len(length).expect("cut");
    };
    let expect = |left: u64| assert_eq!(two.arrival().next(), Some(3 - left), "{left} are left");
    let three = || {
        let mut arrival = two.arrival();
        while arrival.next().is_some_and(|next| next > 0) {
            two.give(&mut arrival, 1);
        }
    };
    three();
    cut(&states, 2 * 32 + 31); // the last state was torn
    expect(2);
    three();
    cut(&states, 1);
    expect(0);
    three();
    cut(&data, two.shape.bytes() - 1); // the data did not reach the disk
    expect(0);
    three();
    let mut torn = fs::read(&data).expect("there");
    torn[two.shape.start(2) as usize + 5] ^= 1; // the second chunk from the end is garbage
    fs::write(&data, &torn).expect("written");
    expect(1);
    three();
    fs::remove_file(&data).expect("removed");
    expect(0);
    three();
    fs::write(&states, vec![9; 4 * 32]).expect("written");
    expect(0);
    two.complete();
}

/// Each step of the publication, cut off after it.
#[test]
fn a_crash_during_publication_leaves_a_file_that_is_held_wholly_or_not_yet() {
    for moved in [false, true] {
        let two = Two::new(FOUR);
        two.give(&mut two.arrival(), 4);
        let description = two.description();
        fs::write(two.file("held/ID.json"), &description[..20]).expect("written");
        assert!(two.wanting().held(&two.id).is_none(), "its description is torn");
        fs::write(two.file("held/ID.json"), description).expect("written");
        if moved {
            fs::rename(two.file("arriving/ID.states"), two.file("held/ID.states")).expect("moved");
        }
        two.assert_held(); // all of it was there, though it was noted as wanted
    }
}

#[test]
fn a_damaged_file_is_never_read_and_wanted_again() {
    let two = Two::new(FOUR);
    two.complete();
    let store = two.wanting();
    fs::write(two.file("held/ID.states"), [1; 4 * 32]).expect("written");
    let read = |chunk| store.read(&two.id).and_then(|reader| reader.chunk(chunk, 0));
    assert_eq!(read(0).unwrap_err(), Error::Damaged(two.id));
    assert_eq!(store.repair(&two.id), Ok(true), "the states are made from the bytes");
    two.assert_held();

    let mut bytes = two.bytes.clone();
    bytes[FOUR - 1] ^= 1;
    fs::write(two.file("held/ID"), bytes).expect("written");
    assert!(read(0).is_ok());
    assert_eq!(read(3).unwrap_err(), Error::Damaged(two.id));
    assert_eq!(read(4).unwrap_err(), Error::Damaged(two.id), "there is no such chunk");
    assert_eq!(store.repair(&two.id), Ok(false));
    assert!(matches!(store.standing(&two.id), Standing::Wanted(Wanted { named: true, .. }, ..)));
    assert_eq!(fs::metadata(two.file("damaged/ID")).expect("kept aside").len(), FOUR as u64);
    drop(store);
    two.complete();
}

#[test]
fn limits_hold_at_their_value_and_not_above() {
    let folder = tempfile::tempdir().expect("a folder");
    let chunk = CHUNK_BYTES as u64;
    let limits = Limits {
        file_bytes_max: 2 * chunk,
        total_bytes_max: 8 * chunk,
        unnamed_bytes_max: 5 * chunk,
        reserve_bytes: 0,
    };
    let store = Store::open(folder.path(), limits).expect("a store");
    let take = |length: u64, seed| upload(&store, &bytes_of(length as usize, seed));
    assert_eq!(take(2 * chunk + 1, 1), Err(Error::TooLarge { max: 2 * chunk }));
    assert!(take(2 * chunk, 1).is_ok());
    assert!(take(1, 2).is_ok(), "it counts as a chunk");
    assert!(take(chunk, 3).is_ok());
    assert_eq!(take(chunk + 1, 4), Err(Error::FullOfUnnamed { max: 5 * chunk }));
    assert!(take(chunk, 4).is_ok());
    assert_eq!(take(1, 5), Err(Error::FullOfUnnamed { max: 5 * chunk }));
    let named = |length: u64, seed| {
        let bytes = bytes_of(length as usize, seed);
        let id = Digest::of(&[&bytes]);
        store.want(Wanted { id, media_type: None, named: true }).expect("wanted");
        let mut upload = store.upload(Some(id), None)?;
        upload.write(&bytes)?;
        upload.finish()
    };
    assert!(named(2 * chunk, 6).is_ok(), "there is space for what an act names");
    assert!(named(chunk, 7).is_ok());
    assert_eq!(named(1, 8), Err(Error::Full { max: 8 * chunk }));
    assert_eq!(store.list(None, 99).len(), 6);
}

#[test]
fn a_full_disk_refuses_and_loses_nothing() {
    let two = Two::new(FOUR);
    let mut arrival = two.arrival();
    two.give(&mut arrival, 2);
    let (before, bytes) = two.reader.chunk(1, 0).expect("held");
    disk::full::after(Some(0));
    assert_eq!(arrival.accept(1, before, &bytes), Err(Error::DiskFull));
    let store = two.wanting();
    assert_eq!(upload(&store, b"one").unwrap_err(), Error::DiskFull);
    disk::full::after(None);
    arrival.accept(1, before, &bytes).expect("there is space again");
    drop(arrival);
    two.complete();

    // A disk with less than is to be left for the ledger counts as full.
    let limits = Limits { reserve_bytes: u64::MAX, ..PLENTY };
    let store = Store::open(&two.folder.path().join("wanting"), limits).expect("a store");
    assert_eq!(upload(&store, b"two").unwrap_err(), Error::DiskFull);
    two.assert_held();
}

#[test]
fn what_is_handed_in_is_what_was_announced() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path());
    let (announced, found) = (Digest::of(&[b"one"]), Digest::of(&[b"two"]));
    let give = |announced, media_type, bytes: &[u8]| {
        let mut upload = store.upload(announced, media_type)?;
        upload.write(bytes)?;
        upload.finish()
    };
    let refusal = give(Some(announced), None, b"two").unwrap_err();
    assert_eq!(refusal, Error::OtherDigest { announced, found });
    let refusal = give(None, Some("application/pdf"), b"<script>").unwrap_err();
    assert!(matches!(refusal, Error::OtherMediaType { found: "text/plain", .. }));
    assert_eq!(give(None, Some("no type"), b"one").unwrap_err(), Error::BadMediaType);
    let held = give(Some(found), Some("Text/Plain; charset=utf-8"), b"two").expect("taken");
    assert_eq!((held.media_type.as_str(), held.named), ("text/plain", false));
    assert_eq!(store.list(None, 9), [held]);
    let uploads: Vec<_> = (0..8).map(|_| store.upload(None, None).expect("a place")).collect();
    assert_eq!(store.upload(None, None).err(), Some(Error::Busy { max: 8 }));
    drop(uploads);
    assert!(store.upload(None, None).is_ok());
}

#[test]
fn what_is_wanted_is_known_after_a_restart_and_bounded() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path());
    let id = |number: u8| Digest::of(&[&[number]]);
    let want = |number, named| store.want(Wanted { id: id(number), media_type: None, named });
    (0..64).for_each(|number| want(number, false).expect("wanted"));
    assert_eq!(want(64, false), Err(Error::Busy { max: 64 }));
    assert_eq!(want(63, false), Ok(()), "it is wanted already");
    (60..70).for_each(|number| want(number, true).expect("what acts name is wanted"));
    store.set_scanned(77).expect("noted");
    let again = open(folder.path());
    assert_eq!((again.wanted().len(), again.scanned()), (70, 77));
    assert_eq!(again.wanted().iter().filter(|wanted| wanted.named).count(), 10);
    // Naming a file that is held already marks it.
    let held = upload(&store, b"held").expect("taken");
    assert!(!held.named);
    store.want(Wanted { id: held.id, media_type: None, named: true }).expect("wanted");
    assert!(open(folder.path()).held(&held.id).is_some_and(|held| held.named));
}
