//! Dated actions as facts, and facts as acts of one transcription.

use pacta_law::treaty::transcribe::{Fact, Transcribe};
use pacta_law::treaty::{FactKind, Participant};
use pacta_law::{Data, TreatyId};

use super::data::Action;

/// Facts of one act: so many that the longest names still fit an act.
const FACTS_PER_ACT: usize = 200;

/// The facts in the order in which they are entered: signatures first, since a condition on
/// signatories counts them wherever they stand; then by date. Facts of one day keep their order.
pub fn facts(actions: &[Action]) -> Vec<Fact> {
    let fact = |action: &Action| Fact {
        fact: action.action,
        on: action.date,
        participant: Participant::Name(action.party.clone()),
        succession: action.date_of_succession,
    };
    let mut facts: Vec<Fact> = actions.iter().map(fact).collect();
    facts.sort_by_key(|fact| (fact.fact != FactKind::Signature, fact.on));
    facts
}

/// As many acts as the facts need.
pub fn acts(treaty: &TreatyId, facts: &[Fact]) -> Vec<Data> {
    let act = |facts: &[Fact]| {
        Data::Transcribe(Transcribe { facts: facts.to_vec(), treaty: treaty.clone() })
    };
    facts.chunks(FACTS_PER_ACT).map(act).collect()
}
