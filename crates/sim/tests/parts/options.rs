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
fn seeds_choose_every_number_of_validators() {
    let chosen: Vec<u32> = (0..4).map(|seed| Options::of_seed(seed).validators).collect();
    assert_eq!(chosen, [4, 5, 6, 7]);
}
