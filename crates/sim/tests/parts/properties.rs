use pacta_sim::{
    hostile::Manners,
    machine::Lie,
    properties::{AHEAD_MS_MAX, CONTRADICTIONS_MAX, RECOVERY_MS_MAX, judge},
    trace::{Accusation, Divergence, Fork, Recovery, Seen, Sighting, Trace, Verified},
};

fn block(height: u64, acts: &[&str]) -> Seen {
    Seen {
        height,
        digest: format!("digest {height}"),
        parent: format!("digest {}", height - 1),
        instant: height * 10,
        ledger_root: format!("ledger {height}"),
        journal_root: format!("journal {height}"),
        acts: acts.iter().map(ToString::to_string).collect(),
        outcomes: Vec::new(),
        signed: Vec::new(),
        ceremony: None,
    }
}

/// Two validators, two blocks, one act, and nothing wrong.
fn sound() -> Trace {
    let chain = vec![block(1, &["act"]), block(2, &[])];
    let receipt = Verified { validator: 0, about: "act".into(), fault: None };
    let final_ms = [(0, Some(600)), (1, Some(700))].into();
    Trace {
        chains: [(0, chain.clone()), (1, chain)].into(),
        receipts: vec![receipt],
        recovery: Some(Recovery { healed_ms: 500, act: "last".into(), final_ms }),
        lawful: [(1, Vec::new()), (2, Vec::new())].into(),
        ..Trace::default()
    }
}

fn violated(trace: &Trace) -> Vec<&'static str> {
    judge(trace).iter().filter(|one| !one.holds).map(|one| one.property).collect()
}

fn chain(trace: &mut Trace, validator: u32) -> &mut Vec<Seen> {
    trace.chains.get_mut(&validator).unwrap()
}

#[test]
fn every_property_is_violated_by_what_it_names_alone() {
    assert!(violated(&sound()).is_empty());

    let mut trace = sound();
    chain(&mut trace, 1)[1].ledger_root = "another".into();
    assert_eq!(violated(&trace), ["all validators have one pair of roots at each height"]);

    let mut trace = sound();
    chain(&mut trace, 1)[1].digest = "another".into();
    assert_eq!(violated(&trace), ["all validators have one chain of blocks"]);

    let mut trace = sound();
    trace.lawful.insert(2, vec!["an outcome".into()]);
    assert_eq!(violated(&trace), ["all outcomes are those of a bare replay of the law"]);

    let mut trace = sound();
    trace.stopped.push((Some(1), "of a panic".into()));
    assert_eq!(violated(&trace), ["no validator stops by itself"]);

    let mut trace = sound();
    for validator in [0, 1] {
        chain(&mut trace, validator)[1].instant = 10;
    }
    assert_eq!(violated(&trace), ["instants increase from block to block"]);

    let mut trace = sound();
    chain(&mut trace, 1).clear();
    assert_eq!(violated(&trace), ["no final act is lost"]);

    let mut trace = sound();
    trace.receipts[0].fault = Some("its signature is bad".into());
    assert_eq!(violated(&trace), ["each final act has a receipt that verifies offline"]);

    let mut trace = sound();
    trace.recovery.as_mut().unwrap().final_ms.insert(1, Some(501 + RECOVERY_MS_MAX));
    assert_eq!(violated(&trace), ["finality resumes within 30 s after all faults have ended"]);
}

#[test]
fn who_computes_other_roots_is_named_and_so_is_a_leader_that_several_contradict() {
    let divergence = |validator, block: &str| Divergence {
        validator,
        height: 2,
        block: block.into(),
        leader: 3,
        acts: vec!["act".into()],
        stated: ["a".into(), "b".into()],
        found: ["c".into(), "b".into()],
    };
    let named = |divergences| {
        let roots = judge(&Trace { divergences, ..sound() }).swap_remove(0);
        roots.listed.into_iter().filter_map(|one| one.validator).collect::<Vec<_>>()
    };
    assert_eq!(named(vec![divergence(1, "digest 2")]), [1]);
    assert_eq!(named(vec![divergence(0, "other"), divergence(1, "other")]), [3]);
    assert!(named(vec![divergence(0, "other")]).is_empty());
}

