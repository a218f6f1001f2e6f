//! What must hold of every network under every fault. Each property judges a [`Trace`] only.

use std::collections::{BTreeMap, BTreeSet};

use pacta_node::contradiction::is_contradiction;
use serde::Serialize;

use crate::{
    faults::CLOCK_OFFSET_MS_MAX,
    founding::CLOCK_DIFFERENCE,
    trace::{Hex, Seen, Sighting, Trace},
};

/// Finality resumes within this virtual time after all faults have ended: a validator that was
/// down is skipped at once after 5 s, a view whose leader is silent costs 2 s at most, and one
/// that fell behind asks its peers again after a few seconds.
pub const RECOVERY_MS_MAX: u64 = 30_000;
/// Where links lose messages and part, a validator that contradicted itself so often to all others
/// is named; elsewhere once is enough. Who was named once is not listened to any more.
pub const CONTRADICTIONS_MAX: u64 = 3;
/// A final block is at most so much ahead of the true time when it is first seen, in milliseconds:
/// as far as an honest clock is fast and a vote is not withheld.
pub const AHEAD_MS_MAX: u64 =
    CLOCK_OFFSET_MS_MAX as u64 + CLOCK_DIFFERENCE.as_millis() as u64 + 100;
/// Violations listed per property; more are only counted.
const VIOLATIONS_LISTED_MAX: usize = 4;

/// One property and whether it held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// The sentence that holds, or not.
    pub property: &'static str,
    /// Whether it held.
    pub holds: bool,
    /// Whether it must hold; where more are faulty than is borne, most need not.
    pub required: bool,
    /// How often it did not.
    pub violations: u64,
    /// The first of the violations.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub listed: Vec<Violation>,
}

/// What was wrong, and where.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// A sentence.
    pub what: String,
    /// The validator that it was seen at, counted from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validator: Option<u32>,
    /// The height.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height: Option<u64>,
    /// The act.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub act: Option<Hex>,
}

const NOBODY_STOPS: &str = "no validator stops by itself";
const MISCONDUCT_NAMED: &str = "who contradicts itself is named by evidence, and nobody else is";

/// Judges a trace by all properties, in this order.
pub fn judge(trace: &Trace) -> Vec<Verdict> {
    [
        ("all validators have one pair of roots at each height", one_pair_of_roots(trace)),
        ("all validators have one chain of blocks", one_chain(trace)),
        ("all outcomes are those of a bare replay of the law", lawful_outcomes(trace)),
        (NOBODY_STOPS, nobody_stops(trace)),
        ("instants increase from block to block", instants_increase(trace)),
        ("no final act is lost", no_final_act_lost(trace)),
        ("each final act has a receipt that verifies offline", receipts_verify(trace)),
        ("finality resumes within 30 s after all faults have ended", finality_resumes(trace)),
        (MISCONDUCT_NAMED, misconduct_named(trace)),
        ("no honest validator stops listening to an honest one", nobody_shut_out(trace)),
        ("no final block is dated ahead of all honest clocks", nothing_ahead(trace)),
    ]
    .into_iter()
    .map(|(property, mut listed)| {
        let violations = listed.len() as u64;
        listed.truncate(VIOLATIONS_LISTED_MAX);
        let required = !trace.beyond || [NOBODY_STOPS, MISCONDUCT_NAMED].contains(&property);
        Verdict { property, holds: violations == 0, required, violations, listed }
    })
    .collect()
}

/// All blocks that any validator ever held to be final, those of the end included.
fn all_blocks(trace: &Trace) -> impl Iterator<Item = (u32, &Seen)> {
    let sighted =
        trace.sightings.iter().map(|Sighting { validator, block, .. }| (*validator, block));
    let at_end = trace
        .chains
        .iter()
        .flat_map(|(validator, chain)| chain.iter().map(move |block| (*validator, block)));
    sighted.chain(at_end).filter(|(validator, _)| !trace.hostile.contains_key(validator))
}

/// Compares one side of every block with that of the first block seen at its height.
fn same_at_each_height<'a, T: PartialEq>(
    trace: &'a Trace,
    side: impl Fn(&'a Seen) -> T,
    differs: impl Fn(&'a Seen, &'a Seen) -> String,
) -> Vec<Violation> {
    let mut first: BTreeMap<u64, &Seen> = BTreeMap::new();
    let mut violations = Vec::new();
    for (validator, block) in all_blocks(trace) {
        let known = *first.entry(block.height).or_insert(block);
        if side(known) != side(block) {
            violations.push(Violation {
                what: differs(known, block),
                validator: Some(validator),
                height: Some(block.height),
                act: None,
            });
        }
    }
    violations
}

