use std::panic;

use pacta_sim::panics::{Keeper, Suspect};

#[test]
fn a_panic_is_kept_only_while_it_is_asked_for() {
    let keeper = Keeper::begin();
    assert!(panic::catch_unwind(|| panic!("the first {}", 1)).is_err());
    let kept = keeper.take();
    assert_eq!((kept.len(), kept[0].validator, kept[0].message.as_str()), (1, None, "the first 1"));
    assert!(keeper.take().is_empty());
}

#[test]
fn a_panic_is_that_of_the_validator_whose_task_it_ends() {
    let keeper = Keeper::begin();
    drop(Suspect(1));
    assert!(keeper.take().is_empty());
    let task = || {
        let _outer = Suspect(3);
        let _suspect = Suspect(2);
        panic!("of the second")
    };
    assert!(panic::catch_unwind(task).is_err());
    assert_eq!(keeper.take()[0].validator, Some(2));
}
