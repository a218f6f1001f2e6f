//! Whole networks under faults: what must hold does, and a planted error is found and named.

use pacta_sim::{
    Bug, Options, Report,
    hostile::Manners,
    quiet::{rest, rest_beside_one_that_abstains},
    run, run_many,
};

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

/// Leaders with nothing to propose left a block without the child that alone could make it final;
/// and a node whose disk lies ended while it started.
#[test]
fn what_once_stopped_goes_on() {
    let summary = run_many([101, 613, 637].map(Options::of_seed), |report| {
        assert!(report.holds, "{}: {:?}", report.replay, violated(report));
    });
    assert_eq!(summary.unwrap().seeds, 3);
}

/// Every kind that seeds draw, each in a few simulations of 4 to 7 validators.
#[test]
fn every_kind_of_fault_comes_and_none_breaks_anything() {
    let seeds = [8, 10, 16, 20, 28, 32, 40, 44, 52, 56, 60, 64];
    let summary = run_many(seeds.map(Options::of_seed), |report| {
        assert!(report.holds, "{}\n{}", report.replay, report.to_json());
    });
    let summary = summary.unwrap();
    let kinds = [
        "between_capitals",
        "clocks_far_off",
        "clocks_set",
        "contradictions",
        "crashes",
        "failing_disks",
        "forgetful_disks",
        "full_disks",
        "lossy_links",
        "misreading_disks",
        "nonsense",
        "partitions",
        "power_failures_all_unsynced_lost",
        "power_failures_beginnings_left",
        "power_failures_scattered_bytes_left",
        "repeated_messages",
        "replayed_messages",
        "split_votes",
        "unfit_acts",
        "withheld_acts",
        "withheld_messages",
        "wrong_roots",
    ];
    let missing: Vec<_> = kinds.iter().filter(|kind| !summary.with.contains_key(*kind)).collect();
    assert!(missing.is_empty(), "{missing:?} in {:?}", summary.with);
    let disks = summary.disks;
    assert!(disks.full > 0 && disks.failed > 0 && disks.forgotten > 0 && disks.misread > 0);
}

#[test]
fn beyond_what_is_borne_no_node_crashes_and_who_contradicts_itself_is_named() {
    let seeds = (0..6).map(|seed| Options { hostile: 2, beyond: true, ..Options::new(seed, 4) });
    let mut named = 0;
    let summary = run_many(seeds, |report| {
        assert!(report.holds, "{}\n{}", report.replay, report.to_json());
        named += usize::from(!report.named.is_empty());
        let forked = !report.forks.is_empty();
        assert!(!forked || !report.named.is_empty(), "nobody is named: {}", report.replay);
        assert!(report.named.iter().all(|one| [2, 3].contains(one)), "{}", report.replay);
    });
    let summary = summary.unwrap();
    assert!(summary.splits > 0 && summary.with_forks > 0);
    assert!(named >= 4, "only {named} of 6 reports name anybody");
}

/// A leader whose clock is an hour fast has its blocks made final if nobody looks at the clock.
#[test]
fn a_network_that_ignores_clocks_is_found() {
    let bug = Some(Bug::IgnoresClocks);
    let skewed = |seed: &u64| {
        let manners = Manners::of(*seed, 3);
        manners.skews && !manners.garbles && manners.clock_offset_ms(*seed, 3) > 0
    };
    let seeds = (0..200).filter(skewed).take(6);
    let options = seeds.map(|seed| Options { hostile: 1, bug, ..Options::new(seed, 4) });
    let summary = run_many(options, |_| {}).unwrap();
    assert!(!summary.failed.is_empty());
    let property = "no final block is dated ahead of all honest clocks";
    assert!(summary.failed.iter().all(|report| violated(report).contains(&property)));
}

#[test]
fn hostile_validators_break_nothing_and_who_contradicts_itself_is_named() {
    let seeds = (100..112).map(|seed| Options { hostile: 1, ..Options::new(seed, 4) });
    let summary = run_many(seeds, |report| {
        assert!(report.holds, "{}\n{}", report.replay, report.to_json());
    });
    let summary = summary.unwrap();
    assert!(summary.contradictions > 0 && summary.accusations > 0);
}

/// A validator that tells half of the others one thing and the rest another is found by the votes
/// in certificates; not always, since only what is certified is compared.
#[test]
fn who_votes_differently_to_different_validators_is_named() {
    let (mut named, mut split) = (0, 0);
    let seeds = (0..200).filter(|seed| {
        let manners = Manners::of(*seed, 3);
        manners.splits && !manners.contradicts && !manners.repeats
    });
    for seed in seeds.take(12) {
        let options = Options { hostile: 1, faults: false, ..Options::new(seed, 4) };
        let report = run(&options).unwrap();
        assert!(report.holds, "{}\n{}", report.replay, report.to_json());
        split += report.splits;
        assert!(report.accusations.iter().all(|one| one.accused == 3), "{}", report.replay);
        named += usize::from(!report.accusations.is_empty());
    }
    assert!(split > 0 && named >= 4, "only {named} of 12, {split} votes were split");
}

#[test]
fn a_network_that_keeps_no_evidence_is_found() {
    let seeds = (100..112).map(|seed| {
        let bug = Some(Bug::Forgives);
        Options { hostile: 1, faults: false, bug, ..Options::new(seed, 4) }
    });
    let summary = run_many(seeds, |_| {}).unwrap();
    assert!(!summary.failed.is_empty());
    for report in &summary.failed {
        let only = "who contradicts itself is named by evidence, and nobody else is";
        assert_eq!(violated(report), [only], "{}", report.replay);
    }
}

#[test]
fn a_network_at_rest_writes_little_and_a_death_costs_it_little() {
    let quiet = rest(3, 1).unwrap();
    assert!(quiet.is_whole() && quiet.lost == 0 && quiet.idle_blocks == 1, "{quiet:?}");
    assert!(quiet.idle_written_bytes > 0, "{quiet:?}");
    assert!(quiet.idle_written_bytes_per_day <= 5_000_000, "{quiet:?}");
    assert!(quiet.alive.p50_ms > 0 && quiet.added_p99_ms <= 1_000, "{quiet:?}");
}

#[test]
fn one_that_abstains_for_ever_costs_a_network_at_rest_ever_less() {
    let blocks = rest_beside_one_that_abstains(3, 3).unwrap();
    assert!((3..=20).contains(&blocks), "{blocks} blocks in three hours");
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
    let options = Options {
        faults: false,
        bug: Some(Bug::ExecutesDifferently { validator: 2 }),
        ..Options::new(5, 4)
    };
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
