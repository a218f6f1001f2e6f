use std::collections::BTreeMap;

use commonware_cryptography::Signer as _;
use pacta_node::{
    peers::with,
    types::{ValidatorKey, ValidatorSecret},
};

fn at(places: &[(u64, &str)]) -> BTreeMap<ValidatorKey, String> {
    let key = |seed: &u64| ValidatorSecret::from_seed(*seed).public_key();
    places.iter().map(|(seed, address)| (key(seed), (*address).to_owned())).collect()
}

#[test]
fn validators_that_the_operator_names_are_known_until_the_ledger_names_all() {
    let ledger = at(&[(0, "old.example:1"), (1, "one.example:1")]);
    let told = at(&[(0, "new.example:1"), (2, "two.example:1")]);
    let all = [(0, "new.example:1"), (1, "one.example:1"), (2, "two.example:1")];
    assert_eq!(with(ledger.clone(), &told, false), at(&all));
    assert_eq!(with(ledger, &told, true), at(&all[..2]), "who left is not connected to for ever");
}
