use commonware_cryptography::Signer as _;
use pacta_node::{
    presence::{Presence, Reaction},
    types::{ValidatorKey, ValidatorSecret},
};

fn others() -> Vec<ValidatorKey> {
    (0..3).map(|seed| ValidatorSecret::from_seed(seed).public_key()).collect()
}

#[test]
fn who_claims_to_be_ahead_is_followed_once_a_minute_and_only_by_a_node_that_stands_still() {
    let others = others();
    let mut presence = Presence::new(&others, 0);
    presence.stand_at(10, 100);
    assert_eq!(presence.hear(&others[0], 10, 200), Reaction::Help, "it has just come");
    assert_eq!(presence.hear(&others[0], 12, 1_000), Reaction::None, "still catching up");
    assert_eq!(presence.hear(&others[0], 12, 2_000), Reaction::Follow);
    assert!(presence.lags(2_000));
    assert!(!presence.lags(13_000), "a claim hurries a node for a while only");
    assert_eq!(presence.hear(&others[0], u64::MAX, 4_000), Reaction::None);
    assert_eq!(presence.hear(&others[0], u64::MAX, 63_000), Reaction::Follow);
    presence.stand_at(12, 64_000);
    assert_eq!(presence.hear(&others[1], 12, 65_000), Reaction::Help);
    assert_eq!(presence.hear(&others[1], 13, 67_000), Reaction::Follow, "each has its own minute");
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
}
