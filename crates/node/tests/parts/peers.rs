use std::collections::BTreeMap;

use commonware_cryptography::Signer as _;
use pacta_node::{
    peers::{Given, Peers, with},
    types::{ValidatorKey, ValidatorSecret},
};

fn key(seed: u64) -> ValidatorKey {
    ValidatorSecret::from_seed(seed).public_key()
}

fn at(places: &[(u64, &str)]) -> Vec<(ValidatorKey, String)> {
    places.iter().map(|(seed, address)| (key(*seed), (*address).to_owned())).collect()
}

fn peers(places: &[(u64, &[&str])]) -> Peers {
    let owned = |addresses: &[&str]| addresses.iter().map(|it| (*it).to_owned()).collect();
    places.iter().map(|(seed, addresses)| (key(*seed), owned(addresses))).collect()
}

#[test]
fn validators_that_the_operator_names_are_known_until_the_ledger_names_all() {
    let ledger = at(&[(1, "one.example:1"), (0, "old.example:1")]);
    let named: BTreeMap<_, _> =
        at(&[(0, "new.example:1"), (2, "two.example:1")]).into_iter().collect();
    let given = Given { named, ..Given::default() };
    let all: [(_, &[&str]); 3] =
        [(1, &["one.example:1"]), (0, &["new.example:1"]), (2, &["two.example:1"])];
    assert_eq!(with(ledger.clone(), &given, false), peers(&all));
    let left = with(ledger, &given, true);
    assert_eq!(left, peers(&all[..2]), "who left is not connected to for ever");
}

#[test]
fn what_a_node_was_told_adds_to_the_ledger_and_counts_no_more_once_it_is_synchronised() {
    let ledger = at(&[(0, "zero.example:1"), (1, "one.example:1"), (2, "two.example:1")]);
    let named = at(&[(1, "named.example:1"), (3, "three.example:1")]);
    let told = [0, 1, 2, 3, 4].map(|seed| (seed, "lie.example:1"));
    let told = [&told[..], &[(2, "two.example:1")]].concat();
    let given = Given { named: named.into_iter().collect(), told: at(&told).into_iter().collect() };
    let all: [(_, &[&str]); 5] = [
        (0, &["zero.example:1", "lie.example:1"]),
        (1, &["named.example:1"]),
        (2, &["two.example:1"]),
        (3, &["three.example:1"]),
        (4, &["lie.example:1"]),
    ];
    let mut first = with(ledger.clone(), &given, false);
    assert_eq!(first[..4], peers(&all[..4]));
    assert_eq!(first.split_off(4), peers(&all[4..]));
    let ledger_only: [(_, &[&str]); 3] =
        [(0, &["zero.example:1"]), (1, &["named.example:1"]), (2, &["two.example:1"])];
    assert_eq!(with(ledger, &given, true), peers(&ledger_only));
}
