use pacta_sim::{
    properties::{RECOVERY_MS_MAX, judge},
    trace::{Divergence, Recovery, Seen, Trace, Verified},
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
