use std::fs;

use pacta_node::{
    Error,
    contradiction::{Contradiction, is_about_the_chain, is_contradiction, keep, refuse},
    directory::Directory,
};

use crate::support::{Founded, two_chains};

#[test]
fn what_the_engine_says_of_another_final_block_is_known_and_damage_is_not_taken_for_it() {
    let said = "assertion `left == right` failed: finalized block does not extend the applied tip";
    assert!(is_contradiction(said) && is_contradiction("received conflicting finalized block at"));
    assert!(!is_contradiction("stored data is damaged: blocks: checksum"));
    let follow = ["stateful actor dropped during verify", "the engine of epoch 3 failed"];
    assert!(is_about_the_chain(said) && follow.into_iter().all(is_about_the_chain));
    for other in [
        "failed to sync finalization archives: No space left on device (os error 28)",
        "stateful actor dropped: Too many open files (os error 24)",
        "stored data is damaged: blocks: checksum",
        "failed to get block: checksum mismatch",
    ] {
        assert!(!is_about_the_chain(other), "{other}");
    }
}

#[test]
fn two_final_blocks_in_the_store_do_not_hide_another_reason() {
    let folder = tempfile::tempdir().unwrap();
    let founded = Founded::new("Another reason", 4);
    two_chains(folder.path(), &founded);
    let directory = Directory::open(folder.path(), &founded.genesis.network().to_string()).unwrap();
    for reason in ["No space left on device", "os error 24", "stored data is damaged: records"] {
        assert_eq!(keep(&directory, &founded.genesis, reason, &[]), None, "{reason}");
    }
    assert!(!folder.path().join("contradiction.json").exists());
}

#[test]
fn a_store_that_cannot_be_read_leaves_what_is_known_without_it() {
    let folder = tempfile::tempdir().unwrap();
    let founded = Founded::new("No store", 4);
    let directory = Directory::open(folder.path(), &founded.genesis.network().to_string()).unwrap();
    fs::remove_dir(directory.store()).unwrap();
    fs::write(directory.store(), "no folder").unwrap();
    let said = "conflicting finalized block";
    let error = keep(&directory, &founded.genesis, said, &[]);
    assert!(matches!(error, Some(Error::Contradicted { height: None, .. })), "{error:?}");
    assert_eq!(keep(&directory, &founded.genesis, "stateful actor dropped", &[]), None);
}

#[test]
fn what_a_node_has_of_two_final_blocks_is_kept_once_and_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let founded = Founded::new("Two chains", 4);
    two_chains(&data, &founded);
    let directory = Directory::open(&data, &founded.genesis.network().to_string()).unwrap();
    // Another part said something first: the store shows what happened.
    let error = keep(&directory, &founded.genesis, "stateful actor dropped", &[]).unwrap();
    let file = data.join("contradiction.json");
    let Error::Contradicted { height, ref kept, ref named, .. } = error else {
        panic!("{error}");
    };
    assert_eq!((height, kept.as_ref(), named.len()), (Some(1), Some(&file), 0));
    for part in ["height 1", "more validators lied", "delete nothing", "contradiction.json"] {
        assert!(error.to_string().contains(part), "{error}");
    }
    let found = Contradiction::read(&data).unwrap().unwrap();
    let sides = found.sides.as_ref().unwrap();
    assert_ne!(sides[0].block, sides[1].block);
    assert_eq!(found.error(&data), error);
    assert_eq!(refuse(&directory), Err(error), "the node does not start again");
    fs::write(&file, "{").unwrap();
    assert!(matches!(refuse(&directory), Err(Error::Directory { .. })), "whatever it says");
    assert_eq!(Contradiction::read(folder.path()).unwrap(), None);

    let sound = Directory::open(&folder.path().join("sound"), "another").unwrap();
    assert_eq!(refuse(&sound), Ok(()));
    assert_eq!(keep(&sound, &founded.genesis, "stored data is damaged: blocks", &[]), None);
}
