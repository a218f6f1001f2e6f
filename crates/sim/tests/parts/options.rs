use pacta_sim::{ACTS_MAX, Bug, Options, VALIDATORS_MAX, VALIDATORS_MIN};

#[test]
fn limits_hold_at_their_values_and_are_refused_above() {
    assert!(Options::new(1, VALIDATORS_MIN).check().is_ok());
    assert!(Options::new(1, VALIDATORS_MAX).check().is_ok());
    assert!(Options::new(1, VALIDATORS_MIN - 1).check().is_err());
    assert!(Options::new(1, VALIDATORS_MAX + 1).check().is_err());
    assert!(Options { acts: ACTS_MAX, ..Options::new(1, 4) }.check().is_ok());
    assert!(Options { acts: ACTS_MAX + 1, ..Options::new(1, 4) }.check().is_err());
    let bug = Some(Bug::ExecutesDifferently { validator: 4 });
    assert!(Options { hostile: 1, ..Options::new(1, 6) }.check().is_ok());
    assert!(Options { hostile: 2, ..Options::new(1, 6) }.check().is_err());
    assert!(Options { bug, ..Options::new(1, 4) }.check().is_err());
}

#[test]
fn hostile_validators_and_lying_disks_share_what_is_borne_unless_it_is_said_otherwise() {
    let faulty = |hostile, lying_disks, beyond| {
        Options { hostile, lying_disks, beyond, ..Options::new(1, 7) }.check().is_ok()
    };
    assert!(faulty(2, 0, false) && faulty(0, 2, false) && faulty(1, 1, false));
    assert!(!faulty(2, 1, false) && !faulty(u32::MAX, 1, false));
    assert!(faulty(3, 0, true) && faulty(6, 0, true));
    assert!(!faulty(2, 0, true) && !faulty(7, 0, true));
    for seed in 0..1_000 {
        let options = Options::of_seed(seed);
        assert!(options.check().is_ok(), "{}", options.replay());
        let lying = (0..options.validators).filter(|one| options.lie(*one).is_some()).count();
        assert_eq!(lying as u32, options.lying_disks, "{}", options.replay());
        assert!(
            (0..options.validators)
                .all(|one| { !(options.is_hostile(one) && options.lie(one).is_some()) })
        );
    }
    let all = (0..1_000).map(Options::of_seed);
    let mixed = all.filter(|options| options.hostile > 0 && options.lying_disks > 0).count();
    assert!(mixed > 5, "only {mixed} simulations have both");
}

#[test]
fn seeds_choose_every_number_of_validators() {
    let chosen: Vec<u32> = (0..4).map(|seed| Options::of_seed(seed).validators).collect();
    assert_eq!(chosen, [4, 5, 6, 7]);
}
