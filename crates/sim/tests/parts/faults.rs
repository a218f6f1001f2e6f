use pacta_sim::{
    Options,
    faults::{Fault, Planned, Unsynced, plan},
};
use std::collections::BTreeSet;

#[test]
fn a_plan_is_in_order_of_time_and_ends_with_all_running() {
    for seed in 0..200 {
        let options = Options::of_seed(seed);
        let plan = plan(&options);
        assert!(plan.windows(2).all(|two| two[0].at_ms <= two[1].at_ms), "seed {seed}");
        assert_eq!(plan.last().unwrap().fault, Fault::Heal, "seed {seed}");
        let mut down = BTreeSet::new();
        for planned in &plan {
            match &planned.fault {
                Fault::Crash { validator } => {
                    assert!(*validator < options.validators && down.insert(*validator));
                }
                Fault::Restart { validator } => assert!(down.remove(validator)),
                Fault::Partition { groups } => {
                    let members: BTreeSet<_> = groups.iter().flatten().collect();
                    assert_eq!(members.len() as u32, options.validators, "seed {seed}");
                    assert!(groups.iter().all(|group| !group.is_empty()), "seed {seed}");
                }
                _ => {}
            }
        }
        assert!(down.is_empty(), "seed {seed}");
    }
}

#[test]
fn a_hundred_seeds_meet_every_kind_of_fault_and_of_loss() {
    let plans: Vec<Planned> = (0..100).flat_map(|seed| plan(&Options::of_seed(seed))).collect();
    let has = |wanted: fn(&Fault) -> bool| plans.iter().any(|planned| wanted(&planned.fault));
    assert!(has(|fault| matches!(fault, Fault::Partition { .. })));
    assert!(has(|fault| matches!(fault, Fault::Crash { .. })));
    assert!(has(|fault| matches!(fault, Fault::Links(links) if links.lost_per_mille > 50)));
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