const MISCONDUCT: &str = "who contradicts itself is named by evidence, and nobody else is";

/// Nothing wrong, but the fourth validator is hostile and the third one's disk lies.
fn hostile() -> Trace {
    let hostile = [(3, Manners { contradicts: true, ..Manners::default() })].into();
    Trace { hostile, lies: [(2, Lie::Forgets)].into(), faults: true, ..sound() }
}

fn accusation(accused: u32, fault: Option<&str>) -> Accusation {
    let fault = fault.map(str::to_owned);
    Accusation { witness: 0, accused, evidence: "evidence".into(), fault }
}

#[test]
fn who_contradicts_itself_must_be_named_by_genuine_evidence_and_no_honest_one() {
    assert!(violated(&hostile()).is_empty());
    let heard = |count| [(3, count)].into();
    let seldom = Trace { heard: heard(CONTRADICTIONS_MAX - 1), ..hostile() };
    assert!(violated(&seldom).is_empty());
    assert_eq!(violated(&Trace { faults: false, ..seldom }), [MISCONDUCT]);
    let unnamed = Trace { heard: heard(CONTRADICTIONS_MAX), ..hostile() };
    assert_eq!(violated(&unnamed), [MISCONDUCT]);
    let named = Trace { accusations: vec![accusation(3, None)], ..unnamed };
    assert!(violated(&named).is_empty());
    for (accused, fault, holds) in
        [(2, None, true), (1, None, false), (3, Some("a bad signature"), false)]
    {
        let trace = Trace { accusations: vec![accusation(accused, fault)], ..hostile() };
        assert_eq!(violated(&trace).is_empty(), holds, "{accused} {fault:?}");
    }
}

#[test]
fn a_fork_convicts_somebody_who_is_not_honest() {
    let fork = |accused: &[u32], in_one_view| Fork {
        height: 2,
        blocks: ["one".into(), "other".into()],
        validators: [0, 1],
        in_one_view,
        accused: accused.iter().copied().collect(),
    };
    for (accused, in_one_view, holds) in
        [(&[3][..], true, true), (&[], true, false), (&[], false, true), (&[3, 1], true, false)]
    {
        let trace = Trace { forks: vec![fork(accused, in_one_view)], ..hostile() };
        assert_eq!(violated(&trace).is_empty(), holds, "{accused:?} {in_one_view}");
    }
}

#[test]
fn an_honest_validator_that_shuts_out_an_honest_one_is_found() {
    for (pair, holds) in [((0, 1), false), ((0, 3), true), ((3, 0), true), ((0, 2), true)] {
        let trace = Trace { shut_out: [pair].into(), ..hostile() };
        assert_eq!(violated(&trace).is_empty(), holds, "{pair:?}");
    }
}

#[test]
fn a_block_dated_ahead_of_all_honest_clocks_is_found() {
    let sighting = |ahead_ms: u64| {
        let block = Seen { instant: 5_000 + ahead_ms, ..block(2, &[]) };
        Sighting { validator: 0, at_ms: 1_000, block }
    };
    for (ahead_ms, holds) in [(AHEAD_MS_MAX, true), (AHEAD_MS_MAX + 1, false)] {
        let trace = Trace { sightings: vec![sighting(ahead_ms)], began_ms: 4_000, ..sound() };
        assert_eq!(violated(&trace).is_empty(), holds, "{ahead_ms}");
    }
}

#[test]
fn beyond_what_is_borne_nodes_still_must_not_stop() {
    let mut trace = Trace { beyond: true, ..hostile() };
    chain(&mut trace, 1)[1].digest = "another".into();
    trace.stopped = vec![(Some(0), "of a panic".into()), (Some(3), "of a panic".into())];
    trace.stopped_by_disk = vec![(2, "no room".into())];
    let verdicts = judge(&trace);
    let failed: Vec<_> = verdicts.iter().filter(|one| !one.holds).collect();
    let required: Vec<_> = failed.iter().map(|one| (one.property, one.required)).collect();
    let two = [
        ("all validators have one chain of blocks", false),
        ("no validator stops by itself", true),
    ];
    assert_eq!(required, two);
    assert_eq!(failed[1].violations, 1);
}
