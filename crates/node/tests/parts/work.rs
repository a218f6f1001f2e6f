use std::time::Duration;

use pacta_node::work::{ACTOR_ACTS_MIN, ACTOR_WORK, BLOCK_ACTS_MIN, BLOCK_WORK, Room, WorkPace};

#[test]
fn a_block_holds_what_is_executed_in_its_time() {
    let pace = WorkPace::default();
    for _ in 0..40 {
        pace.note(1_000, Duration::from_millis(200));
    }
    let room = pace.room();
    for (acts, time) in [(room.acts, BLOCK_WORK), (room.of_actor, ACTOR_WORK)] {
        let expected = time.as_micros() / 200;
        assert!((acts as u128).abs_diff(expected) * 50 < expected, "{acts} and not {expected}");
    }
    pace.note(1, Duration::from_secs(9));
    assert_eq!(pace.room(), room, "few acts tell nothing");
}

#[test]
fn limits_hold_however_fast_or_slow_the_machine_is() {
    let pace = WorkPace::default();
    for _ in 0..100 {
        pace.note(1_000, Duration::ZERO);
    }
    assert_eq!(pace.room(), Room::ALL);
    for _ in 0..100 {
        pace.note(1_000, Duration::MAX);
    }
    assert_eq!(pace.room(), Room { acts: BLOCK_ACTS_MIN, of_actor: ACTOR_ACTS_MIN });
}
