use pacta_sim::{
    Options,
    faults::{CLOCK_OFFSET_MS_MAX, Delay, Fault, Links, Planned, Unsynced, plan},
    machine::Trouble,
};
use std::collections::BTreeSet;

#[test]
fn a_plan_is_in_order_of_time_and_ends_with_all_running() {
    for seed in 0..200 {
        let options = Options::of_seed(seed);
        let plan = plan(&options);
        assert!(plan.windows(2).all(|two| two[0].at_ms <= two[1].at_ms), "seed {seed}");
        assert_eq!(plan.last().unwrap().fault, Fault::Heal, "seed {seed}");
        let (mut down, mut ill) = (BTreeSet::new(), BTreeSet::new());
        for planned in &plan {
            match &planned.fault {
                Fault::Crash { validator } => {
                    assert!(*validator < options.validators && down.insert(*validator));
                }
                Fault::Restart { validator } => assert!(down.remove(validator)),
                Fault::Disk { validator, .. } => assert!(ill.insert(*validator)),
                Fault::DiskInOrder { validator } => assert!(ill.remove(validator)),
                Fault::Clock { validator, offset_ms } => {
                    assert!(offset_ms.abs() <= CLOCK_OFFSET_MS_MAX);
                    assert!(!options.is_hostile(*validator), "seed {seed}");
                }
                Fault::Partition { groups } => {
                    let members: BTreeSet<_> = groups.iter().flatten().collect();
                    assert_eq!(members.len() as u32, options.validators, "seed {seed}");
                    assert!(groups.iter().all(|group| !group.is_empty()), "seed {seed}");
                }
                _ => {}
            }
        }
        assert!(down.is_empty() && ill.is_empty(), "seed {seed}");
    }
}

#[test]
fn a_hundred_seeds_meet_every_kind_of_fault_and_of_loss() {
    let plans: Vec<Planned> = (0..100).flat_map(|seed| plan(&Options::of_seed(seed))).collect();
    let has = |wanted: fn(&Fault) -> bool| plans.iter().any(|planned| wanted(&planned.fault));
    assert!(has(|fault| matches!(fault, Fault::Partition { .. })));
    assert!(has(|fault| matches!(fault, Fault::Crash { .. })));
    assert!(has(|fault| matches!(fault, Fault::Links(links) if links.lost_per_mille > 50)));
    assert!(has(|fault| matches!(fault, Fault::Clock { offset_ms, .. } if *offset_ms < -1_000)));
    assert!(has(|fault| matches!(fault, Fault::Disk { trouble: Trouble::Full { .. }, .. })));
    assert!(has(|fault| matches!(fault, Fault::Disk { trouble: Trouble::Failing { .. }, .. })));
    let far = |links: &Links| matches!(links.delay, Delay::Capitals { .. });
    let far = |fault: &Fault| matches!(fault, Fault::Links(links) if far(links));
    let of_links = |planned: &&Planned| matches!(planned.fault, Fault::Links(_));
    let between_capitals = plans.iter().filter(|planned| far(&planned.fault)).count();
    assert!(between_capitals > 10 && between_capitals < plans.iter().filter(of_links).count());
    for unsynced in [Unsynced::Lost, Unsynced::Beginnings, Unsynced::Scattered] {
        let cut = Fault::PowerFailure { unsynced };
        assert!(plans.iter().any(|planned| planned.fault == cut), "{unsynced:?}");
    }
}

#[test]
fn the_same_seed_gives_the_same_plan() {
    assert_eq!(plan(&Options::of_seed(9)), plan(&Options::of_seed(9)));
    assert_ne!(plan(&Options::of_seed(9)), plan(&Options::of_seed(13)));
}

#[test]
fn more_hostile_ones_than_is_borne_are_on_both_sides_of_a_partition() {
    let mut partitions = 0;
    for seed in 0..20 {
        let options = Options { hostile: 3, beyond: true, ..Options::new(seed, 7) };
        for planned in plan(&options) {
            let Fault::Partition { groups } = planned.fault else { continue };
            partitions += 1;
            assert!(groups.iter().all(|group| group.ends_with(&[4, 5, 6])), "seed {seed}");
            assert!(groups.iter().all(|group| group.len() > 3), "seed {seed}");
        }
    }
    assert!(partitions > 0);
}
