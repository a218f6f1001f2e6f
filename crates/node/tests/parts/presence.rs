use commonware_cryptography::Signer as _;
use pacta_node::{
    presence::{Presence, Reaction},
    types::{ValidatorKey, ValidatorSecret},
};

fn others() -> Vec<ValidatorKey> {
    (0..3).map(|seed| ValidatorSecret::from_seed(seed).public_key()).collect()
}

#[test]
fn a_height_is_asked_for_once_more_claim_it_than_can_be_faulty() {
    let others = others();
    let mut claimants = others[..2].to_vec();
    claimants.sort();
    let mut presence = Presence::new(&others, 0);
    presence.stand_at(10, 100);
    for (at, other) in (200..).zip(&others) {
        assert_eq!(presence.hear(other, 10, at), Reaction::Help, "it has just come");
    }
    assert_eq!(presence.hear(&others[0], u64::MAX, 2_000), Reaction::None, "one may lie");
    assert!(!presence.lags());
    assert_eq!(presence.hear(&others[1], 12, 2_000), Reaction::Ask(12, claimants.clone()));
    assert!(presence.lags());
    assert_eq!(presence.hear(&others[0], 13, 4_000), Reaction::None, "it was asked for already");
    assert!(matches!(presence.hear(&others[0], 13, 12_500), Reaction::None));
    assert_eq!(presence.hear(&others[1], 12, 12_500), Reaction::Ask(12, claimants));
    presence.stand_at(12, 13_000);
    assert!(!presence.lags());
}

#[test]
fn a_node_that_advances_asks_for_nothing() {
    let others = others();
    let mut presence = Presence::new(&others, 0);
    presence.hear(&others[0], 12, 100);
    presence.hear(&others[1], 12, 100);
    presence.stand_at(3, 2_500);
    assert_eq!(presence.hear(&others[1], 12, 3_000), Reaction::None);
    assert!(matches!(presence.hear(&others[1], 12, 4_000), Reaction::Ask(12, _)));
}

#[test]
fn who_is_behind_or_comes_back_gets_a_block_once_a_minute() {
    let others = others();
    let mut presence = Presence::new(&others, 0);
    presence.stand_at(10, 0);
    assert_eq!(presence.hear(&others[0], 4, 5_000), Reaction::Help);
    assert!(presence.wants(11) && !presence.wants(12));
    presence.stand_at(11, 5_100);
    assert!(!presence.wants(12));
    assert_eq!(presence.hear(&others[0], 4, 8_000), Reaction::None);
    assert_eq!(presence.hear(&others[0], 11, 66_000), Reaction::Help, "it was away");
    assert_eq!(presence.hear(&others[0], 11, 68_000), Reaction::None);
    let stranger = ValidatorSecret::from_seed(9).public_key();
    assert_eq!(presence.hear(&stranger, 99, 69_000), Reaction::None);
}

#[test]
fn who_was_not_heard_for_seven_seconds_is_away() {
    let others = others();
    let mut presence = Presence::new(&others, 1_000);
    assert!(presence.is_there(&others[0], 7_999), "nothing can have been heard yet");
    assert!(presence.there().is_empty());
    presence.hear(&others[1], 5, 8_000);
    presence.stand_at(5, 9_000);
    assert!(!presence.is_there(&others[0], 9_000));
    assert_eq!(presence.there(), [(others[1].clone(), 5)]);
    presence.stand_at(5, 15_000);
    assert!(presence.there().is_empty());
    presence.hear(&others[2], 5, 20_000);
    assert!(!presence.is_there(&others[2], 19_000), "the clock was set back");
}
