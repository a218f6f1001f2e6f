use std::num::NonZeroU32;

use pacta_node::rollcall::*;

const PLAN: Digest = [7; 32];
const FOUNDERS: usize = 5;

fn attempt(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).unwrap()
}

fn rolls() -> Vec<Roll> {
    (0..FOUNDERS).map(|me| Roll::new(me, FOUNDERS, PLAN, attempt(1))).collect()
}

/// Everybody among `there` calls, and everybody among them hears it.
fn call_round(rolls: &mut [Roll], there: &[usize], now_ms: u64) {
    for who in there {
        let call = rolls[*who].call(now_ms).encode();
        for hearer in there.iter().filter(|hearer| *hearer != who) {
            rolls[*hearer].hear(*who, &call, now_ms);
        }
    }
}

#[test]
fn a_call_reads_back_and_nothing_else_passes_for_one() {
    let call = Call {
        plan: PLAN,
        attempt: attempt(3),
        stage: Stage::Agreed,
        network: [9; 32],
        done: vec![0b1_0001],
    };
    let bytes = call.encode();
    assert_eq!(Call::decode(&bytes), Ok(call.clone()));
    assert_eq!(Call::decode(&[]), Err(BadCall::Malformed));
    assert_eq!(Call::decode(&bytes[..bytes.len() - 2]), Err(BadCall::Malformed));
    let longest = Call { done: vec![0; 32], ..call };
    assert!(Call::decode(&longest.encode()).is_ok());
    let too_long = Call { done: vec![0; 33], ..longest.clone() };
    assert_eq!(Call::decode(&too_long.encode()), Err(BadCall::Malformed));
    let mut changed = longest.encode();
    changed[37] = 6; // no stage
    assert_eq!(Call::decode(&changed), Err(BadCall::Malformed));
    changed[0] = 2;
    assert_eq!(Call::decode(&changed), Err(BadCall::Version(2)));
}

#[test]
fn the_ceremony_begins_only_when_all_hear_all() {
    let mut rolls = rolls();
    let four = [0, 1, 2, 3];
    for now_ms in [10_000, 10_250, 10_500] {
        call_round(&mut rolls, &four, now_ms);
    }
    assert!(rolls.iter().all(|roll| !roll.all_ready(10_500)));
    assert_eq!(rolls[0].standing(4, 10_500), Standing::Absent);

    let all = [0, 1, 2, 3, 4];
    for now_ms in [10_750, 11_000, 11_250] {
        call_round(&mut rolls, &all, now_ms);
    }
    assert!(rolls.iter().all(|roll| roll.all_ready(11_250)));
    let later = 11_250 + ABSENT_MS;
    assert!(rolls.iter().all(|roll| !roll.all_ready(later)), "who was heard once may be gone");

    rolls[0].begin();
    call_round(&mut rolls, &all, later);
    call_round(&mut rolls, &all, later);
    assert!(rolls[1].all_ready(later), "who has begun is ready");
}

#[test]
fn one_founder_with_another_plan_is_named_and_is_told_that_it_is_the_odd_one() {
    let mut rolls = rolls();
    let other = [8; 32];
    rolls[4] = Roll::new(4, FOUNDERS, other, attempt(1));
    for now_ms in [1_000, 1_250] {
        call_round(&mut rolls, &[0, 1, 2, 3, 4], now_ms);
    }
    for roll in &rolls[..4] {
        assert_eq!(roll.standing(4, 1_250), Standing::OtherPlan(other));
        assert_eq!(roll.odd(1_250), None, "one founder cannot stop the others");
        assert!(!roll.all_ready(1_250));
    }
    assert_eq!(rolls[4].odd(1_250), Some(Odd::Plan(vec![0, 1, 2, 3], PLAN)));
}

#[test]
fn who_is_at_an_earlier_attempt_is_told_and_others_wait_for_it() {
    let mut rolls: Vec<_> =
        (0..FOUNDERS).map(|me| Roll::new(me, FOUNDERS, PLAN, attempt(2))).collect();
    rolls[0] = Roll::new(0, FOUNDERS, PLAN, attempt(1));
    call_round(&mut rolls, &[0, 1, 2, 3, 4], 1_000);
    assert_eq!(rolls[1].standing(0, 1_000), Standing::OtherAttempt(attempt(1)));
    assert_eq!(rolls[1].odd(1_000), None);
    assert_eq!(rolls[0].odd(1_000), Some(Odd::Attempt(vec![1, 2, 3, 4], attempt(2))));
}

