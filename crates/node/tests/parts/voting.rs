use std::{fs, path::Path};

use pacta_node::{
    Error,
    voting::{Keeper, Marks, Voting, never_started},
};

fn open(folder: &Path) -> (Voting, Keeper) {
    Voting::open(folder, false, false).unwrap()
}

/// A validator that starts for the first time and votes up to a place.
fn voted(folder: &Path, place: (u64, u64)) {
    never_started(folder).unwrap();
    let (voting, keeper) = open(folder);
    assert!(voting.allows((0, 1)));
    voting.heard(place);
    drop(keeper);
}

#[test]
fn a_new_validator_votes_at_once_and_its_first_start_ends_that() {
    let parent = tempfile::tempdir().unwrap();
    voted(parent.path(), (0, 7));
    assert!(!parent.path().join("never-started").exists());
    let (voting, _keeper) = open(parent.path());
    assert_eq!(voting.marks(), Marks { voted: (0, 7), ..Marks::default() });
}

#[test]
fn a_validator_whose_journal_holds_its_votes_goes_on_voting() {
    let parent = tempfile::tempdir().unwrap();
    voted(parent.path(), (3, 7));
    let (voting, _keeper) = open(parent.path());
    voting.heard((3, 6));
    voting.heard((3, 7));
    assert!(voting.allows((3, 7)) && voting.allows((3, 8)) && !voting.abstains());
}

#[test]
fn a_validator_whose_journal_is_missing_or_older_abstains() {
    for heard in [None, Some((3, 6)), Some((2, 90))] {
        let parent = tempfile::tempdir().unwrap();
        voted(parent.path(), (3, 7));
        let (voting, _keeper) = open(parent.path());
        if let Some(place) = heard {
            voting.heard(place);
        }
        assert!(!voting.allows((3, 9)) && voting.abstains(), "{heard:?}");
    }
    let parent = tempfile::tempdir().unwrap();
    voted(parent.path(), (3, 7));
    assert!(!open(parent.path()).0.allows((2, 1)), "its whole directory is of an earlier epoch");
}

#[test]
fn a_later_epoch_has_a_journal_of_its_own() {
    let parent = tempfile::tempdir().unwrap();
    voted(parent.path(), (3, 7));
    let (voting, _keeper) = open(parent.path());
    assert!(voting.allows((4, 1)) && !voting.abstains());
}

#[test]
fn a_validator_without_marks_abstains_also_after_a_restart() {
    let parent = tempfile::tempdir().unwrap();
    let (voting, keeper) = open(parent.path());
    voting.heard((0, 5));
    assert!(voting.abstains() && !voting.allows((0, 6)));
    drop(keeper);
    assert!(open(parent.path()).0.abstains(), "it still does not know what it said");

    let parent = tempfile::tempdir().unwrap();
    voted(parent.path(), (0, 7));
    fs::write(parent.path().join("voted"), "pacta-voted-1\nvoted 0 x\n").unwrap();
    never_started(parent.path()).unwrap();
    assert!(open(parent.path()).0.abstains(), "marks that cannot be read are as good as none");
}

#[test]
fn after_abstaining_it_says_nothing_where_it_may_have_said_something() {
    let parent = tempfile::tempdir().unwrap();
    let (voting, keeper) = open(parent.path());
    assert!(!voting.allows((2, 40)));
    voting.resume((2, 30));
    assert!(!voting.abstains());
    for refused in [(2, 30), (2, 31), (2, 40), (1, 99), (3, 1)] {
        assert!(!voting.allows(refused), "{refused:?}");
    }
    assert!(voting.allows((2, 41)) && voting.allows((3, 2)));
    drop(keeper);

    let (voting, keeper) = open(parent.path());
    assert!(!voting.abstains() && !voting.allows((2, 40)) && voting.allows((2, 41)));
    voting.settle();
    assert!(voting.allows((3, 1)));
    drop(keeper);
    assert_eq!(open(parent.path()).0.floor(), None);
}

#[test]
fn one_that_resumed_and_said_nothing_since_need_not_abstain_again() {
    let parent = tempfile::tempdir().unwrap();
    voted(parent.path(), (0, 7));
    let (voting, keeper) = open(parent.path());
    assert!(!voting.allows((0, 8)));
    voting.resume((0, 9));
    drop(keeper);
    let (voting, _keeper) = open(parent.path());
    assert!(voting.allows((0, 11)) && !voting.allows((0, 10)));
}

#[test]
fn one_that_is_alone_or_is_told_to_votes_whatever_was_lost() {
    for (alone, despite) in [(true, false), (false, true)] {
        let parent = tempfile::tempdir().unwrap();
        let (voting, keeper) = Voting::open(parent.path(), alone, despite).unwrap();
        assert!(voting.allows((0, 1)));
        voting.heard((0, 5));
        drop(keeper);
        let (voting, _keeper) = Voting::open(parent.path(), alone, despite).unwrap();
        assert!(voting.allows((0, 1)) && !voting.abstains());
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("file");
    fs::write(&path, "").unwrap();
    let error = Voting::open(&path, false, false).err().unwrap();
    assert!(matches!(error, Error::Directory { .. }), "{error}");
}
