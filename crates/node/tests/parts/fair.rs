use std::{cell::Cell, collections::VecDeque};

use pacta_node::fair::Fair;

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn up_to(&mut self, most: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most + 1
    }
}

#[test]
fn items_of_a_lane_keep_their_order_and_lanes_take_turns() {
    let mut fair = Fair::default();
    for item in 0..3 {
        fair.push('a', 10, item);
    }
    for item in 10..13 {
        fair.push('b', 10, item);
    }
    let order: Vec<_> = std::iter::from_fn(|| fair.pop()).map(|(_, item)| item).collect();
    assert_eq!(order, [0, 10, 1, 11, 2, 12]);
    assert_eq!((fair.total(), fair.is_empty()), ((0, 0), true));
}

#[test]
fn what_costs_more_has_fewer_turns() {
    let mut fair = Fair::default();
    for item in 0..100 {
        fair.push("large", 50, item);
        fair.push("small", 10, item);
    }
    let first: Vec<_> = (0..60).filter_map(|_| fair.pop()).map(|(lane, _)| lane).collect();
    let small = first.iter().filter(|lane| **lane == "small").count();
    assert_eq!(small, 50);
}

/// The bound: whatever other lanes hold, and however much more they are given meanwhile, an item
/// that comes to an empty lane waits for no more of each than what costs as much as the greatest
/// item, and for one item beyond.
#[test]
fn a_flood_delays_another_lane_by_no_more_than_one_item_of_each() {
    const COST_MAX: u64 = 64;
    for seed in 0..200 {
        let mut dice = Dice(seed);
        let mut fair = Fair::default();
        let lanes = dice.up_to(8);
        let flood = |fair: &mut Fair<u64, u64>, dice: &mut Dice, times: u64| {
            for lane in 1..=lanes {
                for _ in 0..times {
                    let cost = dice.up_to(COST_MAX);
                    fair.push(lane, cost as usize, cost);
                }
            }
        };
        flood(&mut fair, &mut dice, 100);
        for _ in 0..dice.up_to(200) {
            fair.pop();
        }
        fair.push(0, COST_MAX as usize, 0);
        let mut waited = vec![0; lanes as usize + 1];
        loop {
            let (lane, cost) = fair.pop().unwrap();
            if lane == 0 {
                break;
            }
            waited[lane as usize] += cost;
            flood(&mut fair, &mut dice, 3); // it goes on, faster than it is served
        }
        assert!(waited.iter().all(|cost| *cost <= 2 * COST_MAX), "seed {seed}: {waited:?}");
    }
}

/// A lane that never holds more than one item has its part, and no more.
#[test]
fn a_lane_that_is_filled_again_at_once_starves_nobody() {
    let mut fair = Fair::default();
    for item in 0..50 {
        fair.push("patient", 10, item);
    }
    fair.push("eager", 10, 0);
    let mut patient = 0;
    for _ in 0..100 {
        match fair.pop().unwrap() {
            ("eager", _) => fair.push("eager", 10, 0),
            _ => patient += 1,
        }
    }
    assert!((49..=50).contains(&patient), "{patient}");
}

/// In the long run each lane that always wants something has the same, whatever its items cost.
#[test]
fn lanes_that_always_want_have_the_same() {
    let mut fair = Fair::default();
    let mut dice = Dice(7);
    let served = [const { Cell::new(0) }; 4];
    for lane in 0..4usize {
        fair.push(lane, 1, ());
    }
    let mut costs: Vec<VecDeque<u64>> = vec![VecDeque::from([1]); 4];
    for _ in 0..20_000 {
        let (lane, ()) = fair.pop().unwrap();
        served[lane].set(served[lane].get() + costs[lane].pop_front().unwrap());
        for _ in 0..2 {
            let cost = dice.up_to(10 * (lane as u64 + 1));
            costs[lane].push_back(cost);
            fair.push(lane, cost as usize, ());
        }
    }
    let least = served.iter().map(Cell::get).min().unwrap();
    let most = served.iter().map(Cell::get).max().unwrap();
    assert!(most - least <= 80, "{served:?}");
}
