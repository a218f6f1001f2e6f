use std::fs;

use pacta_node::{Error, directory::Directory, epochs::FORKED};

#[test]
fn a_directory_serves_one_node_and_one_network() {
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("node");
    let first = Directory::open(&path, "aa").unwrap();
    assert_eq!(Directory::open(&path, "aa").unwrap_err(), Error::Locked(path.clone()));
    drop(first);
    assert!(Directory::open(&path, "aa").is_ok());
    let other = Directory::open(&path, "bb").unwrap_err();
    assert!(matches!(&other, Error::OtherNetwork { found, .. } if found == "aa"), "{other}");
}

#[test]
fn a_file_in_place_of_the_directory_is_named() {
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("node");
    fs::write(&path, "").unwrap();
    let error = Directory::open(&path, "aa").unwrap_err();
    assert!(matches!(error, Error::Directory { .. }), "{error}");
}

#[test]
fn a_node_that_meets_two_final_blocks_does_not_advise_to_delete_its_directory() {
    let parent = tempfile::tempdir().unwrap();
    let directory = Directory::open(&parent.path().join("node"), "aa").unwrap();
    let panic = format!("assertion `left == right` failed: {}\n  left: aa", FORKED);
    let sentence = directory.explain(&panic).to_string();
    assert!(sentence.contains("delete nothing"), "{sentence}");
    let other = directory.explain("the journal is torn").to_string();
    assert!(other.contains("then delete it"), "{other}");
}