/// The roots by the headers, and the roots that each validator computed.
fn one_pair_of_roots(trace: &Trace) -> Vec<Violation> {
    let mut violations = same_at_each_height(
        trace,
        |block| (&block.ledger_root, &block.journal_root),
        |known, block| {
            format!(
                "the roots are {} and {}, elsewhere {} and {}",
                block.ledger_root, block.journal_root, known.ledger_root, known.journal_root
            )
        },
    );
    let final_blocks: BTreeSet<&Hex> = all_blocks(trace).map(|(_, block)| &block.digest).collect();
    let dissenters = |block: &Hex| {
        let of_block = trace.divergences.iter().filter(|divergence| divergence.block == *block);
        of_block.map(|divergence| divergence.validator).collect::<BTreeSet<_>>().len()
    };
    let mut named = BTreeSet::new();
    for divergence in &trace.divergences {
        let [stated, found] = [&divergence.stated, &divergence.found].map(|two| two.join(" and "));
        // A final block is right, and who computed otherwise is wrong; of another block, its
        // leader is wrong if more than one validator says so.
        let (validator, what) = if final_blocks.contains(&divergence.block) {
            let what =
                format!("it computed the roots {found}, those of the final block are {stated}");
            (divergence.validator, what)
        } else if dissenters(&divergence.block) > 1 {
            let what = format!("it proposed the roots {stated}, others computed {found}");
            (divergence.leader, what)
        } else {
            continue;
        };
        // What a faulty validator states or computes is no property of the network.
        if trace.is_sound(validator) && named.insert((validator, &divergence.block)) {
            violations.push(Violation {
                what,
                validator: Some(validator),
                height: Some(divergence.height),
                act: divergence.acts.first().cloned(),
            });
        }
    }
    violations
}

/// Evidence against hostile validators alone, all of it genuine, and against each that gave cause.
/// A validator whose disk forgot its votes may contradict them in good faith.
fn misconduct_named(trace: &Trace) -> Vec<Violation> {
    let wrong = trace.accusations.iter().filter_map(|accusation| {
        let honest = trace.is_sound(accusation.accused);
        let what = match &accusation.fault {
            Some(fault) => format!("evidence {} does not verify: {fault}", accusation.evidence),
            None if honest => format!("evidence {} names an honest one", accusation.evidence),
            None => return None,
        };
        Some(Violation { what, validator: Some(accusation.accused), ..Violation::default() })
    });
    let named = |validator| trace.accusations.iter().any(|one| one.accused == validator);
    let enough = if trace.faults { CONTRADICTIONS_MAX } else { 1 };
    let unnamed = trace
        .heard
        .iter()
        .filter(|(validator, count)| **count >= enough && !named(**validator))
        .map(|(validator, count)| Violation {
            what: format!("it was heard to contradict itself {count} times, and not named"),
            validator: Some(*validator),
            ..Violation::default()
        });
    let forked = trace.forks.iter().filter_map(|fork| {
        let what = if fork.in_one_view && fork.accused.is_empty() {
            "two blocks are final, and their certificates convict nobody".into()
        } else {
            let honest = fork.accused.iter().find(|accused| trace.is_sound(**accused))?;
            format!("the certificates of two final blocks convict {honest}, which is honest")
        };
        Some(Violation { what, height: Some(fork.height), ..Violation::default() })
    });
    wrong.chain(unnamed).chain(forked).collect()
}

fn nobody_shut_out(trace: &Trace) -> Vec<Violation> {
    let sound =
        trace.shut_out.iter().filter(|(from, to)| trace.is_sound(*from) && trace.is_sound(*to));
    sound
        .map(|(from, to)| Violation {
            what: format!("it does not listen to validator {to} any more"),
            validator: Some(*from),
            ..Violation::default()
        })
        .collect()
}

fn nothing_ahead(trace: &Trace) -> Vec<Violation> {
    let honest = trace.sightings.iter().filter(|seen| trace.is_sound(seen.validator));
    let ahead = honest.filter_map(|Sighting { validator, at_ms, block }| {
        let by = block.instant.checked_sub(trace.began_ms + at_ms)?;
        (by > AHEAD_MS_MAX).then(|| Violation {
            what: format!("the block was final {by} ms before its instant"),
            validator: Some(*validator),
            height: Some(block.height),
            act: None,
        })
    });
    ahead.collect()
}

fn one_chain(trace: &Trace) -> Vec<Violation> {
    let mut violations = same_at_each_height(
        trace,
        |block| (&block.digest, &block.parent, &block.acts),
        |known, block| format!("the block is {}, elsewhere {}", block.digest, known.digest),
    );
    for (validator, chain) in &trace.chains {
        for two in chain.windows(2) {
            if two[1].parent != two[0].digest || two[1].height != two[0].height + 1 {
                violations.push(Violation {
                    what: format!("block {} does not follow its parent", two[1].digest),
                    validator: Some(*validator),
                    height: Some(two[1].height),
                    act: None,
                });
            }
        }
    }
    violations
}

