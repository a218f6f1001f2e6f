use std::time::Duration;

use pacta_node::{
    block::BLOCK_ACTS_MAX,
    work::{BLOCK_ACTS_MIN, BLOCK_WORK, WorkPace},
};

#[test]
fn a_block_holds_what_is_executed_in_its_time() {
    let pace = WorkPace::default();
    for _ in 0..40 {
        pace.note(1_000, Duration::from_millis(200));
    }
    let acts = pace.acts_max() as u128;
    let expected = BLOCK_WORK.as_micros() / 200;
    assert!(acts.abs_diff(expected) * 50 < expected, "{acts} and not {expected}");
    pace.note(1, Duration::from_secs(9));
    assert_eq!(pace.acts_max() as u128, acts, "few acts tell nothing");
}

#[test]
fn limits_hold_however_fast_or_slow_the_machine_is() {
    let pace = WorkPace::default();
    for _ in 0..100 {
        pace.note(1_000, Duration::ZERO);
    }
    assert_eq!(pace.acts_max(), BLOCK_ACTS_MAX);
    for _ in 0..100 {
        pace.note(1_000, Duration::MAX);
    }
    assert_eq!(pace.acts_max(), BLOCK_ACTS_MIN);
}
