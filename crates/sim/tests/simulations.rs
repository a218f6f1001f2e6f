//! Whole networks under faults: what must hold does, and a planted error is found and named.

use pacta_sim::{Bug, Options, Report, run, run_many};

fn violated(report: &Report) -> Vec<&str> {
    let violated = report.properties.iter().filter(|verdict| !verdict.holds);
    violated.map(|verdict| verdict.property).collect()
}

#[test]
fn every_property_holds_under_faults() {
    let seeds = (0..8).map(Options::of_seed);
    let summary = run_many(seeds, |report| {
        assert!(report.holds, "{}\n{}", report.replay, report.to_json());
        assert!(report.acts.executed > 0, "{}", report.replay);
    });
    let summary = summary.unwrap();
    assert_eq!(summary.seeds, 8);
    assert!(summary.restarts > 0 && summary.acts.refused > 0 && summary.acts.turned_away > 0);
}

#[test]
fn the_same_seed_gives_the_same_bytes_twice() {
    let [one, two] = [9, 9].map(|seed| run(&Options::of_seed(seed)).unwrap());
    assert_eq!(one.to_json(), two.to_json());
    let other = run(&Options::of_seed(13)).unwrap();
    assert_ne!(one.trace, other.trace);
}

#[test]
fn a_validator_that_executes_one_act_differently_is_found_and_named() {
    let options = Options { faults: false, bug: Some(Bug { validator: 2 }), ..Options::new(5, 4) };
    let report = run(&options).unwrap();
    assert!(!report.holds);
    let roots = &report.properties[0];
    assert_eq!(roots.property, "all validators have one pair of roots at each height");
    assert!(!roots.holds, "{}", report.to_json());
    assert!(roots.listed.iter().all(|violation| violation.validator == Some(2)));
    assert!(roots.listed.iter().any(|violation| violation.act.is_some()));
    assert!(violated(&report).len() < report.properties.len() / 2, "{:?}", violated(&report));
    assert!(report.replay.contains("--seed 5"));
}
