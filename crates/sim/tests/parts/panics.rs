use std::panic;

use pacta_sim::panics::Keeper;

#[test]
fn a_panic_is_kept_only_while_it_is_asked_for() {
    let keeper = Keeper::begin();
    assert!(panic::catch_unwind(|| panic!("the first {}", 1)).is_err());
    assert_eq!(keeper.take(), ["the first 1"]);
    assert!(keeper.take().is_empty());
}