fn lawful_outcomes(trace: &Trace) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (validator, block) in all_blocks(trace) {
        let lawful = trace.lawful.get(&block.height);
        if lawful == Some(&block.outcomes) {
            continue;
        }
        let lawful = lawful.map_or(&[][..], Vec::as_slice);
        let differing = lawful.iter().zip(&block.outcomes).find(|(law, node)| law != node);
        let what = match differing {
            Some((law, node)) => format!("an outcome is {node}, by the law it is {law}"),
            None => format!("there are {} outcomes, not {}", block.outcomes.len(), lawful.len()),
        };
        violations.push(Violation {
            what,
            validator: Some(validator),
            height: Some(block.height),
            act: None,
        });
    }
    violations
}

/// Beyond what agreement tolerates, a node that is given two final blocks of one height has to
/// stop: it cannot know which one is right.
fn nobody_stops(trace: &Trace) -> Vec<Violation> {
    let honest = trace
        .stopped
        .iter()
        .filter(|(validator, _)| validator.is_none_or(|one| trace.is_sound(one)))
        .filter(|(_, reason)| !(trace.beyond && is_contradiction(reason)));
    let stopped = honest.map(|(validator, reason)| Violation {
        what: format!("the node stopped by itself: {reason}"),
        validator: *validator,
        ..Violation::default()
    });
    stopped.collect()
}

fn instants_increase(trace: &Trace) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (validator, chain) in &trace.chains {
        for two in chain.windows(2) {
            if two[1].instant <= two[0].instant {
                violations.push(Violation {
                    what: format!("instant {} follows {}", two[1].instant, two[0].instant),
                    validator: Some(*validator),
                    height: Some(two[1].height),
                    act: None,
                });
            }
        }
    }
    violations
}

fn no_final_act_lost(trace: &Trace) -> Vec<Violation> {
    let mut violations = Vec::new();
    let mut once_final: BTreeMap<(&Hex, u64), u32> = BTreeMap::new();
    for (validator, block) in all_blocks(trace) {
        for act in &block.acts {
            once_final.entry((act, block.height)).or_insert(validator);
        }
    }
    for (validator, chain) in &trace.chains {
        let at_end: BTreeSet<(&Hex, u64)> = chain
            .iter()
            .flat_map(|block| block.acts.iter().map(|act| (act, block.height)))
            .collect();
        for ((act, height), witness) in &once_final {
            if !at_end.contains(&(*act, *height)) {
                violations.push(Violation {
                    what: format!(
                        "validator {witness} held the act to be final, this one lacks it"
                    ),
                    validator: Some(*validator),
                    height: Some(*height),
                    act: Some((*act).clone()),
                });
            }
        }
    }
    violations
}

fn receipts_verify(trace: &Trace) -> Vec<Violation> {
    let receipted: BTreeSet<&Hex> = trace.receipts.iter().map(|receipt| &receipt.about).collect();
    let missing = trace
        .chains
        .values()
        .flatten()
        .flat_map(|block| block.acts.iter().map(move |act| (act, block.height)))
        .collect::<BTreeSet<_>>()
        .into_iter()
        .filter(|(act, _)| !receipted.contains(act))
        .map(|(act, height)| Violation {
            what: "the act has no receipt".into(),
            height: Some(height),
            act: Some(act.clone()),
            ..Violation::default()
        });
    let wrong = trace.receipts.iter().filter_map(|receipt| {
        Some(Violation {
            what: format!("the receipt does not verify: {}", receipt.fault.as_ref()?),
            validator: Some(receipt.validator),
            act: Some(receipt.about.clone()),
            ..Violation::default()
        })
    });
    missing.chain(wrong).collect()
}

fn finality_resumes(trace: &Trace) -> Vec<Violation> {
    let Some(recovery) = &trace.recovery else {
        return vec![Violation {
            what: "no act could be submitted after all faults had ended".into(),
            ..Violation::default()
        }];
    };
    let late = |final_ms: &Option<u64>| match final_ms {
        Some(final_ms) if final_ms - recovery.healed_ms <= RECOVERY_MS_MAX => None,
        Some(final_ms) => {
            Some(format!("the act was final only after {} ms", final_ms - recovery.healed_ms))
        }
        None => Some("the act never became final".into()),
    };
    recovery
        .final_ms
        .iter()
        .filter_map(|(validator, final_ms)| {
            Some(Violation {
                what: late(final_ms)?,
                validator: Some(*validator),
                height: None,
                act: Some(recovery.act.clone()),
            })
        })
        .collect()
}