#[test]
fn founders_compare_the_network_and_leave_when_all_have_finished() {
    let mut rolls = rolls();
    let all = [0, 1, 2, 3, 4];
    for roll in &mut rolls {
        roll.begin();
        roll.agree([1; 32]);
    }
    call_round(&mut rolls, &all, 1_000);
    assert!(rolls.iter().all(|roll| roll.all_agreed() && roll.odd(1_000).is_none()));
    for roll in rolls.iter_mut().take(4) {
        roll.finish(1_000);
    }
    call_round(&mut rolls, &all, 1_250);
    assert!(rolls.iter().all(|roll| !roll.is_over(1_250)));
    assert!(!rolls[0].is_done(4));
    rolls[4].finish(1_300);
    call_round(&mut rolls, &[3, 4], 1_500);
    call_round(&mut rolls, &[0, 1, 2, 3], 1_750);
    assert!(!rolls[0].is_over(1_750), "one founder's word for another is not enough");
    call_round(&mut rolls, &[2, 4], 2_000);
    call_round(&mut rolls, &[0, 1, 2, 3], 2_250);
    assert!(rolls.iter().all(|roll| roll.is_over(2_250)), "what two heard reaches the others");
}

#[test]
fn who_knows_that_the_ceremony_was_in_vain_stays_until_all_know() {
    let mut rolls = rolls();
    for roll in &mut rolls {
        roll.begin();
    }
    rolls[0].give_up(1_000);
    call_round(&mut rolls, &[0, 1, 2, 3, 4], 1_000);
    assert_eq!(rolls[1].standing(0, 1_000), Standing::There(Stage::Void));
    assert!(!rolls[0].all_know(1_000));
    for roll in &mut rolls[1..] {
        roll.give_up(1_250);
    }
    call_round(&mut rolls, &[0, 1, 2, 3, 4], 1_250);
    assert!(rolls.iter().all(|roll| roll.all_know(1_250)));
}

#[test]
fn another_network_is_never_agreed_upon() {
    let mut rolls = rolls();
    for (place, roll) in (0..).zip(&mut rolls) {
        roll.begin();
        roll.agree([u8::from(place == 2); 32]);
    }
    call_round(&mut rolls, &[0, 1, 2, 3, 4], 1_000);
    assert_eq!(rolls[0].odd(1_000), Some(Odd::Network(2, [1; 32])));
    assert_eq!(rolls[2].odd(1_000), Some(Odd::Network(0, [0; 32])));
}

#[test]
fn who_has_finished_and_hears_nobody_does_not_wait_for_ever() {
    let mut rolls = rolls();
    rolls[0].begin();
    rolls[0].agree([1; 32]);
    rolls[0].finish(5_000);
    assert!(!rolls[0].is_over(5_000 + ALONE_MS - 1));
    assert!(rolls[0].is_over(5_000 + ALONE_MS));
}

#[test]
fn who_has_finished_is_not_stopped_by_a_founder_that_says_something_else_later() {
    let mut rolls = rolls();
    let all = [0, 1, 2, 3, 4];
    for roll in &mut rolls {
        roll.begin();
        roll.agree([1; 32]);
    }
    call_round(&mut rolls, &all, 1_000);
    rolls[0].finish(1_250);
    rolls[2].agree([9; 32]);
    call_round(&mut rolls, &all, 1_500);
    assert_eq!(rolls[0].odd(1_500), None);
    assert_eq!(rolls[0].standing(2, 1_500), Standing::OtherNetwork([9; 32]), "it is named");
    assert_eq!(rolls[1].odd(1_500), Some(Odd::Network(2, [9; 32])), "who has not finished");
    rolls[2] = Roll::new(2, FOUNDERS, [8; 32], attempt(1));
    rolls[3] = Roll::new(3, FOUNDERS, [8; 32], attempt(1));
    call_round(&mut rolls, &all, 1_750);
    assert_eq!(rolls[0].odd(1_750), None, "nor by two with another plan");
}
