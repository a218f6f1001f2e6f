use std::collections::BTreeSet;

use commonware_cryptography::Signer as _;
use pacta_node::{
    presence::{Presence, Reaction, decode, encode},
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
    assert_eq!(presence.reach(15, 0), Reaction::None);
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
    assert_eq!(presence.reach(15, 0), Reaction::None);
    presence.hear(&others[0], 12, 100);
    presence.hear(&others[1], 12, 100);
    presence.stand_at(3, 2_500);
    assert_eq!(presence.hear(&others[1], 12, 3_000), Reaction::None);
    assert!(matches!(presence.hear(&others[1], 12, 4_000), Reaction::Ask(12, _)));
}

#[test]
fn a_node_goes_from_the_end_of_one_epoch_to_that_of_the_next() {
    let others = others();
    let mut claimants = others[..2].to_vec();
    claimants.sort();
    let mut presence = Presence::new(&others, 0);
    presence.hear(&others[0], 70, 100);
    presence.hear(&others[1], 40, 100);
    assert_eq!(presence.hear(&others[0], 70, 2_000), Reaction::None, "no committee is known");
    assert_eq!(presence.reach(15, 2_100), Reaction::Ask(15, claimants.clone()));
    assert_eq!(presence.hear(&others[0], 70, 4_000), Reaction::None, "it was asked for already");
    assert!(presence.lags());
    presence.hear(&others[0], 70, 9_000);
    assert_eq!(presence.hear(&others[1], 40, 12_100), Reaction::Ask(15, claimants.clone()));
    presence.stand_at(15, 13_000);
    assert_eq!(presence.reach(31, 13_000), Reaction::Ask(31, claimants.clone()), "at once");
    presence.stand_at(31, 13_500);
    assert_eq!(presence.reach(47, 13_500), Reaction::Ask(40, claimants), "one alone is beyond");
    presence.stand_at(40, 14_000);
    assert_eq!(presence.reach(47, 14_000), Reaction::None);
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

#[test]
fn who_abstains_leads_nothing_and_gets_a_block_once_a_minute() {
    let others = others();
    let mut presence = Presence::new(&others, 0);
    presence.stand_at(10, 100);
    assert_eq!(presence.hear(&others[0], 10, 200), Reaction::Help, "it has just come");
    presence.note_abstains(&others[0], true);
    assert!(presence.is_there(&others[0], 3_000) && !presence.can_lead(&others[0], 3_000));
    assert_eq!(presence.hear(&others[0], 10, 3_000), Reaction::None, "it was helped");
    for second in 4..62 {
        presence.hear(&others[0], 10, second * 1_000 - 1);
    }
    presence.stand_at(11, 61_500);
    presence.hear(&others[0], 11, 61_900);
    assert!(presence.wants(11), "a minute has passed");
    presence.note_abstains(&others[0], false);
    assert!(presence.can_lead(&others[0], 62_000));
    assert_eq!(presence.hear(&others[0], 11, 180_000), Reaction::Help, "it was away");
    assert_eq!(presence.hear(&others[0], 11, 250_000), Reaction::Help, "and again");
}

#[test]
fn who_cannot_be_helped_costs_some_dozen_blocks_a_day() {
    let others = others();
    let mut presence = Presence::new(&others, 0);
    let mut helps = Vec::new();
    for second in 1..3 * 86_400 {
        let now = second * 1_000;
        presence.stand_at(10 + helps.len() as u64, now);
        presence.note_abstains(&others[0], true);
        if presence.hear(&others[0], 10, now) == Reaction::Help {
            helps.push(second);
        }
    }
    assert_eq!(helps[..5], [1, 61, 121, 181, 301], "a few soon, then ever more rarely");
    let of_day = |day: u64| helps.iter().filter(|at| **at / 86_400 == day).count();
    assert!((1..=24).contains(&of_day(0)), "{helps:?}");
    assert!((1..=12).contains(&of_day(2)), "{helps:?}");

    let now = 10 * 86_400_000;
    presence.stand_at(100, now);
    for minute in 0..3 {
        let heard = presence.hear(&others[0], 10, now + minute * 60_000);
        assert_eq!(heard, Reaction::Help, "what was long ago is forgotten");
    }
}

#[test]
fn who_lost_its_connection_leads_nothing_until_it_has_one_again() {
    let others = others();
    let mut presence = Presence::new(&others, 0);
    assert!(!presence.note_told(&others[1..]));
    assert!(presence.can_lead(&others[0], 100), "it may not have come yet");
    presence.hear(&others[0], 0, 200);
    assert!(!presence.note_told(&others));
    assert!(presence.note_told(&others[1..]), "it was there");
    assert!(presence.is_there(&others[0], 400) && !presence.can_lead(&others[0], 400));
    assert!(presence.note_told(&others));
    assert!(presence.can_lead(&others[0], 500));
}

#[test]
fn a_node_is_connected_to_more_validators_than_can_be_faulty() {
    let others = others();
    let mut presence = Presence::new(&others, 0);
    presence.stand_at(0, 100);
    presence.hear(&others[0], 0, 100);
    assert!(!presence.is_connected(), "one of four may be faulty");
    presence.hear(&others[1], 0, 100);
    assert!(presence.is_connected());
    presence.stand_at(0, 8_000);
    assert!(!presence.is_connected(), "it hears them no more");
}

#[test]
fn what_a_validator_tells_is_read_as_it_was_written_and_nothing_else_is() {
    for (height, abstains) in [(0, false), (1, true), (u64::MAX, true)] {
        assert_eq!(decode(&encode(height, abstains)), Some((height, abstains)));
    }
    for bad in [&[][..], &[0; 8], &[0; 10], &[0, 0, 0, 0, 0, 0, 0, 0, 2]] {
        assert_eq!(decode(bad), None, "{bad:?}");
    }
}

#[test]
fn only_those_who_sign_tell_how_many_may_be_faulty_and_whether_a_node_is_synchronised() {
    let signing = others();
    let strangers: Vec<_> =
        (10..40).map(|seed| ValidatorSecret::from_seed(seed).public_key()).collect();
    let committee: BTreeSet<_> = signing.iter().cloned().collect();
    let mut presence = Presence::new([], 0);
    assert!(presence.is_synchronised(), "a node alone");
    presence.set_others(signing.iter().chain(&strangers), &committee);
    presence.stand_at(5, 100);
    for stranger in &strangers {
        presence.hear(stranger, 5, 200);
    }
    assert!(!presence.is_synchronised(), "those who sign may be elsewhere");
    assert!(!presence.is_connected());
    presence.stand_at(5, 300);
    presence.hear(&signing[0], 5, 300);
    assert!(presence.is_synchronised() && presence.is_connected(), "each of three is honest");
    presence.hear(&strangers[0], u64::MAX, 400);
    assert!(presence.is_synchronised(), "whatever others say");
    assert!(presence.hears(&signing[0]) && !presence.hears(&signing[1]));
    assert_eq!(presence.reach(15, 400), Reaction::Ask(15, vec![strangers[0].clone()]));
    presence.hear(&signing[0], 9, 500);
    assert!(!presence.is_synchronised());
    // Those of the founding have left: strangers lead to where others sign.
    let mut newcomer = Presence::new([], 0);
    newcomer.set_others(signing.iter().chain(&strangers), &committee);
    assert_eq!(newcomer.reach(15, 0), Reaction::None);
    newcomer.hear(&strangers[1], 70, 200);
    newcomer.stand_at(0, 300);
    assert_eq!(newcomer.claimed(), 70);
}
